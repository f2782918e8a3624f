//! Facts of somebody who might exist, and what the scorer makes of them: its own programs, points, tiers and rules, on facts that were chosen.

use super::{
    dependencies::DependencyPlan,
    domains::{FactKey, HAS_ACCOUNT, SearchSpace, fact},
};
use crate::{
    Model,
    expr::{EvalScope, Program, Value},
    plan::{ACCOUNT_BIT, FactSource, Level, ScoringStep},
    scoring::{SignalPayout, evaluate_signals, find_tier, sum_points},
};

/// All facts of a plan.
#[derive(Debug, Clone)]
pub(super) struct FactAssignment<'w> {
    pub(super) model: &'w Model,
    pub(super) plan: &'w DependencyPlan,
    /// By place in the plan.
    values: Vec<Value<'w>>,
}

/// Facts as a user or an account sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct AssignmentScope<'s, 'w> {
    world: &'s FactAssignment<'w>,
    bit: u32,
}

impl EvalScope for AssignmentScope<'_, '_> {
    fn get(&self, slot: u32) -> Value<'_> {
        if self.bit == 0 && slot & ACCOUNT_BIT != 0 && !self.world.has_account() {
            return Value::Null;
        }
        self.world.value(slot | self.bit).as_borrowed()
    }
}

const NULL: Value<'static> = Value::Null;

fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Null | Value::Digits(_) => Value::Null,
        Value::Number(number) => Value::Number(*number),
        Value::Text(text) => Value::Text(text.clone().into_owned().into()),
        Value::Boolean(truth) => Value::Boolean(*truth),
        Value::Date(day) => Value::Date(*day),
    }
}

impl<'w> FactAssignment<'w> {
    /// Chooses a cell for every variable of the plan and computes the rest.
    pub(super) fn new(
        model: &'w Model,
        space: &'w SearchSpace,
        plan: &'w DependencyPlan,
        cells: &[u16],
    ) -> FactAssignment<'w> {
        let mut values = vec![Value::Null; plan.index.len()];
        for ((value, place), cell) in values.iter_mut().zip(&plan.variables).zip(cells) {
            *value = space.variables[*place].cells[usize::from(*cell)].value();
        }
        FactAssignment::from_variables(model, plan, values)
    }

    /// Computes everything from the values of the variables.
    pub(super) fn from_variables(
        model: &'w Model,
        plan: &'w DependencyPlan,
        values: Vec<Value<'w>>,
    ) -> FactAssignment<'w> {
        let mut world = FactAssignment { model, plan, values };
        plan.steps.iter().for_each(|step| world.step(*step));
        world
    }

    /// A fact; null if the plan does not know it.
    pub(super) fn value(&self, key: FactKey) -> &Value<'w> {
        self.plan.index.get(&key).map_or(&NULL, |at| &self.values[*at])
    }

    pub(super) fn has_account(&self) -> bool {
        !matches!(self.value(HAS_ACCOUNT), Value::Boolean(false))
    }

    pub(super) fn scope(&self, bit: u32) -> AssignmentScope<'_, 'w> {
        AssignmentScope { world: self, bit }
    }

    /// Whether a condition of a level holds.
    pub(super) fn holds(&self, program: &Program, bit: u32) -> bool {
        program.holds(&self.scope(bit))
    }

    /// What the signals of a level pay.
    pub(super) fn paid(&self, level: &Level, scope: &AssignmentScope<'_, 'w>) -> Vec<SignalPayout> {
        evaluate_signals(level, scope)
    }

    /// What an expression of a level comes to.
    pub(super) fn eval(&self, program: &Program, bit: u32) -> Value<'static> {
        owned(&program.eval(&self.scope(bit)))
    }

    /// The values of the variables, with room for what is computed from them.
    pub(super) fn variables(&self) -> Vec<Value<'w>> {
        let mut values = self.values.clone();
        values[self.plan.variables.len()..].fill(Value::Null);
        values
    }

    /// The number in a fact.
    pub(super) fn number(&self, key: FactKey) -> Option<f64> {
        self.value(key).as_number()
    }

    /// The text in a fact.
    pub(super) fn text(&self, key: FactKey) -> Option<&str> {
        match self.value(key) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn set(&mut self, key: FactKey, value: Value<'w>) {
        if let Some(at) = self.plan.index.get(&key) {
            self.values[*at] = value;
        }
    }

    fn step(&mut self, step: ScoringStep) {
        match step {
            ScoringStep::UserFact(slot) => self.expression(slot),
            ScoringStep::AccountFact(slot) => self.expression(slot | ACCOUNT_BIT),
            ScoringStep::Segment => {
                let segments = &self.model.levels.account.segments;
                let rules = segments.iter().map(|segment| segment.when.as_ref());
                let first = first_that_holds(rules, &self.scope(ACCOUNT_BIT));
                self.name(
                    self.model.levels.account.slots.segment | ACCOUNT_BIT,
                    first.map(|at| segments[at].name.as_str()),
                );
            }
            ScoringStep::UserPoints => self.points(0),
            ScoringStep::AccountPoints => self.points(ACCOUNT_BIT),
            ScoringStep::UserTier => self.tier(0),
            ScoringStep::AccountTier => self.tier(ACCOUNT_BIT),
            ScoringStep::UserRoute => self.route(0),
            ScoringStep::AccountRoute => self.route(ACCOUNT_BIT),
        }
    }

    fn level(&self, bit: u32) -> &'w Level {
        if bit == 0 { &self.model.levels.user } else { &self.model.levels.account }
    }

    fn name(&mut self, key: FactKey, name: Option<&'w str>) {
        self.set(key, name.map_or(Value::Null, |name| Value::Text(name.into())));
    }

    fn expression(&mut self, key: FactKey) {
        if let Some(FactSource::Expression(program)) = fact(self.model, key).map(|fact| &fact.source) {
            let value = owned(&program.eval(&self.scope(key & ACCOUNT_BIT)));
            self.set(key, value);
        }
    }

    fn points(&mut self, bit: u32) {
        let level = self.level(bit);
        let scope = self.scope(bit);
        let sum = sum_points(level, &evaluate_signals(level, &scope));
        for (slot, (_, held)) in level.slots.points.iter().zip(sum.categories) {
            self.set(slot | bit, Value::Number(held.to_f64()));
        }
        self.set(level.slots.score | bit, Value::Number(sum.score.to_f64()));
    }

    fn tier(&mut self, bit: u32) {
        let level = self.level(bit);
        let score = self.number(level.slots.score | bit).unwrap_or(0.0);
        let place = find_tier(&level.tiers, score, &self.scope(bit));
        self.name(level.slots.tier | bit, place.map(|at| level.tiers[at].name.as_str()));
        let qualified = place.map_or(Value::Null, |at| Value::Boolean(level.tiers[at].qualified));
        self.set(level.slots.qualified | bit, qualified);
    }

    fn route(&mut self, bit: u32) {
        let level = self.level(bit);
        let rules = level.routes.iter().map(|route| route.when.as_ref());
        let place = first_that_holds(rules, &self.scope(bit));
        self.name(level.slots.route | bit, place.map(|at| level.routes[at].name.as_str()));
        let motion = place.and_then(|at| level.routes[at].motion.as_deref());
        self.name(level.slots.motion | bit, motion);
    }
}

/// The first rule that holds or has no condition.
fn first_that_holds<'m>(mut rules: impl Iterator<Item = Option<&'m Program>>, scope: &impl EvalScope) -> Option<usize> {
    rules.position(|when| when.is_none_or(|when| when.holds(scope)))
}
