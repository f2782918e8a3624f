//! What follows from facts and points: tiers, segments, routes, columns and texts.

use super::TextSpan;
use crate::expr::{Program, ValueType};

/// Where a tier, a segment or a route stands.
#[derive(Debug, Clone)]
pub struct RuleSpans {
    /// Its name.
    pub name: TextSpan,
    /// `when`
    pub when: Option<TextSpan>,
    /// `at_least` or `above`, of tiers.
    pub threshold: Option<TextSpan>,
}

/// A band of the score.
#[derive(Debug)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// For people.
    pub label: Option<String>,
    /// The threshold, and whether it must be exceeded.
    pub threshold: Option<(f64, bool)>,
    /// A further condition.
    pub when: Option<Program>,
    /// Whether it makes a PQL or PQA.
    pub qualified: bool,
    /// Where it stands.
    pub spans: RuleSpans,
}

/// A kind of account.
#[derive(Debug)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// None takes whatever is left.
    pub when: Option<Program>,
    /// Where it stands.
    pub spans: RuleSpans,
}

/// Who acts next, and how.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// `human`, `assisted`, `automated` or `none`.
    pub motion: Option<String>,
    /// Who.
    pub to: Option<String>,
    /// What.
    pub action: Option<String>,
    /// How soon. **Units**: hours.
    pub sla_hours: Option<f64>,
    /// None takes whatever is left.
    pub when: Option<Program>,
    /// Why, for people.
    pub because: Option<TextTemplate>,
    /// What to write to the customer.
    pub message: Option<TextTemplate>,
    /// Where it stands.
    pub spans: RuleSpans,
}

/// A fact that is added as a column.
#[derive(Debug)]
pub struct FactColumn {
    /// The name in the model.
    pub header: String,
    /// The fact, as programs of the level name it.
    pub slot: u32,
    /// Its type.
    pub kind: ValueType,
}

/// Text with facts in it.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTemplate(pub Vec<TemplatePart>);

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    /// As it is.
    Text(String),
    /// The value of a fact, or the fallback if it is null.
    Fact { slot: u32, kind: ValueType, fallback: String },
}
