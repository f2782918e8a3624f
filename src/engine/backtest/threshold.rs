//! The score above which no more units come up a week than people can meet.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    goal::BacktestGoal,
    share::ReportedShare,
    units::{Observations, UnitRow},
};
use crate::statistics::{mean, quantile};
use pql_model::{clock::Zone, units::Points};

/// So many new leads in so many weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadCapacity {
    /// Leads.
    pub leads: u64,
    /// Weeks.
    pub weeks: u16,
}

/// A score as the line of leads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThresholdResult {
    /// The score from which on a unit is a lead.
    pub score: f64,
    /// New leads a week in the mean.
    pub per_week: f64,
    /// New leads of the 90th percentile of weeks.
    pub busy_week: f64,
    /// Among new leads whose horizon is over, those that reached the goal.
    pub precision: ReportedShare,
    /// Among units that reached the goal after the first date, those that were new leads before.
    pub recall: ReportedShare,
}

/// Lines of leads for a capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThresholdReport {
    /// New leads a week that the capacity allows.
    pub capacity_per_week: f64,
    /// The lowest score that keeps within the capacity; none if no score does.
    pub chosen: Option<ThresholdResult>,
    /// The next lower score.
    pub lower: Option<ThresholdResult>,
    /// The next higher score.
    pub higher: Option<ThresholdResult>,
}

/// A time at which a unit reached its highest score so far.
#[derive(Debug, Clone, Copy)]
struct ScoreRecord {
    /// Lines above this and up to `score` are crossed.
    before: ScoreBefore,
    score: Points,
    week: usize,
    /// Whether the goal came within the horizon; none if that is not known.
    positive: Option<bool>,
    /// Whether the unit reached the goal at or after the date.
    reached_later: bool,
}

/// The highest score that a unit had before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ScoreBefore {
    /// Nobody knows: it is the first date.
    Unknown,
    /// The unit was not there.
    Absent,
    /// Its highest score so far.
    Highest(Points),
}

impl ScoreBefore {
    /// Whether the unit crosses a line that its score reaches.
    fn is_below(self, line: Points) -> bool {
        match self {
            ScoreBefore::Unknown => false,
            ScoreBefore::Absent => true,
            ScoreBefore::Highest(score) => score < line,
        }
    }
}

/// Finds the lines of leads, by weeks from the first date.
pub(super) fn find_threshold(
    seen: &Observations,
    goal: &BacktestGoal,
    capacity: LeadCapacity,
    zone: &Zone,
) -> ThresholdReport {
    let records = score_records(seen, goal, zone);
    let days = seen.dates.last().zip(seen.dates.first()).map_or(0, |(last, first)| last.day - first.day);
    let weeks = (days / 7).max(1) as usize;
    let reached = seen.units.iter().filter(|unit| is_reached_after(seen, goal, unit)).count() as u64;
    let mut lines: Vec<Points> = records.iter().map(|record| record.score).collect();
    lines.sort_unstable();
    lines.dedup();
    let result = |line: Points| at_line(&records, line, weeks, reached);
    let allowed = capacity.leads as f64 / f64::from(capacity.weeks);
    // A lower line lets a unit come up earlier, or leaves it in the stock: the number of new leads does not always fall with the line. So the lowest
    // line is looked for from above, as long as each line keeps within the capacity.
    let mut chosen = None;
    for (place, line) in lines.iter().enumerate().rev() {
        if result(*line).per_week > allowed {
            break;
        }
        chosen = Some(place);
    }
    let at = |place: usize| lines.get(place).map(|line| result(*line));
    let lowest_refused = chosen.map_or(lines.len(), |place| place).checked_sub(1);
    ThresholdReport {
        capacity_per_week: allowed,
        chosen: chosen.and_then(at),
        lower: lowest_refused.and_then(at),
        higher: chosen.and_then(|place| at(place + 1)),
    }
}

/// The new leads of one line.
fn at_line(records: &[ScoreRecord], line: Points, weeks: usize, reached: u64) -> ThresholdResult {
    let new: Vec<&ScoreRecord> = records.iter().filter(|one| one.score >= line && one.before.is_below(line)).collect();
    let mut by_week = vec![0.0; weeks];
    new.iter().for_each(|one| by_week[one.week.min(weeks - 1)] += 1.0);
    let known: Vec<bool> = new.iter().filter_map(|one| one.positive).collect();
    ThresholdResult {
        score: line.to_f64(),
        per_week: mean(&by_week).unwrap_or(0.0),
        busy_week: quantile(&by_week, 0.9).unwrap_or(0.0),
        precision: ReportedShare::among(&known, |positive| *positive),
        recall: ReportedShare::new(new.iter().filter(|one| one.reached_later).count() as u64, reached),
    }
}

/// Each time at which a unit that could still reach the goal had its highest score so far.
fn score_records(seen: &Observations, goal: &BacktestGoal, zone: &Zone) -> Vec<ScoreRecord> {
    let mut highest: BTreeMap<u32, Points> = BTreeMap::new();
    let mut records = Vec::new();
    for row in seen.rows.iter().filter(|row| !row.suppressed && row.speaks) {
        let before = match highest.insert(row.unit, row.score) {
            Some(score) if row.score <= score => {
                highest.insert(row.unit, score);
                continue;
            }
            Some(score) => ScoreBefore::Highest(score),
            None if row.date == 0 => ScoreBefore::Unknown,
            None => ScoreBefore::Absent,
        };
        records.push(record(seen, goal, zone, (row, before)));
    }
    records
}

fn record(
    seen: &Observations,
    goal: &BacktestGoal,
    zone: &Zone,
    (row, before): (&UnitRow, ScoreBefore),
) -> ScoreRecord {
    let first = seen.dates.first().map_or(0, |date| date.day);
    let (date, unit) = (seen.dates[row.date as usize], seen.unit(row));
    let is_open = goal.is_open(&unit.outcomes, date.instant);
    ScoreRecord {
        before,
        score: row.score,
        week: ((date.day - first - 1).max(0) / 7) as usize,
        positive: (is_open && goal.is_mature(date, zone)).then(|| row.label == super::units::RowLabel::Positive),
        reached_later: is_open && goal.instants(&unit.outcomes).any(|at| at >= date.instant),
    }
}

/// Whether a unit reached the goal after the first date.
fn is_reached_after(seen: &Observations, goal: &BacktestGoal, unit: &super::units::BacktestUnit) -> bool {
    let from = seen.dates.first().map_or(0, |date| date.instant);
    goal.is_open(&unit.outcomes, from) && goal.instants(&unit.outcomes).any(|at| at >= from)
}
