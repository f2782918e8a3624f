//! Values of cases that are of no type of their own: points in time, ids, and what becomes JSON.

use serde_json::Value as Json;
use toml::{Spanned, de::DeValue};

use super::{codes, ids};
use crate::{
    diag::Diagnostic,
    model::tree::{Findings, Sp, Table, Text},
};

/// No list of ids stands for more than about so many.
pub(super) const IDS_MAX: usize = 100_000;

/// A point in time as text, or as TOML writes dates and times.
pub(super) fn instant_text(table: &mut Table<'_>, key: &'static str, found: &mut Findings) -> Option<Text> {
    let value = table.take(key)?;
    match value.get_ref() {
        DeValue::String(text) => Some(Sp::new(text.clone().into_owned(), value.span())),
        DeValue::Datetime(at) => Some(Sp::new(at.to_string(), value.span())),
        _ => {
            let message = format!("`{key}` is no point in time");
            found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, "expected text or a date"));
            None
        }
    }
}

/// Ids, each of which may be a range.
pub(super) fn expanded(texts: &[Text], found: &mut Findings) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if all.len() > IDS_MAX {
            let label = format!("at most {IDS_MAX} in one place");
            found.add(Diagnostic::error(codes::TOO_LARGE, text.span.clone(), "too many ids", label));
            break;
        }
        match ids::expand(&text.value) {
            Ok(ids) => all.extend(ids),
            Err(message) => {
                let label = "an id, or ids with one range: `u{1..12}`";
                found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, label));
            }
        }
    }
    all
}

/// A table as JSON; empty if it is not there.
pub(super) fn object(table: &mut Table<'_>, key: &'static str, found: &mut Findings) -> Json {
    let Some(value) = table.take(key) else { return Json::Object(serde_json::Map::new()) };
    match (value.get_ref(), json(value, found)) {
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
pub(super) fn json(value: &Spanned<DeValue<'_>>, found: &mut Findings) -> Option<Json> {
    let refused = |found: &mut Findings| {
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
            items.iter().map(|item| json(item, found)).collect::<Option<Vec<Json>>>().map(Json::Array)
        }
        DeValue::Table(table) => {
            let pairs = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), json(value, found)?)));
            pairs.collect::<Option<serde_json::Map<String, Json>>>().map(Json::Object)
        }
    }
}
