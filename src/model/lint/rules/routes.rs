//! Segments and routes that nobody gets.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    narrowing::GoalDemands,
    one,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use super::order::{BEFORE_MAX, takes_all};
use crate::{EntityKind, FactKey, codes, diag::Diagnostic, expr::Program, resolved::RuleSpans};

/// A list that is taken from the top.
struct FirstMatchList<'m> {
    side: EntityKind,
    code: &'static str,
    kind: &'static str,
    /// The fact that holds the name of the first that holds.
    key: FactKey,
    rules: Vec<(&'m str, Option<&'m Program>)>,
    spans: Vec<&'m RuleSpans>,
}

/// The segments of accounts.
fn segment_list<'m>(lint: &LintContext<'_, 'm>) -> FirstMatchList<'m> {
    let level = lint.level(EntityKind::Account);
    FirstMatchList {
        side: EntityKind::Account,
        code: codes::SEGMENT_OUT_OF_REACH,
        kind: "segment",
        key: FactKey::new(EntityKind::Account, level.slots.segment),
        rules: level.segments.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
        spans: level.segments.iter().map(|one| &one.spans).collect(),
    }
}

/// The routes of a level.
fn route_list<'m>(lint: &LintContext<'_, 'm>, side: EntityKind) -> FirstMatchList<'m> {
    let level = lint.level(side);
    FirstMatchList {
        side,
        code: codes::ROUTE_OUT_OF_REACH,
        kind: "route",
        key: FactKey::new(side, level.slots.route),
        rules: level.routes.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
        spans: level.routes.iter().map(|one| &one.spans).collect(),
    }
}

pub(super) fn segments(lint: &LintContext<'_, '_>) {
    first_that_holds(lint, &segment_list(lint));
}

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        first_that_holds(lint, &route_list(lint, side));
    }
}

/// Tells of segments and routes behind one that asks for no more than they do.
pub(super) fn report_plainly_shadowed(lint: &LintContext<'_, '_>) {
    let lists = [segment_list(lint)].into_iter().chain(EntityKind::ALL.map(|side| route_list(lint, side)));
    for list in lists {
        for (place, (_, when)) in list.rules.iter().enumerate() {
            let before = &list.rules[place.saturating_sub(BEFORE_MAX)..place];
            if before.iter().any(|(_, before)| takes_all(*before, *when)) {
                shadowed(lint, &list, place);
            }
        }
    }
}

fn first_that_holds<'m>(lint: &LintContext<'_, 'm>, list: &FirstMatchList<'m>) {
    let (side, key) = (list.side, list.key);
    if list.rules.is_empty() {
        return;
    }
    let plan = lint.search.plan([key]);
    let mut met: Vec<String> = Vec::new();
    for guide in lint.rising_seeds[side].iter().chain(&lint.falling_seeds[side]) {
        if list.rules.iter().all(|(name, _)| met.iter().any(|met| met == name)) {
            break;
        }
        lint.search.spend(plan.cost);
        let cells = lint.search.project(&plan, guide);
        if lint.search.consistent(&plan, &cells) {
            let world = FactAssignment::new(lint.model, lint.search.space, &plan, &cells);
            met.extend(world.text(key).map(str::to_owned));
        }
    }
    for (place, (name, when)) in list.rules.iter().enumerate() {
        let text = list.spans[place];
        if lint.search.is_exhausted() {
            return;
        }
        let reported = |when: &std::ops::Range<usize>| lint.has_reported(&[codes::NEVER_HOLDS], when);
        let is_reported = lint.has_reported(&[list.code], &text.name);
        if is_reported
            || met.iter().any(|met| met == name)
            || text.when.as_ref().is_some_and(reported)
            || waits(lint, side, *when)
        {
            continue;
        }
        let possible = |judged: &BoxBounds<'_, 'm>| {
            judged.first_match_bounds(list.rules.iter().map(|(_, when)| *when), side).0[place]
        };
        let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
        let demands = GoalDemands::default().first_match(list.rules.iter().map(|(_, when)| *when), place, side);
        let goal = SearchGoal { keys: vec![key], demands, possible: &possible, reached: &reached };
        let question = || format!("whether {} can get {} `{name}`", one(side), list.kind);
        if lint.solve_for_rule(*when, &plan, side, &goal, question) == SearchAnswer::Impossible {
            shadowed(lint, list, place);
        }
    }
}

