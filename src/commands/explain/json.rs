//! An explanation as JSON: the ledger, with what else was asked behind it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    CountedEvent, DropCause, Explanation, Forecast, NextTierWays, SignalEvents, TierWay,
    forecast::TierDrop,
    member_parts::{AccountPerson, MemberPart, MemberSumParts},
    members::{MemberLine, MemberNote},
    outcomes::OutcomeRecord,
};
use pql_engine::{
    emit::{JsonFact, JsonPoints},
    ledger::LedgerRecord,
    pipeline::SupposedEvent,
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
    /// The champion and the buyer, each by its role; only for accounts that have one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    people: BTreeMap<&'static str, PersonRecord<'e>>,
    /// By roll-up: what each member adds. Only if that is not the score.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    member_sums: BTreeMap<&'e str, Vec<MemberPartRecord<'e>>>,
    /// Only in a run with outcomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<Vec<OutcomeRecord<'e>>>,
    next_tier: Option<WaysRecord<'e>>,
    forecast: Option<ForecastRecord<'e>>,
    /// Only if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventsRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct PersonRecord<'e> {
    id: &'e str,
    #[serde(flatten)]
    facts: BTreeMap<&'static str, &'e str>,
}

#[derive(Debug, Serialize)]
struct MemberPartRecord<'e> {
    id: &'e str,
    adds: f64,
    facts: BTreeMap<&'e str, JsonFact<'e>>,
}

impl<'e> PersonRecord<'e> {
    fn new(person: &'e AccountPerson) -> (&'static str, PersonRecord<'e>) {
        let facts = person.facts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        (person.role, PersonRecord { id: &person.id, facts })
    }
}

impl<'e> MemberPartRecord<'e> {
    fn all(sum: &'e MemberSumParts) -> (&'e str, Vec<MemberPartRecord<'e>>) {
        let record = |part: &'e MemberPart| {
            let facts = part.facts.iter().map(|fact| (fact.name.as_str(), JsonFact(&fact.value))).collect();
            MemberPartRecord { id: &part.id, adds: part.adds, facts }
        };
        (&sum.name, sum.parts.iter().map(record).collect())
    }
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
struct WaysRecord<'e> {
    name: &'e str,
    points_missing: JsonPoints,
    ways: Vec<WayRecord<'e>>,
}

#[derive(Debug, Serialize)]
struct WayRecord<'e> {
    what: &'e str,
    /// Events in the native format.
    events: Vec<serde_json::Value>,
    /// Only if the way is another value of a trait.
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<KnownRecord<'e>>,
    score: JsonPoints,
    tier: &'e str,
}

#[derive(Debug, Serialize)]
struct KnownRecord<'e> {
    level: &'static str,
    id: &'e str,
    #[serde(rename = "trait")]
    name: &'e str,
    value: JsonFact<'e>,
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
    /// Changes that would each have kept the tier; several in one list only together.
    causes: Vec<Vec<CauseRecord<'e>>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum CauseRecord<'e> {
    Signal { signal: &'e str, points: JsonPoints, points_then: JsonPoints },
    Fact { fact: &'e str, value: JsonFact<'e>, value_then: JsonFact<'e> },
}

impl<'e> CauseRecord<'e> {
    fn new(cause: &'e DropCause) -> CauseRecord<'e> {
        match cause {
            DropCause::Signal(signal, now, then) => {
                CauseRecord::Signal { signal, points: JsonPoints(*now), points_then: JsonPoints(*then) }
            }
            DropCause::Fact(fact, now, then) => {
                CauseRecord::Fact { fact, value: JsonFact(now), value_then: JsonFact(then) }
            }
        }
    }
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
            people: members.iter().flat_map(|members| &members.people).map(PersonRecord::new).collect(),
            member_sums: members.iter().flat_map(|members| &members.parts).map(MemberPartRecord::all).collect(),
            outcomes: explanation.outcomes.as_ref().map(|all| all.iter().map(OutcomeRecord::new).collect()),
            next_tier: explanation.next_tier.as_ref().map(WaysRecord::new),
            forecast: explanation.forecast.as_ref().map(ForecastRecord::new),
            events: explanation.events.as_ref().map(EventsRecord::new),
        }
    }
}

impl<'e> WaysRecord<'e> {
    fn new(ways: &'e NextTierWays) -> WaysRecord<'e> {
        WaysRecord {
            name: &ways.tier,
            points_missing: JsonPoints(ways.points_missing.unwrap_or(Points::ZERO)),
            ways: ways.ways.iter().map(WayRecord::new).collect(),
        }
    }
}

impl<'e> WayRecord<'e> {
    fn new(way: &'e TierWay) -> WayRecord<'e> {
        let known = way.known.as_ref().map(|(name, supposed)| KnownRecord {
            level: supposed.side.word(),
            id: &supposed.id,
            name,
            value: JsonFact(&supposed.value),
        });
        WayRecord {
            what: &way.text,
            events: way.events.iter().map(SupposedEvent::to_json).collect(),
            known,
            score: JsonPoints(way.score),
            tier: &way.tier,
        }
    }
}

impl<'e> ForecastRecord<'e> {
    fn new(forecast: &'e Forecast) -> ForecastRecord<'e> {
        ForecastRecord { until: format_day(forecast.until), drop: forecast.drop.as_ref().map(DropRecord::new) }
    }
}

impl<'e> DropRecord<'e> {
    fn new(drop: &'e TierDrop) -> DropRecord<'e> {
        let causes = drop.causes.iter().map(|together| together.iter().map(CauseRecord::new).collect());
        DropRecord {
            date: format_day(drop.day),
            tier: &drop.tier,
            score: JsonPoints(drop.score),
            causes: causes.collect(),
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
