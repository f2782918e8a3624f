//! Notes on the users and accounts of a run.

use std::collections::BTreeSet;

use crate::cli::{args::RunArgs, print_stderr};
use pql_engine::{entity::JoinReport, pipeline::EnrichmentCoverage, plan::Model, score::ScoredEntities};
use pql_model::{
    EntityKind,
    clock::format_instant,
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// Users and accounts with events that have no row in the file of `--users` or `--accounts`.
pub(crate) fn note_missing_rows(args: &RunArgs, coverage: &EnrichmentCoverage) {
    for (kind, count) in coverage.without_row {
        let path = match kind {
            EntityKind::User => &args.tables.users,
            EntityKind::Account => &args.tables.accounts,
        };
        if let (Some(path), Some(count @ 1..)) = (path, count) {
            let path = escape_controls(&path.display().to_string());
            let have = if count == 1 { "has" } else { "have" };
            let who = plural(count, kind.word(), kind.plural());
            print_stderr(&format!("note: {who} with events {have} no row in {path}"));
        }
    }
}

/// Says that the alerts of a model do not fire in a run without a record.
pub(crate) fn note_alerts(model: &Model) {
    if EntityKind::ALL.iter().any(|kind| !model.resolved.level(*kind).alerts.is_empty()) {
        print_stderr("note: the alerts of the model are not fired: that takes a record of earlier runs");
    }
}

/// Counts those whose tier hangs on earlier runs, which a run without a record does not know.
pub(crate) fn note_lower_tiers(scored: &ScoredEntities<'_>, model: &Model) {
    let counts = EntityKind::ALL.map(|kind| (scored.below_entry(model, kind), kind));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let who: Vec<String> = counts.map(|(count, kind)| plural(count as u64, kind.word(), kind.plural())).collect();
    if who.is_empty() {
        return;
    }
    print_stderr(&format!(
        "note: {} scored enough to stay in a higher tier, and too little to enter it; only a run with --record knows who was in it before",
        who.join(" and ")
    ));
}

/// Warns that a result has no rows, and says what became of the records. `under` names the model where there are several.
///
/// Printed even with `--quiet`: an empty list caused by a wrong `--as-of` looks like a day without leads.
pub(crate) fn warn_no_entities(scored: &ScoredEntities<'_>, under: Option<&str>) {
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
    let as_of = format_instant(scored.as_of.instant);
    let why = if became.is_empty() { String::new() } else { format!(": {}", became.join(", ")) };
    print_stderr(&escape_controls(&format!(
        "warning: {under}no event counts before {as_of}, so there are no users and no accounts{why}"
    )));
}

/// Warns of milestones whose events occur nowhere, a line for each level.
///
/// Printed even with `--quiet`: a state that nobody has, or a rate that is missing, looks like a bad week.
pub(crate) fn warn_unknown_milestones(scored: &ScoredEntities<'_>, model: &Model) {
    if scored.users.count + scored.accounts.count == 0 {
        return;
    }
    for kind in EntityKind::ALL {
        let unknown = scored.unknown_milestones(model, kind);
        if unknown.is_empty() {
            continue;
        }
        let (milestones, are) = if unknown.len() == 1 { ("milestone", "is") } else { ("milestones", "are") };
        let names: Vec<&str> = unknown.iter().map(|(name, _)| *name).collect();
        let names = quoted_list(&names);
        let events: BTreeSet<&str> = unknown.iter().flat_map(|(_, absent)| *absent).map(String::as_str).collect();
        print_stderr(&escape_controls(&format!(
            "warning: the {milestones} {names} of {} {are} unknown, since no event that counts is named {}",
            kind.plural(),
            quoted_list(&events.into_iter().collect::<Vec<_>>()),
        )));
    }
}

/// Traits that the model asks for and nobody has: no event and no file gives them.
pub(crate) fn note_empty_traits(scored: &ScoredEntities<'_>, model: &Model) {
    for kind in EntityKind::ALL {
        let names = scored.empty_traits(model, kind);
        if names.is_empty() {
            continue;
        }
        let option = if kind == EntityKind::User { "--users" } else { "--accounts" };
        let traits = if names.len() == 1 { "trait" } else { "traits" };
        print_stderr(&escape_controls(&format!(
            "note: no {} has the {traits} {}: neither events nor a file of {option} give a value",
            kind.word(),
            quoted_list(&names)
        )));
    }
}

/// Joins that were refused, and records that had to be put together.
pub(crate) fn note_refused_joins(report: &JoinReport, split_records: u64) {
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
