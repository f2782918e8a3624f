//! Names facts, lists the facts that an expression uses, and finds the parts of a condition that
//! fail.

use super::EntityFacts;
use crate::plan::Model;
use pql_model::{
    EntityKind, FactKey,
    expr::{EvalScope, Program, Value, ValueType},
    resolved::{Fact, FactDefinition},
};

/// A fact and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct FactValue {
    /// Its name, with the prefix `account.` for a fact of the home account.
    pub name: String,
    /// Its value.
    pub value: Value<'static>,
}

/// A part of a condition that does not hold, and the facts behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmetCondition {
    /// The part, in the syntax of the model.
    pub condition: String,
    /// The facts that it names.
    pub facts: Vec<FactValue>,
}

/// The depth to which named conditions are expanded to their failing parts.
const DEPTH_MAX: usize = 8;

/// The name of the fact in a slot, as expressions of a level write it.
pub fn fact_name(model: &Model, side: EntityKind, slot: u32) -> String {
    let key = FactKey::seen_from(side, slot);
    let name = match model.resolved.fact(key) {
        // The inline count of a signal has no name of its own.
        Some(fact) if fact.name.contains(' ') => "matching events",
        Some(fact) => &fact.name,
        None => "unknown",
    };
    if key.kind() == side { name.to_owned() } else { format!("account.{name}") }
}

/// The slot and type of a fact, by name. For users, `account.NAME` is a fact of the home account.
pub fn fact_slot(model: &Model, side: EntityKind, name: &str) -> Option<(u32, ValueType)> {
    let (of, name) = match name.strip_prefix("account.") {
        Some(name) if side == EntityKind::User => (EntityKind::Account, name),
        _ => (side, name),
    };
    let facts = &model.resolved.level(of).facts;
    let place = facts.iter().position(|fact| fact.name == name)?;
    Some((FactKey::new(of, u32::try_from(place).ok()?).in_program_of(side), facts[place].kind))
}

/// The facts that expressions name, including those behind named expressions, each once.
pub fn referenced_facts(
    model: &Model,
    side: EntityKind,
    programs: &[&Program],
    scope: &EntityFacts<'_>,
) -> Vec<FactValue> {
    let mut slots: Vec<u32> = Vec::new();
    programs.iter().for_each(|program| program.visit_slots(&mut |slot| slots.push(slot)));
    let mut known: Vec<FactValue> = Vec::new();
    let mut seen: Vec<u32> = Vec::new();
    let mut next = 0;
    while let Some(slot) = slots.get(next).copied() {
        next += 1;
        if seen.contains(&slot) {
            continue;
        }
        seen.push(slot);
        known.push(FactValue { name: fact_name(model, side, slot), value: to_owned_value(&scope.get(slot)) });
        let key = FactKey::seen_from(side, slot);
        if let Some(Fact { definition: FactDefinition::Expression(program), .. }) = model.resolved.fact(key) {
            // Inside a named expression of the home account, all names are the account's.
            program.visit_slots(&mut |inner| slots.push(FactKey::seen_from(key.kind(), inner).in_program_of(side)));
        }
    }
    known
}

/// The facts that conditions of tiers read, each once: those behind named expressions, without points and scores of the level itself.
pub fn tier_facts(model: &Model, side: EntityKind) -> Vec<FactKey> {
    let mut keys: Vec<FactKey> = Vec::new();
    let visit = |program: &Program, of: EntityKind, keys: &mut Vec<FactKey>| {
        program.visit_slots(&mut |slot| {
            let key = FactKey::seen_from(of, slot);
            if !keys.contains(&key) {
                keys.push(key);
            }
        });
    };
    let conditions = model.resolved.level(side).tiers.iter().filter_map(|tier| tier.when.as_ref());
    conditions.for_each(|when| visit(when, side, &mut keys));
    let definition = |key: FactKey| model.resolved.fact(key).map(|fact| &fact.definition);
    let mut next = 0;
    while let Some(key) = keys.get(next).copied() {
        next += 1;
        if let Some(FactDefinition::Expression(program)) = definition(key) {
            visit(program, key.kind(), &mut keys);
        }
    }
    keys.retain(|key| match definition(*key) {
        Some(FactDefinition::Expression(_)) => false,
        Some(FactDefinition::Scoring) => key.kind() != side,
        _ => true,
    });
    keys
}

/// The smallest parts of a condition that prevent it from holding; none if it holds.
pub fn unmet_conditions(
    model: &Model,
    side: EntityKind,
    condition: &Program,
    scope: &EntityFacts<'_>,
) -> Vec<UnmetCondition> {
    let mut found = Vec::new();
    collect(&ConditionScope { model, side, scope, program_of: side }, condition, DEPTH_MAX, &mut found);
    found
}

/// The scope in which the names of a condition are evaluated.
struct ConditionScope<'c> {
    model: &'c Model,
    side: EntityKind,
    scope: &'c EntityFacts<'c>,
    /// Whose program the condition is: of accounts inside a named expression of the home account.
    program_of: EntityKind,
}

impl ConditionScope<'_> {
    /// The fact that a slot of the condition stands for.
    fn key(&self, slot: u32) -> FactKey {
        FactKey::seen_from(self.program_of, slot)
    }
}

impl EvalScope for ConditionScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.scope.get(self.key(slot).in_program_of(self.side))
    }
}

fn collect(context: &ConditionScope<'_>, condition: &Program, depth: usize, found: &mut Vec<UnmetCondition>) {
    if condition.holds(context) {
        return;
    }
    match condition {
        Program::And(parts) => parts.iter().for_each(|part| collect(context, part, depth, found)),
        Program::Slot(slot) if depth > 0 => {
            let key = context.key(*slot);
            match context.model.resolved.fact(key) {
                Some(Fact { definition: FactDefinition::Expression(program), .. }) => {
                    let inner = ConditionScope { program_of: key.kind(), ..*context };
                    let before = found.len();
                    collect(&inner, program, depth - 1, found);
                    // A condition that does not hold must never appear as if it did.
                    if found.len() == before {
                        found.push(describe_unmet(context, condition));
                    }
                }
                _ => found.push(describe_unmet(context, condition)),
            }
        }
        _ => found.push(describe_unmet(context, condition)),
    }
}

fn describe_unmet(context: &ConditionScope<'_>, condition: &Program) -> UnmetCondition {
    let name = |slot: u32| fact_name(context.model, context.side, context.key(slot).in_program_of(context.side));
    let mut facts: Vec<FactValue> = Vec::new();
    condition.visit_slots(&mut |slot| {
        let one = FactValue { name: name(slot), value: to_owned_value(&context.get(slot)) };
        if !facts.contains(&one) {
            facts.push(one);
        }
    });
    UnmetCondition { condition: condition.to_source(&name), facts }
}

/// A copy of a value that borrows nothing.
pub fn to_owned_value(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Null => Value::Null,
        Value::Number(number) => Value::Number(*number),
        Value::Boolean(truth) => Value::Boolean(*truth),
        Value::Date(day) => Value::Date(*day),
        Value::Text(text) => Value::Text(text.to_string().into()),
        Value::Digits(text) => Value::Text((*text).to_owned().into()),
    }
}
