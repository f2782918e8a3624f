//! The types and values of expressions, and the conversions of JSON values.
//!
//! A JSON value is converted to the type of the value that it is compared with. The `to_` methods
//! of [`Value`] do this.

use std::{borrow::Cow, cmp::Ordering, fmt};

use crate::{
    clock::{format_day, is_numeric, parse_day},
    units::{Day, approx_equal, format_number},
};

/// The type of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A 64-bit floating-point number.
    Number,
    /// Text, compared by bytes.
    Text,
    /// True or false.
    Boolean,
    /// A calendar date.
    Date,
    /// A property of an event. It is converted to the type that it is compared with.
    Json,
    /// The literal `null`, which fits every type.
    Null,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::Number => "a number",
            ValueType::Text => "text",
            ValueType::Boolean => "true or false",
            ValueType::Date => "a date",
            ValueType::Json => "a property",
            ValueType::Null => "null",
        })
    }
}

/// A value. Text is borrowed where possible.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// The unknown value.
    Null,
    /// A finite number.
    Number(f64),
    /// Text, unchanged.
    Text(Cow<'a, str>),
    /// True or false.
    Boolean(bool),
    /// Days since 1970-01-01.
    Date(Day),
    /// A JSON number as written, so that a conversion to text loses no digit.
    Digits(&'a str),
}

impl<'a> Value<'a> {
    /// A number, or null if it is not finite.
    pub fn number(value: f64) -> Value<'a> {
        if value.is_finite() { Value::Number(value) } else { Value::Null }
    }

    /// The same value; text is borrowed, not copied.
    #[inline]
    pub fn as_borrowed(&self) -> Value<'_> {
        match self {
            Value::Null => Value::Null,
            Value::Number(number) => Value::Number(*number),
            Value::Text(text) => Value::Text(Cow::Borrowed(text)),
            Value::Boolean(truth) => Value::Boolean(*truth),
            Value::Date(day) => Value::Date(*day),
            Value::Digits(digits) => Value::Digits(digits),
        }
    }

    /// True if the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// True if the value is the boolean true.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Boolean(true))
    }

    /// The number, if the value has type number.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value converted to a number.
    pub fn to_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Digits(digits) => digits.parse().ok().filter(|number| !is_beyond(*number)),
            Value::Text(text) if is_numeric(text) => text.parse().ok().filter(|number| !is_beyond(*number)),
            _ => None,
        }
    }

    /// The value converted to text; empty text is null.
    pub fn to_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Value::Null => None,
            Value::Text(text) => (!text.is_empty()).then(|| text.clone()),
            Value::Number(number) => Some(Cow::Owned(format_number(*number))),
            Value::Digits(digits) => (!are_beyond(digits)).then(|| digits_text(digits)),
            Value::Boolean(true) => Some(Cow::Borrowed("true")),
            Value::Boolean(false) => Some(Cow::Borrowed("false")),
            Value::Date(day) => Some(Cow::Owned(format_day(*day))),
        }
    }

    /// The value converted to a boolean.
    pub fn to_boolean(&self) -> Option<bool> {
        match self {
            Value::Boolean(truth) => Some(*truth),
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// The value converted to a date.
    pub fn to_date(&self) -> Option<Day> {
        match self {
            Value::Date(day) => Some(*day),
            Value::Text(text) => parse_day(text.trim()),
            _ => None,
        }
    }
}

/// The largest number of data, positive or negative. Beyond it a double loses digits.
const NUMBER_MAX: f64 = 1e15;

/// True if the number is too large for data.
pub fn is_beyond(number: f64) -> bool {
    number.abs() > NUMBER_MAX
}

/// True if the JSON number is too large for data.
#[inline]
pub fn are_beyond(digits: &str) -> bool {
    // Fifteen digits are below it, whatever they are.
    let is_short = digits.len() <= 15 && !digits.bytes().any(|byte| matches!(byte, b'e' | b'E'));
    !is_short && digits.parse().is_ok_and(is_beyond)
}

/// The decimal text of a JSON number. Whole numbers keep their digits; others have at most six
/// decimals.
fn digits_text(digits: &str) -> Cow<'_, str> {
    if digits == "-0" {
        return Cow::Borrowed("0");
    }
    if digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return Cow::Borrowed(digits);
    }
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Cow::Owned(format_number(number)),
        _ => Cow::Borrowed(digits),
    }
}

/// The order of two numbers. Numbers within the tolerance are equal.
#[inline]
pub(super) fn order_numbers(a: f64, b: f64) -> Option<Ordering> {
    if approx_equal(a, b) { Some(Ordering::Equal) } else { a.partial_cmp(&b) }
}

/// The order of two values of one type. None if one is null or the types differ.
pub(super) fn compare_values(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => order_numbers(*a, *b),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The order of two JSON values: as numbers if both are numeric, else as text.
pub(super) fn order_json(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a.to_number(), b.to_number()) {
        (Some(a), Some(b)) => compare_values(&Value::Number(a), &Value::Number(b)),
        _ => Some(a.to_text()?.as_bytes().cmp(b.to_text()?.as_bytes())),
    }
}
