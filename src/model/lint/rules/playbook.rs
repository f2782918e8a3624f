//! Ways in which a whole model misses what playbooks ask of it: accounts, use of the product, a success moment, a human and a buyer.

use std::ops::Range;

use super::super::{LintContext, dependencies::visit_signal_keys, usage::UsageClass};
use crate::{
    EntityKind, PerKind, codes,
    diag::Diagnostic,
    resolved::{Signal, SignalPayment},
    units::Points,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    let motion = |word: &str| {
        PerKind::from_fn(|side| lint.level(side).routes.iter().position(|route| route.motion.as_deref() == Some(word)))
    };
    let human = motion("human");
    let has_human = human.values().into_iter().any(Option::is_some);
    let account = lint.level(EntityKind::Account);
    let scores_accounts = !(account.signals.is_empty() && account.tiers.is_empty() && account.routes.is_empty());
    // A model that only sorts people has no leads that sales could call.
    let has_leads = lint.level(EntityKind::User).tiers.iter().any(|tier| tier.qualified);
    if has_leads && !scores_accounts {
        let message = "a model that scores people and no accounts";
        let label = "people buy together: nothing adds up what they do at one company";
        let help =
            "[[account.signals]] over a roll-up such as member_points = { measure = \"sum\", value = \"score\" }";
        lint.report(Diagnostic::warning(codes::NO_ACCOUNTS, first_place(lint), message, label).help(help));
    }
    no_use(lint);
    let has_qualified = EntityKind::ALL.iter().any(|side| lint.level(*side).tiers.iter().any(|tier| tier.qualified));
    if (has_human || scores_accounts && has_qualified)
        && EntityKind::ALL.iter().all(|side| lint.level(*side).milestones.is_empty())
    {
        let message = "a model without a milestone";
        let label = "nothing says when somebody has got what the product is good for";
        let help = "[[user.milestones]] with name = \"activated\" and the event of the first success";
        lint.report(Diagnostic::warning(codes::NO_MILESTONE, first_place(lint), message, label).help(help));
    }
    let routes = |side: &EntityKind| lint.level(*side).routes.iter().any(|route| route.motion.is_some());
    if !has_human && let Some(side) = EntityKind::ALL.iter().rev().find(|side| routes(side)) {
        let message = "no route leads to a human";
        let label = "every route of users and accounts is without one";
        let help = "motion = \"human\" on the route of those whom sales should call";
        let place = lint.level(*side).routes.first().map_or(0..0, |route| route.spans.name.clone());
        lint.report(Diagnostic::warning(codes::NO_HUMAN_ROUTE, place, message, label).help(help));
    }
    if let (Some(place), true) = (human.account, lint.model.buyer.is_none()) {
        let route = &account.routes[place];
        let message = format!("route `{}` sends a human to accounts, and nobody is told to be the buyer", route.name);
        let label = "whom should they ask for?";
        let help = "[user] buyer = \"lower(role) in ('ceo', 'cto', 'owner', 'founder')\"";
        let place = lint.level(EntityKind::Account).routes[place].spans.name.clone();
        lint.report(Diagnostic::warning(codes::NO_BUYER, place, message, label).help(help));
    }
}

/// Where to mark what is missing: the first rule of the model.
fn first_place(lint: &LintContext<'_, '_>) -> Range<usize> {
    let of_level = |side: &EntityKind| {
        let level = lint.level(*side);
        let tier = level.tiers.first().map(|tier| tier.spans.name.clone());
        level.signals.first().map(|signal| signal.spans.name.clone()).or(tier)
    };
    EntityKind::ALL.iter().find_map(of_level).unwrap_or(0..0)
}

fn gives(signal: &Signal) -> bool {
    match &signal.pay {
        SignalPayment::Flat(points) | SignalPayment::Per { points, .. } => *points > Points::ZERO,
        SignalPayment::Ladder { rungs, .. } => rungs.iter().any(|(_, points)| *points > Points::ZERO),
    }
}

/// Tells of a model in which nothing that pays is use of the product.
fn no_use(lint: &LintContext<'_, '_>) {
    let mut first = None;
    let (mut count, mut over_events) = (0, false);
    for side in EntityKind::ALL {
        for signal in lint.level(side).signals.iter().filter(|signal| gives(signal)) {
            if lint.search.is_exhausted() {
                return;
            }
            let mut wanted = Vec::new();
            visit_signal_keys(signal, side, &mut |key| wanted.push(key));
            let plan = lint.search.plan(wanted);
            let of_use =
                |place: &usize| lint.usage.usage_of(lint.search.space.variables[*place].key) != UsageClass::Unrelated;
            if plan.variables[..plan.core].iter().any(of_use) {
                return;
            }
            first.get_or_insert_with(|| signal.spans.name.clone());
            count += 1;
            over_events |= plan.variables[..plan.core].iter().any(|place| {
                let key = lint.search.space.variables[*place].key;
                lint.facts.metric(key).is_some_and(|metric| metric.events().forms().is_some())
            });
        }
    }
    // One signal is a beginning, and traits alone are a model of fit.
    if let (Some(place), true) = (first, count > 1 && over_events) {
        let message = "nothing that gives points is use of the product";
        let label = "sign-ups, visits, steps of buying and what is known of people are all that pays";
        let help = "give points for what people do in the product, such as completing its core workflow";
        lint.report(Diagnostic::warning(codes::NO_USE_PAID, place, message, label).help(help));
    }
}
