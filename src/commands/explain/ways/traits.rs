//! Traits that could be others, with the values that the model tells apart.

use pql_engine::{ledger::EntityFacts, plan::Model};
use pql_model::{
    EntityKind, FactKey, FactSlot,
    expr::{EvalScope, Program, Value, ValueType},
    resolved::{FactDefinition, Level, SignalPayment},
};

use super::{
    super::requirements::signal_programs,
    constants::{ComparedValues, collect_compared},
};

/// A trait and the values to try, those nearest to the present one first.
#[derive(Debug)]
pub(super) struct TraitCandidate {
    /// User or account.
    pub(super) side: EntityKind,
    /// Its fact in its level.
    pub(super) slot: FactSlot,
    /// The trait's name, with the prefix `account.` for one of the home account.
    pub(super) name: String,
    /// The values.
    pub(super) values: Vec<Value<'static>>,
}

/// The traits that decide on points and tiers of a level: its own, and for users those of the home account.
pub(super) fn trait_candidates(model: &Model, side: EntityKind, scope: &EntityFacts<'_>) -> Vec<TraitCandidate> {
    let mut found = Vec::new();
    for kind in EntityKind::ALL.into_iter().filter(|kind| side == EntityKind::User || *kind == side) {
        let level = model.resolved.level(kind);
        let compared = level_constants(model, kind);
        for (slot, fact) in (0..).zip(&level.facts) {
            let FactDefinition::Trait(_) = fact.definition else { continue };
            let key = FactKey::new(kind, slot);
            let Some(known) = compared.get(&key.in_program_of(kind)) else { continue };
            let present = scope.get(key.in_program_of(side));
            let known: Vec<Value<'static>> = known.iter().filter(|value| has_type(value, fact.kind)).cloned().collect();
            let name = if kind == side { fact.name.clone() } else { format!("account.{}", fact.name) };
            found.push(TraitCandidate { side: kind, slot, name, values: values(&known, &present) });
        }
    }
    found
}

/// Whether a value can be one of a trait of this type.
fn has_type(value: &Value<'_>, kind: ValueType) -> bool {
    match value {
        Value::Boolean(_) => kind == ValueType::Boolean,
        Value::Number(_) => kind == ValueType::Number,
        Value::Date(_) => kind == ValueType::Date,
        Value::Text(_) | Value::Digits(_) => kind == ValueType::Text,
        Value::Null => false,
    }
}

/// The constants that the facts of a level are compared with, by slot.
fn level_constants(model: &Model, kind: EntityKind) -> ComparedValues {
    let level = model.resolved.level(kind);
    let mut compared = ComparedValues::new();
    collect_level(level, &mut compared);
    if kind == EntityKind::Account {
        // Users compare facts of their account too.
        let mut of_users = ComparedValues::new();
        collect_level(model.resolved.level(EntityKind::User), &mut of_users);
        for (slot, values) in of_users {
            let key = FactKey::seen_from(EntityKind::User, slot);
            if key.kind() == EntityKind::Account {
                compared.entry(key.in_program_of(kind)).or_default().extend(values);
            }
        }
    }
    compared
}

/// Collects the constants in the expressions and ladders of a level.
fn collect_level(level: &Level, compared: &mut ComparedValues) {
    programs(level).into_iter().for_each(|program| collect_compared(program, compared));
    for signal in &level.signals {
        if let SignalPayment::Ladder { value: Program::Slot(slot), rungs, .. } = &signal.pay {
            compared.entry(*slot).or_default().extend(rungs.iter().map(|(threshold, _)| Value::Number(*threshold)));
        }
    }
}

/// The expressions that points and tiers of a level hang on.
fn programs(level: &Level) -> Vec<&Program> {
    let facts = level.facts.iter().filter_map(|fact| match &fact.definition {
        FactDefinition::Expression(program) => Some(program),
        FactDefinition::Builtin(_)
        | FactDefinition::Trait(_)
        | FactDefinition::Metric(_)
        | FactDefinition::Milestone(..)
        | FactDefinition::Rollup(_)
        | FactDefinition::Person(..)
        | FactDefinition::Record(_)
        | FactDefinition::Outcome(_)
        | FactDefinition::Scoring => None,
    });
    let signals = level.signals.iter().flat_map(signal_programs);
    let tiers = level.tiers.iter().filter_map(|tier| tier.when.as_ref());
    let segments = level.segments.iter().filter_map(|segment| segment.when.as_ref());
    facts.chain(signals).chain(tiers).chain(segments).collect()
}

/// The constants and numbers beside them, other than the present value, the nearest first.
fn values(known: &[Value<'static>], present: &Value<'_>) -> Vec<Value<'static>> {
    let beside = known.iter().filter_map(Value::as_number).flat_map(|number| [number, number + 1.0, number - 1.0]);
    let mut numbers: Vec<f64> = beside.collect();
    let from = present.as_number().unwrap_or(0.0);
    numbers.sort_by(|a, b| (a - from).abs().total_cmp(&(b - from).abs()).then(a.total_cmp(b)));
    let others = known.iter().filter(|value| value.as_number().is_none()).cloned();
    let mut found: Vec<Value<'static>> = Vec::new();
    for value in numbers.into_iter().map(Value::Number).chain(others) {
        if value.as_borrowed() != *present && !found.contains(&value) {
            found.push(value);
        }
    }
    found
}
