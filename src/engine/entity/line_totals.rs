//! Counts of lines, corrected for what only all lines together tell: who is internal, and which visitors are nobody.

use crate::fold::{DayEvents, FileCounts, FoldState, IdDetails};

/// Counts of lines while people are told apart.
pub(super) struct LineTotals {
    /// By file.
    pub(super) files: Vec<FileCounts>,
    /// Events of the newest local date.
    pub(super) newest_day: DayEvents,
}

impl LineTotals {
    /// The counts of a state, in which everybody counts.
    pub(super) fn of_state(state: &FoldState) -> LineTotals {
        LineTotals { files: state.counts.clone(), newest_day: state.newest_day }
    }

    /// Moves the events of a visitor who is nobody, and that name no account, to the anonymous ones.
    pub(super) fn set_aside_unattributed(&mut self, details: &IdDetails) {
        for (file, count) in details.unattributed.iter() {
            self.files[*file as usize].events -= count;
            self.files[*file as usize].anonymous += count;
        }
        self.newest_day.remove(details.unattributed_day);
    }
}
