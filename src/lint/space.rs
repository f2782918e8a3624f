//! The facts that can be chosen, and for each the values that matter.
//!
//! A fact that is computed from others is no variable; all others are: built-in facts, traits, metrics, parts of milestones and roll-ups. The
//! domain of each is cut into cells at the constants that it is compared with anywhere in the model, so that within a cell nothing that the
//! model asks of the fact alone can change: null, a constant, what lies between two constants, a text, any other text.

use std::borrow::Cow;

use super::{
    abs::{Abs, Held, Known},
    constants::{Constants, gather},
    links::Links,
    table::KeyMap,
};
use crate::{
    clock::Window,
    expr::{Type, Value},
    model::{
        Model,
        compiled::{ACCOUNT_BIT, Builtin, Fact, Measure, MilestonePart, NumberPart, RollupKind, Source, Weekly},
    },
    units::{Day, EPSILON},
};

/// A fact of both levels: its slot, with [`ACCOUNT_BIT`] if accounts have it.
pub(super) type Key = u32;

/// Whether a user has a home account; the only variable that is no fact.
pub(super) const HOME: Key = u32::MAX;

/// The date that examples are looked at from. Nothing depends on which it is.
pub(super) const TODAY: Day = 20_500;

/// No fact has more constants; what is beyond falls into the cells between.
const CONSTANTS_MAX: usize = 40;

/// Values of a fact that the model does not tell apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
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
    /// Any text that it does not name; this one stands for them. If there were too many to keep, any text at all.
    Other(String, bool),
}

impl Cell {
    /// The value that stands for the cell.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Cell::Null => Value::Null,
            Cell::Number(_, _, number) => Value::Number(*number),
            Cell::Date(_, _, day) => Value::Date(*day),
            Cell::Truth(truth) => Value::Boolean(*truth),
            Cell::Text(text) | Cell::Other(text, _) => Value::Text(Cow::Borrowed(text)),
        }
    }

    /// The values in it.
    fn abs(&self) -> Abs<'static> {
        let known = match self {
            Cell::Null => return Abs::NULL,
            Cell::Number(low, high, _) => Known::Number(*low, *high),
            Cell::Date(low, high, _) => Known::Date(*low, *high),
            Cell::Truth(truth) => Known::Truth { yes: *truth, no: !*truth },
            Cell::Text(text) => Known::Text { of: vec![Cow::Owned(text.clone())], other: false },
            Cell::Other(_, true) => Known::Any,
            Cell::Other(_, false) => Known::Text { of: Vec::new(), other: true },
        };
        Abs { null: false, known }
    }
}

/// A fact that can be chosen.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) key: Key,
    /// In order: null first, then from small to large, false before true.
    pub(super) cells: Vec<Cell>,
    /// The cell of somebody who has just signed up and done nothing else.
    pub(super) blank: u16,
    /// The values of each cell, and of all.
    views: Vec<Abs<'static>>,
    whole: Abs<'static>,
}

impl Variable {
    /// A variable of some cells; `blank` is one of their values.
    fn new(key: Key, cells: Vec<Cell>, blank: &Value<'_>) -> Variable {
        let views: Vec<Abs<'static>> = cells.iter().map(Cell::abs).collect();
        let whole = views.iter().cloned().reduce(Abs::join).unwrap_or(Abs::NULL);
        let mut variable = Variable { key, cells, blank: 0, views, whole };
        variable.blank = variable.cell_of(blank).unwrap_or(0);
        variable
    }

