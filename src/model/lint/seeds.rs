//! People to begin a search with: somebody who has just signed up, and the way from there to the highest and to the lowest score.
//!
//! For each signal, the largest first, those of its facts that are still free are set to what makes it pay most (least). Signals that want
//! different things of one fact get what the larger one wants; nothing is proved here, so that does no harm.

use super::{
    bounds::BoxBounds,
    dependencies::{DependencyPlan, visit_signal_keys},
    domains::SearchSpace,
    search::{CellLimits, ConstraintSolver, SearchSeed},
};
use crate::{
    EntityKind, PerKind,
    resolved::{Level, Signal, SignalPayment},
};

/// The most combinations of a signal's facts that are tried.
const COMBINATIONS_MAX: usize = 64;
/// The most intermediate examples that are kept.
const STOPS_MAX: usize = 24;

/// The most accounts on the way up that blank users are put into.
const HOUSED_MAX: usize = 5;

/// Which way a score goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScoreDirection {
    Up,
    Down,
}

/// The way of a level's score from a blank entity to one end, the end last.
pub(super) fn score_path(
    search: &ConstraintSolver<'_>,
    side: EntityKind,
    way: ScoreDirection,
    limits: &CellLimits,
) -> Vec<SearchSeed> {
    score_path_for(search, side, way, limits, &|_| true)
}

/// The same by some of the signals.
pub(super) fn score_path_for(
    search: &ConstraintSolver<'_>,
    side: EntityKind,
    way: ScoreDirection,
    limits: &CellLimits,
    wanted: &dyn Fn(&Signal) -> bool,
) -> Vec<SearchSeed> {
    let level: &Level = search.model.level(side);
    let mut guide = search.blank();
    for (place, (first, last)) in limits {
        guide[*place] = guide[*place].clamp(*first, *last);
    }
    let mut fixed = vec![false; guide.len()];
    let mut signals: Vec<&Signal> = level.signals.iter().filter(|signal| wanted(signal)).collect();
    signals.sort_by_key(|signal| std::cmp::Reverse(size(signal)));
    let mut stops = vec![guide.clone()];
    for signal in signals {
        let mut keys = Vec::new();
        visit_signal_keys(signal, side, &mut |key| keys.push(key));
        let plan = search.plan(keys);
        if search.is_exhausted() {
            break;
        }
        if apply_signal(search, signal, side, way, limits, &plan, &mut guide, &mut fixed) {
            stops.push(guide.clone());
            if stops.len() > STOPS_MAX {
                stops.remove(1);
            }
        }
    }
    stops
}

/// Users in accounts on the way up: at the end of both ways, then blank users in accounts that have begun theirs.
pub(super) fn housed_seeds(
    space: &SearchSpace,
    rising: &PerKind<Vec<SearchSeed>>,
    blank: &SearchSeed,
) -> Vec<SearchSeed> {
    let (Some(user), Some(account)) = (rising.user.last(), rising.account.last()) else { return Vec::new() };
    let is_of_account = |place: usize| place > 0 && space.variables[place].key.kind() == EntityKind::Account;
    let in_account = |user: &SearchSeed, account: &SearchSeed| {
        let cells = user.iter().zip(account).enumerate();
        cells.map(|(place, (user, account))| if is_of_account(place) { *account } else { *user }).collect()
    };
    let begun = rising.account.iter().skip(1).take(HOUSED_MAX);
    std::iter::once(in_account(user, account)).chain(begun.map(|account| in_account(blank, account))).collect()
}

/// The most that a signal pays or takes by itself.
fn size(signal: &Signal) -> i64 {
    match &signal.pay {
        SignalPayment::Flat(points) => points.0.abs(),
        SignalPayment::Ladder { rungs, .. } => rungs.iter().map(|(_, points)| points.0.abs()).max().unwrap_or(0),
        SignalPayment::Per { points, max, .. } => max.map_or(points.0.abs().saturating_mul(1000), |max| max.0),
    }
}

/// Sets the free facts of a signal; returns whether anything changed.
#[expect(clippy::too_many_arguments, reason = "one step of a loop, in a function of its own for its length")]
fn apply_signal(
    search: &ConstraintSolver<'_>,
    signal: &Signal,
    side: EntityKind,
    way: ScoreDirection,
    limits: &CellLimits,
    plan: &DependencyPlan,
    guide: &mut SearchSeed,
    fixed: &mut [bool],
) -> bool {
    let free: Vec<usize> = (0..plan.core).filter(|at| !fixed[plan.variables[*at]]).collect();
    let range = search.full_box(plan, limits);
    let start = search.project(plan, guide);
    let pays = |cells: &[u16]| {
        let point: Vec<(u16, u16)> = cells.iter().map(|cell| (*cell, *cell)).collect();
        search.spend(plan.cost);
        let (low, high) = BoxBounds::new(search.model, search.space, plan, &point).payable(signal, side).contribution();
        match way {
            ScoreDirection::Up => low + (high - low) / 2.0,
            ScoreDirection::Down => -(low + (high - low) / 2.0),
        }
    };
    let mut best = (pays(&start), start.clone());
    let many: usize = free.iter().map(|at| usize::from(range[*at].1 - range[*at].0) + 1).fold(1, usize::saturating_mul);
    if many <= COMBINATIONS_MAX {
        let mut cells = start.clone();
        for mut number in 0..many {
            for at in &free {
                let count = usize::from(range[*at].1 - range[*at].0) + 1;
                cells[*at] = range[*at].0 + (number % count) as u16;
                number /= count;
            }
            let value = pays(&cells);
            // What changes less is nearer to somebody usual.
            let nearer = || {
                let far = |cells: &[u16]| free.iter().filter(|at| cells[**at] != start[**at]).count();
                value == best.0 && far(&cells) < far(&best.1)
            };
            if value > best.0 + 1e-9 || nearer() {
                best = (value, cells.clone());
            }
        }
    } else {
        for _ in 0..2 {
            for at in &free {
                let mut cells = best.1.clone();
                for cell in range[*at].0..=range[*at].1 {
                    cells[*at] = cell;
                    let value = pays(&cells);
                    if value > best.0 + 1e-9 {
                        best = (value, cells.clone());
                    }
                }
            }
        }
    }
    let matters = best.0 > 1e-9 || size(signal) > 0 && best.1 != start;
    let mut changed = false;
    for at in 0..plan.core {
        let place = plan.variables[at];
        changed |= guide[place] != best.1[at];
        guide[place] = best.1[at];
        fixed[place] |= matters;
    }
    changed
}
