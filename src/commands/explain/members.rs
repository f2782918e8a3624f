//! The people behind an account: what each was paid for, and how many events counted for it.

use std::collections::{HashMap, HashSet};

use pql_engine::{
    ledger::{EntityRef, fact_value, to_owned_value},
    plan::Model,
    read::ReadError,
    score::{MemberSource, MemberSum, ScoredEntities, paid_sources, sum_member_signals},
};
use pql_model::{
    EntityKind, FactKey,
    expr::{Program, Value},
    resolved::{FactDefinition, Rollup, Signal},
    scoring::evaluate_signals,
    units::Points,
};

use super::{
    member_parts::{AccountPerson, MemberSumParts, people_of, sums_of},
    requirements::{RowScope, signal_programs, signal_requirements},
    signal_events::{EventRowKey, SecondReading, SignalEventMatcher, row_key, rows},
};

/// The members of an account and what they were paid for.
#[derive(Debug)]
pub struct MemberReport {
    /// By source: the largest sum first, bounds last.
    pub sums: Vec<MemberLine>,
    /// The highest score first, then by id.
    pub members: Vec<MemberNote>,
    /// The champion and the buyer.
    pub people: Vec<AccountPerson>,
    /// What members add to the sums that signals pay for.
    pub parts: Vec<MemberSumParts>,
}

/// One source of points over all members.
#[derive(Debug)]
pub struct MemberLine {
    /// The name of a signal, or `cap:` and what is bounded.
    pub name: String,
    /// The sum.
    pub points: Points,
    /// The number of members.
    pub people: u64,
    /// The events of members that counted for the signal; none if they were not counted.
    pub events: Option<u64>,
}

/// One member.
#[derive(Debug)]
pub struct MemberNote {
    /// Its id.
    pub id: String,
    /// Its score.
    pub score: Points,
    /// Its tier, if the model has any.
    pub tier: Option<String>,
    /// The name of each source, its points, and the events that counted; the largest first, bounds last.
    pub paid: Vec<(String, Points, Option<u64>)>,
    /// By roll-up that was asked for: the value that the member adds. Null for a member that does not count.
    pub adds: Vec<Value<'static>>,
}

/// A roll-up behind a signal.
#[derive(Debug)]
pub struct SignalRollup {
    /// The name of the fact.
    pub name: String,
    /// By place among the facts of accounts.
    pub(super) slot: u32,
}

/// The roll-ups that a signal of accounts reads, also through named expressions.
pub fn signal_rollups(model: &Model, signal: &Signal) -> Vec<SignalRollup> {
    let mut slots: Vec<u32> = Vec::new();
    signal_programs(signal).iter().for_each(|program| program.visit_slots(&mut |slot| slots.push(slot)));
    let mut found: Vec<SignalRollup> = Vec::new();
    let mut next = 0;
    while let Some(slot) = slots.get(next).copied() {
        next += 1;
        let Some(fact) = model.resolved.fact(FactKey::new(EntityKind::Account, slot)) else { continue };
        match &fact.definition {
            FactDefinition::Rollup(_) if found.iter().all(|one| one.slot != slot) => {
                found.push(SignalRollup { name: fact.name.clone(), slot });
            }
            FactDefinition::Expression(program) => {
                program.visit_slots(&mut |inner| {
                    if !slots.contains(&inner) {
                        slots.push(inner);
                    }
                });
            }
            FactDefinition::Rollup(_)
            | FactDefinition::Builtin(_)
            | FactDefinition::Trait(_)
            | FactDefinition::Metric(_)
            | FactDefinition::Milestone(..)
            | FactDefinition::Person(..)
            | FactDefinition::Record(_)
            | FactDefinition::Outcome(_)
            | FactDefinition::Scoring => {}
        }
    }
    found
}

/// Counted events of each member, by signal of users.
type MemberCounts = HashMap<u32, Vec<u64>>;

