//! Qualified users and accounts whose route is automated: the model calls them leads, and nobody looks at them.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    level_noun,
    narrowing::GoalDemands,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{EntityKind, FactKey, codes, diag::Diagnostic, units::format_number};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        if !level.tiers.iter().any(|tier| tier.qualified) {
            continue;
        }
        for (place, route) in level.routes.iter().enumerate() {
            if route.motion.as_deref() == Some("automated") && !lint.search.is_exhausted() {
                of_route(lint, side, place);
            }
        }
    }
}

fn of_route<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, place: usize) {
    let level = lint.level(side);
    let (route, slots) = (&level.routes[place], &level.slots);
    let (key, qualified) = (FactKey::new(side, slots.route), FactKey::new(side, slots.qualified));
    let (tier, score) = (FactKey::new(side, slots.tier), FactKey::new(side, slots.score));
    let plan = lint.search.plan([key, qualified]);
    let whens = || level.routes.iter().map(|route| route.when.as_ref());
    let possible = |judged: &BoxBounds<'_, 'm>| {
        judged.value(qualified).can_hold() && judged.first_match_bounds(whens(), side).0[place]
    };
    let reached = |world: &FactAssignment<'_>| {
        *world.value(qualified) == crate::expr::Value::Boolean(true) && world.text(key) == Some(&route.name)
    };
    let admitted = level.tiers.iter().map(|tier| tier.qualified).collect();
    let demands = GoalDemands::default().one_of_tiers(side, admitted).route(&level.routes, place, side);
    let goal = SearchGoal { keys: vec![key, qualified], demands, possible: &possible, reached: &reached };
    let question = || format!("whether route `{}` is that of somebody qualified", route.name);
    let SearchAnswer::Found(chosen) = lint.solve(&plan, &CellLimits::default(), side, &goal, question) else { return };
    let small = lint.minimize(&plan, chosen, &goal);
    let found = FactAssignment::new(lint.model, lint.search.space, &plan, &small);
    let of_tier = level.tiers.iter().find(|one| found.text(tier) == Some(&one.name));
    let example = lint.example(&plan, &small, side, |world| {
        let score = format_number(world.number(score).unwrap_or(0.0));
        let tier = world.text(tier).unwrap_or_default();
        format!("the score is {score}, the tier `{tier}`, the route `{}`", route.name)
    });
    let message = format!("route `{}` leaves qualified {}s to automation", route.name, level_noun(side));
    let label = "nobody looks at them";
    let help = "give them a route before it that is human or assisted, for example with when = \"qualified\"";
    let problem = Diagnostic::warning(codes::QUALIFIED_AUTOMATED, route.spans.name.clone(), message, label);
    let problem = problem.maybe_other(of_tier.map(|tier| tier.spans.name.clone()), "this tier is qualified");
    lint.report(problem.example(example).help(help));
}
