//! Scores that fall to the last tier although lower ones, with the same facts, do not.
//!
//! Without conditions on the score a higher score passes every threshold that a lower one passes, so there are holes only where a condition
//! names the score: `score between 50 and 79` below a threshold of 80 leaves out 79.5. Whether a score between two others exists at all is
//! told by what all points are multiples of.

use super::super::{
    LintContext,
    assignment::FactAssignment,
    bounds::BoxBounds,
    dependencies::DependencyPlan,
    narrowing::GoalDemands,
    one,
    search::{CellLimits, SearchAnswer, SearchGoal},
};
use crate::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    expr::{EvalScope, Program, Value},
    resolved::{FactDefinition, PointBounds, SignalPayment, Tier},
    scoring::{find_tier, previous_tier},
    units::format_number,
};

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let level = lint.level(side);
        let score = FactKey::new(side, level.slots.score);
        let mut named = Vec::new();
        for when in level.tiers.iter().filter_map(|tier| tier.when.as_ref()) {
            super::super::dependencies::visit_keys(when, side, &mut |key| named.push(key));
        }
        if level.tiers.len() > 1 && lint.dependency_closure(named).contains(&score) {
            self::level(lint, side, score);
        }
    }
}

/// Facts with another score.
struct ScoreOverride<'w, 's> {
    scope: &'s dyn EvalScope,
    slot: u32,
    score: f64,
    world: &'w FactAssignment<'w>,
    side: EntityKind,
}

impl EvalScope for ScoreOverride<'_, '_> {
    fn get(&self, slot: u32) -> Value<'_> {
        if slot == self.slot {
            return Value::Number(self.score);
        }
        // A fact made of the score is computed again.
        match super::super::domains::fact(self.world.model, FactKey::seen_from(self.side, slot))
            .map(|fact| &fact.definition)
        {
            Some(FactDefinition::Expression(program)) if FactKey::seen_from(self.side, slot).kind() == self.side => {
                owned(program.eval(self))
            }
            _ => self.scope.get(slot),
        }
    }
}

fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::Text(text.into_owned().into()),
        Value::Number(number) => Value::Number(number),
        Value::Boolean(truth) => Value::Boolean(truth),
        Value::Date(day) => Value::Date(day),
        Value::Null | Value::Digits(_) => Value::Null,
    }
}

/// The tier that the scorer's rules give with another score and the same facts.
fn tier_with(lint: &LintContext<'_, '_>, world: &FactAssignment<'_>, side: EntityKind, score: f64) -> Option<usize> {
    let level = lint.level(side);
    let scope = world.scope(side);
    let scope = ScoreOverride { scope: &scope, slot: level.slots.score, score, world, side };
    find_tier(&level.tiers, score, &scope, previous_tier(level, &scope))
}

fn level(lint: &LintContext<'_, '_>, side: EntityKind, score: FactKey) {
    let level = lint.level(side);
    let last = level.tiers.len() - 1;
    let plan = lint.search.plan([FactKey::new(side, level.slots.tier), score]);
    let mut ends: Vec<f64> = level.tiers.iter().flat_map(Tier::thresholds).collect();
    ends.extend(lint.search.space.constants.get(&score).iter().flat_map(|constants| &constants.numbers));
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    ends.truncate(40);
    let step = granularity(lint, side);
    for hole in holes(&ends, step) {
        if find(lint, side, score, &plan, last, &ends, hole) {
            return;
        }
    }
}

/// Scores that the conditions do not tell apart and that exist: each constant, and what lies between two.
fn holes(ends: &[f64], step: i64) -> Vec<(f64, f64)> {
    let step = step.max(1) as f64 / 1000.0;
    let mut holes = Vec::new();
    for (at, end) in ends.iter().enumerate() {
        if at > 0 {
            holes.push((*end, *end));
        }
        let next = ends.get(at + 1).copied().unwrap_or(f64::INFINITY);
        // The first multiple of the step above one end, and the last below the next.
        let first = ((end / step + 1e-6).floor() + 1.0) * step;
        let last = if next.is_finite() { ((next / step - 1e-6).ceil() - 1.0) * step } else { f64::INFINITY };
        if first <= last {
            holes.push((first, last));
        }
    }
    holes
}

