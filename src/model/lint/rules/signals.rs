//! Ladders whose points do not rise, rungs that no value reaches, and things that are paid for twice.

use std::collections::HashMap;

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::{visit_keys, visit_signal_keys},
    domains::fact,
    narrowing::GoalDemands,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{
    EntityKind, FactKey, MeasureKind,
    clock::DateWindow,
    codes,
    diag::{CounterExample, Diagnostic},
    expr::Program,
    resolved::{BuiltinFact, EventSet, FactDefinition, Metric, MilestonePart, Signal, SignalPayment},
    scoring::passes,
    units::{Points, format_number},
};

pub(super) fn ladders(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        for place in 0..lint.level(side).signals.len() {
            if lint.search.is_exhausted() {
                return;
            }
            falls(lint, side, place);
            out_of_reach(lint, side, place);
        }
    }
}

/// Whether more of a value means longer ago, so that points may well fall while it rises.
fn of_time(lint: &LintContext<'_, '_>, value: &Program, side: EntityKind) -> bool {
    let behind = lint.dependency_closure(lint.keys(value, side));
    behind.iter().any(|key| match fact(lint.model, *key).map(|fact| &fact.definition) {
        Some(FactDefinition::Builtin(builtin)) => {
            matches!(builtin, BuiltinFact::AgeDays | BuiltinFact::DaysInactive | BuiltinFact::Today)
        }
        Some(FactDefinition::Milestone(_, part)) => matches!(part, MilestonePart::Hours | MilestonePart::DaysAgo),
        Some(FactDefinition::Metric(_)) => lint.facts.metric(*key).is_some_and(|fact| fact.metric.measure.is_time()),
        _ => false,
    })
}

fn falls(lint: &LintContext<'_, '_>, side: EntityKind, place: usize) {
    let signal = &lint.level(side).signals[place];
    let SignalPayment::Ladder { value, rungs, strict } = &signal.pay else { return };
    let text = &lint.level(side).signals[place].spans;
    let wrong = rungs.windows(2).position(|pair| {
        let (low, high) = (pair[0].1, pair[1].1);
        high == low || high < low && low > Points::ZERO
    });
    let Some(at) = wrong.filter(|_| !of_time(lint, value, side)) else { return };
    let ((_, low), (threshold, high)) = (rungs[at], rungs[at + 1]);
    let Some(span) = text.rungs.get(at + 1).cloned() else { return };
    let how = if low == high { "pays no more than" } else { "pays less than" };
    let message = format!("a rung of signal `{}` {how} the one before", signal.name);
    let seen = value.to_source(&|slot| lint.name(FactKey::seen_from(side, slot), side));
    let reach = if *strict { "above" } else { "from" };
    let example = CounterExample {
        facts: vec![(seen, super::super::counterexample::json(&crate::expr::Value::Number(threshold)))],
        conclusion: format!("{reach} here on it pays {high}, before it paid {low}"),
    };
    lint.report(
        Diagnostic::warning(codes::LADDER_FALLS, span, message, format!("{high} points after {low}"))
            .maybe_other(text.rungs.get(at).cloned(), "the rung before")
            .example(example)
            .help("the highest rung reached pays alone, so points rise with the thresholds"),
    );
}

/// Rungs that no value reaches where the signal's condition holds.
fn out_of_reach<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, place: usize) {
    let signal = &lint.level(side).signals[place];
    let SignalPayment::Ladder { value, rungs, strict } = &signal.pay else { return };
    let text = &signal.spans;
    if text.when.as_ref().is_some_and(|when| lint.has_reported(&[codes::NEVER_HOLDS], when))
        || lint.has_reported(&[codes::GUARD_AGAINST_VALUE], text.what_pays())
    {
        return;
    }
    let guard = signal.guard.as_ref();
    let mut keys = lint.keys(value, side);
    guard.iter().for_each(|guard| keys.extend(lint.keys(guard, side)));
    let plan = lint.search.plan(keys.clone());
    let demands = guard.iter().fold(GoalDemands::default(), |demands, guard| demands.holding(guard, side));
    // From the top: where one rung is reached, so are those below.
    let mut lowest = None;
    for (at, (threshold, _)) in rungs.iter().enumerate().rev() {
        let high_enough = |number: f64| passes(number, *threshold, *strict);
        let possible = |judged: &BoxBounds<'_, 'm>| {
            guard.is_none_or(|guard| judged.eval(guard, side).can_hold())
                && judged.eval(value, side).range().is_some_and(|(_, high)| high_enough(high))
        };
        let reached = |world: &FactAssignment<'_>| {
            guard.is_none_or(|guard| world.holds(guard, side))
                && world.eval(value, side).as_number().is_some_and(high_enough)
        };
        let goal = SearchGoal { keys: keys.clone(), demands: demands.clone(), possible: &possible, reached: &reached };
        let question = || format!("whether a rung of signal `{}` can be reached", signal.name);
        if lint.solve(&plan, &CellLimits::default(), side, &goal, question) != SearchAnswer::Impossible {
            break;
        }
        lowest = Some(at);
    }
    let Some((threshold, span)) = lowest.and_then(|at| Some((rungs[at].0, text.rungs.get(at)?.clone()))) else {
        return;
    };
    let left = lint.search.narrowed(&plan, &CellLimits::default(), &demands);
    let left = left.unwrap_or_else(|| lint.search.full_box(&plan, &CellLimits::default()));
    let judged = BoxBounds::new(lint.model, lint.search.space, &plan, &left);
    let high = judged.eval(value, side).range().map(|(_, high)| high).filter(|high| high.is_finite());
    let whose = if guard.is_some() { " where the condition holds" } else { "" };
    let label = high.map_or("no value reaches it".to_owned(), |high| {
        format!("the highest value{whose} is {}", format_number(high))
    });
    let message = format!("a rung of signal `{}` at {} is never reached", signal.name, format_number(threshold));
    lint.report(Diagnostic::warning(codes::RUNG_OUT_OF_REACH, span, message, label));
}

