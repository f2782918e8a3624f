//! Tiers that nobody can get into, and thresholds that no score or every score passes.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::DependencyPlan,
    level_noun,
    narrowing::GoalDemands,
    one,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    resolved::{TextSpan, Tier},
    scoring::passes,
    units::format_number,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        if !lint.level(side).tiers.is_empty() {
            level(lint, side);
        }
    }
}

fn level(lint: &LintContext<'_, '_>, side: EntityKind) {
    let level = lint.level(side);
    let (tier_key, score_key) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
    let plan = lint.search.plan([tier_key, score_key]);
    // Most tiers are met on the way up or down.
    let mut met: Vec<String> = Vec::new();
    let guides = lint.rising_seeds[side].iter().chain(&lint.falling_seeds[side]);
    for guide in guides {
        if level.tiers.iter().all(|tier| met.contains(&tier.name)) {
            break;
        }
        lint.search.spend(plan.cost);
        let cells = lint.search.project(&plan, guide);
        if lint.search.consistent(&plan, &cells) {
            let world = FactAssignment::new(lint.model, lint.search.space, &plan, &cells);
            met.extend(world.text(tier_key).map(str::to_owned));
        }
    }
    for (place, tier) in level.tiers.iter().enumerate() {
        of_tier(tier).iter().for_each(|one| too_low(lint, side, &plan, one, score_key));
        let is_reported = lint.has_reported(&[codes::TIER_OUT_OF_REACH], &tier.spans.name);
        if !is_reported && !met.contains(&tier.name) && !too_high(lint, side, &plan, tier, score_key) {
            out_of_reach(lint, side, &plan, place, tier);
        }
    }
}

/// A threshold of a tier.
struct TierThreshold<'m> {
    tier: &'m str,
    key: &'static str,
    at: f64,
    strict: bool,
    span: &'m TextSpan,
}

impl TierThreshold<'_> {
    /// The threshold as it was written.
    fn shown(&self) -> String {
        format!("{} = {}", self.key, format_number(self.at))
    }
}

/// The thresholds of a tier: to enter, and to stay.
fn of_tier(tier: &Tier) -> Vec<TierThreshold<'_>> {
    let both = [
        (tier.threshold, &tier.spans.threshold, ["at_least", "above"]),
        (tier.stay, &tier.spans.stay, ["stay_at_least", "stay_above"]),
    ];
    let thresholds = both.into_iter().filter_map(|(threshold, span, keys)| {
        let (at, strict) = threshold?;
        let key = keys[usize::from(strict)];
        Some(TierThreshold { tier: &tier.name, key, at, strict, span: span.as_ref()? })
    });
    thresholds.collect()
}

fn too_low(
    lint: &LintContext<'_, '_>,
    side: EntityKind,
    plan: &DependencyPlan,
    bound: &TierThreshold<'_>,
    score: FactKey,
) {
    let (threshold, strict) = (bound.at, bound.strict);
    let root = BoxBounds::new(lint.model, lint.search.space, plan, &lint.search.full_box(plan, &CellLimits::default()));
    let Some((low, _)) = root.value(score).range() else { return };
    // The bound settles most: a score that can fall below it is met on the way down.
    let fails = |score: f64| !passes(score, threshold, strict);
    let mut lowest = low;
    if fails(low) {
        let possible = |judged: &BoxBounds<'_, '_>| judged.value(score).range().is_some_and(|(low, _)| fails(low));
        let reached = |world: &FactAssignment<'_>| world.number(score).is_some_and(fails);
        let goal =
            SearchGoal { keys: vec![score], demands: GoalDemands::default(), possible: &possible, reached: &reached };
        let down: Vec<_> = lint.falling_seeds[side].iter().rev().take(1).chain([&lint.blank]).collect();
        match lint.search.solve(plan, &CellLimits::default(), &down, &goal) {
            SearchAnswer::Impossible => lowest = threshold,
            _ => return,
        }
    }
    let message = format!("`{}` of tier `{}` is no threshold: every score passes it", bound.shown(), bound.tier);
    let label = format!("no {} scores less than {}", level_noun(side), format_number(lowest));
    let cells = lint.search.project(plan, &lint.blank);
    let example = lint.example(plan, &cells, side, |world| {
        let score = format_number(world.number(score).unwrap_or(0.0));
        format!("{} who has just signed up scores {score} and passes it", one(side))
    });
    lint.report(
        Diagnostic::warning(codes::THRESHOLD_TOO_LOW, bound.span.clone(), message, label)
            .example(example)
            .help("raise it, or leave the threshold out if everybody is meant"),
    );
}

