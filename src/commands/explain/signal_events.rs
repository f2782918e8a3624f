//! The events that counted for a signal: a second look at the lines, each held against the rows and filters that the signal reads.

use std::collections::{HashMap, HashSet};

use super::{
    members::signal_rollups,
    requirements::{RowScope, StateRequirement, signal_requirements},
};
use pql_engine::{
    decode::{
        DecodedLine, HashSeed, Record,
        format::{FileFormats, WorkerDecoders},
    },
    entity::{NOBODY, RowRef},
    fold::{ANY_DAY, NO_ACCOUNT, RowOwner},
    ledger::EntityRef,
    pipeline::block_reader,
    plan::{EventMatch, Model, PredicateId},
    read::{BlockLimits, InputSource, LineBlock, ReadError},
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    clock::AsOf,
    expr::EvalScope,
    resolved::Signal,
    units::{Day, Micros},
};

/// An event that counted.
#[derive(Debug, Clone)]
pub struct CountedEvent {
    /// The name of its file.
    pub file: String,
    /// Its line, from 1.
    pub line: u64,
    /// When.
    pub at: Micros,
    /// Its name.
    pub event: String,
    /// The facts that it counted for.
    pub facts: Vec<String>,
}

/// The events that counted for a signal.
#[derive(Debug)]
pub struct SignalEvents {
    /// The signal.
    pub signal: String,
    /// By file and line.
    pub events: Vec<CountedEvent>,
    /// The roll-ups that the signal reads.
    pub rollups: Vec<String>,
}

/// Whose a row is, as events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum EventOwner {
    User(String),
    Visitor(String),
    Nobody,
}

/// A row of the state, as events tell it: whose, the named account, and the date if there is none.
pub(super) type EventRowKey = (EventOwner, Option<String>, Day);

/// Rows that are read, each with whether it is of somebody.
pub(super) type EventRows = HashMap<EventRowKey, bool>;

/// A second reading of the lines of a run.
pub struct SecondReading<'r> {
    /// The files.
    pub inputs: Vec<InputSource>,
    /// The sizes of lines and blocks.
    pub limits: BlockLimits,
    /// The model.
    pub model: &'r Model,
    /// The results of the first reading.
    pub scored: &'r ScoredEntities<'r>,
}

/// The name of a file and a line in it, from 1.
pub(super) type LinePosition<'p> = (&'p str, u64);

/// Gives the events that counted for a signal.
///
/// # Errors
///
/// Those of reading. **Cost**: a reading of everything by one thread.
pub fn find_signal_events(
    reading: SecondReading<'_>,
    entity: EntityRef,
    signal: &Signal,
) -> Result<SignalEvents, ReadError> {
    let needs = signal_requirements(reading.model, entity.side, signal);
    let model = reading.model;
    let mut matcher = SignalEventMatcher::new(model, reading.scored, entity, needs);
    let mut found = Vec::new();
    reading.for_each_event(&mut |record, (file, line)| {
        let facts = matcher.facts(record);
        if !facts.is_empty() {
            let file = file.to_owned();
            found.push(CountedEvent { file, line, at: record.at, event: record.name.to_string(), facts });
        }
    })?;
    found.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let rollups = match entity.side {
        EntityKind::User => Vec::new(),
        EntityKind::Account => signal_rollups(model, signal).into_iter().map(|rollup| rollup.name).collect(),
    };
    Ok(SignalEvents { signal: signal.name.clone(), events: found, rollups })
}

impl SecondReading<'_> {
    /// Hands on every event before `as_of`.
    pub(super) fn for_each_event(self, take: &mut dyn FnMut(&Record<'_>, LinePosition<'_>)) -> Result<(), ReadError> {
        let SecondReading { inputs, limits, model, scored } = self;
        let names: Vec<String> = inputs.iter().map(|input| input.name.clone()).collect();
        let formats = FileFormats::new(model, model.resolved.input.format, names.len());
        let mut reading = WorkerDecoders::new(&formats, HashSeed::default(), scored.as_of.instant);
        let reader = block_reader(inputs, model, limits, 1);
        let mut lines: Vec<u64> = vec![0; names.len()];
        let mut goes_on = false;
        let mut block = LineBlock::default();
        while let Some(next) = reader.next(block)? {
            let file = next.file as usize;
            if next.long_line.is_some() {
                lines[file] += 1;
            } else {
                let first = next.starts_file.then_some(&*next.bytes);
                let Ok(decoder) = reading.decoder_for(next.file, first) else {
                    block = next;
                    continue;
                };
                for (number, bytes) in next.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
                    // What was made into a line knows where it was.
                    let line = lines[file] + u64::from(number > 0 || !goes_on);
                    lines[file] = next.origins.get(number).map_or(line, |place| place.line);
                    let Ok(text) = std::str::from_utf8(bytes.strip_suffix(b"\n").unwrap_or(bytes)) else { continue };
                    decoder.for_each_record(text, &mut |line_record| {
                        if let DecodedLine::Event(record) = line_record {
                            take(&record, (&names[file], lines[file]));
                        }
                    });
                }
            }
            goes_on = next.goes_on;
            block = next;
        }
        Ok(())
    }
}

/// Holds events against what a signal reads.
pub(super) struct SignalEventMatcher<'m> {
    model: &'m Model,
    needs: Vec<StateRequirement>,
    rows: HashMap<RowScope, EventRows>,
    as_of: AsOf,
    /// The date of the start, for windows that begin with it.
    starts: HashMap<RowScope, Day>,
    /// Events with an id that were seen: copies count once.
    seen: HashSet<(u64, u64)>,
}

