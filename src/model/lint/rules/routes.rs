//! Segments and routes that nobody gets, and humans who are sent to people that never used the product.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    at,
    bounds::BoxBounds,
    domains::FactKey,
    level_noun, one,
    search::{CellLimits, SearchAnswer, SearchGoal},
    seeds::{self, SIDES, ScoreDirection},
};
use crate::{
    codes,
    diag::Diagnostic,
    expr::Program,
    plan::{ACCOUNT_BIT, MilestonePart},
    source::RuleSource,
    units::format_number,
};

/// A list that is taken from the top.
struct FirstMatchList<'m> {
    bit: u32,
    code: &'static str,
    kind: &'static str,
    /// The fact that holds the name of the first that holds.
    key: FactKey,
    rules: Vec<(&'m str, Option<&'m Program>)>,
    texts: &'m [RuleSource],
}

pub(super) fn segments(lint: &LintContext<'_, '_>) {
    let level = lint.level(ACCOUNT_BIT);
    first_that_holds(
        lint,
        &FirstMatchList {
            bit: ACCOUNT_BIT,
            code: codes::SEGMENT_OUT_OF_REACH,
            kind: "segment",
            key: level.slots.segment | ACCOUNT_BIT,
            rules: level.segments.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
            texts: &lint.level_source(ACCOUNT_BIT).segments,
        },
    );
}

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for bit in SIDES {
        let level = lint.level(bit);
        first_that_holds(
            lint,
            &FirstMatchList {
                bit,
                code: codes::ROUTE_OUT_OF_REACH,
                kind: "route",
                key: level.slots.route | bit,
                rules: level.routes.iter().map(|one| (one.name.as_str(), one.when.as_ref())).collect(),
                texts: &lint.level_source(bit).routes,
            },
        );
    }
}

fn first_that_holds<'m>(lint: &LintContext<'_, 'm>, list: &FirstMatchList<'m>) {
    let (bit, key) = (list.bit, list.key);
    if list.rules.is_empty() {
        return;
    }
    let plan = lint.search.plan([key]);
    let mut met: Vec<String> = Vec::new();
    for guide in lint.rising_seeds[at(bit)].iter().chain(&lint.falling_seeds[at(bit)]) {
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
        let text = &list.texts[place];
        if lint.search.is_exhausted() {
            return;
        }
        let told = |when: &std::ops::Range<usize>| lint.has_reported(&[codes::NEVER_HOLDS], when);
        if met.iter().any(|met| met == name) || text.when.as_ref().is_some_and(told) || waits(lint, bit, *when) {
            continue;
        }
        let possible = |judged: &BoxBounds<'_, 'm>| {
            judged.first_match_bounds(list.rules.iter().map(|(_, when)| *when), bit).0[place]
        };
        let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
        let goal = SearchGoal { keys: vec![key], possible: &possible, reached: &reached };
        let question = || format!("whether {} can get {} `{name}`", one(bit), list.kind);
        let first = lint.satisfying_seeds(*when, bit, &CellLimits::default());
        if lint.solve_from(&first, &plan, bit, &goal, question) == SearchAnswer::Impossible {
            shadowed(lint, list, place);
        }
    }
}

/// Whether a condition asks for a tier (or a fact) that has been told to be out of reach, which says it all.
fn waits(lint: &LintContext<'_, '_>, bit: u32, when: Option<&Program>) -> bool {
    let Some(when) = when else { return false };
    let behind = lint.dependency_closure(lint.keys(when, bit));
    let spoilt = lint.reported_facts.borrow();
    let of_tiers = SIDES.iter().any(|side| {
        let told = lint.level_source(*side).tiers.iter().any(|tier| {
            let out = lint.has_reported(&[codes::TIER_OUT_OF_REACH], &tier.name);
            let codes = [codes::THRESHOLD_TOO_HIGH, codes::THRESHOLD_TOO_LOW, codes::NEVER_HOLDS, codes::ALWAYS_HOLDS];
            let places = [&tier.threshold, &tier.when];
            out || places.into_iter().flatten().any(|place| lint.has_reported(&codes, place))
        });
        told && behind.contains(&(lint.level(*side).slots.tier | side))
    });
    of_tiers || behind.iter().any(|key| spoilt.contains(key))
}

