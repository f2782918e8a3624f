//! Whether a file is still as it was.
//!
//! Takes what the system tells of a file at one instant, compares it with what it tells at a later one: which file it is, its size, and when it
//! was last written to. Invariant: what was read between the two is of one state of the file if they are the same.
//!
//! It goes by the times that the system keeps: whoever writes to a file and sets its time back, with as many bytes as before, is not seen.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{FileId, InputKind, InputSource, ReadError};
use crate::fs::retry::retry_interrupted;

/// When a file was last written to, in seconds and nanoseconds, where the system tells.
pub(super) type ModifiedTime = Option<(i64, i64)>;

/// What is known of an open file by which a change of its content shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileVersion {
    bytes: u64,
    modified: ModifiedTime,
}

impl FileVersion {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self { bytes: meta.len(), modified: modified_time(meta) }
    }

    /// Why what was read of an open file is not of one state of it, if so.
    #[cfg(feature = "parquet")]
    pub(super) fn check(&self, name: &str, file: &File) -> Result<(), ReadError> {
        let name = || name.to_owned();
        let now = file_metadata(file).map_err(|source| ReadError::Read { name: name(), source })?;
        match Self::of(&now) {
            now if now == *self => Ok(()),
            now if now.bytes == self.bytes => Err(ReadError::Rewritten { name: name() }),
            now => Err(ReadError::Changed { name: name(), opened_bytes: self.bytes, found_bytes: now.bytes }),
        }
    }
}

/// What the system knows of a file.
pub(super) fn file_metadata(file: &File) -> io::Result<Metadata> {
    retry_interrupted(|| file.metadata())
}

#[cfg(unix)]
pub(super) fn modified_time(meta: &Metadata) -> ModifiedTime {
    use std::os::unix::fs::MetadataExt;
    Some((meta.mtime(), meta.mtime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn last_written(_meta: &Metadata) -> ModifiedTime {
    None
}

/// All bytes of a file, or as many as are asked for at most; of a regular file only if nothing wrote to it meanwhile.
///
/// For files that are small and of use only as a whole: of a table that grows, the last row may be half there.
///
/// # Errors
///
/// Those of the system, and one of the kind `Other` that says that the file changed.
pub fn read_whole_file(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let opened = file_metadata(&file)?;
    let expected = if opened.is_file() { opened.len().min(bytes_max) } else { 0 };
    let mut bytes = Vec::new();
    // A file may claim any size, and there may be no memory for it.
    bytes.try_reserve_exact(usize::try_from(expected).unwrap_or(usize::MAX))?;
    (&file).take(bytes_max).read_to_end(&mut bytes)?;
    if opened.is_file() && FileVersion::of(&file_metadata(&file)?) != FileVersion::of(&opened) {
        return Err(io::Error::other("it was written to while it was read; run again when nothing writes to it"));
    }
    Ok(bytes)
}

/// Files that are read more than once, as they were before the first time.
#[derive(Debug)]
pub struct ChangeGuard {
    files: Vec<GuardedFile>,
}

#[derive(Debug)]
struct GuardedFile {
    path: PathBuf,
    seen: (FileId, FileVersion),
}

impl ChangeGuard {
    /// Begins, before anything is read.
    ///
    /// # Errors
    ///
    /// [`ReadError::Once`] for what gives its bytes only once, and those of looking at a file.
    pub fn begin(inputs: &[InputSource]) -> Result<Self, ReadError> {
        let mut files: Vec<GuardedFile> = Vec::new();
        for input in inputs {
            let path = match &input.kind {
                InputKind::Memory(_) => continue,
                InputKind::Stdin => return Err(ReadError::SinglePass { name: input.name.clone() }),
                InputKind::File(path) => path,
                InputKind::Member(member) => &member.archive,
            };
            // The members of an archive follow each other.
            if files.last().is_some_and(|last| last.path == *path) {
                continue;
            }
            let Some(seen) = current_version(path)? else {
                return Err(ReadError::SinglePass { name: input.name.clone() });
            };
            files.push(GuardedFile { path: path.clone(), seen });
        }
        Ok(Self { files })
    }

    /// Ends, after the last reading.
    ///
    /// # Errors
    ///
    /// [`ReadError::Between`] for a file that is no longer as it was, and those of looking at it.
    pub fn verify(&self) -> Result<(), ReadError> {
        for file in &self.files {
            match current_version(&file.path) {
                Ok(Some(now)) if now == file.seen => {}
                Ok(_) | Err(ReadError::NotFound { .. }) => {
                    return Err(ReadError::ChangedBetweenReads { name: file.path.display().to_string() });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Which file a path leads to, and how it is; none if it is no regular file.
fn current_version(path: &Path) -> Result<Option<(FileId, FileVersion)>, ReadError> {
    let found = retry_interrupted(|| fs::metadata(path)).and_then(|meta| Ok((FileId::of(path)?, meta)));
    let (id, meta) = found.map_err(|source| ReadError::for_path(path, source))?;
    Ok(meta.is_file().then(|| (id, FileVersion::of(&meta))))
}