impl<'m> SignalEventMatcher<'m> {
    pub(super) fn new(
        model: &'m Model,
        scored: &ScoredEntities<'_>,
        entity: EntityRef,
        needs: Vec<StateRequirement>,
    ) -> SignalEventMatcher<'m> {
        let home = match entity.side {
            EntityKind::User => scored.entities.users[entity.place].home.map(|home| home as usize),
            EntityKind::Account => None,
        };
        let of_account = |place: usize| rows(scored, scored.entities.account_rows(place));
        let of_user = |place: usize| rows(scored, scored.entities.user_rows(place));
        let mut all: HashMap<RowScope, EventRows> = HashMap::new();
        let mut starts = HashMap::new();
        let reads = |scope: RowScope| needs.iter().any(|need| need.scope == scope);
        if reads(RowScope::Own) {
            let own = match entity.side {
                EntityKind::User => of_user(entity.place),
                EntityKind::Account => of_account(entity.place),
            };
            all.insert(RowScope::Own, own);
            starts.extend(start(model, scored, entity).map(|day| (RowScope::Own, day)));
        }
        if let Some(home) = home.filter(|_| reads(RowScope::Home)) {
            all.insert(RowScope::Home, of_account(home));
            let home = EntityRef { side: EntityKind::Account, place: home };
            starts.extend(start(model, scored, home).map(|day| (RowScope::Home, day)));
        }
        if entity.side == EntityKind::Account && reads(RowScope::Members) {
            let members = &scored.entities.accounts[entity.place].members;
            all.insert(RowScope::Members, members.iter().flat_map(|member| of_user(*member as usize)).collect());
        }
        SignalEventMatcher { model, needs, rows: all, as_of: scored.as_of, starts, seen: HashSet::new() }
    }

    /// The facts that an event counts for.
    pub(super) fn facts(&mut self, record: &Record<'_>) -> Vec<String> {
        if let Some(fingerprint) = record.fingerprint
            && !self.seen.insert(fingerprint)
        {
            return Vec::new();
        }
        let key = row_key(record);
        let owned = key.0 != EventOwner::Nobody;
        let plan = &self.model.aggregation.plans[record.plan];
        let active = owned && !record.noise && !self.matches_record(&plan.ignored, record);
        let mut facts: Vec<String> = Vec::new();
        for need in &self.needs {
            let Some(of_somebody) = self.rows.get(&need.scope).and_then(|rows| rows.get(&key)) else { continue };
            if need.active && !of_somebody || !self.in_window(need, record.day) || facts.contains(&need.fact) {
                continue;
            }
            let kept = || {
                plan.filters.iter().any(|one| {
                    one.ops.iter().any(|keep| need.reads(*keep))
                        && (active || !one.active)
                        && self.matches_record(&one.matches, record)
                        && one.predicate.is_none_or(|predicate| self.holds(predicate, record))
                })
            };
            if need.reads_all() || (need.reads_activity() && active) || kept() {
                facts.push(need.fact.clone());
            }
        }
        facts
    }

    fn in_window(&self, need: &StateRequirement, day: Day) -> bool {
        let Some(window) = need.window else { return true };
        let start = self.starts.get(&need.scope).copied().unwrap_or(self.as_of.day);
        let (first, last) = window.dates(self.as_of.day, start);
        (first..=last).contains(&day)
    }

    fn matches_record(&self, matches: &EventMatch, record: &Record<'_>) -> bool {
        match matches {
            EventMatch::Never => false,
            EventMatch::Always => true,
            EventMatch::When(any) => any.iter().any(|all| all.iter().all(|predicate| self.holds(*predicate, record))),
        }
    }

    fn holds(&self, predicate: PredicateId, record: &Record<'_>) -> bool {
        self.model.aggregation.predicates.get(predicate as usize).is_some_and(|program| program.holds(&record.fields()))
    }
}

/// The row that an event was folded into.
pub(super) fn row_key(record: &Record<'_>) -> EventRowKey {
    let who = match (&record.user, &record.visitor) {
        (Some(user), _) => EventOwner::User(user.to_string()),
        (None, Some(visitor)) => EventOwner::Visitor(visitor.to_string()),
        (None, None) => EventOwner::Nobody,
    };
    let account = record.account.as_ref().map(|account| account.to_string());
    let day = if account.is_some() { ANY_DAY } else { record.day };
    (who, account, day)
}

/// The date of an entity's start: the last day looked at, less its age.
fn start(model: &Model, scored: &ScoredEntities<'_>, entity: EntityRef) -> Option<Day> {
    let (slot, _) = pql_engine::ledger::fact_slot(model, entity.side, "age_days")?;
    let age = entity.scope(scored).get(slot).as_number()?;
    Some(scored.as_of.day - age as Day)
}

/// Rows as events tell them.
pub(super) fn rows(scored: &ScoredEntities<'_>, all: &[RowRef]) -> EventRows {
    let state = scored.entities.state;
    let one = |at: &RowRef| {
        let row = scored.entities.row(*at);
        let part = &state.shards[at.shard as usize];
        let who = match row.owner {
            RowOwner::User(id) => EventOwner::User(part.users.ids.get(id).to_owned()),
            RowOwner::Visitor(id) => EventOwner::Visitor(part.visitors.ids.get(id).to_owned()),
            RowOwner::Nobody => EventOwner::Nobody,
        };
        let account = (row.account != NO_ACCOUNT).then(|| state.accounts.get(row.account).to_owned());
        ((who, account, row.day), at.user != NOBODY)
    };
    all.iter().map(one).collect()
}
