//! Begins a record with the past of many runs, in steps that each leave the record whole.
//!
//! 1. [`RecordFolder::stage_past`] takes the runs one after another. The log of all of them is written invisibly, and so are the files of the last two.
//! 2. [`StagedPast::commit`] publishes these files and names the runs, which do not count as published yet.
//! 3. The caller publishes what belongs to them.
//! 4. [`UnpublishedPast::mark_published`] says so: the last run is "before" for later ones.
//!
//! What ends early between two steps leaves a record without a published run, and a record can be begun there again.

use std::{io::Write, path::PathBuf};

use super::{
    error::RecordError,
    folder::RecordFolder,
    head::{HeadRun, RecordHead},
    log_entry::log_lines,
    log_months::{LOG_FOLDER, LogMonth, month_of, month_place, months_after, settle_months},
    run_files::{WrittenFiles, writing_error},
    staged_run::{FreshFolder, RunToRecord, begin_files, header, write_run_files},
};
use crate::fs::publish::{FileAccess, StagedFile, commit, create_private_dir};

/// Runs whose files are written, invisibly. Dropping them removes the files.
pub struct StagedPast {
    folder: RecordFolder,
    /// Runs that are still to come.
    left: u32,
    /// The number of the first run.
    first: u32,
    /// The number of the next run.
    number: u32,
    months: Vec<LogMonth>,
    /// The files of the log, in the order of the months.
    logs: Vec<(PathBuf, StagedFile)>,
    runs: Vec<PastRun>,
}

/// One of the last two runs.
struct PastRun {
    written: WrittenFiles,
    run: HeadRun,
    // After the files, which lie in it.
    fresh: FreshFolder,
}

/// A past that the record holds, and whose files elsewhere are not marked as published yet.
pub struct UnpublishedPast {
    folder: RecordFolder,
    head: RecordHead,
}

/// The runs that a record keeps with their files.
const RUNS_KEPT: u32 = 2;

impl RecordFolder {
    /// Begins the past of some runs in a record without a published run.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn stage_past(mut self, runs: u32) -> Result<StagedPast, RecordError> {
        if !self.has_head {
            // Without a head, the folder of a run would look like a damaged record.
            self.set_head(RecordHead::empty())?;
        }
        create_private_dir(&self.view().dir().join(LOG_FOLDER))?;
        let number = self.view.head.newest().map_or(1, |newest| newest.number + 1);
        Ok(StagedPast {
            folder: self,
            left: runs,
            first: number,
            number,
            months: Vec::new(),
            logs: Vec::new(),
            runs: Vec::new(),
        })
    }
}

impl StagedPast {
    /// Takes the next run.
    ///
    /// # Errors
    ///
    /// Its files cannot be written.
    pub fn add(&mut self, run: &RunToRecord<'_>) -> Result<(), RecordError> {
        let as_of = run.list.as_of;
        let lines = log_lines(as_of, run.log);
        if self.left <= RUNS_KEPT {
            self.keep(run, &lines)?;
        }
        self.add_log(&month_of(as_of.day), &lines)?;
        self.months = months_after(&self.months, as_of.day, &lines);
        self.left = self.left.saturating_sub(1);
        self.number += 1;
        Ok(())
    }

    /// Writes the files of a run.
    fn keep(&mut self, run: &RunToRecord<'_>, lines: &[u8]) -> Result<(), RecordError> {
        let entry = HeadRun::new(self.number, run.list.as_of.instant);
        let (fresh, mut written) = begin_files(self.folder.view().dir(), entry)?;
        write_run_files(run, lines, &mut written)?;
        let mut header = header(run);
        header.run = self.number;
        header.goes_on_from = (self.number > self.first).then(|| self.number - 1);
        header.log.clone_from(&self.months);
        written.add_header(&mut header)?;
        self.runs.push(PastRun { written, run: entry, fresh });
        Ok(())
    }

    /// Writes lines to the log of a month. A month without lines has no file.
    fn add_log(&mut self, month: &str, lines: &[u8]) -> Result<(), RecordError> {
        if lines.is_empty() {
            return Ok(());
        }
        let path = month_place(self.folder.view().dir(), month).path;
        if self.logs.last().is_none_or(|(last, _)| *last != path) {
            self.logs.push((path.clone(), StagedFile::new(&path, FileAccess::Private)?));
        }
        match self.logs.last_mut() {
            Some((_, file)) => file.write_all(lines).map_err(|source| writing_error(path, source)),
            None => Ok(()),
        }
    }

    /// Publishes the files of the record, and names its runs.
    ///
    /// # Errors
    ///
    /// The files cannot be written. The record then has no published run.
    pub fn commit(mut self) -> Result<UnpublishedPast, RecordError> {
        let mut files: Vec<StagedFile> = self.logs.into_iter().map(|(_, file)| file).collect();
        let (mut fresh, mut runs) = (Vec::new(), Vec::new());
        for past in self.runs {
            files.extend(past.written.staged);
            fresh.push(past.fresh);
            runs.push(past.run);
        }
        commit(files)?;
        fresh.into_iter().for_each(FreshFolder::keep);
        let dir = self.folder.view().dir().to_path_buf();
        let head = RecordHead::of_runs(runs);
        self.folder.set_head(head.clone())?;
        // A past that ended early may have left other months.
        settle_months(&dir, &self.months)?;
        Ok(UnpublishedPast { folder: self.folder, head })
    }
}

impl UnpublishedPast {
    /// Says that what belongs to the past was published: later runs are compared with its last run.
    ///
    /// # Errors
    ///
    /// The head cannot be written. The record then has no published run.
    pub fn mark_published(mut self) -> Result<(), RecordError> {
        self.folder.set_head(self.head.all_published())
    }
}
