//! What only events show of a model, for people: one table with the nearest names, since these problems are many and alike.

use std::fmt::Write;

use super::{CheckedModel, data::NEAREST};
use pql_model::{
    codes,
    diag::{Diagnostic, escape_controls},
};

/// The codes of problems that only events show.
const OF_EVENTS: [&str; 7] = [
    codes::NO_SUCH_EVENT,
    codes::NO_SUCH_PROPERTY,
    codes::NO_SUCH_VALUE,
    codes::UNPLANNED,
    codes::NO_SUCH_TRAIT,
    codes::NEVER_FIRES,
    codes::ALWAYS_FIRES,
];

/// Fewer problems than these are drawn at their lines.
const ROWS_MIN: usize = 2;

/// Longer messages do not widen the table; characters.
const MESSAGE_CHARS_MAX: usize = 70;

/// Splits problems: some are drawn at their lines, the others stand in the table.
pub(super) fn split_problems(problems: &[Diagnostic]) -> (Vec<Diagnostic>, Vec<&Diagnostic>) {
    let of_events: Vec<&Diagnostic> = problems.iter().filter(|problem| OF_EVENTS.contains(&problem.code)).collect();
    if of_events.len() < ROWS_MIN {
        return (problems.to_vec(), Vec::new());
    }
    let own = problems.iter().filter(|problem| !OF_EVENTS.contains(&problem.code));
    (own.cloned().collect(), of_events)
}

/// A row: line, code, message, and the nearest names.
type TableRow = [String; 4];

/// The problems that events show, a row for each, and below them once what helps where nothing is near. Empty if there are none.
pub(super) fn events_table(checked: &CheckedModel, problems: &[&Diagnostic]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let mut out = format!("{} against the events\n", escape_controls(&checked.document.name));
    let header = ["line", "code", "what the events show", "there is"].map(str::to_owned);
    let rows: Vec<TableRow> = problems.iter().map(|problem| row(checked, problem)).collect();
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
        cells.filter(|width| *width <= MESSAGE_CHARS_MAX).max().unwrap_or(MESSAGE_CHARS_MAX)
    };
    let [line, code, message] = [0, 1, 2].map(width);
    for [a, b, c, d] in [&header].into_iter().chain(&rows) {
        let _ = writeln!(out, "{}", format!("  {a:>line$}  {b:code$}  {c:message$}  {d}").trim_end());
    }
    for (code, help) in other_helps(problems) {
        let _ = writeln!(out, "  = help for {code}: {}", escape_controls(help));
    }
    out.trim_end().to_owned()
}

fn row(checked: &CheckedModel, problem: &Diagnostic) -> TableRow {
    let (line, _) = checked.document.position(problem.span.start);
    let near = nearest(problem).unwrap_or_default();
    let message = escape_controls(&problem.message);
    [line.to_string(), problem.code.to_owned(), message, escape_controls(near)]
}

/// The names that come nearest, if any do.
fn nearest(problem: &Diagnostic) -> Option<&str> {
    problem.help.as_deref()?.strip_prefix(NEAREST)
}

/// The advice that names nothing, each once, with its code.
fn other_helps<'p>(problems: &[&'p Diagnostic]) -> Vec<(&'static str, &'p str)> {
    let mut helps: Vec<(&'static str, &str)> = Vec::new();
    for problem in problems.iter().filter(|problem| nearest(problem).is_none()) {
        let Some(help) = problem.help.as_deref() else { continue };
        if !helps.contains(&(problem.code, help)) {
            helps.push((problem.code, help));
        }
    }
    helps.sort_by_key(|(code, _)| *code);
    helps
}
