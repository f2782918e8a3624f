//! Summarises a level: entities by tier and route, milestones with their rates and times.

use super::{
    fact_table::FactTable,
    milestones::{MilestoneResult, MilestoneState, time_to},
    scorer::LevelHistory,
};
use crate::fold::Interner;
use pql_model::{
    FactSlot,
    resolved::{Level, Milestone},
    units::{HOUR_US, Micros},
};

/// The summary of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSummary {
    /// The number of entities.
    pub count: u64,
    /// Entities with a qualified tier.
    pub qualified: u64,
    /// Entities by tier, in the order of the model.
    pub(crate) tiers: Vec<(String, u64)>,
    /// Entities by route, in the order of the model.
    pub(crate) routes: Vec<(String, u64)>,
    /// Milestones, in the order of the model.
    pub(crate) milestones: Vec<MilestoneSummary>,
}

/// The summary of a milestone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MilestoneSummary {
    /// The name.
    pub(crate) name: String,
    /// Entities that reached it.
    pub(crate) reached: u64,
    /// Entities that still can reach it.
    pub(crate) pending: u64,
    /// Entities that no longer can reach it.
    pub(crate) missed: u64,
    /// Entities whose start window is over.
    pub(crate) eligible: u64,
    /// Eligible entities that reached it.
    pub(crate) reached_of_eligible: u64,
    /// The median time from the start over those that reached it after the start. **Units**: hours.
    pub(crate) median_hours: Option<f64>,
    /// True if the median is at most the target, compared in microseconds.
    pub(crate) target_met: Option<bool>,
    /// The target of the time to value. **Units**: hours.
    pub(crate) target_hours: Option<f64>,
    /// Entities that reached the previous milestone of the model and whose start window for this
    /// one is over. The second number counts those that also reached this one.
    pub(crate) from_previous: Option<(u64, u64)>,
}

impl MilestoneSummary {
    /// The share of eligible entities that reached it.
    pub(crate) fn rate(&self) -> Option<f64> {
        share(self.reached_of_eligible, self.eligible)
    }

    /// Entities whose start window is still open; the rate leaves them out.
    pub(crate) fn left_out(&self) -> u64 {
        self.reached + self.pending + self.missed - self.eligible
    }

    /// The share of entities with the previous milestone that also reached this one.
    pub(crate) fn rate_from_previous(&self) -> Option<f64> {
        self.from_previous.and_then(|(eligible, reached)| share(reached, eligible))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Summarises a level.
pub(super) fn summarise(
    level: &Level,
    table: &FactTable,
    pool: &Interner,
    LevelHistory { starts, milestones: outcomes, .. }: &LevelHistory,
) -> LevelSummary {
    let count = starts.len();
    let words = |slot: FactSlot| (0..count).filter_map(move |entity| table.word(slot, entity));
    let tiers = count_names(words(level.slots.tier), level.tiers.iter().map(|tier| &tier.name), pool);
    let routes = count_names(words(level.slots.route), level.routes.iter().map(|route| &route.name), pool);
    let qualified = words(level.slots.qualified).filter(|word| *word != 0).count() as u64;
    let milestones = level
        .milestones
        .iter()
        .enumerate()
        .map(|(index, one)| milestone(one, index, level.milestones.len(), outcomes, starts))
        .collect();
    LevelSummary { count: count as u64, qualified, tiers, routes, milestones }
}

/// Counts the entities of each name. A name that is not in the pool has no entities.
fn count_names<'n>(
    words: impl Iterator<Item = u64>,
    names: impl Iterator<Item = &'n String>,
    pool: &Interner,
) -> Vec<(String, u64)> {
    let numbered = |name: &String| (name.clone(), 0, pool.find(name).map(u64::from));
    let mut list: Vec<(String, u64, Option<u64>)> = names.map(numbered).collect();
    for word in words {
        if let Some((_, count, _)) = list.iter_mut().find(|(.., name)| *name == Some(word)) {
            *count += 1;
        }
    }
    list.into_iter().map(|(name, count, _)| (name, count)).collect()
}

fn milestone(
    milestone: &Milestone,
    index: usize,
    stride: usize,
    outcomes: &[MilestoneResult],
    starts: &[Micros],
) -> MilestoneSummary {
    let mut summary = MilestoneSummary {
        name: milestone.name.clone(),
        reached: 0,
        pending: 0,
        missed: 0,
        eligible: 0,
        reached_of_eligible: 0,
        median_hours: None,
        target_met: None,
        target_hours: milestone.target.map(|target| target as f64 / HOUR_US as f64),
        from_previous: (index > 0).then_some((0, 0)),
    };
    let mut times: Vec<Micros> = Vec::new();
    for (of_entity, start) in outcomes.chunks(stride).zip(starts) {
        let outcome = of_entity[index];
        let reached = matches!(outcome.state, MilestoneState::Reached(_));
        match outcome.state {
            MilestoneState::Reached(_) => summary.reached += 1,
            MilestoneState::Pending => summary.pending += 1,
            MilestoneState::Missed => summary.missed += 1,
        }
        summary.eligible += u64::from(outcome.window_closed);
        summary.reached_of_eligible += u64::from(outcome.window_closed && reached);
        times.extend(time_to(outcome, *start));
        if let Some((eligible, passed)) = &mut summary.from_previous
            && outcome.window_closed
            && matches!(of_entity[index - 1].state, MilestoneState::Reached(_))
        {
            *eligible += 1;
            *passed += u64::from(reached);
        }
    }
    times.sort_unstable();
    let median = median(&times);
    summary.median_hours = median.map(|time| time / HOUR_US as f64);
    summary.target_met = median.zip(milestone.target).map(|(median, target)| median <= target as f64);
    summary
}

/// The median of sorted numbers; for an even count the mean of the middle two.
fn median(sorted: &[Micros]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle] as f64),
        _ => Some(f64::midpoint(sorted[middle - 1] as f64, sorted[middle] as f64)),
    }
}
