//! Notes on the input of a run: files that are left out, what files were read as, rejected lines, names without events.

use crate::{
    cli::print_stderr,
    commands::score::{MissingNames, empty_files},
};
use pql_engine::{
    decode::{RejectReason, format::DetectedFormat},
    enrich::EnrichFile,
    pipeline::{FoldedRun, RejectedLines, RunError},
    read::{FileStats, ResolvedInputs},
};
use pql_model::{
    EntityKind,
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// The most names of columns or events that are listed.
const NAMES_LISTED: usize = 12;

/// Inputs that are not read though they have the name of an event file. Printed even with `--quiet`, since their events are missing.
pub(crate) fn warn_skipped_inputs(resolved: &ResolvedInputs) {
    for skipped in resolved.skipped.iter().filter(|skipped| skipped.is_named_event) {
        print_stderr(&escape_controls(&format!("warning: {skipped}")));
    }
}

/// Other files that are not read, or were named twice.
pub(crate) fn note_skipped_inputs(resolved: &ResolvedInputs) {
    for skipped in resolved.skipped.iter().filter(|skipped| !skipped.is_named_event) {
        print_stderr(&escape_controls(&format!("note: {skipped}")));
    }
    for left_out in &resolved.skipped_members {
        print_stderr(&escape_controls(&format!("note: {left_out}")));
    }
    for repeated in &resolved.duplicates {
        print_stderr(&escape_controls(&format!("note: {repeated}")));
    }
}

/// The format that each file was read as and the sign it was recognised by, unless a format was asked for.
pub(crate) fn note_formats(folded: &FoldedRun, asked: &str) {
    note_formats_by_kind(
        folded.files.iter().map(|stats| stats.name.as_str()).zip(folded.formats.iter().copied()),
        asked,
    );
}

/// The same for a run that ended without a result.
pub(crate) fn note_formats_of_rejects(rejects: &RejectedLines, asked: &str) {
    note_formats_by_kind(rejects.formats(), asked);
}

/// One note for all files of a format.
fn note_formats_by_kind<'f>(files: impl Iterator<Item = (&'f str, Option<DetectedFormat>)>, asked: &str) {
    let mut kinds: Vec<(DetectedFormat, &str, u64)> = Vec::new();
    for (name, format) in files {
        let Some(format) = format else { continue };
        let same = |(known, ..): &&mut (DetectedFormat, &str, u64)| {
            known.sign == format.sign && known.format.title == format.format.title
        };
        match kinds.iter_mut().find(same) {
            Some((.., count)) => *count += 1,
            None => kinds.push((format, name, 1)),
        }
    }
    for (format, name, count) in kinds.into_iter().filter(|_| asked == "auto") {
        let more = match count - 1 {
            0 => String::new(),
            others => format!(" and {}", plural(others, "more file", "more files")),
        };
        print_stderr(&escape_controls(&format!(
            "note: {name}{more}: read as {}: {}",
            format.format.title, format.sign
        )));
    }
}

/// Empty files among full ones, which an export that failed may have left. Printed even with `--quiet`.
pub(crate) fn warn_empty_files(files: &[FileStats]) {
    super::warn_of_run(empty_files(files).as_slice());
}

/// Files that somebody wrote to while they were read.
pub(crate) fn note_grown_files(files: &[FileStats]) {
    for file in files.iter().filter(|file| file.grew) {
        print_stderr(&escape_controls(&format!(
            "note: {} grew while it was read; what came after its size at the beginning is left to the next run",
            file.name
        )));
    }
}

/// Records that may be several, as behind a stray quote. Printed even with `--quiet`, since the others are missing.
pub(crate) fn warn_multiline_records(files: &[FileStats]) {
    for (file, multiline) in files.iter().filter_map(|file| Some((file, file.multiline?))) {
        let more = match multiline.count - 1 {
            0 => String::new(),
            more => format!("; so do {more} more in this file"),
        };
        print_stderr(&escape_controls(&format!(
            "warning: {}:{}: this record spans {} lines and counts once{more}; if they are records of their own, look for a stray quote or a missing bracket there",
            file.name, multiline.line, multiline.lines
        )));
    }
}

