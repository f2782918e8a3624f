//! Checks everything in a record: each checksum, each line, and that its parts fit each other.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    entity_lines::read_entities,
    error::{FileFault, RecordDamage, RecordError},
    folder::RecordView,
    head::{HEAD_FILE, HeadRun, head_place, run_folder, run_of_folder},
    header::{HEADER_FILE, LevelHeader},
    list_lines::read_lists,
    log_entry::read_log_line,
    log_months::{LOG_FOLDER, LogMonth, LogPart, month_place, read_month},
    outcome_lines::read_outcomes,
    recorded_run::of_kind,
    run_files::{ENTITY_FILES, LISTS_FILE, MODEL_FILE, OUTCOMES_FILE, OWN_LOG_FILE, RunFiles, TABLE_FILES},
    staged_run::RunLog,
    table_lines::read_table,
};
use crate::fs::{dir::list_directory, retry::retry_interrupted};
use pql_model::{EntityKind, units::Micros};

/// What a check of a record found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordCheck {
    /// What is damaged.
    pub damage: Vec<RecordDamage>,
    /// Files and folders, by their paths in the record, that no run of it has: a run left them that ended early. They do no harm.
    pub leftovers: Vec<String>,
    /// The number of runs.
    pub runs: u64,
    /// The number of checked files.
    pub files: u64,
    /// The number of checked bytes.
    pub bytes: u64,
}

/// How often a record is checked again that another run replaces meanwhile.
const CHECKS_MAX: usize = 5;

impl RecordCheck {
    /// Checks a record.
    ///
    /// # Errors
    ///
    /// No folder, no record in it, a newer format, files that cannot be read.
    pub fn of_record(dir: &Path) -> Result<RecordCheck, RecordError> {
        let mut view = match RecordView::open_to_read(dir) {
            Err(RecordError::Damaged(damage)) => {
                return Ok(RecordCheck { damage: vec![damage], ..RecordCheck::default() });
            }
            other => other?,
        };
        for _ in 1..CHECKS_MAX {
            let check = RecordCheck::of_view(&view)?;
            let now = RecordView::open_to_read(dir)?;
            if check.damage.is_empty() || now.head == view.head {
                return Ok(check);
            }
            view = now;
        }
        RecordCheck::of_view(&view)
    }

    fn of_view(view: &RecordView) -> Result<RecordCheck, RecordError> {
        let mut check = RecordCheck::default();
        check.file(view.dir(), HEAD_FILE)?;
        let mut runs = Vec::new();
        for run in &view.head.runs {
            check.runs += 1;
            runs.extend(check.run(view, *run)?);
        }
        check.successors(view, &runs);
        if let Some((_, log)) = runs.iter().rev().find(|(files, _)| files.run.published) {
            check.log(view, log)?;
        }
        check.strays(view, &runs)?;
        Ok(check)
    }

    /// Counts a file that is whole.
    fn file(&mut self, folder: &Path, name: &str) -> Result<(), RecordError> {
        let path = folder.join(name);
        let size =
            retry_interrupted(|| fs::metadata(&path)).map_err(|source| RecordError::Read { path, source })?.len();
        self.files += 1;
        self.bytes += size;
        Ok(())
    }

