//! Changes for people: a table for a terminal, and a digest for chat and mail.

use std::io::{self, Write};

use super::{ChangeKind, ChangeReason, EntityChange, RunStamp, StandingView};
use crate::emit::TextTable;
use pql_model::{EntityKind, clock::format_instant, units::Points};

/// How many reasons a row gives.
const REASONS_SHOWN: usize = 3;
/// How many rows a terminal gets.
const ROWS_SHOWN: usize = 10;

/// The columns.
const COLUMNS: [&str; 6] = ["change", "who", "tier or route", "score", "cause", "why"];

/// The changes of a level as text, at most `width` characters wide; empty without any.
pub fn changes_text(changes: &[EntityChange], level: EntityKind, width: u16) -> String {
    let of_level = changes.iter().filter(|change| change.level == level);
    let table = TextTable { columns: &COLUMNS, rows: of_level.map(row).collect() };
    if table.rows.is_empty() { String::new() } else { table.text(ROWS_SHOWN, width) }
}

/// Writes the changes as a digest in Markdown. `news` says in words what is new.
///
/// # Errors
///
/// Those of the writer.
pub fn write_change_digest(
    stamp: &RunStamp,
    (changes, news): (&[EntityChange], &[String]),
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading: Vec<String> = [digest_heading(stamp)].into_iter().chain(news.iter().cloned()).collect();
    TextTable { columns: &COLUMNS, rows: changes.iter().map(row).collect() }.write_digest(&heading, out)
}

/// The model and the instant in bold.
pub(crate) fn digest_heading(stamp: &RunStamp) -> String {
    let name = if stamp.model.is_empty() { String::new() } else { format!("{}, ", stamp.model.replace('_', "\\_")) };
    format!("**{name}as of {}**", format_instant(stamp.as_of))
}

fn row(change: &EntityChange) -> Vec<String> {
    let kind = if change.newly_qualified() {
        format!("{}, qualified", change.kind.as_str())
    } else {
        change.kind.as_str().to_owned()
    };
    vec![
        kind,
        change.id.clone(),
        before_and_now(change, |view| place(change.kind, view)),
        before_and_now(change, |view| points(view.score)),
        change.cause.map_or(String::new(), |cause| cause.as_str().to_owned()),
        why(&change.reasons),
    ]
}

/// What the change is about: the route, the suppression, or the tier.
fn place(kind: ChangeKind, view: &StandingView) -> String {
    let name = match kind {
        ChangeKind::Route => &view.route,
        ChangeKind::Suppressed => &view.suppressed,
        ChangeKind::Up | ChangeKind::New | ChangeKind::Down | ChangeKind::Merged | ChangeKind::Gone => &view.tier,
    };
    name.clone().unwrap_or_default()
}

/// What was before and what is now, once if they are one.
fn before_and_now(change: &EntityChange, of: impl Fn(&StandingView) -> String) -> String {
    let (before, now) = (change.before.as_ref().map(&of), change.now.as_ref().map(&of));
    match (before, now) {
        (Some(before), Some(now)) if before == now => now,
        (before, now) => {
            let shown = |one: Option<String>| one.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
            format!("{} → {}", shown(before), shown(now))
        }
    }
}

fn points(points: Points) -> String {
    let mut text = String::new();
    points.push_to(&mut text);
    text
}

/// The largest differences in words.
fn why(reasons: &[ChangeReason]) -> String {
    let shown = reasons.iter().take(REASONS_SHOWN).map(|reason| {
        let sign = if reason.points > Points::ZERO { "+" } else { "" };
        let people = reason.people.map(|people| format!(" of {people}")).unwrap_or_default();
        let source = reason.source.replace('_', " ");
        format!("{sign}{} {}{people}", points(reason.points), source.strip_prefix("members.").unwrap_or(&source))
    });
    let shown: Vec<String> = shown.collect();
    let more = if reasons.len() > REASONS_SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
