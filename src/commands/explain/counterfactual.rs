//! Changes of facts that would let a condition hold, a ladder's rung be reached, a penalty go.
//!
//! Only what people do can be changed: metrics, milestones, and what is gathered over members. What they are (traits), how long they have been
//! there, and scores themselves are taken as they stand. Counts can only rise.

use pql_engine::{ledger::EntityFacts, plan::Model};
use pql_model::{
    EntityKind, FactKey, ResolvedModel,
    expr::{ArithmeticOp, ComparisonOp, EvalScope, Program, Value},
    resolved::{BuiltinFact, FactDefinition, Measure, MilestonePart, NumberPart, RollupKind, Signal, SignalPayment},
    scoring::{SignalFiring, SignalPayout},
    units::{EPSILON, Points},
};

use super::overlay::{FactOverride, evaluate};

/// Some changes that belong together.
pub(super) type OverrideSet = Vec<FactOverride>;

/// No more ways to one thing are looked at.
const ALTERNATIVES_MAX: usize = 8;
/// Named expressions are looked into so deep.
const DEPTH_MAX: usize = 8;

/// What moves are made for.
pub(super) struct CounterfactualGenerator<'m> {
    pub(super) model: &'m Model,
    pub(super) side: EntityKind,
    pub(super) scope: &'m EntityFacts<'m>,
}

/// A number that is to be reached.
#[derive(Clone, Copy)]
struct NumericGoal {
    value: f64,
    /// Whether it must be passed.
    strict: bool,
    /// From below rather than from above.
    up: bool,
}

