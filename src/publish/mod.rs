//! Makes files appear whole or not at all.
//!
//! Takes bytes through [`Staged`], which writes them to a temporary file beside the target, and gives
//! finished files through [`commit`]. Invariant: at every instant, a kill or a power cut included, a
//! target holds its old bytes or all of its new ones.
//!
//! Several files are not replaced in one step: a cut between two renames leaves earlier ones
//! new and later ones old, so the file that vouches for the others goes last. It writes neither to pipes
//! nor to devices, and leaves to its callers that no target is also an input.

mod error;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs::{self, DirEntry, File, Metadata, OpenOptions, Permissions, TryLockError},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempPath};

pub use self::error::PublishError;

/// How the name of a temporary file begins; hidden, so that folder inputs and `ls` pass over it.
const PREFIX: &str = ".pql-";

/// How the name of a temporary file ends.
const SUFFIX: &str = ".tmp";

/// Size of the write buffer: few calls for large outputs; bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// How often a temporary file is made anew if a sweep takes it before it is locked.
const TRIES_MAX: usize = 8;

/// Who may read a file after it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever could read the file it replaces; for a new file, whoever the umask allows.
    Shared,
    /// Its owner alone, whatever the umask and the file it replaces.
    Private,
}

/// A file being written, invisible under its name until [`commit`]; dropping it removes it.
#[derive(Debug)]
pub struct Staged {
    // Before `temporary`, so that the file is closed when its name is removed.
    file: BufWriter<File>,
    temporary: TempPath,
    target: PathBuf,
}

impl Staged {
    /// Starts a file that shall replace `target`, or the file that `target` links to.
    ///
    /// # Errors
    ///
    /// The target is a folder, a pipe or a device, or a link that leads nowhere; its folder is missing or
    /// may not be written to.
    pub fn new(target: &Path, access: Access) -> Result<Self, PublishError> {
        let (target, existing) = settle(target)?;
        let dir = folder_of(&target);
        match create_locked(dir, access, existing.as_ref()) {
            Ok(file) => {
                let (file, temporary) = file.into_parts();
                Ok(Self { file: BufWriter::with_capacity(BUFFER_BYTES, file), temporary, target })
            }
            Err(source) => Err(PublishError::Create { folder: dir.to_path_buf(), path: target, source }),
        }
    }

    /// The file that will be replaced, links followed.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Brings the bytes to the disk and closes the buffer.
    fn seal(self) -> Result<Sealed, PublishError> {
        let Self { file, temporary, target } = self;
        let failed = |source| PublishError::Write { path: target.clone(), source };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(Sealed { _locked: file, temporary, target })
    }

    /// Puts the path into an error of the system, for writers that know only `io::Error`.
    fn explain(&self, source: io::Error) -> io::Error {
        io::Error::new(source.kind(), PublishError::Write { path: self.target.clone(), source })
    }
}

/// Errors hold a [`PublishError`] that names the file.
impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.explain(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|error| self.explain(error))
    }
}

/// A file whose bytes are on the disk, still under its temporary name.
struct Sealed {
    /// Keeps sweeps away until the rename.
    _locked: File,
    temporary: TempPath,
    target: PathBuf,
}

