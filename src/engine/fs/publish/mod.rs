//! Makes files appear whole or not at all.
//!
//! Takes bytes through [`StagedFile`], which writes them to a temporary file beside the target, and
//! gives finished files through [`commit`]. Invariant: at every instant, a kill or a power cut
//! included, a target holds its old bytes or all of its new ones.
//!
//! Several files are not replaced in one step: a cut between two renames leaves earlier ones new
//! and later ones old, so the file that vouches for the others goes last. It writes neither to
//! pipes nor to devices, and leaves to its callers that no target is also an input.

mod acl;
mod error;
mod gate;
mod hashed;
mod lock;
mod temporary;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use self::{
    acl::Acl,
    gate::PublishGate,
    temporary::{TemporaryFile, create_locked},
};
pub use self::{
    error::PublishError,
    gate::{AbandonState, abandon},
    hashed::HashedFile,
    lock::{FolderLock, lock_holder},
    temporary::sweep_temporaries,
};
use crate::fs::retry::retry_interrupted;

/// Size of the write buffer, bytes. Large outputs need few calls.
const BUFFER_BYTES: usize = 64 << 10;

/// The readers of a file after it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// The readers of the file that it replaces; for a new file, those that the umask allows.
    Shared,
    /// The owner alone, whatever the umask and the replaced file say.
    Private,
}

/// The treatment of an existing file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplacePolicy {
    Replaced,
    Kept,
}

/// A file being written, invisible under its name until [`commit`]; dropping it removes it.
#[derive(Debug)]
pub struct StagedFile {
    // Before `temporary`, so that the file is closed when its name is removed.
    file: BufWriter<File>,
    temporary: TemporaryFile,
    target: PathBuf,
    existing: ReplacePolicy,
}

impl StagedFile {
    /// Starts a file that will replace `target`, or the file that `target` links to.
    ///
    /// # Errors
    ///
    /// The target is a folder, a pipe or a device, or a dangling link; its folder is missing or may
    /// not be written to.
    pub fn new(target: &Path, access: FileAccess) -> Result<Self, PublishError> {
        let (target, existing) = resolve_target(target)?;
        let dir = parent_dir(&target);
        let list = existing.as_ref().and_then(|_| Acl::of(&target));
        match create_locked(dir, access, existing.as_ref().map(|meta| (meta, list.as_ref()))) {
            Ok((file, temporary)) => {
                let file = BufWriter::with_capacity(BUFFER_BYTES, file);
                Ok(Self { file, temporary, target, existing: ReplacePolicy::Replaced })
            }
            Err(source) => Err(PublishError::Create { folder: dir.to_path_buf(), path: target, source }),
        }
    }

    /// Makes the file replace no other: [`commit`] then fails if the target exists.
    #[must_use]
    pub fn keeping_existing(self) -> Self {
        Self { existing: ReplacePolicy::Kept, ..self }
    }

    /// The file that will be replaced, links followed.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Syncs the bytes to the disk and closes the buffer.
    fn seal(self) -> Result<SyncedFile, PublishError> {
        let Self { file, temporary, target, existing } = self;
        let failed = |source| PublishError::Write { path: target.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        // A failed sync is not repeated. The system may have dropped the bytes and then report
        // success.
        file.sync_all().map_err(failed)?;
        Ok(SyncedFile { _locked: file, temporary, target, existing })
    }

    /// Adds the path to an error of the system, for writers that use `io::Error`.
    fn with_path(&self, source: io::Error) -> io::Error {
        io::Error::new(source.kind(), PublishError::Write { path: self.target.clone(), source })
    }
}

/// Errors hold a [`PublishError`] that names the file.
impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.with_path(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.with_path(error))
    }
}

/// A file whose bytes are on the disk, still under its temporary name.
struct SyncedFile {
    /// Its lock keeps sweeps away until the rename.
    _locked: File,
    temporary: TemporaryFile,
    target: PathBuf,
    existing: ReplacePolicy,
}

impl SyncedFile {
    fn rename(&mut self, published: usize, gate: &mut PublishGate) -> Result<(), PublishError> {
        let renamed = match self.existing {
            ReplacePolicy::Replaced => self.temporary.replace(&self.target, gate),
            ReplacePolicy::Kept => self.temporary.persist_new(&self.target, gate),
        };
        renamed.map_err(|source| {
            let path = self.target.clone();
            match source.kind() {
                io::ErrorKind::AlreadyExists if self.existing == ReplacePolicy::Kept => PublishError::Exists { path },
                _ => PublishError::Rename { path, published, source },
            }
        })
    }
}

/// Publishes the files in the order given, after all of them are synced to the disk.
///
/// # Errors
///
/// Two files with one target, or bytes that could not be synced: nothing has changed. A failed
/// rename: the error says how many files were renamed before. A folder that could not be synced:
/// all files are in place, but may not survive a power cut.
pub fn commit(staged: Vec<StagedFile>) -> Result<(), PublishError> {
    refuse_duplicate_targets(staged.iter().map(StagedFile::target))?;
    let mut sealed = seal_all(staged)?;
    let folders: BTreeSet<PathBuf> = sealed.iter().map(|file| parent_dir(&file.target).to_path_buf()).collect();
    // A process that a signal ends waits here, so it ends with either none or all files renamed.
    let mut gate = gate::lock_gate();
    let named = sealed.iter_mut().enumerate().try_for_each(|(published, file)| file.rename(published, &mut gate));
    let done = named.and_then(|()| folders.iter().try_for_each(|folder| sync_folder(folder)));
    // Files that were not published take the gate when they are dropped.
    drop(gate);
    done
}

