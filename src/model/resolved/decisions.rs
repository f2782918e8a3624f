//! Tiers, segments, routes, columns and text templates.

use super::{RepresentativePool, TextSpan};
use crate::{
    expr::{Program, ValueType},
    output_columns::ColumnSource,
};

/// The places of a tier, a segment or a route in the text.
#[derive(Debug, Clone)]
pub struct RuleSpans {
    /// The name.
    pub(crate) name: TextSpan,
    /// The value of `when`.
    pub(crate) when: Option<TextSpan>,
    /// The value of `at_least` or `above`; tiers only.
    pub(crate) threshold: Option<TextSpan>,
    /// The value of `stay_at_least` or `stay_above`; tiers only.
    pub(crate) stay: Option<TextSpan>,
}

/// A band of the score.
#[derive(Debug)]
pub struct Tier {
    /// The name.
    pub name: String,
    /// The label for people.
    pub label: Option<String>,
    /// The place of the label in the text.
    pub(crate) label_span: Option<TextSpan>,
    /// The threshold, and true if the score must exceed it.
    pub threshold: Option<(f64, bool)>,
    /// The threshold of those who were in this tier or above it before, and true if the score must exceed it.
    pub stay: Option<(f64, bool)>,
    /// A further condition.
    pub when: Option<Program>,
    /// True if the tier makes a PQL or PQA.
    pub qualified: bool,
    /// The places in the text.
    pub(crate) spans: RuleSpans,
}

/// A group of accounts.
#[derive(Debug)]
pub struct Segment {
    /// The name.
    pub name: String,
    /// The condition; none always holds.
    pub when: Option<Program>,
    /// The places in the text.
    pub(crate) spans: RuleSpans,
}

/// The next action and its owner.
#[derive(Debug)]
pub struct Route {
    /// The name.
    pub name: String,
    /// `human`, `assisted`, `automated` or `none`.
    pub motion: Option<String>,
    /// The owner.
    pub to: Option<TextTemplate>,
    /// The people of whom one is the owner, if `to` names nobody.
    pub pool: Option<RepresentativePool>,
    /// The action.
    pub action: Option<TextTemplate>,
    /// The time limit. **Unit**: hours.
    pub sla_hours: Option<f64>,
    /// The condition; none always holds.
    pub when: Option<Program>,
    /// The reason, for people.
    pub because: Option<TextTemplate>,
    /// The message to the customer.
    pub message: Option<TextTemplate>,
    /// The places in the text.
    pub(crate) spans: RuleSpans,
}

/// A reason to leave entities out of counts of qualified ones and out of lists.
#[derive(Debug)]
pub struct Suppression {
    /// The name.
    pub name: String,
    /// The condition.
    pub when: Program,
    /// The place of the condition in the text.
    pub(crate) span: TextSpan,
}

/// A fact in an additional column.
#[derive(Debug)]
pub struct FactColumn {
    /// The column's header, which is the name in the model.
    pub header: String,
    /// The slot of the fact in programs of the level.
    pub slot: u32,
    /// The type.
    pub kind: ValueType,
}

/// A text with facts.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTemplate {
    /// The text in the model.
    pub source: String,
    /// Its parts.
    pub parts: Vec<TemplatePart>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    /// A constant text.
    Text(String),
    /// The value of a fact, or the fallback if it is null.
    Fact { fact: TemplateFact, fallback: String },
    /// The cell of a column, or the fallback if it is empty; in texts of alerts only.
    Column { column: ColumnSource, fallback: String },
    /// The first text if a fact is 1 or true, else the second.
    Choice { fact: TemplateFact, one: String, other: String },
    /// A part that is left out if one of its facts is null, false, empty or printed as 0.
    Optional(Vec<TemplatePart>),
}

/// A fact in a template.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TemplateFact {
    /// The slot of the fact in programs of the level.
    pub slot: u32,
    /// The type; a fact that is always null has no slot.
    pub kind: ValueType,
}
