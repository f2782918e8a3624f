//! What a record holds, as `pql record show` gives it.

use std::{fs, path::Path};

use super::{
    error::RecordError, folder::RecordView, head::run_folder, log_months::LogMonth, recorded_run::RecordedRun,
    run_files::RunFiles, staged_run::RunLog,
};
use crate::{
    fs::{dir::list_directory, retry::retry_interrupted},
    record::LevelRecord,
};
use pql_model::{EntityKind, PerKind, clock::AsOf, units::Micros};

/// A record.
#[derive(Debug, Clone)]
pub struct ShownRecord {
    /// The runs, oldest first.
    pub runs: Vec<ShownRun>,
    /// The months of the log.
    pub log: Vec<ShownMonth>,
    /// The size of all files, bytes.
    pub bytes: u64,
}

/// A month of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownMonth {
    /// `YYYY-MM`.
    pub month: String,
    /// Its size.
    pub bytes: u64,
}

/// A run of the record.
#[derive(Debug, Clone)]
pub struct ShownRun {
    /// The number, from 1.
    pub number: u32,
    /// The point in time that it looked from.
    pub as_of: AsOf,
    /// The zone in which its dates are cut.
    pub time_zone: String,
    /// Whether its lists were published.
    pub published: bool,
    /// The number of the run that it goes on from.
    pub goes_on_from: Option<u32>,
    /// The name of its model.
    pub model_name: String,
    /// The hash of its model.
    pub model_hash: String,
    /// The version of the program that wrote it.
    pub program: String,
    /// Users and accounts.
    pub levels: PerKind<ShownLevel>,
    /// The names of the tables of users and of accounts, where they were given.
    pub tables: PerKind<Option<String>>,
    /// Its numbers by name.
    pub counts: Vec<(String, u64)>,
    /// The size of its files, bytes.
    pub bytes: u64,
}

/// The users or the accounts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownLevel {
    /// Entities in the lists.
    pub present: u64,
    /// Those that are qualified and not suppressed.
    pub qualified: u64,
    /// Those that a suppression leaves out.
    pub suppressed: u64,
    /// Entities that were in the lists once.
    pub gone: u64,
    /// How many entities are in each tier, in the order of the model; suppressed ones count.
    pub tiers: Vec<(String, u64)>,
    /// The alerts in the order of the model.
    pub alerts: Vec<ShownAlert>,
}

/// An alert of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownAlert {
    /// Its name.
    pub name: String,
    /// For how many entities it holds.
    pub held: u64,
    /// For how many it waits.
    pub waiting: u64,
    /// How often it fired in this run.
    pub fired_now: u64,
}

impl ShownRecord {
    /// Looks into a record, whose files are checked on the way.
    ///
    /// # Errors
    ///
    /// No folder, no record in it, damage, a newer format, files that cannot be read.
    pub fn of_record(dir: &Path) -> Result<ShownRecord, RecordError> {
        RecordView::open_to_read(dir)?.read(shown_record)
    }
}

fn shown_record(view: &RecordView) -> Result<ShownRecord, RecordError> {
    let mut runs = Vec::new();
    for run in &view.head.runs {
        let files = RunFiles::open(view.dir(), *run)?;
        runs.push(ShownRun::new(
            &RecordedRun::read(view.dir(), *run)?,
            &files,
            folder_size(&run_folder(view.dir(), *run)),
        ));
    }
    let log = shown_log(view)?;
    let of_log: u64 = log.iter().map(|month| month.bytes).sum();
    let bytes = runs.iter().map(|run| run.bytes).sum::<u64>() + of_log;
    Ok(ShownRecord { runs, log, bytes })
}

/// The months with the entries of the newest published run.
fn shown_log(view: &RecordView) -> Result<Vec<ShownMonth>, RecordError> {
    let Some(newest) = view.head.newest_published() else { return Ok(Vec::new()) };
    let log = RunLog::of_run(&RunFiles::open(view.dir(), newest)?)?;
    let mut months: Vec<LogMonth> = log.months_after();
    months.sort_by(|a, b| a.month.cmp(&b.month));
    Ok(months.into_iter().map(|LogMonth { month, bytes, .. }| ShownMonth { month, bytes }).collect())
}

/// The size of the files in a folder.
fn folder_size(folder: &Path) -> u64 {
    let entries = list_directory(folder).unwrap_or_default();
    let size = |path| retry_interrupted(|| fs::metadata(&path)).map_or(0, |meta| meta.len());
    entries.into_iter().map(|entry| size(folder.join(entry.name))).sum()
}

impl ShownRun {
    fn new(run: &RecordedRun, files: &RunFiles, bytes: u64) -> ShownRun {
        let header = &files.header;
        ShownRun {
            number: run.number,
            as_of: run.list.as_of,
            time_zone: header.time_zone().to_owned(),
            published: run.published,
            goes_on_from: header.goes_on_from,
            model_name: run.model_name.clone(),
            model_hash: run.model_hash.clone(),
            program: header.program.clone(),
            levels: PerKind::from_fn(|kind| ShownLevel::new(&run.list.levels[kind])),
            tables: PerKind::from_fn(|kind: EntityKind| run.tables[kind].as_ref().map(|table| table.name().to_owned())),
            counts: header.counts.clone().into_iter().collect(),
            bytes,
        }
    }

    /// The instant that it looked from.
    pub fn instant(&self) -> Micros {
        self.as_of.instant
    }
}

impl ShownLevel {
    fn new(level: &LevelRecord) -> ShownLevel {
        let snapshot = &level.snapshot;
        let mut tiers: Vec<(String, u64)> = snapshot.tiers.iter().map(|tier| (tier.name.clone(), 0)).collect();
        let mut shown = ShownLevel { gone: level.gone().count() as u64, ..ShownLevel::default() };
        for standing in snapshot.standings.iter() {
            shown.present += 1;
            shown.qualified += u64::from(snapshot.qualifies(standing));
            shown.suppressed += u64::from(standing.suppressed.is_some());
            if let Some((_, count)) = standing.tier.and_then(|place| tiers.get_mut(place as usize)) {
                *count += 1;
            }
        }
        shown.tiers = tiers;
        shown.alerts = (0..).zip(&level.alerts).map(|(place, name)| ShownAlert::new(level, place, name)).collect();
        shown
    }
}

impl ShownAlert {
    fn new(level: &LevelRecord, place: u32, name: &str) -> ShownAlert {
        let mut shown = ShownAlert { name: name.to_owned(), ..ShownAlert::default() };
        for alert in level.kept.iter().map(|kept| kept.alert(place)) {
            shown.held += u64::from(alert.held);
            shown.waiting += u64::from(alert.waits_since.is_some());
            shown.fired_now += u64::from(alert.fired_now.is_some());
        }
        shown
    }
}
