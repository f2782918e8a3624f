//! Changes of facts that would let a condition hold, a ladder's rung be reached, a penalty go.
//!
//! Only what people do can be changed: metrics, milestones, and what is gathered over members. What they are (traits), how long they have been
//! there, and scores themselves are taken as they stand. Counts can only rise.

use crate::{
    expr::{Arithmetic, Comparison, Program, Scope, Value},
    ledger::EntityFacts,
    model::{
        EntityKind, Model,
        compiled::{ACCOUNT_BIT, Builtin, Measure, MilestonePart, NumberPart, Payment, RollupKind, Signal, Source},
    },
    score::points::{Firing, Paid},
    units::{EPSILON, Points},
};

use super::whatif::{Change, evaluate, fact_in};

/// Some changes that belong together.
pub(super) type Plan = Vec<Change>;

/// No more ways to one thing are looked at.
const ALTERNATIVES_MAX: usize = 8;
/// Named expressions are looked into so deep.
const DEPTH_MAX: usize = 8;

/// What moves are made for.
pub(super) struct Mover<'m> {
    pub(super) model: &'m Model,
    pub(super) side: EntityKind,
    pub(super) scope: &'m EntityFacts<'m>,
}

/// A number that is to be reached.
#[derive(Clone, Copy)]
struct Goal {
    value: f64,
    /// Whether it must be passed.
    strict: bool,
    /// From below rather than from above.
    up: bool,
}

