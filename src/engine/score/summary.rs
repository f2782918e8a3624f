//! What a level came to as a whole: entities by tier and route, milestones with their rates and times.

use super::{
    fact_table::FactTable,
    milestones::{MilestoneResult, MilestoneState, time_to},
    scorer::LevelHistory,
};
use crate::fold::Interner;
use pql_model::{
    plan::{FactSlot, Level, Milestone},
    units::{HOUR_US, Micros},
};

/// A level as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSummary {
    /// Entities.
    pub count: u64,
    /// Entities whose tier is qualified.
    pub qualified: u64,
    /// By tier, in the order of the model.
    pub tiers: Vec<(String, u64)>,
    /// By route, in the order of the model.
    pub routes: Vec<(String, u64)>,
    /// By milestone, in the order of the model.
    pub milestones: Vec<MilestoneSummary>,
}

/// A milestone as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct MilestoneSummary {
    /// Its name.
    pub name: String,
    /// Entities that got there.
    pub reached: u64,
    /// Entities that still can.
    pub pending: u64,
    /// Entities that no longer can.
    pub missed: u64,
    /// Entities whose start window is over.
    pub eligible: u64,
    /// Of those, how many got there.
    pub reached_of_eligible: u64,
    /// Hours from the start, the median of those that got there after it.
    pub median_hours: Option<f64>,
    /// Whether the median is at most the target, to the microsecond.
    pub target_met: Option<bool>,
    /// Time to value that is aimed at. **Units**: hours.
    pub target_hours: Option<f64>,
    /// Of entities that reached the milestone before this one in the model and whose start window for this one is over: how many, and how many
    /// of them reached this one.
    pub from_previous: Option<(u64, u64)>,
}

impl MilestoneSummary {
    /// The share of eligible entities that got there.
    pub fn rate(&self) -> Option<f64> {
        share(self.reached_of_eligible, self.eligible)
    }

    /// Entities whose start window is still open, which the rate leaves out.
    pub fn left_out(&self) -> u64 {
        self.reached + self.pending + self.missed - self.eligible
    }

    /// The share of those that reached the milestone before that reached this one.
    pub fn rate_from_previous(&self) -> Option<f64> {
        self.from_previous.and_then(|(eligible, reached)| share(reached, eligible))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Sums up a level.
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

/// How many entities have each name; a fact holds the number of its text in the pool. A name that is not in the pool is that of no entity.
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

/// The middle of sorted numbers; of an even count the mean of the middle two.
fn median(sorted: &[Micros]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle] as f64),
        _ => Some(f64::midpoint(sorted[middle - 1] as f64, sorted[middle] as f64)),
    }
}
