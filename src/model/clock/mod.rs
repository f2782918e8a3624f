//! Time: text to instants, time zones and local dates, and the as-of point of a run.
//!
//! [`InstantReader`] parses the times of events. A [`Zone`] gives the local date of an instant, and
//! [`DayReader`] does so for many instants. [`AsOf`] is the point in time at which a run scores,
//! and [`DateWindow`] gives dates relative to it. No function reads the system clock; the present
//! is an argument.
//!
//! Instants are microseconds since 1970 ([`Micros`]), dates are days since 1970 ([`Day`]).

mod format;
mod instant_reader;
mod parse;
#[cfg(test)]
mod tests;
mod time_zones;
mod zone;

pub use self::{
    format::{civil_date, format_day, format_instant, push_day, push_instant, weekday},
    instant_reader::InstantReader,
    parse::{TimeError, is_numeric, parse_day, parse_instant, parse_rfc3339, parse_wall_clock},
    time_zones::TimeZones,
    zone::{DayReader, Zone},
};

use crate::units::{DAY_US, Day, Micros};

/// The first instant of an event: 0001-01-02. Its local date then exists in every zone.
const INSTANT_MIN: Micros = -62_135_510_400_000_000;
/// The end of the instants of events, exclusive: 9999-12-30. Local dates then exist in every zone.
const INSTANT_MAX: Micros = 253_402_128_000_000_000;

/// The last local date that an event can have in every zone: 9999-12-28.
pub const LAST_DAY: Day = (INSTANT_MAX / DAY_US) as Day - 2;

/// The point in time at which a run scores, and its local date.
#[derive(Debug, Clone, Copy)]
pub struct AsOf {
    /// The end of the counted events, exclusive.
    pub instant: Micros,
    /// The date D: the local date of the last microsecond before `instant`.
    pub day: Day,
    /// True if D continues after `instant`.
    pub partial: bool,
}

impl AsOf {
    /// The as-of point of an instant in a zone.
    pub fn new(instant: Micros, zone: &Zone) -> AsOf {
        let day = zone.day(instant - 1);
        AsOf { instant, day, partial: zone.day(instant) == day }
    }

    /// The as-of point at the end of a local date.
    pub fn end_of_day(day: Day, zone: &Zone) -> AsOf {
        AsOf::new(zone.day_start(day + 1), zone)
    }
}

/// A window of whole local dates, relative to D or to an entity's first date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateWindow {
    /// The last `days` dates, moved back by `ago` dates.
    Last { days: i32, ago: i32 },
    /// From the first date of D's month to D.
    Month,
    /// The first `days` dates of the entity.
    First { days: i32 },
}

impl DateWindow {
    /// The first and last date of the window.
    pub fn dates(self, today: Day, start: Day) -> (Day, Day) {
        match self {
            DateWindow::Last { days, ago } => {
                let last = today.saturating_sub(ago);
                (last.saturating_sub(days - 1), last)
            }
            DateWindow::Month => (today - i32::from(civil_date(today).day()) + 1, today),
            DateWindow::First { days } => (start, start.saturating_add(days - 1)),
        }
    }
}
