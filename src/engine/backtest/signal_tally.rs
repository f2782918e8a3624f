//! What each signal says by itself: how often it fires, and what became of those it fires for.
//!
//! Signals are tallied while the dates are scored, by points and date, so that no row has to keep them.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::share::ReportedShare;
use pql_model::units::Points;

/// A signal with fewer positive accounts than this cannot be judged.
const ENOUGH_POSITIVES: u64 = 5;
/// A signal that orders rows better than this by itself is likely to be the outcome.
const LEAK_AUC: f64 = 0.95;

/// A row that can be judged, for a signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct TalliedRow {
    pub(super) date: u16,
    pub(super) cluster: u32,
    pub(super) positive: bool,
}

/// What became of the rows of one signal.
#[derive(Debug, Clone, Default)]
pub(super) struct SignalTally {
    pub(super) name: String,
    /// Rows and positive rows it fired for.
    fired: [u64; 2],
    /// Accounts with a positive row it fired for.
    positive_accounts: HashSet<u32>,
    /// Rows and positive rows by date and points.
    by_points: BTreeMap<(u16, Points), [u64; 2]>,
    /// Units that reached the goal and that it first fired for just before.
    fired_just_before: u64,
}

/// The result of one signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalResult {
    /// Its name; `members.` and a name for a signal of an account's members.
    pub signal: String,
    /// The least and the most points that it paid.
    pub points: [f64; 2],
    /// Among the rows it fired for, those that reached the goal.
    pub if_fired: ReportedShare,
    /// Among the other rows.
    pub if_not: ReportedShare,
    /// The rate of the rows it fired for over that of all rows.
    pub lift: Option<f64>,
    /// The accounts with a positive row it fired for.
    pub positive_accounts: u64,
    /// Whether these are enough to say anything.
    pub enough: bool,
    /// How well its points alone order the rows: the mean over the dates of the area under the curve.
    pub auc: Option<f64>,
    /// Of the units that reached the goal, those that it first fired for in the last day before.
    pub first_fired_just_before: ReportedShare,
    /// Whether it may be the outcome itself under another name.
    pub leak: bool,
}

impl SignalTally {
    pub(super) fn new(name: String) -> SignalTally {
        SignalTally { name, ..SignalTally::default() }
    }

    /// Takes over a row.
    pub(super) fn add(&mut self, row: TalliedRow, fired: bool, points: Points) {
        let positive = u64::from(row.positive);
        let counts = self.by_points.entry((row.date, points)).or_default();
        counts[0] += 1;
        counts[1] += positive;
        if fired {
            self.fired[0] += 1;
            self.fired[1] += positive;
        }
        if fired && row.positive {
            self.positive_accounts.insert(row.cluster);
        }
    }

    /// Notes a unit that reached the goal, and that the signal first fired for just before.
    pub(super) fn note_just_before(&mut self) {
        self.fired_just_before += 1;
    }

    /// The result, among rows of which some are positive, and units that reached the goal and were seen before it.
    pub(super) fn result(&self, [rows, positive]: [u64; 2], reached: u64) -> SignalResult {
        let if_fired = ReportedShare::new(self.fired[1], self.fired[0]);
        let base = (rows > 0 && positive > 0).then(|| positive as f64 / rows as f64);
        let auc = self.auc();
        let first_fired_just_before = ReportedShare::new(self.fired_just_before, reached);
        let enough = self.positive_accounts.len() as u64 >= ENOUGH_POSITIVES;
        // It may fire too late for any date to see it before the goal.
        let is_late = reached >= ENOUGH_POSITIVES && first_fired_just_before.share.is_some_and(|share| share > 0.5);
        let paid: Vec<Points> =
            self.by_points.keys().map(|(_, points)| *points).filter(|points| *points != Points::ZERO).collect();
        SignalResult {
            signal: self.name.clone(),
            points: [paid.iter().min(), paid.iter().max()].map(|points| points.map_or(0.0, |points| points.to_f64())),
            lift: if_fired.share.zip(base).map(|(rate, base)| rate / base),
            if_not: ReportedShare::new(positive - self.fired[1], rows - self.fired[0]),
            if_fired,
            positive_accounts: self.positive_accounts.len() as u64,
            enough,
            auc,
            leak: is_late || (enough && auc.is_some_and(|auc| auc > LEAK_AUC)),
            first_fired_just_before,
        }
    }

    /// The mean over the dates of the area under the curve of its points.
    fn auc(&self) -> Option<f64> {
        let mut areas = Vec::new();
        let counts: Vec<(&(u16, Points), &[u64; 2])> = self.by_points.iter().collect();
        for date in counts.chunk_by(|a, b| a.0.0 == b.0.0) {
            let (mut negatives, mut positives, mut wins_doubled) = (0_u64, 0_u64, 0_u128);
            for (_, [rows, positive]) in date {
                let negative = rows - positive;
                wins_doubled += u128::from(*positive) * u128::from(2 * negatives + negative);
                negatives += negative;
                positives += positive;
            }
            let pairs = u128::from(negatives) * u128::from(positives);
            if pairs > 0 {
                areas.push(wins_doubled as f64 / (2.0 * pairs as f64));
            }
        }
        crate::statistics::mean(&areas)
    }
}
