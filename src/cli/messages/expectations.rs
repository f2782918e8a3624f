//! What a run was expected to look like and what it looks like.

use crate::{
    cli::print_stderr,
    commands::score::{ExpectationOutcome, JudgedExpectation, RunWarning},
};
use pql_engine::{emit::ExpectationOrigin, read::MissingColumn};
use pql_model::{
    EntityKind,
    clock::{format_day, format_instant},
    diag::{escape_controls, quoted_list},
    resolved::UnmetAction,
    units::{format_number, plural},
};

/// Tells of every expectation that is not met. Printed even with `--quiet`. `model` is the path of the model.
pub(crate) fn report_unmet_expectations(judged: &[JudgedExpectation], model: &str) {
    for one in judged.iter().filter(|one| one.outcome == ExpectationOutcome::Unmet) {
        let severity = match one.otherwise {
            UnmetAction::Fail => "error",
            UnmetAction::Warn => "warning",
        };
        print_stderr(&escape_controls(&format!("{severity}: {}", unmet_text(one, model))));
    }
}

/// `expectation not met: ...`, with the numbers that it was judged by.
fn unmet_text(one: &JudgedExpectation, model: &str) -> String {
    let (condition, numbers) = (&one.verdict.text, one.verdict.numbers_text());
    let means = one.say.as_ref().map(|say| format!(" ({say})")).unwrap_or_default();
    match one.origin {
        ExpectationOrigin::Model { line } => {
            format!("{model}:{line}: the expectation `{condition}` is not met{means}: {numbers}")
        }
        ExpectationOrigin::CommandLine => format!("--fail-if `{condition}` holds: {numbers}"),
    }
}

/// Expectations that could not be judged.
pub(crate) fn note_unjudged_expectations(judged: &[JudgedExpectation], model: &str) {
    for one in judged {
        let why = match one.outcome {
            ExpectationOutcome::Met | ExpectationOutcome::Unmet => continue,
            ExpectationOutcome::NeedsRecord => {
                "it compares with the run before, and this run has no record of it".to_owned()
            }
            ExpectationOutcome::Null => format!("its result is null with {}", one.verdict.numbers_text()),
        };
        let condition = &one.verdict.text;
        let what = match one.origin {
            ExpectationOrigin::Model { line } => format!("{model}:{line}: the expectation `{condition}`"),
            ExpectationOrigin::CommandLine => format!("--fail-if `{condition}`"),
        };
        print_stderr(&escape_controls(&format!("note: {what} is not judged: {why}")));
    }
}

/// What is probably wrong with a run. Printed even with `--quiet`.
pub(crate) fn warn_of_run(warnings: &[RunWarning]) {
    for warning in warnings {
        print_stderr(&escape_controls(&format!("warning: {}", warning_text(warning))));
    }
}

fn warning_text(warning: &RunWarning) -> String {
    match warning {
        RunWarning::EmptyFiles { first, count: 1 } => format!("{first} is empty, and other files are not"),
        RunWarning::EmptyFiles { first, count } => {
            format!("{count} files are empty, and others are not; the first empty one is {first}")
        }
        RunWarning::QuietLastDay { day, newest, stale_hours } => format!(
            "no event on {}, the last date of this run; the newest event is of {}, {} hours before the end",
            format_day(*day),
            format_instant(*newest),
            format_number((stale_hours * 10.0).round() / 10.0)
        ),
        RunWarning::NoUser => {
            "no event names a user, so there are no users; [input] fields = { user = \"...\" } says where the id stands, and `pql inspect` shows the fields".to_owned()
        }
        RunWarning::NoAccount => {
            "no event names an account, and no user has an e-mail of a company, so there are no accounts; [input] fields = { account = \"...\" } says where the id stands, and `pql inspect` shows the fields".to_owned()
        }
        RunWarning::Unmatched { kind, unmatched, rows } => unmatched_text(*kind, *unmatched, *rows),
        RunWarning::ManyRejected { file, rejected, records, count } => {
            let others = if *count > 1 { format!("; {} in all are like it", plural(*count as u64, "file", "files")) } else { String::new() };
            format!(
                "{rejected} of {} of {file} are rejected{others}; if it is a new delivery, its form has changed, and --rejects FILE shows the lines",
                plural(*records, "record", "records")
            )
        }
        RunWarning::CutFile { file } => format!("the last line of {file} is cut; the file may be incomplete"),
        RunWarning::MissingColumn { file, missing } => missing_column_text(file, missing),
        RunWarning::FewerRows { kind, rows, before } => format!(
            "--{} has {}, less than half of the {before} of the run before; the file may be cut or late",
            kind.plural(),
            plural(*rows, "row", "rows")
        ),
        RunWarning::IdsInConflict { conflicts, events } => format!(
            "{conflicts} of {} share an id with an event of other content, and all of them count, so scores may be too high; \
             if the same rows were exported twice, keep one of the files, and if the ids are not those of events, [input] fields = {{ id = \"...\" }} names the right column",
            plural(*events, "event", "events")
        ),
        RunWarning::ManyQualified { qualified, users } => format!(
            "{qualified} of {} are qualified, {:.0} %; that is too long a list for sales, so raise `at_least` of the tiers",
            plural(*users, "user", "users"),
            *qualified as f64 * 100.0 / (*users).max(1) as f64
        ),
    }
}

fn missing_column_text(file: &str, missing: &MissingColumn) -> String {
    let MissingColumn { part, column, near } = missing;
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let help = match near.as_slice() {
        [] => "its events lack it".to_owned(),
        [one] => format!("its events lack it; is it called `{one}` there?"),
        several => format!("its events lack it; is it one of {} there?", quoted_list(several)),
    };
    format!("{file} has no column `{column}`, which [input] fields names for the {part}; {help}")
}

fn unmatched_text(kind: EntityKind, unmatched: u64, rows: u64) -> String {
    let (one, many) = (kind.word(), kind.plural());
    let of = plural(rows, "row", "rows");
    let belong = if unmatched == 1 { "belongs" } else { "belong" };
    format!(
        "{unmatched} of the {of} of --{many} {belong} to no {one} with events; if its ids are in another column, --{many}-key names it"
    )
}
