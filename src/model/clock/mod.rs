//! Zones, local days, text to instants, and the point in time that a run looks from.
//!
//! Nothing here reads a clock: the present is an argument.

mod format;
mod instant_reader;
mod parse;
#[cfg(test)]
mod tests;
mod zone;

pub use self::{
    format::{civil_date, format_day, format_instant, push_day, push_instant, weekday},
    instant_reader::InstantReader,
    parse::{TimeError, is_numeric, parse_day, parse_instant, parse_rfc3339, parse_wall_clock},
    zone::{DayReader, Zone},
};

use crate::units::{DAY_US, Day, Micros};

/// The first instant that an event may have: 0001-01-02, so that its local date exists in every zone.
const INSTANT_MIN: Micros = -62_135_510_400_000_000;
/// The first instant that is too late for an event: 9999-12-30, for the same reason.
const INSTANT_MAX: Micros = 253_402_128_000_000_000;

/// The last local date that all of an event can lie in, in every zone: 9999-12-28.
pub const LAST_DAY: Day = (INSTANT_MAX / DAY_US) as Day - 2;

/// The point in time that a run looks from, and the local dates that follow from it.
#[derive(Debug, Clone, Copy)]
pub struct AsOf {
    /// An event counts only if its time is before this.
    pub instant: Micros,
    /// D: the local date of the last microsecond before `instant`.
    pub day: Day,
    /// Whether D goes on after `instant`.
    pub partial: bool,
}

impl AsOf {
    /// Looks from an instant in a zone.
    pub fn new(instant: Micros, zone: &Zone) -> AsOf {
        let day = zone.day(instant - 1);
        AsOf { instant, day, partial: zone.day(instant) == day }
    }

    /// The end of a local date.
    pub fn end_of_day(day: Day, zone: &Zone) -> AsOf {
        AsOf::new(zone.day_start(day + 1), zone)
    }
}

/// A window of whole local dates relative to D, or to an entity's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateWindow {
    /// The last so many dates, moved back by so many.
    Last { days: i32, ago: i32 },
    /// From the first of D's month to D.
    Month,
    /// The first so many dates of the entity.
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