impl Mover<'_> {
    /// Plans that may let a signal pay more; `gap` is how many points are missing.
    pub(super) fn of_signal(&self, signal: &Signal, paid: &Paid, gap: Option<Points>) -> Vec<Plan> {
        let guard = match &signal.guard {
            Some(guard) if !guard.holds(self.scope) => self.make(guard, true, 0, DEPTH_MAX),
            _ => vec![Vec::new()],
        };
        let mut plans = match &signal.pay {
            Payment::Flat(points) if points.0 > 0 && paid.firing == Firing::Not => guard,
            Payment::Flat(points) if points.0 < 0 && paid.firing == Firing::Fired => {
                signal.guard.as_ref().map(|guard| self.make(guard, false, 0, DEPTH_MAX)).unwrap_or_default()
            }
            Payment::Flat(_) => Vec::new(),
            Payment::Ladder { value, strict, rungs } => {
                let better = rungs.iter().filter(|(_, points)| *points > paid.full);
                let goals = better.map(|(threshold, _)| Goal { value: *threshold, strict: *strict, up: true });
                let plans = goals.flat_map(|goal| self.reach(value, goal, 0, DEPTH_MAX)).collect();
                both(&guard, &plans)
            }
            Payment::Per { value, points, .. } => {
                let seen = paid.seen.as_number().unwrap_or(0.0);
                let goal = match (points.0 > 0, gap) {
                    (true, Some(gap)) if gap.0 > 0 => {
                        Some(Goal { value: seen + gap.to_f64() / points.to_f64(), strict: false, up: true })
                    }
                    (true, _) => None,
                    (false, _) => Some(Goal { value: 0.0, strict: false, up: false }),
                };
                let plans = goal.map(|goal| self.reach(value, goal, 0, DEPTH_MAX)).unwrap_or_default();
                both(&guard, &plans)
            }
        };
        if let Some(decay) = &signal.decay {
            let fresh = self.reach(&decay.since, Goal { value: 0.0, strict: false, up: false }, 0, DEPTH_MAX);
            if decay.since.eval(self.scope).is_null() {
                // It pays nothing before what it counts the days since has happened.
                plans = both(&plans, &fresh);
            } else if paid.firing == Firing::Fired && paid.points < paid.full {
                plans.extend(fresh);
            }
        }
        plans.retain(|plan| !plan.is_empty());
        plans
    }

    /// Plans that let a condition hold, or not hold.
    pub(super) fn of_condition(&self, condition: &Program) -> Vec<Plan> {
        self.make(condition, true, 0, DEPTH_MAX)
    }

    fn value(&self, program: &Program, bit: u32) -> Value<'static> {
        evaluate(program, self.scope, bit)
    }

    fn make(&self, program: &Program, wanted: bool, bit: u32, depth: usize) -> Vec<Plan> {
        if self.value(program, bit).holds() == wanted {
            return vec![Vec::new()];
        }
        let mut plans = match (program, wanted) {
            (Program::And(parts), true) | (Program::Or(parts), false) => {
                let ways = parts.iter().map(|part| self.make(part, wanted, bit, depth));
                ways.reduce(|a, b| both(&a, &b)).unwrap_or_default()
            }
            (Program::And(parts), false) | (Program::Or(parts), true) => {
                parts.iter().flat_map(|part| self.make(part, wanted, bit, depth)).collect()
            }
            (Program::Not(part), _) => self.make(part, !wanted, bit, depth),
            (Program::Slot(slot), _) => self.make_slot(slot | bit, wanted, depth),
            (Program::Compare(operator, a, b), _) => self.make_compare(*operator, [a, b], wanted, bit, depth),
            (Program::CompareNumber(operator, slot, number), _) => {
                let (a, b) = (Program::Slot(*slot), Program::Constant(Value::Number(*number)));
                self.make_compare(*operator, [&a, &b], wanted, bit, depth)
            }
            _ => Vec::new(),
        };
        plans.truncate(ALTERNATIVES_MAX);
        plans
    }

    fn make_slot(&self, slot: u32, wanted: bool, depth: usize) -> Vec<Plan> {
        match fact_in(self.model, self.side, slot).map(|fact| &fact.source) {
            Some(Source::Expression(program)) if depth > 0 => self.make(program, wanted, slot & ACCOUNT_BIT, depth - 1),
            // A milestone that is reached stays reached.
            Some(Source::Milestone(_, MilestonePart::Reached)) if wanted => vec![vec![(slot, Value::Boolean(true))]],
            _ => Vec::new(),
        }
    }

    fn make_compare(
        &self,
        operator: Comparison,
        [a, b]: [&Program; 2],
        wanted: bool,
        bit: u32,
        depth: usize,
    ) -> Vec<Plan> {
        let operator = if wanted { operator } else { opposite(operator) };
        let mut plans = Vec::new();
        for (part, other, operator) in [(a, b, operator), (b, a, mirrored(operator))] {
            let Some(value) = self.value(other, bit).as_number() else { continue };
            let now = self.value(part, bit).as_number();
            let goal = match operator {
                Comparison::GreaterEqual => Goal { value, strict: false, up: true },
                Comparison::Greater => Goal { value, strict: true, up: true },
                Comparison::LessEqual => Goal { value, strict: false, up: false },
                Comparison::Less => Goal { value, strict: true, up: false },
                Comparison::Equal => Goal { value, strict: false, up: now.is_none_or(|now| now < value) },
                Comparison::NotEqual => Goal { value, strict: true, up: true },
            };
            plans.extend(self.reach(part, goal, bit, depth));
        }
        plans
    }

    /// Plans that bring a number to a goal by one of the facts in it.
    fn reach(&self, program: &Program, goal: Goal, bit: u32, depth: usize) -> Vec<Plan> {
        let now = self.value(program, bit).as_number();
        if now.is_some_and(
            |now| if goal.up { now >= goal.value && !goal.strict } else { now <= goal.value && !goal.strict },
        ) {
            return Vec::new();
        }
        match program {
            Program::Slot(slot) => self.reach_slot(slot | bit, goal, depth),
            Program::Arithmetic(operator, a, b) => self.reach_arithmetic(*operator, [a, b], goal, bit, depth),
            Program::Negate(a) => self.reach(a, Goal { value: -goal.value, up: !goal.up, ..goal }, bit, depth),
            Program::Extreme(std::cmp::Ordering::Greater, parts) if goal.up => {
                parts.iter().flat_map(|part| self.reach(part, goal, bit, depth)).collect()
            }
            Program::Coalesce(parts) => {
                parts.iter().take(1).flat_map(|part| self.reach(part, goal, bit, depth)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reach_arithmetic(
        &self,
        operator: Arithmetic,
        [a, b]: [&Program; 2],
        goal: Goal,
        bit: u32,
        depth: usize,
    ) -> Vec<Plan> {
        let (left, right) = (self.value(a, bit).as_number(), self.value(b, bit).as_number());
        let mut plans = Vec::new();
        let mut go = |part: &Program, value: f64, flips: bool| {
            if value.is_finite() {
                plans.extend(self.reach(part, Goal { value, up: goal.up != flips, ..goal }, bit, depth));
            }
        };
        match operator {
            Arithmetic::Add => {
                right.into_iter().for_each(|right| go(a, goal.value - right, false));
                left.into_iter().for_each(|left| go(b, goal.value - left, false));
            }
            Arithmetic::Subtract => {
                right.into_iter().for_each(|right| go(a, goal.value + right, false));
                left.into_iter().for_each(|left| go(b, left - goal.value, true));
            }
            Arithmetic::Multiply => {
                right.into_iter().for_each(|right| go(a, goal.value / right, right < 0.0));
                left.into_iter().for_each(|left| go(b, goal.value / left, left < 0.0));
            }
            Arithmetic::Divide => right.into_iter().for_each(|right| go(a, goal.value * right, right < 0.0)),
        }
        plans
    }

    fn reach_slot(&self, slot: u32, goal: Goal, depth: usize) -> Vec<Plan> {
        let Some(fact) = fact_in(self.model, self.side, slot) else { return Vec::new() };
        if let Source::Expression(program) = &fact.source {
            if depth == 0 {
                return Vec::new();
            }
            return self.reach(program, goal, slot & ACCOUNT_BIT, depth - 1);
        }
        let Some(can) = ability(&fact.source) else { return Vec::new() };
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
        if value < 0.0 || self.scope.get(slot).as_number() == Some(value) {
            return Vec::new();
        }
        vec![vec![(slot, Value::Number(value))]]
    }
}

/// How a fact can change by what people do.
struct Ability {
    rises: bool,
    falls: bool,
    /// Whether it is a whole number.
    whole: bool,
}

fn ability(source: &Source) -> Option<Ability> {
    let can = |rises: bool, falls: bool, whole: bool| Some(Ability { rises, falls, whole });
    match source {
        Source::Metric(metric) => match metric.measure {
            Measure::Count(_)
            | Measure::CountIn(..)
            | Measure::Days(..)
            | Measure::Distinct(..)
            | Measure::Users(_)
            | Measure::UsersIn(..)
            | Measure::RisingWeeks(_) => can(true, false, true),
            // Whatever was not finished can be finished.
            Measure::Open { .. } => can(true, true, true),
            // Another event makes it today.
            Measure::DaysSince(_) | Measure::DaysSinceIn(..) => can(false, true, true),
            Measure::Number(NumberPart::Sum | NumberPart::Max, ..) => can(true, false, false),
            Measure::Number(..) | Measure::Trend { .. } => can(true, true, false),
            Measure::Edge(..) | Measure::Top(..) | Measure::Elapsed { .. } => None,
        },
        Source::Builtin(Builtin::DaysInactive) => can(false, true, true),
        Source::Builtin(Builtin::ActiveDays28 | Builtin::Users | Builtin::ActiveUsers28 | Builtin::Members) => {
            can(true, false, true)
        }
        Source::Rollup(rollup) => match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => can(true, false, true),
            RollupKind::Sum | RollupKind::TopSum(_) | RollupKind::Max => can(true, false, false),
            RollupKind::Min | RollupKind::Avg => can(true, true, false),
        },
        Source::Builtin(_) | Source::Trait(_) | Source::Milestone(..) | Source::Expression(_) | Source::Scoring => None,
    }
}

/// Every plan of one list with every plan of another.
pub(super) fn both(a: &[Plan], b: &Vec<Plan>) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for first in a {
        for second in b {
            if plans.len() < ALTERNATIVES_MAX * 2 {
                plans.push(merged(first, second));
            }
        }
    }
    plans
}

/// Two plans as one; of two numbers for one fact the larger.
pub(super) fn merged(a: &Plan, b: &Plan) -> Plan {
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

fn opposite(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterEqual,
        Comparison::LessEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessEqual,
        Comparison::GreaterEqual => Comparison::Less,
    }
}

/// The operator with its sides changed.
fn mirrored(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        same => same,
    }
}
