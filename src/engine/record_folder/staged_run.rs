//! Writes a run into the record, in steps that each leave the record whole.
//!
//! 1. [`RecordFolder::stage`] writes the files of the run invisibly.
//! 2. [`StagedRun::commit`] completes the log by the entries of the run before, publishes the files, and replaces the head: the run is the newest.
//! 3. The caller publishes the lists.
//! 4. [`UnpublishedRun::mark_published`] appends the entries of the run to the log and replaces the head: the run is "before" for later ones,
//!    and runs that no later one asks for are removed.
//!
//! A run that ends early between two steps leaves the record as the last step did. The same run, repeated, comes to the same.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    entity_lines::write_entities,
    error::RecordError,
    folder::{RecordFolder, remove_run_folder},
    head::{HeadRun, RecordHead, run_folder},
    header::{LevelHeader, ModelFact, RunHeader},
    list_lines::write_lists,
    log_entry::{LogEntry, log_lines},
    log_months::{LogMonth, LogPart, months_after, settle_months},
    outcome_lines::write_outcomes,
    recorded_run::of_kind,
    run_files::{
        ENTITY_FILES, LISTS_FILE, MODEL_FILE, OUTCOMES_FILE, OWN_LOG_FILE, RunFiles, TABLE_FILES, WrittenFiles,
    },
    table_lines::write_table,
    wire::WireDay,
};
use crate::{
    fs::publish::{commit, create_private_dir},
    pipeline::RunTables,
    plan::Model,
    record::{ListRecord, PublishedList},
};
use pql_model::{EntityKind, units::Day};

/// A run to keep.
#[derive(Debug, Clone, Copy)]
pub struct RunToRecord<'r> {
    /// What its lists say.
    pub list: &'r ListRecord,
    /// Its model, which has the traits of the tables.
    pub model: &'r Model,
    /// The name of the model.
    pub model_name: &'r str,
    /// The hash of the model.
    pub model_hash: &'r str,
    /// The text of the model.
    pub model_text: &'r str,
    /// The rows of `--users` and `--accounts`, and the outcomes.
    pub tables: RunTables<'r>,
    /// The changes since the run before, in the order of the log.
    pub log: &'r [LogEntry],
    /// Rows of files of which the next run writes only what changed.
    pub lists: &'r [PublishedList],
    /// The numbers of the run by name.
    pub counts: &'r [(&'r str, u64)],
}

/// A run whose files are written, invisibly. Dropping it removes them.
pub struct StagedRun<'f> {
    folder: &'f mut RecordFolder,
    written: WrittenFiles,
    run: HeadRun,
    /// The run that it goes on from, with the changes that this one found.
    base: Option<RunLog>,
    own: RunLog,
    // After the files, which lie in it.
    fresh: FreshFolder,
}

/// A run that is the newest of the record, and whose lists are not marked as published yet.
pub struct UnpublishedRun<'f> {
    folder: &'f mut RecordFolder,
    own: RunLog,
}

/// The entries of a run, and where they belong in the log.
pub(super) struct RunLog {
    pub(super) months: Vec<LogMonth>,
    pub(super) day: Day,
    pub(super) lines: Vec<u8>,
}

impl RunLog {
    /// Of a run of the record.
    pub(super) fn of_run(files: &RunFiles) -> Result<RunLog, RecordError> {
        let lines = files.read(OWN_LOG_FILE)?;
        Ok(RunLog { months: files.header.log.clone(), day: files.header.as_of().day, lines })
    }

    /// The months with the entries of the run.
    pub(super) fn months_after(&self) -> Vec<LogMonth> {
        months_after(&self.months, self.day, &self.lines)
    }

    fn put(&self, dir: &Path) -> Result<(), RecordError> {
        LogPart { months: &self.months, day: self.day, lines: &self.lines }.put(dir)
    }

    /// Makes the log end with the entries of the run.
    pub(super) fn put_last(&self, dir: &Path) -> Result<(), RecordError> {
        self.put(dir)?;
        settle_months(dir, &self.months_after())
    }
}

/// A folder that is removed again unless its files are published.
pub(super) struct FreshFolder(Option<PathBuf>);

impl FreshFolder {
    /// Leaves the folder: its files are published.
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for FreshFolder {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take() {
            // What cannot be removed now is removed by the next run.
            let _ = fs::remove_dir(folder);
        }
    }
}

