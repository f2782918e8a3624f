//! The command that follows a run: why a row of its list is where it is.

use std::io::{self, IsTerminal};

use super::ScoreArguments;
use crate::cli::{print_stderr, shell::shell_word};
use pql_engine::score::ScoredEntities;
use pql_model::diag::escape_controls;

/// Prints the command line that explains the first row of the level; nothing without rows, or if the events came through a pipe.
///
/// An id is personal data, so only a person at a terminal sees it, and no log.
pub(super) fn print_next_step(arguments: &ScoreArguments, scored: &ScoredEntities<'_>) {
    let kind = arguments.level.kind();
    let Some(id) = scored.first_id(kind) else { return };
    if arguments.events.iter().any(|event| event.as_os_str() == "-") {
        return;
    }
    let shown = if io::stderr().is_terminal() { id } else { "ID" };
    let mut words = vec!["pql".to_owned(), "explain".to_owned(), shell_word(&format!("{}:{shown}", kind.word()))];
    words.extend(arguments.events.iter().map(|event| shell_word(&event.to_string_lossy())));
    let model = arguments.models.first().map(|path| path.display().to_string());
    words.extend(model.into_iter().flat_map(|path| ["-m".to_owned(), shell_word(&path)]));
    let options = arguments.run.words().into_iter().chain(arguments.limits.words());
    words.extend(options.map(|word| shell_word(&word)));
    print_stderr(&escape_controls(&format!("next: {} shows why a row is where it is", words.join(" "))));
}
