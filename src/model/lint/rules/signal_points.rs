//! Points that stay too long, are counted too often, or are taken too early.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    dependencies::{visit_keys, visit_signal_keys},
    domains::fact,
    level_noun,
    narrowing::GoalDemands,
    search::{CellLimits, SearchGoal},
    usage::{UsageClass, is_buying_event},
};
use crate::{
    EntityKind, FactKey, FactSlot, codes,
    diag::Diagnostic,
    expr::{Program, Value},
    resolved::{BuiltinFact, FactDefinition, RollupKind, Signal, SignalPayment},
    scoring::SignalFiring,
    units::{Points, format_number},
};

/// Names of categories that say that their signals are about buying intent.
const INTENT: [&str; 5] = ["intent", "buying", "buying_intent", "purchase_intent", "purchase"];

/// Intent that was shown once and pays for ever.
pub(super) fn lasting_intent(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        for signal in &level.signals {
            if signal.decay.is_some() || !gives(signal) {
                continue;
            }
            if lint.search.is_exhausted() {
                return;
            }
            let mut wanted = Vec::new();
            visit_signal_keys(signal, side, &mut |key| wanted.push(key));
            let plan = lint.search.plan(wanted);
            let facts: Vec<FactKey> =
                plan.variables[..plan.core].iter().map(|place| lint.search.space.variables[*place].key).collect();
            // A day that is asked for bounds what is counted as well as a window does.
            let recent = facts
                .iter()
                .any(|key| lint.facts.metric(*key).is_some_and(|fact| fact.metric.measure.since().is_some()));
            let intent = INTENT.contains(&level.categories[signal.category].name.as_str());
            let lasting = facts.iter().find_map(|key| {
                let fact = lint.facts.metric(*key)?;
                let forms = fact.events().forms()?;
                let meant = intent || forms.iter().all(|form| is_buying_event(&form.name));
                (meant && fact.metric.measure.counts_all() && fact.metric.window.is_none()).then_some(fact)
            });
            let Some(metric) = lasting.filter(|_| !recent) else { continue };
            let first = metric.events().forms().and_then(|forms| forms.first());
            let events = first.map_or("", |form| form.name.as_str());
            let message = format!("signal `{}` pays for intent however long ago it was", signal.name);
            let label = format!("counts `{events}` over the whole history");
            let inline = signal.inline.is_some();
            let help = if inline {
                "last = \"30d\""
            } else {
                "give the metric a window (last = \"30d\"), or the signal a decay"
            };
            let span = signal.spans.what_pays().clone();
            let mut problem = Diagnostic::warning(codes::LASTING_INTENT, span, message, label).help(help);
            if !inline {
                problem = problem.other(metric.metric.name.span.clone(), "no window here");
            }
            lint.report(problem);
        }
    }
}

fn gives(signal: &Signal) -> bool {
    match &signal.pay {
        SignalPayment::Flat(points) | SignalPayment::Per { points, .. } => *points > Points::ZERO,
        SignalPayment::Ladder { rungs, .. } => rungs.iter().any(|(_, points)| *points > Points::ZERO),
    }
}

fn takes(signal: &Signal) -> bool {
    match &signal.pay {
        SignalPayment::Flat(points) | SignalPayment::Per { points, .. } => *points < Points::ZERO,
        SignalPayment::Ladder { rungs, .. } => rungs.iter().any(|(_, points)| *points < Points::ZERO),
    }
}

/// Roll-ups that add up, over members, what is known of their company.
pub(super) fn fit_per_member(lint: &LintContext<'_, '_>) {
    for (slot, one) in (0..).zip(&lint.model.levels.account.facts) {
        let FactDefinition::Rollup(rollup) = &one.definition else { continue };
        let adds = match rollup.kind {
            RollupKind::Sum => true,
            RollupKind::TopSum(k) => k > 1,
            _ => false,
        };
        if let (true, Some(value)) = (adds, &rollup.value) {
            fit_in(lint, slot, value);
        }
    }
}