/// What all scores of a level are multiples of. **Units**: thousandths of a point.
fn granularity(lint: &LintContext<'_, '_>, side: EntityKind) -> i64 {
    fn common(a: i64, b: i64) -> i64 {
        if b == 0 { a.abs() } else { common(b, a % b) }
    }
    let whole = |value: &Program| match value {
        Program::Slot(slot) => {
            let fact = lint.facts.metric(FactKey::seen_from(side, *slot));
            fact.is_some_and(|fact| fact.metric.measure.counted().is_some())
        }
        _ => false,
    };
    let level = lint.level(side);
    let mut step = 0;
    for signal in &level.signals {
        if signal.decay.is_some() {
            return 1;
        }
        match &signal.pay {
            SignalPayment::Flat(points) => step = common(step, points.0),
            SignalPayment::Ladder { rungs, .. } => rungs.iter().for_each(|(_, points)| step = common(step, points.0)),
            SignalPayment::Per { value, points, max } if whole(value) => {
                step = common(common(step, points.0), max.map_or(0, |max| max.0));
            }
            SignalPayment::Per { .. } => return 1,
        }
    }
    let bounds = level.categories.iter().map(|category| category.bounds).chain([level.bounds]);
    for PointBounds { min, max } in bounds {
        step = [min, max].into_iter().flatten().fold(step, |step, end| common(step, end.0));
    }
    step.max(1)
}

/// Looks for somebody with a score within a hole; reports the first.
fn find(
    lint: &LintContext<'_, '_>,
    side: EntityKind,
    score: FactKey,
    plan: &DependencyPlan,
    last: usize,
    ends: &[f64],
    (low, high): (f64, f64),
) -> bool {
    let level = lint.level(side);
    let lower: Vec<f64> = ends.iter().copied().filter(|end| *end < low).collect();
    // The highest lower score that another tier takes.
    let better_off = |world: &FactAssignment<'_>| {
        lower.iter().rev().copied().find_map(|score| {
            tier_with(lint, world, side, score).filter(|tier| *tier != last).map(|tier| (score, tier))
        })
    };
    let possible = |judged: &BoxBounds<'_, '_>| {
        let Some((from, to)) = judged.value(score).range() else { return false };
        let (from, to) = (from.max(low), to.min(high));
        let below = lower.iter().any(|score| judged.tiers(level, side, (*score, *score)).0[..last].contains(&true));
        from <= to && below && judged.tiers(level, side, (from, to)).0.get(last) == Some(&true)
    };
    let reached = |world: &FactAssignment<'_>| {
        let scored = world.number(score).unwrap_or(0.0);
        low <= scored
            && scored <= high
            && world.text(FactKey::new(side, level.slots.tier)) == Some(&level.tiers[last].name)
            && better_off(world).is_some()
    };
    let goal = SearchGoal {
        keys: vec![score, FactKey::new(side, level.slots.tier)],
        demands: GoalDemands::default(),
        possible: &possible,
        reached: &reached,
    };
    // Every stop on the way up has another score, so all of them are people to begin with.
    let guides: Vec<_> = lint.rising_seeds[side].iter().rev().chain([&lint.blank]).collect();
    let SearchAnswer::Found(chosen) = lint.search.solve(plan, &CellLimits::default(), &guides, &goal) else {
        return false;
    };
    let small = lint.minimize(plan, chosen, &goal);
    let world = FactAssignment::new(lint.model, lint.search.space, plan, &small);
    let scored = format_number(world.number(score).unwrap_or(0.0));
    let Some((lower, taken)) = better_off(&world) else { return false };
    let (name, taken_name) = (level.tiers[last].name.as_str(), level.tiers[taken].name.as_str());
    let example = lint.example(plan, &small, side, |_| {
        format!("the score is {scored} and the tier `{name}`; with {} it would be `{taken_name}`", format_number(lower))
    });
    let taken = &level.tiers[taken].spans;
    let span = taken.when.clone().unwrap_or_else(|| taken.name.clone());
    let message = format!("a score of {scored} falls to the last tier, and one of {} does not", format_number(lower));
    let label = "no tier but the last takes what lies beyond this";
    lint.report(
        Diagnostic::warning(codes::HOLE_IN_TIERS, span, message, label).example(example).help(format!(
            "{} takes the first tier that holds, so `at_least` alone gives bands without holes",
            one(side)
        )),
    );
    true
}
