//! Segments and routes that nobody gets, and humans who are sent to people that never used the product.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    level_noun, one,
    search::{CellLimits, SearchAnswer, SearchGoal},
    seeds::{self, ScoreDirection},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    expr::Program,
    resolved::{MilestonePart, RuleSpans},
    units::format_number,
};

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

pub(super) fn segments(lint: &LintContext<'_, '_>) {
    let level = lint.level(EntityKind::Account);
    first_that_holds(
        lint,
        &FirstMatchList {
            side: EntityKind::Account,
            code: codes::SEGMENT_OUT_OF_REACH,
            kind: "segment",
            key: FactKey::new(EntityKind::Account, level.slots.segment),
            rules: level.segments.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
            spans: level.segments.iter().map(|one| &one.spans).collect(),
        },
    );
}

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        first_that_holds(
            lint,
            &FirstMatchList {
                side,
                code: codes::ROUTE_OUT_OF_REACH,
                kind: "route",
                key: FactKey::new(side, level.slots.route),
                rules: level.routes.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
                spans: level.routes.iter().map(|one| &one.spans).collect(),
            },
        );
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
        if met.iter().any(|met| met == name) || text.when.as_ref().is_some_and(reported) || waits(lint, side, *when) {
            continue;
        }
        let possible = |judged: &BoxBounds<'_, 'm>| {
            judged.first_match_bounds(list.rules.iter().map(|(_, when)| *when), side).0[place]
        };
        let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
        let goal = SearchGoal { keys: vec![key], possible: &possible, reached: &reached };
        let question = || format!("whether {} can get {} `{name}`", one(side), list.kind);
        let first = lint.satisfying_seeds(*when, side, &CellLimits::default());
        if lint.solve_from(&first, &plan, side, &goal, question) == SearchAnswer::Impossible {
            shadowed(lint, list, place);
        }
    }
}