impl CounterfactualGenerator<'_> {
    /// Plans that may let a signal pay more; `gap` is how many points are missing.
    pub(super) fn for_signal(&self, signal: &Signal, paid: &SignalPayout, gap: Option<Points>) -> Vec<OverrideSet> {
        let guard = match &signal.guard {
            Some(guard) if !guard.holds(self.scope) => self.satisfy(guard, true, self.side, DEPTH_MAX),
            _ => vec![Vec::new()],
        };
        let mut plans = match &signal.pay {
            SignalPayment::Flat(points) if points.0 > 0 && paid.firing == SignalFiring::NotFired => guard,
            SignalPayment::Flat(points) if points.0 < 0 && paid.firing == SignalFiring::Fired => {
                signal.guard.as_ref().map(|guard| self.satisfy(guard, false, self.side, DEPTH_MAX)).unwrap_or_default()
            }
            SignalPayment::Flat(_) => Vec::new(),
            SignalPayment::Ladder { value, strict, rungs } => {
                let better = rungs.iter().filter(|(_, points)| *points > paid.full);
                let goals = better.map(|(threshold, _)| NumericGoal { value: *threshold, strict: *strict, up: true });
                let plans = goals.flat_map(|goal| self.reach(value, goal, self.side, DEPTH_MAX)).collect();
                combine_sets(&guard, &plans)
            }
            SignalPayment::Per { value, points, .. } => {
                let seen = paid.seen.as_number().unwrap_or(0.0);
                let goal = match (points.0 > 0, gap) {
                    (true, Some(gap)) if gap.0 > 0 => {
                        Some(NumericGoal { value: seen + gap.to_f64() / points.to_f64(), strict: false, up: true })
                    }
                    (true, _) => None,
                    (false, _) => Some(NumericGoal { value: 0.0, strict: false, up: false }),
                };
                let plans = goal.map(|goal| self.reach(value, goal, self.side, DEPTH_MAX)).unwrap_or_default();
                combine_sets(&guard, &plans)
            }
        };
        if let Some(decay) = &signal.decay {
            let fresh =
                self.reach(&decay.since, NumericGoal { value: 0.0, strict: false, up: false }, self.side, DEPTH_MAX);
            if decay.since.eval(self.scope).is_null() {
                // It pays nothing before what it counts the days since has happened.
                plans = combine_sets(&plans, &fresh);
            } else if paid.firing == SignalFiring::Fired && paid.points < paid.full {
                plans.extend(fresh);
            }
        }
        plans.retain(|plan| !plan.is_empty());
        plans
    }

    /// Plans that let a condition hold, or not hold.
    pub(super) fn for_condition(&self, condition: &Program) -> Vec<OverrideSet> {
        self.satisfy(condition, true, self.side, DEPTH_MAX)
    }

    fn value(&self, program: &Program, program_of: EntityKind) -> Value<'static> {
        evaluate(program, self.scope, self.side, program_of)
    }

    fn satisfy(&self, program: &Program, wanted: bool, program_of: EntityKind, depth: usize) -> Vec<OverrideSet> {
        if self.value(program, program_of).is_true() == wanted {
            return vec![Vec::new()];
        }
        let mut plans = match (program, wanted) {
            (Program::And(parts), true) | (Program::Or(parts), false) => {
                let ways = parts.iter().map(|part| self.satisfy(part, wanted, program_of, depth));
                ways.reduce(|a, b| combine_sets(&a, &b)).unwrap_or_default()
            }
            (Program::And(parts), false) | (Program::Or(parts), true) => {
                parts.iter().flat_map(|part| self.satisfy(part, wanted, program_of, depth)).collect()
            }
            (Program::Not(part), _) => self.satisfy(part, !wanted, program_of, depth),
            (Program::Slot(slot), _) => self.make_slot(FactKey::seen_from(program_of, *slot), wanted, depth),
            (Program::Compare(operator, a, b), _) => self.make_compare(*operator, [a, b], wanted, program_of, depth),
            (Program::CompareNumber(operator, slot, number), _) => {
                let (a, b) = (Program::Slot(*slot), Program::Constant(Value::Number(*number)));
                self.make_compare(*operator, [&a, &b], wanted, program_of, depth)
            }
            _ => Vec::new(),
        };
        plans.truncate(ALTERNATIVES_MAX);
        plans
    }

    fn make_slot(&self, key: FactKey, wanted: bool, depth: usize) -> Vec<OverrideSet> {
        match self.model.resolved.fact(key).map(|fact| &fact.definition) {
            Some(FactDefinition::Expression(program)) if depth > 0 => {
                self.satisfy(program, wanted, key.kind(), depth - 1)
            }
            // A milestone that is reached stays reached, and one that is missed stays missed.
            Some(FactDefinition::Milestone(place, MilestonePart::Reached))
                if wanted && !self.is_missed(key, *place) =>
            {
                vec![vec![(key, Value::Boolean(true))]]
            }
            _ => Vec::new(),
        }
    }

    /// Whether a milestone that is not reached can no longer be.
    fn is_missed(&self, key: FactKey, place: usize) -> bool {
        let facts = (0..).zip(&self.model.resolved.level(key.kind()).facts);
        let mut pending = facts.filter(|(_, fact)| match fact.definition {
            FactDefinition::Milestone(of, MilestonePart::Pending) => of == place,
            _ => false,
        });
        let pending = pending.next().map(|(slot, _)| FactKey::new(key.kind(), slot));
        pending.is_some_and(|pending| {
            let program = Program::Slot(pending.in_program_of(key.kind()));
            !self.value(&program, key.kind()).is_true()
        })
    }

    fn make_compare(
        &self,
        operator: ComparisonOp,
        [a, b]: [&Program; 2],
        wanted: bool,
        program_of: EntityKind,
        depth: usize,
    ) -> Vec<OverrideSet> {
        let operator = if wanted { operator } else { opposite(operator) };
        let mut plans = Vec::new();
        for (part, other, operator) in [(a, b, operator), (b, a, mirrored(operator))] {
            let Some(value) = self.value(other, program_of).as_number() else { continue };
            let now = self.value(part, program_of).as_number();
            let goal = match operator {
                ComparisonOp::GreaterEqual => NumericGoal { value, strict: false, up: true },
                ComparisonOp::Greater => NumericGoal { value, strict: true, up: true },
                ComparisonOp::LessEqual => NumericGoal { value, strict: false, up: false },
                ComparisonOp::Less => NumericGoal { value, strict: true, up: false },
                ComparisonOp::Equal => NumericGoal { value, strict: false, up: now.is_none_or(|now| now < value) },
                ComparisonOp::NotEqual => NumericGoal { value, strict: true, up: true },
            };
            plans.extend(self.reach(part, goal, program_of, depth));
        }
        plans
    }

    /// Plans that bring a number to a goal by one of the facts in it.
    fn reach(&self, program: &Program, goal: NumericGoal, program_of: EntityKind, depth: usize) -> Vec<OverrideSet> {
        let now = self.value(program, program_of).as_number();
        if now.is_some_and(
            |now| if goal.up { now >= goal.value && !goal.strict } else { now <= goal.value && !goal.strict },
        ) {
            return Vec::new();
        }
        match program {
            Program::Slot(slot) => self.reach_slot(FactKey::seen_from(program_of, *slot), goal, depth),
            Program::Arithmetic(operator, a, b) => self.reach_arithmetic(*operator, [a, b], goal, program_of, depth),
            Program::Negate(a) => {
                self.reach(a, NumericGoal { value: -goal.value, up: !goal.up, ..goal }, program_of, depth)
            }
            Program::Extreme(std::cmp::Ordering::Greater, parts) if goal.up => {
                parts.iter().flat_map(|part| self.reach(part, goal, program_of, depth)).collect()
            }
            Program::Coalesce(parts) => {
                parts.iter().take(1).flat_map(|part| self.reach(part, goal, program_of, depth)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reach_arithmetic(
        &self,
        operator: ArithmeticOp,
        [a, b]: [&Program; 2],
        goal: NumericGoal,
        program_of: EntityKind,
        depth: usize,
    ) -> Vec<OverrideSet> {
        let (left, right) = (self.value(a, program_of).as_number(), self.value(b, program_of).as_number());
        let mut plans = Vec::new();
        let mut go = |part: &Program, value: f64, flips: bool| {
            if value.is_finite() {
                plans.extend(self.reach(part, NumericGoal { value, up: goal.up != flips, ..goal }, program_of, depth));
            }
        };
        match operator {
            ArithmeticOp::Add => {
                right.into_iter().for_each(|right| go(a, goal.value - right, false));
                left.into_iter().for_each(|left| go(b, goal.value - left, false));
            }
            ArithmeticOp::Subtract => {
                right.into_iter().for_each(|right| go(a, goal.value + right, false));
                left.into_iter().for_each(|left| go(b, left - goal.value, true));
            }
            ArithmeticOp::Multiply => {
                right.into_iter().for_each(|right| go(a, goal.value / right, right < 0.0));
                left.into_iter().for_each(|left| go(b, goal.value / left, left < 0.0));
            }
            ArithmeticOp::Divide => right.into_iter().for_each(|right| go(a, goal.value * right, right < 0.0)),
        }
        plans
    }

    fn reach_slot(&self, key: FactKey, goal: NumericGoal, depth: usize) -> Vec<OverrideSet> {
        let Some(fact) = self.model.resolved.fact(key) else { return Vec::new() };
        if let FactDefinition::Expression(program) = &fact.definition {
            if depth == 0 {
                return Vec::new();
            }
            return self.reach(program, goal, key.kind(), depth - 1);
        }
        let Some(can) = allowed_change(&self.model.resolved, &fact.definition) else { return Vec::new() };
        if goal.up && !can.rises || !goal.up && !can.falls {
            return Vec::new();
        }
        let value = match (can.whole, goal.up, goal.strict) {
            (true, true, false) => (goal.value - EPSILON).ceil(),
            (true, true, true) => (goal.value + EPSILON).floor() + 1.0,
            (true, false, false) => (goal.value + EPSILON).floor(),
            (true, false, true) => (goal.value - EPSILON).ceil() - 1.0,
            // Where there is no next number, a thousandth passes.
            (false, up, true) => goal.value + if up { 0.001 } else { -0.001 },
            (false, _, false) => goal.value,
        };
        if value < 0.0 || self.scope.get(key.in_program_of(self.side)).as_number() == Some(value) {
            return Vec::new();
        }
        vec![vec![(key, Value::Number(value))]]
    }
}

/// How a fact can change by what people do.
struct AllowedChange {
    rises: bool,
    falls: bool,
    /// Whether it is a whole number.
    whole: bool,
}

fn allowed_change(model: &ResolvedModel, definition: &FactDefinition) -> Option<AllowedChange> {
    let can = |rises: bool, falls: bool, whole: bool| Some(AllowedChange { rises, falls, whole });
    match definition {
        FactDefinition::Metric(place) => match model.metrics[*place].measure {
            Measure::Count | Measure::Days | Measure::Distinct(_) | Measure::Users | Measure::RisingWeeks(_) => {
                can(true, false, true)
            }
            // Whatever was not finished can be finished.
            Measure::Open { .. } => can(true, true, true),
            // Another event makes it today.
            Measure::DaysSince(_) => can(false, true, true),
            Measure::Number(NumberPart::Sum | NumberPart::Max, _) => can(true, false, false),
            Measure::Number(NumberPart::Min | NumberPart::Avg, _) | Measure::Trend { .. } => can(true, true, false),
            Measure::Edge(..) | Measure::Top(..) | Measure::Elapsed { .. } => None,
        },
        FactDefinition::Builtin(BuiltinFact::DaysInactive) => can(false, true, true),
        FactDefinition::Builtin(
            BuiltinFact::ActiveDays28 | BuiltinFact::Users | BuiltinFact::ActiveUsers28 | BuiltinFact::Members,
        ) => can(true, false, true),
        FactDefinition::Rollup(rollup) => match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => can(true, false, true),
            RollupKind::Sum | RollupKind::TopSum(_) | RollupKind::Max => can(true, false, false),
            RollupKind::Min | RollupKind::Avg => can(true, true, false),
        },
        FactDefinition::Builtin(_)
        | FactDefinition::Trait(_)
        | FactDefinition::Milestone(..)
        | FactDefinition::Expression(_)
        | FactDefinition::Person(..)
        | FactDefinition::Scoring => None,
    }
}

/// Every plan of one list with every plan of another.
pub(super) fn combine_sets(a: &[OverrideSet], b: &Vec<OverrideSet>) -> Vec<OverrideSet> {
    let mut plans: Vec<OverrideSet> = Vec::new();
    for first in a {
        for second in b {
            if plans.len() < ALTERNATIVES_MAX * 2 {
                plans.push(merge_sets(first, second));
            }
        }
    }
    plans
}

/// Two plans as one; of two numbers for one fact the larger.
pub(super) fn merge_sets(a: &OverrideSet, b: &OverrideSet) -> OverrideSet {
    let mut plan = a.clone();
    for (slot, value) in b {
        match plan.iter_mut().find(|(known, _)| known == slot) {
            Some((_, known)) => {
                if value.as_number() > known.as_number() {
                    *known = value.clone();
                }
            }
            None => plan.push((*slot, value.clone())),
        }
    }
    plan
}

fn opposite(operator: ComparisonOp) -> ComparisonOp {
    match operator {
        ComparisonOp::Equal => ComparisonOp::NotEqual,
        ComparisonOp::NotEqual => ComparisonOp::Equal,
        ComparisonOp::Less => ComparisonOp::GreaterEqual,
        ComparisonOp::LessEqual => ComparisonOp::Greater,
        ComparisonOp::Greater => ComparisonOp::LessEqual,
        ComparisonOp::GreaterEqual => ComparisonOp::Less,
    }
}

/// The operator with its sides changed.
fn mirrored(operator: ComparisonOp) -> ComparisonOp {
    match operator {
        ComparisonOp::Less => ComparisonOp::Greater,
        ComparisonOp::LessEqual => ComparisonOp::GreaterEqual,
        ComparisonOp::Greater => ComparisonOp::Less,
        ComparisonOp::GreaterEqual => ComparisonOp::LessEqual,
        same => same,
    }
}
