//! The back-test: what a model said at past dates, held against what became of everybody.
//!
//! ```text
//!  events ─▶ fold, score at the end ─▶ KnownOutcomes          (who is who, and what became of them)
//!  events ─▶ fold in stages ─▶ score each date ─▶ Observations ─▶ cohort, triggers, ranking, signals ─▶ BacktestReport
//! ```
//!
//! A date sees the events before it and nothing else. Outcomes after it only label what it said.

mod against;
mod cohort;
mod deals;
mod eves;
mod goal;
mod holdout_effect;
mod incidence;
mod known;
mod months;
mod observe;
mod ranking;
mod report;
mod rows;
mod share;
mod signal_tally;
#[cfg(test)]
mod simulation;
mod threshold;
mod triggers;
mod units;

pub use self::{
    against::ModelComparison,
    cohort::{CohortCounts, CohortStep},
    deals::{DealReport, DealsOfOrigin},
    goal::BacktestGoal,
    holdout_effect::HoldoutReport,
    incidence::{EndOfTriggers, ShareByDays},
    known::KnownOutcomes,
    months::MonthOfTriggers,
    observe::{KeptDetails, ObservationJob},
    ranking::{PrecisionAtCapacity, RankingReport, TierResult},
    report::{BacktestFigures, BacktestQuestion, BacktestReport, TriggerReport},
    share::ReportedShare,
    signal_tally::SignalResult,
    threshold::{LeadCapacity, ThresholdReport, ThresholdResult},
};

use self::{
    cohort::count_cohort, deals::count_deals, holdout_effect::compare_held_out, incidence::count_ends,
    months::count_months, ranking::rank, threshold::find_threshold, triggers::find_triggers, units::Observations,
};
use crate::pipeline::{FoldedRun, RunError};
use pql_model::units::Day;

/// What a model said over the dates, for tables and for the comparison with another model.
#[derive(Debug)]
pub struct BacktestEvidence(Observations);

impl BacktestEvidence {
    /// Scores all dates of a job. The folded run is that of the last date.
    ///
    /// # Errors
    ///
    /// Those of folding and of scoring.
    pub fn gather(job: &ObservationJob<'_>) -> Result<(BacktestEvidence, FoldedRun), RunError> {
        let (seen, folded) = observe::observe(job)?;
        Ok((BacktestEvidence(seen), folded))
    }

    /// The number of dates.
    pub fn date_count(&self) -> u64 {
        self.0.dates.len() as u64
    }

    /// The first and the last date.
    pub fn first_and_last(&self) -> [Day; 2] {
        let dates = &self.0.dates;
        [dates[0].day, dates[dates.len() - 1].day]
    }

    /// All figures of a job's evidence.
    pub fn figures(&self, job: &ObservationJob<'_>, capacity: Option<LeadCapacity>) -> BacktestFigures {
        let (seen, goal) = (&self.0, &job.goal);
        let resolved = &job.events.model.resolved;
        let cohort = count_cohort(seen);
        let list = find_triggers(seen, goal, &resolved.zone);
        let judged = [cohort.mature.rows, cohort.positive.rows];
        BacktestFigures {
            cohort,
            triggers: TriggerReport {
                triggers: list.triggers.len() as u64,
                stock: list.stock.len() as u64,
                after_goal: list.after_goal,
                months: count_months(&list.triggers),
                ends: count_ends(&list.triggers, goal.known_to),
                deals: count_deals(seen, &list, job.known.currencies()),
                holdout: resolved.holdout.as_ref().map(|_| compare_held_out(&list.triggers, goal)),
            },
            ranking: rank(seen, capacity.map(|capacity| capacity.leads)),
            signals: seen.signals.iter().map(|signal| signal.result(judged, seen.seen_before_goal)).collect(),
            threshold: capacity.map(|capacity| find_threshold(seen, goal, capacity, &resolved.zone)),
        }
    }

    /// How another model orders the same rows.
    pub fn compare(&self, other: &BacktestEvidence) -> ModelComparison {
        against::compare(&self.0, &other.0)
    }
}