fn too_high(lint: &LintContext<'_, '_>, side: EntityKind, plan: &DependencyPlan, tier: &Tier, score: FactKey) -> bool {
    let thresholds = of_tier(tier);
    let Some(entry) = thresholds.first() else { return false };
    let (threshold, strict) = (entry.at, entry.strict);
    let high_enough = |score: f64| passes(score, threshold, strict);
    let possible = |judged: &BoxBounds<'_, '_>| judged.value(score).range().is_some_and(|(_, high)| high_enough(high));
    let reached = |world: &FactAssignment<'_>| world.number(score).is_some_and(high_enough);
    let goal =
        SearchGoal { keys: vec![score], demands: GoalDemands::default(), possible: &possible, reached: &reached };
    let question = || format!("whether a score can pass the threshold of tier `{}`", tier.name);
    if lint.solve(plan, &CellLimits::default(), side, &goal, question) != SearchAnswer::Impossible {
        return false;
    }
    let top = lint.guides(side).first().map(|guide| lint.search.project(plan, guide)).unwrap_or_default();
    let best = FactAssignment::new(lint.model, lint.search.space, plan, &top).number(score).unwrap_or(0.0);
    let as_good = |world: &FactAssignment<'_>| world.number(score).is_some_and(|score| score >= best);
    let best_goal =
        SearchGoal { keys: vec![score], demands: GoalDemands::default(), possible: &possible, reached: &as_good };
    let example = lint.minimized_example(plan, top, &best_goal, side, |world| {
        format!("the score is {}, and none is known that is higher", format_number(world.number(score).unwrap_or(0.0)))
    });
    let message = format!("no score passes `{}` of tier `{}`", entry.shown(), tier.name);
    let label = format!("the highest score is {}", format_number(best));
    lint.report(
        Diagnostic::warning(codes::THRESHOLD_TOO_HIGH, entry.span.clone(), message, label)
            .example(example)
            .help("lower it, or give signals more points"),
    );
    true
}

fn out_of_reach(lint: &LintContext<'_, '_>, side: EntityKind, plan: &DependencyPlan, place: usize, tier: &Tier) {
    let level = lint.level(side);
    let text = &tier.spans;
    if text.when.as_ref().is_some_and(|when| lint.has_reported(&[codes::NEVER_HOLDS], when)) {
        return;
    }
    let (key, score) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
    let name = tier.name.as_str();
    let before = level.slots.previous_tier.map(|slot| FactKey::new(side, slot));
    // Nobody stays where nobody came.
    let is_closed = |was: &str| {
        let is_out = |tier: &Tier| lint.has_reported(&[codes::TIER_OUT_OF_REACH], &tier.spans.name);
        was == name || level.tiers.iter().any(|tier| tier.name == was && is_out(tier))
    };
    let possible = |judged: &BoxBounds<'_, '_>| {
        let scores = judged.value(score).range().unwrap_or((0.0, 0.0));
        let comes = before.is_none_or(|key| judged.value(key).can_be_beside(&is_closed));
        comes && judged.tiers(level, side, scores).0.get(place).copied().unwrap_or(false)
    };
    let comes = |world: &FactAssignment<'_>| !before.and_then(|key| world.text(key)).is_some_and(is_closed);
    let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name) && comes(world);
    let demands = GoalDemands::default().tier(side, place, level.tiers.len());
    let goal = SearchGoal { keys: vec![key], demands, possible: &possible, reached: &reached };
    let question = || format!("whether {} can get into tier `{name}`", one(side));
    if lint.solve_for_rule(level.tiers[place].when.as_ref(), plan, side, &goal, question) != SearchAnswer::Impossible {
        return;
    }
    report_out_of_reach(lint, side, place, None);
}

/// Tells of a tier that nobody can get into; `behind` is the place of one that takes everybody it is meant for, if that is known.
pub(super) fn report_out_of_reach(lint: &LintContext<'_, '_>, side: EntityKind, place: usize, behind: Option<usize>) {
    let level = lint.level(side);
    let tier = &level.tiers[place];
    let (text, name) = (&tier.spans, &tier.name);
    let (key, score) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
    let plan = lint.search.plan([key, score]);
    // Somebody who would be in it, if those before it did not take them.
    let would = |world: &FactAssignment<'_>| {
        let scored = world.number(score).unwrap_or(0.0);
        tier.is_reached(scored, false) && tier.when.as_ref().is_none_or(|when| world.holds(when, side))
    };
    let anybody = |_: &BoxBounds<'_, '_>| true;
    let goal = SearchGoal { keys: vec![key], demands: GoalDemands::default(), possible: &anybody, reached: &would };
    let message = format!("nobody can get into tier `{name}`");
    let found = lint.search.solve(&plan, &CellLimits::default(), &lint.guides(side), &goal);
    let SearchAnswer::Found(chosen) = found else {
        let label = match behind {
            Some(_) => "those before it take everybody",
            None => "its threshold and its condition never hold together",
        };
        let before = behind.map(|before| level.tiers[before].spans.name.clone());
        let problem = Diagnostic::warning(codes::TIER_OUT_OF_REACH, text.name.clone(), message, label);
        lint.report(problem.maybe_other(before, "this one takes them first"));
        return;
    };
    let small = lint.minimize(&plan, chosen, &goal);
    let taken = FactAssignment::new(lint.model, lint.search.space, &plan, &small).text(key).map(str::to_owned);
    let before = level.tiers.iter().position(|tier| Some(&tier.name) == taken.as_ref());
    let example = lint.example(&plan, &small, side, |world| {
        let score = format_number(world.number(score).unwrap_or(0.0));
        format!("the score is {score} and the tier `{}`", world.text(key).unwrap_or_default())
    });
    let mut problem =
        Diagnostic::warning(codes::TIER_OUT_OF_REACH, text.name.clone(), message, "those before it take everybody")
            .example(example)
            .help("move it up, or narrow those before it");
    if let Some(before) = before.map(|before| &level.tiers[before].spans) {
        // If everybody passes the tier before, that is reported already.
        let places = [before.threshold.clone(), before.when.clone()];
        let reported = [codes::ALWAYS_HOLDS, codes::THRESHOLD_TOO_LOW];
        if places.iter().flatten().any(|place| lint.has_reported(&reported, place)) {
            return;
        }
        problem = problem.other(before.name.clone(), "this one takes them first");
    }
    lint.report(problem);
}
