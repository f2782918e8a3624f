//! Finds the earliest instant at which a chain of steps is complete.
//!
//! Events are processed in time order. For each number of steps taken, only the chains with the
//! latest first step are kept. Only the span from the first to the last step is bounded.
//!
//! Equal times count as ordered, except for two steps of one name. One event takes at most one
//! step. If users must differ, several chains are kept: for every user that may come next, one of
//! the best chains must not contain that user.

use crate::entity::NOBODY;
use pql_model::units::Micros;

/// An event that matches some steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepEvent {
    /// The instant.
    pub(super) at: Micros,
    /// The user.
    pub(super) user: u32,
    /// The interned `same` value that pairs events.
    pub(super) same: u32,
    /// A bit for each step.
    pub(super) steps: u16,
}

/// A chain of events for the first few steps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StepChain {
    /// The instant of the first step.
    first: Micros,
    /// If users must differ: the users of its steps, sorted. Otherwise: the events that it used in
    /// the current group of equal times.
    held: Vec<u32>,
    /// The number of steps that it had taken before the current group of equal times.
    before_group: usize,
}

/// The earliest instant of a last step that is at most `within` after the first.
pub(super) fn earliest_completion(
    events: &mut [StepEvent],
    names: &[usize],
    within: Option<Micros>,
    different_users: bool,
) -> Option<Micros> {
    events.sort_unstable_by_key(|event| (event.same, event.at, event.steps, event.user));
    let search = ChainSearch { names, within, different_users };
    events.chunk_by(|a, b| a.same == b.same).filter_map(|group| search.run(group)).min()
}

struct ChainSearch<'n> {
    /// A number per step; steps of one name have equal numbers.
    names: &'n [usize],
    within: Option<Micros>,
    different_users: bool,
}

impl ChainSearch<'_> {
    /// Searches the events of one `same` value, in time order.
    fn run(&self, events: &[StepEvent]) -> Option<Micros> {
        let steps = self.names.len();
        let mut chains: Vec<Vec<StepChain>> = vec![Vec::new(); steps];
        for group in events.chunk_by(|a, b| a.at == b.at) {
            let group = self.thin_out(group);
            for (taken, level) in chains.iter_mut().enumerate() {
                for chain in level {
                    chain.before_group = taken + 1;
                    if !self.different_users {
                        chain.held.clear();
                    }
                }
            }
            // Step by step, so that a chain can take several steps at one instant.
            for step in 0..steps {
                let longer = self.extend(&chains, &group, step);
                if step + 1 == steps {
                    let at = group.first().map_or(0, |event| event.at);
                    if longer.iter().any(|chain| self.within.is_none_or(|within| at - chain.first <= within)) {
                        return Some(at);
                    }
                }
                chains[step].extend(longer);
                // Chains of the current instant differ in the events that they used, so pruning
                // must consider these.
                chains[step] = self.best(std::mem::take(&mut chains[step]), steps - step - 1);
            }
        }
        None
    }

    /// Drops equal events that cannot matter. Keeps one per user if users must differ, else one per
    /// step.
    fn thin_out(&self, group: &[StepEvent]) -> Vec<StepEvent> {
        let most = if self.different_users { 1 } else { self.names.len() };
        let mut kept: Vec<StepEvent> = Vec::new();
        for event in group {
            let alike =
                |known: &&StepEvent| known.steps == event.steps && (!self.different_users || known.user == event.user);
            if kept.iter().rev().filter(alike).take(most).count() < most {
                kept.push(*event);
            }
        }
        kept
    }

    /// Extends chains by a step with an event of the group.
    fn extend(&self, chains: &[Vec<StepChain>], group: &[StepEvent], step: usize) -> Vec<StepChain> {
        let mut longer = Vec::new();
        for (index, event) in group.iter().enumerate() {
            if event.steps & (1 << step) == 0 || (self.different_users && event.user == NOBODY) {
                continue;
            }
            let token = if self.different_users { event.user } else { index as u32 };
            if step == 0 {
                longer.push(StepChain { first: event.at, held: vec![token], before_group: 0 });
                continue;
            }
            for chain in &chains[step - 1] {
                // A second step of the same name must be strictly later.
                let repeats = (chain.before_group..step).any(|earlier| self.names[earlier] == self.names[step]);
                if repeats || chain.held.contains(&token) {
                    continue;
                }
                let mut held = chain.held.clone();
                held.push(token);
                held.sort_unstable();
                longer.push(StepChain { first: chain.first, held, before_group: chain.before_group });
            }
        }
        longer
    }

    /// Prunes chains. For any choice of `more` users or events for the remaining steps, a best
    /// chain is kept.
    fn best(&self, mut chains: Vec<StepChain>, more: usize) -> Vec<StepChain> {
        chains
            .sort_by(|a, b| b.first.cmp(&a.first).then(b.before_group.cmp(&a.before_group)).then(a.held.cmp(&b.held)));
        chains.dedup();
        let mut kept: Vec<StepChain> = Vec::new();
        for before_group in 0..=self.names.len() {
            let of_group: Vec<&StepChain> = chains.iter().filter(|chain| chain.before_group == before_group).collect();
            representatives(&of_group, &mut Vec::new(), more, &mut kept);
        }
        kept
    }
}

