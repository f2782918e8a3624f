//! What a run tells about its input beside what it came to: formats, joins, lines that were broken.

use super::{print_stderr, score::print_rejects};
use pql_engine::{
    decode::{RejectReason, format::DetectedFormat},
    entity::JoinReport,
    pipeline::{FoldedRun, RejectedLines, RunError},
    read::FileStats,
    score::ScoredEntities,
};
use pql_model::{Model, diag::escape_controls, units::plural};

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

/// Records that may be several, as behind a stray quote. Told however quiet a run is to be, since the others are missing.
pub(super) fn warn_multiline_records(files: &[FileStats]) {
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
    let asked = !model.resolved.levels.account.signals.is_empty()
        || !model.resolved.levels.account.tiers.is_empty()
        || !model.resolved.levels.account.routes.is_empty();
    if asked && scored.accounts.count == 0 && scored.users.count > 0 {
        let mails = if model.resolved.identity.email_domain { ", and no user an e-mail of a company" } else { "" };
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