impl RecordFolder {
    /// Writes the files of a run invisibly.
    ///
    /// # Errors
    ///
    /// The instant lies before that of the newest run; the files cannot be written; the run that it goes on from is damaged.
    pub fn stage(&mut self, run: &RunToRecord<'_>) -> Result<StagedRun<'_>, RecordError> {
        let dir = self.view().dir().to_path_buf();
        let as_of = run.list.as_of;
        let base = self.view.base_of(as_of.instant)?;
        let base_log = base.map(|base| RunLog::of_run(&RunFiles::open(&dir, base)?)).transpose()?;
        let own = RunLog {
            months: base_log.as_ref().map(RunLog::months_after).unwrap_or_default(),
            day: as_of.day,
            lines: log_lines(as_of, run.log),
        };
        if !self.has_head {
            // Without a head, the folder of a run would look like a damaged record.
            self.set_head(RecordHead::empty())?;
        }
        let number = self.view.head.newest().map_or(1, |newest| newest.number + 1);
        let entry = HeadRun::new(number, as_of.instant);
        let (fresh, written) = begin_files(&dir, entry)?;
        let mut staged = StagedRun { folder: self, written, run: entry, base: base_log, own, fresh };
        staged.write(run, base.map(|base| base.number))?;
        Ok(staged)
    }
}

/// Makes the folder of a run.
pub(super) fn begin_files(dir: &Path, run: HeadRun) -> Result<(FreshFolder, WrittenFiles), RecordError> {
    let folder = run_folder(dir, run);
    remove_run_folder(&folder).map_err(|source| RecordError::Write { path: folder.clone(), source })?;
    create_private_dir(&folder)?;
    Ok((FreshFolder(Some(folder.clone())), WrittenFiles::new(folder)))
}

impl<'f> StagedRun<'f> {
    fn write(&mut self, run: &RunToRecord<'_>, goes_on_from: Option<u32>) -> Result<(), RecordError> {
        write_run_files(run, &self.own.lines, &mut self.written)?;
        let mut header = header(run);
        header.run = self.run.number;
        header.goes_on_from = goes_on_from;
        header.log.clone_from(&self.own.months);
        self.written.add_header(&mut header)
    }

    /// Makes the run the newest of the record.
    ///
    /// # Errors
    ///
    /// The files cannot be written. The record is then as it was.
    pub fn commit(self) -> Result<UnpublishedRun<'f>, RecordError> {
        let dir = self.folder.view().dir().to_path_buf();
        if let Some(base) = &self.base {
            base.put(&dir)?;
        }
        commit(self.written.staged)?;
        self.fresh.keep();
        let head = self.folder.view.head.with_run(self.run);
        self.folder.set_head(head)?;
        Ok(UnpublishedRun { folder: self.folder, own: self.own })
    }
}

impl UnpublishedRun<'_> {
    /// Says that the lists of the run were published: later runs are compared with it.
    ///
    /// # Errors
    ///
    /// The log or the head cannot be written. The run then counts as not published.
    pub fn mark_published(self) -> Result<(), RecordError> {
        self.own.put_last(self.folder.view().dir())?;
        let head = self.folder.view.head.with_newest_published();
        self.folder.set_head(head)
    }
}

/// Writes the files of a run but its header.
pub(super) fn write_run_files(
    run: &RunToRecord<'_>,
    lines: &[u8],
    files: &mut WrittenFiles,
) -> Result<(), RecordError> {
    for kind in EntityKind::ALL {
        let level = &run.list.levels[kind];
        files.add(of_kind(ENTITY_FILES, kind), |mut file| write_entities(level, &mut file))?;
        if let Some(table) = run.tables.levels[kind] {
            let plan = &run.model.levels[kind];
            files.add(of_kind(TABLE_FILES, kind), |mut file| write_table(table, plan, &mut file))?;
        }
    }
    if let Some(outcomes) = run.tables.outcomes {
        files.add(OUTCOMES_FILE, |mut file| write_outcomes(outcomes, &mut file))?;
    }
    if !run.lists.is_empty() {
        files.add(LISTS_FILE, |file| write_lists(run.lists, file))?;
    }
    files.add(OWN_LOG_FILE, |file| file.write_all(lines))?;
    files.add(MODEL_FILE, |file| file.write_all(run.model_text.as_bytes()))?;
    Ok(())
}

/// The header of a run, without its number and its files.
pub(super) fn header(run: &RunToRecord<'_>) -> RunHeader {
    let list = run.list;
    let model = ModelFact { name: run.model_name.to_owned(), hash: run.model_hash.to_owned() };
    let mut header = RunHeader::new(list.as_of, run.model.resolved.zone.name(), model);
    header.users = LevelHeader::of_level(&list.levels.user);
    header.accounts = LevelHeader::of_level(&list.levels.account);
    header.assigned = list.assigned.iter().map(|(day, members)| (WireDay(*day), members.clone())).collect();
    header.counts = run.counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    header
}
