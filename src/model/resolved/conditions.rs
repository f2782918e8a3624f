//! Conditions and values over events: typed programs over properties, with their places and what they look at.

use std::fmt;

use super::{EventBase, SpannedName, TextSpan};
use crate::expr::{Program, ValueType};

/// Slot of the event's name in programs over events; property i has slot i + 1.
pub const EVENT_SLOT: u32 = 0;

/// The place of a condition among those of the model.
pub type ConditionId = usize;

/// A name that is compared with a text by `=`, `<>` or `in`.
#[derive(Debug, Clone)]
pub struct TextComparison {
    /// The property or fact, with dots as written.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where the text stands.
    pub span: TextSpan,
}

/// An expression over one event.
#[derive(Debug)]
pub struct EventExpression {
    /// As written.
    pub text: String,
    /// Where it stands.
    pub span: TextSpan,
    /// Over [`EVENT_SLOT`] and the properties of the model.
    pub program: Program,
    /// Properties that it reads, in the order of the text, as often as it names them.
    pub reads: Vec<SpannedName>,
    /// Texts that it compares properties with.
    pub comparisons: Vec<TextComparison>,
}

/// A value over one event.
#[derive(Debug)]
pub struct EventValue {
    /// The value.
    pub expression: EventExpression,
    /// The type that it is taken as.
    pub kind: ValueType,
}

/// What a condition on events is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionOwner {
    /// An entry of `[events]`.
    Event(String),
    /// A metric over one set of events.
    Metric(String),
    /// A metric over two sets of events, of which it bounds the first.
    PairMetric(String),
    /// The count that a signal carries.
    Signal(String),
    /// A milestone.
    Milestone(String),
}

impl fmt::Display for ConditionOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = match self {
            ConditionOwner::Event(name) => ("event", name),
            ConditionOwner::Metric(name) | ConditionOwner::PairMetric(name) => ("metric", name),
            ConditionOwner::Signal(name) => ("signal", name),
            ConditionOwner::Milestone(name) => ("milestone", name),
        };
        write!(f, "{kind} `{name}`")
    }
}

/// A `where` of the model.
#[derive(Debug)]
pub struct EventCondition {
    /// What it is of.
    pub owner: ConditionOwner,
    /// The condition.
    pub expression: EventExpression,
    /// The first condition of the model with the same text; event sets name conditions by it.
    pub first: ConditionId,
    /// The events that it is held against.
    pub events: EventBase,
}