/// Whether a condition asks for a tier (or a fact) that is reported to be out of reach. A second warning would add nothing.
fn waits(lint: &LintContext<'_, '_>, side: EntityKind, when: Option<&Program>) -> bool {
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
    let goal = SearchGoal { keys, possible: &possible, reached: &reached };
    match lint.search.solve(&plan, &CellLimits::default(), &lint.guides(side), &goal) {
        SearchAnswer::Impossible => {
            let message = format!("the condition of {kind} `{name}` is never true");
            let span = text.when.clone().unwrap_or_else(|| text.name.clone());
            lint.report(Diagnostic::warning(codes::NEVER_HOLDS, span, message, "no facts make it true"));
        }
        SearchAnswer::Found(chosen) => {
            let taken = FactAssignment::new(lint.model, lint.search.space, &plan, &chosen).text(key).map(str::to_owned);
            let before = list.rules.iter().position(|(name, _)| Some(*name) == taken.as_deref());
            let before = before.map(|before| list.spans[before]);
            let always = before.and_then(|before| before.when.as_ref());
            if always.is_some_and(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when)) {
                return;
            }
            let example = lint.minimized_example(&plan, chosen, &goal, side, |world| {
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

/// Human routes for people who never used the product, or never got to activation.
pub(super) fn human(lint: &LintContext<'_, '_>) {
    if lint.has_reported_code(codes::NO_USE_PAID) {
        return;
    }
    for side in EntityKind::ALL {
        let level = lint.level(side);
        if !level.routes.iter().any(|route| route.motion.as_deref() == Some("human")) {
            continue;
        }
        let hot = level.tiers.iter().position(|tier| tier.qualified);
        let told_of_hot =
            hot.filter(|hot| lint.has_reported(&[codes::HOT_WITHOUT_USE], &lint.level(side).tiers[*hot].spans.name));
        let idle = seeds::score_path(lint.search, side, ScoreDirection::Up, &lint.usage.without_use);
        for (place, route) in level.routes.iter().enumerate().filter(|(_, one)| one.motion.as_deref() == Some("human"))
        {
            let text = &lint.level(side).routes[place].spans;
            if text.when.as_ref().is_some_and(|when| lint.has_reported(&[codes::NEVER_HOLDS], when)) {
                continue;
            }
            let name = route.name.as_str();
            let without = RouteExclusion {
                side,
                place,
                code: codes::HUMAN_WITHOUT_USE,
                limits: &lint.usage.without_use,
                message: format!("route `{name}` sends a human to {}s that never used the product", level_noun(side)),
                label: "reached without a single event of use",
                help: "ask for use in its condition, for example for a milestone".to_owned(),
                guides: idle.iter().rev().collect(),
            };
            match reached(lint, &without) {
                Some((problem, tier)) => {
                    let of_hot = told_of_hot.is_some_and(|hot| tier.as_deref() == Some(&level.tiers[hot].name));
                    if !of_hot {
                        lint.report(problem);
                    }
                }
                None => activation(lint, side, place),
            }
        }
    }
}

/// A route and those who should not get it.
struct RouteExclusion<'w> {
    side: EntityKind,
    place: usize,
    code: &'static str,
    limits: &'w CellLimits,
    message: String,
    label: &'static str,
    help: String,
    guides: Vec<&'w super::super::search::SearchSeed>,
}

/// A warning with somebody who gets the route, and the tier that they are in.
fn reached<'m>(lint: &LintContext<'_, 'm>, without: &RouteExclusion<'_>) -> Option<(Diagnostic, Option<String>)> {
    let (side, place) = (without.side, without.place);
    let level = lint.level(side);
    let (key, tier, score) = (
        FactKey::new(side, level.slots.route),
        FactKey::new(side, level.slots.tier),
        FactKey::new(side, level.slots.score),
    );
    let plan = lint.search.plan([key]);
    let name = level.routes[place].name.as_str();
    let whens = || level.routes.iter().map(|route| route.when.as_ref());
    let possible = |judged: &BoxBounds<'_, 'm>| judged.first_match_bounds(whens(), side).0[place];
    let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
    let goal = SearchGoal { keys: vec![key], possible: &possible, reached: &reached };
    let first = lint.satisfying_seeds(level.routes[place].when.as_ref(), side, without.limits);
    let guides: Vec<_> = first.iter().chain(without.guides.iter().copied()).collect();
    let found = lint.search.solve(&plan, without.limits, &guides, &goal);
    if found == SearchAnswer::Unsettled {
        lint.search.unsettled.borrow_mut().push(format!("whether route `{name}` is {}", without.label));
    }
    let SearchAnswer::Found(chosen) = found else { return None };
    let small = lint.minimize_within(&plan, chosen, &goal, without.limits);
    let in_tier = FactAssignment::new(lint.model, lint.search.space, &plan, &small).text(tier).map(str::to_owned);
    let example = lint.example(&plan, &small, side, |world| {
        let scored = world.number(score).map(|score| format!("the score is {}, ", format_number(score)));
        format!("{}the route `{name}`", scored.unwrap_or_default())
    });
    let text = &lint.level(side).routes[place].spans;
    let problem = Diagnostic::warning(without.code, text.name.clone(), &*without.message, without.label);
    Some((problem.example(example).help(without.help.clone()), in_tier))
}

/// The milestone that stands for activation, by its name.
fn activation_of(lint: &LintContext<'_, '_>, side: EntityKind) -> Option<usize> {
    let named = |wanted: &str| lint.level(side).milestones.iter().position(|one| one.name == wanted);
    let like = || lint.level(side).milestones.iter().position(|milestone| milestone.name.contains("activat"));
    named("activated").or_else(|| named("activation")).or_else(like)
}

fn activation(lint: &LintContext<'_, '_>, side: EntityKind, place: usize) {
    let level = lint.level(side);
    let Some(milestone) = activation_of(lint, side) else { return };
    let mut limits = CellLimits::default();
    for part in [MilestonePart::Reached, MilestonePart::Hours, MilestonePart::DaysAgo] {
        if let Some(place) = lint.facts.milestone(side, milestone, part).and_then(|key| lint.search.space.place(key)) {
            limits.insert(place, (0, 0));
        }
    }
    let (name, activated) = (&level.routes[place].name, &level.milestones[milestone].name);
    let way = seeds::score_path(lint.search, side, ScoreDirection::Up, &limits);
    let without = RouteExclusion {
        side,
        place,
        code: codes::HUMAN_WITHOUT_ACTIVATION,
        limits: &limits,
        message: format!("route `{name}` sends a human to {}s that have not reached `{activated}`", level_noun(side)),
        label: "reached without the activation milestone",
        help: format!("add `{activated}` to its condition, if a human should come after it"),
        guides: way.iter().rev().collect(),
    };
    if let Some((problem, _)) = reached(lint, &without) {
        lint.report(problem);
    }
}