    /// The values of the cells from the first to the second, both included.
    pub(super) fn between(&self, first: u16, last: u16) -> Held<'_> {
        let (first, last) = (usize::from(first), usize::from(last));
        if first == last {
            return Held::Seen(&self.views[first]);
        }
        if first == 0 && last + 1 == self.cells.len() {
            return Held::Seen(&self.whole);
        }
        Held::Made(match &self.cells[first..=last] {
            // Cells of numbers follow each other, so their ends are the ends of all.
            [Cell::Number(low, ..), .., Cell::Number(_, high, _)] => Abs::number(*low, *high),
            [Cell::Null, Cell::Number(low, ..), .., Cell::Number(_, high, _)] => {
                Abs { null: true, known: Known::Number(*low, *high) }
            }
            _ => self.views[first..=last].iter().cloned().reduce(Abs::join).unwrap_or(Abs::NULL),
        })
    }

    /// The cell that a value lies in.
    pub(super) fn cell_of(&self, value: &Value<'_>) -> Option<u16> {
        let holds = |cell: &Cell| match (cell, value) {
            (Cell::Null, Value::Null) => true,
            (Cell::Number(low, high, _), Value::Number(number)) => low <= number && number <= high,
            (Cell::Date(low, high, _), Value::Date(day)) => *low <= f64::from(*day) && f64::from(*day) <= *high,
            (Cell::Truth(a), Value::Boolean(b)) => a == b,
            (Cell::Text(a), Value::Text(b)) => a == b,
            _ => false,
        };
        let exact = self.cells.iter().position(holds);
        let other = || self.cells.iter().position(|cell| matches!((cell, value), (Cell::Other(..), Value::Text(_))));
        exact.or_else(other).and_then(|at| u16::try_from(at).ok())
    }
}

/// All variables of a model.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) variables: Vec<Variable>,
    /// By fact.
    pub(super) places: KeyMap<usize>,
    /// What facts that are computed are compared with.
    pub(super) constants: KeyMap<Constants>,
}

/// The fact behind a key.
pub(super) fn fact(model: &Model, key: Key) -> Option<&Fact> {
    let level = if key & ACCOUNT_BIT == 0 { &model.levels.user } else { &model.levels.account };
    level.facts.get((key & !ACCOUNT_BIT) as usize)
}

