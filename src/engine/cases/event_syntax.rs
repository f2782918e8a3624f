//! Parses the events of cases.

use std::ops::Range;

use serde_json::Value as Json;

use super::{
    case_time::{CaseTime, parse_duration},
    codes,
    suite_syntax::{EVENT_KEYS, IDENTITY_LINE_TYPES},
    toml_values::{expand_ids, take_instant_text, take_object},
};
use pql_model::{
    diag::{Diagnostic, near_miss, quoted_list},
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
    units::Micros,
};

/// The type of a line.
#[derive(Debug)]
pub(super) enum CaseLineKind {
    Event(SpannedText),
    /// One of `IDENTITY_LINE_TYPES`.
    Other(String),
}

/// An event as written; it stands for one or more lines.
#[derive(Debug)]
pub(super) struct CaseEventSyntax {
    pub(super) span: Range<usize>,
    pub(super) kind: CaseLineKind,
    pub(super) users: Vec<String>,
    pub(super) visitor: Option<String>,
    pub(super) account: Option<String>,
    pub(super) at: WithSpan<CaseTime>,
    pub(super) times: usize,
    pub(super) every: Micros,
    pub(super) id: Option<String>,
    pub(super) properties: Json,
    pub(super) traits: Json,
    pub(super) previous: Option<String>,
}

pub(super) fn parse_event(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<CaseEventSyntax> {
    table.vocabulary(&EVENT_KEYS);
    let span = table.place();
    let kind = kind(&mut table, found);
    let users = table.texts("user", found).unwrap_or_default();
    let users = expand_ids(&users, found);
    let mut text = |key: &'static str, found: &mut DiagnosticSink| table.text(key, found).map(|text| text.value);
    let (visitor, account) = (text("visitor", found), text("account", found));
    let (id, previous) = (text("id", found), text("previous", found));
    let at = at(&mut table, found);
    let times = table.count("times", 1..=100_000, found).map_or(1, |times| usize::try_from(times.value).unwrap_or(1));
    let every = every(&mut table, times, found);
    if id.is_some() && (times > 1 || users.len() > 1) {
        let label = "one event has one id; leave it out, or write the events one by one";
        found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span("id"), "`id` on several events", label));
    }
    let [properties, traits] = ["properties", "traits"].map(|key| take_object(&mut table, key, found));
    let event = matches!(kind, Some(CaseLineKind::Event(_)));
    for (key, fits) in [("properties", event), ("traits", !event), ("previous", !event)] {
        if kind.is_some() && !fits && table.has(key) {
            let what = if event { "an event" } else { "a line with `type`" };
            let label = if event { "it belongs to lines with `type`" } else { "it belongs to events" };
            let message = format!("`{key}` on {what}");
            found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(key), message, label));
        }
    }
    table.finish(found);
    Some(CaseEventSyntax {
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

fn kind(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<CaseLineKind> {
    let (event, kind) = (table.text("event", found), table.text("type", found));
    match (event, kind) {
        (Some(event), None) => Some(CaseLineKind::Event(event)),
        (None, Some(kind)) if IDENTITY_LINE_TYPES.contains(&kind.value.as_str()) => {
            Some(CaseLineKind::Other(kind.value))
        }
        (None, Some(kind)) => {
            let near = near_miss(&kind.value, IDENTITY_LINE_TYPES).map(|near| format!("`{near}` is one"));
            let message = format!("`type` cannot be `{}`", kind.value);
            let label = format!("one of {}; events have `event` instead", quoted_list(&IDENTITY_LINE_TYPES));
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
                table.report_missing_key("event", "event = \"team_invite_sent\", or type = \"identify\"", found);
            }
            None
        }
    }
}

fn at(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<WithSpan<CaseTime>> {
    if !table.has("at") {
        table.report_missing_key("at", "at = \"-3d\"", found);
        table.skip_key("at");
        return None;
    }
    let text = take_instant_text(table, "at", found)?;
    if let Some(at) = CaseTime::parse(&text.value) {
        return Some(WithSpan::new(at, text.span));
    }
    let help = parse_duration(&text.value).map(|_| format!("`-{0}` is before `as_of`, `+{0}` after it", text.value));
    let message = format!("`{}` is no time", text.value);
    let label = "`-3d`, `-2h`, `-1d12h`, or RFC 3339";
    found.add(Diagnostic::error(codes::BAD_TIME, text.span, message, label).maybe_help(help));
    None
}

/// The time between repeats.
fn every(table: &mut TableReader<'_>, times: usize, found: &mut DiagnosticSink) -> Micros {
    let text = table.text("every", found);
    match text {
        Some(text) => parse_duration(&text.value).filter(|length| *length > 0).unwrap_or_else(|| {
            let message = format!("`{}` is no duration", text.value);
            let label = "a number and one of s, min, h, d, w: `12h`, `1d`";
            found.add(Diagnostic::error(codes::BAD_TIME, text.span, message, label));
            0
        }),
        None => {
            if times > 1 && !table.has("every") {
                table.report_missing_key(
                    "every",
                    "every = \"1d\": `times` events so far apart, the first at `at`",
                    found,
                );
            }
            0
        }
    }
}