/// The members of an account. Their events are counted if the files can be read again.
///
/// # Errors
/// Those of reading. **Cost**: a reading of everything by one thread.
pub fn report_members(
    (scored, model): (&ScoredEntities<'_>, &Model),
    account: EntityRef,
    again: Option<SecondReading<'_>>,
    rollups: &[SignalRollup],
) -> Result<MemberReport, ReadError> {
    let counts = again.map(|reading| count_events(reading, account)).transpose()?;
    let sums = sum_member_signals(scored, model, account.place);
    let level = model.resolved.level(EntityKind::User);
    let line = |sum: &MemberSum| MemberLine {
        name: sum.source.name(level),
        points: sum.points,
        people: sum.people,
        events: counts.as_ref().and_then(|counts| all_events(counts, sum.source)),
    };
    let sums = sums.iter().map(line).collect();
    let members = &scored.entities.accounts[account.place].members;
    let mut members: Vec<MemberNote> = members
        .iter()
        .map(|member| note_member((scored, model), *member, counts.as_ref().and_then(|all| all.get(member)), rollups))
        .collect();
    members.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    let people = people_of((scored, model), account.place);
    Ok(MemberReport { sums, members, people, parts: sums_of((scored, model), account) })
}

/// The events of all members that counted for a source; none for bounds.
fn all_events(counts: &MemberCounts, source: MemberSource) -> Option<u64> {
    match source {
        MemberSource::Signal(place) => Some(counts.values().map(|signals| signals[place]).sum()),
        MemberSource::CategoryBounds(_) | MemberSource::ScoreBounds => None,
    }
}

fn note_member(
    (scored, model): (&ScoredEntities<'_>, &Model),
    member: u32,
    counts: Option<&Vec<u64>>,
    rollups: &[SignalRollup],
) -> MemberNote {
    let level = model.resolved.level(EntityKind::User);
    let entity = EntityRef { side: EntityKind::User, place: member as usize };
    let scope = entity.scope(scored);
    let mut paid = paid_sources(level, &evaluate_signals(level, &scope));
    let score = paid.iter().map(|(_, points)| *points).sum();
    let bounds = paid.iter().position(|(source, _)| !matches!(source, MemberSource::Signal(_))).unwrap_or(paid.len());
    paid[..bounds].sort_by_key(|(_, points)| std::cmp::Reverse(*points));
    let paid = paid.into_iter().map(|(source, points)| {
        let events = match source {
            MemberSource::Signal(place) => counts.map(|counts| counts[place]),
            MemberSource::CategoryBounds(_) | MemberSource::ScoreBounds => None,
        };
        (source.name(level), points, events)
    });
    let adds = rollups.iter().map(|rollup| {
        let key = FactKey::new(EntityKind::Account, rollup.slot);
        match model.resolved.fact(key).map(|fact| &fact.definition) {
            Some(FactDefinition::Rollup(rollup)) => value_added(rollup, &scope),
            _ => Value::Null,
        }
    });
    MemberNote {
        id: entity.id(scored).to_owned(),
        score,
        tier: fact_value(model, EntityKind::User, "tier", &scope).and_then(|tier| tier.to_text()).map(String::from),
        paid: paid.collect(),
        adds: adds.collect(),
    }
}

/// What a member adds to a roll-up; null if it does not count.
pub(super) fn value_added(rollup: &Rollup, scope: &pql_engine::ledger::EntityFacts<'_>) -> Value<'static> {
    if rollup.filter.as_ref().is_some_and(|filter| !filter.holds(scope)) {
        return Value::Null;
    }
    rollup.value.as_ref().map_or(Value::Number(1.0), |value: &Program| to_owned_value(&value.eval(scope)))
}

/// Counts the events of members, for each signal that fired for them.
fn count_events(reading: SecondReading<'_>, account: EntityRef) -> Result<MemberCounts, ReadError> {
    let (scored, model) = (reading.scored, reading.model);
    let level = model.resolved.level(EntityKind::User);
    let mut owners: HashMap<EventRowKey, u32> = HashMap::new();
    let mut matchers: HashMap<u32, Vec<(usize, SignalEventMatcher<'_>)>> = HashMap::new();
    let mut counts: MemberCounts = HashMap::new();
    for member in &scored.entities.accounts[account.place].members {
        let entity = EntityRef { side: EntityKind::User, place: *member as usize };
        let own = rows(scored, scored.entities.user_rows(entity.place));
        owners.extend(own.into_keys().map(|key| (key, *member)));
        let fired: HashSet<MemberSource> = paid_sources(level, &evaluate_signals(level, &entity.scope(scored)))
            .into_iter()
            .map(|(source, _)| source)
            .collect();
        let of_signals =
            level.signals.iter().enumerate().filter(|(place, _)| fired.contains(&MemberSource::Signal(*place)));
        let matcher = |(place, signal): (usize, &Signal)| {
            // What colleagues did stands in their own lines.
            let needs = signal_requirements(model, EntityKind::User, signal);
            let needs = needs.into_iter().filter(|need| need.scope == RowScope::Own).collect();
            (place, SignalEventMatcher::new(model, scored, entity, needs))
        };
        matchers.insert(*member, of_signals.map(matcher).collect());
        counts.insert(*member, vec![0; level.signals.len()]);
    }
    reading.for_each_event(&mut |record, _| {
        let Some(member) = owners.get(&row_key(record)) else { return };
        let (Some(of_signals), Some(counts)) = (matchers.get_mut(member), counts.get_mut(member)) else { return };
        for (place, matcher) in of_signals {
            counts[*place] += u64::from(!matcher.facts(record).is_empty());
        }
    })?;
    Ok(counts)
}
