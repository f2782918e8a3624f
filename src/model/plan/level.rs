//! Where the facts of users or accounts are read.

use super::{CellId, MetricPlan, MilestonePlan};
use crate::{
    expr::ValueType,
    resolved::{BuiltinFact, Level, MilestonePart},
};

/// Where the facts of one kind of entity are read.
#[derive(Debug, Default)]
pub struct LevelPlan {
    /// By slot of the level's facts.
    pub facts: Vec<FactPlan>,
    /// Traits that facts ask for, in the order in which they do, then those of [`LevelPlan::emails`].
    pub traits: Vec<TraitPlan>,
    /// Traits that hold the e-mail of users, the first that is known counts; none of accounts.
    pub emails: Vec<usize>,
    /// By place among the level's milestones.
    pub milestones: Vec<MilestonePlan>,
}

impl LevelPlan {
    /// A plan that reads nothing yet.
    pub(super) fn empty(level: &Level) -> LevelPlan {
        LevelPlan {
            facts: level.facts.iter().map(|_| FactPlan::Computed).collect(),
            milestones: level.milestones.iter().map(|_| MilestonePlan::All(Vec::new())).collect(),
            ..LevelPlan::default()
        }
    }
}

/// Where the value of a fact comes from.
#[derive(Debug)]
pub enum FactPlan {
    /// What every entity has.
    Builtin(BuiltinFact),
    /// By place among the traits of the plan.
    Trait(usize),
    /// Read from the state.
    Metric(MetricPlan),
    /// Of a milestone, by place.
    Milestone(usize, MilestonePart),
    /// Computed by a step of scoring, from other facts.
    Computed,
}

/// A trait: what is known of an entity.
#[derive(Debug)]
pub struct TraitPlan {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ValueType,
    /// Columns of the enrichment file, the first non-null of which counts.
    pub columns: Vec<String>,
    /// The same among the keys of traits objects.
    pub keys: Vec<u32>,
    /// Whether the first value counts rather than the last.
    pub first: bool,
    /// Where values of event properties are kept.
    pub cell: CellId,
}
