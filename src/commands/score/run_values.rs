//! The numbers of a finished run, as expectations name them.

use super::FinishedRun;
use pql_engine::{fold::FileCounts, pipeline::EnrichedRows, score::LevelSummary};
use pql_model::{
    EntityKind,
    run_numbers::{NumberScale, RunNumber, RunVocabulary},
    units::{HOUR_US, Micros},
};

/// A finished run, asked for its numbers.
#[derive(Debug, Clone, Copy)]
pub struct RunValues<'r> {
    /// The run.
    pub run: FinishedRun<'r>,
    /// The present, if the run looks from its newest event.
    pub now: Option<Micros>,
}

impl RunValues<'_> {
    /// A number; none where the run has nothing to take it from.
    pub fn value(&self, number: RunNumber) -> Option<f64> {
        match number {
            RunNumber::StaleHours => self.stale_hours(),
            RunNumber::Events => Some(self.events() as f64),
            RunNumber::EventsLastDay => Some(self.run.scored.events_last_day() as f64),
            RunNumber::IdConflict => Some(self.id_conflict() as f64),
            RunNumber::Duplicate => Some(self.counted(|file| file.duplicate) as f64),
            RunNumber::Rejected => Some(self.counted(|file| file.rejected) as f64),
            RunNumber::RejectedShare => self.rejected_share(),
            RunNumber::EmptyFiles => Some(self.empty_files() as f64),
            RunNumber::Matched(kind) => self.rows(kind).and_then(|rows| share(rows.matched, rows.total())),
            RunNumber::Enriched(kind) => self.enriched_share(kind),
            RunNumber::Entities(kind) => Some(self.level(kind).count as f64),
            RunNumber::Qualified(kind, scale) => self.scaled(kind, self.level(kind).qualified, scale),
            RunNumber::InTier(kind, place, scale) => self.scaled(kind, self.level(kind).in_tier(place), scale),
            RunNumber::SilentSignals => self.run.recorded?.silent_signals(),
            RunNumber::Previous(place) => self.previous(place),
        }
    }

    /// A number of the run before, by its place in the vocabulary.
    fn previous(&self, place: usize) -> Option<f64> {
        let number = RunVocabulary::new(&self.run.model.resolved.levels).at(place)?;
        self.run.recorded?.previous(number)
    }

    /// Events that count.
    pub(super) fn events(&self) -> u64 {
        self.counted(|file| file.events)
    }

    /// Events that share an id with an event of other content; all of them count.
    pub(super) fn id_conflict(&self) -> u64 {
        self.run.folded.id_conflict
    }

    /// The records of all files in one bucket.
    pub(super) fn counted(&self, bucket: fn(&FileCounts) -> i64) -> u64 {
        self.run.scored.entities.counts.iter().map(bucket).sum::<i64>().unsigned_abs()
    }

    /// Files of events without a byte.
    pub(super) fn empty_files(&self) -> usize {
        self.run.folded.files.iter().filter(|file| file.bytes == 0).count()
    }

    /// The instant of the newest event that counts.
    pub(super) fn newest(&self) -> Option<Micros> {
        self.run.scored.time_range().map(|(_, newest)| newest)
    }

    /// The hours from the newest event to the instant looked from, or to the present.
    pub(super) fn stale_hours(&self) -> Option<f64> {
        let until = self.now.unwrap_or(self.run.scored.as_of.instant);
        self.newest().map(|newest| (until - newest) as f64 / HOUR_US as f64)
    }

    /// The users or accounts of a run as a whole.
    pub(super) fn level(&self, kind: EntityKind) -> &LevelSummary {
        match kind {
            EntityKind::User => &self.run.scored.users,
            EntityKind::Account => &self.run.scored.accounts,
        }
    }

    /// The rows of the enrichment file of users or accounts, if there is one.
    pub(super) fn rows(&self, kind: EntityKind) -> Option<EnrichedRows> {
        self.run.coverage.rows[kind]
    }

    fn rejected_share(&self) -> Option<f64> {
        share(self.counted(|file| file.rejected), self.counted(|file| file.records))
    }

    fn enriched_share(&self, kind: EntityKind) -> Option<f64> {
        let count = self.level(kind).count;
        let without = self.run.coverage.without_row[kind]?;
        share(count - without.min(count), count)
    }

    fn scaled(&self, kind: EntityKind, count: u64, scale: NumberScale) -> Option<f64> {
        match scale {
            NumberScale::Count => Some(count as f64),
            NumberScale::Share => share(count, self.level(kind).count),
        }
    }
}

/// A part of a whole; none of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
