//! Renders a ledger as JSON.

use serde::Serialize;

use super::{EvaluatedRule, FactValue, Ledger, LedgerEntry, LedgerLine, RuleDecision, SignalNote, UnmetCondition};
use crate::{
    emit::{JsonFact, JsonMap, JsonNumber, JsonPoints},
    score::milestones::MilestoneState,
};
use pql_model::{EntityKind, clock::format_instant, resolved::DecayCurve};

/// A ledger as it is written.
#[derive(Debug, Serialize)]
pub struct LedgerRecord<'l> {
    level: &'static str,
    id: &'l str,
    /// Only of users; null without a home account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Option<&'l str>>,
    as_of: String,
    score: JsonPoints,
    tier: Option<&'l str>,
    route: Option<&'l str>,
    /// Only under a model with segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<Option<&'l str>>,
    /// Only under a model with suppressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Option<&'l str>>,
    ledger: Vec<LineRecord<'l>>,
    signals: Vec<SignalRecord<'l>>,
    milestones: Vec<ReachedRecord<'l>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<Vec<RuleRecord<'l>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<RuleRecord<'l>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routes: Option<Vec<RuleRecord<'l>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<Vec<RuleRecord<'l>>>,
}

#[derive(Debug, Serialize)]
struct LineRecord<'l> {
    #[serde(flatten)]
    entry: EntryRecord<'l>,
    points: JsonPoints,
    total: JsonPoints,
}

#[derive(Debug, Serialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum EntryRecord<'l> {
    Signal {
        signal: &'l str,
    },
    Max {
        signal: &'l str,
    },
    Decay {
        signal: &'l str,
        days: Option<JsonNumber>,
        #[serde(skip_serializing_if = "Option::is_none")]
        half_life_days: Option<JsonNumber>,
        #[serde(skip_serializing_if = "Option::is_none")]
        linear_days: Option<JsonNumber>,
    },
    Exclusive {
        signal: &'l str,
        by: Option<&'l str>,
    },
    CategoryBounds {
        category: &'l str,
    },
    ScoreBounds,
}

#[derive(Debug, Serialize)]
struct SignalRecord<'l> {
    name: &'l str,
    category: &'l str,
    state: &'static str,
    rule: &'l str,
    value: JsonFact<'l>,
    facts: JsonMap<&'l str, JsonFact<'l>>,
    points_before_max: JsonPoints,
    points_before_decay: JsonPoints,
    points: JsonPoints,
    unmet: Vec<UnmetRecord<'l>>,
}

#[derive(Debug, Serialize)]
struct UnmetRecord<'l> {
    condition: &'l str,
    facts: JsonMap<&'l str, JsonFact<'l>>,
}

#[derive(Debug, Serialize)]
struct ReachedRecord<'l> {
    name: &'l str,
    state: &'static str,
    at: Option<String>,
}

#[derive(Debug, Serialize)]
struct RuleRecord<'l> {
    name: &'l str,
    rule: &'l str,
    holds: bool,
    unmet: Vec<UnmetRecord<'l>>,
}

impl<'l> LedgerRecord<'l> {
    /// The record of a ledger.
    pub fn new(ledger: &'l Ledger) -> LedgerRecord<'l> {
        let home_account = ledger.home_account.as_deref();
        LedgerRecord {
            level: ledger.side.word(),
            id: &ledger.id,
            account_id: (ledger.side == EntityKind::User).then_some(home_account),
            as_of: format_instant(ledger.as_of.instant),
            score: JsonPoints(ledger.score),
            tier: matched(ledger.tier.as_ref()),
            route: matched(ledger.route.as_ref()),
            segment: ledger.segment.as_ref().map(|segment| matched(Some(segment))),
            suppressed: ledger.suppressed.as_ref().map(|one| matched(Some(one))),
            ledger: ledger.lines.iter().map(|line| LineRecord::new(ledger, line)).collect(),
            signals: ledger.signals.iter().map(SignalRecord::new).collect(),
            milestones: ledger.milestones.iter().map(|(name, state)| ReachedRecord::new(name, *state)).collect(),
            segments: ledger.segment.as_ref().map(evaluated),
            tiers: ledger.tier.as_ref().map(evaluated),
            routes: ledger.route.as_ref().map(evaluated),
            suppressions: ledger.suppressed.as_ref().map(evaluated),
        }
    }
}

/// The name of the entry that held.
fn matched(decision: Option<&RuleDecision>) -> Option<&str> {
    decision.and_then(RuleDecision::matched_rule).map(|rule| rule.name.as_str())
}

fn evaluated(decision: &RuleDecision) -> Vec<RuleRecord<'_>> {
    decision.evaluated.iter().map(RuleRecord::new).collect()
}

