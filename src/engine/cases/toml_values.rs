//! Parses values of cases without a type of their own: instants, ids, and values that become JSON.

use serde_json::Value as Json;
use toml::{Spanned, de::DeValue};

use super::{codes, id_ranges};
use pql_model::{
    diag::Diagnostic,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
};

/// The rough limit of ids that one list may expand to.
pub(super) const CASE_IDS_MAX: usize = 100_000;

/// Takes an instant, written as text or as a TOML date or time.
pub(super) fn take_instant_text(
    table: &mut TableReader<'_>,
    key: &'static str,
    found: &mut DiagnosticSink,
) -> Option<SpannedText> {
    let value = table.take(key)?;
    match value.get_ref() {
        DeValue::String(text) => Some(WithSpan::new(text.clone().into_owned(), value.span())),
        DeValue::Datetime(at) => Some(WithSpan::new(at.to_string(), value.span())),
        _ => {
            let message = format!("`{key}` is no point in time");
            found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, "expected text or a date"));
            None
        }
    }
}

/// Expands ids. Each may be a range.
pub(super) fn expand_ids(texts: &[SpannedText], found: &mut DiagnosticSink) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if all.len() > CASE_IDS_MAX {
            let label = format!("at most {CASE_IDS_MAX} in one place");
            found.add(Diagnostic::error(codes::TOO_LARGE, text.span.clone(), "too many ids", label));
            break;
        }
        match id_ranges::expand(&text.value) {
            Ok(ids) => all.extend(ids),
            Err(message) => {
                let label = "an id, or ids with one range: `u{1..12}`";
                found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, label));
            }
        }
    }
    all
}

/// Takes a table as JSON; empty if it is missing.
pub(super) fn take_object(table: &mut TableReader<'_>, key: &'static str, found: &mut DiagnosticSink) -> Json {
    let Some(value) = table.take(key) else { return Json::Object(serde_json::Map::new()) };
    match (value.get_ref(), toml_to_json(value, found)) {
        (DeValue::Table(_), Some(object)) => object,
        (DeValue::Table(_), None) => Json::Null,
        _ => {
            let message = format!("`{key}` is no table");
            let label = format!("{key} = {{ name = \"value\" }}");
            found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, label));
            Json::Null
        }
    }
}

/// A TOML value as JSON; dates are text.
pub(super) fn toml_to_json(value: &Spanned<DeValue<'_>>, found: &mut DiagnosticSink) -> Option<Json> {
    let refused = |found: &mut DiagnosticSink| {
        let label = "JSON has no such number";
        found.add(Diagnostic::error(codes::BAD_VALUE, value.span(), "a number that no event can have", label));
        None
    };
    match value.get_ref() {
        DeValue::String(text) => Some(Json::String(text.clone().into_owned())),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Some(Json::from(number)),
            Err(_) => refused(found),
        },
        DeValue::Float(float) => {
            let number = float.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            number.map(Json::Number).or_else(|| refused(found))
        }
        DeValue::Boolean(truth) => Some(Json::Bool(*truth)),
        DeValue::Datetime(at) => Some(Json::String(at.to_string())),
        DeValue::Array(items) => {
            items.iter().map(|item| toml_to_json(item, found)).collect::<Option<Vec<Json>>>().map(Json::Array)
        }
        DeValue::Table(table) => {
            let pairs = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), toml_to_json(value, found)?)));
            pairs.collect::<Option<serde_json::Map<String, Json>>>().map(Json::Object)
        }
    }
}
