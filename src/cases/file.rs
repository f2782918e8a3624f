//! A file of cases as it is written: every table read into plain structs with positions, nothing held against the model yet.

use std::ops::Range;

use serde_json::Value as Json;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    codes, ids,
    time::{At, length},
};
use crate::{
    diag::{Diagnostic, Document, Problems, list, near_miss},
    emit::Side,
    model::tree::{Findings, Sp, Table, Text, as_points, as_table, as_text},
    units::{Micros, Points},
};

/// No file of cases is larger than this.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// Keys of the file.
pub const FILE_KEYS: [&str; 4] = ["schema", "model", "as_of", "case"];
/// Keys of a case.
pub const CASE_KEYS: [&str; 6] = ["name", "as_of", "events", "users", "accounts", "expect"];
/// Keys of an event.
pub const EVENT_KEYS: [&str; 12] =
    ["event", "type", "user", "visitor", "account", "at", "times", "every", "id", "properties", "traits", "previous"];
/// Keys of an expectation.
pub const EXPECT_KEYS: [&str; 15] = [
    "user",
    "account",
    "absent",
    "score",
    "tier",
    "qualified",
    "route",
    "segment",
    "fired",
    "not_fired",
    "signals",
    "milestones",
    "facts",
    "holds",
    "columns",
];
/// What a line can be that is no event.
pub const KINDS: [&str; 3] = ["identify", "group", "alias"];

/// A file of cases.
#[derive(Debug)]
pub struct Suite {
    /// The file.
    pub document: Document,
    /// The model's path from the folder of the file; none is the built-in model.
    pub model: Option<(String, Range<usize>)>,
    pub(super) cases: Vec<CaseFile>,
}

/// A case, as written.
#[derive(Debug)]
pub(super) struct CaseFile {
    pub(super) name: Text,
    pub(super) as_of: Option<Text>,
    pub(super) events: Vec<EventFile>,
    pub(super) users: Vec<TraitsFile>,
    pub(super) accounts: Vec<TraitsFile>,
    pub(super) expect: Vec<ExpectFile>,
}

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

/// What is known of some users or accounts beside their events.
#[derive(Debug)]
pub(super) struct TraitsFile {
    pub(super) ids: Vec<String>,
    pub(super) values: Vec<(Text, Json)>,
}

