//! Parses the expectations of cases.

use std::ops::Range;

use serde_json::Value as Json;
use toml::de::DeValue;

use super::{codes, suite_syntax::EXPECT_KEYS, toml_values::toml_to_json};
use crate::ids::id_of_text;
use pql_model::{
    EntityKind,
    diag::{Diagnostic, quoted_list},
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan, as_points, as_text},
    units::Points,
};

/// The expectations about one user or account, as written.
#[derive(Debug)]
pub(super) struct ExpectationSyntax {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: SpannedText,
    pub(super) absent: Option<WithSpan<bool>>,
    pub(super) score: Option<WithSpan<Points>>,
    /// Facts with a key of their own: tier, route, segment.
    pub(super) names: Vec<(&'static str, SpannedText)>,
    pub(super) qualified: Option<WithSpan<bool>>,
    pub(super) fired: Vec<SpannedText>,
    pub(super) not_fired: Vec<SpannedText>,
    pub(super) signals: Vec<(SpannedText, WithSpan<Points>)>,
    pub(super) milestones: Vec<(SpannedText, SpannedText)>,
    pub(super) facts: Vec<(SpannedText, WithSpan<Json>)>,
    pub(super) holds: Vec<SpannedText>,
    pub(super) columns: Vec<(SpannedText, WithSpan<Json>)>,
}

pub(super) fn parse_expectation(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<ExpectationSyntax> {
    table.vocabulary(&EXPECT_KEYS);
    let span = table.place();
    let who = subject(&mut table, found);
    let absent = table.boolean("absent", found);
    let score = table.points("score", found);
    let names = ["tier", "route", "segment"];
    let names = names.into_iter().filter_map(|key| Some((key, table.text(key, found)?))).collect();
    let qualified = table.boolean("qualified", found);
    let [fired, not_fired, holds] =
        ["fired", "not_fired", "holds"].map(|key| table.text_list(key, found).unwrap_or_default());
    let signals = signal_points(&mut table, found);
    let milestones = milestone_states(&mut table, found);
    let facts = json_values(&mut table, "facts", found);
    let columns = json_values(&mut table, "columns", found);
    table.finish(found);
    let (side, id) = who?;
    let only = ExpectationSyntax {
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
    only.check_not_empty(found);
    Some(only)
}

/// Whom the expectation is about; none if it does not say so once.
pub(super) fn subject(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<(EntityKind, SpannedText)> {
    let who = match (table.text("user", found), table.text("account", found)) {
        (Some(user), None) => Some((EntityKind::User, user)),
        (None, Some(account)) => Some((EntityKind::Account, account)),
        (Some(_), Some(account)) => {
            let label = "an expectation is about one of them; write two";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, account.span, "`account` beside `user`", label));
            None
        }
        (None, None) => {
            table.report_missing_key("user", "user = \"u1\", or account = \"a1\"", found);
            None
        }
    };
    if let Some((_, id)) = who.as_ref().filter(|(_, id)| id_of_text(&id.value).is_none()) {
        let label = "white space and words such as `null` are no id";
        found.add(Diagnostic::error(codes::BAD_VALUE, id.span.clone(), "there is no id in it", label));
    }
    who
}

/// The points that signals are expected to pay.
fn signal_points(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Vec<(SpannedText, WithSpan<Points>)> {
    let Some(points) = table.table("signals", "points by signal", found) else { return Vec::new() };
    points
        .entries()
        .filter_map(|(name, value)| as_points(value, &name.value, found).map(|points| (name, points)))
        .collect()
}

/// The states that milestones are expected to have.
fn milestone_states(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Vec<(SpannedText, SpannedText)> {
    let Some(states) = table.table("milestones", "milestones", found) else { return Vec::new() };
    let mut all = Vec::new();
    for (name, value) in states.entries() {
        let state = match value.get_ref() {
            DeValue::Datetime(at) => Some(WithSpan::new(at.to_string(), value.span())),
            _ => as_text(value, &name.value, found),
        };
        all.extend(state.map(|state| (name, state)));
    }
    all
}

/// The values that facts or columns are expected to have, as JSON.
fn json_values(
    table: &mut TableReader<'_>,
    key: &'static str,
    found: &mut DiagnosticSink,
) -> Vec<(SpannedText, WithSpan<Json>)> {
    let Some(values) = table.table(key, key, found) else { return Vec::new() };
    values
        .entries()
        .filter_map(|(name, value)| Some((name, WithSpan::new(toml_to_json(value, found)?, value.span()))))
        .collect()
}

impl ExpectationSyntax {
    /// Reports an expectation without content, and an expectation about values of an absent row.
    fn check_not_empty(&self, found: &mut DiagnosticSink) {
        let lists = [self.fired.len(), self.not_fired.len(), self.signals.len(), self.milestones.len()];
        let more = [self.facts.len(), self.holds.len(), self.columns.len(), self.names.len()];
        let any = self.score.is_some() || self.qualified.is_some() || lists.iter().chain(&more).any(|n| *n > 0);
        let absent = self.absent.as_ref().is_some_and(|absent| absent.value);
        if absent && any {
            let label = "of somebody who is not there nothing else can be expected";
            found.add(Diagnostic::error(codes::KEY_CONFLICT, self.span.clone(), "`absent` beside other keys", label));
        }
        if !any && self.absent.is_none() {
            let label = format!("one of {}", quoted_list(&EXPECT_KEYS[2..]));
            found.add(Diagnostic::error(codes::MISSING_KEY, self.span.clone(), "an expectation of nothing", label));
        }
    }
}
