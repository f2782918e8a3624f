//! Whether two names lead to one file.
//!
//! Takes a path or an open file, gives what the system knows the file by: device and number on Unix, whatever the links that lead to it, and
//! elsewhere its full path.

use std::{fs, io, path::Path};

use crate::fs::retry::retry_interrupted;

/// What a file is known by, for as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileId(RawFileId);

#[cfg(unix)]
type RawFileId = (u64, u64);
#[cfg(not(unix))]
type Id = std::path::PathBuf;

impl FileId {
    /// Of the file that a path leads to.
    ///
    /// # Errors
    ///
    /// Those of looking at it; there may be no such file.
    #[cfg(unix)]
    pub fn of(path: &Path) -> io::Result<Self> {
        retry_interrupted(|| fs::metadata(path)).map(|meta| Self::of_metadata(&meta))
    }

    /// Of the file that a path leads to.
    ///
    /// # Errors
    ///
    /// Those of looking at it; there may be no such file.
    #[cfg(not(unix))]
    pub fn of(path: &Path) -> io::Result<Self> {
        fs::canonicalize(path).map(Self)
    }

    /// Of a file that is open already, such as the standard input; `None` if it is no regular one, or the system does not tell.
    #[cfg(unix)]
    pub fn of_open(file: &impl std::os::fd::AsFd) -> Option<Self> {
        let meta = fs::File::from(file.as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
        meta.is_file().then(|| Self::of_metadata(&meta))
    }

    /// Of a file that is open already, such as the standard input; `None` if it is no regular one, or the system does not tell.
    #[cfg(not(unix))]
    pub fn of_open<F>(_file: &F) -> Option<Self> {
        None
    }

    #[cfg(unix)]
    fn of_metadata(meta: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((meta.dev(), meta.ino()))
    }
}
