//! Fires the alerts of a run.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;

use super::{
    due::{AlertSituation, AlertVerdict},
    share::{AlertLoads, AssignedAlerts, PoolLoads},
};
use crate::{
    changes::RunChanges,
    emit::{LevelRows, OrderKeys, alert_text, cell_text},
    ledger::EntityRef,
    plan::Model,
    record::{AlertStanding, EntityOrigins, KeptEntity, LevelRecord, LevelSnapshot, ListRecord},
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    output_columns::ColumnSource,
    resolved::{Alert, AlertOrder},
    units::{Day, Points},
};

/// A run whose alerts fire.
#[derive(Clone, Copy)]
pub struct AlertRun<'r> {
    /// Its entities.
    pub scored: &'r ScoredEntities<'r>,
    /// Its model.
    pub model: &'r Model,
    /// Its date.
    pub day: Day,
    /// The run before; none in the first run of a record.
    pub before: Option<&'r ListRecord>,
    /// The run of the same instant that this one replaces, and whose entities are whose now.
    pub repeated: Option<(&'r ListRecord, &'r EntityOrigins)>,
}

/// An alert that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct FiredAlert {
    /// Its name.
    pub alert: String,
    /// User or account.
    pub level: EntityKind,
    /// The entity.
    pub id: String,
    /// The home account of a user.
    pub account: Option<String>,
    /// Who gets it.
    pub to: Option<String>,
    /// The score.
    pub score: Points,
    /// The tier.
    pub tier: Option<String>,
    /// The date on which it became due.
    pub since: Day,
    /// Dates from then to the run.
    pub waiting_days: u32,
    /// The message to whoever gets it.
    pub message: Option<String>,
    /// The reason of its route.
    pub because: Option<String>,
}

/// How often an alert did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCount {
    /// User or account.
    pub level: EntityKind,
    /// Its name.
    pub alert: String,
    /// Entities for which it fired.
    pub fired: u64,
    /// Entities that wait for the end of a cooldown or for room in a limit.
    pub waiting: u64,
    /// Entities that waited for too long.
    pub dropped: u64,
    /// Entities that are noted on the first run that knows it.
    pub noted: u64,
    /// Entities for which it fired in the run that this one repeats, and no longer holds. It stays fired for them, and is not listed again.
    pub lapsed: u64,
}

/// What the alerts of a run came to.
#[derive(Debug, Default)]
pub struct AlertOutcome {
    /// Those that fired: users first, by alert in the order of the model, then in the order in which they fired.
    pub fired: Vec<FiredAlert>,
    /// One for each alert of the model, in the same order.
    pub counts: Vec<AlertCount>,
    /// Alerts by date and member of a pool, for the record.
    pub assigned: AssignedAlerts,
}

/// Fires the alerts of a run, and notes in `changes` what they came to.
pub fn fire_alerts(run: &AlertRun<'_>, changes: &mut RunChanges) -> AlertOutcome {
    let mut loads = PoolLoads::new(run.day, run.before.map(|before| &before.assigned));
    let mut outcome = AlertOutcome::default();
    for kind in EntityKind::ALL {
        let alerts = &run.model.resolved.level(kind).alerts;
        let mut level = LevelAlerts::new(run, kind, &changes.kept[kind]);
        let standings: Vec<Vec<AlertStanding>> =
            alerts.iter().map(|alert| level.fire(alert, &mut loads, &mut outcome)).collect();
        level.note(&standings, &mut changes.kept[kind]);
        let departed = &mut changes.departed[kind];
        departed.iter_mut().for_each(|(id, gone)| level.renumber(id, &mut gone.kept, alerts));
    }
    outcome.assigned = loads.into_assigned();
    outcome
}

/// The alerts of one level.
struct LevelAlerts<'r> {
    run: &'r AlertRun<'r>,
    rows: LevelRows<'r>,
    /// The entities in the order of the snapshot.
    order: Vec<u32>,
    /// What the run before kept of each of them, in that order.
    before: Vec<KeptEntity>,
    record: Option<&'r LevelRecord>,
    /// Who has each of them, in that order.
    assignees: Vec<Option<Box<str>>>,
}

/// An entity for which an alert may fire.
struct ReadyEntity {
    /// Its place in the order of the snapshot.
    place: usize,
    since: Day,
    keys: OrderKeys,
}

