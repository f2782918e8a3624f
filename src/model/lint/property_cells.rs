//! What conditions on events can come to, whatever the properties of an event are.
//!
//! The values of a property are cut into cells at the constants that it is compared with, as facts are (`domains`); but a property has no type, so a
//! cell says what its values are as text, as a number, as a truth and as a date. A condition is then looked at for every combination of cells. What
//! no combination allows cannot happen; nothing is claimed beyond that.

use std::borrow::Cow;

use super::{
    constants::ComparedConstants,
    domains::{DomainCell, dates, numbers},
    interval::{AbstractScope, AbstractValue, NonNullValues, eval},
};
use crate::{
    expr::{Program, Value, ValueType},
    resolved::EVENT_SLOT,
};

/// The most combinations of cells that are tried one by one. Beyond it, all cells of a property are taken together.
const COMBINATIONS_MAX: usize = 512;
/// A property is compared with no more texts than these, or any of its texts may be any.
const TEXTS_MAX: usize = 60;

/// Values of a property that conditions do not tell apart, under each type that they can be asked for.
#[derive(Debug, Clone)]
struct PropertyCell {
    /// As it is; only `is null` tests this.
    raw: AbstractValue<'static>,
    text: AbstractValue<'static>,
    number: AbstractValue<'static>,
    truth: AbstractValue<'static>,
    date: AbstractValue<'static>,
}

impl PropertyCell {
    const NULL: PropertyCell = PropertyCell {
        raw: AbstractValue::NULL,
        text: AbstractValue::NULL,
        number: AbstractValue::NULL,
        truth: AbstractValue::NULL,
        date: AbstractValue::NULL,
    };
    const SOME: PropertyCell =
        PropertyCell { raw: AbstractValue { null: false, known: NonNullValues::Any }, ..PropertyCell::NULL };

    fn truth(truth: bool) -> PropertyCell {
        let text = texts(vec![truth.to_string()], false);
        PropertyCell { text, truth: AbstractValue::truth(truth, !truth, false), ..PropertyCell::SOME }
    }

    /// Exactly this text.
    fn text(text: &str) -> PropertyCell {
        let value = Value::Text(Cow::Borrowed(text));
        PropertyCell {
            text: texts(vec![text.to_owned()], false),
            number: value.to_number().map_or(AbstractValue::NULL, |number| AbstractValue::number(number, number)),
            truth: value.to_boolean().map_or(AbstractValue::NULL, |truth| AbstractValue::truth(truth, !truth, false)),
            date: value.to_date().map_or(AbstractValue::NULL, |day| between(f64::from(day), f64::from(day))),
            ..PropertyCell::SOME
        }
    }

    fn join(self, other: PropertyCell) -> PropertyCell {
        PropertyCell {
            raw: self.raw.join(other.raw),
            text: self.text.join(other.text),
            number: self.number.join(other.number),
            truth: self.truth.join(other.truth),
            date: self.date.join(other.date),
        }
    }

    fn under(&self, kind: ValueType) -> &AbstractValue<'static> {
        match kind {
            ValueType::Number => &self.number,
            ValueType::Text => &self.text,
            ValueType::Boolean => &self.truth,
            ValueType::Date => &self.date,
            ValueType::Json | ValueType::Null => &self.raw,
        }
    }
}

fn texts(of: Vec<String>, other: bool) -> AbstractValue<'static> {
    AbstractValue { null: false, known: NonNullValues::Text { of: of.into_iter().map(Cow::Owned).collect(), other } }
}

fn between(first: f64, last: f64) -> AbstractValue<'static> {
    AbstractValue { null: false, known: NonNullValues::Date(first, last) }
}

/// The cells of a property, by what it is compared with.
fn parts(mut constants: ComparedConstants) -> Vec<PropertyCell> {
    constants.texts.retain(|text| !text.is_empty());
    constants.texts.sort();
    constants.texts.dedup();
    let known = &constants.texts;
    let too_many = known.len() > TEXTS_MAX;
    // A value whose text is a constant has that constant's number and date, whether it is text or a number in JSON; so in all other cells the text is
    // another one.
    let other =
        if too_many { AbstractValue { null: false, known: NonNullValues::Any } } else { texts(Vec::new(), true) };
    let mut parts = vec![PropertyCell::NULL, PropertyCell::truth(true), PropertyCell::truth(false)];
    parts.extend(known.iter().take(TEXTS_MAX).map(|text| PropertyCell::text(text)));
    // What is no number, no date, neither true nor false.
    let other = PropertyCell { text: other, ..PropertyCell::SOME };
    parts.push(other.clone());
    let number = |low, high| PropertyCell { number: AbstractValue::number(low, high), ..other.clone() };
    let date = |first, last| PropertyCell { date: between(first, last), ..other.clone() };
    // What is compared with no constant may still be compared with other properties.
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut cells = Vec::new();
    if constants.numbers.is_empty() {
        parts.push(number(low, high));
    } else {
        numbers(&super::domains::FactDomain::any_number(), constants.numbers, &mut cells);
    }
    if constants.dates.is_empty() {
        parts.push(date(low, high));
    } else {
        dates(constants.dates, &mut cells);
    }
    parts.extend(cells.iter().filter_map(|cell| match cell {
        DomainCell::Number(low, high, _) => Some(number(*low, *high)),
        DomainCell::Date(first, last, _) => Some(date(*first, *last)),
        _ => None,
    }));
    parts
}