    /// Notes damage; another error ends the check.
    fn settle<T>(&mut self, result: Result<T, RecordError>) -> Result<Option<T>, RecordError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(RecordError::Damaged(damage)) => {
                self.damage.push(damage);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Checks the files of a run. Gives them with its log, if they are whole.
    fn run(&mut self, view: &RecordView, run: HeadRun) -> Result<Option<(RunFiles, RunLog)>, RecordError> {
        let Some(files) = self.settle(RunFiles::open(view.dir(), run))? else { return Ok(None) };
        self.file(&run_folder(view.dir(), run), HEADER_FILE)?;
        for kind in EntityKind::ALL {
            let header: &LevelHeader = match kind {
                EntityKind::User => &files.header.users,
                EntityKind::Account => &files.header.accounts,
            };
            self.named(&files, of_kind(ENTITY_FILES, kind), |bytes| read_entities(header, bytes).map(drop))?;
            let table = of_kind(TABLE_FILES, kind);
            if files.has(table) {
                self.named(&files, table, |bytes| read_table(bytes).map(drop))?;
            }
        }
        if files.has(OUTCOMES_FILE) {
            self.named(&files, OUTCOMES_FILE, |bytes| read_outcomes(bytes).map(drop))?;
        }
        if files.has(LISTS_FILE) {
            self.named(&files, LISTS_FILE, |bytes| read_lists(bytes).map(drop))?;
        }
        self.named(&files, MODEL_FILE, |bytes| {
            std::str::from_utf8(bytes).map(drop).map_err(|_| FileFault::damage("is not UTF-8"))
        })?;
        let as_of = run.as_of();
        let log =
            self.named(&files, OWN_LOG_FILE, |bytes| refuse_instants(instants(bytes)?.iter().all(|at| *at == as_of)))?;
        if log.is_none() {
            return Ok(None);
        }
        let log = RunLog::of_run(&files)?;
        Ok(Some((files, log)))
    }

    /// Checks a file that the header of its run names.
    fn named(
        &mut self,
        files: &RunFiles,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<(), FileFault>,
    ) -> Result<Option<()>, RecordError> {
        let read = self.settle(files.read_with(name, |bytes| parse(bytes).map(|()| bytes.len() as u64)))?;
        if let Some(bytes) = read {
            self.files += 1;
            self.bytes += bytes;
        }
        Ok(read.map(drop))
    }

    /// Checks that each run goes on from an earlier one, and that its log begins where that of the earlier one ends.
    fn successors(&mut self, view: &RecordView, runs: &[(RunFiles, RunLog)]) {
        for (files, log) in runs {
            let Some(base) = files.header.goes_on_from else { continue };
            let found = match runs.iter().find(|(earlier, _)| earlier.run.number == base) {
                _ if base >= files.run.number => "goes on from a later run",
                Some((_, earlier)) if earlier.months_after() != log.months => {
                    "begins its log at another place than the run before ends"
                }
                Some(_) | None => continue,
            };
            let error = files.place(HEADER_FILE).error(FileFault::damage(found));
            self.damage.extend(damage_of(error));
        }
        if view.head.runs.iter().any(|run| run.number == 0) {
            self.damage.extend(damage_of(head_place(view.dir()).error(FileFault::damage("has a run 0"))));
        }
    }

    /// Checks the log up to the entries of the newest published run.
    fn log(&mut self, view: &RecordView, newest: &RunLog) -> Result<(), RecordError> {
        for month in &newest.months {
            let place = month_place(view.dir(), &month.month);
            let read = read_month(&place.path, month).and_then(|bytes| {
                refuse_instants(instants(&bytes)?.is_sorted())?;
                Ok(bytes.len() as u64)
            });
            if let Some(bytes) = self.settle(read.map_err(|fault| place.error(fault)))? {
                self.files += 1;
                self.bytes += bytes;
            }
        }
        let part = LogPart { months: &newest.months, day: newest.day, lines: &newest.lines };
        let place = month_place(view.dir(), &part.month());
        // A run that is repeated replaces these entries before its lists are published.
        if view.head.newest().is_some_and(|run| run.published) {
            let read = same_lines(&place.path, &part).map_err(|fault| place.error(fault));
            if self.settle(read)?.is_some() {
                self.bytes += part.lines.len() as u64;
                self.files += u64::from(part.start() == 0 && !part.lines.is_empty());
            }
        }
        Ok(())
    }

    /// Lists what no run of the record has.
    fn strays(&mut self, view: &RecordView, runs: &[(RunFiles, RunLog)]) -> Result<(), RecordError> {
        let dir = view.dir();
        let months: BTreeSet<String> =
            newest_months(runs).iter().map(|month| format!("{}.ndjson", month.month)).collect();
        for name in names(dir)? {
            let run = run_of_folder(&name).and_then(|number| view.head.runs.iter().find(|run| run.number == number));
            match (name.as_str(), run) {
                (HEAD_FILE, _) => {}
                (LOG_FOLDER, _) => {
                    let others = names(&dir.join(LOG_FOLDER))?.into_iter().filter(|name| !months.contains(name));
                    self.leftovers.extend(others.map(|name| format!("{LOG_FOLDER}/{name}")));
                }
                (_, Some(run)) => self.strays_of_run(&run_folder(dir, *run), runs, *run)?,
                (".pql-lock", None) => {}
                (_, None) => self.leftovers.push(name),
            }
        }
        self.leftovers.sort();
        Ok(())
    }

    fn strays_of_run(&mut self, folder: &Path, runs: &[(RunFiles, RunLog)], run: HeadRun) -> Result<(), RecordError> {
        let Some((files, _)) = runs.iter().find(|(files, _)| files.run == run) else { return Ok(()) };
        let others = names(folder)?.into_iter().filter(|name| name != HEADER_FILE && !files.has(name));
        self.leftovers.extend(others.map(|name| format!("{}/{name}", run.folder_name())));
        Ok(())
    }
}

/// The months of the log with the entries of the newest published run.
fn newest_months(runs: &[(RunFiles, RunLog)]) -> Vec<LogMonth> {
    let newest = runs.iter().rev().find(|(files, _)| files.run.published);
    newest.map(|(_, log)| log.months_after()).unwrap_or_default()
}

/// The names in a folder.
fn names(folder: &Path) -> Result<Vec<String>, RecordError> {
    let listed = list_directory(folder).map_err(|source| RecordError::Read { path: folder.to_path_buf(), source })?;
    Ok(listed.into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect())
}

/// The instants of the lines of a log.
fn instants(bytes: &[u8]) -> Result<Vec<Micros>, FileFault> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let read = |(place, line): (usize, &[u8])| {
        read_log_line(line).map(|change| change.as_of).map_err(|found| FileFault::at_line(place + 1, found))
    };
    lines.map(read).collect()
}

/// The fault of a log whose instants do not fit.
fn refuse_instants(fit: bool) -> Result<(), FileFault> {
    if fit { Ok(()) } else { Err(FileFault::damage("has entries of another run than it should")) }
}

/// Checks that the log has the entries of a run after those before it.
fn same_lines(path: &Path, part: &LogPart<'_>) -> Result<(), FileFault> {
    if part.lines.is_empty() {
        return Ok(());
    }
    let mut present = Vec::new();
    let mut file = retry_interrupted(|| fs::File::open(path))?;
    let read = retry_interrupted(|| file.seek(SeekFrom::Start(part.start())));
    let read = read.and_then(|_| file.take(part.lines.len() as u64).read_to_end(&mut present));
    read.map_err(|error: io::Error| FileFault::from(error))?;
    match present == part.lines {
        true => Ok(()),
        false => Err(FileFault::damage("does not end with the entries of the newest run")),
    }
}

fn damage_of(error: RecordError) -> Option<RecordDamage> {
    match error {
        RecordError::Damaged(damage) => Some(damage),
        _ => None,
    }
}
