//! Summarises a level: entities by tier and route, milestones with their rates and times.

use super::{
    fact_table::FactTable,
    milestones::{MilestoneState, time_to},
    occurrences::AbsentEvents,
    scorer::LevelHistory,
};
use crate::fold::Interner;
use pql_model::{
    resolved::{Level, ReportSettings},
    units::{HOUR_US, Micros, format_number},
};

/// The summary of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSummary {
    /// The number of entities.
    pub count: u64,
    /// Entities with a qualified tier that no suppression leaves out.
    pub qualified: u64,
    /// Entities by suppression, in the order of the model.
    pub suppressed: Vec<(String, u64)>,
    /// Entities by tier, in the order of the model.
    pub(crate) tiers: Vec<(String, u64)>,
    /// Entities by route, in the order of the model.
    pub(crate) routes: Vec<(String, u64)>,
    /// Entities by tier, without those that a suppression leaves out.
    pub(crate) tiers_listed: Vec<(String, u64)>,
    /// Entities by route, without those that a suppression leaves out.
    pub(crate) routes_listed: Vec<(String, u64)>,
    /// Milestones, in the order of the model.
    pub(crate) milestones: Vec<MilestoneSummary>,
    /// The steps of the chain of success moments, as far as the level has them.
    pub(crate) moments: Vec<MomentStep>,
}

/// A step of the chain of success moments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MomentStep {
    /// The milestone before.
    pub(crate) from: String,
    /// The milestone after.
    pub(crate) to: String,
    /// Entities that reached the first and whose time for the second is over.
    pub(crate) eligible: u64,
    /// Those of them that reached the second.
    pub(crate) reached: u64,
    /// The usual share, from and to.
    pub(crate) band: (f64, f64),
}

impl MomentStep {
    /// The share that reached the second milestone.
    pub(crate) fn rate(&self) -> Option<f64> {
        share(self.reached, self.eligible)
    }

    /// What a rate outside the usual band says of the two definitions.
    pub(crate) fn note(&self) -> Option<String> {
        let (low, high) = self.band;
        let percent = |share: f64| format_number((share * 1000.0).round() / 10.0);
        let (from, to) = (&self.from, &self.to);
        match self.rate()? {
            rate if rate < low => {
                Some(format!("under {} %: {from} lets in users who have no use for the product", percent(low)))
            }
            rate if rate > high => {
                Some(format!("over {} %: little is left to gain between {from} and {to}", percent(high)))
            }
            _ => None,
        }
    }
}

impl LevelSummary {
    /// Entities in a tier, by its place in the model.
    pub fn in_tier(&self, place: usize) -> u64 {
        self.tiers.get(place).map_or(0, |(_, count)| *count)
    }
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
    /// Entities that did not reach it by its deadline.
    pub(crate) missed: u64,
    /// Entities of a milestone that the data cannot tell: all or none.
    pub(crate) unknown: u64,
    /// Entities for which the time that it may take from the start is over.
    pub(crate) eligible: u64,
    /// Eligible entities that reached it.
    pub(crate) reached_of_eligible: u64,
    /// The median time from the start over those that reached it after the start. **Units**: hours.
    pub(crate) median_hours: Option<f64>,
    /// True if the median is at most the target, compared in microseconds.
    pub(crate) target_met: Option<bool>,
    /// The target of the time to value. **Units**: hours.
    pub(crate) target_hours: Option<f64>,
    /// The number of entities that reached the previous milestone of the model and have had the
    /// time for this one, and the number of these that reached this one too.
    pub(crate) from_previous: Option<(u64, u64)>,
}

impl MilestoneSummary {
    /// The share of eligible entities that reached it.
    pub(crate) fn rate(&self) -> Option<f64> {
        share(self.reached_of_eligible, self.eligible)
    }

    /// Entities that the rate leaves out: their time is not over, or the data cannot tell.
    pub(crate) fn left_out(&self) -> u64 {
        self.reached + self.pending + self.missed + self.unknown - self.eligible
    }

