//! The files of one run: written invisibly with their checksums, and read back checked.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    error::{FileFault, RecordError, RecordPlace},
    head::{HeadRun, run_folder},
    header::{FileSeal, HEADER_FILE, RunHeader},
    sealed::{seal, unseal},
};
use crate::fs::{
    publish::{FileAccess, HashedFile, PublishError, StagedFile},
    retry::retry_interrupted,
};
use pql_model::hex;

/// The names of the files of a run.
pub(super) const MODEL_FILE: &str = "model.toml";
/// The changes that the run found.
pub(super) const OWN_LOG_FILE: &str = "log.ndjson";
/// Rows of files of which the next run writes only what changed.
pub(super) const LISTS_FILE: &str = "lists.ndjson";
/// The outcomes of `--outcomes`.
pub(super) const OUTCOMES_FILE: &str = "outcomes.ndjson";
/// The lists, users first.
pub(super) const ENTITY_FILES: [&str; 2] = ["users.ndjson", "accounts.ndjson"];
/// The rows of `--users` and `--accounts`.
pub(super) const TABLE_FILES: [&str; 2] = ["users_table.ndjson", "accounts_table.ndjson"];

/// The files of a run that is being written.
pub(super) struct WrittenFiles {
    folder: PathBuf,
    pub(super) staged: Vec<StagedFile>,
    seals: Vec<FileSeal>,
}

impl WrittenFiles {
    /// Begins the files in a folder that exists.
    pub(super) fn new(folder: PathBuf) -> WrittenFiles {
        WrittenFiles { folder, staged: Vec::new(), seals: Vec::new() }
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn add(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RecordError> {
        let path = self.folder.join(name);
        let mut file = HashedFile::new(&path, FileAccess::Private)?;
        write(&mut file).map_err(|source| writing_error(path, source))?;
        let sha256 = hex(&file.digest());
        self.seals.push(FileSeal { name: name.to_owned(), bytes: file.bytes(), sha256 });
        self.staged.push(file.into_staged());
        Ok(())
    }

    /// Writes the header, which names all files.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(super) fn add_header(&mut self, header: &mut RunHeader) -> Result<(), RecordError> {
        header.files.clone_from(&self.seals);
        let path = self.folder.join(HEADER_FILE);
        let mut file = StagedFile::new(&path, FileAccess::Private)?;
        file.write_all(seal(header).as_bytes()).map_err(|source| writing_error(path, source))?;
        self.staged.push(file);
        Ok(())
    }
}

/// The error of writing a file; that of the file itself names it already.
pub(super) fn writing_error(path: PathBuf, source: io::Error) -> RecordError {
    match source.downcast::<PublishError>() {
        Ok(error) => error.into(),
        Err(source) => RecordError::Write { path, source },
    }
}

/// The files of a run of a record, with its header, whose checksum holds.
#[derive(Debug, Clone)]
pub(super) struct RunFiles {
    dir: PathBuf,
    folder: PathBuf,
    pub(super) run: HeadRun,
    pub(super) header: RunHeader,
}

impl RunFiles {
    /// Reads the header of a run.
    ///
    /// # Errors
    ///
    /// Damage, a newer format, a file that cannot be read.
    pub(super) fn open(dir: &Path, run: HeadRun) -> Result<RunFiles, RecordError> {
        let folder = run_folder(dir, run);
        let place = RecordPlace { dir: dir.to_path_buf(), path: folder.join(HEADER_FILE), run: Some(run.number) };
        let read = retry_interrupted(|| fs::read(&place.path)).map_err(FileFault::from);
        let header: RunHeader = read.and_then(|bytes| unseal(&bytes)).map_err(|fault| place.error(fault))?;
        if header.run != run.number || header.as_of().instant != run.as_of() {
            return Err(place.error(FileFault::damage("is of another run than head.json says")));
        }
        Ok(RunFiles { dir: dir.to_path_buf(), folder, run, header })
    }

    /// The place of a file, for messages.
    pub(super) fn place(&self, name: &str) -> RecordPlace {
        RecordPlace { dir: self.dir.clone(), path: self.folder.join(name), run: Some(self.run.number) }
    }

    /// Whether the run has a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.seal(name).is_some()
    }

    fn seal(&self, name: &str) -> Option<&FileSeal> {
        self.header.files.iter().find(|file| file.name == name)
    }

    /// The bytes of a file, checked.
    ///
    /// # Errors
    ///
    /// Damage, or a file that cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, RecordError> {
        self.checked(name).map_err(|fault| self.place(name).error(fault))
    }

    fn checked(&self, name: &str) -> Result<Vec<u8>, FileFault> {
        let seal = self.seal(name).ok_or_else(|| FileFault::damage("is not among the files that record.json names"))?;
        let bytes = retry_interrupted(|| fs::read(self.folder.join(name)))?;
        if bytes.len() as u64 != seal.bytes {
            return Err(FileFault::Damage(format!("has {} bytes, expected {}", bytes.len(), seal.bytes)));
        }
        if hex(&Sha256::digest(&bytes)) != seal.sha256 {
            return Err(FileFault::damage("has other bytes than its SHA-256 in record.json says"));
        }
        Ok(bytes)
    }

    /// The text of a file, checked.
    ///
    /// # Errors
    ///
    /// Damage, or a file that cannot be read.
    pub(super) fn read_text(&self, name: &str) -> Result<String, RecordError> {
        let bytes = self.read(name)?;
        String::from_utf8(bytes).map_err(|_| self.place(name).error(FileFault::damage("is not UTF-8")))
    }

    /// A file whose content is read by a function, checked.
    ///
    /// # Errors
    ///
    /// Damage, or a file that cannot be read.
    pub(super) fn read_with<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, FileFault>,
    ) -> Result<T, RecordError> {
        self.checked(name).and_then(|bytes| parse(&bytes)).map_err(|fault| self.place(name).error(fault))
    }
}