fn fit_in(lint: &LintContext<'_, '_>, slot: FactSlot, value: &Program) {
    let mut wanted = Vec::new();
    visit_keys(value, EntityKind::User, &mut |key| wanted.push(key));
    let plan = lint.search.plan(wanted.iter().copied());
    let space = lint.search.space;
    let firmographic: Vec<usize> = (0..plan.core)
        .filter(|at| {
            let key = space.variables[plan.variables[*at]].key;
            let trait_of_account =
                matches!(fact(lint.model, key).map(|fact| &fact.definition), Some(FactDefinition::Trait(_)));
            key != FactKey::HAS_ACCOUNT && key.kind() == EntityKind::Account && trait_of_account
        })
        .collect();
    if firmographic.is_empty() {
        return;
    }
    // The same member of an account without traits.
    let brings = |world: &FactAssignment<'_>| {
        let with = world.eval(value, EntityKind::User).as_number()?;
        let mut values = world.variables();
        firmographic.iter().for_each(|at| values[*at] = Value::Null);
        let without = FactAssignment::from_variables(lint.model, world.plan, values);
        Some(with - without.eval(value, EntityKind::User).as_number().unwrap_or(0.0))
    };
    let reached = |world: &FactAssignment<'_>| brings(world).is_some_and(|points| points > 1e-9);
    let anybody = |_: &super::super::bounds::BoxBounds<'_, '_>| true;
    let goal = SearchGoal { keys: wanted, demands: GoalDemands::default(), possible: &anybody, reached: &reached };
    let chosen = lint.guides(EntityKind::User).into_iter().find_map(|guide| {
        let cells = lint.search.project(&plan, guide);
        reached(&FactAssignment::new(lint.model, space, &plan, &cells)).then_some(cells)
    });
    let Some(chosen) = chosen else { return };
    let name = fact(lint.model, FactKey::new(EntityKind::Account, slot)).map_or("", |fact| fact.name.as_str());
    let rollups = &lint.model.levels.account.rollups;
    let Some(declared) = rollups.iter().find(|one| one.name.name == name) else { return };
    let small = lint.minimize_within(&plan, chosen, &goal, &CellLimits::default());
    let example = lint.example(&plan, &small, EntityKind::User, |world| {
        let points = brings(world).unwrap_or(0.0);
        format!(
            "of this member's part {} is for the company, so ten such members bring {}",
            format_number(points),
            format_number(points * 10.0)
        )
    });
    let message = format!("roll-up `{name}` counts what is known of the company once per member");
    let label = "has points for the company in it";
    let span = declared.value.clone().unwrap_or_else(|| declared.name.span.clone());
    let help = "subtract them (score - points_firmographic) and pay for the company once, on the account";
    lint.report(Diagnostic::warning(codes::FIT_PER_MEMBER, span, message, label).example(example).help(help));
}

/// Negative signals that fire for people who have just signed up.
pub(super) fn charged_at_sign_up(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        for (place, signal) in level.signals.iter().enumerate().filter(|(_, signal)| takes(signal)) {
            if signal.spans.when.as_ref().is_some_and(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when)) {
                continue;
            }
            if lint.search.is_exhausted() {
                return;
            }
            let mut wanted = Vec::new();
            visit_signal_keys(signal, side, &mut |key| wanted.push(key));
            let plan = lint.search.plan(wanted);
            let cells = lint.search.project(&plan, &lint.blank);
            let world = FactAssignment::new(lint.model, lint.search.space, &plan, &cells);
            lint.search.spend(level.signals.len() as u64);
            let scope = world.scope(side);
            let paid = world.paid(level, &scope);
            let charged =
                paid.get(place).is_some_and(|paid| paid.firing != SignalFiring::NotFired && paid.points < Points::ZERO);
            let behaviour = plan.variables[..plan.core].iter().any(|place| {
                let key = lint.search.space.variables[*place].key;
                lint.usage.usage_of(key) != UsageClass::Unrelated || counts_people_or_days(lint, key)
            });
            if !charged || !behaviour {
                continue;
            }
            let points = paid[place].points;
            let example = lint.example(&plan, &cells, side, |_| {
                format!("on the day of sign-up, with nothing done yet, `{}` takes {}", signal.name, Points(-points.0))
            });
            let message =
                format!("signal `{}` takes points from every {} who has just signed up", signal.name, level_noun(side));
            let label = "true before anybody could have done anything about it";
            let span = signal.spans.what_pays().clone();
            let help = "wait for some age: ... and age_days >= 30";
            lint.report(
                Diagnostic::warning(codes::CHARGED_AT_SIGN_UP, span, message, label).example(example).help(help),
            );
        }
    }
}

/// Facts that change with what people do and are still no sign of use.
fn counts_people_or_days(lint: &LintContext<'_, '_>, key: FactKey) -> bool {
    match fact(lint.model, key).map(|fact| &fact.definition) {
        Some(FactDefinition::Builtin(builtin)) => {
            !matches!(builtin, BuiltinFact::Domain | BuiltinFact::Today | BuiltinFact::Holdout)
        }
        Some(FactDefinition::Metric(_) | FactDefinition::Milestone(..) | FactDefinition::Rollup(_)) => true,
        _ => false,
    }
}
