//! What a run keeps of events and where it reads each fact: a place in the state for everything that the resolved model asks for.
//!
//! [`planner`] makes a [`Model`] of a [`ResolvedModel`] and needs nothing else. Whoever asks what a model means asks [`Model::resolved`].

mod aggregation;
mod builder;
mod folded;
mod level;
mod measures;
mod planner;

pub(super) use self::planner::plan;
pub use self::{
    aggregation::{
        ACTIVITY_DAYS, AggregateOp, AggregationPlan, CellKind, EventMatch, FilterPlan, NamePlan, ValueSource,
        ValueSpec, WordKind, word,
    },
    level::{FactPlan, LevelPlan, TraitPlan},
    measures::{MeasurePlan, MetricPlan, MilestonePlan, WeeklyPlan},
};
use super::{PerKind, resolved::ResolvedModel};

/// The place of a condition over events.
pub type PredicateId = u16;
/// The place of a value over events.
pub type ValueId = u16;
/// The place of what is kept by key, not in a fixed word.
pub type CellId = u16;

/// A model that a run can use.
#[derive(Debug)]
pub struct Model {
    /// What the model means.
    pub resolved: ResolvedModel,
    /// What is kept of events.
    pub aggregation: AggregationPlan,
    /// Where the facts of each kind of entity are read.
    pub levels: PerKind<LevelPlan>,
}
