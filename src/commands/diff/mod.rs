//! Two models on the same events: who is in another tier, who takes another route, and which signals made the difference.
//!
//! Takes a [`ScoreSnapshot`] of what each model came to and gives a [`ModelDiff`], which is written for people, as JSON or as Markdown. A snapshot is all that
//! is kept of a run, so the state of the first model is gone before the second one reads. Nothing is scored here: the amounts are those of
//! [`pql_model::scoring`].

mod alignment;
mod compare;
mod excerpt;
mod formatting;
mod json;
mod level_comparison;
mod markdown;
mod metrics;
mod model_changes;
mod movers;
mod reading;
mod single_changes;
mod snapshot;
mod text;
mod transitions;

pub use compare::{EntitySample, LevelDiff, MovedEntity, PointsChange, RouteLoad, SignalChange, compare};
pub use json::DiffRecord;
pub use metrics::DiffVocabulary;
pub use model_changes::{ModelChange, model_changes};
pub use movers::{MoveCause, MoveEnd, MoverGroup, MoverKind, MoverLists};
pub use reading::ReadCounts;
pub use single_changes::{ChangeTrial, SingleChange, single_changes};
pub use snapshot::ScoreSnapshot;
pub use transitions::{EntryTurnover, ListTransitions};

use self::reading::ReadingDifference;
use pql_model::{PerKind, clock::AsOf, number_condition::ConditionVerdict};

/// What is said of a model beside what it came to.
#[derive(Debug, Clone)]
pub struct ComparedModel {
    /// Its path.
    pub path: String,
    /// As the model calls itself; empty if it does not.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub fingerprint: String,
    /// The instant looked from.
    pub as_of: AsOf,
    /// What its records came to.
    pub read: ReadCounts,
}

/// What differs between two models on the same events.
#[derive(Debug)]
pub struct ModelDiff {
    /// The old and the new model.
    pub models: [ComparedModel; 2],
    /// Users and accounts.
    pub levels: PerKind<LevelDiff>,
}

/// Whether ids, which are personal data, are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdVisibility {
    /// As rows print them.
    Shown,
    /// Not at all.
    Hidden,
}

/// A diff with the verdicts of `--fail-if`, ready to be written.
#[derive(Debug)]
pub struct DiffReport<'r> {
    /// What differs.
    pub diff: &'r ModelDiff,
    /// What changed in the model.
    pub changes: &'r [ModelChange],
    /// Sentences about changes whose effect alone is not known.
    pub change_notes: &'r [String],
    /// Every number by its full name.
    pub summary: Vec<(String, f64)>,
    /// Of each condition, in the order of the command line.
    pub verdicts: &'r [ConditionVerdict],
    /// Whether ids are written.
    pub ids: IdVisibility,
}

impl DiffReport<'_> {
    /// What differs in how the models read the events.
    fn reading(&self) -> ReadingDifference {
        ReadingDifference::new(self.changes, self.diff.models.each_ref().map(|head| &head.read))
    }

    /// Whether a condition of `--fail-if` holds.
    pub fn failed(&self) -> bool {
        self.verdicts.iter().any(|verdict| verdict.holds == Some(true))
    }
}
