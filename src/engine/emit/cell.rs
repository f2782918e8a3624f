//! A typed cell of a row, and how it is printed.

use std::borrow::Cow;

use pql_model::{
    clock::{push_day, push_instant},
    expr::Value,
    output_columns::ColumnType,
    units::{Day, Micros, Points, push_number},
};

/// A cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OutputCell<'r> {
    /// Nothing known.
    Null,
    /// As it is.
    Text(Cow<'r, str>),
    /// To the thousandth.
    Points(Points),
    /// At most six decimals.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// `YYYY-MM-DD`.
    Date(Day),
    /// RFC 3339 in UTC.
    Instant(Micros),
}

impl<'r> OutputCell<'r> {
    pub(super) fn from_value(value: Value<'r>) -> OutputCell<'r> {
        match value {
            Value::Null => OutputCell::Null,
            Value::Number(number) => OutputCell::Number(number),
            Value::Text(text) => OutputCell::Text(text),
            Value::Digits(text) => OutputCell::Text(text.into()),
            Value::Boolean(truth) => OutputCell::Boolean(truth),
            Value::Date(day) => OutputCell::Date(day),
        }
    }

    /// The same cell, which points into nothing.
    pub(crate) fn into_owned(self) -> OutputCell<'static> {
        match self {
            OutputCell::Null => OutputCell::Null,
            OutputCell::Text(text) => OutputCell::Text(Cow::Owned(text.into_owned())),
            OutputCell::Points(points) => OutputCell::Points(points),
            OutputCell::Number(number) => OutputCell::Number(number),
            OutputCell::Boolean(truth) => OutputCell::Boolean(truth),
            OutputCell::Date(day) => OutputCell::Date(day),
            OutputCell::Instant(at) => OutputCell::Instant(at),
        }
    }

    pub(crate) fn from_text(text: Option<&'r str>) -> OutputCell<'r> {
        text.map_or(OutputCell::Null, |text| OutputCell::Text(text.into()))
    }

    /// Whether a column of a type may hold it.
    pub(super) fn fits(&self, kind: ColumnType) -> bool {
        match self {
            OutputCell::Null => true,
            OutputCell::Text(_) => kind == ColumnType::Text,
            OutputCell::Points(_) => kind == ColumnType::Points,
            OutputCell::Number(_) => kind == ColumnType::Number,
            OutputCell::Boolean(_) => kind == ColumnType::Boolean,
            OutputCell::Date(_) => kind == ColumnType::Date,
            OutputCell::Instant(_) => kind == ColumnType::Instant,
        }
    }

    /// The cell as text, which is empty for null.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            OutputCell::Text(text) => Cow::Borrowed(text),
            other => {
                let mut text = String::new();
                other.push_to(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Appends the text to another.
    pub(super) fn push_to(&self, text: &mut String) {
        match self {
            OutputCell::Null => {}
            OutputCell::Text(own) => text.push_str(own),
            OutputCell::Points(points) => points.push_to(text),
            OutputCell::Number(number) => push_number(text, *number),
            OutputCell::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
            OutputCell::Date(day) => push_day(text, *day),
            OutputCell::Instant(at) => push_instant(text, *at),
        }
    }
}
