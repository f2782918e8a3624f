//! The record that a replay begins.

use std::{path::Path, time::Duration};

use super::{ReplayArguments, outputs::ReplayOutputs};
use crate::{
    cli::{CommandError, folder_lock::LockRequest, messages::Verbosity, print_stderr},
    commands::score::{counts_of_replayed, log_entries},
};
use pql_engine::{
    changes::ScoreLog,
    pipeline::RunTables,
    plan::Model,
    record_folder::{RecordError, RecordFolder, RunToRecord, StagedPast},
    runs::ReplayedRun,
};
use pql_model::{
    clock::{AsOf, format_instant},
    diag::escape_controls,
};

/// The record of the replayed runs; nothing is kept without `--record`.
pub(super) struct ReplayPast(Option<StagedPast>);

/// What the record keeps of the model and the tables.
#[derive(Clone, Copy)]
pub(super) struct PastModel<'p> {
    pub(super) model: &'p Model,
    pub(super) text: &'p str,
    pub(super) tables: RunTables<'p>,
}

/// Begins the record that `--record` names, before an event is read.
///
/// # Errors
/// A record or other files are there; another run writes there; the folder cannot be created.
pub(super) fn begin(arguments: &ReplayArguments, verbosity: Verbosity) -> Result<Option<RecordFolder>, CommandError> {
    let Some(dir) = &arguments.record else { return Ok(None) };
    let request = LockRequest { dir, patience: Duration::ZERO, verbosity };
    let folder = request.acquire(|dir| RecordFolder::try_begin(dir).map_err(refusal))?;
    if !folder.is_exclusive() {
        request.note_without_locks();
    }
    Ok(Some(folder))
}

/// Says what to do where a record is already.
fn refusal(error: RecordError) -> CommandError {
    match error {
        RecordError::Exists { dir } => CommandError::usage(format!(
            "the folder `{}` holds a record already, and a replay begins a new one; name a new folder, or go on from this record with `pql score --record`",
            dir.display()
        )),
        other => other.into(),
    }
}

/// The log is asked for where a record keeps it.
pub(super) fn log(record: &Option<RecordFolder>) -> ScoreLog {
    if record.is_some() { ScoreLog::Kept } else { ScoreLog::LeftOut }
}

/// Says that the record is begun, and from when runs go on from it.
pub(super) fn note(dir: &Path, end: AsOf) {
    let name = escape_controls(&dir.display().to_string());
    print_stderr(&format!(
        "note: began a record in {name} as of {}; `pql score --record {name}` of a later date goes on from it",
        format_instant(end.instant)
    ));
}

impl ReplayPast {
    /// Begins the past of some runs.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(super) fn new(record: Option<RecordFolder>, runs: usize) -> Result<ReplayPast, CommandError> {
        Ok(ReplayPast(record.map(|folder| folder.stage_past(runs as u32)).transpose()?))
    }

    /// Takes the next run.
    ///
    /// # Errors
    /// Its files cannot be written.
    pub(super) fn add(&mut self, run: &ReplayedRun<'_>, past: PastModel<'_>) -> Result<(), CommandError> {
        let Some(staged) = &mut self.0 else { return Ok(()) };
        let resolved = &past.model.resolved;
        Ok(staged.add(&RunToRecord {
            list: &run.concluded.list,
            model: past.model,
            model_name: &resolved.name,
            model_hash: &resolved.fingerprint,
            model_text: past.text,
            tables: past.tables,
            log: &log_entries(&run.concluded.changes.moved),
            lists: &[],
            counts: &counts_of_replayed(run.scored),
        })?)
    }

    /// Publishes the record, then the files of the replay, and marks the record as published.
    ///
    /// # Errors
    /// Those of publishing.
    pub(super) fn publish(self, outputs: ReplayOutputs) -> Result<(), CommandError> {
        let Some(staged) = self.0 else { return outputs.commit() };
        let unpublished = staged.commit()?;
        outputs.commit()?;
        unpublished.mark_published().map_err(|error| CommandError::from(error).with_lists_published())
    }
}
