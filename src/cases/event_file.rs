//! Events of cases as they are written.

use std::ops::Range;

use serde_json::Value as Json;

use super::{
    codes,
    file::{EVENT_KEYS, KINDS},
    time::{At, length},
    values::{expanded, instant_text, object},
};
use crate::{
    diag::{Diagnostic, list, near_miss},
    model::tree::{Findings, Sp, Table, Text},
    units::Micros,
};

/// What a line is.
#[derive(Debug)]
pub(super) enum Kind {
    Event(Text),
    /// One of [`KINDS`].
    Other(String),
}

/// A line of events, as written; stands for one or more.
#[derive(Debug)]
pub(super) struct EventFile {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    pub(super) users: Vec<String>,
    pub(super) visitor: Option<String>,
    pub(super) account: Option<String>,
    pub(super) at: Sp<At>,
    pub(super) times: usize,
    pub(super) every: Micros,
    pub(super) id: Option<String>,
    pub(super) properties: Json,
    pub(super) traits: Json,
    pub(super) previous: Option<String>,
}

pub(super) fn event(mut table: Table<'_>, found: &mut Findings) -> Option<EventFile> {
    table.vocabulary(&EVENT_KEYS);
    let span = table.place();
    let kind = kind(&mut table, found);
    let users = table.texts("user", found).unwrap_or_default();
    let users = expanded(&users, found);
    let mut text = |key: &'static str, found: &mut Findings| table.text(key, found).map(|text| text.value);
    let (visitor, account) = (text("visitor", found), text("account", found));
    let (id, previous) = (text("id", found), text("previous", found));
    let at = at(&mut table, found);
    let times = table.count("times", 1..=100_000, found).map_or(1, |times| usize::try_from(times.value).unwrap_or(1));
    let every = every(&mut table, times, found);
    if id.is_some() && (times > 1 || users.len() > 1) {
        let label = "one event has one id; leave it out, or write the events one by one";
        found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span("id"), "`id` on several events", label));
    }
    let [properties, traits] = ["properties", "traits"].map(|key| object(&mut table, key, found));
    let event = matches!(kind, Some(Kind::Event(_)));
    for (key, fits) in [("properties", event), ("traits", !event), ("previous", !event)] {
        if kind.is_some() && !fits && table.has(key) {
            let what = if event { "an event" } else { "a line with `type`" };
            let label = if event { "it belongs to lines with `type`" } else { "it belongs to events" };
            let message = format!("`{key}` on {what}");
            found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(key), message, label));
        }
    }
    table.finish(found);
    Some(EventFile {
        span,
        kind: kind?,
        users,
        visitor,
        account,
        at: at?,
        times,
        every,
        id,
        properties,
        traits,
        previous,
    })
}

fn kind(table: &mut Table<'_>, found: &mut Findings) -> Option<Kind> {
    let (event, kind) = (table.text("event", found), table.text("type", found));
    match (event, kind) {
        (Some(event), None) => Some(Kind::Event(event)),
        (None, Some(kind)) if KINDS.contains(&kind.value.as_str()) => Some(Kind::Other(kind.value)),
        (None, Some(kind)) => {
            let near = near_miss(&kind.value, KINDS).map(|near| format!("`{near}` is one"));
            let message = format!("`type` cannot be `{}`", kind.value);
            let label = format!("one of {}; events have `event` instead", list(&KINDS));
            found.add(Diagnostic::error(codes::BAD_VALUE, kind.span, message, label).maybe_help(near));
            None
        }
        (Some(_), Some(kind)) => {
            let label = "a line is an event, or of a type";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, kind.span, "`type` beside `event`", label));
            None
        }
        (None, None) => {
            if !table.has("event") && !table.has("type") {
                table.missing("event", "event = \"team_invite_sent\", or type = \"identify\"", found);
            }
            None
        }
    }
}

fn at(table: &mut Table<'_>, found: &mut Findings) -> Option<Sp<At>> {
    if !table.has("at") {
        table.missing("at", "at = \"-3d\"", found);
        table.pass_over("at");
        return None;
    }
    let text = instant_text(table, "at", found)?;
    if let Some(at) = At::parse(&text.value) {
        return Some(Sp::new(at, text.span));
    }
    let help = length(&text.value).map(|_| format!("`-{0}` is before `as_of`, `+{0}` after it", text.value));
    let message = format!("`{}` is no time", text.value);
    let label = "`-3d`, `-2h`, `-1d12h`, or RFC 3339";
    found.add(Diagnostic::error(codes::BAD_TIME, text.span, message, label).maybe_help(help));
    None
}

/// The time between repeats.
fn every(table: &mut Table<'_>, times: usize, found: &mut Findings) -> Micros {
    let text = table.text("every", found);
    match text {
        Some(text) => length(&text.value).filter(|length| *length > 0).unwrap_or_else(|| {
            let message = format!("`{}` is no duration", text.value);
            let label = "a number and one of s, min, h, d, w: `12h`, `1d`";
            found.add(Diagnostic::error(codes::BAD_TIME, text.span, message, label));
            0
        }),
        None => {
            if times > 1 && !table.has("every") {
                table.missing("every", "every = \"1d\": `times` events so far apart, the first at `at`", found);
            }
            0
        }
    }
}
