//! What a run tells about its input beside what it came to: formats, joins, lines that were broken.

use super::{print_stderr, score::print_rejects};
use pql_engine::{
    decode::{
        RejectReason,
        format::DetectedFormat,
        misread::{MisreadCause, NotUnderstood},
    },
    enrich::EnrichFile,
    entity::JoinReport,
    pipeline::{FoldedRun, RejectedLines, RunError},
    read::FileStats,
    score::ScoredEntities,
};
use pql_model::{
    Model,
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// What files were read as, and how that was told, unless it was asked for.
pub(super) fn note_formats(folded: &FoldedRun, asked: &str) {
    note_formats_by_kind(
        folded.files.iter().map(|stats| stats.name.as_str()).zip(folded.formats.iter().copied()),
        asked,
    );
}

/// The same of a run that ended without a result.
pub(super) fn note_formats_of_rejects(rejects: &RejectedLines, asked: &str) {
    note_formats_by_kind(rejects.formats(), asked);
}

/// Files of one kind together.
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

/// Files that somebody wrote to while they were read.
pub(super) fn note_grown_files(files: &[FileStats]) {
    for file in files.iter().filter(|file| file.grew) {
        print_stderr(&escape_controls(&format!(
            "note: {} grew while it was read; what came after its size at the beginning is left to the next run",
            file.name
        )));
    }
}

/// Answers of APIs that are not all there is.
pub(super) fn note_more_pages(files: &[FileStats]) {
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

/// Users without any account, under a model that has something to say of accounts.
pub(super) fn note_no_accounts(scored: &ScoredEntities<'_>, model: &Model) {
    let asked = !model.levels.account.signals.is_empty()
        || !model.levels.account.tiers.is_empty()
        || !model.levels.account.routes.is_empty();
    if asked && scored.accounts.count == 0 && scored.users.count > 0 {
        let mails = if model.identity.email_domain { ", and no user an e-mail of a company" } else { "" };
        print_stderr(&format!(
            "note: no event names an account{mails}, so there are no accounts; [input] fields = {{ account = \"...\" }} says where it stands in the events, and `pql init` guesses it"
        ));
    }
}

/// That there is nobody to write a row of, and what became of the records. Told even where nothing but errors is: after a wrong date an empty list is
/// wrong, and looks like a day without leads. `under` names the model where there are several.
pub(super) fn warn_no_entities(scored: &ScoredEntities<'_>, under: Option<&str>) {
    if scored.users.count + scored.accounts.count > 0 {
        return;
    }
    let files = || scored.entities.counts.iter();
    let became: [(i64, &str); 3] = [
        (files().map(|file| file.after_as_of).sum(), "at or after it"),
        (files().map(|file| file.excluded).sum(), "of internal users"),
        (files().map(|file| file.anonymous).sum(), "of visitors who are nobody known"),
    ];
    let became = became.into_iter().filter(|(count, _)| *count > 0);
    let became: Vec<String> = became
        .map(|(count, what)| format!("{} {what}", plural(count.unsigned_abs(), "record is", "records are")))
        .collect();
    let under = under.map(|name| format!("under the model {name} ")).unwrap_or_default();
    let as_of = pql_model::clock::format_instant(scored.as_of.instant);
    let why = if became.is_empty() { String::new() } else { format!(": {}", became.join(", ")) };
    print_stderr(&escape_controls(&format!(
        "warning: {under}no event counts before {as_of}, so there are no users and no accounts{why}"
    )));
}

/// The rejected lines of a run that has no result because of them, and what to do if nearly all are something else than events.
pub(super) fn note_failed_run(error: &RunError) {
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

/// Values that became null because they are no number or no date, with what to write; told whatever else is to be silent.
pub(super) fn warn_not_understood<'n>(all: impl IntoIterator<Item = &'n NotUnderstood>) {
    for one in all {
        print_stderr(&escape_controls(&format!("warning: {}", not_understood_text(one))));
    }
}

/// What of a run was not understood: in the tables of users and of accounts, and in the events.
pub(super) fn all_not_understood(tables: [Option<&EnrichFile>; 2], folded: &FoldedRun) -> Vec<NotUnderstood> {
    let of_tables = tables.into_iter().flatten().flat_map(|table| &table.not_understood);
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
        1 => ("is", "it counts", "at"),
        _ => ("are", "they count", "the first is at"),
    };
    let values = plural(one.count, "value", "values");
    let kind = if one.of == "events" { "property" } else { "column" };
    format!(
        "{values} of the {kind} `{}` {is} {what} ({first} {}:{}); {they} as not known. {}",
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
        MisreadCause::Beyond => "Ids with so many digits are kept whole as text.".to_owned(),
        _ if !formats.is_empty() && !traits.is_empty() => {
            format!("On the trait {}, `{}` would read them.", quoted_list(&traits), formats.join("` or `"))
        }
        MisreadCause::NoNumber => "Write a plain number, such as 1234.5.".to_owned(),
        MisreadCause::NoDate => "Write a date as 2026-01-31, or an instant as 2026-01-31T10:00:00Z.".to_owned(),
    }
}

/// Joins that were refused, and records that had to be put together.
pub(super) fn note_refused_joins(report: &JoinReport, split_records: u64) {
    if report.shared_visitors > 0 {
        let visitors = plural(report.shared_visitors, "visitor", "visitors");
        print_stderr(&format!("note: not joined: {visitors} that came with more than one user, as on a shared device"));
    }
    if report.placeholders > 0 {
        let lines = plural(report.placeholders, "line", "lines");
        print_stderr(&format!(
            "note: not joined: the ids of {lines}, since one of them is a placeholder such as \"null\""
        ));
    }
    if split_records > 0 {
        let records = plural(split_records, "record", "records");
        print_stderr(&format!("note: {records} broken in two by a line end, read as if whole"));
    }
}
