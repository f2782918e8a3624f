//! The variables of the search, each with the values that the model distinguishes.
//!
//! A fact that is computed from others is no variable; all others are: built-in facts, traits, metrics, parts of milestones, roll-ups and facts of the record. The
//! domain of each is cut into cells at the constants that it is compared with anywhere in the model, so that within a cell nothing that the
//! model asks of the fact alone can change: null, a constant, what lies between two constants, a text, any other text.

use std::borrow::Cow;

use super::{
    constants::{ComparedConstants, collect_constants},
    interval::{AbstractRef, AbstractValue, NonNullValues},
    invariants::InvariantSet,
    table::FactKeyMap,
};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    clock::DateWindow,
    expr::{Value, ValueType},
    resolved::{
        BuiltinFact, Fact, FactDefinition, Measure, MilestonePart, NumberPart, OutcomeFact, RollupKind, WeeklyValue,
    },
    units::{Day, EPSILON},
};

/// The date of examples. No result depends on it.
pub(super) const TODAY: Day = 20_500;

/// The largest number of constants of a fact. Further constants fall into the cells between.
const CONSTANTS_MAX: usize = 40;
/// The same of texts: lists of titles, industries and features are long.
const TEXTS_MAX: usize = 200;

/// Values of a fact that the model does not distinguish.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DomainCell {
    /// Nothing known.
    Null,
    /// Numbers from the first to the second; the third stands for them.
    Number(f64, f64, f64),
    /// Dates, likewise.
    Date(f64, f64, Day),
    /// One of two.
    Truth(bool),
    /// A text that the model names.
    Text(String),
    /// Any text that it does not name; this text represents them. With too many names to keep, any text at all.
    OtherText(String, bool),
}

impl DomainCell {
    /// The value that stands for the cell.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            DomainCell::Null => Value::Null,
            DomainCell::Number(_, _, number) => Value::Number(*number),
            DomainCell::Date(_, _, day) => Value::Date(*day),
            DomainCell::Truth(truth) => Value::Boolean(*truth),
            DomainCell::Text(text) | DomainCell::OtherText(text, _) => Value::Text(Cow::Borrowed(text)),
        }
    }

    /// The values in it.
    fn abs(&self) -> AbstractValue<'static> {
        let known = match self {
            DomainCell::Null => return AbstractValue::NULL,
            DomainCell::Number(low, high, _) => NonNullValues::Number(*low, *high),
            DomainCell::Date(low, high, _) => NonNullValues::Date(*low, *high),
            DomainCell::Truth(truth) => NonNullValues::Truth { yes: *truth, no: !*truth },
            DomainCell::Text(text) => NonNullValues::Text { of: vec![Cow::Owned(text.clone())], other: false },
            DomainCell::OtherText(_, true) => NonNullValues::Any,
            DomainCell::OtherText(_, false) => NonNullValues::Text { of: Vec::new(), other: true },
        };
        AbstractValue { null: false, known }
    }
}

/// A fact that can be chosen.
#[derive(Debug)]
pub(super) struct FactVariable {
    pub(super) key: FactKey,
    /// In order: null first, then from small to large, false before true.
    pub(super) cells: Vec<DomainCell>,
    /// The cell of somebody who has just signed up and done nothing else.
    pub(super) blank: u16,
    /// The values of each cell, and of all.
    cell_values: Vec<AbstractValue<'static>>,
    all_values: AbstractValue<'static>,
}

impl FactVariable {
    /// A variable of some cells; `blank` is one of their values.
    fn new(key: FactKey, cells: Vec<DomainCell>, blank: &Value<'_>) -> FactVariable {
        let views: Vec<AbstractValue<'static>> = cells.iter().map(DomainCell::abs).collect();
        let whole = views.iter().cloned().reduce(AbstractValue::join).unwrap_or(AbstractValue::NULL);
        let mut variable = FactVariable { key, cells, blank: 0, cell_values: views, all_values: whole };
        variable.blank = variable.cell_of(blank).unwrap_or(0);
        variable
    }

