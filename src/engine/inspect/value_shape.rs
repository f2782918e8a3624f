//! Classifies values by their shape, without showing them.
//!
//! The list of shapes is fixed, so the counts are bounded and reveal no values.

use std::ops::Range;

use crate::decode::json::{JsonKind, JsonSpan};
use pql_model::{
    clock::{Zone, is_numeric, parse_day, parse_instant},
    units::Micros,
};

/// The names of the shapes.
pub(super) const SHAPES: [&str; 22] = [
    "integer",
    "negative integer",
    "decimal",
    "Unix seconds",
    "Unix milliseconds",
    "true or false",
    "empty text",
    "e-mail",
    "web address",
    "path",
    "domain",
    "UUID",
    "date",
    "date and time",
    "number as text",
    "hexadecimal",
    "UPPER CASE",
    "snake_case word",
    "words",
    "id of letters and digits",
    "JSON as text",
    "other text",
];

/// The index of a shape in [`SHAPES`].
fn place(name: &str) -> Option<usize> {
    SHAPES.iter().position(|known| *known == name)
}

/// The shape of a value, as an index in [`SHAPES`]; none for null, lists and objects.
pub(super) fn shape(line: &str, raw: JsonSpan) -> Option<usize> {
    match raw.kind {
        JsonKind::True | JsonKind::False => place("true or false"),
        JsonKind::Number => place(number(raw.slice(line))),
        JsonKind::Text | JsonKind::EscapedText => place(text_shape(&raw.text(line)?)),
        JsonKind::Missing | JsonKind::Null | JsonKind::Array | JsonKind::Object => None,
    }
}

/// The instants that a number is taken for, from 2001 to 2033. Beyond them lie the numbers of many ids.
const COUNTED_INSTANTS: Range<Micros> = 1_000_000_000_000_000..2_000_000_000_000_000;

/// The instants that a text is taken for, from 2001 to 2099.
const WRITTEN_INSTANTS: Range<Micros> = 978_307_200_000_000..4_102_444_800_000_000;

/// The instant that a value is: a date with or without a time of day, or a number that counts from 1970.
pub(super) fn instant(value: &str) -> Option<Micros> {
    let plausible = if is_numeric(value) { COUNTED_INSTANTS } else { WRITTEN_INSTANTS };
    parse_instant(value, &Zone::utc()).ok().filter(|at| plausible.contains(at))
}

fn number(digits: &str) -> &'static str {
    match digits {
        _ if digits.contains(['.', 'e', 'E']) => "decimal",
        _ if digits.starts_with('-') => "negative integer",
        _ if digits.len() == 10 && instant(digits).is_some() => "Unix seconds",
        _ if digits.len() == 13 && instant(digits).is_some() => "Unix milliseconds",
        _ => "integer",
    }
}

/// The shape of a text.
pub(super) fn text_shape(text: &str) -> &'static str {
    let all = |wanted: fn(char) -> bool| text.chars().all(wanted);
    let any = |wanted: fn(char) -> bool| text.chars().any(wanted);
    match text {
        _ if text.trim().is_empty() => "empty text",
        _ if is_numeric(text) => "number as text",
        _ if parse_day(text.trim()).is_some() => "date",
        _ if parse_instant(text, &Zone::utc()).is_ok() => "date and time",
        _ if is_uuid(text) => "UUID",
        _ if is_email(text) => "e-mail",
        _ if text.contains("://") => "web address",
        _ if text.starts_with(['{', '[']) => "JSON as text",
        _ if text.starts_with('/') => "path",
        _ if text.len() >= 16 && all(|c| c.is_ascii_hexdigit()) => "hexadecimal",
        _ if all(|c| c.is_ascii_uppercase() || c == '_') => "UPPER CASE",
        _ if all(|c| c.is_ascii_lowercase() || c == '_') => "snake_case word",
        _ if is_domain(text) => "domain",
        _ if any(|c| c.is_ascii_digit())
            && all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')) =>
        {
            "id of letters and digits"
        }
        _ if all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '_' | '\'' | '&' | ',' | '.')) => "words",
        _ => "other text",
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = |(at, byte): (usize, u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    text.len() == 36 && text.bytes().enumerate().all(dashes)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace) && !host.contains('@')
    })
}

fn is_domain(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    text.contains('.')
        && text.split('.').all(part)
        && text.rsplit('.').next().is_some_and(|last| last.len() > 1 && last.chars().all(|c| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_by_their_shape() {
        for (value, expected) in [
            ("7", "number as text"),
            ("2026-10-31", "date"),
            ("2026-10-31T10:00:00Z", "date and time"),
            ("kim@acme.example", "e-mail"),
            ("https://acme.example/x", "web address"),
            ("/pricing", "path"),
            ("acme.example", "domain"),
            ("0d7a1c2e-0000-4000-8000-000000000001", "UUID"),
            ("9f86d081884c7d65", "hexadecimal"),
            ("EUR", "UPPER CASE"),
            ("advanced_analytics", "snake_case word"),
            ("Advanced analytics", "words"),
            ("w063a", "id of letters and digits"),
            (" ", "empty text"),
            ("{\"a\":1}", "JSON as text"),
            ("1 + 1 = 2", "other text"),
        ] {
            assert_eq!(text_shape(value), expected, "{value}");
        }
        for name in ["7", "-7", "7.5", "1793440800", "1793440800000"].map(number) {
            assert!(place(name).is_some(), "{name}");
        }
        assert_eq!(number("1793440800000"), "Unix milliseconds");
    }
}
