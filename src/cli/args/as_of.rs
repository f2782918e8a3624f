//! `--as-of`: the instant that a run looks from.

use crate::cli::CommandError;
use pql_engine::pipeline::AsOfRequest;
use pql_model::{
    clock::{LAST_DAY, parse_day, parse_rfc3339},
    units::Micros,
};

/// Reads a date, an instant, `yesterday` or `latest`.
///
/// # Errors
/// Usage, if the text is none of these.
pub(super) fn parse_as_of(text: &str) -> Result<AsOfRequest, CommandError> {
    match text {
        "latest" => Ok(AsOfRequest::Latest),
        "yesterday" => Ok(AsOfRequest::Yesterday),
        _ if parse_day(text).is_some_and(|day| day > LAST_DAY) => Err(CommandError::usage(format!(
            "--as-of `{text}` is later than times are read; expected a date up to 9999-12-28"
        ))),
        _ => parse_day(text).map(AsOfRequest::EndOf).or_else(|| parse_rfc3339(text).map(AsOfRequest::At)).ok_or_else(|| {
            CommandError::usage(format!(
                "--as-of `{text}` is no point in time; expected a date such as 2026-10-31, an instant such as 2026-10-31T12:00:00Z, `yesterday` or `latest`"
            ))
        }),
    }
}

/// The present. It is read from the clock only where the instant depends on it; otherwise it is 0.
pub(crate) fn current_time(when: AsOfRequest) -> Micros {
    match when {
        AsOfRequest::Yesterday | AsOfRequest::Latest => jiff::Timestamp::now().as_microsecond(),
        AsOfRequest::At(_) | AsOfRequest::EndOf(_) => 0,
    }
}
