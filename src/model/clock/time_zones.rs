//! The two zones of a run: the one in which times without a zone are read, and the one in which dates are cut.

use super::{TimeError, Zone, parse_day, parse_instant};
use crate::units::{Day, Micros};

/// Reads texts and numbers as dates and instants, as the model has it.
#[derive(Debug, Clone, Copy)]
pub struct TimeZones<'z> {
    /// `time_zone`: cuts dates.
    pub local: &'z Zone,
    /// `[input] time_zone`: of times that are written without one.
    pub unmarked: &'z Zone,
}

impl TimeZones<'_> {
    /// A date alone is that date; any time that an event may have is its local date.
    pub fn day_of(&self, text: &str) -> Option<Day> {
        let text = text.trim();
        parse_day(text).or_else(|| parse_instant(text, self.unmarked).ok().map(|at| self.local.day(at)))
    }

    /// A date alone is its first instant; any time that an event may have is that instant.
    ///
    /// # Errors
    ///
    /// [`TimeError`].
    pub fn instant_of(&self, text: &str) -> Result<Micros, TimeError> {
        let text = text.trim();
        parse_day(text).map_or_else(|| parse_instant(text, self.unmarked), |day| Ok(self.local.day_start(day)))
    }
}