/// What a signal pays for, if that is one thing.
#[derive(Debug, PartialEq, Eq, Hash)]
enum SignalSubject {
    Fact(FactKey),
    /// Metrics that measure the same: what, which events, which dates, and of which value.
    Events(MeasureKind, EventSet, Option<DateWindow>, Option<String>),
}

fn thing(lint: &LintContext<'_, '_>, signal: &Signal, side: EntityKind) -> Option<SignalSubject> {
    let mut wanted = Vec::new();
    visit_signal_keys(signal, side, &mut |key| wanted.push(key));
    let plan = lint.search.plan(wanted);
    let [place] = plan.variables[..plan.core] else { return None };
    let key = lint.search.space.variables[place].key;
    match fact(lint.model, key).map(|fact| &fact.definition)? {
        FactDefinition::Metric(_) => {
            let Metric { events, window, measure, .. } = lint.facts.metric(key)?.metric;
            let value = measure.value_text().map(str::to_owned);
            Some(SignalSubject::Events(measure.kind(), events.set.clone(), *window, value))
        }
        FactDefinition::Builtin(_) | FactDefinition::Milestone(..) | FactDefinition::Rollup(_) => {
            Some(SignalSubject::Fact(key))
        }
        _ => None,
    }
}

/// Whether a signal can pay more than nothing.
fn pays(signal: &Signal) -> bool {
    match &signal.pay {
        SignalPayment::Flat(points) | SignalPayment::Per { points, .. } => *points > Points::ZERO,
        SignalPayment::Ladder { rungs, .. } => rungs.iter().any(|(_, points)| *points > Points::ZERO),
    }
}

pub(super) fn twice(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        let mut known: HashMap<SignalSubject, Vec<usize>> = HashMap::new();
        for (place, signal) in level.signals.iter().enumerate().filter(|(_, signal)| pays(signal)) {
            if lint.search.is_exhausted() {
                return;
            }
            let Some(thing) = thing(lint, signal, side) else { continue };
            let others = known.entry(thing).or_default();
            let first = others.iter().copied().take(4).find(|first| both(lint, side, *first, place));
            others.push(place);
            if let Some(first) = first {
                tell_twice(lint, side, first, place);
            }
        }
    }
}

/// Whether two signals can pay at once.
fn both(lint: &LintContext<'_, '_>, side: EntityKind, first: usize, second: usize) -> bool {
    let signals = &lint.level(side).signals;
    let (a, b) = (&signals[first], &signals[second]);
    (a.exclusive.is_none() || a.exclusive != b.exclusive) && together(lint, side, first, second).is_some()
}

fn together(lint: &LintContext<'_, '_>, side: EntityKind, first: usize, second: usize) -> Option<CounterExample> {
    let level = lint.level(side);
    let pair = [&level.signals[first], &level.signals[second]];
    let mut wanted = Vec::new();
    pair.iter().for_each(|signal| visit_signal_keys(signal, side, &mut |key| wanted.push(key)));
    let plan = lint.search.plan(wanted.iter().copied());
    let possible = |judged: &BoxBounds<'_, '_>| {
        pair.iter().all(|signal| {
            let payable = judged.payable(signal, side);
            payable.can_fire && payable.high > 0.0
        })
    };
    let reached = |world: &FactAssignment<'_>| {
        lint.search.spend(level.signals.len() as u64);
        let scope = world.scope(side);
        let paid = world.paid(level, &scope);
        [first, second].iter().all(|at| paid.get(*at).is_some_and(|paid| paid.points > Points::ZERO))
    };
    let goal = SearchGoal { keys: wanted, demands: GoalDemands::default(), possible: &possible, reached: &reached };
    let SearchAnswer::Found(chosen) = lint.search.solve(&plan, &CellLimits::default(), &lint.guides(side), &goal)
    else {
        return None;
    };
    Some(lint.minimized_example(&plan, chosen, &goal, side, |world| {
        let scope = world.scope(side);
        let paid = world.paid(level, &scope);
        let points = |at: usize| paid.get(at).map_or(Points::ZERO, |paid| paid.points);
        let (a, b) = (&level.signals[first].name, &level.signals[second].name);
        format!("`{a}` pays {} and `{b}` pays {}", points(first), points(second))
    }))
}

fn tell_twice(lint: &LintContext<'_, '_>, side: EntityKind, first: usize, second: usize) {
    let level = lint.level(side);
    let Some(example) = together(lint, side, first, second) else { return };
    let (a, b) = (&level.signals[first].name, &level.signals[second].name);
    let message = format!("signals `{a}` and `{b}` pay for the same thing");
    let label = "whoever gets these points may get the others too";
    let help = "if only the higher one is meant, write one signal with a ladder, or give both the same `exclusive`";
    lint.report(
        Diagnostic::warning(codes::PAID_TWICE, level.signals[second].spans.name.clone(), message, label)
            .other(level.signals[first].spans.name.clone(), "paid for here as well")
            .example(example)
            .help(help),
    );
}

/// The facts of a program that accounts have.
pub(super) fn asks_accounts(program: &Program) -> bool {
    let mut asks = false;
    visit_keys(program, EntityKind::User, &mut |key| asks |= key.kind() == EntityKind::Account);
    asks
}
