//! The places in the state of the facts of users or accounts.

use super::{CellId, MetricPlan, MilestonePlan};
use pql_model::{
    ValueFormat,
    expr::ValueType,
    resolved::{BuiltinFact, Level, MilestonePart},
};

/// The places in the state of the facts of one kind of entity.
#[derive(Debug, Default)]
pub struct LevelPlan {
    /// The facts by slot.
    pub facts: Vec<FactPlan>,
    /// The traits in the order of their first use, then those of [`LevelPlan::emails`].
    pub traits: Vec<TraitPlan>,
    /// The traits that can hold a user's e-mail. The first with a value counts; empty for accounts.
    pub emails: Vec<usize>,
    /// The milestones by index in the level.
    pub milestones: Vec<MilestonePlan>,
    /// For each milestone, the words that tell whether events of its names occur: one for the
    /// names of `event`, or one for each step. A milestone of any activity or of others has none.
    pub(crate) occurrences: Vec<Vec<usize>>,
}

impl LevelPlan {
    /// Makes a plan without places.
    pub(super) fn empty(level: &Level) -> LevelPlan {
        LevelPlan {
            facts: level.facts.iter().map(|_| FactPlan::Computed).collect(),
            milestones: level.milestones.iter().map(|_| MilestonePlan::All(Vec::new())).collect(),
            occurrences: level.milestones.iter().map(|_| Vec::new()).collect(),
            ..LevelPlan::default()
        }
    }
}

/// The place of a fact's value.
#[derive(Debug)]
pub enum FactPlan {
    /// A fact of every entity.
    Builtin(BuiltinFact),
    /// A trait, by index in the plan.
    Trait(usize),
    /// A metric, which is read from the state.
    Metric(MetricPlan),
    /// A part of a milestone, by index in the level.
    Milestone(usize, MilestonePart),
    /// A result of a scoring step.
    Computed,
}

/// The places of a trait.
#[derive(Debug)]
pub struct TraitPlan {
    /// The name.
    pub(crate) name: String,
    /// The type.
    pub(crate) kind: ValueType,
    /// How its numbers or dates may be written beside the usual ways.
    pub(crate) format: Option<ValueFormat>,
    /// The columns of enrichment files. The first one that is not null counts.
    pub(crate) columns: Vec<String>,
    /// The indexes of keys of traits objects, in the same order.
    pub(crate) keys: Vec<u32>,
    /// True if the first value counts and not the last.
    pub(crate) first: bool,
    /// The cell for values from event properties.
    pub cell: CellId,
}
