//! A record for programs.

use serde::Serialize;

use pql_engine::{
    emit::JsonMap,
    record_folder::{ShownAlert, ShownLevel, ShownRecord, ShownRun},
};
use pql_model::clock::{format_day, format_instant};

/// A record as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct RecordJson {
    /// Oldest first.
    runs: Vec<RunJson>,
    log: Vec<MonthJson>,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct MonthJson {
    month: String,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct RunJson {
    run: u32,
    as_of: String,
    date: String,
    date_is_partial: bool,
    time_zone: String,
    published: bool,
    goes_on_from: Option<u32>,
    program: String,
    model: ModelJson,
    users: LevelJson,
    accounts: LevelJson,
    users_table: Option<String>,
    accounts_table: Option<String>,
    counts: JsonMap<String, u64>,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct ModelJson {
    name: String,
    hash: String,
}

#[derive(Debug, Serialize)]
struct LevelJson {
    present: u64,
    qualified: u64,
    suppressed: u64,
    gone: u64,
    tiers: JsonMap<String, u64>,
    alerts: JsonMap<String, AlertJson>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct AlertJson {
    held: u64,
    waiting: u64,
    fired_now: u64,
}

impl RecordJson {
    /// The record with all runs.
    pub(crate) fn new(record: &ShownRecord) -> RecordJson {
        RecordJson {
            runs: record.runs.iter().map(RunJson::new).collect(),
            log: record.log.iter().map(|one| MonthJson { month: one.month.clone(), bytes: one.bytes }).collect(),
            bytes: record.bytes,
        }
    }
}

impl RunJson {
    fn new(run: &ShownRun) -> RunJson {
        RunJson {
            run: run.number,
            as_of: format_instant(run.as_of.instant),
            date: format_day(run.as_of.day),
            date_is_partial: run.as_of.partial,
            time_zone: run.time_zone.clone(),
            published: run.published,
            goes_on_from: run.goes_on_from,
            program: run.program.clone(),
            model: ModelJson { name: run.model_name.clone(), hash: run.model_hash.clone() },
            users: LevelJson::new(&run.levels.user),
            accounts: LevelJson::new(&run.levels.account),
            users_table: run.tables.user.clone(),
            accounts_table: run.tables.account.clone(),
            counts: JsonMap(run.counts.clone()),
            bytes: run.bytes,
        }
    }
}

impl LevelJson {
    fn new(level: &ShownLevel) -> LevelJson {
        LevelJson {
            present: level.present,
            qualified: level.qualified,
            suppressed: level.suppressed,
            gone: level.gone,
            tiers: JsonMap(level.tiers.clone()),
            alerts: level.alerts.iter().map(|alert| (alert.name.clone(), AlertJson::new(alert))).collect(),
        }
    }
}

impl AlertJson {
    fn new(alert: &ShownAlert) -> AlertJson {
        AlertJson { held: alert.held, waiting: alert.waiting, fired_now: alert.fired_now }
    }
}
