//! Alerts that can never fire: nobody meets the condition, or all who do are suppressed.

use super::{
    super::{
        LintContext,
        assignment::FactAssignment,
        bounds::BoxBounds,
        narrowing::GoalDemands,
        one,
        search::{CellLimits, SearchAnswer, SearchGoal},
    },
    routes::waits,
};
use crate::{EntityKind, codes, diag::Diagnostic, resolved::Alert};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        for alert in &lint.level(side).alerts {
            if lint.search.is_exhausted() {
                return;
            }
            let is_reported = lint.has_reported(&[codes::NEVER_HOLDS], &alert.spans.when);
            if !is_reported && !waits(lint, side, Some(&alert.when)) {
                out_of_reach(lint, side, alert);
            }
        }
    }
}

fn out_of_reach<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, alert: &'m Alert) {
    let suppressions = || lint.level(side).suppressions.iter().map(|one| &one.when);
    let mut keys = lint.keys(&alert.when, side);
    suppressions().for_each(|when| keys.extend(lint.keys(when, side)));
    keys.sort_unstable();
    keys.dedup();
    let plan = lint.search.plan(keys.clone());
    let possible = |judged: &BoxBounds<'_, 'm>| {
        judged.eval(&alert.when, side).can_hold() && suppressions().all(|when| judged.eval(when, side).can_fail())
    };
    let is_listed = |world: &FactAssignment<'_>| !suppressions().any(|when| world.holds(when, side));
    let reached = |world: &FactAssignment<'_>| world.holds(&alert.when, side) && is_listed(world);
    let demands = GoalDemands::default().holding(&alert.when, side);
    let demands = suppressions().fold(demands, |demands, when| demands.failing(when, side));
    let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
    let question = || format!("whether alert `{}` can fire for {}", alert.name, one(side));
    if lint.solve_for_rule(Some(&alert.when), &plan, side, &goal, question) != SearchAnswer::Impossible {
        return;
    }
    let (_, held) = lint.find_holding(&alert.when, side, &CellLimits::default(), String::new);
    let label = match held {
        SearchAnswer::Found(_) => "all for whom it is true are suppressed",
        SearchAnswer::Impossible | SearchAnswer::Unsettled => "no facts, points, tiers and routes make it true",
    };
    let message = format!("alert `{}` can never fire", alert.name);
    lint.report(Diagnostic::warning(codes::ALERT_OUT_OF_REACH, alert.spans.when.clone(), message, label));
}
