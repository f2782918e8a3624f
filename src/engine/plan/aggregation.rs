//! The plan of the state: which events are kept, and what of each.

use super::{CellId, PredicateId, ValueId};
use pql_model::{
    ValueFormat,
    expr::{Program, ValueType},
};

/// What is kept of events: the plan of the state.
#[derive(Debug, Default)]
pub struct AggregationPlan {
    /// Names of events that the model knows; plan 0 is of every other name, plan i + 1 of name i.
    pub names: Vec<String>,
    /// What to do with an event of each name.
    pub plans: Vec<NamePlan>,
    /// Properties that are read, by slot - 1.
    pub(crate) properties: Vec<Vec<String>>,
    /// Keys of traits objects that are read.
    pub(crate) traits: Vec<Vec<String>>,
    /// Conditions over events.
    pub predicates: Vec<Program>,
    /// Values over events.
    pub(crate) values: Vec<ValueSpec>,
    /// Fixed words of a row, each with how it merges.
    pub(crate) words: Vec<WordKind>,
    /// How many sets of dates a row has; the first is of activity.
    pub(crate) day_sets: usize,
    /// What is kept by key.
    pub(crate) cells: Vec<CellKind>,
}

/// A fixed word of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WordKind {
    /// Starts at 0, merges by addition.
    Count,
    /// Starts at the largest instant, merges by minimum.
    First,
    /// Starts at the smallest instant, merges by maximum.
    Last,
}

/// Words that every row has.
pub mod word {
    /// How many events.
    pub(crate) const EVENTS: usize = 0;
    /// The first event.
    pub(crate) const FIRST_SEEN: usize = 1;
    /// The last event.
    pub(crate) const LAST_SEEN: usize = 2;
    /// The first start event.
    pub(crate) const START: usize = 3;
    /// The first activity.
    pub(crate) const FIRST_ACTIVITY: usize = 4;
}

/// The set of dates with activity.
pub const ACTIVITY_DAYS: usize = 0;

/// How what is kept by key merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Counts by date and value.
    Tally,
    /// Exact sums, counts, minima and maxima.
    Number,
    /// The value at the first or last instant.
    Edge {
        /// The last rather than the first.
        last: bool,
        /// The type of the value; decides which of two at one instant is smaller.
        kind: ValueType,
    },
    /// The number at the last instant of each value of a property.
    Keyed {
        /// The property.
        key: ValueId,
    },
    /// Instants.
    Moments,
}

/// What to do with an event of one name.
#[derive(Debug, Default)]
pub struct NamePlan {
    /// Whether it is no activity.
    pub ignored: EventMatch,
    /// Whether it starts an entity.
    pub(crate) starts: EventMatch,
    /// Filters that it may pass.
    pub filters: Vec<FilterPlan>,
}

/// A filter that events of a name may pass, and what is then kept.
#[derive(Debug)]
pub struct FilterPlan {
    /// Whether only activity passes.
    pub active: bool,
    /// By which of its named events.
    pub matches: EventMatch,
    /// The condition beside the name.
    pub predicate: Option<PredicateId>,
    /// What is kept if it passes.
    pub ops: Vec<AggregateOp>,
}

/// Whether an event of a name is meant.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum EventMatch {
    /// It never is.
    #[default]
    Never,
    /// It always is.
    Always,
    /// If all conditions of one of these lists hold.
    When(Vec<Vec<PredicateId>>),
}

/// What is kept of an event that passes a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    /// One more in a word.
    Count(usize),
    /// The first instant in a word.
    First(usize),
    /// The last instant in a word.
    Last(usize),
    /// The local date in a set.
    Days(usize),
    /// One more of a value, by date or not.
    Tally { cell: CellId, daily: bool, value: Option<ValueId> },
    /// A number, by date or not.
    Number { cell: CellId, daily: bool, value: ValueId },
    /// A value at an instant, by date or not.
    Edge { cell: CellId, daily: bool, value: Option<ValueId> },
    /// A number at an instant by the value of a property, by date or not.
    Keyed { cell: CellId, daily: bool, key: ValueId, value: ValueId },
    /// The instant, which steps it matches, and the value that pairs.
    Moment { cell: CellId, steps: u32, same: Option<ValueId> },
}

/// A value over events.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSpec {
    /// Where it comes from.
    pub(crate) source: ValueSource,
    /// What it is taken as.
    pub(crate) kind: ValueType,
    /// The properties that it is made of as values of a type.
    pub(crate) asked: Vec<AskedProperty>,
}

/// A property that a value asks for as a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AskedProperty {
    /// The slot of programs over events.
    pub(crate) slot: u32,
    /// The type.
    pub(crate) kind: ValueType,
    /// How its numbers or dates may be written beside the usual ways.
    pub(crate) format: Option<ValueFormat>,
}

impl ValueSpec {
    /// A value from a source, taken as a type.
    pub(super) fn new(source: ValueSource, kind: ValueType) -> ValueSpec {
        let asked = match &source {
            ValueSource::FirstOf(slots, format) => {
                slots.iter().map(|slot| AskedProperty { slot: *slot, kind, format: *format }).collect()
            }
            ValueSource::Program(Program::Slot(slot)) => vec![AskedProperty { slot: *slot, kind, format: None }],
            ValueSource::Program(program) => {
                let mut asked = Vec::new();
                program.visit_typed_slots(&mut |slot, kind| asked.push(AskedProperty { slot, kind, format: None }));
                asked
            }
        };
        ValueSpec { source, kind, asked }
    }
}

/// Where a value over events comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueSource {
    /// An expression over properties.
    Program(Program),
    /// The first of these properties that can be read as the kind, in a format.
    FirstOf(Vec<u32>, Option<ValueFormat>),
}
