//! Humans who are sent to people that never used the product, never got to activation, have no reason to talk, or did nothing for a long time.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    level_noun,
    narrowing::GoalDemands,
    search::{CellLimits, SearchAnswer, SearchGoal, SearchSeed},
    seeds::{self, ScoreDirection},
    silent::{SILENT_DAYS, SilentPast, silent_limits},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    expr::Program,
    resolved::{FactDefinition, Level, MilestonePart},
    units::format_number,
};

/// The name of the fact that says that there is a reason for a human to talk.
const READY: &str = "ready";

/// Some of those who should not get a human route.
struct RouteExclusion<'m> {
    side: EntityKind,
    limits: CellLimits,
    /// A named condition that does not hold for them.
    failing: Option<(FactKey, &'m Program)>,
    /// The ends of ways up within the limits.
    guides: Vec<SearchSeed>,
    code: &'static str,
    /// What they are, after `users that`.
    who: String,
    label: &'static str,
    help: String,
}

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let routes = &lint.level(side).routes;
        let human: Vec<usize> = (0..routes.len()).filter(|at| routes[*at].motion.as_deref() == Some("human")).collect();
        if !human.is_empty() {
            of_level(lint, side, &human);
        }
    }
}

fn of_level(lint: &LintContext<'_, '_>, side: EntityKind, human: &[usize]) {
    let level = lint.level(side);
    let at_the_start: Vec<RouteExclusion<'_>> = if lint.has_reported_code(codes::NO_USE_PAID) {
        Vec::new()
    } else {
        let without_reason = ready(lint, side).or_else(|| activation(lint, side));
        [never_used(lint, side)].into_iter().chain(without_reason).collect()
    };
    let silent: Vec<RouteExclusion<'_>> = SilentPast::ALL.iter().map(|past| silent(lint, side, *past)).collect();
    for place in human {
        let when = level.routes[*place].spans.when.as_ref();
        if lint.search.is_exhausted() || when.is_some_and(|when| lint.has_reported(&[codes::NEVER_HOLDS], when)) {
            continue;
        }
        // Whoever never used the product has not got to activation either, and whoever did nothing in either way is silent: one is told.
        for alternatives in [&at_the_start, &silent] {
            alternatives.iter().find(|without| reports(lint, without, *place));
        }
    }
}

/// The end of the way up of the score within limits.
fn way_up(lint: &LintContext<'_, '_>, side: EntityKind, limits: &CellLimits) -> Vec<SearchSeed> {
    let way = seeds::score_path(lint.search, side, ScoreDirection::Up, limits);
    let (middle, last) = (way.get(way.len() / 2).cloned(), way.last().cloned());
    last.into_iter().chain(middle).collect()
}

fn never_used<'m>(lint: &LintContext<'_, 'm>, side: EntityKind) -> RouteExclusion<'m> {
    let limits = lint.usage.without_use.clone();
    RouteExclusion {
        side,
        guides: way_up(lint, side, &limits),
        limits,
        failing: None,
        code: codes::HUMAN_WITHOUT_USE,
        who: "never used the product".to_owned(),
        label: "reached without a single event of use",
        help: "ask for use in its condition, for example for a milestone".to_owned(),
    }
}

fn silent<'m>(lint: &LintContext<'_, 'm>, side: EntityKind, past: SilentPast) -> RouteExclusion<'m> {
    let limits = silent_limits(lint.search, lint.facts, side, past);
    let active = if side == EntityKind::User { "active_days_28" } else { "active_users_28" };
    RouteExclusion {
        side,
        guides: way_up(lint, side, &limits),
        limits,
        failing: None,
        code: codes::HUMAN_FOR_SILENT,
        who: format!("did nothing for {SILENT_DAYS} days"),
        label: "nobody may be there to talk to",
        help: format!(
            "ask for activity in its condition, for example {active} >= 1, and win the silent back by an assisted route"
        ),
    }
}

/// The milestone that stands for activation, by its name.
fn activation_of(level: &Level) -> Option<usize> {
    let named = |wanted: &str| level.milestones.iter().position(|one| one.name == wanted);
    let like = || level.milestones.iter().position(|milestone| milestone.name.contains("activat"));
    named("activated").or_else(|| named("activation")).or_else(like)
}

/// Those who have not reached a milestone.
fn not_reached(lint: &LintContext<'_, '_>, side: EntityKind, milestone: usize) -> CellLimits {
    let parts = [MilestonePart::Reached, MilestonePart::Hours, MilestonePart::DaysAgo];
    let facts = parts.iter().filter_map(|part| lint.facts.milestone(side, milestone, *part));
    facts.filter_map(|key| lint.search.space.place(key)).map(|place| (place, (0, 0))).collect()
}

