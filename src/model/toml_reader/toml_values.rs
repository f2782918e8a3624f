//! Values of TOML as what a key wants them to be.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{DiagnosticSink, SpannedText, TableReader, WithSpan};
use crate::{codes, diag::Diagnostic, units::Points};

/// A value that must be a table.
pub fn as_table<'t>(
    value: &'t Spanned<DeValue<'t>>,
    what: &str,
    key: &str,
    found: &mut DiagnosticSink,
) -> Option<TableReader<'t>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(TableReader::new(table, value.span(), what)),
        _ => wrong_type(value, key, "a table", found),
    }
}

/// A value that must be points.
pub fn as_points(value: &Spanned<DeValue<'_>>, key: &str, found: &mut DiagnosticSink) -> Option<WithSpan<Points>> {
    let written = match value.get_ref() {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        _ => return wrong_type(value, key, "points, such as 10 or 2.5", found),
    };
    match Points::parse(written).filter(|points| points.0.abs() <= 1_000_000_000_000) {
        Some(points) => Some(WithSpan::new(points, value.span())),
        None => {
            let message = format!("`{written}` is no amount of points");
            let label = "a decimal with at most three places, up to a billion";
            found.add(Diagnostic::error(codes::BAD_VALUE, value.span(), message, label));
            None
        }
    }
}

/// A value that must be text.
pub fn as_text(value: &Spanned<DeValue<'_>>, key: &str, found: &mut DiagnosticSink) -> Option<SpannedText> {
    match value.get_ref() {
        DeValue::String(text) => Some(WithSpan::new(text.clone().into_owned(), value.span())),
        _ => wrong_type(value, key, "text in quotes", found),
    }
}

/// A value that must be a number.
pub(crate) fn as_number(value: &Spanned<DeValue<'_>>, key: &str, found: &mut DiagnosticSink) -> Option<WithSpan<f64>> {
    let number = match value.get_ref() {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse::<f64>().ok(),
        DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
        _ => return wrong_type(value, key, "a number", found),
    };
    match number.filter(|number| number.is_finite()) {
        Some(number) => Some(WithSpan::new(number, value.span())),
        None => wrong_type(value, key, "a finite number", found),
    }
}

pub(super) fn list_of_texts(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    found: &mut DiagnosticSink,
) -> Option<Vec<SpannedText>> {
    let DeValue::Array(array) = value.get_ref() else {
        return wrong_type(value, key, "a list of texts", found);
    };
    let texts: Vec<Option<SpannedText>> = array.iter().map(|item| as_text(item, key, found)).collect();
    texts.into_iter().collect()
}

/// Reports a value of another type than a key takes.
pub(crate) fn wrong_type<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    expected: &str,
    found: &mut DiagnosticSink,
) -> Option<T> {
    let is = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("`{key}` is {is}");
    found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, format!("expected {expected}")));
    None
}

/// Holds a name of the model against the pattern of names.
pub(super) fn check_name(name: &str, span: &Range<usize>, found: &mut DiagnosticSink) {
    let mut bytes = name.bytes();
    let good = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.len() <= 64;
    if good {
        return;
    }
    let folded: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let problem = Diagnostic::error(
        codes::BAD_NAME,
        span.clone(),
        format!("`{name}` is no name"),
        "a to z, 0 to 9 and _, beginning with a letter, at most 64",
    );
    let usable = folded.starts_with(|c: char| c.is_ascii_lowercase()) && folded.len() <= 64;
    found.add(problem.maybe_help(usable.then(|| format!("`{folded}` would do"))));
}
