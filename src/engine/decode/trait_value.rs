//! Values of traits: read as the type that the model gives them, from events, traits objects and tables alike.

use super::misread::MisreadCause;
use pql_model::{
    ValueFormat,
    clock::TimeZones,
    expr::{Value, ValueType, is_beyond},
};

/// How the values of a trait or of a measure are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueReader<'m> {
    /// The type that is asked for.
    pub(crate) kind: ValueType,
    /// How its numbers or dates may be written beside the usual ways.
    pub(crate) format: Option<ValueFormat>,
    /// The zones in which times are read and dates are cut.
    pub(crate) zones: TimeZones<'m>,
}

impl ValueReader<'_> {
    /// A value as the type; null if it cannot be read so.
    pub(crate) fn read<'a>(&self, value: Value<'a>) -> Value<'a> {
        match self.kind {
            ValueType::Number => self.number(&value).map_or(Value::Null, Value::Number),
            ValueType::Text => value.to_text().map_or(Value::Null, Value::Text),
            ValueType::Boolean => boolean(&value).map_or(Value::Null, Value::Boolean),
            ValueType::Date => self.date(&value).map_or(Value::Null, Value::Date),
            ValueType::Json | ValueType::Null => value,
        }
    }

    /// Why a value is null once it is read; none if it is not, or was null before.
    pub(crate) fn misread(&self, value: &Value<'_>) -> Option<MisreadCause> {
        let is_lost = !value.is_null() && self.read(value.as_borrowed()).is_null();
        match (self.kind, value) {
            _ if !is_lost => None,
            (ValueType::Number | ValueType::Text, Value::Digits(_)) => Some(MisreadCause::Beyond),
            (ValueType::Number, _) => Some(MisreadCause::NoNumber),
            (ValueType::Date, _) => Some(MisreadCause::NoDate),
            _ => None,
        }
    }

    /// A number; text is read as the format writes it, where there is one.
    fn number(&self, value: &Value<'_>) -> Option<f64> {
        match (value, self.format) {
            (Value::Text(text), Some(format)) => format.parse_number(text.trim()).filter(|number| !is_beyond(*number)),
            (Value::Text(text), None) => Value::Text(text.trim().into()).to_number(),
            _ => value.to_number(),
        }
    }

    /// A date, or the local date of an instant; in the form of the format, or in any that times of events have.
    fn date(&self, value: &Value<'_>) -> Option<pql_model::units::Day> {
        match value {
            Value::Date(day) => Some(*day),
            Value::Text(text) => {
                let iso = self.format.and_then(|format| format.to_iso_date(text.trim()));
                self.zones.day_of(iso.as_deref().unwrap_or(text))
            }
            Value::Digits(digits) => self.zones.day_of(digits),
            _ => None,
        }
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
