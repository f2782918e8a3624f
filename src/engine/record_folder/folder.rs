//! Begins and opens a record, and finds the runs in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    error::{FileFault, RecordError},
    head::{HeadRun, RecordHead, head_place, run_folder, run_of_folder},
    recorded_run::RecordedRun,
};
use crate::fs::{
    dir::list_directory,
    publish::{FolderLock, PublishError, create_private_dir, ensure_dir, sweep_temporaries},
    retry::retry_interrupted,
};
use pql_model::units::Micros;

/// How often a reader looks again at a record that another run replaces meanwhile.
const READS_MAX: usize = 5;

/// A record to read from. Another run may write to it meanwhile.
#[derive(Debug, Clone)]
pub struct RecordView {
    dir: PathBuf,
    pub(super) head: RecordHead,
}

/// A record to write to. No other run writes to it.
#[derive(Debug)]
pub struct RecordFolder {
    pub(super) view: RecordView,
    /// Whether `head.json` is there.
    pub(super) has_head: bool,
    lock: FolderLock,
}

impl RecordView {
    /// Opens a record to read from it, without a lock.
    ///
    /// # Errors
    ///
    /// No folder, no record in it, damage, a newer format.
    pub fn open_to_read(dir: &Path) -> Result<RecordView, RecordError> {
        Ok(RecordView { dir: dir.to_path_buf(), head: existing_head(dir)? })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The instant of the newest run; none in a record without a run.
    pub fn newest_as_of(&self) -> Option<Micros> {
        self.head.newest().map(HeadRun::as_of)
    }

    /// The newest published run with an earlier instant: what a run as of this instant is compared with.
    ///
    /// # Errors
    ///
    /// The instant lies before that of the newest run; the run before was removed by `undo`; damage.
    pub fn before(&self, as_of: Micros) -> Result<Option<RecordedRun>, RecordError> {
        self.read(|view| view.base_of(as_of)?.map(|run| RecordedRun::read(&view.dir, run)).transpose())
    }

    /// The newest run of this very instant, whether it was published or not.
    ///
    /// # Errors
    ///
    /// The instant lies before that of the newest run; damage.
    pub fn repeated(&self, as_of: Micros) -> Result<Option<RecordedRun>, RecordError> {
        self.read(|view| {
            view.refuse_backward(as_of)?;
            let newest = view.head.newest().filter(|run| run.as_of() == as_of);
            newest.map(|run| RecordedRun::read(&view.dir, run)).transpose()
        })
    }

    /// The newest published run.
    ///
    /// # Errors
    ///
    /// Damage, files that cannot be read.
    pub fn newest_published(&self) -> Result<Option<RecordedRun>, RecordError> {
        self.read(|view| view.head.newest_published().map(|run| RecordedRun::read(&view.dir, run)).transpose())
    }

    /// Reads from the record, again if another run has replaced what was read.
    pub(super) fn read<T>(&self, read: impl Fn(&RecordView) -> Result<T, RecordError>) -> Result<T, RecordError> {
        let mut view = self.clone();
        for _ in 1..READS_MAX {
            let found = read(&view);
            if !matches!(found, Err(RecordError::Damaged(_))) {
                return found;
            }
            let head = existing_head(&self.dir)?;
            if head == view.head {
                return found;
            }
            view.head = head;
        }
        read(&view)
    }

    /// The run that one as of this instant goes on from.
    ///
    /// # Errors
    ///
    /// [`RecordError::Backward`], [`RecordError::Undone`], damage.
    pub(super) fn base_of(&self, as_of: Micros) -> Result<Option<HeadRun>, RecordError> {
        self.refuse_backward(as_of)?;
        let base = self.head.published_before(as_of);
        let repeated = self.head.newest().filter(|run| run.as_of() == as_of);
        if let (None, Some(repeated)) = (base, repeated) {
            let header = super::run_files::RunFiles::open(&self.dir, repeated)?.header;
            if header.goes_on_from.is_some() {
                return Err(RecordError::Undone { as_of });
            }
        }
        Ok(base)
    }

    fn refuse_backward(&self, as_of: Micros) -> Result<(), RecordError> {
        match self.newest_as_of() {
            Some(newest) if as_of < newest => Err(RecordError::Backward { as_of, newest }),
            _ => Ok(()),
        }
    }
}

impl RecordFolder {
    /// Begins a record in a new or empty folder. A record without a published run is gone on from, since the run that began it ended early.
    ///
    /// Gives none if another process holds the lock of the folder.
    ///
    /// # Errors
    ///
    /// A record or other files are there; the folder cannot be created.
    pub fn try_begin(dir: &Path) -> Result<Option<RecordFolder>, RecordError> {
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            ensure_dir(parent)?;
        }
        create_private_dir(dir)?;
        let Some(lock) = FolderLock::try_acquire(dir)? else { return Ok(None) };
        let head = RecordHead::read(dir)?;
        match &head {
            Some(head) if head.newest_published().is_some() => {
                return Err(RecordError::Exists { dir: dir.to_path_buf() });
            }
            Some(_) => {}
            None => refuse_other_files(dir)?,
        }
        Ok(Some(RecordFolder::locked(dir, head, lock)))
    }