/// Answers of APIs that are not all there is.
pub(crate) fn note_more_pages(files: &[FileStats]) {
    let mut pages = files.iter().filter(|file| file.more_pages).map(|file| escape_controls(&file.name));
    let Some(first) = pages.next() else { return };
    let what = match pages.count() {
        0 => format!("{first} is an answer that names a next page"),
        more => format!(
            "{} are answers that name a next page, the first is {first}",
            plural(more as u64 + 1, "file", "files")
        ),
    };
    print_stderr(&format!("note: {what}; links are not followed, so fetch all pages and score them together"));
}

/// How many lines were rejected for what, and where the first of each is.
pub(crate) fn print_rejects(rejects: &RejectedLines) {
    for (reason, count) in rejects.by_reason() {
        let place =
            rejects.first_of(reason).map(|(file, line)| format!(", the first is {}:{line}", escape_controls(file)));
        let lines = plural(count, "line", "lines");
        let (place, cause) = (place.unwrap_or_default(), rejects.cause_of(reason).unwrap_or_default());
        print_stderr(&format!("rejected: {lines} ({}): {}{place}{cause}", reason.code(), reason.explanation()));
    }
}

/// The rejected lines of a run that has no result because of them, and what to do if nearly all are something else than events.
pub(crate) fn note_failed_run(error: &RunError) {
    let (RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) = error else { return };
    print_rejects(rejects);
    let unnamed = [RejectReason::NoEvent, RejectReason::NoTime, RejectReason::NoId];
    let by_reason = rejects.by_reason();
    let all: u64 = by_reason.iter().map(|(_, count)| count).sum();
    let other: u64 = by_reason.iter().filter(|(reason, _)| unnamed.contains(reason)).map(|(_, count)| count).sum();
    if other * 2 > all {
        print_stderr(
            "note: if these are events whose fields have other names, `pql inspect` shows which, and `pql init` writes a model with them",
        );
    }
}

/// A file of users or accounts without a row. Printed even with `--quiet`: an export that failed looks like customers of whom nothing is known.
pub(crate) fn warn_empty_table(file: &str, kind: EntityKind) {
    print_stderr(&escape_controls(&format!(
        "warning: {file} holds no rows, so it gives no traits of {}; was its export cut short?",
        kind.plural()
    )));
}

/// Columns of an enrichment file that the model does not use: no trait reads them, or no rule asks for the trait.
pub(crate) fn note_unused_columns(file: &str, columns: &[String]) {
    if !columns.is_empty() {
        let shown: Vec<&str> = columns.iter().map(String::as_str).take(NAMES_LISTED).collect();
        let list = quoted_list(&shown);
        print_stderr(&escape_controls(&format!("note: the model uses no trait from {list} of `{file}`")));
    }
}

/// Rows of an enrichment file that have no id in the column of ids.
pub(crate) fn note_rows_without_id(table: &EnrichFile, key: &str) {
    if table.rows_without_id > 0 {
        let rows = plural(table.rows_without_id, "row", "rows");
        let (have, stand) = if table.rows_without_id == 1 { ("has", "stands") } else { ("have", "stand") };
        let name = &table.name;
        print_stderr(&escape_controls(&format!(
            "note: {rows} of {name} {have} no id in the column `{key}` and {stand} for nobody"
        )));
    }
}

/// Names that the model asks for and no event has: the commonest reason for a list of zeros. `who` says which model that is.
pub(crate) fn note_missing_names(who: &str, missing: &MissingNames) {
    if missing.names.is_empty() {
        return;
    }
    let shown: Vec<&str> = missing.names.iter().copied().take(NAMES_LISTED).collect();
    let more = match missing.names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let other = plural(missing.other_events, "event has a name", "events have names");
    let help = if missing.all_missing() { "; `pql init` writes a model with these events in it" } else { "" };
    let list = quoted_list(&shown);
    print_stderr(&escape_controls(&format!(
        "note: {who} asks for {list}{more}, and no event has such a name; {other} that it does not ask for{help}"
    )));
}
