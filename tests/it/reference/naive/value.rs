//! The values of the naive scorer, and the conversions between JSON values, numbers and text.

use jiff::civil::Date;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// A value of an expression. `Prop` is a property of an event: a JSON number, a boolean or a text
/// that is not empty. The value that it is compared with decides its type.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Num(f64),
    Text(String),
    Bool(bool),
    Date(Date),
    Prop(Json),
}

/// The types of traits, values and literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Num,
    Text,
    Bool,
    Date,
}

impl Kind {
    pub fn named(name: &str) -> Kind {
        match name {
            "number" => Kind::Num,
            "text" => Kind::Text,
            "boolean" => Kind::Bool,
            "date" => Kind::Date,
            other => panic!("unknown type {other}"),
        }
    }
}

impl Value {
    /// A property as a value. Null, empty text, lists and objects give null.
    pub fn of_json(json: &Json) -> Value {
        match json {
            Json::Null | Json::Array(_) | Json::Object(_) => Value::Null,
            Json::String(s) if s.is_empty() => Value::Null,
            scalar => Value::Prop(scalar.clone()),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as a number. A property may also be numeric text.
    pub fn num(&self) -> Option<f64> {
        match self {
            Value::Num(n) => Some(*n),
            Value::Prop(Json::Number(n)) => n.as_f64().filter(|n| n.is_finite()),
            Value::Prop(Json::String(s)) => numeric_text(s),
            _ => None,
        }
    }

    /// The value as text, as in `distinct`, in comparisons with text and in output cells.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Num(n) => Some(number_text(*n)),
            Value::Text(s) => Some(s.clone()),
            Value::Bool(b) => Some(b.to_string()),
            Value::Date(d) => Some(d.to_string()),
            Value::Prop(Json::Number(n)) => Some(json_number_text(n)),
            Value::Prop(Json::String(s)) => Some(s.clone()),
            Value::Prop(Json::Bool(b)) => Some(b.to_string()),
            Value::Prop(_) => None,
        }
    }

    /// The value as a boolean.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Value::Bool(b) => Some(*b),
            Value::Prop(Json::Bool(b)) => Some(*b),
            Value::Prop(Json::String(s)) if s == "true" => Some(true),
            Value::Prop(Json::String(s)) if s == "false" => Some(false),
            _ => None,
        }
    }

    fn date(&self) -> Option<Date> {
        match self {
            Value::Date(d) => Some(*d),
            Value::Prop(Json::String(s)) => date_text(s),
            _ => None,
        }
    }

    /// Converts a property to a type; other values do not change.
    pub fn settle(self, kind: Option<Kind>) -> Value {
        let (Value::Prop(_), Some(kind)) = (&self, kind) else {
            return self;
        };
        match kind {
            Kind::Num => self.num().map_or(Value::Null, Value::Num),
            Kind::Text => self.text().map_or(Value::Null, Value::Text),
            Kind::Bool => self.boolean().map_or(Value::Null, Value::Bool),
            Kind::Date => self.date().map_or(Value::Null, Value::Date),
        }
    }

    fn kind(&self) -> Option<Kind> {
        match self {
            Value::Num(_) => Some(Kind::Num),
            Value::Text(_) => Some(Kind::Text),
            Value::Bool(_) => Some(Kind::Bool),
            Value::Date(_) => Some(Kind::Date),
            Value::Null | Value::Prop(_) => None,
        }
    }
}

/// The smaller of two values of one type, for ties at one instant.
pub fn smaller(a: Value, b: Value) -> Value {
    let before = match (&a, &b) {
        (Value::Num(x), Value::Num(y)) => x <= y,
        (Value::Text(x), Value::Text(y)) => x.as_bytes() <= y.as_bytes(),
        (Value::Bool(x), Value::Bool(y)) => x <= y,
        (Value::Date(x), Value::Date(y)) => x <= y,
        (x, y) => panic!("no order between {x:?} and {y:?}"),
    };
    if before { a } else { b }
}

/// Compares two values as an expression does. None if one is null or cannot be converted to the
/// other's type.
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Prop(_), Value::Prop(_)) => match (a.num(), b.num()) {
            (Some(x), Some(y)) => Some(compare_numbers(x, y)),
            _ => Some(a.text()?.as_bytes().cmp(b.text()?.as_bytes())),
        },
        (Value::Prop(_), _) => compare(&a.clone().settle(b.kind()), b),
        (_, Value::Prop(_)) => compare(a, &b.clone().settle(a.kind())),
        (Value::Num(x), Value::Num(y)) => Some(compare_numbers(*x, *y)),
        (Value::Text(x), Value::Text(y)) => Some(x.as_bytes().cmp(y.as_bytes())),
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
        (x, y) => panic!("the model compares unlike types: {x:?} and {y:?}"),
    }
}

/// Numbers that differ by less than 1e-9 are equal.
pub fn compare_numbers(a: f64, b: f64) -> Ordering {
    if (a - b).abs() < 1e-9 {
        Ordering::Equal
    } else if a < b {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// Parses text of the form `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?` as a number.
pub fn numeric_text(text: &str) -> Option<f64> {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    if mantissa_fits && exponent_fits { text.parse().ok().filter(|n: &f64| n.is_finite()) } else { None }
}

/// A number with at most six decimals and no trailing zeros.
pub fn number_text(number: f64) -> String {
    let fixed = format!("{number:.6}");
    let short = fixed.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".into() } else { short.into() }
}

/// A JSON number as text; an integer keeps its digits.
pub fn json_number_text(number: &serde_json::Number) -> String {
    let written = number.to_string();
    let digits = written.strip_prefix('-').unwrap_or(&written);
    if written == "-0" {
        "0".into()
    } else if digits.bytes().all(|b| b.is_ascii_digit()) {
        written
    } else {
        number.as_f64().map_or(written, number_text)
    }
}

/// Parses a date of the form `YYYY-MM-DD`.
pub fn date_text(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if shape { text.parse().ok() } else { None }
}
