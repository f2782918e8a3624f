//! What contact adds: triggers that anybody may contact against those that are held out.

use serde::Serialize;

use super::{goal::BacktestGoal, share::ReportedShare, triggers::Trigger};
use crate::statistics::{ShareCounts, difference_of_shares, smallest_difference};

/// Triggers with and without a chance of contact, by the goal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HoldoutReport {
    /// All that are not held out, contacted or not.
    pub open: ReportedShare,
    /// All that are held out.
    pub held_out: ReportedShare,
    /// The rate of the first less that of the second.
    pub difference: Option<f64>,
    /// Its 95 % interval.
    pub difference_interval: Option<[f64; 2]>,
    /// The smallest difference that groups of these sizes would show, in four of five tries.
    pub smallest_difference: Option<f64>,
    /// Whether the groups are too small to say anything: that difference is more than half of the rate of all.
    pub too_small: bool,
}

/// Compares the groups, by the goal within the horizon.
pub(super) fn compare_held_out(triggers: &[Trigger<'_>], goal: &BacktestGoal) -> HoldoutReport {
    let mature: Vec<&Trigger<'_>> = triggers.iter().filter(|one| one.mature).collect();
    let (held, open): (Vec<&Trigger<'_>>, Vec<&Trigger<'_>>) = mature.iter().partition(|one| one.unit.held_out);
    let [open, held_out] = [open, held].map(|group| ReportedShare::among(&group, |one| one.had(goal.word)));
    let base = ReportedShare::new(open.count + held_out.count, open.of + held_out.of).share;
    let smallest = base.and_then(|rate| smallest_difference(rate, open.of, held_out.of));
    let counts = |share: ReportedShare| ShareCounts { positives: share.count, cases: share.of };
    let difference = difference_of_shares(counts(open), counts(held_out));
    HoldoutReport {
        difference: difference.map(|one| one.difference),
        difference_interval: difference.map(|one| [one.interval.low, one.interval.high]),
        smallest_difference: smallest,
        too_small: base.zip(smallest).is_none_or(|(rate, smallest)| smallest > rate / 2.0),
        open,
        held_out,
    }
}
