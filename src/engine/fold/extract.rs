//! Evaluates an event under the model: the filters that it passes and the values that they need.

use super::{
    accumulators::pack,
    event_batch::{EventProgram, NULL, ValueLoad},
    intern_cache::InternCache,
};
use crate::{
    decode::{DecodedEvent, EventFields, misread::MisreadCause, time_zones, trait_value::ValueReader},
    plan::{AskedProperty, EventMatch, FilterPlan, LevelPlan, Model, PredicateId, TraitPlan, ValueId, ValueSource},
};
use pql_model::{
    ValueFormat,
    expr::{Program, Value, ValueType},
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
    loader: &mut ValueLoader<'_, '_>,
    words: &mut [u64],
) {
    let fields = &event.fields;
    let (bits, values) = words.split_at_mut(recipe.pass_words);
    let mut fill = |needs: &[usize]| {
        for need in needs {
            if values[*need] == NULL {
                values[*need] = load(model, recipe.loads[*need], fields, loader).unwrap_or(NULL);
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

/// Interns texts, and remembers the values that need a second look.
pub(super) struct ValueLoader<'l, 'h> {
    pub(super) texts: &'l mut InternCache<'h>,
    /// Values that are null although their properties may be there.
    pub(super) suspects: &'l mut Vec<ValueId>,
}

/// Extracts a value; none if it is null.
#[inline]
fn load(model: &Model, load: ValueLoad, event: &EventFields<'_>, loader: &mut ValueLoader<'_, '_>) -> Option<u64> {
    let (ValueLoad::Text(value) | ValueLoad::Number(value) | ValueLoad::Packed(value)) = load;
    // Fast path: most values are a property that is missing or is plain text.
    let spec = &model.aggregation.values[value as usize];
    match &spec.source {
        ValueSource::FirstOf(slots, _) if slots.iter().all(|slot| event.is_nothing(*slot)) => return None,
        ValueSource::Program(Program::Slot(slot)) => {
            if event.is_nothing(*slot) {
                return None;
            }
            if let (ValueLoad::Text(_), ValueType::Text, Some(text)) = (load, spec.kind, event.plain_text(*slot)) {
                return Some(u64::from(loader.texts.intern(text)));
            }
        }
        _ => {}
    }
    let loaded = load_any(model, load, event, loader.texts);
    // What is null may stand for something that is no number or date; one of several properties may be null and the value not.
    let is_suspect = match spec.kind {
        ValueType::Number | ValueType::Date => loaded.is_none() || !reads_one_property(&spec.source),
        _ => loaded.is_none() && matches!(spec.source, ValueSource::FirstOf(..)),
    };
    if is_suspect && spec.asked.iter().any(|asked| may_be_misread(asked, event)) {
        loader.suspects.push(value);
    }
    loaded
}

/// Whether a property may be there and not be read as the type that is asked for.
fn may_be_misread(asked: &AskedProperty, event: &EventFields<'_>) -> bool {
    let is_read = asked.kind == ValueType::Number && event.is_short_number(asked.slot);
    !is_read && !event.is_nothing(asked.slot)
}

/// Whether a value is that of one property.
fn reads_one_property(source: &ValueSource) -> bool {
    match source {
        ValueSource::Program(program) => matches!(program, Program::Slot(_)),
        ValueSource::FirstOf(slots, _) => slots.len() == 1,
    }
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
        // The number of a time may be beyond those that expressions know.
        ValueSource::Program(Program::Slot(slot)) if spec.kind == ValueType::Date => {
            reader(model, spec.kind, None).read(event.raw_value(*slot))
        }
        ValueSource::Program(program) => match (program.eval(event), spec.kind) {
            (value, ValueType::Text) => value.to_text().map_or(Value::Null, Value::Text),
            (value, kind) => reader(model, kind, None).read(value),
        },
        ValueSource::FirstOf(slots, format) => {
            let reader = reader(model, spec.kind, *format);
            first_read(slots.iter().map(|slot| event.raw_value(*slot)), &reader)
        }
    }
}

/// The first value that is not null once it is read.
pub(super) fn first_read<'r>(values: impl Iterator<Item = Value<'r>>, reader: &ValueReader<'_>) -> Value<'r> {
    values.map(|value| reader.read(value)).find(|value| !value.is_null()).unwrap_or(Value::Null)
}

/// How values are read under a model.
pub(super) fn reader(model: &Model, kind: ValueType, format: Option<ValueFormat>) -> ValueReader<'_> {
    ValueReader { kind, format, zones: time_zones(model) }
}

/// Every trait of a level that a traits object gives; `misread` counts the values that cannot be read, by key.
pub(super) fn each_trait<'l, 'r>(
    (model, level): (&'r Model, &'l LevelPlan),
    value: impl Fn(u32) -> Value<'r>,
    mut misread: impl FnMut(u32, MisreadCause, &Value<'r>),
    mut give: impl FnMut(u16, &'l TraitPlan, Value<'r>),
) {
    for (index, plan) in level.traits.iter().enumerate() {
        let reader = reader(model, plan.kind, plan.format);
        for key in &plan.keys {
            let found = value(*key);
            if let Some(cause) = reader.misread(&found) {
                misread(*key, cause, &found);
                continue;
            }
            let read = reader.read(found);
            if !read.is_null() {
                give(index as u16, plan, read);
                break;
            }
        }
    }
}
