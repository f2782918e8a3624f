//! Who counts: from everybody at all dates to those whose outcome can be judged, each step counted.

use std::collections::HashSet;

use serde::Serialize;

use super::units::{Observations, RowLabel, UnitRow};

/// A step: how many rows are left, and of how many users or accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CohortStep {
    /// A row is a user or an account at one date.
    pub rows: u64,
    /// Users or accounts with such a row.
    pub entities: u64,
}

/// The steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CohortCounts {
    /// With events before the date.
    pub seen: CohortStep,
    /// Users who speak for their account; all accounts.
    pub speaking: CohortStep,
    /// That had not reached the goal before the date.
    pub open: CohortStep,
    /// Whose horizon is over.
    pub mature: CohortStep,
    /// That reached the goal within the horizon.
    pub positive: CohortStep,
}

/// Counts who is left after each step.
pub(super) fn count_cohort(seen: &Observations) -> CohortCounts {
    let step = |keeps: &dyn Fn(&UnitRow) -> bool| {
        let mut units: HashSet<u32> = HashSet::new();
        let mut rows = 0;
        for row in seen.rows.iter().filter(|row| keeps(row)) {
            rows += 1;
            units.insert(row.unit);
        }
        CohortStep { rows, entities: units.len() as u64 }
    };
    let is_open = |row: &UnitRow| row.speaks && row.label != RowLabel::ReachedBefore;
    CohortCounts {
        seen: step(&|_| true),
        speaking: step(&|row| row.speaks),
        open: step(&is_open),
        mature: step(&|row| row.judged().is_some()),
        positive: step(&|row| row.judged() == Some(true)),
    }
}
