//! Expectations as they are written.

use std::ops::Range;

use serde_json::Value as Json;
use toml::de::DeValue;

use super::{codes, file::EXPECT_KEYS, values::json};
use crate::{
    diag::{Diagnostic, list},
    model::{
        EntityKind,
        tree::{Findings, Sp, Table, Text, as_points, as_text},
    },
    units::Points,
};

/// What is expected of one user or account, as written.
#[derive(Debug)]
pub(super) struct ExpectFile {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
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

pub(super) fn expect(mut table: Table<'_>, found: &mut Findings) -> Option<ExpectFile> {
    table.vocabulary(&EXPECT_KEYS);
    let span = table.place();
    let (user, account) = (table.text("user", found), table.text("account", found));
    let who = match (user, account) {
        (Some(user), None) => Some((EntityKind::User, user)),
        (None, Some(account)) => Some((EntityKind::Account, account)),
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
