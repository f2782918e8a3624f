//! An explanation as JSON: the ledger, with what else was asked behind it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    CountedEvent, Explanation, FactChange, Forecast, NextTierPaths, SignalEvents, TierPath,
    forecast::TierDrop,
    members::{MemberLine, MemberNote},
};
use pql_engine::{
    emit::{JsonFact, JsonPoints},
    ledger::LedgerRecord,
};
use pql_model::{
    clock::{format_day, format_instant},
    units::Points,
};

/// An explanation as it is written.
#[derive(Debug, Serialize)]
pub struct ExplanationRecord<'e> {
    #[serde(flatten)]
    ledger: LedgerRecord<'e>,
    /// Only for accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    member_signals: Option<Vec<MemberLineRecord<'e>>>,
    /// Only for accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<MemberRecord<'e>>>,
    next_tier: Option<PathsRecord<'e>>,
    forecast: Option<ForecastRecord<'e>>,
    /// Only if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventsRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct MemberLineRecord<'e> {
    signal: &'e str,
    points: JsonPoints,
    people: u64,
    events: Option<u64>,
}

#[derive(Debug, Serialize)]
struct MemberRecord<'e> {
    id: &'e str,
    score: JsonPoints,
    tier: Option<&'e str>,
    signals: Vec<MemberPointsRecord<'e>>,
    /// Only if a signal over roll-ups was asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    adds: BTreeMap<&'e str, JsonFact<'e>>,
}

#[derive(Debug, Serialize)]
struct MemberPointsRecord<'e> {
    signal: &'e str,
    points: JsonPoints,
    events: Option<u64>,
}

impl<'e> MemberLineRecord<'e> {
    fn new(line: &'e MemberLine) -> MemberLineRecord<'e> {
        let MemberLine { name, points, people, events } = line;
        MemberLineRecord { signal: name, points: JsonPoints(*points), people: *people, events: *events }
    }
}

impl<'e> MemberRecord<'e> {
    fn new(member: &'e MemberNote, rollups: &'e [String]) -> MemberRecord<'e> {
        let signals = member.paid.iter().map(|(signal, points, events)| MemberPointsRecord {
            signal,
            points: JsonPoints(*points),
            events: *events,
        });
        MemberRecord {
            id: &member.id,
            score: JsonPoints(member.score),
            tier: member.tier.as_deref(),
            signals: signals.collect(),
            adds: rollups.iter().map(String::as_str).zip(member.adds.iter().map(JsonFact)).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PathsRecord<'e> {
    name: &'e str,
    points_missing: JsonPoints,
    ways: Vec<PathRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct PathRecord<'e> {
    steps: Vec<StepRecord<'e>>,
    score: JsonPoints,
    tier: &'e str,
}

#[derive(Debug, Serialize)]
struct StepRecord<'e> {
    fact: &'e str,
    from: JsonFact<'e>,
    to: JsonFact<'e>,
}

#[derive(Debug, Serialize)]
struct ForecastRecord<'e> {
    until: String,
    drop: Option<DropRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct DropRecord<'e> {
    date: String,
    tier: &'e str,
    score: JsonPoints,
    changes: Vec<FadeRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct FadeRecord<'e> {
    signal: &'e str,
    points: JsonPoints,
    points_then: JsonPoints,
}

#[derive(Debug, Serialize)]
struct EventsRecord<'e> {
    signal: &'e str,
    list: Vec<EventRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct EventRecord<'e> {
    file: &'e str,
    line: u64,
    timestamp: String,
    event: &'e str,
    facts: &'e [String],
}

impl<'e> ExplanationRecord<'e> {
    /// The record of an explanation.
    pub fn new(explanation: &'e Explanation) -> ExplanationRecord<'e> {
        let members = explanation.members.as_ref();
        let rollups = explanation.events.as_ref().map_or(&[][..], |events| &events.rollups);
        ExplanationRecord {
            ledger: LedgerRecord::new(&explanation.ledger),
            member_signals: members.map(|members| members.sums.iter().map(MemberLineRecord::new).collect()),
            members: members
                .map(|members| members.members.iter().map(|member| MemberRecord::new(member, rollups)).collect()),
            next_tier: explanation.next_tier.as_ref().map(PathsRecord::new),
            forecast: explanation.forecast.as_ref().map(ForecastRecord::new),
            events: explanation.events.as_ref().map(EventsRecord::new),
        }
    }
}

impl<'e> PathsRecord<'e> {
    fn new(paths: &'e NextTierPaths) -> PathsRecord<'e> {
        PathsRecord {
            name: &paths.tier,
            points_missing: JsonPoints(paths.points_missing.unwrap_or(Points::ZERO)),
            ways: paths.paths.iter().map(PathRecord::new).collect(),
        }
    }
}

impl<'e> PathRecord<'e> {
    fn new(path: &'e TierPath) -> PathRecord<'e> {
        PathRecord {
            steps: path.changes.iter().map(StepRecord::new).collect(),
            score: JsonPoints(path.score),
            tier: &path.tier,
        }
    }
}

impl<'e> StepRecord<'e> {
    fn new(change: &'e FactChange) -> StepRecord<'e> {
        StepRecord { fact: &change.fact, from: JsonFact(&change.from), to: JsonFact(&change.to) }
    }
}

impl<'e> ForecastRecord<'e> {
    fn new(forecast: &'e Forecast) -> ForecastRecord<'e> {
        ForecastRecord { until: format_day(forecast.until), drop: forecast.drop.as_ref().map(DropRecord::new) }
    }
}

impl<'e> DropRecord<'e> {
    fn new(drop: &'e TierDrop) -> DropRecord<'e> {
        let changes = drop.changes.iter().map(|(signal, now, then)| FadeRecord {
            signal,
            points: JsonPoints(*now),
            points_then: JsonPoints(*then),
        });
        DropRecord {
            date: format_day(drop.day),
            tier: &drop.tier,
            score: JsonPoints(drop.score),
            changes: changes.collect(),
        }
    }
}

impl<'e> EventsRecord<'e> {
    fn new(events: &'e SignalEvents) -> EventsRecord<'e> {
        EventsRecord { signal: &events.signal, list: events.events.iter().map(EventRecord::new).collect() }
    }
}

impl<'e> EventRecord<'e> {
    fn new(event: &'e CountedEvent) -> EventRecord<'e> {
        EventRecord {
            file: &event.file,
            line: event.line,
            timestamp: format_instant(event.at),
            event: &event.event,
            facts: &event.facts,
        }
    }
}
