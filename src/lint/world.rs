//! Facts of somebody who might exist, and what the scorer makes of them: its own programs, points, tiers and rules, on facts that were chosen.

use super::{
    plan::Plan,
    space::{HOME, Key, Space, fact},
};
use crate::{
    expr::{Program, Scope, Value},
    model::{
        Model,
        compiled::{ACCOUNT_BIT, Level, Source, Step},
    },
    score::points::{Paid, pay, sum, tier},
};

/// All facts of a plan.
#[derive(Debug, Clone)]
pub(super) struct World<'w> {
    pub(super) model: &'w Model,
    pub(super) plan: &'w Plan,
    /// By place in the plan.
    values: Vec<Value<'w>>,
}

/// Facts as a user or an account sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'s, 'w> {
    world: &'s World<'w>,
    bit: u32,
}

impl Scope for Seen<'_, '_> {
    fn get(&self, slot: u32) -> Value<'_> {
        if self.bit == 0 && slot & ACCOUNT_BIT != 0 && !self.world.has_home() {
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

impl<'w> World<'w> {
    /// Chooses a cell for every variable of the plan and computes the rest.
    pub(super) fn new(model: &'w Model, space: &'w Space, plan: &'w Plan, cells: &[u16]) -> World<'w> {
        let mut values = vec![Value::Null; plan.index.len()];
        for ((value, place), cell) in values.iter_mut().zip(&plan.variables).zip(cells) {
            *value = space.variables[*place].cells[usize::from(*cell)].value();
        }
        World::computed(model, plan, values)
    }

    /// Computes everything from the values of the variables.
    pub(super) fn computed(model: &'w Model, plan: &'w Plan, values: Vec<Value<'w>>) -> World<'w> {
        let mut world = World { model, plan, values };
        plan.steps.iter().for_each(|step| world.step(*step));
        world
    }

    /// A fact; null if the plan does not know it.
    pub(super) fn value(&self, key: Key) -> &Value<'w> {
        self.plan.index.get(&key).map_or(&NULL, |at| &self.values[*at])
    }

    pub(super) fn has_home(&self) -> bool {
        !matches!(self.value(HOME), Value::Boolean(false))
    }

    pub(super) fn scope(&self, bit: u32) -> Seen<'_, 'w> {
        Seen { world: self, bit }
    }

    /// Whether a condition of a level holds.
    pub(super) fn holds(&self, program: &Program, bit: u32) -> bool {
        program.holds(&self.scope(bit))
    }

    /// What the signals of a level pay.
    pub(super) fn paid(&self, level: &Level, scope: &Seen<'_, 'w>) -> Vec<Paid> {
        pay(level, scope)
    }

    /// What an expression of a level comes to.
    pub(super) fn result(&self, program: &Program, bit: u32) -> Value<'static> {
        owned(&program.eval(&self.scope(bit)))
    }

    /// The values of the variables, with room for what is computed from them.
    pub(super) fn variables(&self) -> Vec<Value<'w>> {
        let mut values = self.values.clone();
        values[self.plan.variables.len()..].fill(Value::Null);
        values
    }

    /// The number in a fact.
    pub(super) fn number(&self, key: Key) -> Option<f64> {
        self.value(key).as_number()
    }

    /// The text in a fact.
    pub(super) fn text(&self, key: Key) -> Option<&str> {
        match self.value(key) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn set(&mut self, key: Key, value: Value<'w>) {
        if let Some(at) = self.plan.index.get(&key) {
            self.values[*at] = value;
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::UserFact(slot) => self.expression(slot),
            Step::AccountFact(slot) => self.expression(slot | ACCOUNT_BIT),
            Step::Segment => {
                let segments = &self.model.levels.account.segments;
                let rules = segments.iter().map(|segment| segment.when.as_ref());
                let first = first_that_holds(rules, &self.scope(ACCOUNT_BIT));
                self.name(
                    self.model.levels.account.slots.segment | ACCOUNT_BIT,
                    first.map(|at| segments[at].name.as_str()),
                );
            }
            Step::UserPoints => self.points(0),
            Step::AccountPoints => self.points(ACCOUNT_BIT),
            Step::UserTier => self.tier(0),
            Step::AccountTier => self.tier(ACCOUNT_BIT),
            Step::UserRoute => self.route(0),
            Step::AccountRoute => self.route(ACCOUNT_BIT),
        }
    }

    fn level(&self, bit: u32) -> &'w Level {
        if bit == 0 { &self.model.levels.user } else { &self.model.levels.account }
    }

    fn name(&mut self, key: Key, name: Option<&'w str>) {
        self.set(key, name.map_or(Value::Null, |name| Value::Text(name.into())));
    }

    fn expression(&mut self, key: Key) {
        if let Some(Source::Expression(program)) = fact(self.model, key).map(|fact| &fact.source) {
            let value = owned(&program.eval(&self.scope(key & ACCOUNT_BIT)));
            self.set(key, value);
        }
    }

    fn points(&mut self, bit: u32) {
        let level = self.level(bit);
        let scope = self.scope(bit);
        let sum = sum(level, &pay(level, &scope));
        for (slot, (_, held)) in level.slots.points.iter().zip(sum.categories) {
            self.set(slot | bit, Value::Number(held.to_f64()));
        }
        self.set(level.slots.score | bit, Value::Number(sum.score.to_f64()));
    }

    fn tier(&mut self, bit: u32) {
        let level = self.level(bit);
        let score = self.number(level.slots.score | bit).unwrap_or(0.0);
        let place = tier(&level.tiers, score, &self.scope(bit));
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
fn first_that_holds<'m>(mut rules: impl Iterator<Item = Option<&'m Program>>, scope: &impl Scope) -> Option<usize> {
    rules.position(|when| when.is_none_or(|when| when.holds(scope)))
}
