//! The period of a row: `valid_from` and `valid_to`, as dbt snapshots and histories of a CRM write them.
//!
//! Takes values of these columns, gives half-open periods. A date alone is its beginning in the model's time zone.

use pql_model::{
    clock::{TimeError, TimeZones},
    expr::Value,
    units::Micros,
};

/// Columns of the first instant of a row.
pub(super) const VALID_FROM: [&str; 2] = ["valid_from", "dbt_valid_from"];
/// Columns of the end of a row.
pub(super) const VALID_TO: [&str; 2] = ["valid_to", "dbt_valid_to"];

/// The period in which a row holds. An end without an instant is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValidPeriod {
    /// The first instant.
    pub(crate) from: Option<Micros>,
    /// The first instant at which it no longer holds.
    pub(crate) to: Option<Micros>,
}

impl ValidPeriod {
    /// Whether it holds at the last microsecond before an instant. A run with that `as_of` sees it then.
    pub(crate) fn holds_before(self, as_of: Micros) -> bool {
        self.from.is_none_or(|from| from < as_of) && self.to.is_none_or(|to| as_of <= to)
    }
}

/// The instant of a value; none without a value or beyond all years, which some exports write for no end.
///
/// # Errors
///
/// A value that is no time.
pub(super) fn bound(value: &Value<'_>, zones: TimeZones<'_>) -> Result<Option<Micros>, TimeError> {
    let parsed = match value {
        Value::Null => return Ok(None),
        Value::Text(text) => zones.instant_of(text),
        Value::Digits(digits) => zones.instant_of(digits),
        _ => Err(TimeError::Malformed),
    };
    match parsed {
        Err(TimeError::OutOfRange) => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_half_open_and_seen_from_the_instant_after() {
        let period = ValidPeriod { from: Some(10), to: Some(20) };
        let held: Vec<Micros> = (8..24).filter(|as_of| period.holds_before(*as_of)).collect();
        assert_eq!(held, (11..=20).collect::<Vec<Micros>>());
        assert!(ValidPeriod::default().holds_before(Micros::MIN));
    }
}