    /// The values of the cells from the first to the second, both included.
    pub(super) fn between(&self, first: u16, last: u16) -> AbstractRef<'_> {
        let (first, last) = (usize::from(first), usize::from(last));
        if first == last {
            return AbstractRef::Borrowed(&self.cell_values[first]);
        }
        if first == 0 && last + 1 == self.cells.len() {
            return AbstractRef::Borrowed(&self.all_values);
        }
        AbstractRef::Owned(match &self.cells[first..=last] {
            // Cells of numbers follow each other, so their ends are the ends of all.
            [DomainCell::Number(low, ..), .., DomainCell::Number(_, high, _)] => AbstractValue::number(*low, *high),
            [DomainCell::Null, DomainCell::Number(low, ..), .., DomainCell::Number(_, high, _)] => {
                AbstractValue { null: true, known: NonNullValues::Number(*low, *high) }
            }
            _ => self.cell_values[first..=last]
                .iter()
                .cloned()
                .reduce(AbstractValue::join)
                .unwrap_or(AbstractValue::NULL),
        })
    }

    /// The cell that a value lies in.
    pub(super) fn cell_of(&self, value: &Value<'_>) -> Option<u16> {
        let holds = |cell: &DomainCell| match (cell, value) {
            (DomainCell::Null, Value::Null) => true,
            (DomainCell::Number(low, high, _), Value::Number(number)) => low <= number && number <= high,
            (DomainCell::Date(low, high, _), Value::Date(day)) => *low <= f64::from(*day) && f64::from(*day) <= *high,
            (DomainCell::Truth(a), Value::Boolean(b)) => a == b,
            (DomainCell::Text(a), Value::Text(b)) => a == b,
            _ => false,
        };
        let exact = self.cells.iter().position(holds);
        let other =
            || self.cells.iter().position(|cell| matches!((cell, value), (DomainCell::OtherText(..), Value::Text(_))));
        exact.or_else(other).and_then(|at| u16::try_from(at).ok())
    }
}

/// All variables of a model.
#[derive(Debug)]
pub(super) struct SearchSpace {
    pub(super) variables: Vec<FactVariable>,
    /// By fact.
    pub(super) places: FactKeyMap<usize>,
    /// The constants that computed facts are compared with.
    pub(super) constants: FactKeyMap<ComparedConstants>,
}

/// The fact behind a key.
pub(super) fn fact(model: &ResolvedModel, key: FactKey) -> Option<&Fact> {
    let level = if key.kind() == EntityKind::User { &model.levels.user } else { &model.levels.account };
    level.facts.get((key.slot()) as usize)
}

impl SearchSpace {
    pub(super) fn new(model: &ResolvedModel, links: &InvariantSet) -> SearchSpace {
        let mut constants = collect_constants(model, links);
        let cells = vec![DomainCell::Truth(false), DomainCell::Truth(true)];
        let home = FactVariable::new(FactKey::HAS_ACCOUNT, cells, &Value::Boolean(true));
        let mut space = SearchSpace {
            variables: vec![home],
            places: FactKeyMap::from_iter([(FactKey::HAS_ACCOUNT, 0)]),
            constants: FactKeyMap::default(),
        };
        for (side, level) in model.levels.iter() {
            for (slot, fact) in (0..).zip(&level.facts) {
                let key: FactKey = FactKey::seen_from(side, slot);
                let Some(domain) = domain(model, fact) else { continue };
                let variable = variable(key, fact, &domain, constants.remove(&key).unwrap_or_default());
                space.places.insert(key, space.variables.len());
                space.variables.push(variable);
            }
        }
        space.constants = constants;
        space
    }

    /// The variable of a fact, by place.
    pub(super) fn place(&self, key: FactKey) -> Option<usize> {
        self.places.get(&key).copied()
    }
}

