//! The best qualified tier: whether somebody gets into it without use of the product, or by the points of one category.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    narrowing::GoalDemands,
    one,
    search::{CellLimits, SearchAnswer, SearchGoal},
    seeds::{self, ScoreDirection},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::{Diagnostic, quoted_list},
    resolved::Level,
    units::format_number,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        let Some(hot) = level.tiers.iter().position(|tier| tier.qualified) else { continue };
        let text = &lint.level(side).tiers[hot].spans;
        let out = [codes::TIER_OUT_OF_REACH];
        let places = [text.threshold.as_ref(), text.when.as_ref()];
        let spoilt = [codes::THRESHOLD_TOO_HIGH, codes::THRESHOLD_TOO_LOW, codes::NEVER_HOLDS, codes::ALWAYS_HOLDS];
        if lint.has_reported(&out, &text.name)
            || places.into_iter().flatten().any(|place| lint.has_reported(&spoilt, place))
        {
            continue;
        }
        if !lint.has_reported_code(codes::NO_USE_PAID) {
            without_use(lint, side, hot);
        }
        by_one_category(lint, side, hot);
    }
}

fn without_use(lint: &LintContext<'_, '_>, side: EntityKind, hot: usize) {
    let level = lint.level(side);
    let (key, score) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
    let name = level.tiers[hot].name.as_str();
    let plan = lint.search.plan([key, score]);
    let limits = &lint.usage.without_use;
    let way = seeds::score_path(lint.search, side, ScoreDirection::Up, limits);
    let possible = |judged: &BoxBounds<'_, '_>| in_tier(judged, level, side, hot);
    let reached = |world: &FactAssignment<'_>| world.text(key) == Some(name);
    let demands = GoalDemands::default().tier(side, hot, level.tiers.len());
    let goal = SearchGoal { keys: vec![key], demands, possible: &possible, reached: &reached };
    let guides: Vec<_> = way.iter().rev().take(1).chain([&lint.blank]).collect();
    match lint.search.solve(&plan, limits, &guides, &goal) {
        SearchAnswer::Impossible => {}
        SearchAnswer::Unsettled => {
            lint.search.unsettled.borrow_mut().push(format!("whether tier `{name}` takes use of the product"));
        }
        SearchAnswer::Found(chosen) => {
            let small = lint.minimize_within(&plan, chosen, &goal, limits);
            let example = lint.example(&plan, &small, side, |world| {
                let score = format_number(world.number(score).unwrap_or(0.0));
                format!("the score is {score} and the tier `{name}`")
            });
            let message = format!("{} gets into tier `{name}` without ever using the product", one(side));
            let label = "reached without a single event of use";
            let help =
                "give the tier a condition on use, such as a milestone, or bound what other categories give with `max`";
            let span = lint.level(side).tiers[hot].spans.name.clone();
            lint.report(Diagnostic::warning(codes::HOT_WITHOUT_USE, span, message, label).example(example).help(help));
        }
    }
}

fn in_tier<'m>(judged: &BoxBounds<'_, 'm>, level: &'m Level, side: EntityKind, place: usize) -> bool {
    let score = judged.value(FactKey::new(side, level.slots.score)).range().unwrap_or((0.0, 0.0));
    judged.tiers(level, side, score).0.get(place).copied().unwrap_or(false)
}

fn by_one_category(lint: &LintContext<'_, '_>, side: EntityKind, hot: usize) {
    let level = lint.level(side);
    let Some((threshold, _)) = level.tiers[hot].threshold.filter(|(at, _)| *at > 0.0) else { return };
    let (key, score) = (FactKey::new(side, level.slots.tier), FactKey::new(side, level.slots.score));
    let name = level.tiers[hot].name.as_str();
    let plan = lint.search.plan([key, score]);
    let root =
        BoxBounds::new(lint.model, lint.search.space, &plan, &lint.search.full_box(&plan, &CellLimits::default()));
    let highest: Vec<f64> = level
        .slots
        .points
        .iter()
        .map(|slot| root.value(FactKey::new(side, *slot)).range().map_or(0.0, |(_, high)| high))
        .collect();
    // Of a model with one category there is nothing else that a tier could take.
    if highest.iter().filter(|high| **high > 0.0).count() < 2 {
        return;
    }
    let limits = lint.first_run();
    let mut first = None;
    let mut names = Vec::new();
    for (category, _) in highest.iter().enumerate().filter(|(_, high)| **high >= threshold - 1e-9) {
        let others = || {
            level
                .slots
                .points
                .iter()
                .enumerate()
                .filter(move |(at, _)| *at != category)
                .map(|(_, slot)| FactKey::new(side, *slot))
        };
        let possible = |judged: &BoxBounds<'_, '_>| {
            in_tier(judged, level, side, hot)
                && others().all(|key| judged.value(key).range().is_none_or(|(low, _)| low <= 0.0))
        };
        let reached = |world: &FactAssignment<'_>| {
            world.text(key) == Some(name) && others().all(|key| world.number(key).is_none_or(|points| points <= 0.0))
        };
        let demands = GoalDemands::default().tier(side, hot, level.tiers.len());
        let goal = SearchGoal { keys: vec![key], demands, possible: &possible, reached: &reached };
        let way = seeds::score_path_for(lint.search, side, ScoreDirection::Up, &limits, &|signal| {
            signal.category == category
        });
        let guides: Vec<_> = way.iter().rev().take(1).chain([&lint.blank]).collect();
        if let SearchAnswer::Found(chosen) = lint.search.solve(&plan, &limits, &guides, &goal) {
            let small = lint.minimize_within(&plan, chosen, &goal, &limits);
            names.push(level.categories[category].name.as_str());
            first.get_or_insert_with(|| {
                lint.example(&plan, &small, side, |world| {
                    let score = format_number(world.number(score).unwrap_or(0.0));
                    let of = &level.categories[category].name;
                    format!("`{of}` alone gives the score of {score}, and the tier is `{name}`")
                })
            });
        }
    }
    let Some(example) = first else { return };
    let message = format!("{} gets into tier `{name}` by {} alone", one(side), quoted_list(&names));
    let label = format!("the points of one category reach {}", format_number(threshold));
    let span = lint.level(side).tiers[hot].spans.name.clone();
    let section = if side == EntityKind::User { "user" } else { "account" };
    let help = format!("bound the category below the threshold: [{section}.categories.{}] max = ...", names[0]);
    lint.report(Diagnostic::warning(codes::HOT_BY_ONE_CATEGORY, span, message, label).example(example).help(help));
}