/// All events, as far as some conditions tell them apart.
pub(super) struct EventSpace {
    /// Slots that are examined cell by cell, then slots whose cells are all taken together.
    properties: Vec<(u32, Vec<PropertyCell>)>,
}

/// One combination of cells.
struct EventCombination<'e> {
    events: &'e EventSpace,
    /// By place among the properties.
    chosen: &'e [usize],
}

impl<'m> AbstractScope<'m> for EventCombination<'_> {
    fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>> {
        self.cast(slot, ValueType::Json)
    }

    fn may_differ_in_case(&self) -> bool {
        true
    }

    fn cast(&self, slot: u32, kind: ValueType) -> Cow<'_, AbstractValue<'m>> {
        // The event's name is text already.
        let kind = if slot == EVENT_SLOT { ValueType::Text } else { kind };
        let at = self.events.properties.iter().position(|(known, _)| *known == slot);
        let part = at.and_then(|at| self.events.properties[at].1.get(self.chosen[at]));
        part.map_or_else(|| Cow::Owned(AbstractValue::any(kind)), |part| Cow::Borrowed(part.under(kind)))
    }
}

impl EventSpace {
    /// Events with some names (none: with any), as some conditions see them; the slots of these with what they are compared with.
    pub(super) fn new(
        names: Option<Vec<String>>,
        slots: impl IntoIterator<Item = (u32, ComparedConstants)>,
    ) -> EventSpace {
        let any = || {
            vec![PropertyCell { text: AbstractValue { null: false, known: NonNullValues::Any }, ..PropertyCell::SOME }]
        };
        let one = |name: &String| PropertyCell { text: texts(vec![name.clone()], false), ..PropertyCell::SOME };
        let names: Vec<PropertyCell> = names.map_or_else(any, |names| names.iter().map(one).collect());
        let cells = |slot, constants| if slot == EVENT_SLOT { names.clone() } else { parts(constants) };
        let slots = slots.into_iter();
        let mut properties: Vec<(u32, Vec<PropertyCell>)> =
            slots.map(|(slot, known)| (slot, cells(slot, known))).collect();
        properties.sort_by_key(|(slot, parts)| (parts.len(), *slot));
        let mut combinations = 1;
        for (_, parts) in &mut properties {
            combinations *= parts.len();
            if combinations > COMBINATIONS_MAX {
                combinations /= parts.len();
                *parts = std::mem::take(parts).into_iter().reduce(PropertyCell::join).into_iter().collect();
            }
        }
        EventSpace { properties }
    }

    /// What it takes to look at a condition for every combination. **Units**: parts of conditions.
    pub(super) fn cost(&self, program: &Program) -> u64 {
        let combinations = self.properties.iter().map(|(_, parts)| parts.len() as u64).product();
        size(program).saturating_mul(combinations)
    }

    /// Whether what a condition comes to is so of any combination.
    pub(super) fn any(&self, program: &Program, is: impl Fn(&AbstractValue<'_>) -> bool) -> bool {
        let mut chosen = vec![0; self.properties.len()];
        loop {
            if is(&eval(program, &EventCombination { events: self, chosen: &chosen })) {
                return true;
            }
            // The next one, as a number of mixed base counts.
            let Some(at) = (0..chosen.len()).find(|at| chosen[*at] + 1 < self.properties[*at].1.len()) else {
                return false;
            };
            chosen[at] += 1;
            chosen[..at].fill(0);
        }
    }

    /// Whether it is true of no event.
    pub(super) fn never(&self, program: &Program) -> bool {
        !self.any(program, |comes| comes.can_hold())
    }

    /// Whether it is true of every event.
    pub(super) fn always(&self, program: &Program) -> bool {
        !self.any(program, |comes| comes.can_fail())
    }
}

/// Parts of a condition that are looked at one by one.
fn size(program: &Program) -> u64 {
    match program {
        Program::And(all) | Program::Or(all) => all.iter().map(size).sum::<u64>() + 1,
        Program::Not(a) => size(a),
        Program::IsOneOf(_, texts) => texts.len() as u64,
        other => {
            let mut names = 1;
            other.visit_slots(&mut |_| names += 1);
            names
        }
    }
}