/// Syncs all files in parallel. The disk writes pending data together, so four files take hardly
/// longer than one.
fn seal_all(staged: Vec<StagedFile>) -> Result<Vec<SyncedFile>, PublishError> {
    let helpers = staged.len().saturating_sub(1);
    let waiting = Mutex::new(staged.into_iter().enumerate());
    let sealed = Mutex::new(Vec::new());
    let seal = || seal_waiting(&waiting, &sealed);
    thread::scope(|scope| {
        for _ in 0..helpers {
            // If no thread can be spawned, syncing takes longer but succeeds.
            let _ = thread::Builder::new().spawn_scoped(scope, seal);
        }
        seal();
    });
    let mut sealed = sealed.into_inner().unwrap_or_else(PoisonError::into_inner);
    sealed.sort_by_key(|(place, _)| *place);
    sealed.into_iter().map(|(_, result)| result).collect()
}

/// Seals one file after the other until none waits.
fn seal_waiting(
    waiting: &Mutex<impl Iterator<Item = (usize, StagedFile)>>,
    sealed: &Mutex<Vec<(usize, Result<SyncedFile, PublishError>)>>,
) {
    loop {
        // A statement of its own releases the lock before the file is synced.
        let next = lock_ignoring_poison(waiting).next();
        let Some((place, file)) = next else { break };
        let result = file.seal();
        lock_ignoring_poison(sealed).push((place, result));
    }
}

/// Locks a mutex. A panic of a thread ends the run, so the data behind a poisoned lock is never
/// used.
fn lock_ignoring_poison<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses two files that would replace the same one.
///
/// # Errors
///
/// [`PublishError::SameTarget`].
pub fn refuse_duplicate_targets<'p>(targets: impl IntoIterator<Item = &'p Path>) -> Result<(), PublishError> {
    let mut seen = BTreeSet::new();
    for target in targets {
        let folder = parent_dir(target);
        let folder = retry_interrupted(|| fs::canonicalize(folder)).unwrap_or_else(|_| folder.to_path_buf());
        if !seen.insert((folder, target.file_name())) {
            return Err(PublishError::SameTarget { path: target.to_path_buf() });
        }
    }
    Ok(())
}

/// Creates an output folder and its missing parents.
///
/// # Errors
///
/// The path exists but is not a folder, or the folder may not be created.
pub fn ensure_dir(dir: &Path) -> Result<(), PublishError> {
    let missing: Vec<&Path> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && fs::symlink_metadata(dir).is_err()).collect();
    match retry_interrupted(|| fs::create_dir_all(dir)) {
        // A file survives a power cut only if the entry of its folder does.
        Ok(()) => missing.iter().try_for_each(|new| sync_folder(parent_dir(new))),
        Err(source) => match retry_interrupted(|| fs::metadata(dir)) {
            // Another process created it meanwhile, or the first check failed.
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => Err(PublishError::NotFolder { path: dir.to_path_buf() }),
            Err(_) => Err(PublishError::Folder { path: dir.to_path_buf(), source }),
        },
    }
}

/// Creates a folder that only its owner may enter, in a folder that exists. One that exists stays as it is.
///
/// # Errors
///
/// The path exists but is not a folder, or the folder may not be created.
pub(crate) fn create_private_dir(dir: &Path) -> Result<(), PublishError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match retry_interrupted(|| builder.create(dir)) {
        Ok(()) => sync_folder(parent_dir(dir)),
        Err(source) => match retry_interrupted(|| fs::metadata(dir)) {
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => Err(PublishError::NotFolder { path: dir.to_path_buf() }),
            Err(_) => Err(PublishError::Folder { path: dir.to_path_buf(), source }),
        },
    }
}

/// Follows a link to the file to replace; returns its metadata if it exists.
fn resolve_target(target: &Path) -> Result<(PathBuf, Option<Metadata>), PublishError> {
    let path = match retry_interrupted(|| fs::symlink_metadata(target)) {
        Ok(meta) if meta.is_symlink() => retry_interrupted(|| fs::canonicalize(target))
            .map_err(|source| PublishError::Link { path: target.to_path_buf(), source })?,
        _ => target.to_path_buf(),
    };
    match retry_interrupted(|| fs::metadata(&path)) {
        Ok(meta) if meta.is_file() => Ok((path, Some(meta))),
        Ok(meta) if meta.is_dir() => Err(PublishError::IsFolder { path }),
        Ok(_) => Err(PublishError::NotRegular { path }),
        // The file does not exist or cannot be inspected; creating the temporary file beside it
        // will report an error.
        Err(_) => Ok((path, None)),
    }
}

/// The folder of a target; the current one for a bare name.
fn parent_dir(target: &Path) -> &Path {
    match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Syncs the entries of a folder to the disk.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems do not support this and say so.
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(PublishError::SyncFolder { path: folder.to_path_buf(), source: error })
        }
        _ => Ok(()),
    }
}

/// On other systems a rename does not need this, or it is not available.
#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> Result<(), PublishError> {
    Ok(())
}
