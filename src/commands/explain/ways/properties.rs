//! Properties of an event for which conditions hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use pql_model::{
    clock::format_day,
    expr::{EvalScope, Program, Value},
    resolved::EVENT_SLOT,
};

use super::constants::{ComparedValues, collect_compared};

/// The number of combinations of properties that are tried.
const COMBINATIONS_MAX: usize = 20_000;

/// Values of properties, by slot of programs over events. A property without a value is missing.
pub(super) type PropertyValues = BTreeMap<u32, Value<'static>>;

/// An event as conditions see it.
struct ChosenProperties<'c> {
    event: &'c str,
    values: &'c PropertyValues,
}

impl EvalScope for ChosenProperties<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot {
            EVENT_SLOT => Value::Text(self.event.into()),
            slot => self.values.get(&slot).map_or(Value::Null, Value::as_borrowed),
        }
    }
}

/// Values for which all conditions hold of an event of this name, with as few properties as can be. None if none were found.
pub(super) fn satisfying_properties(event: &str, conditions: &[&Program]) -> Option<PropertyValues> {
    let mut compared = ComparedValues::new();
    conditions.iter().for_each(|condition| collect_compared(condition, &mut compared));
    let choices: Vec<(u32, Vec<Option<Value<'static>>>)> = compared
        .into_iter()
        .filter(|(slot, _)| *slot != EVENT_SLOT)
        .map(|(slot, known)| (slot, choices(known)))
        .collect();
    let count = choices.iter().map(|(_, values)| values.len()).fold(1, usize::saturating_mul);
    let combination = |mut number: usize| {
        let mut values = PropertyValues::new();
        for (slot, known) in &choices {
            if let Some(value) = &known[number % known.len()] {
                values.insert(*slot, value.clone());
            }
            number /= known.len();
        }
        values
    };
    let holds = |values: &PropertyValues| conditions.iter().all(|one| one.holds(&ChosenProperties { event, values }));
    let found = (0..count.min(COMBINATIONS_MAX)).map(combination).filter(holds);
    found.min_by_key(BTreeMap::len)
}

/// A missing property, the constants that it is compared with, and numbers beside these.
fn choices(known: Vec<Value<'static>>) -> Vec<Option<Value<'static>>> {
    let beside = known.iter().filter_map(Value::as_number).flat_map(|number| [number + 1.0, number - 1.0]);
    let beside: Vec<Value<'static>> = beside.map(Value::Number).collect();
    let other = [Value::Text("other".into())];
    std::iter::once(None).chain(known.into_iter().chain(beside).chain(other).map(Some)).collect()
}

/// A value as JSON.
pub(super) fn json_value(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => json!(truth),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => json!(*number as i64),
        Value::Number(number) => json!(number),
        Value::Date(day) => json!(format_day(*day)),
        Value::Text(text) => json!(text),
        Value::Digits(text) => json!(text),
    }
}

/// Puts a value where a path of keys leads; dots go inside objects.
pub(super) fn insert_at(properties: &mut Map<String, Json>, path: &[String], value: Json) {
    let Some((first, rest)) = path.split_first() else { return };
    if rest.is_empty() {
        properties.insert(first.clone(), value);
        return;
    }
    let inner = properties.entry(first.clone()).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(inner) = inner {
        insert_at(inner, rest, value);
    }
}
