//! The first events of users and accounts, by name: what tells a sign-up from other events.

use std::collections::HashMap;

use super::sketches::in_sample;
use crate::decode::stable_hash;
use pql_model::units::Micros;

/// Names that are kept of each user or account, the earliest ones.
const STEPS_MAX: usize = 12;

/// Users or accounts that are kept; beyond it a sample. Some 250 bytes each.
const ENTITIES_MAX: usize = 1 << 15;

/// When somebody first did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstStep {
    /// The first event of the name.
    pub at: Micros,
    /// The name, as [`name_hash`] gives it.
    pub name: u64,
}

/// The hash of a name of events.
pub fn name_hash(name: &str) -> u64 {
    stable_hash(name)
}

/// The first events of users or of accounts: of each the earliest names, each with its first instant.
///
/// **Law**: merges in any order, and repeated events, give the same.
#[derive(Debug, Clone, Default)]
pub struct FirstSteps {
    by_entity: HashMap<u64, Vec<FirstStep>, foldhash::fast::RandomState>,
    level: u32,
}

impl FirstSteps {
    /// Adds an event of somebody.
    pub(super) fn add(&mut self, entity: u64, step: FirstStep) {
        if !in_sample(entity, self.level) {
            return;
        }
        add_step(self.by_entity.entry(entity).or_default(), step);
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.by_entity.len() > ENTITIES_MAX {
            self.level += 1;
            let level = self.level;
            self.by_entity.retain(|entity, _| in_sample(*entity, level));
        }
    }

    /// Adds the events of another profile.
    pub(super) fn merge(&mut self, other: FirstSteps) {
        self.level = self.level.max(other.level);
        let level = self.level;
        self.by_entity.retain(|entity, _| in_sample(*entity, level));
        for (entity, steps) in other.by_entity {
            steps.into_iter().for_each(|step| self.add(entity, step));
        }
    }

    /// Each user or account by the hash of its id, with its first events in their order. In no order of users: for counts only.
    pub fn entities(&self) -> impl Iterator<Item = (u64, &[FirstStep])> {
        self.by_entity.iter().map(|(entity, steps)| (*entity, steps.as_slice()))
    }
}

/// Keeps the first instant of each name, and the earliest names.
fn add_step(steps: &mut Vec<FirstStep>, step: FirstStep) {
    if steps.len() == STEPS_MAX && steps.last().is_some_and(|last| *last <= step) {
        return;
    }
    match steps.iter().position(|known| known.name == step.name) {
        Some(place) if steps[place].at <= step.at => return,
        Some(place) => {
            steps.remove(place);
        }
        None => {}
    }
    let place = steps.partition_point(|known| *known < step);
    steps.insert(place, step);
    steps.truncate(STEPS_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_names_are_kept_whatever_the_order() {
        let all: Vec<FirstStep> = (0..60).map(|n| FirstStep { at: (n * 37) % 61, name: (n % 19) as u64 }).collect();
        let of = |steps: &mut dyn Iterator<Item = FirstStep>| {
            let mut kept = FirstSteps::default();
            steps.for_each(|step| kept.add(7, step));
            kept
        };
        let steps = |kept: &FirstSteps| kept.entities().map(|(_, steps)| steps.to_vec()).collect::<Vec<_>>();
        let forward = of(&mut all.iter().copied());
        let mut halves = of(&mut all.iter().rev().copied().take(30));
        halves.merge(of(&mut all.iter().copied().take(40)));
        assert_eq!(steps(&forward), steps(&halves));
        let mut first: Vec<FirstStep> =
            (0..19).filter_map(|name| all.iter().copied().filter(|step| step.name == name).min()).collect();
        first.sort_unstable();
        first.truncate(STEPS_MAX);
        assert_eq!(steps(&forward), [first]);
    }
}
