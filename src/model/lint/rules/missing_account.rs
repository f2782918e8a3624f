//! Users without an account: every fact of it is null to them, and a condition that asks for little or none of something is then not true.
//!
//! Told where a user of an account with nothing in it would pass and a user without any does not. Where nothing is lost (conditions that ask
//! for something), and where null is asked about (`coalesce`, `is null`), nothing is told.

use std::ops::Range;

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::visit_signal_keys,
    domains::fact,
    narrowing::GoalDemands,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::{CounterExample, Diagnostic},
    expr::Value,
    resolved::{BuiltinFact, FactDefinition},
    scoring::SignalFiring,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    let level = &lint.model.levels.user;
    let nothing = nothing_in_it(lint);
    for (place, signal) in level.signals.iter().enumerate() {
        if lint.search.is_exhausted() {
            return;
        }
        let mut wanted = Vec::new();
        visit_signal_keys(signal, EntityKind::User, &mut |key| wanted.push(key));
        let fires = |world: &FactAssignment<'_>| {
            lint.search.spend(level.signals.len() as u64);
            let scope = world.scope(EntityKind::User);
            let paid = world.paid(level, &scope);
            paid.get(place).is_some_and(|paid| paid.firing != SignalFiring::NotFired)
        };
        let span = signal.spans.what_pays().clone();
        let can = |judged: &BoxBounds<'_, '_>| judged.payable(signal, EntityKind::User).can_fire;
        let guard = signal.guard.iter();
        let demands = guard.fold(GoalDemands::default(), |demands, guard| demands.holding(guard, EntityKind::User));
        let what = format!("signal `{}`", signal.name);
        ask(lint, &nothing, HomeQuestion { wanted, demands, can: &can, so: &fires, what, span });
    }
    let tiers = level.tiers.iter().map(|tier| ("tier", &tier.name, &tier.when, &tier.spans));
    let routes = level.routes.iter().map(|route| ("route", &route.name, &route.when, &route.spans));
    for (kind, name, when, spans) in tiers.chain(routes) {
        let (Some(when), Some(span)) = (when, &spans.when) else { continue };
        let mut wanted = Vec::new();
        super::super::dependencies::visit_keys(when, EntityKind::User, &mut |key| wanted.push(key));
        // The rules about tiers report what a tier loses.
        let reported = [level.slots.tier, level.slots.score].map(|slot| FactKey::new(EntityKind::User, slot));
        wanted.retain(|key| !reported.contains(key));
        if !super::signals::asks_accounts(when) {
            continue;
        }
        let holds = |world: &FactAssignment<'_>| world.holds(when, EntityKind::User);
        let can = |judged: &BoxBounds<'_, '_>| judged.eval(when, EntityKind::User).can_hold();
        let mut all = wanted;
        super::super::dependencies::visit_keys(when, EntityKind::User, &mut |key| all.push(key));
        let demands = GoalDemands::default().holding(when, EntityKind::User);
        let (what, span) = (format!("{kind} `{name}`"), span.clone());
        ask(lint, &nothing, HomeQuestion { wanted: all, demands, can: &can, so: &holds, what, span });
    }
}

/// An account without events and without traits.
fn nothing_in_it(lint: &LintContext<'_, '_>) -> CellLimits {
    let space = lint.search.space;
    let mut limits = CellLimits::from_iter([(0, (1, 1))]);
    for (place, variable) in space.variables.iter().enumerate().skip(1) {
        if variable.key.kind() == EntityKind::User {
            continue;
        }
        let pending = matches!(
            fact(lint.model, variable.key).map(|fact| &fact.definition),
            Some(FactDefinition::Builtin(BuiltinFact::Today | BuiltinFact::Events))
        );
        let cell = variable.cell_of(&Value::Null).or_else(|| variable.cell_of(&Value::Number(0.0))).unwrap_or(0);
        let cell = if pending { variable.blank } else { cell };
        limits.insert(place, (cell, cell));
    }
    limits
}

/// The same user without an account.
fn without_home<'w>(world: &FactAssignment<'w>, home: usize) -> FactAssignment<'w> {
    let mut values = world.variables();
    values[home] = Value::Boolean(false);
    FactAssignment::from_variables(world.model, world.plan, values)
}

/// What is asked of users with and without an account.
struct HomeQuestion<'q, 'm> {
    /// The facts that it is about.
    wanted: Vec<FactKey>,
    demands: GoalDemands<'m>,
    /// Whether bounds leave it open.
    can: &'q dyn Fn(&BoxBounds<'_, 'm>) -> bool,
    /// Whether it is so.
    so: &'q dyn Fn(&FactAssignment<'_>) -> bool,
    what: String,
    span: Range<usize>,
}

fn ask<'m>(lint: &LintContext<'_, 'm>, nothing: &CellLimits, question: HomeQuestion<'_, 'm>) {
    let HomeQuestion { mut wanted, demands, can, so, what, span } = question;
    if wanted.iter().any(|key| key.kind() == EntityKind::Account) {
        wanted.push(FactKey::HAS_ACCOUNT);
    }
    let plan = lint.search.plan(wanted.iter().copied());
    let Some(home) = plan.index.get(&FactKey::HAS_ACCOUNT).copied().filter(|home| *home < plan.core) else { return };
    let lost = |world: &FactAssignment<'_>| so(world) && !so(&without_home(world, home));
    let mut keys = wanted;
    keys.sort_unstable();
    keys.dedup();
    let goal = SearchGoal { keys, demands, possible: can, reached: &lost };
    let SearchAnswer::Found(chosen) =
        lint.search.solve_without_invariants(&plan, nothing, &lint.guides(EntityKind::User), &goal)
    else {
        return;
    };
    let small = lint.minimize_within(&plan, chosen, &goal, nothing);
    let mut facts = lint.example(&plan, &small, EntityKind::User, |_| String::new()).facts;
    facts.retain(|(name, _)| !name.starts_with("account"));
    facts.push(("account".to_owned(), serde_json::Value::Null));
    let shows = "it is not true; of a user in an account where nothing has happened it would be".to_owned();
    let message = format!("{what} leaves out users without an account");
    let label = "null for them, so never true";
    let help = "say what is meant: coalesce(account.FACT, 0), or account.FACT is null or ...";
    let example = CounterExample { facts, conclusion: shows };
    lint.report(Diagnostic::warning(codes::LOST_WITHOUT_ACCOUNT, span, message, label).example(example).help(help));
}
