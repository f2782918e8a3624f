//! Parses the days of cases: runs with a record, one after the other, with the changes and alerts of each.

use std::ops::Range;

use super::{
    codes,
    expectation_syntax::subject,
    outcome_syntax::{CaseOutcomeSyntax, parse_outcomes},
    suite_syntax::{CaseRunSyntax, CaseTraitsSyntax, parse_events, parse_expectations, parse_traits},
    toml_values::take_instant_text,
};
use pql_model::{
    EntityKind, PerKind,
    diag::{Diagnostic, near_miss, quoted_list},
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
};

/// Keys of a day.
pub(super) const DAY_KEYS: [&str; 8] =
    ["as_of", "events", "users", "accounts", "outcomes", "expect", "changes", "alerts"];
/// Keys of an expected change.
pub(super) const CHANGE_KEYS: [&str; 11] = [
    "user",
    "account",
    "change",
    "cause",
    "tier_before",
    "tier",
    "route_before",
    "route",
    "score_before",
    "score",
    "merged_into",
];
/// Keys of an expected alert.
pub(super) const ALERT_KEYS: [&str; 6] = ["alert", "user", "account", "to", "waiting_days", "message"];
/// What a change may be.
pub(super) const CHANGE_WORDS: [&str; 7] = ["new", "up", "down", "route", "suppressed", "merged", "gone"];
/// Why a case may see a change. The model of a case stays the same.
pub(super) const CAUSE_WORDS: [&str; 5] = ["time", "events", "traits", "excluded", "no_events"];

/// A day, as written.
#[derive(Debug)]
pub(super) struct CaseDaySyntax {
    /// Where the day begins.
    pub(super) span: Range<usize>,
    pub(super) run: CaseRunSyntax,
    /// Traits that hold from this day on.
    pub(super) traits: PerKind<Vec<CaseTraitsSyntax>>,
    /// Outcomes that runs have from this day on; none if the day says nothing of them.
    pub(super) outcomes: Option<Vec<CaseOutcomeSyntax>>,
    /// Everybody who changes, with the place of the key; none if the case does not say.
    pub(super) changes: Option<WithSpan<Vec<ChangeSyntax>>>,
    /// Every alert that fires, with the place of the key; none if the case does not say.
    pub(super) alerts: Option<WithSpan<Vec<AlertSyntax>>>,
}

/// An expected change, as written.
#[derive(Debug)]
pub(super) struct ChangeSyntax {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: SpannedText,
    /// By key, as the list of changes shows them.
    pub(super) cells: Vec<(&'static str, SpannedText)>,
}

/// An expected alert, as written.
#[derive(Debug)]
pub(super) struct AlertSyntax {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: SpannedText,
    pub(super) alert: SpannedText,
    /// By key, as the list of alerts shows them.
    pub(super) cells: Vec<(&'static str, SpannedText)>,
}

/// Takes the days of a case.
pub(super) fn parse_days(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Vec<CaseDaySyntax> {
    for key in ["as_of", "events", "expect"] {
        if table.has(key) {
            let message = format!("`{key}` beside `day`");
            let label = "a case has days, or is one run; put it into a [[case.day]]";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, table.key_span(key), message, label));
            table.skip_key(key);
        }
    }
    let before = found.list.len();
    let days: Vec<CaseDaySyntax> =
        table.tables("day", "a day", found).into_iter().filter_map(|day| parse_day(day, found)).collect();
    let expects = |day: &CaseDaySyntax| !day.run.expect.is_empty() || day.changes.is_some() || day.alerts.is_some();
    if found.list.len() == before && !days.iter().any(expects) {
        let label = format!("a day needs one of {}", quoted_list(&DAY_KEYS[5..]));
        let message = "a case that expects nothing on any day";
        found.add(Diagnostic::error(codes::MISSING_KEY, table.key_span("day"), message, label));
    }
    days
}

fn parse_day(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<CaseDaySyntax> {
    table.vocabulary(&DAY_KEYS);
    let span = table.place();
    let as_of = take_instant_text(&mut table, "as_of", found);
    if !table.has("as_of") {
        table.report_missing_key("as_of", "as_of = \"2026-10-31\"; each day has its own", found);
    }
    let events = parse_events(&mut table, found);
    let traits = parse_traits(&mut table, found);
    let outcomes = parse_outcomes(&mut table, found);
    let expect = parse_expectations(&mut table, found);
    let changes = listed(&mut table, "changes", found, parse_change);
    let alerts = listed(&mut table, "alerts", found, parse_alert);
    table.finish(found);
    Some(CaseDaySyntax {
        span,
        run: CaseRunSyntax { as_of: Some(as_of?), events, expect },
        traits,
        outcomes,
        changes,
        alerts,
    })
}

/// A list of tables under a key, with the place of the key.
fn listed<T>(
    table: &mut TableReader<'_>,
    key: &'static str,
    found: &mut DiagnosticSink,
    parse: fn(TableReader<'_>, &mut DiagnosticSink) -> Option<T>,
) -> Option<WithSpan<Vec<T>>> {
    let span = table.has(key).then(|| table.key_span(key));
    let what = if key == "changes" { "a change" } else { "an alert" };
    let items = table.tables(key, what, found).into_iter().filter_map(|item| parse(item, found)).collect();
    Some(WithSpan::new(items, span?))
}

fn parse_change(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<ChangeSyntax> {
    table.vocabulary(&CHANGE_KEYS);
    let span = table.place();
    let who = subject(&mut table, found);
    let mut cells = Vec::new();
    for (key, words) in [("change", &CHANGE_WORDS[..]), ("cause", &CAUSE_WORDS[..])] {
        cells.extend(table.text(key, found).map(|word| (key, one_of(key, word, words, found))));
    }
    for key in ["tier_before", "tier", "route_before", "route", "merged_into"] {
        cells.extend(table.text(key, found).map(|text| (key, text)));
    }
    for key in ["score_before", "score"] {
        let points = table.points(key, found);
        cells.extend(points.map(|points| (key, WithSpan::new(points.value.to_string(), points.span))));
    }
    table.finish(found);
    let (side, id) = who?;
    Some(ChangeSyntax { span, side, id, cells })
}

fn parse_alert(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<AlertSyntax> {
    table.vocabulary(&ALERT_KEYS);
    let span = table.place();
    let alert = table.required_text("alert", found);
    let who = subject(&mut table, found);
    let mut cells = Vec::new();
    for key in ["to", "message"] {
        cells.extend(table.text(key, found).map(|text| (key, text)));
    }
    let days = table.count("waiting_days", 0..=100_000, found);
    cells.extend(days.map(|days| ("waiting_days", WithSpan::new(days.value.to_string(), days.span))));
    table.finish(found);
    let (side, id) = who?;
    Some(AlertSyntax { span, side, id, alert: alert?, cells })
}

/// Reports a word that a key does not take.
fn one_of(key: &str, word: SpannedText, words: &[&str], found: &mut DiagnosticSink) -> SpannedText {
    if !words.contains(&word.value.as_str()) {
        let near = near_miss(&word.value, words.iter().copied()).map(|near| format!("`{near}` is one"));
        let message = format!("`{key}` cannot be `{}`", word.value);
        let label = format!("one of {}", quoted_list(words));
        found.add(Diagnostic::error(codes::BAD_VALUE, word.span.clone(), message, label).maybe_help(near));
    }
    word
}
