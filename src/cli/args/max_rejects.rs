//! `--max-rejects`: how many rejected lines end a run.

use crate::cli::CommandError;
use pql_engine::pipeline::MaxRejects;

/// Reads a share (`1%`, `0.01`) or a number of lines (`100`).
///
/// # Errors
/// Usage, if the text is neither.
pub(super) fn parse_max_rejects(text: &str) -> Result<MaxRejects, CommandError> {
    let share = |text: &str| text.trim().parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
    let limit = match text.strip_suffix('%') {
        Some(percent) => share(percent).map(|percent| MaxRejects::Share(percent / 100.0)),
        None if text.contains('.') => share(text).filter(|share| *share <= 1.0).map(MaxRejects::Share),
        None => text.parse().ok().map(MaxRejects::Count),
    };
    limit.ok_or_else(|| {
        CommandError::usage(format!(
            "--max-rejects `{text}` is no limit; expected a share such as 1% or 0.01, or a number of lines such as 100"
        ))
    })
}
