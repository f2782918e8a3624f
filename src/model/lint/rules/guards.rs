//! Signals whose condition rules out what they pay for: both can hold, and never together.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::visit_signal_keys,
    narrowing::GoalDemands,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::{CounterExample, Diagnostic},
    expr::Program,
    resolved::{Signal, SignalPayment},
    scoring::{SignalFiring, passes},
    units::format_number,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        for place in 0..lint.level(side).signals.len() {
            if lint.search.is_exhausted() {
                return;
            }
            of_signal(lint, side, place);
        }
    }
}

/// Tells of a signal that nobody is paid for although its condition can hold, and so can what it pays for.
fn of_signal<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, place: usize) {
    let signal = &lint.level(side).signals[place];
    let Some(guard) = &signal.guard else { return };
    let Some((value, what)) = paid_for(signal) else { return };
    if !is_ruled_out(lint, side, signal, guard) || is_ruled_out_alone(lint, side, signal) {
        return;
    }
    let Some(example) = example(lint, side, place, guard) else { return };
    let seen = value.to_source(&|slot| lint.name(FactKey::seen_from(side, slot), side));
    let message = format!("the condition of signal `{}` rules out its {what}", signal.name);
    let label = format!("where this holds, `{seen}` is never enough for any points");
    let span = signal.spans.what_pays().clone();
    let problem = Diagnostic::warning(codes::GUARD_AGAINST_VALUE, span, message, label);
    let problem = problem.maybe_other(signal.spans.value.clone(), "this is paid for");
    lint.report(problem.example(example).help("change one of the two, or leave the condition out"));
}

/// What a signal pays for, and the key that says so.
fn paid_for(signal: &Signal) -> Option<(&Program, &'static str)> {
    match &signal.pay {
        SignalPayment::Flat(_) => None,
        SignalPayment::Ladder { value, .. } if signal.inline.is_some() => Some((value, "count")),
        SignalPayment::Ladder { value, .. } => Some((value, "`value`")),
        SignalPayment::Per { value, .. } => Some((value, "`per`")),
    }
}

/// Whether direct comparison shows that a signal never pays where its condition holds.
fn is_ruled_out<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, signal: &'m Signal, guard: &'m Program) -> bool {
    let mut wanted = Vec::new();
    visit_signal_keys(signal, side, &mut |key| wanted.push(key));
    let plan = lint.search.plan(wanted);
    let demands = GoalDemands::default().holding(guard, side);
    let Some(cells) = lint.search.narrowed(&plan, &CellLimits::default(), &demands) else { return false };
    !BoxBounds::new(lint.model, lint.search.space, &plan, &cells).payable(signal, side).can_fire
}

/// Whether it does not even pay without its condition, which other rules tell.
fn is_ruled_out_alone<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, signal: &'m Signal) -> bool {
    let alone = match &signal.pay {
        SignalPayment::Flat(_) => return false,
        SignalPayment::Ladder { value, .. } | SignalPayment::Per { value, .. } => value,
    };
    let plan = lint.search.plan(lint.keys(alone, side));
    let whole = lint.search.full_box(&plan, &CellLimits::default());
    let judged = BoxBounds::new(lint.model, lint.search.space, &plan, &whole);
    let range = judged.eval(alone, side).range();
    match &signal.pay {
        SignalPayment::Flat(_) => false,
        SignalPayment::Ladder { strict, rungs, .. } => !rungs
            .first()
            .is_some_and(|(threshold, _)| range.is_some_and(|(_, high)| passes(high, *threshold, *strict))),
        SignalPayment::Per { .. } => range.is_none_or(|(low, high)| low == 0.0 && high == 0.0),
    }
}

/// Somebody for whom the condition holds, and what the signal pays then.
fn example<'m>(
    lint: &LintContext<'_, 'm>,
    side: EntityKind,
    place: usize,
    guard: &'m Program,
) -> Option<CounterExample> {
    let level = lint.level(side);
    let signal = &level.signals[place];
    let mut keys = Vec::new();
    visit_signal_keys(signal, side, &mut |key| keys.push(key));
    let plan = lint.search.plan(keys.clone());
    let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(guard, side).can_hold();
    let reached = |world: &FactAssignment<'_>| world.holds(guard, side);
    let demands = GoalDemands::default().holding(guard, side);
    let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
    let SearchAnswer::Found(chosen) = lint.search.solve(&plan, &CellLimits::default(), &lint.guides(side), &goal)
    else {
        return None;
    };
    let (value, _) = paid_for(signal)?;
    let small = lint.minimize(&plan, chosen, &goal);
    let world = FactAssignment::new(lint.model, lint.search.space, &plan, &small);
    let scope = world.scope(side);
    lint.search.spend(level.signals.len() as u64);
    let paid = world.paid(level, &scope);
    if paid[place].firing == SignalFiring::Fired {
        return None;
    }
    Some(lint.example(&plan, &small, side, |world| {
        let number = world.eval(value, side).as_number().map_or("not known".to_owned(), format_number);
        format!("the condition holds, what is paid for is {number}, and `{}` pays 0", signal.name)
    }))
}
