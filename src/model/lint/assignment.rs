//! Facts of somebody who might exist, and what the scorer makes of them: its own programs, points, tiers and rules, on facts that were chosen.

use super::{
    dependencies::DependencyPlan,
    domains::{SearchSpace, fact},
};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    expr::{EvalScope, Program, Value},
    resolved::{FactDefinition, Level, ScoringStep},
    scoring::{SignalPayout, evaluate_signals, find_tier, previous_tier, sum_points},
};

/// All facts of a plan.
#[derive(Debug, Clone)]
pub(super) struct FactAssignment<'w> {
    pub(super) model: &'w ResolvedModel,
    pub(super) plan: &'w DependencyPlan,
    /// By place in the plan.
    values: Vec<Value<'w>>,
}

/// Facts as a user or an account sees them.
#[derive(Debug, Clone, Copy)]
pub(super) struct AssignmentScope<'s, 'w> {
    world: &'s FactAssignment<'w>,
    side: EntityKind,
}

impl EvalScope for AssignmentScope<'_, '_> {
    fn get(&self, slot: u32) -> Value<'_> {
        let key = FactKey::seen_from(self.side, slot);
        if key.kind() != self.side && !self.world.has_account() {
            return Value::Null;
        }
        self.world.value(key).as_borrowed()
    }
}

const NULL: Value<'static> = Value::Null;

pub(super) fn owned(value: &Value<'_>) -> Value<'static> {
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
        model: &'w ResolvedModel,
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
        model: &'w ResolvedModel,
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
        !matches!(self.value(FactKey::HAS_ACCOUNT), Value::Boolean(false))
    }

    pub(super) fn scope(&self, side: EntityKind) -> AssignmentScope<'_, 'w> {
        AssignmentScope { world: self, side }
    }

    /// Whether a condition of a level holds.
    pub(super) fn holds(&self, program: &Program, side: EntityKind) -> bool {
        program.holds(&self.scope(side))
    }

    /// What the signals of a level pay.
    pub(super) fn paid(&self, level: &Level, scope: &AssignmentScope<'_, 'w>) -> Vec<SignalPayout> {
        evaluate_signals(level, scope)
    }

    /// What an expression of a level comes to.
    pub(super) fn eval(&self, program: &Program, side: EntityKind) -> Value<'static> {
        owned(&program.eval(&self.scope(side)))
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
            ScoringStep::UserFact(slot) => self.expression(FactKey::new(EntityKind::User, slot)),
            ScoringStep::AccountFact(slot) => self.expression(FactKey::new(EntityKind::Account, slot)),
            ScoringStep::Segment => {
                let segments = &self.model.levels.account.segments;
                let rules = segments.iter().map(|segment| segment.when.as_ref());
                let first = first_that_holds(rules, &self.scope(EntityKind::Account));
                self.name(
                    FactKey::new(EntityKind::Account, self.model.levels.account.slots.segment),
                    first.map(|at| segments[at].name.as_str()),
                );
            }
            ScoringStep::UserPoints => self.points(EntityKind::User),
            ScoringStep::AccountPoints => self.points(EntityKind::Account),
            ScoringStep::UserTier => self.tier(EntityKind::User),
            ScoringStep::AccountTier => self.tier(EntityKind::Account),
            // A fact of somebody else is a variable.
            ScoringStep::AccountPerson(_) => {}
            // So is what runs before said.
            ScoringStep::UserRecord(_) | ScoringStep::AccountRecord(_) => {}
            // So is what became of somebody.
            ScoringStep::UserOutcome(_) | ScoringStep::AccountOutcome(_) => {}
            ScoringStep::UserRoute => self.route(EntityKind::User),
            ScoringStep::AccountRoute => self.route(EntityKind::Account),
        }
    }

    fn level(&self, side: EntityKind) -> &'w Level {
        self.model.level(side)
    }

    fn name(&mut self, key: FactKey, name: Option<&'w str>) {
        self.set(key, name.map_or(Value::Null, |name| Value::Text(name.into())));
    }

    fn expression(&mut self, key: FactKey) {
        if let Some(FactDefinition::Expression(program)) = fact(self.model, key).map(|fact| &fact.definition) {
            let value = owned(&program.eval(&self.scope(key.kind())));
            self.set(key, value);
        }
    }

    fn points(&mut self, side: EntityKind) {
        let level = self.level(side);
        let scope = self.scope(side);
        let sum = sum_points(level, &evaluate_signals(level, &scope));
        for (slot, (_, held)) in level.slots.points.iter().zip(sum.categories) {
            self.set(FactKey::new(side, *slot), Value::Number(held.to_f64()));
        }
        self.set(FactKey::new(side, level.slots.score), Value::Number(sum.score.to_f64()));
    }

    fn tier(&mut self, side: EntityKind) {
        let level = self.level(side);
        let score = self.number(FactKey::new(side, level.slots.score)).unwrap_or(0.0);
        let scope = self.scope(side);
        let place = find_tier(&level.tiers, score, &scope, previous_tier(level, &scope));
        self.name(FactKey::new(side, level.slots.tier), place.map(|at| level.tiers[at].name.as_str()));
        let qualified = place.map_or(Value::Null, |at| Value::Boolean(level.tiers[at].qualified));
        self.set(FactKey::new(side, level.slots.qualified), qualified);
    }

    fn route(&mut self, side: EntityKind) {
        let level = self.level(side);
        let rules = level.routes.iter().map(|route| route.when.as_ref());
        let place = first_that_holds(rules, &self.scope(side));
        self.name(FactKey::new(side, level.slots.route), place.map(|at| level.routes[at].name.as_str()));
        let motion = place.and_then(|at| level.routes[at].motion.as_deref());
        self.name(FactKey::new(side, level.slots.motion), motion);
    }
}

/// The first rule that holds or has no condition.
fn first_that_holds<'m>(mut rules: impl Iterator<Item = Option<&'m Program>>, scope: &impl EvalScope) -> Option<usize> {
    rules.position(|when| when.is_none_or(|when| when.holds(scope)))
}
