//! What a model asks about one event: which filters it passes, and its values as they are kept.

use super::{Edge, cells::pack, image::Load, shared::Remembered};
use crate::{
    decode::{Record, typed::typed},
    expr::{Program, Scope, Type, Value},
    model::{
        Model,
        compiled::{Level, Match, PredicateId, TraitPlan, Try, ValueId, ValueSource},
    },
    units::Micros,
};

pub(super) fn passes(model: &Model, one: &Try, active: bool, record: &Record<'_>) -> bool {
    (active || !one.active)
        && meant(model, &one.matches, record)
        && one.predicate.is_none_or(|predicate| holds(model, predicate, record))
}

pub(super) fn meant(model: &Model, matches: &Match, record: &Record<'_>) -> bool {
    match matches {
        Match::Never => false,
        Match::Always => true,
        Match::When(any) => any.iter().any(|all| all.iter().all(|predicate| holds(model, *predicate, record))),
    }
}

pub(super) fn holds(model: &Model, predicate: PredicateId, record: &Record<'_>) -> bool {
    model.intake.predicates.get(predicate as usize).is_some_and(|program: &Program| program.eval(record).holds())
}

/// A value in the form in which it is kept; none if it is null.
pub(super) fn load(model: &Model, load: Load, record: &Record<'_>, texts: &mut Remembered<'_>) -> Option<u64> {
    match load {
        Load::Text(value) => {
            // Most values are a property that is text.
            let spec = &model.intake.values[value as usize];
            if let (ValueSource::Program(Program::Slot(slot)), Type::Text) = (&spec.source, spec.kind)
                && let Some(text) = record.plain_text(*slot)
            {
                return Some(u64::from(texts.intern(text)));
            }
            let value = value_of(model, value, record).to_text()?;
            Some(u64::from(texts.intern(&value)))
        }
        Load::Number(value) => value_of(model, value, record).as_number().map(f64::to_bits),
        Load::Packed(value) => pack(&value_of(model, value, record), |text| texts.intern(text)),
    }
}

/// A value over an event, as its type.
pub(super) fn value_of<'r>(model: &'r Model, value: ValueId, record: &'r Record<'_>) -> Value<'r> {
    let spec = &model.intake.values[value as usize];
    match &spec.source {
        ValueSource::Program(program) => match (program.eval(record), spec.kind) {
            (value, Type::Text) => value.to_text().map_or(Value::Null, Value::Text),
            (value, kind) => typed(value, kind, &model.zone),
        },
        ValueSource::FirstOf(slots) => first_typed(slots.iter().map(|slot| record.get(*slot)), spec.kind, model),
    }
}

/// The first value that can be read as a type.
pub(super) fn first_typed<'r>(values: impl Iterator<Item = Value<'r>>, kind: Type, model: &Model) -> Value<'r> {
    values.map(|value| typed(value, kind, &model.zone)).find(|value| !value.is_null()).unwrap_or(Value::Null)
}

/// Every trait of a level that a traits object gives.
pub(super) fn each_trait<'l, 'r>(
    model: &'r Model,
    level: &'l Level,
    value: impl Fn(u32) -> Value<'r>,
    at: Micros,
    texts: &mut Remembered<'_>,
    mut give: impl FnMut(u16, &'l TraitPlan, Edge),
) {
    for (index, plan) in level.traits.iter().enumerate() {
        let value = first_typed(plan.keys.iter().map(|key| value(*key)), plan.kind, model);
        if let Some(packed) = pack(&value, |text| texts.intern(text)) {
            give(index as u16, plan, Edge { at, value: packed });
        }
    }
}