impl<'r> LevelAlerts<'r> {
    fn new(run: &'r AlertRun<'r>, kind: EntityKind, kept: &[KeptEntity]) -> LevelAlerts<'r> {
        LevelAlerts {
            run,
            rows: LevelRows { scored: run.scored, model: run.model, kind },
            order: LevelSnapshot::entity_order(run.scored, kind),
            before: kept.to_vec(),
            record: run.before.map(|before| &before.levels[kind]),
            assignees: kept.iter().map(|kept| kept.assignee.clone()).collect(),
        }
    }

    fn kind(&self) -> EntityKind {
        self.rows.kind
    }

    fn entity(&self, place: usize) -> EntityRef {
        EntityRef { side: self.kind(), place: self.order[place] as usize }
    }

    fn id(&self, place: usize) -> &'r str {
        self.entity(place).id(self.run.scored)
    }

    /// Fires one alert. Returns what is kept of it for each entity.
    fn fire(&mut self, alert: &Alert, loads: &mut PoolLoads, outcome: &mut AlertOutcome) -> Vec<AlertStanding> {
        let mut of_alert = AlertLoads::default();
        let mut count = AlertCount {
            level: self.kind(),
            alert: alert.name.clone(),
            fired: 0,
            waiting: 0,
            dropped: 0,
            noted: 0,
            lapsed: 0,
        };
        let again = self.fired_in_repeated(&alert.name);
        let verdicts = self.verdicts(alert, &again);
        let mut standings: Vec<AlertStanding> = verdicts.iter().map(|verdict| verdict.standing()).collect();
        let (mut fired, mut ready) = (Vec::new(), Vec::new());
        for (place, verdict) in verdicts.into_iter().enumerate() {
            match verdict {
                AlertVerdict::Quiet(_) => {}
                AlertVerdict::Noted(_) => count.noted += 1,
                AlertVerdict::Dropped(_) => count.dropped += 1,
                AlertVerdict::Cooling(_) => count.waiting += 1,
                AlertVerdict::Ready(standing) => {
                    let since = standing.waits_since.unwrap_or(self.run.day);
                    ready.push(ReadyEntity { place, since, keys: self.keys(alert, place) });
                }
                AlertVerdict::Fired(standing) => {
                    let since = standing.fired_now.unwrap_or(self.run.day);
                    fired.push(ReadyEntity { place, since, keys: self.keys(alert, place) });
                }
            }
        }
        self.sort(alert, &mut fired);
        for one in fired {
            let assignee = again.get(self.id(one.place)).and_then(|fired| fired.assignee);
            let named = self.named(alert, one.place);
            if let (None, Some(name), Some(_)) = (&named, assignee, &alert.pool) {
                loads.count(&mut of_alert, name);
                self.assignees[one.place] = Some(name.into());
            }
            count.fired += 1;
            if standings[one.place].held {
                let to = named.or_else(|| assignee.map(str::to_owned));
                outcome.fired.push(self.fired(alert, (one.place, one.since), to));
            } else {
                count.lapsed += 1;
            }
        }
        self.sort(alert, &mut ready);
        for one in ready {
            let full = alert.limit.is_some_and(|limit| count.fired >= u64::from(limit));
            match self.recipient(alert, one.place, loads, &mut of_alert).filter(|_| !full) {
                None => count.waiting += 1,
                Some(to) => {
                    count.fired += 1;
                    if let Recipient::Member(name) = &to {
                        loads.count(&mut of_alert, name);
                        self.assignees[one.place] = Some(name.as_str().into());
                    }
                    let standing = &mut standings[one.place];
                    (standing.fired, standing.fired_now) = (Some(self.run.day), Some(one.since));
                    standing.waits_since = None;
                    outcome.fired.push(self.fired(alert, (one.place, one.since), to.into_name()));
                }
            }
        }
        outcome.counts.push(count);
        standings
    }

    /// Judges an alert for every entity.
    fn verdicts(&self, alert: &Alert, again: &HashMap<String, RepeatedAlert<'_>>) -> Vec<AlertVerdict> {
        let known = self.record.and_then(|record| record.alerts.iter().position(|name| *name == alert.name));
        let verdict = |place: usize| {
            let before = known.map_or(AlertStanding::default(), |known| self.before[place].alert(known as u32));
            let fired_before = again.get(self.id(place)).map(|fired| fired.since);
            let situation =
                AlertSituation { holds: self.holds(alert, place), before, is_known: known.is_some(), fired_before };
            situation.verdict(alert, self.run.day)
        };
        (0..self.order.len()).into_par_iter().with_min_len(256).map(verdict).collect()
    }

    /// Whether the condition holds; for suppressed entities it does not.
    fn holds(&self, alert: &Alert, place: usize) -> bool {
        let scope = self.entity(place).scope(self.run.scored);
        alert.when.eval(&scope).is_true() && !self.rows.is_suppressed(self.order[place])
    }

    fn keys(&self, alert: &Alert, place: usize) -> OrderKeys {
        let columns = alert.order.iter().filter_map(|order| match order {
            AlertOrder::WaitingDays => None,
            AlertOrder::Column(column) => Some(*column),
        });
        OrderKeys::new(self.rows, self.order[place], &columns.collect::<Vec<ColumnSource>>())
    }

    /// By the order of the alert, then the longest wait first, then by id.
    fn sort(&self, alert: &Alert, ready: &mut [ReadyEntity]) {
        let longest_first = alert.order.first() == Some(&AlertOrder::WaitingDays);
        ready.sort_by(|a, b| {
            let wait = a.since.cmp(&b.since);
            let keys = a.keys.cmp_largest_first(&b.keys);
            let order = if longest_first { wait.then(keys) } else { keys.then(wait) };
            order.then_with(|| self.id(a.place).cmp(self.id(b.place)))
        });
    }

    /// Whoever `to` names.
    fn named(&self, alert: &Alert, place: usize) -> Option<String> {
        let text = alert_text(self.rows, self.order[place], alert.to.as_ref()?);
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// Who gets an alert; none if nobody of the pool has room.
    fn recipient(
        &self,
        alert: &Alert,
        place: usize,
        loads: &PoolLoads,
        of_alert: &mut AlertLoads,
    ) -> Option<Recipient> {
        if let Some(name) = self.named(alert, place) {
            return Some(Recipient::Named(name));
        }
        let Some(pool) = &alert.pool else { return Some(Recipient::Nobody) };
        let entity = self.entity(place);
        let account = entity.home_account(self.run.scored).unwrap_or_else(|| self.id(place));
        let chosen = loads.choose(pool, of_alert, alert.limit_each, (self.assignees[place].as_deref(), account));
        chosen.map(|name| Recipient::Member(name.to_owned()))
    }

    fn fired(&self, alert: &Alert, (place, since): (usize, Day), to: Option<String>) -> FiredAlert {
        let (rows, entity) = (self.rows, self.order[place]);
        let text = |source: ColumnSource| Some(cell_text(rows, entity, source)).filter(|text| !text.is_empty());
        let reference = self.entity(place);
        FiredAlert {
            alert: alert.name.clone(),
            level: self.kind(),
            id: self.id(place).to_owned(),
            account: reference.home_account(self.run.scored).map(str::to_owned),
            to,
            score: reference.score(self.run.scored, self.run.model),
            tier: text(ColumnSource::Tier),
            since,
            waiting_days: self.run.day.saturating_sub(since).max(0) as u32,
            message: alert.message.as_ref().map(|message| alert_text(rows, entity, message)),
            because: text(ColumnSource::Reason),
        }
    }

    /// Entities for which an alert fired in the run that this one repeats, by their id now.
    fn fired_in_repeated(&self, alert: &str) -> HashMap<String, RepeatedAlert<'r>> {
        let Some((repeated, origins)) = self.run.repeated else { return HashMap::new() };
        let level = &repeated.levels[self.kind()];
        let Some(known) = level.alerts.iter().position(|name| name == alert) else { return HashMap::new() };
        let mut fired = HashMap::new();
        for (standing, kept) in level.snapshot.standings.iter().zip(&level.kept) {
            if let Some(since) = kept.alert(known as u32).fired_now {
                let id = origins.merged_into(self.kind(), &standing.id).unwrap_or(&standing.id);
                fired.insert(id.to_owned(), RepeatedAlert { since, assignee: kept.assignee.as_deref() });
            }
        }
        fired
    }

    /// Notes what the alerts came to, each under its place in the model.
    fn note(&self, standings: &[Vec<AlertStanding>], kept: &mut [KeptEntity]) {
        for (place, kept) in kept.iter_mut().enumerate() {
            let all = (0..).zip(standings).map(|(number, of_alert)| (number, of_alert[place]));
            kept.alerts = all.filter(|(_, standing)| *standing != AlertStanding::default()).collect();
            kept.assignee.clone_from(&self.assignees[place]);
        }
    }

    /// Gives the alerts of an entity that is gone their places in the model of this run. What fired for it in the run that this one repeats stays fired.
    fn renumber(&self, id: &str, kept: &mut KeptEntity, alerts: &[Alert]) {
        let names: BTreeMap<&str, u32> = (0..).zip(alerts).map(|(place, alert)| (alert.name.as_str(), place)).collect();
        let old = self.record.map_or(&[][..], |record| &record.alerts);
        let mut renumbered: BTreeMap<u32, AlertStanding> = BTreeMap::new();
        for (place, standing) in &kept.alerts {
            if let Some(place) = old.get(*place as usize).and_then(|name| names.get(name.as_str())) {
                renumbered.insert(*place, *standing);
            }
        }
        for (name, place) in names {
            if self.fired_in_repeated(name).contains_key(id) {
                renumbered.entry(place).or_default().fired = Some(self.run.day);
            }
        }
        kept.alerts = renumbered.into_iter().collect();
    }
}

/// An alert that fired in the run that this one repeats.
#[derive(Debug, Clone, Copy)]
struct RepeatedAlert<'r> {
    since: Day,
    assignee: Option<&'r str>,
}

/// Who gets an alert.
enum Recipient {
    /// Nobody is named.
    Nobody,
    /// Whoever `to` names.
    Named(String),
    /// A member of the pool.
    Member(String),
}

impl Recipient {
    fn into_name(self) -> Option<String> {
        match self {
            Recipient::Nobody => None,
            Recipient::Named(name) | Recipient::Member(name) => Some(name),
        }
    }
}