/// What a fact can be at all.
pub(super) struct FactDomain {
    kind: ValueType,
    null: bool,
    integer: bool,
    low: f64,
    high: f64,
    blank: Value<'static>,
}

impl FactDomain {
    /// Every number, or none.
    pub(super) fn any_number() -> FactDomain {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        FactDomain { kind: ValueType::Number, null: true, integer: false, low, high, blank: Value::Null }
    }
}

/// None for facts that are computed from others.
fn domain(model: &ResolvedModel, fact: &Fact) -> Option<FactDomain> {
    let any = f64::INFINITY;
    Some(match &fact.definition {
        FactDefinition::Builtin(builtin) => match builtin {
            BuiltinFact::AgeDays | BuiltinFact::DaysInactive => count(any, 0.0),
            BuiltinFact::ActiveDays28 => count(28.0, 1.0),
            BuiltinFact::Events => FactDomain { low: 1.0, ..count(any, 1.0) },
            BuiltinFact::Users | BuiltinFact::ActiveUsers28 | BuiltinFact::Members => count(any, 1.0),
            BuiltinFact::Today => FactDomain {
                null: false,
                blank: Value::Date(TODAY),
                ..unknown(ValueType::Date, f64::NEG_INFINITY, true)
            },
            BuiltinFact::Holdout => truth(false),
            BuiltinFact::Domain => unknown(ValueType::Text, 0.0, false),
            BuiltinFact::DomainUsers28 => unknown(ValueType::Number, 0.0, true),
        },
        FactDefinition::Trait(_) => unknown(fact.kind, f64::NEG_INFINITY, false),
        FactDefinition::Milestone(_, part) => match part {
            MilestonePart::Reached => truth(false),
            MilestonePart::Pending => truth(true),
            MilestonePart::Hours => unknown(ValueType::Number, 0.0, false),
            MilestonePart::DaysAgo => unknown(ValueType::Number, 0.0, true),
        },
        FactDefinition::Metric(place) => match &model.metrics[*place].measure {
            Measure::Count | Measure::Distinct(_) | Measure::Users | Measure::Open { .. } => count(any, 0.0),
            Measure::Days => count(days_in(model.metrics[*place].window), 0.0),
            Measure::RisingWeeks(_) => count(12.0, 0.0),
            Measure::Number(NumberPart::Sum, _) => {
                FactDomain { low: f64::NEG_INFINITY, integer: false, ..count(any, 0.0) }
            }
            Measure::Number(NumberPart::Min | NumberPart::Max | NumberPart::Avg, _) => {
                unknown(ValueType::Number, f64::NEG_INFINITY, false)
            }
            Measure::Edge(..) => unknown(fact.kind, f64::NEG_INFINITY, false),
            Measure::SumLatest { .. } => unknown(ValueType::Number, f64::NEG_INFINITY, false),
            Measure::Top(..) => unknown(ValueType::Text, 0.0, false),
            Measure::DaysSince(_) => unknown(ValueType::Number, 0.0, true),
            Measure::Elapsed { .. } => unknown(ValueType::Number, 0.0, false),
            Measure::Trend { weekly, .. } => match weekly {
                WeeklyValue::Count | WeeklyValue::Days | WeeklyValue::Users => unknown(ValueType::Number, 0.0, false),
                WeeklyValue::Sum(_) | WeeklyValue::Max(_) => unknown(ValueType::Number, f64::NEG_INFINITY, false),
            },
        },
        FactDefinition::Rollup(rollup) => match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => count(any, 0.0),
            RollupKind::Sum | RollupKind::TopSum(_) => {
                let low = rollup.value.as_ref().map_or(0.0, |value| least(model, value).min(0.0));
                FactDomain { low, integer: false, ..count(any, 0.0) }
            }
            RollupKind::Min | RollupKind::Max | RollupKind::Avg => {
                let low = rollup.value.as_ref().map_or(f64::NEG_INFINITY, |value| least(model, value));
                unknown(ValueType::Number, low, false)
            }
        },
        // It is unknown which member it is, and whether there is one.
        FactDefinition::Person(..) => unknown(fact.kind, f64::NEG_INFINITY, false),
        FactDefinition::Record(_) => unknown(fact.kind, f64::NEG_INFINITY, false),
        FactDefinition::Outcome(outcome) => match outcome {
            OutcomeFact::DaysSince(_) => unknown(ValueType::Number, 0.0, true),
            OutcomeFact::LastOutcome
            | OutcomeFact::LastReason
            | OutcomeFact::OpenOpportunity
            | OutcomeFact::WonAmount => unknown(fact.kind, f64::NEG_INFINITY, false),
        },
        FactDefinition::Expression(_) | FactDefinition::Scoring => return None,
    })
}

