//! The files of a replay.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use serde::Serialize;

use super::ReplayArguments;
use crate::cli::{
    CommandError,
    folder_lock::LockRequest,
    interrupt,
    messages::{self, Verbosity},
    output_file::{OutputFile, lock_folder},
    prepare::PreparedRun,
    print_stderr,
    stdout::pretty_json,
};
use pql_engine::{
    alerts::{FiredAlert, write_alerts},
    changes::{ChangesWriter, RunStamp, StandingHistory, TierVolume, VolumeCounter, write_history, write_volumes},
    decode::ReceiptCounts,
    emit::{OutcomesRecord, OutputFact, RowFormat, TZDATA_VERSION},
    fs::publish::{FileAccess, FolderLock, commit, ensure_dir, sweep_temporaries},
    pipeline::{FoldedRun, RunTables},
    plan::Model,
    read::{FileId, InputSource},
    runs::ReplayedRun,
};
use pql_model::{
    EntityKind, PerKind,
    clock::format_instant,
    diag::escape_controls,
    resolved::InputSettings,
    units::{Micros, plural},
};

/// The record of a replay.
const RECORD_FILE: &str = "run.json";

/// What the runs said so far, and the files that it goes to.
pub(super) struct ReplayOutputs {
    format: RowFormat,
    begins_record: bool,
    changes: OutputFile,
    changes_writer: ChangesWriter,
    alerts: OutputFile,
    volume: OutputFile,
    history: OutputFile,
    record: OutputFile,
    _lock: FolderLock,
    said: SaidByRuns,
}

/// What the runs said so far.
#[derive(Default)]
struct SaidByRuns {
    runs: Vec<Micros>,
    /// The number of changes, which are written run by run.
    changes: usize,
    alerts: Vec<(RunStamp, Vec<FiredAlert>)>,
    volumes: Vec<TierVolume>,
    counter: VolumeCounter,
    history: StandingHistory,
    /// As the last run has them.
    outcomes: Option<OutcomesRecord>,
}

/// The record of a replay as it is written.
#[derive(Serialize)]
struct ReplayRecord<'r> {
    tool: ToolName,
    model: ModelName<'r>,
    time_zone: &'r str,
    runs: Vec<String>,
    changes: usize,
    alerts: usize,
    /// Only if the model says where the time of receipt is.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<ReceiptRecord>,
    /// Only in a replay that begins a record: it goes on from the last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    begins_record: Option<bool>,
    /// Traits of tables without dates, which are those of today in every run.
    traits_of_today: LevelTraits<'r>,
    /// Only in a replay with outcomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcomes: Option<OutcomesRecord>,
    outputs: Vec<WrittenFile>,
}

#[derive(Serialize)]
struct ToolName {
    name: &'static str,
    version: &'static str,
    tzdata: &'static str,
}

#[derive(Serialize)]
struct ModelName<'r> {
    name: &'r str,
    sha256: &'r str,
}

/// Records by what they say of the time of their receipt.
#[derive(Serialize)]
struct ReceiptRecord {
    read: u64,
    not_understood: u64,
    missing: u64,
}

#[derive(Serialize)]
struct LevelTraits<'r> {
    users: Vec<&'r str>,
    accounts: Vec<&'r str>,
}

#[derive(Serialize)]
struct WrittenFile {
    name: String,
    bytes: u64,
    sha256: String,
}

impl ReplayOutputs {
    /// Begins all files, before an event is read.
    ///
    /// # Errors
    /// A folder that cannot be written to, and files that are read by this run.
    pub(super) fn open(
        arguments: &ReplayArguments,
        prepared: &PreparedRun<'_>,
        model: &str,
        verbosity: Verbosity,
    ) -> Result<ReplayOutputs, CommandError> {
        interrupt::watch();
        let (dir, format) = (&arguments.out, arguments.format.row_format());
        refuse_overwriting(arguments, prepared.inputs(), Path::new(model))?;
        ensure_dir(dir)?;
        let lock = lock_folder(LockRequest { dir, patience: Duration::ZERO, verbosity })?;
        sweep_temporaries(dir);
        let file = |name: &str| OutputFile::new(dir.join(name), FileAccess::Shared, Some(dir));
        let rows = |name: &str| file(&format!("{name}.{}", format.ending()));
        let [changes, alerts, volume, history] = FILES.map(rows);
        Ok(ReplayOutputs {
            format,
            begins_record: arguments.record.is_some(),
            changes: changes?,
            changes_writer: ChangesWriter::new(format),
            alerts: alerts?,
            volume: volume?,
            history: history?,
            record: file(RECORD_FILE)?,
            _lock: lock,
            said: SaidByRuns::default(),
        })
    }

    /// Takes over what a run says.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn add(
        &mut self,
        run: &ReplayedRun<'_>,
        (model, tables): (&Model, RunTables<'_>),
    ) -> Result<(), CommandError> {
        let stamp = RunStamp::of(run.scored, model);
        let said = &mut self.said;
        said.runs.push(stamp.as_of);
        let changes = &run.concluded.changes.changes;
        said.changes += changes.len();
        let writer = &mut self.changes_writer;
        self.changes.write_with(|file| writer.add(&stamp, changes, file))?;
        said.alerts.push((stamp.clone(), run.concluded.alerts.fired.clone()));
        said.volumes.extend(said.counter.count(run.snapshot, run.before, stamp.as_of));
        said.outcomes = tables.outcomes.map(|table| OutcomesRecord::new(table, run.scored));
        said.history.add(run.snapshot, run.before, run.scored.as_of.day);
        Ok(())
    }