impl Space {
    pub(super) fn of(model: &Model, links: &Links) -> Space {
        let mut constants = gather(model, links);
        let cells = vec![Cell::Truth(false), Cell::Truth(true)];
        let home = Variable::new(HOME, cells, &Value::Boolean(true));
        let mut space =
            Space { variables: vec![home], places: KeyMap::from_iter([(HOME, 0)]), constants: KeyMap::default() };
        for (bit, level) in [(0, &model.levels.user), (ACCOUNT_BIT, &model.levels.account)] {
            for (slot, fact) in (0..).zip(&level.facts) {
                let key: Key = slot | bit;
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
    pub(super) fn place(&self, key: Key) -> Option<usize> {
        self.places.get(&key).copied()
    }
}

/// What a fact can be at all.
pub(super) struct Domain {
    kind: Type,
    null: bool,
    whole: bool,
    low: f64,
    high: f64,
    blank: Value<'static>,
}

impl Domain {
    /// Every number, or none.
    pub(super) fn any_number() -> Domain {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        Domain { kind: Type::Number, null: true, whole: false, low, high, blank: Value::Null }
    }
}

/// None for facts that are computed from others.
fn domain(model: &Model, fact: &Fact) -> Option<Domain> {
    let count = |high: f64, blank: f64| Domain {
        kind: Type::Number,
        null: false,
        whole: true,
        low: 0.0,
        high,
        blank: Value::Number(blank),
    };
    let unknown = |kind: Type, low: f64, whole: bool| Domain {
        kind,
        null: true,
        whole,
        low,
        high: f64::INFINITY,
        blank: Value::Null,
    };
    let any = f64::INFINITY;
    Some(match &fact.source {
        Source::Builtin(builtin) => match builtin {
            Builtin::AgeDays | Builtin::DaysInactive => count(any, 0.0),
            Builtin::ActiveDays28 => count(28.0, 1.0),
            Builtin::Events => Domain { low: 1.0, ..count(any, 1.0) },
            Builtin::Users | Builtin::ActiveUsers28 | Builtin::Members => count(any, 1.0),
            Builtin::Today => {
                Domain { null: false, blank: Value::Date(TODAY), ..unknown(Type::Date, f64::NEG_INFINITY, true) }
            }
            Builtin::Domain => unknown(Type::Text, 0.0, false),
        },
        Source::Trait(_) => unknown(fact.kind, f64::NEG_INFINITY, false),
        Source::Milestone(_, part) => match part {
            MilestonePart::Reached => truth(false),
            MilestonePart::Pending => truth(true),
            MilestonePart::Hours => unknown(Type::Number, 0.0, false),
            MilestonePart::DaysAgo => unknown(Type::Number, 0.0, true),
        },
        Source::Metric(metric) => match &metric.measure {
            Measure::Count(_) | Measure::CountIn(..) | Measure::Distinct(..) | Measure::Users(_) => count(any, 0.0),
            Measure::UsersIn(..) | Measure::Open { .. } => count(any, 0.0),
            Measure::Days(_, window) => count(days_in(*window), 0.0),
            Measure::RisingWeeks(_) => count(12.0, 0.0),
            Measure::Number(NumberPart::Sum, ..) => Domain { low: f64::NEG_INFINITY, whole: false, ..count(any, 0.0) },
            Measure::Number(..) => unknown(Type::Number, f64::NEG_INFINITY, false),
            Measure::Edge(..) => unknown(fact.kind, f64::NEG_INFINITY, false),
            Measure::Top(..) => unknown(Type::Text, 0.0, false),
            Measure::DaysSince(_) | Measure::DaysSinceIn(..) => unknown(Type::Number, 0.0, true),
            Measure::Elapsed { .. } => unknown(Type::Number, 0.0, false),
            Measure::Trend { weekly, .. } => match weekly {
                Weekly::Count(_) | Weekly::Days(_) | Weekly::Users(_) => unknown(Type::Number, 0.0, false),
                Weekly::Sum(_) | Weekly::Max(_) => unknown(Type::Number, f64::NEG_INFINITY, false),
            },
        },
        Source::Rollup(rollup) => match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => count(any, 0.0),
            RollupKind::Sum | RollupKind::TopSum(_) => {
                let low = rollup.value.as_ref().map_or(0.0, |value| least(model, value).min(0.0));
                Domain { low, whole: false, ..count(any, 0.0) }
            }
            RollupKind::Min | RollupKind::Max | RollupKind::Avg => {
                let low = rollup.value.as_ref().map_or(f64::NEG_INFINITY, |value| least(model, value));
                unknown(Type::Number, low, false)
            }
        },
        Source::Expression(_) | Source::Scoring => return None,
    })
}

fn truth(blank: bool) -> Domain {
    Domain { kind: Type::Boolean, null: false, whole: false, low: 0.0, high: 0.0, blank: Value::Boolean(blank) }
}

fn days_in(window: Option<Window>) -> f64 {
    match window {
        Some(Window::Last { days, .. } | Window::First { days }) => f64::from(days),
        Some(Window::Month) => 31.0,
        None => f64::INFINITY,
    }
}

/// A bound from below of what members can give, looking at each part by itself; scores are taken as their bounds say.
fn least(model: &Model, value: &crate::expr::Program) -> f64 {
    struct Parts<'m>(&'m Model);
    impl<'m> super::abs::Bounds<'m> for Parts<'m> {
        fn get(&self, slot: u32) -> Cow<'_, Abs<'m>> {
            let Some(fact) = fact(self.0, slot) else { return Cow::Owned(Abs::any(Type::Null)) };
            if slot == self.0.levels.user.slots.score {
                let low = self.0.levels.user.bounds.min.map_or(f64::NEG_INFINITY, crate::units::Points::to_f64);
                return Cow::Owned(Abs::number(low, f64::INFINITY));
            }
            Cow::Owned(match domain(self.0, fact) {
                Some(domain) if domain.kind == Type::Number => {
                    Abs { null: domain.null, known: Known::Number(domain.low, domain.high) }
                }
                _ => Abs::any(fact.kind),
            })
        }
    }
    super::abs::eval(value, &Parts(model)).range().map_or(0.0, |(low, _)| low)
}