/// Whole numbers from 0 on.
fn count(high: f64, blank: f64) -> FactDomain {
    FactDomain { kind: ValueType::Number, null: false, integer: true, low: 0.0, high, blank: Value::Number(blank) }
}

/// Values from a number on, or none. Only of numbers and dates the bound counts.
fn unknown(kind: ValueType, low: f64, whole: bool) -> FactDomain {
    FactDomain { kind, null: true, integer: whole, low, high: f64::INFINITY, blank: Value::Null }
}

fn truth(blank: bool) -> FactDomain {
    FactDomain {
        kind: ValueType::Boolean,
        null: false,
        integer: false,
        low: 0.0,
        high: 0.0,
        blank: Value::Boolean(blank),
    }
}

fn days_in(window: Option<DateWindow>) -> f64 {
    match window {
        Some(DateWindow::Last { days, .. } | DateWindow::First { days }) => f64::from(days),
        Some(DateWindow::Month) => 31.0,
        None => f64::INFINITY,
    }
}

/// A bound from below of what members can give, looking at each part by itself; scores are taken as their bounds say.
fn least(model: &ResolvedModel, value: &crate::expr::Program) -> f64 {
    struct MemberBoundsScope<'m>(&'m ResolvedModel);
    impl<'m> super::interval::AbstractScope<'m> for MemberBoundsScope<'m> {
        fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>> {
            let Some(fact) = fact(self.0, FactKey::seen_from(EntityKind::User, slot)) else {
                return Cow::Owned(AbstractValue::any(ValueType::Null));
            };
            if slot == self.0.levels.user.slots.score {
                let low = self.0.levels.user.bounds.min.map_or(f64::NEG_INFINITY, crate::units::Points::to_f64);
                return Cow::Owned(AbstractValue::number(low, f64::INFINITY));
            }
            Cow::Owned(match domain(self.0, fact) {
                Some(domain) if domain.kind == ValueType::Number => {
                    AbstractValue { null: domain.null, known: NonNullValues::Number(domain.low, domain.high) }
                }
                _ => AbstractValue::any(fact.kind),
            })
        }
    }
    super::interval::eval(value, &MemberBoundsScope(model)).range().map_or(0.0, |(low, _)| low)
}

fn variable(key: FactKey, fact: &Fact, domain: &FactDomain, constants: ComparedConstants) -> FactVariable {
    let mut cells = Vec::new();
    if domain.null {
        cells.push(DomainCell::Null);
    }
    match domain.kind {
        ValueType::Number => numbers(domain, constants.numbers, &mut cells),
        ValueType::Date if matches!(fact.definition, FactDefinition::Builtin(BuiltinFact::Today)) => {
            cells.push(DomainCell::Date(f64::from(TODAY), f64::from(TODAY), TODAY));
        }
        ValueType::Date => {
            dates(constants.dates, &mut cells);
            if matches!(fact.definition, FactDefinition::Record(_)) {
                // No run before looked from a later day.
                cells.retain(|cell| !matches!(cell, DomainCell::Date(from, ..) if *from > f64::from(TODAY)));
            }
        }
        ValueType::Boolean => cells.extend([DomainCell::Truth(false), DomainCell::Truth(true)]),
        ValueType::Text | ValueType::Json => texts(constants.texts, &mut cells),
        ValueType::Null => {}
    }
    if cells.is_empty() {
        cells.push(DomainCell::Null);
    }
    FactVariable::new(key, cells, &domain.blank)
}

