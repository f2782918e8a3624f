//! What conditions on events can come to, whatever the properties of an event are.
//!
//! The values of a property are cut into cells at the constants that it is compared with, as facts are ([`super::space`]); but a property has no type, so a
//! cell says what its values are as text, as a number, as a truth and as a date. A condition is then looked at for every combination of cells. What
//! no combination allows cannot happen; nothing is claimed beyond that.

use std::borrow::Cow;

use super::{
    abs::{Abs, Bounds, Known, eval},
    constants::Constants,
    space::{Cell, dates, numbers},
};
use crate::{
    expr::{Program, Type, Value},
    model::compiled::EVENT_SLOT,
};

/// So many combinations of cells are looked at one by one; of properties beyond that all cells are taken together.
const COMBINATIONS_MAX: usize = 512;
/// A property is compared with no more texts than these, or any of its texts may be any.
const TEXTS_MAX: usize = 60;

/// Values of a property that conditions do not tell apart, under each type that they can be asked for.
#[derive(Debug, Clone)]
struct Part {
    /// As it is, which only `is null` tells.
    raw: Abs<'static>,
    text: Abs<'static>,
    number: Abs<'static>,
    truth: Abs<'static>,
    date: Abs<'static>,
}

impl Part {
    const NULL: Part = Part { raw: Abs::NULL, text: Abs::NULL, number: Abs::NULL, truth: Abs::NULL, date: Abs::NULL };
    const SOME: Part = Part { raw: Abs { null: false, known: Known::Any }, ..Part::NULL };

    fn truth(truth: bool) -> Part {
        let text = texts(vec![truth.to_string()], false);
        Part { text, truth: Abs::truth(truth, !truth, false), ..Part::SOME }
    }

    /// Exactly this text.
    fn text(text: &str) -> Part {
        let value = Value::Text(Cow::Borrowed(text));
        Part {
            text: texts(vec![text.to_owned()], false),
            number: value.to_number().map_or(Abs::NULL, |number| Abs::number(number, number)),
            truth: value.to_boolean().map_or(Abs::NULL, |truth| Abs::truth(truth, !truth, false)),
            date: value.to_date().map_or(Abs::NULL, |day| between(f64::from(day), f64::from(day))),
            ..Part::SOME
        }
    }

    fn join(self, other: Part) -> Part {
        Part {
            raw: self.raw.join(other.raw),
            text: self.text.join(other.text),
            number: self.number.join(other.number),
            truth: self.truth.join(other.truth),
            date: self.date.join(other.date),
        }
    }

    fn under(&self, kind: Type) -> &Abs<'static> {
        match kind {
            Type::Number => &self.number,
            Type::Text => &self.text,
            Type::Boolean => &self.truth,
            Type::Date => &self.date,
            Type::Json | Type::Null => &self.raw,
        }
    }
}

fn texts(of: Vec<String>, other: bool) -> Abs<'static> {
    Abs { null: false, known: Known::Text { of: of.into_iter().map(Cow::Owned).collect(), other } }
}

fn between(first: f64, last: f64) -> Abs<'static> {
    Abs { null: false, known: Known::Date(first, last) }
}