/// Keeps the best chain; then, for each user or event that it holds, the best chain without that
/// one, up to `more` levels deep.
fn representatives(chains: &[&StepChain], without: &mut Vec<u32>, more: usize, kept: &mut Vec<StepChain>) {
    let Some(best) = chains.iter().find(|chain| !chain.held.iter().any(|token| without.contains(token))) else {
        return;
    };
    if !kept.contains(best) {
        kept.push((*best).clone());
    }
    if more > 0 {
        for token in best.held.clone() {
            without.push(token);
            representatives(chains, without, more - 1, kept);
            without.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Tries all assignments of events to steps.
    fn naive(events: &[StepEvent], names: &[usize], within: Option<Micros>, different_users: bool) -> Option<Micros> {
        fn go(
            events: &[StepEvent],
            names: &[usize],
            within: Option<Micros>,
            different: bool,
            taken: &mut Vec<usize>,
            best: &mut Option<Micros>,
        ) {
            let step = taken.len();
            if step == names.len() {
                let (first, last) = (events[taken[0]].at, events[taken[step - 1]].at);
                if within.is_none_or(|within| last - first <= within) && best.is_none_or(|best| last < best) {
                    *best = Some(last);
                }
                return;
            }
            for (index, event) in events.iter().enumerate() {
                let before = |earlier: usize| events[taken[earlier]];
                let fits = event.steps & (1 << step) != 0
                    && !taken.contains(&index)
                    && (step == 0 || (event.at >= before(step - 1).at && event.same == before(0).same))
                    && (0..step).all(|earlier| names[earlier] != names[step] || event.at > before(earlier).at)
                    && (!different
                        || (event.user != NOBODY && (0..step).all(|earlier| before(earlier).user != event.user)));
                if fits {
                    taken.push(index);
                    go(events, names, within, different, taken, best);
                    taken.pop();
                }
            }
        }
        let mut best = None;
        go(events, names, within, different_users, &mut Vec::new(), &mut best);
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn the_search_finds_what_trying_everything_finds(
            events in prop::collection::vec((0..6_i64, prop::sample::select(vec![0, 1, 2, 3, NOBODY]), 0..2_u32, 1..16_u16), 0..9),
            names in prop::sample::select(vec![vec![0, 1], vec![0, 0], vec![0, 1, 2], vec![0, 1, 0], vec![0, 1, 1], vec![0, 1, 2, 3], vec![0, 1, 0, 1]]),
            within in prop::option::of(0..4_i64), different_users: bool,
        ) {
            // Steps of one name match the same events.
            let mask = |steps: u16| (0..names.len()).filter(|step| steps & (1 << names[*step]) != 0).fold(0, |mask, step| mask | 1 << step);
            let mut events: Vec<StepEvent> = events.into_iter().map(|(at, user, same, steps)| StepEvent { at, user, same, steps: mask(steps) }).collect();
            let expected = naive(&events, &names, within, different_users);
            prop_assert_eq!(earliest_completion(&mut events, &names, within, different_users), expected);
        }
    }
}
