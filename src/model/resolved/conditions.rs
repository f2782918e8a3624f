//! Conditions and values over events: typed programs over properties, with their places in the
//! text.

use std::fmt;

use super::{EventBase, SpannedName, TextSpan};
use crate::expr::{Program, ValueType};

/// The slot of the event's name in programs over events. Property `i` has slot `i + 1`.
pub const EVENT_SLOT: u32 = 0;

/// The index of a condition in [`ResolvedModel::conditions`](super::ResolvedModel::conditions).
pub type ConditionId = usize;

/// A comparison of a name with a text by `=`, `<>` or `in`.
#[derive(Debug, Clone)]
pub struct TextComparison {
    /// The property or fact, with the dots of the text.
    pub name: String,
    /// The text.
    pub text: String,
    /// The place of the text.
    pub span: TextSpan,
}

/// An expression over one event.
#[derive(Debug)]
pub struct EventExpression {
    /// The text in the model.
    pub(crate) text: String,
    /// The place of the text.
    pub(crate) span: TextSpan,
    /// The typed program over [`EVENT_SLOT`] and the model's properties.
    pub program: Program,
    /// The properties that it reads, in the order of the text, with repetitions.
    pub(crate) reads: Vec<SpannedName>,
    /// The comparisons of properties with texts.
    pub(crate) comparisons: Vec<TextComparison>,
}

/// A value over one event.
#[derive(Debug)]
pub struct EventValue {
    /// The expression of the value.
    pub expression: EventExpression,
    /// The type that its reader expects.
    pub kind: ValueType,
}

/// The part of the model that owns a condition on events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionOwner {
    /// An entry of `[events]`.
    Event(String),
    /// A metric over one set of events.
    Metric(String),
    /// A metric over two event sets; the condition is on the first.
    PairMetric(String),
    /// The inline count of a signal.
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

/// A `where` in the model.
#[derive(Debug)]
pub struct EventCondition {
    /// The part of the model that owns it.
    pub(crate) owner: ConditionOwner,
    /// The condition.
    pub expression: EventExpression,
    /// The first condition with the same text. Event sets refer to that one.
    pub(crate) first: ConditionId,
    /// The events that it is evaluated for.
    pub(crate) events: EventBase,
}