/// What is expected of one user or account, as written.
#[derive(Debug)]
pub(super) struct ExpectFile {
    pub(super) span: Range<usize>,
    pub(super) side: Side,
    pub(super) id: Text,
    pub(super) absent: Option<Sp<bool>>,
    pub(super) score: Option<Sp<Points>>,
    /// Facts that have a key of their own: tier, route, segment.
    pub(super) names: Vec<(&'static str, Text)>,
    pub(super) qualified: Option<Sp<bool>>,
    pub(super) fired: Vec<Text>,
    pub(super) not_fired: Vec<Text>,
    pub(super) signals: Vec<(Text, Sp<Points>)>,
    pub(super) milestones: Vec<(Text, Text)>,
    pub(super) facts: Vec<(Text, Sp<Json>)>,
    pub(super) holds: Vec<Text>,
    pub(super) columns: Vec<(Text, Sp<Json>)>,
}

/// Reads a file of cases.
///
/// **Errors**: every problem of its form, at least one.
pub fn read(document: Document) -> Result<Suite, Problems> {
    let mut found = Findings::default();
    let suite = suite(&document, &mut found);
    for problem in &mut found.list {
        problem.code = codes::of_model(problem.code);
    }
    match suite {
        Some((model, cases)) if found.list.is_empty() => Ok(Suite { document, model, cases }),
        _ => Err(Problems { document, list: found.list }),
    }
}

type Read = (Option<(String, Range<usize>)>, Vec<CaseFile>);

fn suite(document: &Document, found: &mut Findings) -> Option<Read> {
    let text = &document.text;
    if text.len() > BYTES_MAX {
        let message = format!("a file of {} bytes", text.len());
        found.add(Diagnostic::error(codes::TOO_LARGE, 0..0, message, format!("at most {BYTES_MAX} bytes")));
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let twice = error.message().starts_with("duplicate key");
        let (code, message) = match twice {
            true => (codes::DUPLICATE, "a key that is there twice".to_owned()),
            false => (codes::SYNTAX, format!("not TOML: {}", error.message())),
        };
        found.add(Diagnostic::error(code, error.span().unwrap_or(0..0), message, "here"));
    }
    if !errors.is_empty() {
        return None;
    }
    let mut top = Table::new(root.get_ref(), 0..0, "the file");
    top.vocabulary(&FILE_KEYS);
    schema(&mut top, found)?;
    let model = top.text("model", found).map(|path| (path.value, path.span));
    let as_of = instant_text(&mut top, "as_of", found);
    let written = top.tables("case", "a case", found);
    if written.is_empty() && !top.has("case") {
        top.missing("case", "[[case]]", found);
    }
    let mut cases: Vec<CaseFile> = Vec::new();
    for table in written {
        let Some(case) = case(table, as_of.as_ref(), found) else { continue };
        match cases.iter().find(|earlier| earlier.name.value == case.name.value) {
            Some(earlier) => {
                let message = format!("two cases are called `{}`", case.name.value);
                let problem = Diagnostic::error(codes::DUPLICATE, case.name.span.clone(), message, "the second one");
                found.add(problem.other(earlier.name.span.clone(), "the first one"));
            }
            None => cases.push(case),
        }
    }
    top.finish(found);
    Some((model, cases))
}

/// Checks the version of the format; nothing else is read from a version that is not known.
fn schema(top: &mut Table<'_>, found: &mut Findings) -> Option<()> {
    if !top.has("schema") {
        let label = "the first line says which version of the format this is";
        let problem = Diagnostic::error(codes::MISSING_KEY, 0..0, "a file of cases without `schema`", label);
        found.add(problem.help("schema = 1"));
        return Some(());
    }
    let version = top.number("schema", found)?;
    if version.value == 1.0 {
        return Some(());
    }
    let message = format!("schema {} is not known to this version of pql", version.value);
    let problem = Diagnostic::error(codes::UNKNOWN_SCHEMA, version.span, message, "only schema 1 is");
    found.add(problem.help("a newer pql may read it; `pql --version` tells which this is"));
    None
}

fn case(mut table: Table<'_>, as_of: Option<&Text>, found: &mut Findings) -> Option<CaseFile> {
    table.vocabulary(&CASE_KEYS);
    let name = table.text_needed("name", found);
    let own = instant_text(&mut table, "as_of", found);
    if own.is_none() && as_of.is_none() && !table.has("as_of") {
        table.missing("as_of", "as_of = \"2026-10-31\", here or at the top of the file", found);
    }
    if !table.has("events") {
        table.missing("events", "events = [{ user = \"u1\", event = \"team_invite_sent\", at = \"-3d\" }]", found);
    }
    let events = table.tables("events", "an event", found);
    let events = events.into_iter().filter_map(|event| self::event(event, found)).collect();
    let [users, accounts] = [("users", "users"), ("accounts", "accounts")].map(|(key, what)| {
        let entries = table.table(key, what, found);
        entries.map(|entries| traits(&entries, found)).unwrap_or_default()
    });
    if !table.has("expect") {
        table.missing("expect", "[[case.expect]] with `user` or `account`", found);
    }
    let expect = table.tables("expect", "an expectation", found);
    let expect = expect.into_iter().filter_map(|one| self::expect(one, found)).collect();
    table.finish(found);
    Some(CaseFile { name: name?, as_of: own.or_else(|| as_of.cloned()), events, users, accounts, expect })
}

/// A point in time as text, or as TOML writes dates and times.
fn instant_text(table: &mut Table<'_>, key: &'static str, found: &mut Findings) -> Option<Text> {
    let value = table.take(key)?;
    match value.get_ref() {
        DeValue::String(text) => Some(Sp::new(text.clone().into_owned(), value.span())),
        DeValue::Datetime(at) => Some(Sp::new(at.to_string(), value.span())),
        _ => {
            let message = format!("`{key}` is no point in time");
            found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, "expected text or a date"));
            None
        }
    }
}

/// Ids, each of which may be a range.
fn expanded(texts: &[Text], found: &mut Findings) -> Vec<String> {
    let mut all = Vec::new();
    for text in texts {
        match ids::expand(&text.value) {
            Ok(ids) => all.extend(ids),
            Err(message) => {
                let label = "an id, or ids with one range: `u{1..12}`";
                found.add(Diagnostic::error(codes::BAD_VALUE, text.span.clone(), message, label));
            }
        }
    }
    all
}

fn event(mut table: Table<'_>, found: &mut Findings) -> Option<EventFile> {
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

/// A table as JSON; empty if it is not there.
fn object(table: &mut Table<'_>, key: &'static str, found: &mut Findings) -> Json {
    let Some(value) = table.take(key) else { return Json::Object(serde_json::Map::new()) };
    match (value.get_ref(), json(value, found)) {
        (DeValue::Table(_), Some(object)) => object,
        (DeValue::Table(_), None) => Json::Null,
        _ => {
            let message = format!("`{key}` is no table");
            let label = format!("{key} = {{ name = \"value\" }}");
            found.add(Diagnostic::error(codes::WRONG_TYPE, value.span(), message, label));
            Json::Null
        }
    }
}

/// A TOML value as JSON; dates are text.
fn json(value: &Spanned<DeValue<'_>>, found: &mut Findings) -> Option<Json> {
    let refused = |found: &mut Findings| {
        let label = "JSON has no such number";
        found.add(Diagnostic::error(codes::BAD_VALUE, value.span(), "a number that no event can have", label));
        None
    };
    match value.get_ref() {
        DeValue::String(text) => Some(Json::String(text.clone().into_owned())),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Some(Json::from(number)),
            Err(_) => refused(found),
        },
        DeValue::Float(float) => {
            let number = float.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            number.map(Json::Number).or_else(|| refused(found))
        }
        DeValue::Boolean(truth) => Some(Json::Bool(*truth)),
        DeValue::Datetime(at) => Some(Json::String(at.to_string())),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item, found)).collect::<Option<Vec<Json>>>().map(Json::Array)
        }
        DeValue::Table(table) => {
            let pairs = table.iter().map(|(key, value)| Some((key.get_ref().to_string(), json(value, found)?)));
            pairs.collect::<Option<serde_json::Map<String, Json>>>().map(Json::Object)
        }
    }
}

