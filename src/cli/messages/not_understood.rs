//! Warnings about values that became null because they are no number or no date.

use crate::cli::print_stderr;
use pql_engine::{
    decode::misread::{MisreadCause, NotUnderstood},
    pipeline::{FoldedRun, LoadedTables},
};
use pql_model::{
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// Warns of values that became null, and says what to write. Printed even with `--quiet`, since a score without them misleads.
pub(crate) fn warn_not_understood<'n>(all: impl IntoIterator<Item = &'n NotUnderstood>) {
    for one in all {
        print_stderr(&escape_controls(&format!("warning: {}", not_understood_text(one))));
    }
}

/// The values of a run that became null: those of the events, then those of the enrichment files.
pub(crate) fn all_not_understood(tables: &LoadedTables, folded: &FoldedRun) -> Vec<NotUnderstood> {
    let of_tables = tables.levels.values().into_iter().flatten().flat_map(|table| &table.not_understood);
    folded.not_understood.iter().chain(of_tables).cloned().collect()
}

fn not_understood_text(one: &NotUnderstood) -> String {
    let what = match one.cause {
        MisreadCause::NoNumber if one.count == 1 => "no number",
        MisreadCause::NoNumber => "no numbers",
        MisreadCause::NoDate if one.count == 1 => "no date",
        MisreadCause::NoDate => "no dates",
        MisreadCause::Beyond if one.count == 1 => "a number beyond 1e15",
        MisreadCause::Beyond => "numbers beyond 1e15",
    };
    let (is, they, first) = match one.count {
        1 => ("is", "it counts as", "at"),
        _ => ("are", "they count as", "the first is at"),
    };
    let values = plural(one.count, "value", "values");
    // What a cell lacks, events may still give.
    let (kind, missing) = match (one.of, one.count) {
        ("events", _) => ("property", "missing"),
        (_, 1) => ("column", "an empty cell"),
        _ => ("column", "empty cells"),
    };
    format!(
        "{values} of the {kind} `{}` {is} {what} ({first} {}:{}); {they} {missing}. {}",
        one.column,
        one.file,
        one.line,
        not_understood_advice(one)
    )
}

/// What to write so that the values are read.
fn not_understood_advice(one: &NotUnderstood) -> String {
    let formats: Vec<String> =
        one.candidates.formats().map(|format| format!("format = \"{}\"", format.word())).collect();
    let traits: Vec<&str> = one.traits.iter().map(String::as_str).collect();
    match one.cause {
        MisreadCause::Beyond => "Such long ids are kept whole as text.".to_owned(),
        _ if !formats.is_empty() && !traits.is_empty() => {
            let traits_word = if traits.len() == 1 { "trait" } else { "traits" };
            format!("On the {traits_word} {}, `{}` would read them.", quoted_list(&traits), formats.join("` or `"))
        }
        MisreadCause::NoNumber => "Write a plain number, such as 1234.5.".to_owned(),
        MisreadCause::NoDate => "Write a date as 2026-01-31, or an instant as 2026-01-31T10:00:00Z.".to_owned(),
    }
}