/// Whether a condition asks for a tier (or a fact) that is reported to be out of reach. A second warning would add nothing.
pub(super) fn waits(lint: &LintContext<'_, '_>, side: EntityKind, when: Option<&Program>) -> bool {
    let Some(when) = when else { return false };
    let behind = lint.dependency_closure(lint.keys(when, side));
    let spoilt = lint.reported_facts.borrow();
    let of_tiers = EntityKind::ALL.iter().any(|side| {
        let reported = lint.level(*side).tiers.iter().map(|tier| &tier.spans).any(|tier| {
            let out = lint.has_reported(&[codes::TIER_OUT_OF_REACH], &tier.name);
            let codes = [codes::THRESHOLD_TOO_HIGH, codes::THRESHOLD_TOO_LOW, codes::NEVER_HOLDS, codes::ALWAYS_HOLDS];
            let places = [&tier.threshold, &tier.when];
            out || places.into_iter().flatten().any(|place| lint.has_reported(&codes, place))
        });
        reported && behind.contains(&FactKey::new(*side, lint.level(*side).slots.tier))
    });
    of_tiers || behind.iter().any(|key| spoilt.contains(key))
}

/// Tells of a rule that is never the first that holds.
fn shadowed<'m>(lint: &LintContext<'_, 'm>, list: &FirstMatchList<'m>, place: usize) {
    let (side, kind, key) = (list.side, list.kind, list.key);
    let (name, when) = list.rules[place];
    let text = list.spans[place];
    let Some(when) = when else {
        let earlier = list.spans[..place].iter().filter_map(|text| text.when.as_ref());
        let reported = earlier.into_iter().any(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when));
        if !reported {
            let message = format!("nobody gets {kind} `{name}`");
            let label = format!("the {kind}s before it take everybody");
            lint.report(Diagnostic::warning(list.code, text.name.clone(), message, label));
        }
        return;
    };
    let mut keys = lint.keys(when, side);
    keys.push(key);
    let plan = lint.search.plan(keys.clone());
    let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(when, side).can_hold();
    let reached = |world: &FactAssignment<'_>| world.holds(when, side);
    let demands = GoalDemands::default().holding(when, side);
    let goal = SearchGoal { keys, demands, possible: &possible, reached: &reached };
    match lint.search.solve(&plan, &CellLimits::default(), &lint.guides(side), &goal) {
        SearchAnswer::Impossible => {
            let message = format!("the condition of {kind} `{name}` is never true");
            let span = text.when.clone().unwrap_or_else(|| text.name.clone());
            lint.report(Diagnostic::warning(codes::NEVER_HOLDS, span, message, "no facts make it true"));
        }
        SearchAnswer::Found(chosen) => {
            let small = lint.minimize(&plan, chosen, &goal);
            let taken = FactAssignment::new(lint.model, lint.search.space, &plan, &small).text(key).map(str::to_owned);
            let before = list.rules.iter().position(|(name, _)| Some(*name) == taken.as_deref());
            let before = before.map(|before| list.spans[before]);
            let always = before.and_then(|before| before.when.as_ref());
            if always.is_some_and(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when)) {
                return;
            }
            let example = lint.example(&plan, &small, side, |world| {
                format!("the {kind} is `{}`", world.text(key).unwrap_or_default())
            });
            let label = format!("whoever it is meant for is taken by a {kind} before it");
            let message = format!("nobody gets {kind} `{name}`");
            let mut problem = Diagnostic::warning(list.code, text.name.clone(), message, label)
                .example(example)
                .help("move it up, or narrow those before it");
            if let Some(before) = before {
                problem = problem.other(before.name.clone(), "this one takes them first");
            }
            lint.report(problem);
        }
        SearchAnswer::Unsettled => {}
    }
}