impl Sealed {
    fn rename(self, published: usize) -> Result<(), PublishError> {
        self.temporary.persist(&self.target).map_err(|error| PublishError::Rename {
            path: self.target,
            published,
            source: error.error,
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
pub fn commit(staged: Vec<Staged>) -> Result<(), PublishError> {
    refuse_same_target(&staged)?;
    let sealed: Vec<Sealed> = staged.into_iter().map(Staged::seal).collect::<Result<_, _>>()?;
    let folders: BTreeSet<PathBuf> = sealed.iter().map(|file| folder_of(&file.target).to_path_buf()).collect();
    for (published, file) in sealed.into_iter().enumerate() {
        file.rename(published)?;
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Creates an output folder, and those above it, where missing.
///
/// # Errors
///
/// The path is something else than a folder, or the folder may not be created.
pub fn ensure_dir(dir: &Path) -> Result<(), PublishError> {
    match fs::create_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(_) if fs::metadata(dir).is_ok_and(|meta| !meta.is_dir()) => {
            Err(PublishError::NotFolder { path: dir.to_path_buf() })
        }
        Err(source) => Err(PublishError::Folder { path: dir.to_path_buf(), source }),
    }
}

/// Removes temporary files that killed runs left in a folder; gives how many.
///
/// Files of runs still alive are locked and stay. What cannot be listed, locked or removed stays too,
/// without an error: it harms nobody.
pub fn sweep(dir: &Path) -> usize {
    let Ok(entries) = fs::read_dir(dir) else {
        return 0;
    };
    entries.flatten().filter(|entry| is_temporary(entry) && remove_if_dead(&entry.path())).count()
}

fn is_temporary(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.as_encoded_bytes();
    name.starts_with(PREFIX.as_bytes())
        && name.ends_with(SUFFIX.as_bytes())
        && entry.file_type().is_ok_and(|kind| kind.is_file())
}

/// Removes a file while holding its lock, so that its maker, if it comes for the lock later, finds it gone.
fn remove_if_dead(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok() && fs::remove_file(path).is_ok())
}

/// Follows a link to the file to replace; gives what is there now.
fn settle(target: &Path) -> Result<(PathBuf, Option<Metadata>), PublishError> {
    let path = match fs::symlink_metadata(target) {
        Ok(meta) if meta.is_symlink() => {
            fs::canonicalize(target).map_err(|source| PublishError::Link { path: target.to_path_buf(), source })?
        }
        _ => target.to_path_buf(),
    };
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() => Ok((path, Some(meta))),
        Ok(meta) if meta.is_dir() => Err(PublishError::IsFolder { path }),
        Ok(_) => Err(PublishError::NotRegular { path }),
        // Not there yet, or not to be looked at: creating the file beside it will tell.
        Err(_) => Ok((path, None)),
    }
}

/// The folder of a target; the current one for a bare name.
fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Makes a temporary file that no sweep of another run will remove.
fn create_locked(dir: &Path, access: Access, existing: Option<&Metadata>) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES_MAX {
        let file = create(dir, access, existing)?;
        match file.as_file().try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            Ok(()) if is_unlinked(&file.as_file().metadata()?) => continue,
            // Where files cannot be locked, a sweep cannot lock them either and leaves them.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
    Err(io::Error::other("another process keeps removing the temporary file"))
}

/// Makes a temporary file with the rights that the published one shall have, from its first byte on.
fn create(dir: &Path, access: Access, existing: Option<&Metadata>) -> io::Result<NamedTempFile> {
    // The first number is cut by the umask, the second is not.
    let (at_first, exact) = match (access, existing) {
        (Access::Shared, None) => (0o666, None),
        (Access::Shared, Some(meta)) => (0o600, kept_mode(meta)),
        (Access::Private, _) => (0o600, mode(0o600)),
    };
    // Opening it here rather than there keeps its random name out of error texts.
    let file =
        tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).make_in(dir, |path| new_file(at_first).open(path))?;
    if let Some(rights) = exact {
        file.as_file().set_permissions(rights)?;
    }
    Ok(file)
}

/// Options that create a file, and never open one that is there already.
fn new_file(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
}

#[cfg(unix)]
fn mode(bits: u32) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(bits))
}

#[cfg(not(unix))]
fn mode(_bits: u32) -> Option<Permissions> {
    None
}

/// Read, write and execute rights of a file, without set-user-id and its like.
#[cfg(unix)]
fn kept_mode(meta: &Metadata) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    mode(meta.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn kept_mode(_meta: &Metadata) -> Option<Permissions> {
    None
}

#[cfg(unix)]
fn is_unlinked(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.nlink() == 0
}

#[cfg(not(unix))]
fn is_unlinked(_meta: &Metadata) -> bool {
    false
}

fn refuse_same_target(staged: &[Staged]) -> Result<(), PublishError> {
    let mut seen = BTreeSet::new();
    for file in staged {
        let folder = folder_of(&file.target);
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        if !seen.insert((folder, file.target.file_name())) {
            return Err(PublishError::SameTarget { path: file.target.clone() });
        }
    }
    Ok(())
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