/// Tells of a rule that is never the first that holds.
fn shadowed<'m>(lint: &LintContext<'_, 'm>, list: &FirstMatchList<'m>, place: usize) {
    let (bit, kind, key) = (list.bit, list.kind, list.key);
    let (name, when) = list.rules[place];
    let text = &list.texts[place];
    let Some(when) = when else {
        let earlier = list.texts[..place].iter().filter_map(|text| text.when.as_ref());
        let told = earlier.into_iter().any(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when));
        if !told {
            let message = format!("nobody gets {kind} `{name}`");
            let label = format!("the {kind}s before it take everybody");
            lint.report(Diagnostic::warning(list.code, text.name.clone(), message, label));
        }
        return;
    };
    let mut keys = lint.keys(when, bit);
    keys.push(key);
    let plan = lint.search.plan(keys.clone());
    let possible = |judged: &BoxBounds<'_, 'm>| judged.eval(when, bit).can_hold();
    let reached = |world: &FactAssignment<'_>| world.holds(when, bit);
    let goal = SearchGoal { keys, possible: &possible, reached: &reached };
    match lint.search.solve(&plan, &CellLimits::default(), &lint.guides(bit), &goal) {
        SearchAnswer::Impossible => {
            let message = format!("the condition of {kind} `{name}` is never true");
            let span = text.when.clone().unwrap_or_else(|| text.name.clone());
            lint.report(Diagnostic::warning(codes::NEVER_HOLDS, span, message, "no facts make it true"));
        }
        SearchAnswer::Found(chosen) => {
            let taken = FactAssignment::new(lint.model, lint.search.space, &plan, &chosen).text(key).map(str::to_owned);
            let before = list.rules.iter().position(|(name, _)| Some(*name) == taken.as_deref());
            let before = before.map(|before| &list.texts[before]);
            let always = before.and_then(|before| before.when.as_ref());
            if always.is_some_and(|when| lint.has_reported(&[codes::ALWAYS_HOLDS], when)) {
                return;
            }
            let example = lint.minimized_example(&plan, chosen, &goal, bit, |world| {
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
    for bit in SIDES {
        let level = lint.level(bit);
        if !level.routes.iter().any(|route| route.motion.as_deref() == Some("human")) {
            continue;
        }
        let hot = level.tiers.iter().position(|tier| tier.qualified);
        let told_of_hot =
            hot.filter(|hot| lint.has_reported(&[codes::HOT_WITHOUT_USE], &lint.level_source(bit).tiers[*hot].name));
        let idle = seeds::score_path(lint.search, bit, ScoreDirection::Up, &lint.usage.without_use);
        for (place, route) in level.routes.iter().enumerate().filter(|(_, one)| one.motion.as_deref() == Some("human"))
        {
            let text = &lint.level_source(bit).routes[place];
            if text.when.as_ref().is_some_and(|when| lint.has_reported(&[codes::NEVER_HOLDS], when)) {
                continue;
            }
            let name = route.name.as_str();
            let without = RouteExclusion {
                bit,
                place,
                code: codes::HUMAN_WITHOUT_USE,
                limits: &lint.usage.without_use,
                message: format!("route `{name}` sends a human to {}s that never used the product", level_noun(bit)),
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
                None => activation(lint, bit, place),
            }
        }
    }
}

/// A route and those who should not get it.
struct RouteExclusion<'w> {
    bit: u32,
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
    let (bit, place) = (without.bit, without.place);
    let level = lint.level(bit);
    let (key, tier, score) = (level.slots.route | bit, level.slots.tier | bit, level.slots.score | bit);
    let plan = lint.search.plan([key]);
    let name = level.routes[place].name.as_str();
    let whens = || level.routes.iter().map(|route| route.when.as_ref());
    let possible = |judged: &BoxBounds<'_, 'm>| judged.first_match_bounds(whens(), bit).0[place];
    let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
    let goal = SearchGoal { keys: vec![key], possible: &possible, reached: &reached };
    let first = lint.satisfying_seeds(level.routes[place].when.as_ref(), bit, without.limits);
    let guides: Vec<_> = first.iter().chain(without.guides.iter().copied()).collect();
    let found = lint.search.solve(&plan, without.limits, &guides, &goal);
    if found == SearchAnswer::Unsettled {
        lint.search.unsettled.borrow_mut().push(format!("whether route `{name}` is {}", without.label));
    }
    let SearchAnswer::Found(chosen) = found else { return None };
    let small = lint.minimize_within(&plan, chosen, &goal, without.limits);
    let in_tier = FactAssignment::new(lint.model, lint.search.space, &plan, &small).text(tier).map(str::to_owned);
    let example = lint.example(&plan, &small, bit, |world| {
        let scored = world.number(score).map(|score| format!("the score is {}, ", format_number(score)));
        format!("{}the route `{name}`", scored.unwrap_or_default())
    });
    let text = &lint.level_source(bit).routes[place];
    let problem = Diagnostic::warning(without.code, text.name.clone(), &*without.message, without.label);
    Some((problem.example(example).help(without.help.clone()), in_tier))
}

/// The milestone that stands for activation, by its name.
fn activation_of(lint: &LintContext<'_, '_>, bit: u32) -> Option<usize> {
    let named = |wanted: &str| lint.level(bit).milestones.iter().position(|one| one.name == wanted);
    let like = || lint.level(bit).milestones.iter().position(|milestone| milestone.name.contains("activat"));
    named("activated").or_else(|| named("activation")).or_else(like)
}

fn activation(lint: &LintContext<'_, '_>, bit: u32, place: usize) {
    let level = lint.level(bit);
    let Some(milestone) = activation_of(lint, bit) else { return };
    let mut limits = CellLimits::default();
    for part in [MilestonePart::Reached, MilestonePart::Hours, MilestonePart::DaysAgo] {
        if let Some(place) = lint.facts.milestone(bit, milestone, part).and_then(|key| lint.search.space.place(key)) {
            limits.insert(place, (0, 0));
        }
    }
    let (name, activated) = (&level.routes[place].name, &level.milestones[milestone].name);
    let way = seeds::score_path(lint.search, bit, ScoreDirection::Up, &limits);
    let without = RouteExclusion {
        bit,
        place,
        code: codes::HUMAN_WITHOUT_ACTIVATION,
        limits: &limits,
        message: format!("route `{name}` sends a human to {}s that have not reached `{activated}`", level_noun(bit)),
        label: "reached without the activation milestone",
        help: format!("add `{activated}` to its condition, if a human should come after it"),
        guides: way.iter().rev().collect(),
    };
    if let Some((problem, _)) = reached(lint, &without) {
        lint.report(problem);
    }
}