    /// The share of entities with the previous milestone that also reached this one.
    pub(crate) fn rate_from_previous(&self) -> Option<f64> {
        self.from_previous.and_then(|(eligible, reached)| share(reached, eligible))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The results of a level's entities.
#[derive(Clone, Copy)]
pub(super) struct ScoredLevel<'s> {
    pub(super) table: &'s FactTable,
    pub(super) pool: &'s Interner,
    pub(super) history: &'s LevelHistory,
    /// The chain of success moments.
    pub(super) report: &'s ReportSettings,
    /// The events that are absent, by milestone.
    pub(super) absent: &'s [AbsentEvents],
}

/// Summarises a level.
pub(super) fn summarise(level: &Level, scored: ScoredLevel<'_>) -> LevelSummary {
    let ScoredLevel { table, pool, history, .. } = scored;
    let count = history.starts.len();
    let suppressed_word = |entity: usize| table.word(level.slots.suppressed?, entity);
    let all: Vec<usize> = (0..count).collect();
    let listed: Vec<usize> = (0..count).filter(|entity| suppressed_word(*entity).is_none()).collect();
    let by_tier = |of: &[usize]| {
        let words = of.iter().filter_map(|entity| table.word(level.slots.tier, *entity));
        count_names(words, level.tiers.iter().map(|tier| &tier.name), pool)
    };
    let by_route = |of: &[usize]| {
        let words = of.iter().filter_map(|entity| table.word(level.slots.route, *entity));
        count_names(words, level.routes.iter().map(|route| &route.name), pool)
    };
    let is_qualified = |entity: &usize| {
        table.word(level.slots.qualified, *entity).is_some_and(|word| word != 0) && suppressed_word(*entity).is_none()
    };
    let qualified = (0..count).filter(is_qualified).count() as u64;
    let names = level.suppressions.iter().map(|one| &one.name);
    let suppressed = count_names((0..count).filter_map(suppressed_word), names, pool);
    let milestones = (0..level.milestones.len()).map(|index| milestone(level, index, scored)).collect();
    let moments = moments(level, scored);
    LevelSummary {
        count: count as u64,
        qualified,
        suppressed,
        tiers: by_tier(&all),
        routes: by_route(&all),
        tiers_listed: by_tier(&listed),
        routes_listed: by_route(&listed),
        milestones,
        moments,
    }
}

/// The chain of success moments, without those that the level does not have.
fn moments(level: &Level, scored: ScoredLevel<'_>) -> Vec<MomentStep> {
    let place = |name: &String| level.milestones.iter().position(|milestone| milestone.name == *name);
    let places: Vec<usize> = scored.report.moments.iter().filter_map(place).collect();
    places.windows(2).map(|pair| moment_step(level, (pair[0], pair[1]), scored)).collect()
}

/// The step from one milestone to another, by their places in the level. It counts nobody if the data cannot tell one of them.
fn moment_step(level: &Level, (from, to): (usize, usize), scored: ScoredLevel<'_>) -> MomentStep {
    let name = |place: usize| level.milestones[place].name.clone();
    let mut step = MomentStep { from: name(from), to: name(to), eligible: 0, reached: 0, band: scored.report.band };
    if !scored.absent[from].is_empty() || !scored.absent[to].is_empty() {
        return step;
    }
    for outcomes in scored.history.milestones.chunks(level.milestones.len()) {
        if outcomes[to].mature && outcomes[from].state.reached().is_some() {
            step.eligible += 1;
            step.reached += u64::from(outcomes[to].state.reached().is_some());
        }
    }
    step
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

fn milestone(level: &Level, index: usize, scored: ScoredLevel<'_>) -> MilestoneSummary {
    let milestone = &level.milestones[index];
    let LevelHistory { starts, milestones: outcomes, .. } = scored.history;
    let mut summary = MilestoneSummary {
        name: milestone.name.clone(),
        reached: 0,
        pending: 0,
        missed: 0,
        unknown: 0,
        eligible: 0,
        reached_of_eligible: 0,
        median_hours: None,
        target_met: None,
        target_hours: milestone.target.map(|target| target as f64 / HOUR_US as f64),
        from_previous: (index > 0).then_some((0, 0)),
    };
    if !scored.absent[index].is_empty() {
        summary.unknown = starts.len() as u64;
        return summary;
    }
    let mut times: Vec<Micros> = Vec::new();
    for (of_entity, start) in outcomes.chunks(level.milestones.len()).zip(starts) {
        let outcome = of_entity[index];
        let reached = outcome.state.reached().is_some();
        match outcome.state {
            MilestoneState::Reached(_) => summary.reached += 1,
            MilestoneState::Pending => summary.pending += 1,
            MilestoneState::Missed => summary.missed += 1,
            MilestoneState::Unknown => summary.unknown += 1,
        }
        summary.eligible += u64::from(outcome.mature);
        summary.reached_of_eligible += u64::from(outcome.mature && reached);
        times.extend(time_to(outcome, *start));
        if let Some((eligible, passed)) = &mut summary.from_previous
            && outcome.mature
            && of_entity[index - 1].state.reached().is_some()
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
