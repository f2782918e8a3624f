//! The plan of a run: the state that it stores, and the place of each fact in that state.
//!
//! The planner derives a [`Model`] from a [`ResolvedModel`] alone. For the meaning of a model, read
//! [`Model::resolved`].

mod aggregation;
mod builder;
mod folded;
mod level;
mod measures;
mod planner;

pub(crate) use self::{aggregation::AskedProperty, planner::plan};
pub use self::{
    aggregation::{
        ACTIVITY_DAYS, AggregateOp, AggregationPlan, CellKind, EventMatch, FilterPlan, NamePlan, ValueSource,
        ValueSpec, WordKind, word,
    },
    level::{FactPlan, LevelPlan, TraitPlan},
    measures::{MeasurePlan, MetricPlan, MilestonePlan, WeeklyPlan},
};
use pql_model::{
    FactSelection, ModelRequest, PerKind, RequestedRows,
    diag::{DocumentProblems, SourceDocument},
    resolved::ResolvedModel,
};

/// The index of a condition over events.
pub type PredicateId = u16;
/// The index of a value over events.
pub(crate) type ValueId = u16;
/// The place of what is kept by key, not in a fixed word.
pub(crate) type CellId = u16;

/// A model with the plan of a run.
#[derive(Debug)]
pub struct Model {
    /// The meaning of the model.
    pub resolved: ResolvedModel,
    /// The state that a run stores.
    pub aggregation: AggregationPlan,
    /// The places of facts in the state.
    pub levels: PerKind<LevelPlan>,
}

/// Reads, checks and plans a model.
///
/// # Errors
///
/// Every problem of the text, at least one.
pub fn parse(document: &SourceDocument) -> Result<Model, DocumentProblems> {
    pql_model::parse(document, ModelRequest { selection: FactSelection::OutputsOnly, rows: None }).map(plan)
}

/// The same with what the command line asks of rows.
///
/// # Errors
///
/// As [`parse`]; or the problems of what is asked for, in a document of its own.
pub fn parse_with_rows(document: &SourceDocument, rows: &RequestedRows) -> Result<Model, DocumentProblems> {
    pql_model::parse(document, ModelRequest { selection: FactSelection::OutputsOnly, rows: Some(rows) }).map(plan)
}

/// The same with the facts that `pql_model::lint` asks for.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_to_check(document: &SourceDocument) -> Result<Model, DocumentProblems> {
    pql_model::parse(document, ModelRequest { selection: FactSelection::OutputsAndMilestones, rows: None }).map(plan)
}

/// The same with every fact that is declared, also those that no signal, rule or column needs. What it scores is the same; it keeps more.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_all_facts(document: &SourceDocument) -> Result<Model, DocumentProblems> {
    pql_model::parse(document, ModelRequest { selection: FactSelection::AllDeclared, rows: None }).map(plan)
}
