//! Makes files appear whole or not at all.
//!
//! Takes bytes through [`Staged`], which writes them to a temporary file beside the target, and gives
//! finished files through [`commit`]. Invariant: at every instant, a kill or a power cut included, a
//! target holds its old bytes or all of its new ones.
//!
//! Several files are not replaced in one step: a cut between two renames leaves earlier ones
//! new and later ones old, so the file that vouches for the others goes last. It writes neither to pipes
//! nor to devices, and leaves to its callers that no target is also an input.

mod acl;
mod error;
mod gate;
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
    lock::{FolderLock, lock_holder},
    temporary::sweep_temporaries,
};
use crate::fs::retry::retry_interrupted;

/// Size of the write buffer: few calls for large outputs; bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// Who may read a file after it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Whoever could read the file it replaces; for a new file, whoever the umask allows.
    Shared,
    /// Its owner alone, whatever the umask and the file it replaces.
    Private,
}

/// What becomes of a file that has the name already.
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
    /// Starts a file that shall replace `target`, or the file that `target` links to.
    ///
    /// # Errors
    ///
    /// The target is a folder, a pipe or a device, or a link that leads nowhere; its folder is missing or
    /// may not be written to.
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

    /// The same file, which shall replace nothing: [`commit`] fails if the target is there by then.
    #[must_use]
    pub fn keeping_existing(self) -> Self {
        Self { existing: ReplacePolicy::Kept, ..self }
    }

    /// The file that will be replaced, links followed.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Brings the bytes to the disk and closes the buffer.
    fn seal(self) -> Result<SyncedFile, PublishError> {
        let Self { file, temporary, target, existing } = self;
        let failed = |source| PublishError::Write { path: target.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        // Not tried again if it fails: the system may have dropped the bytes, and say the next time that all is well.
        file.sync_all().map_err(failed)?;
        Ok(SyncedFile { _locked: file, temporary, target, existing })
    }

    /// Puts the path into an error of the system, for writers that know only `io::Error`.
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
    /// Keeps sweeps away until the rename.
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

/// Publishes the files in the order given, after all of them are safely on the disk.
///
/// # Errors
///
/// Two files with one target, or bytes that could not be brought to the disk: nothing has changed. A
/// failed rename: the error says how many files before it have. A folder that could not be brought to
/// the disk: all files are in place, but may not outlive a power cut.
pub fn commit(staged: Vec<StagedFile>) -> Result<(), PublishError> {
    refuse_duplicate_targets(staged.iter().map(StagedFile::target))?;
    let mut sealed = seal_all(staged)?;
    let folders: BTreeSet<PathBuf> = sealed.iter().map(|file| parent_dir(&file.target).to_path_buf()).collect();
    // Whoever ends the process early waits here, so that it ends with none of the names given or with all.
    let mut gate = gate::lock_gate();
    let named = sealed.iter_mut().enumerate().try_for_each(|(published, file)| file.rename(published, &mut gate));
    let done = named.and_then(|()| folders.iter().try_for_each(|folder| sync_folder(folder)));
    // Files that were not published pass through the gate when they are dropped.
    drop(gate);
    done
}

/// Brings all files to the disk side by side: it gathers what is waiting anyway, so that four take hardly longer than one.
fn seal_all(staged: Vec<StagedFile>) -> Result<Vec<SyncedFile>, PublishError> {
    let helpers = staged.len().saturating_sub(1);
    let waiting = Mutex::new(staged.into_iter().enumerate());
    let sealed = Mutex::new(Vec::new());
    let seal = || seal_waiting(&waiting, &sealed);
    thread::scope(|scope| {
        for _ in 0..helpers {
            // Without helpers it takes longer, and that is all.
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
        // Taken in a statement of its own, so that no other thread waits while it is sealed.
        let next = lock_ignoring_poison(waiting).next();
        let Some((place, file)) = next else { break };
        let result = file.seal();
        lock_ignoring_poison(sealed).push((place, result));
    }
}

/// A thread that panicked ends the run by itself; what it held is not used.
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
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        if !seen.insert((folder, target.file_name())) {
            return Err(PublishError::SameTarget { path: target.to_path_buf() });
        }
    }
    Ok(())
}

/// Creates an output folder, and those above it, where missing.
///
/// # Errors
///
/// The path is something else than a folder, or the folder may not be created.
pub fn ensure_dir(dir: &Path) -> Result<(), PublishError> {
    let missing: Vec<&Path> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && fs::symlink_metadata(dir).is_err()).collect();
    match retry_interrupted(|| fs::create_dir_all(dir)) {
        // A file outlives a power cut only if its folder does.
        Ok(()) => missing.iter().try_for_each(|new| sync_folder(parent_dir(new))),
        Err(source) => match retry_interrupted(|| fs::metadata(dir)) {
            // Somebody else made it, or a look at it failed once.
            Ok(meta) if meta.is_dir() => Ok(()),
            Ok(_) => Err(PublishError::NotFolder { path: dir.to_path_buf() }),
            Err(_) => Err(PublishError::Folder { path: dir.to_path_buf(), source }),
        },
    }
}

/// Follows a link to the file to replace; gives what is there now.
fn resolve_target(target: &Path) -> Result<(PathBuf, Option<Metadata>), PublishError> {
    let path = match retry_interrupted(|| fs::symlink_metadata(target)) {
        Ok(meta) if meta.is_symlink() => {
            fs::canonicalize(target).map_err(|source| PublishError::Link { path: target.to_path_buf(), source })?
        }
        _ => target.to_path_buf(),
    };
    match retry_interrupted(|| fs::metadata(&path)) {
        Ok(meta) if meta.is_file() => Ok((path, Some(meta))),
        Ok(meta) if meta.is_dir() => Err(PublishError::IsFolder { path }),
        Ok(_) => Err(PublishError::NotRegular { path }),
        // Not there yet, or not to be looked at: creating the file beside it will tell.
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

/// Brings the names in a folder to the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some network file systems know no such thing and answer that they do not.
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(PublishError::SyncFolder { path: folder.to_path_buf(), source: error })
        }
        _ => Ok(()),
    }
}

/// Elsewhere a rename needs no such step, or offers none.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> Result<(), PublishError> {
    Ok(())
}
