//! Evaluates an event under the model: the filters that it passes and the values that they need.

use super::{
    TimedValue,
    accumulators::pack,
    event_batch::{EventProgram, NULL, ValueLoad},
    intern_cache::InternCache,
};
use crate::decode::{DecodedEvent, EventFields, trait_value::coerce};
use pql_model::{
    Model,
    expr::{EvalScope, Program, Value, ValueType},
    plan::{EventMatch, FilterPlan, Level, PredicateId, TraitPlan, ValueId, ValueSource},
    units::Micros,
};

/// Writes the filters that an event passes, and the values that they need, into the words of its
/// batch entry. `needs` are the loads of the filters that it passes without a condition.
#[inline]
pub(super) fn extract_values(
    model: &Model,
    recipe: &EventProgram,
    needs: &[usize],
    event: &DecodedEvent<'_>,
    active: bool,
    texts: &mut InternCache<'_>,
    words: &mut [u64],
) {
    let fields = &event.fields;
    let (bits, values) = words.split_at_mut(recipe.pass_words);
    let mut fill = |needs: &[usize]| {
        for need in needs {
            if values[*need] == NULL {
                values[*need] = load(model, recipe.loads[*need], fields, texts).unwrap_or(NULL);
            }
        }
    };
    fill(needs);
    let tries = &model.aggregation.plans[event.plan].filters;
    for index in &recipe.conditional {
        if passes(model, &tries[*index], active, fields) {
            bits[index / 64] |= 1 << (index % 64);
            fill(&recipe.filters[*index].0);
        }
    }
}

fn passes(model: &Model, one: &FilterPlan, active: bool, event: &EventFields<'_>) -> bool {
    (active || !one.active)
        && match_holds(model, &one.matches, event)
        && one.predicate.is_none_or(|predicate| holds(model, predicate, event))
}

pub(super) fn match_holds(model: &Model, matches: &EventMatch, event: &EventFields<'_>) -> bool {
    match matches {
        EventMatch::Never => false,
        EventMatch::Always => true,
        EventMatch::When(any) => any.iter().any(|all| all.iter().all(|predicate| holds(model, *predicate, event))),
    }
}

fn holds(model: &Model, predicate: PredicateId, event: &EventFields<'_>) -> bool {
    model.aggregation.predicates.get(predicate as usize).is_some_and(|program: &Program| program.holds(event))
}

/// Extracts a value; none if it is null.
#[inline]
fn load(model: &Model, load: ValueLoad, event: &EventFields<'_>, texts: &mut InternCache<'_>) -> Option<u64> {
    let (ValueLoad::Text(value) | ValueLoad::Number(value) | ValueLoad::Packed(value)) = load;
    // Fast path: most values are a property that is missing or is plain text.
    let spec = &model.aggregation.values[value as usize];
    match &spec.source {
        ValueSource::FirstOf(slots) if slots.iter().all(|slot| event.is_missing(*slot)) => return None,
        ValueSource::Program(Program::Slot(slot)) => {
            if event.is_missing(*slot) {
                return None;
            }
            if let (ValueLoad::Text(_), ValueType::Text, Some(text)) = (load, spec.kind, event.plain_text(*slot)) {
                return Some(u64::from(texts.intern(text)));
            }
        }
        _ => {}
    }
    load_any(model, load, event, texts)
}

#[inline(never)]
fn load_any(model: &Model, load: ValueLoad, event: &EventFields<'_>, texts: &mut InternCache<'_>) -> Option<u64> {
    match load {
        ValueLoad::Text(value) => {
            let value = value_of(model, value, event).to_text()?;
            Some(u64::from(texts.intern(&value)))
        }
        ValueLoad::Number(value) => value_of(model, value, event).as_number().map(f64::to_bits),
        ValueLoad::Packed(value) => pack(&value_of(model, value, event), |text| texts.intern(text)),
    }
}

/// The value of an event, converted to its declared type.
pub(super) fn value_of<'r>(model: &'r Model, value: ValueId, event: &'r EventFields<'_>) -> Value<'r> {
    let spec = &model.aggregation.values[value as usize];
    match &spec.source {
        ValueSource::Program(program) => match (program.eval(event), spec.kind) {
            (value, ValueType::Text) => value.to_text().map_or(Value::Null, Value::Text),
            (value, kind) => coerce(value, kind, &model.zone),
        },
        ValueSource::FirstOf(slots) => first_typed(slots.iter().map(|slot| event.get(*slot)), spec.kind, model),
    }
}

/// The first value that can be converted to a type.
pub(super) fn first_typed<'r>(values: impl Iterator<Item = Value<'r>>, kind: ValueType, model: &Model) -> Value<'r> {
    values.map(|value| coerce(value, kind, &model.zone)).find(|value| !value.is_null()).unwrap_or(Value::Null)
}

/// Calls `give` for every trait of a level that a traits object has.
pub(super) fn each_trait<'l, 'r>(
    model: &'r Model,
    level: &'l Level,
    value: impl Fn(u32) -> Value<'r>,
    at: Micros,
    texts: &mut InternCache<'_>,
    mut give: impl FnMut(u16, &'l TraitPlan, TimedValue),
) {
    for (index, plan) in level.traits.iter().enumerate() {
        let value = first_typed(plan.keys.iter().map(|key| value(*key)), plan.kind, model);
        if let Some(packed) = pack(&value, |text| texts.intern(text)) {
            give(index as u16, plan, TimedValue { at, value: packed });
        }
    }
}
