//! The standard output of commands that print one report.

use std::io::{self, Write};

use serde::Serialize;

use super::CommandError;

/// Prints a report.
///
/// # Errors
/// The output cannot be written to, or its reader went away.
pub(super) fn print_stdout(report: &str) -> Result<(), CommandError> {
    io::stdout().lock().write_all(report.as_bytes()).map_err(CommandError::output)
}

/// A report as indented JSON with a line end.
///
/// # Panics
/// Never: reports have text for keys, and all that JSON cannot write is written as null.
pub(super) fn pretty_json(report: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has text keys, so it has a JSON form");
    text.push('\n');
    text
}

/// Columns of the terminal, if the shell exports them.
pub(super) fn terminal_width() -> u16 {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(120)
}