/// The cells of a property, by what it is compared with.
fn parts(mut constants: Constants) -> Vec<Part> {
    constants.texts.retain(|text| !text.is_empty());
    constants.texts.sort();
    constants.texts.dedup();
    let known = &constants.texts;
    let too_many = known.len() > TEXTS_MAX;
    // A value whose text is a constant has that constant's number and date, whether it is text or a number in JSON; so in all other cells the text is
    // another one.
    let other = if too_many { Abs { null: false, known: Known::Any } } else { texts(Vec::new(), true) };
    let mut parts = vec![Part::NULL, Part::truth(true), Part::truth(false)];
    parts.extend(known.iter().take(TEXTS_MAX).map(|text| Part::text(text)));
    // What is no number, no date, neither true nor false.
    let other = Part { text: other, ..Part::SOME };
    parts.push(other.clone());
    let number = |low, high| Part { number: Abs::number(low, high), ..other.clone() };
    let date = |first, last| Part { date: between(first, last), ..other.clone() };
    // What is compared with no constant may still be compared with other properties.
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut cells = Vec::new();
    if constants.numbers.is_empty() {
        parts.push(number(low, high));
    } else {
        numbers(&super::space::Domain::any_number(), constants.numbers, &mut cells);
    }
    if constants.dates.is_empty() {
        parts.push(date(low, high));
    } else {
        dates(constants.dates, &mut cells);
    }
    parts.extend(cells.iter().filter_map(|cell| match cell {
        Cell::Number(low, high, _) => Some(number(*low, *high)),
        Cell::Date(first, last, _) => Some(date(*first, *last)),
        _ => None,
    }));
    parts
}

/// All events, as far as some conditions tell them apart.
pub(super) struct Events {
    /// Slots that are looked at cell by cell, then those of which all cells are taken together.
    properties: Vec<(u32, Vec<Part>)>,
}

/// One combination of cells.
struct Event<'e> {
    events: &'e Events,
    /// By place among the properties.
    chosen: &'e [usize],
}

impl<'m> Bounds<'m> for Event<'_> {
    fn get(&self, slot: u32) -> Cow<'_, Abs<'m>> {
        self.cast(slot, Type::Json)
    }

    fn capitals(&self) -> bool {
        true
    }

    fn cast(&self, slot: u32, kind: Type) -> Cow<'_, Abs<'m>> {
        // The event's name is text already.
        let kind = if slot == EVENT_SLOT { Type::Text } else { kind };
        let at = self.events.properties.iter().position(|(known, _)| *known == slot);
        let part = at.and_then(|at| self.events.properties[at].1.get(self.chosen[at]));
        part.map_or_else(|| Cow::Owned(Abs::any(kind)), |part| Cow::Borrowed(part.under(kind)))
    }
}

impl Events {
    /// Events with some names (none: with any), as some conditions see them; the slots of these with what they are compared with.
    pub(super) fn of(names: Option<Vec<String>>, slots: impl IntoIterator<Item = (u32, Constants)>) -> Events {
        let any = || vec![Part { text: Abs { null: false, known: Known::Any }, ..Part::SOME }];
        let one = |name: &String| Part { text: texts(vec![name.clone()], false), ..Part::SOME };
        let names: Vec<Part> = names.map_or_else(any, |names| names.iter().map(one).collect());
        let cells = |slot, constants| if slot == EVENT_SLOT { names.clone() } else { parts(constants) };
        let slots = slots.into_iter();
        let mut properties: Vec<(u32, Vec<Part>)> = slots.map(|(slot, known)| (slot, cells(slot, known))).collect();
        properties.sort_by_key(|(slot, parts)| (parts.len(), *slot));
        let mut combinations = 1;
        for (_, parts) in &mut properties {
            combinations *= parts.len();
            if combinations > COMBINATIONS_MAX {
                combinations /= parts.len();
                *parts = std::mem::take(parts).into_iter().reduce(Part::join).into_iter().collect();
            }
        }
        Events { properties }
    }

    /// What it takes to look at a condition for every combination. **Units**: parts of conditions.
    pub(super) fn cost(&self, program: &Program) -> u64 {
        let combinations = self.properties.iter().map(|(_, parts)| parts.len() as u64).product();
        size(program).saturating_mul(combinations)
    }

    /// Whether what a condition comes to is so of any combination.
    pub(super) fn any(&self, program: &Program, is: impl Fn(&Abs<'_>) -> bool) -> bool {
        let mut chosen = vec![0; self.properties.len()];
        loop {
            if is(&eval(program, &Event { events: self, chosen: &chosen })) {
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

    /// Whether there is no event of which it is true.
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
            other.slots(&mut |_| names += 1);
            names
        }
    }
}