fn activation<'m>(lint: &LintContext<'_, 'm>, side: EntityKind) -> Option<RouteExclusion<'m>> {
    let milestone = activation_of(lint.level(side))?;
    let activated = &lint.level(side).milestones[milestone].name;
    // Whoever has not reached it now had not reached it before.
    let limits: CellLimits = not_reached(lint, side, milestone).into_iter().chain(lint.first_run()).collect();
    Some(RouteExclusion {
        side,
        guides: way_up(lint, side, &limits),
        limits,
        failing: None,
        code: codes::HUMAN_WITHOUT_ACTIVATION,
        who: format!("have not reached `{activated}`"),
        label: "reached without the activation milestone",
        help: format!("add `{activated}` to its condition, if a human should come after it"),
    })
}

/// Those who are neither activated nor ready, where the model says who is ready.
fn ready<'m>(lint: &LintContext<'_, 'm>, side: EntityKind) -> Option<RouteExclusion<'m>> {
    let level = lint.level(side);
    let (slot, named) = (0..).zip(&level.facts).find(|(_, fact)| fact.name == READY)?;
    let FactDefinition::Expression(program) = &named.definition else { return None };
    let milestone = activation_of(level);
    let limits = milestone.map(|milestone| not_reached(lint, side, milestone)).unwrap_or_default();
    let who = match milestone {
        Some(milestone) => format!("are neither `{}` nor `{READY}`", level.milestones[milestone].name),
        None => format!("are not `{READY}`"),
    };
    Some(RouteExclusion {
        side,
        guides: way_up(lint, side, &limits),
        limits,
        failing: Some((FactKey::new(side, slot), program)),
        code: codes::HUMAN_WITHOUT_REASON,
        who,
        label: "reached without a reason to talk",
        help: format!("add `{READY}` to its condition, or give them a route that is not human before it"),
    })
}

/// Whether the best qualified tier is reported to be reached without use, and it is the tier of who was found.
fn is_reported_tier(lint: &LintContext<'_, '_>, side: EntityKind, tier: Option<&str>) -> bool {
    let tiers = &lint.level(side).tiers;
    let hot = tiers.iter().find(|tier| tier.qualified);
    hot.is_some_and(|hot| tier == Some(&hot.name) && lint.has_reported(&[codes::HOT_WITHOUT_USE], &hot.spans.name))
}

/// Looks for somebody who gets a route and should not; returns whether somebody was found.
fn reports<'m>(lint: &LintContext<'_, 'm>, without: &RouteExclusion<'m>, place: usize) -> bool {
    let side = without.side;
    let level = lint.level(side);
    let route = &level.routes[place];
    let key = FactKey::new(side, level.slots.route);
    let plan = lint.search.plan(without.failing.iter().map(|(name, _)| *name).chain([key]));
    let whens = || level.routes.iter().map(|route| route.when.as_ref());
    let possible = |judged: &BoxBounds<'_, 'm>| {
        let fails = without.failing.is_none_or(|(_, program)| judged.eval(program, side).can_fail());
        fails && judged.first_match_bounds(whens(), side).0[place]
    };
    let reached = |world: &FactAssignment<'_>| {
        let fails = without.failing.is_none_or(|(_, program)| !world.holds(program, side));
        fails && world.text(key) == Some(&route.name)
    };
    let demands = GoalDemands::default().route(&level.routes, place, side);
    let demands = without.failing.iter().fold(demands, |demands, (name, _)| demands.failing_name(*name));
    let goal = SearchGoal { keys: vec![key], demands, possible: &possible, reached: &reached };
    let guides: Vec<&SearchSeed> = without.guides.iter().chain(lint.guides(side)).collect();
    match lint.search.solve(&plan, &without.limits, &guides, &goal) {
        SearchAnswer::Impossible => false,
        SearchAnswer::Unsettled => {
            let question = format!("whether route `{}` is {}", route.name, without.label);
            lint.search.unsettled.borrow_mut().push(question);
            false
        }
        SearchAnswer::Found(chosen) => {
            let small = lint.minimize_within(&plan, chosen, &goal, &without.limits);
            let (tier, score) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
            let found = FactAssignment::new(lint.model, lint.search.space, &plan, &small);
            if without.code == codes::HUMAN_WITHOUT_USE && is_reported_tier(lint, side, found.text(tier)) {
                return true;
            }
            let example = lint.example(&plan, &small, side, |world| {
                let scored = world.number(score).map(|score| format!("the score is {}, ", format_number(score)));
                format!("{}the route `{}`", scored.unwrap_or_default(), route.name)
            });
            let message = format!("route `{}` sends a human to {}s that {}", route.name, level_noun(side), without.who);
            let problem = Diagnostic::warning(without.code, route.spans.name.clone(), message, without.label);
            lint.report(problem.example(example).help(without.help.clone()));
            true
        }
    }
}