pub(super) fn numbers(domain: &FactDomain, mut constants: Vec<f64>, cells: &mut Vec<DomainCell>) {
    constants.push(0.0);
    if let Value::Number(blank) = domain.blank {
        constants.push(blank);
    }
    for end in [domain.low, domain.high] {
        if end.is_finite() {
            constants.push(end);
        }
    }
    if domain.integer {
        constants = constants.iter().flat_map(|c| [c.floor(), c.ceil()]).collect();
    }
    constants.retain(|c| c.is_finite() && domain.low <= *c && *c <= domain.high);
    constants.sort_by(f64::total_cmp);
    constants.dedup_by(|a, b| (*a - *b).abs() < EPSILON);
    if constants.len() > CONSTANTS_MAX {
        let step = constants.len().div_ceil(CONSTANTS_MAX);
        constants = constants.into_iter().step_by(step).collect();
    }
    let mut from = domain.low;
    for constant in constants.iter().copied().chain([f64::INFINITY]) {
        let to = constant.min(domain.high);
        if let Some(gap) = gap(from, to, domain, cells.is_empty() || matches!(cells.as_slice(), [DomainCell::Null])) {
            cells.push(gap);
        }
        if constant.is_finite() {
            cells.push(DomainCell::Number(constant, constant, constant));
            from = constant;
        }
    }
}

/// The numbers between two constants; those at the ends of the domain that are infinite belong to it.
fn gap(from: f64, to: f64, domain: &FactDomain, first: bool) -> Option<DomainCell> {
    // What is nearer than the tolerance of comparisons is equal, so a gap begins beyond it.
    let step = |at: f64| if domain.integer { 1.0 } else { (at.abs() * 4.0 * f64::EPSILON).max(2.0 * EPSILON) };
    let low = if from.is_infinite() { from } else { from + step(from) };
    let high = if to.is_infinite() { to } else { to - step(to) };
    if low > high || (first && from.is_finite()) {
        return None;
    }
    let like = match (low.is_finite(), high.is_finite()) {
        (false, false) => 0.0,
        (false, true) => (to - 1.0).floor(),
        (true, _) if domain.integer => low,
        (true, false) => from.floor() + 1.0,
        (true, true) => {
            let next = from.floor() + 1.0;
            if next <= high { next } else { from + (to - from) / 2.0 }
        }
    };
    Some(DomainCell::Number(low, high, like))
}

pub(super) fn dates(mut constants: Vec<Day>, cells: &mut Vec<DomainCell>) {
    constants.push(TODAY);
    constants.sort_unstable();
    constants.dedup();
    constants.truncate(CONSTANTS_MAX);
    let mut from = f64::NEG_INFINITY;
    for day in constants {
        let at = f64::from(day);
        if from < at - 1.0 || from.is_infinite() {
            cells.push(DomainCell::Date(from, at - 1.0, day - 1));
        }
        cells.push(DomainCell::Date(at, at, day));
        from = at + 1.0;
    }
    if let Some(DomainCell::Date(_, last, day)) = cells.last().cloned() {
        cells.push(DomainCell::Date(last + 1.0, f64::INFINITY, day + 1));
    }
}

fn texts(mut constants: Vec<String>, cells: &mut Vec<DomainCell>) {
    constants.retain(|text| !text.is_empty());
    constants.sort();
    constants.dedup();
    let any = constants.len() > TEXTS_MAX;
    constants.truncate(TEXTS_MAX);
    let mut other = "another".to_owned();
    while constants.contains(&other) {
        other.push('_');
    }
    cells.push(DomainCell::OtherText(other, any));
    cells.extend(constants.into_iter().map(DomainCell::Text));
}
