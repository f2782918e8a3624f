//! `record.json` of a run: what the lines of its files mean, where its log begins, and the checksum of each file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    log_months::LogMonth,
    wire::{WireDay, WireInstant},
};
use crate::record::{LevelRecord, SnapshotRoute, SnapshotTier};
use pql_model::clock::AsOf;

/// The name of the file.
pub(super) const HEADER_FILE: &str = "record.json";

/// What a run says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunHeader {
    pub(super) format: u32,
    pub(super) needs: String,
    /// The version of the program that wrote it.
    pub(super) program: String,
    /// The number of the run.
    pub(super) run: u32,
    /// The number of the run that it goes on from.
    pub(super) goes_on_from: Option<u32>,
    pub(super) model: ModelFact,
    as_of: WireInstant,
    /// The date D.
    date: WireDay,
    /// Whether D goes on after `as_of`.
    date_is_partial: bool,
    time_zone: String,
    pub(super) users: LevelHeader,
    pub(super) accounts: LevelHeader,
    /// By date, how many alerts each member of a pool got.
    pub(super) assigned: BTreeMap<WireDay, BTreeMap<String, u64>>,
    /// The numbers of the run. Programs ignore names that they do not know.
    pub(super) counts: BTreeMap<String, u64>,
    /// The months of the log, as they were before the entries of this run.
    pub(super) log: Vec<LogMonth>,
    /// The files of the folder beside this one.
    pub(super) files: Vec<FileSeal>,
}

/// The model of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFact {
    pub(super) name: String,
    pub(super) hash: String,
}

/// The length and the checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSeal {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// The names that the lines of users, or of accounts, refer to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelHeader {
    /// Entities in the lists.
    pub(super) present: u64,
    /// Entities that were in the lists once.
    pub(super) gone: u64,
    tiers: Vec<WireTier>,
    routes: Vec<WireRoute>,
    suppressions: Vec<String>,
    signals: Vec<String>,
    alerts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTier {
    name: String,
    qualified: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRoute {
    name: String,
    human: bool,
    to: Option<String>,
}

impl RunHeader {
    /// Sets the point in time.
    pub(super) fn new(as_of: AsOf, time_zone: &str, model: ModelFact) -> RunHeader {
        RunHeader {
            format: super::error::FORMAT,
            needs: super::error::NEEDS.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            run: 0,
            goes_on_from: None,
            model,
            as_of: WireInstant(as_of.instant),
            date: WireDay(as_of.day),
            date_is_partial: as_of.partial,
            time_zone: time_zone.to_owned(),
            users: LevelHeader::default(),
            accounts: LevelHeader::default(),
            assigned: BTreeMap::new(),
            counts: BTreeMap::new(),
            log: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The point in time that the run looked from.
    pub(super) fn as_of(&self) -> AsOf {
        AsOf { instant: self.as_of.0, day: self.date.0, partial: self.date_is_partial }
    }

    /// The zone in which its dates are cut.
    pub(super) fn time_zone(&self) -> &str {
        &self.time_zone
    }
}

impl LevelHeader {
    /// The names of a level, without its entities.
    pub(super) fn of_level(level: &LevelRecord) -> LevelHeader {
        let snapshot = &level.snapshot;
        let tier = |tier: &SnapshotTier| WireTier { name: tier.name.clone(), qualified: tier.qualified };
        let route = |route: &SnapshotRoute| WireRoute {
            name: route.name.clone(),
            human: route.human,
            to: route.assignee.clone(),
        };
        LevelHeader {
            present: snapshot.standings.len() as u64,
            gone: level.gone().count() as u64,
            tiers: snapshot.tiers.iter().map(tier).collect(),
            routes: snapshot.routes.iter().map(route).collect(),
            suppressions: snapshot.suppressions.clone(),
            signals: snapshot.point_sources.clone(),
            alerts: level.alerts.clone(),
        }
    }

    /// The level with these names and no entity.
    pub(super) fn empty_level(&self) -> LevelRecord {
        let tier = |tier: &WireTier| SnapshotTier { name: tier.name.clone(), qualified: tier.qualified };
        let route = |route: &WireRoute| SnapshotRoute {
            name: route.name.clone(),
            human: route.human,
            assignee: route.to.clone(),
        };
        let mut level = LevelRecord { alerts: self.alerts.clone(), ..LevelRecord::default() };
        level.snapshot.tiers = self.tiers.iter().map(tier).collect();
        level.snapshot.routes = self.routes.iter().map(route).collect();
        level.snapshot.suppressions.clone_from(&self.suppressions);
        level.snapshot.point_sources.clone_from(&self.signals);
        level
    }
}
