//! Detects whether a file changed while it was read.
//!
//! Compares the identity, size and last write time of a file at two instants. Invariant: if they
//! are equal, the bytes read in between are of one version of the file.
//!
//! It relies on the times that the system keeps. A writer that keeps the size and resets the time
//! is not detected.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{FileId, InputKind, InputSource, ReadError};
use crate::fs::retry::retry_interrupted;

/// The time of the last write, in seconds and nanoseconds, if the system reports it.
pub(super) type ModifiedTime = Option<(i64, i64)>;

/// The version of an open file: properties that change with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileVersion {
    bytes: u64,
    modified: ModifiedTime,
}

impl FileVersion {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self { bytes: meta.len(), modified: modified_time(meta) }
    }

    /// Fails if the bytes read from an open file may not be of one version.
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

/// The metadata of a file.
pub(super) fn file_metadata(file: &File) -> io::Result<Metadata> {
    retry_interrupted(|| file.metadata())
}

#[cfg(unix)]
pub(super) fn modified_time(meta: &Metadata) -> ModifiedTime {
    use std::os::unix::fs::MetadataExt;
    Some((meta.mtime(), meta.mtime_nsec()))
}

#[cfg(not(unix))]
pub(super) fn modified_time(_meta: &Metadata) -> ModifiedTime {
    None
}

/// All bytes of a file, or at most a given number. For a regular file, only if it did not change
/// meanwhile.
///
/// For files that are small and useful only as a whole: the last row of a growing table may be
/// incomplete.
///
/// # Errors
///
/// Those of the system, and one of kind `Other` if the file changed.
pub fn read_whole_file(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let opened = file_metadata(&file)?;
    let expected = if opened.is_file() { opened.len().min(bytes_max) } else { 0 };
    let mut bytes = Vec::new();
    // A file may claim any size, so the allocation may fail.
    bytes.try_reserve_exact(usize::try_from(expected).unwrap_or(usize::MAX))?;
    (&file).take(bytes_max).read_to_end(&mut bytes)?;
    if opened.is_file() && FileVersion::of(&file_metadata(&file)?) != FileVersion::of(&opened) {
        return Err(io::Error::other("it was written to while it was read; run again when nothing writes to it"));
    }
    Ok(bytes)
}

/// The version of a regular file at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState(FileId, FileVersion);

impl FileState {
    /// Of the file that a path leads to; none if it is no regular file.
    ///
    /// # Errors
    ///
    /// Those of looking at it.
    pub fn of(path: &Path) -> Result<Option<Self>, ReadError> {
        current_version(path).map(|found| found.map(|(id, version)| Self(id, version)))
    }
}

/// The versions of files that are read more than once, taken before the first reading.
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
    /// Records the versions, before any reading.
    ///
    /// # Errors
    ///
    /// [`ReadError::SinglePass`] for an input that can be read only once, and those of inspecting a
    /// file.
    pub fn begin(inputs: &[InputSource]) -> Result<Self, ReadError> {
        let mut files: Vec<GuardedFile> = Vec::new();
        for input in inputs {
            let path = match &input.kind {
                InputKind::Memory(_) => continue,
                InputKind::Stdin | InputKind::Begun(_) => {
                    return Err(ReadError::SinglePass { name: input.name.clone() });
                }
                InputKind::File(path) => path,
                InputKind::Member(member) => &member.archive,
                InputKind::TarMember(packed) => &packed.archive,
            };
            // Members of one archive are adjacent.
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

    /// Compares the versions, after the last reading.
    ///
    /// # Errors
    ///
    /// [`ReadError::ChangedBetweenReads`] for a file that changed, and those of inspecting it.
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

/// The identity and version of the file at a path; none if it is not a regular file.
fn current_version(path: &Path) -> Result<Option<(FileId, FileVersion)>, ReadError> {
    let found = retry_interrupted(|| fs::metadata(path)).and_then(|meta| Ok((FileId::of(path)?, meta)));
    let (id, meta) = found.map_err(|source| ReadError::for_path(path, source))?;
    Ok(meta.is_file().then(|| (id, FileVersion::of(&meta))))
}
