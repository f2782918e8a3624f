//! When an outcome happened, as a cell says it.
//!
//! Takes a value, gives its local date, the instant at which it counts as having happened, and the first `as_of` that sees it. A date alone
//! is known at its end, so that no run of that day sees what happened after it.

use pql_model::{
    ValueFormat,
    clock::{TimeZones, parse_day},
    expr::Value,
    units::{Day, Micros},
};

/// When an outcome happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrittenTime {
    /// The local date.
    pub(crate) day: Day,
    /// The instant; of a date alone its beginning.
    pub(crate) begins: Micros,
    /// The first `as_of` that sees it.
    pub(crate) known_from: Micros,
}

impl WrittenTime {
    /// A date alone.
    pub(crate) fn of_day(day: Day, zones: TimeZones<'_>) -> WrittenTime {
        WrittenTime { day, begins: zones.local.day_start(day), known_from: zones.local.day_start(day + 1) }
    }

    /// An instant, which every later `as_of` sees.
    pub(crate) fn of_instant(at: Micros, zones: TimeZones<'_>) -> WrittenTime {
        WrittenTime { day: zones.local.day(at), begins: at, known_from: at + 1 }
    }

    /// Reads a value in the forms of times of events, or in a format. None if it is no time.
    pub(super) fn read(value: &Value<'_>, format: Option<ValueFormat>, zones: TimeZones<'_>) -> Option<WrittenTime> {
        match value {
            Value::Date(day) => Some(WrittenTime::of_day(*day, zones)),
            Value::Digits(digits) => zones.instant_of(digits).ok().map(|at| WrittenTime::of_instant(at, zones)),
            Value::Text(text) => {
                let text = text.trim();
                let iso = format.and_then(|format| format.to_iso_date(text));
                let text = iso.as_deref().unwrap_or(text);
                match parse_day(text) {
                    Some(day) => Some(WrittenTime::of_day(day, zones)),
                    None => zones.instant_of(text).ok().map(|at| WrittenTime::of_instant(at, zones)),
                }
            }
            Value::Null | Value::Number(_) | Value::Boolean(_) => None,
        }
    }
}
