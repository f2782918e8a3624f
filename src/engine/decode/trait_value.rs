//! Values of traits, converted to the type that the model declares.
//!
//! The same conversion serves events, traits objects and enrichment files.

use std::borrow::Cow;

use pql_model::{
    clock::{Zone, parse_day, parse_rfc3339},
    expr::{Value, ValueType},
};

/// Converts a value to a type; null if that is not possible.
pub fn coerce<'a>(value: Value<'a>, kind: ValueType, zone: &Zone) -> Value<'a> {
    match kind {
        ValueType::Number => value.to_number().map_or(Value::Null, Value::Number),
        ValueType::Text => value.to_text().map_or(Value::Null, Value::Text),
        ValueType::Boolean => boolean(&value).map_or(Value::Null, Value::Boolean),
        ValueType::Date => date(&value, zone),
        ValueType::Json | ValueType::Null => value,
    }
}

/// Booleans, also as text in any case, as spreadsheets write them.
fn boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A date, or the local date of an instant.
fn date(value: &Value<'_>, zone: &Zone) -> Value<'static> {
    let day = match value {
        Value::Date(day) => Some(*day),
        Value::Text(text) => parse_day(text).or_else(|| parse_rfc3339(text).map(|at| zone.day(at))),
        _ => None,
    };
    day.map_or(Value::Null, Value::Date)
}

/// A cell of a CSV file as a value: text, or null if it is empty.
pub fn csv_cell(text: &str) -> Value<'_> {
    if text.is_empty() { Value::Null } else { Value::Text(Cow::Borrowed(text)) }
}