/// Traits by id.
fn traits(table: &Table<'_>, found: &mut Findings) -> Vec<TraitsFile> {
    let mut all = Vec::new();
    for (id, value) in table.entries() {
        let ids = expanded(std::slice::from_ref(&id), found);
        let Some(entry) = as_table(value, "traits", &id.value, found) else { continue };
        let values = entry.entries().filter_map(|(name, value)| Some((name, json(value, found)?))).collect();
        all.push(TraitsFile { ids, values });
    }
    all
}

fn expect(mut table: Table<'_>, found: &mut Findings) -> Option<ExpectFile> {
    table.vocabulary(&EXPECT_KEYS);
    let span = table.place();
    let (user, account) = (table.text("user", found), table.text("account", found));
    let who = match (user, account) {
        (Some(user), None) => Some((Side::User, user)),
        (None, Some(account)) => Some((Side::Account, account)),
        (Some(_), Some(account)) => {
            let label = "an expectation is about one of them; write two";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, account.span, "`account` beside `user`", label));
            None
        }
        (None, None) => {
            table.missing("user", "user = \"u1\", or account = \"a1\"", found);
            None
        }
    };
    let absent = table.boolean("absent", found);
    let score = table.points("score", found);
    let names = ["tier", "route", "segment"];
    let names = names.into_iter().filter_map(|key| Some((key, table.text(key, found)?))).collect();
    let qualified = table.boolean("qualified", found);
    let [fired, not_fired, holds] =
        ["fired", "not_fired", "holds"].map(|key| table.text_list(key, found).unwrap_or_default());
    let mut signals = Vec::new();
    if let Some(points) = table.table("signals", "points by signal", found) {
        let read = points.entries().filter_map(|(name, value)| Some((as_points(value, &name.value, found)?, name)));
        signals.extend(read.map(|(points, name)| (name, points)));
    }
    let milestones = table.table("milestones", "milestones", found);
    let milestones = milestones.map(|table| {
        let texts = table.entries().filter_map(|(name, value)| {
            let text = match value.get_ref() {
                DeValue::Datetime(at) => Some(Sp::new(at.to_string(), value.span())),
                _ => as_text(value, &name.value, found),
            };
            Some((name, text?))
        });
        texts.collect()
    });
    let mut values = |key: &'static str, what: &str, found: &mut Findings| -> Vec<(Text, Sp<Json>)> {
        let Some(table) = table.table(key, what, found) else { return Vec::new() };
        table.entries().filter_map(|(name, value)| Some((name, Sp::new(json(value, found)?, value.span())))).collect()
    };
    let (facts, columns) = (values("facts", "facts", found), values("columns", "columns", found));
    table.finish(found);
    let (side, id) = who?;
    let milestones = milestones.unwrap_or_default();
    let only = ExpectFile {
        span,
        side,
        id,
        absent,
        score,
        names,
        qualified,
        fired,
        not_fired,
        signals,
        milestones,
        facts,
        holds,
        columns,
    };
    only.something(found);
    Some(only)
}

impl ExpectFile {
    /// Tells an expectation of nothing, and one of what is not there.
    fn something(&self, found: &mut Findings) {
        let lists = [self.fired.len(), self.not_fired.len(), self.signals.len(), self.milestones.len()];
        let more = [self.facts.len(), self.holds.len(), self.columns.len(), self.names.len()];
        let any = self.score.is_some() || self.qualified.is_some() || lists.iter().chain(&more).any(|n| *n > 0);
        let absent = self.absent.as_ref().is_some_and(|absent| absent.value);
        if absent && any {
            let label = "of somebody who is not there nothing else can be expected";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, self.span.clone(), "`absent` beside other keys", label));
        }
        if !any && self.absent.is_none() {
            let label = format!("one of {}", list(&EXPECT_KEYS[2..]));
            found.add(Diagnostic::error(codes::MISSING_KEY, self.span.clone(), "an expectation of nothing", label));
        }
    }
}
