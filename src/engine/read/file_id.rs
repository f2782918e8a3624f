//! Detects that two names lead to one file.
//!
//! Takes a path or an open file and gives the system's identity of the file. On Unix this is the
//! device and number, whatever links lead to the file. Elsewhere it is the full path.

use std::{fs, io, path::Path};

use crate::fs::retry::retry_interrupted;

/// The identity of a file, valid for as long as the file exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileId(RawFileId);

#[cfg(unix)]
type RawFileId = (u64, u64);
#[cfg(not(unix))]
type RawFileId = std::path::PathBuf;

impl FileId {
    /// The identity of the file at a path.
    ///
    /// # Errors
    ///
    /// Those of inspecting the file, which may not exist.
    #[cfg(unix)]
    pub fn of(path: &Path) -> io::Result<Self> {
        retry_interrupted(|| fs::metadata(path)).map(|meta| Self::of_metadata(&meta))
    }

    /// The identity of the file at a path.
    ///
    /// # Errors
    ///
    /// Those of inspecting the file, which may not exist.
    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        retry_interrupted(|| fs::canonicalize(path)).map(Self)
    }

    /// The identity of an open file, such as standard input. `None` if it is not a regular file, or
    /// the system does not report it.
    #[cfg(unix)]
    pub fn of_open(file: &impl std::os::fd::AsFd) -> Option<Self> {
        let file = fs::File::from(file.as_fd().try_clone_to_owned().ok()?);
        let meta = retry_interrupted(|| file.metadata()).ok()?;
        meta.is_file().then(|| Self::of_metadata(&meta))
    }

    /// The identity of an open file, such as standard input. `None` if it is not a regular file, or
    /// the system does not report it.
    #[cfg(not(unix))]
    pub(crate) fn of_open<F>(_file: &F) -> Option<Self> {
        None
    }

    #[cfg(unix)]
    fn of_metadata(meta: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((meta.dev(), meta.ino()))
    }
}
