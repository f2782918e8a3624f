//! A case that can run.

use std::ops::Range;

use super::expectation::{EntityExpectation, ExpectationCheck};
use crate::pipeline::LoadedTables;
use pql_model::{EntityKind, units::Micros};

/// A case that can run.
#[derive(Debug)]
pub struct TestCase {
    /// Its name.
    pub name: String,
    /// The place of the name in the file.
    pub(crate) span: Range<usize>,
    pub(super) runs: CaseRuns,
}

/// The runs of a case.
#[derive(Debug)]
pub(super) enum CaseRuns {
    /// One run without a record.
    Alone(Box<CaseRun>),
    /// Runs with a record, each after the one before it.
    Days(Vec<CaseDay>),
}

/// One run.
#[derive(Debug)]
pub(super) struct CaseRun {
    pub(super) as_of: Micros,
    /// Lines of JSON in the native format; of a day those that it adds.
    pub(super) lines: String,
    /// For each line the event of the file that it was made from.
    pub(super) places: Vec<Range<usize>>,
    pub(super) tables: LoadedTables,
    pub(super) expect: Vec<EntityExpectation>,
}

/// One run of several.
#[derive(Debug)]
pub(super) struct CaseDay {
    /// Its `as_of` as the file writes it.
    pub(super) label: String,
    pub(super) run: CaseRun,
    /// Everybody who changes; none if the case does not say.
    pub(super) changes: Option<ExpectedList<ExpectedChange>>,
    /// Every alert that fires; none if the case does not say.
    pub(super) alerts: Option<ExpectedList<ExpectedAlert>>,
}

/// All that a list must have.
#[derive(Debug)]
pub(super) struct ExpectedList<T> {
    /// The place of the key in the file.
    pub(super) span: Range<usize>,
    pub(super) items: Vec<T>,
}

/// A change that is expected.
#[derive(Debug)]
pub(super) struct ExpectedChange {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: String,
    pub(super) cells: Vec<ExpectedCell>,
}

/// An alert that is expected to fire.
#[derive(Debug)]
pub(super) struct ExpectedAlert {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: String,
    /// Its name.
    pub(super) alert: String,
    pub(super) cells: Vec<ExpectedCell>,
}

/// A cell of a list of changes or alerts.
#[derive(Debug)]
pub(super) struct ExpectedCell {
    pub(super) span: Range<usize>,
    /// The column.
    pub(super) column: &'static str,
    /// As the list shows it.
    pub(super) text: String,
}

impl CaseDay {
    /// Whose changes and alerts the case expects.
    pub(super) fn listed_entities(&self) -> impl Iterator<Item = (EntityKind, &str)> {
        let changes = self.changes.iter().flat_map(|list| &list.items).map(|one| (one.side, one.id.as_str()));
        let alerts = self.alerts.iter().flat_map(|list| &list.items).map(|one| (one.side, one.id.as_str()));
        changes.chain(alerts)
    }
}

impl TestCase {
    /// True if it expects a milestone that the data cannot tell.
    pub(super) fn expects_unknown(&self) -> bool {
        let expects =
            |run: &CaseRun| run.expect.iter().flat_map(|expect| &expect.checks).any(ExpectationCheck::expects_unknown);
        match &self.runs {
            CaseRuns::Alone(run) => expects(run),
            CaseRuns::Days(days) => days.iter().any(|day| expects(&day.run)),
        }
    }
}