    /// Fills all files.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn write(
        &mut self,
        model: &Model,
        folded: &FoldedRun,
        tables: RunTables<'_>,
    ) -> Result<u64, CommandError> {
        let mut guarded = 0;
        let (format, said) = (self.format, std::mem::take(&mut self.said));
        let alerts = || said.alerts.iter().flat_map(|(stamp, all)| all.iter().map(move |one| (stamp, one)));
        let history = said.history.into_rows();
        let hash = &model.resolved.fingerprint;
        let writer = std::mem::replace(&mut self.changes_writer, ChangesWriter::new(format));
        fill(&mut self.changes, &mut guarded, |file| writer.finish(file))?;
        fill(&mut self.alerts, &mut guarded, |file| write_alerts(alerts(), format, file))?;
        fill(&mut self.volume, &mut guarded, |file| write_volumes(&said.volumes, format, file))?;
        fill(&mut self.history, &mut guarded, |file| write_history(&history, hash, format, file))?;
        let files = [&self.changes, &self.alerts, &self.volume, &self.history];
        let written = |file: &OutputFile| {
            let OutputFact { place, bytes, sha256 } = file.fact();
            WrittenFile { name: place, bytes, sha256 }
        };
        let undated = PerKind::from_fn(|kind| undated_traits(model, tables, kind));
        let record = ReplayRecord {
            tool: ToolName { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), tzdata: TZDATA_VERSION },
            model: ModelName { name: &model.resolved.name, sha256: hash },
            time_zone: model.resolved.zone.name(),
            runs: said.runs.iter().map(|at| format_instant(*at)).collect(),
            changes: said.changes,
            alerts: alerts().count(),
            received: model.resolved.input.names_receipt().then(|| ReceiptRecord::new(folded.receipts)),
            begins_record: self.begins_record.then_some(true),
            traits_of_today: LevelTraits { users: undated.user, accounts: undated.account },
            outcomes: said.outcomes,
            outputs: files.map(written).into_iter().collect(),
        };
        debug_assert_eq!(folded.as_of.instant, said.runs.last().copied().unwrap_or(0), "the last run is the last date");
        let text = pretty_json(&record);
        self.record.write_with(|file| file.write_all(text.as_bytes()))?;
        Ok(guarded)
    }

    /// Publishes all files, the record last.
    ///
    /// # Errors
    /// Those of publishing.
    pub(super) fn commit(self) -> Result<(), CommandError> {
        let files = [self.changes, self.alerts, self.volume, self.history, self.record];
        Ok(commit(files.map(OutputFile::into_staged).into())?)
    }
}

impl ReceiptRecord {
    fn new(counts: ReceiptCounts) -> ReceiptRecord {
        ReceiptRecord { read: counts.read, not_understood: counts.unread, missing: counts.missing }
    }
}

/// Warns of records that do not say when they were received, although the model says where that stands.
pub(in crate::cli) fn warn_of_receipts(input: &InputSettings, counts: ReceiptCounts) {
    let ReceiptCounts { read, unread, missing } = counts;
    if !input.names_receipt() || (unread == 0 && missing == 0) {
        return;
    }
    let records = plural(read + unread + missing, "record", "records");
    if read == 0 {
        print_stderr(&format!(
            "warning: none of {records} has a time at `received` of [input] fields, so each counts from its own time on; \
             check the path with `pql inspect`"
        ));
        return;
    }
    for (count, what) in [(unread, "no time that can be read"), (missing, "nothing")] {
        if count > 0 {
            let some = plural(count, "record has", "records have");
            print_stderr(&format!(
                "warning: {some} {what} at `received` of [input] fields (of {records}); such a record counts from its own time on"
            ));
        }
    }
}

/// The files of rows, without their ending.
const FILES: [&str; 4] = ["changes", "alerts", "volume", "history"];

/// Says what was written.
pub(super) fn note_replay(dir: &Path, runs: usize, guarded: u64) {
    messages::note_defused_cells(guarded, "--format ndjson");
    let name = escape_controls(&dir.display().to_string());
    let runs = plural(runs as u64, "run", "runs");
    print_stderr(&format!(
        "note: replayed {runs} into {name}: who changed (changes), whom to call (alerts), how many (volume), since when (history)"
    ));
}

fn fill(
    file: &mut OutputFile,
    guarded: &mut u64,
    write: impl FnOnce(&mut OutputFile) -> io::Result<u64>,
) -> Result<(), CommandError> {
    file.write_with(|file| {
        *guarded += write(file)?;
        Ok(())
    })
}

/// The traits that a table without dates gives.
fn undated_traits<'m>(model: &'m Model, tables: RunTables<'_>, kind: EntityKind) -> Vec<&'m str> {
    tables.levels[kind].map(|table| table.undated_traits(&model.levels[kind].traits)).unwrap_or_default()
}

/// Refuses to write over what is read, under whatever name.
fn refuse_overwriting(arguments: &ReplayArguments, inputs: &[InputSource], model: &Path) -> Result<(), CommandError> {
    let tables = arguments.tables.paths();
    let read = inputs.iter().filter_map(InputSource::path).chain([model]).chain(tables);
    let read: Vec<FileId> = read.filter_map(|path| FileId::of(path).ok()).collect();
    let ending = arguments.format.row_format().ending();
    let names = FILES.map(|name| format!("{name}.{ending}")).into_iter().chain([RECORD_FILE.to_owned()]);
    for path in names.map(|name| arguments.out.join(name)) {
        if FileId::of(&path).is_ok_and(|file| read.contains(&file)) {
            return Err(CommandError::usage(format!(
                "`{}` is read by this run and would be written over; name another folder for the output",
                path.display()
            )));
        }
    }
    Ok(())
}
