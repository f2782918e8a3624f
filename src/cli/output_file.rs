//! A file that a run writes: counted, hashed, and invisible until it is published.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{CommandError, folder_lock::LockRequest};
use pql_engine::{
    emit::OutputFact,
    fs::publish::{FileAccess, FolderLock, HashedFile, StagedFile, commit},
};
use pql_model::hex;

/// Locks a folder, for a while if it is in use.
///
/// # Errors
/// Another run still writes to it.
pub(in crate::cli) fn lock_folder(request: LockRequest<'_>) -> Result<FolderLock, CommandError> {
    let lock = request.acquire(FolderLock::try_acquire)?;
    if !lock.is_exclusive() {
        request.note_without_locks();
    }
    Ok(lock)
}

/// Where a file is, as seen from the record of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum OutputLocation {
    Here,
    Elsewhere,
}

/// One file; counts and hashes what goes into it.
pub(in crate::cli) struct OutputFile {
    place: OutputLocation,
    path: PathBuf,
    file: HashedFile,
}

impl OutputFile {
    /// A file that is begun and invisible. `dir` is the folder of the record.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(in crate::cli) fn new(
        path: PathBuf,
        access: FileAccess,
        dir: Option<&Path>,
    ) -> Result<OutputFile, CommandError> {
        let file = HashedFile::new(&path, access)?;
        let here = path.parent().zip(dir).is_some_and(|(parent, dir)| parent == dir);
        let place = if here { OutputLocation::Here } else { OutputLocation::Elsewhere };
        Ok(OutputFile { place, path, file })
    }

    /// What the record of the run says of it.
    pub(in crate::cli) fn fact(&self) -> OutputFact {
        let place = match self.place {
            OutputLocation::Here => {
                self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
            }
            OutputLocation::Elsewhere => self.path.display().to_string(),
        };
        OutputFact { place, bytes: self.file.bytes(), sha256: hex(&self.file.digest()) }
    }

    /// Where it is, as seen from the record of the run.
    pub(in crate::cli) fn place(&self) -> OutputLocation {
        self.place
    }

    /// The file, to be published with others.
    pub(in crate::cli) fn into_staged(self) -> StagedFile {
        self.file.into_staged()
    }

    /// The path.
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the file.
    pub(in crate::cli) fn write_with(
        &mut self,
        write: impl FnOnce(&mut OutputFile) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        let path = self.path.clone();
        write(self).map_err(|error| CommandError::writing(error, &path))
    }

    /// Publishes this file alone.
    pub(in crate::cli) fn commit(self) -> Result<(), CommandError> {
        Ok(commit(vec![self.file.into_staged()])?)
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
