//! The record of one run.

use std::collections::BTreeMap;

use super::LevelSnapshot;
use crate::plan::Model;
use pql_model::{EntityKind, PerKind, clock::AsOf, units::Day};

/// What the lists of a run said, and what earlier runs left to remember.
#[derive(Debug, Clone)]
pub struct ListRecord {
    /// The instant looked from.
    pub as_of: AsOf,
    /// Users and accounts.
    pub levels: PerKind<LevelRecord>,
    /// How many alerts each member of a pool got, by date. Dates that no later run asks for are left out.
    pub assigned: BTreeMap<Day, BTreeMap<String, u64>>,
}

/// What the lists said of users, or of accounts.
#[derive(Debug, Clone, Default)]
pub struct LevelRecord {
    /// Where everybody stands, by id.
    pub snapshot: LevelSnapshot,
    /// What is kept of each standing of the snapshot, in its order.
    pub kept: Vec<KeptEntity>,
    /// Entities that were in the lists once and are no more, by id.
    pub departed: BTreeMap<Box<str>, DepartedEntity>,
    /// The alerts that the model of the run has, in its order.
    pub alerts: Vec<String>,
}

/// What is kept of an entity beside its standing.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptEntity {
    /// The date of the run that saw it in its tier first.
    pub tier_since: Day,
    /// The date of the run that saw it qualified first.
    pub first_qualified: Option<Day>,
    /// The member of a pool who has it.
    pub assignee: Option<Box<str>>,
    /// By alert, by its place in the list of the level. Alerts that never held are left out.
    pub alerts: Box<[(u32, AlertStanding)]>,
}

/// What an alert came to for an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlertStanding {
    /// Whether its condition held.
    pub held: bool,
    /// The date on which it became due, while it waits.
    pub waits_since: Option<Day>,
    /// The date on which it fired last.
    pub fired: Option<Day>,
    /// Whether it fired in this run, and since when it had been due.
    pub fired_now: Option<Day>,
}

/// An entity that is in no list any more.
#[derive(Debug, Clone, PartialEq)]
pub struct DepartedEntity {
    /// The date of the run that missed it first.
    pub gone: Day,
    /// As of the last run that had it.
    pub kept: KeptEntity,
}

impl ListRecord {
    /// The record of a run whose lists are empty.
    pub fn without_entities(as_of: AsOf, model: &Model) -> ListRecord {
        let level = |kind: EntityKind| {
            let level = model.resolved.level(kind);
            let alerts = level.alerts.iter().map(|alert| alert.name.clone()).collect();
            LevelRecord { snapshot: LevelSnapshot::without_entities(level), alerts, ..LevelRecord::default() }
        };
        ListRecord { as_of, levels: PerKind::from_fn(level), assigned: BTreeMap::new() }
    }

    /// The number of entities that are in the lists.
    pub fn count(&self, kind: EntityKind) -> usize {
        self.levels[kind].snapshot.standings.len()
    }
}

impl LevelRecord {
    /// Entities that are in no list any more, by id. An id that is in the list again is left out.
    pub(crate) fn gone(&self) -> impl Iterator<Item = (&str, &DepartedEntity)> {
        self.departed.iter().filter(|(id, _)| self.snapshot.find(id).is_none()).map(|(id, departed)| (&**id, departed))
    }
}

impl KeptEntity {
    /// What an alert came to; the default for one that never held.
    pub fn alert(&self, place: u32) -> AlertStanding {
        self.alerts
            .iter()
            .find(|(known, _)| *known == place)
            .map_or(AlertStanding::default(), |(_, standing)| *standing)
    }

    /// Sets what an alert came to.
    pub(crate) fn set_alert(&mut self, place: u32, standing: AlertStanding) {
        let mut alerts: BTreeMap<u32, AlertStanding> = self.alerts.iter().copied().collect();
        alerts.insert(place, standing);
        self.alerts = alerts.into_iter().collect();
    }
}