    /// Opens a record.
    ///
    /// Gives none if another process holds the lock of the folder.
    ///
    /// # Errors
    ///
    /// No folder, no record in it, damage, a newer format.
    pub fn try_open(dir: &Path) -> Result<Option<RecordFolder>, RecordError> {
        // Before the lock, which may need a file in the folder.
        existing_head(dir)?;
        let Some(lock) = FolderLock::try_acquire(dir)? else { return Ok(None) };
        let head = existing_head(dir)?;
        Ok(Some(RecordFolder::locked(dir, Some(head), lock)))
    }

    /// A record whose lock is held, without the leftovers of killed runs.
    fn locked(dir: &Path, head: Option<RecordHead>, lock: FolderLock) -> RecordFolder {
        let has_head = head.is_some();
        let view = RecordView { dir: dir.to_path_buf(), head: head.unwrap_or_else(RecordHead::empty) };
        let folder = RecordFolder { view, has_head, lock };
        folder.sweep();
        folder
    }

    /// True if the lock excludes other runs. It does not where the file system has no locks.
    pub fn is_exclusive(&self) -> bool {
        self.lock.is_exclusive()
    }

    /// The record, to read from it.
    pub fn view(&self) -> &RecordView {
        &self.view
    }

    /// As [`RecordView::newest_as_of`].
    pub fn newest_as_of(&self) -> Option<Micros> {
        self.view.newest_as_of()
    }

    /// As [`RecordView::before`].
    ///
    /// # Errors
    ///
    /// Of the same.
    pub fn before(&self, as_of: Micros) -> Result<Option<RecordedRun>, RecordError> {
        self.view.before(as_of)
    }

    /// As [`RecordView::repeated`].
    ///
    /// # Errors
    ///
    /// Of the same.
    pub fn repeated(&self, as_of: Micros) -> Result<Option<RecordedRun>, RecordError> {
        self.view.repeated(as_of)
    }

    /// Replaces the head, and with it what belongs to the record.
    pub(super) fn set_head(&mut self, head: RecordHead) -> Result<(), RecordError> {
        head.write(&self.view.dir)?;
        self.view.head = head;
        self.has_head = true;
        self.sweep();
        Ok(())
    }

    /// Removes temporary files and the folders of runs that the head does not name. What cannot be removed does no harm. Without a head,
    /// nothing says which folders are left over.
    fn sweep(&self) {
        let dir = &self.view.dir;
        sweep_temporaries(dir);
        if !self.has_head {
            return;
        }
        for name in list_directory(dir).into_iter().flatten().map(|entry| entry.name) {
            let Some(number) = name.to_str().and_then(run_of_folder) else { continue };
            match self.view.head.runs.iter().find(|run| run.number == number) {
                Some(run) => {
                    sweep_temporaries(&run_folder(dir, *run));
                }
                None => {
                    let _ = remove_run_folder(&dir.join(&name));
                }
            }
        }
    }
}

/// Removes the folder of a run with its files. There is nothing to do if it does not exist.
pub(super) fn remove_run_folder(folder: &Path) -> io::Result<()> {
    let entries = match list_directory(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        retry_interrupted(|| fs::remove_file(folder.join(&entry.name)))?;
    }
    retry_interrupted(|| fs::remove_dir(folder))
}

/// The head of a record that has to exist.
fn existing_head(dir: &Path) -> Result<RecordHead, RecordError> {
    let path = || dir.to_path_buf();
    match retry_interrupted(|| fs::metadata(dir)) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(PublishError::NotFolder { path: path() }.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RecordError::NoFolder { dir: path() }),
        Err(source) => return Err(RecordError::Read { path: path(), source }),
    }
    match RecordHead::read(dir)? {
        Some(head) => Ok(head),
        None if has_runs(dir)? => Err(head_place(dir).error(FileFault::damage("is missing"))),
        None => Err(RecordError::NoRecord { dir: path() }),
    }
}

/// The names in a folder.
fn names(dir: &Path) -> Result<Vec<String>, RecordError> {
    let listed = list_directory(dir).map_err(|source| RecordError::Read { path: dir.to_path_buf(), source })?;
    Ok(listed.into_iter().map(|entry| entry.name.to_string_lossy().into_owned()).collect())
}

/// Whether a folder has folders of runs.
fn has_runs(dir: &Path) -> Result<bool, RecordError> {
    Ok(names(dir)?.iter().any(|name| run_of_folder(name).is_some()))
}

/// Refuses a folder that is not empty.
fn refuse_other_files(dir: &Path) -> Result<(), RecordError> {
    if has_runs(dir)? {
        return Err(head_place(dir).error(FileFault::damage("is missing")));
    }
    let mut others: Vec<String> = names(dir)?.into_iter().filter(|name| !name.starts_with(".pql-")).collect();
    others.sort();
    match others.into_iter().next() {
        Some(name) => Err(RecordError::Foreign { dir: dir.to_path_buf(), name }),
        None => Ok(()),
    }
}