impl<'l> LineRecord<'l> {
    fn new(ledger: &'l Ledger, line: &LedgerLine) -> LineRecord<'l> {
        let entry = EntryRecord::new(ledger, &line.entry);
        LineRecord { entry, points: JsonPoints(line.points), total: JsonPoints(line.total) }
    }
}

impl<'l> EntryRecord<'l> {
    fn new(ledger: &'l Ledger, entry: &LedgerEntry) -> EntryRecord<'l> {
        let name = |place: usize| ledger.signal(place).name.as_str();
        match entry {
            LedgerEntry::Signal(place) => EntryRecord::Signal { signal: name(*place) },
            LedgerEntry::SignalMax(place) => EntryRecord::Max { signal: name(*place) },
            LedgerEntry::Decay(place, decay) => {
                let (half_life_days, linear_days) = match decay.curve {
                    DecayCurve::HalfLife(days) => (Some(JsonNumber(days)), None),
                    DecayCurve::Linear(days) => (None, Some(JsonNumber(days))),
                };
                let days = decay.days.map(JsonNumber);
                EntryRecord::Decay { signal: name(*place), days, half_life_days, linear_days }
            }
            LedgerEntry::Superseded(place, by) => EntryRecord::Exclusive { signal: name(*place), by: by.map(name) },
            LedgerEntry::CategoryBounds(place) => EntryRecord::CategoryBounds { category: ledger.category(*place) },
            LedgerEntry::ScoreBounds => EntryRecord::ScoreBounds,
        }
    }
}

impl<'l> SignalRecord<'l> {
    fn new(note: &'l SignalNote) -> SignalRecord<'l> {
        let [before_max, before_decay, paid] = note.points.map(JsonPoints);
        SignalRecord {
            name: &note.name,
            category: &note.category,
            state: note.firing.as_str(),
            rule: &note.rule,
            value: JsonFact(&note.seen),
            facts: facts(&note.facts),
            points_before_max: before_max,
            points_before_decay: before_decay,
            points: paid,
            unmet: unmet(&note.unmet),
        }
    }
}

/// Facts by name.
fn facts(known: &[FactValue]) -> JsonMap<&str, JsonFact<'_>> {
    known.iter().map(|fact| (fact.name.as_str(), JsonFact(&fact.value))).collect()
}

fn unmet(all: &[UnmetCondition]) -> Vec<UnmetRecord<'_>> {
    all.iter().map(|one| UnmetRecord { condition: &one.condition, facts: facts(&one.facts) }).collect()
}

impl<'l> ReachedRecord<'l> {
    fn new(name: &'l str, state: MilestoneState) -> ReachedRecord<'l> {
        let at = state.reached().map(format_instant);
        ReachedRecord { name, state: state.as_str(), at }
    }
}

impl<'l> RuleRecord<'l> {
    fn new(tried: &'l EvaluatedRule) -> RuleRecord<'l> {
        RuleRecord { name: &tried.name, rule: &tried.rule, holds: tried.unmet.is_empty(), unmet: unmet(&tried.unmet) }
    }
}