fn variable(key: Key, fact: &Fact, domain: &Domain, constants: Constants) -> Variable {
    let mut cells = Vec::new();
    if domain.null {
        cells.push(Cell::Null);
    }
    match domain.kind {
        Type::Number => numbers(domain, constants.numbers, &mut cells),
        Type::Date if matches!(fact.source, Source::Builtin(Builtin::Today)) => {
            cells.push(Cell::Date(f64::from(TODAY), f64::from(TODAY), TODAY));
        }
        Type::Date => dates(constants.dates, &mut cells),
        Type::Boolean => cells.extend([Cell::Truth(false), Cell::Truth(true)]),
        Type::Text | Type::Json => texts(constants.texts, &mut cells),
        Type::Null => {}
    }
    if cells.is_empty() {
        cells.push(Cell::Null);
    }
    Variable::new(key, cells, &domain.blank)
}

pub(super) fn numbers(domain: &Domain, mut constants: Vec<f64>, cells: &mut Vec<Cell>) {
    constants.push(0.0);
    if let Value::Number(blank) = domain.blank {
        constants.push(blank);
    }
    for end in [domain.low, domain.high] {
        if end.is_finite() {
            constants.push(end);
        }
    }
    if domain.whole {
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
        if let Some(gap) = gap(from, to, domain, cells.is_empty() || matches!(cells.as_slice(), [Cell::Null])) {
            cells.push(gap);
        }
        if constant.is_finite() {
            cells.push(Cell::Number(constant, constant, constant));
            from = constant;
        }
    }
}

/// The numbers between two constants; those at the ends of the domain that are infinite belong to it.
fn gap(from: f64, to: f64, domain: &Domain, first: bool) -> Option<Cell> {
    // What is nearer than the tolerance of comparisons is equal, so a gap begins beyond it.
    let step = |at: f64| if domain.whole { 1.0 } else { (at.abs() * 4.0 * f64::EPSILON).max(2.0 * EPSILON) };
    let low = if from.is_infinite() { from } else { from + step(from) };
    let high = if to.is_infinite() { to } else { to - step(to) };
    if low > high || (first && from.is_finite()) {
        return None;
    }
    let like = match (low.is_finite(), high.is_finite()) {
        (false, false) => 0.0,
        (false, true) => (to - 1.0).floor(),
        (true, _) if domain.whole => low,
        (true, false) => from.floor() + 1.0,
        (true, true) => {
            let next = from.floor() + 1.0;
            if next <= high { next } else { from + (to - from) / 2.0 }
        }
    };
    Some(Cell::Number(low, high, like))
}

pub(super) fn dates(mut constants: Vec<Day>, cells: &mut Vec<Cell>) {
    constants.push(TODAY);
    constants.sort_unstable();
    constants.dedup();
    constants.truncate(CONSTANTS_MAX);
    let mut from = f64::NEG_INFINITY;
    for day in constants {
        let at = f64::from(day);
        if from < at - 1.0 || from.is_infinite() {
            cells.push(Cell::Date(from, at - 1.0, day - 1));
        }
        cells.push(Cell::Date(at, at, day));
        from = at + 1.0;
    }
    if let Some(Cell::Date(_, last, day)) = cells.last().cloned() {
        cells.push(Cell::Date(last + 1.0, f64::INFINITY, day + 1));
    }
}

fn texts(mut constants: Vec<String>, cells: &mut Vec<Cell>) {
    constants.retain(|text| !text.is_empty());
    constants.sort();
    constants.dedup();
    let any = constants.len() > CONSTANTS_MAX;
    constants.truncate(CONSTANTS_MAX);
    let mut other = "another".to_owned();
    while constants.contains(&other) {
        other.push('_');
    }
    cells.push(Cell::Other(other, any));
    cells.extend(constants.into_iter().map(Cell::Text));
}
