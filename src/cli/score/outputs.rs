//! The files that a run writes: which, that they can be written, and that they appear together.
//!
//! They are begun before the first event is read, so that a folder without write access is reported at once and not after an hour.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use super::ScoreArguments;
use crate::cli::{CommandError, interrupt, messages::Verbosity, print_stderr};
use pql_engine::{
    emit::{OutputFact, RejectsFact},
    fs::publish::{
        FileAccess, FolderLock, StagedFile, commit, ensure_dir, lock_holder, refuse_duplicate_targets,
        sweep_temporaries,
    },
    fs::retry::is_present,
    read::{FileId, InputSource},
};
use pql_model::{EntityKind, diag::escape_controls, hex, resolved::ListFile};

/// How long a run that waits for another one sleeps before it looks again.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// What goes into the folder, by its name without the ending.
const ROW_FILES: [(EntityKind, &str); 2] = [(EntityKind::User, "users"), (EntityKind::Account, "accounts")];
const ENDINGS: [&str; 3] = ["csv", "json", "ndjson"];
const REJECTS_FILE: &str = "rejects.ndjson";
const RECORD_FILE: &str = "run.json";

/// Where the files of a run will be.
pub(super) struct OutputPlan {
    rejects: Option<PathBuf>,
    id_map: Option<PathBuf>,
    rows: Vec<(EntityKind, PathBuf)>,
    /// Files for others, by their places in the model.
    lists: Vec<(usize, PathBuf)>,
    record: Option<PathBuf>,
}

impl OutputPlan {
    pub(super) fn new(arguments: &ScoreArguments, lists: &[ListFile]) -> OutputPlan {
        let ending = arguments.row_format().ending();
        let dir = arguments.out.as_ref();
        let rows =
            dir.into_iter().flat_map(|dir| ROW_FILES.map(|(side, name)| (side, dir.join(format!("{name}.{ending}")))));
        OutputPlan {
            rejects: arguments.rejects.clone().or_else(|| dir.map(|dir| dir.join(REJECTS_FILE))),
            id_map: arguments.id_map.clone(),
            rows: rows.collect(),
            lists: dir.into_iter().flat_map(|dir| list_paths(dir, lists)).collect(),
            record: dir.map(|dir| dir.join(RECORD_FILE)),
        }
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let rows = self.rows.iter().map(|(_, path)| path);
        let lists = self.lists.iter().map(|(_, path)| path);
        self.rejects.iter().chain(&self.id_map).chain(rows).chain(lists).chain(&self.record).map(PathBuf::as_path)
    }

    /// Refuses to write over what is read, under whatever name.
    pub(super) fn refuse_overwriting_inputs(
        &self,
        arguments: &ScoreArguments,
        inputs: &[InputSource],
        model: &Path,
    ) -> Result<(), CommandError> {
        let enrichment = [&arguments.run.users, &arguments.run.accounts].into_iter().flatten().map(PathBuf::as_path);
        let read = inputs.iter().filter_map(InputSource::path).chain([model]).chain(enrichment);
        let mut read: Vec<FileId> = read.filter_map(|path| FileId::of(path).ok()).collect();
        if inputs.iter().any(|input| input.path().is_none()) {
            read.extend(FileId::of_open(&io::stdin()));
        }
        let stdout = if arguments.out.is_none() { FileId::of_open(&io::stdout()) } else { None };
        if stdout.as_ref().is_some_and(|stdout| read.contains(stdout)) {
            return Err(CommandError::usage(
                "the standard output goes to a file that is read by this run; send it to another file",
            ));
        }
        for path in self.paths() {
            let Ok(identity) = FileId::of(path) else { continue };
            let name = path.display();
            if read.contains(&identity) {
                return Err(CommandError::usage(format!(
                    "`{name}` is read by this run and would be written over; name another folder or file for the output"
                )));
            }
            if stdout.as_ref() == Some(&identity) {
                return Err(CommandError::usage(format!(
                    "`{name}` is the file that the standard output goes to; name another file"
                )));
            }
        }
        Ok(refuse_duplicate_targets(self.paths())?)
    }

    /// Begins all files; in a folder that no other run writes to, and after what killed runs left there is gone.
    pub(super) fn open(self, arguments: &ScoreArguments) -> Result<OutputFiles, CommandError> {
        if self.paths().next().is_some() {
            interrupt::watch();
        }
        let lock = match &arguments.out {
            Some(dir) => {
                ensure_dir(dir)?;
                Some(lock(dir, Duration::from_secs(arguments.wait.unwrap_or(0)), arguments.verbosity())?)
            }
            None => None,
        };
        self.sweep();
        let dir = arguments.out.as_deref();
        let shared = |path: PathBuf| OutputFile::new(path, FileAccess::Shared, dir);
        Ok(OutputFiles {
            rejects: self.rejects.map(|path| OutputFile::new(path, FileAccess::Private, dir)).transpose()?,
            id_map: self.id_map.map(shared).transpose()?,
            rows: self
                .rows
                .into_iter()
                .map(|(side, path)| Ok((side, shared(path)?)))
                .collect::<Result<_, CommandError>>()?,
            lists: self
                .lists
                .into_iter()
                .map(|(place, path)| Ok((place, shared(path)?)))
                .collect::<Result<_, CommandError>>()?,
            record: self.record.map(shared).transpose()?,
            _lock: lock,
        })
    }

    fn sweep(&self) {
        let mut folders: Vec<&Path> = self.paths().filter_map(Path::parent).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            sweep_temporaries(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        }
    }
}

/// The files for others that a run without a record can write.
fn list_paths<'l>(dir: &'l Path, lists: &'l [ListFile]) -> impl Iterator<Item = (usize, PathBuf)> + 'l {
    let written = lists.iter().enumerate().filter(|(_, list)| !list.needs_record());
    written.map(|(place, list)| (place, dir.join(&list.name)))
}

/// Locks the folder, for a while if it is in use.
fn lock(dir: &Path, patience: Duration, verbosity: Verbosity) -> Result<FolderLock, CommandError> {
    let name = escape_controls(&dir.display().to_string());
    let since = Instant::now();
    let mut reported = verbosity == Verbosity::Quiet;
    loop {
        if let Some(lock) = FolderLock::try_acquire(dir)? {
            if !lock.is_exclusive() && verbosity == Verbosity::Notes {
                print_stderr(&format!(
                    "note: the file system of {name} knows no locks; see to it that no other run writes there"
                ));
            }
            return Ok(lock);
        }
        let by = lock_holder(dir).map_or_else(String::new, |process| format!(" (process {process})"));
        if since.elapsed() >= patience {
            return Err(CommandError::usage(format!(
                "another run{by} is writing to `{}`; run again when it has ended, give --wait SECONDS to wait for it, or name another folder",
                dir.display()
            )));
        }
        if !reported {
            print_stderr(&format!("note: another run{by} is writing to {name}; waiting for it"));
            reported = true;
        }
        thread::sleep(LOCK_POLL_INTERVAL.min(patience));
    }
}

/// The files of a run, begun and invisible.
pub(super) struct OutputFiles {
    pub(super) rejects: Option<OutputFile>,
    pub(super) id_map: Option<OutputFile>,
    pub(super) rows: Vec<(EntityKind, OutputFile)>,
    /// Files for others, by their places in the model.
    pub(super) lists: Vec<(usize, OutputFile)>,
    pub(super) record: Option<OutputFile>,
    /// Ends with this, after the last file is in place.
    _lock: Option<FolderLock>,
}

impl OutputFiles {
    /// What the record of the run says of the files that belong together: name, bytes and SHA-256; first those in its folder.
    pub(super) fn facts(&self) -> (Vec<OutputFact>, Vec<OutputFact>) {
        let rows = self.rows.iter().map(|(_, file)| file);
        let lists = self.lists.iter().map(|(_, file)| file);
        let (here, elsewhere): (Vec<&OutputFile>, Vec<&OutputFile>) =
            rows.chain(lists).chain(&self.id_map).partition(|file| file.place == OutputLocation::Here);
        (here.into_iter().map(OutputFile::fact).collect(), elsewhere.into_iter().map(OutputFile::fact).collect())
    }

    /// The same of rejected lines, which a later run replaces that has no rows to give, and which so belong to no set.
    pub(super) fn rejects_fact(&self) -> Option<RejectsFact> {
        self.rejects.as_ref().map(|file| match file.place {
            OutputLocation::Here => RejectsFact::Here(file.fact()),
            OutputLocation::Elsewhere => RejectsFact::Elsewhere(file.fact()),
        })
    }

    /// Files in the folder that runs write there and this one does not.
    pub(super) fn stale(&self, dir: &Path) -> Vec<String> {
        let rows = ROW_FILES.iter().flat_map(|(_, name)| ENDINGS.map(|ending| format!("{name}.{ending}")));
        let possible = rows.chain([REJECTS_FILE.to_owned()]);
        let (here, _) = self.facts();
        let rejects = match self.rejects_fact() {
            Some(RejectsFact::Here(file)) => Some(file),
            Some(RejectsFact::Elsewhere(_)) | None => None,
        };
        let is_new = |name: &String| here.iter().chain(&rejects).any(|new| new.place == *name);
        possible.filter(|name| !is_new(name) && is_present(&dir.join(name))).collect()
    }

    /// Publishes all files, the record last, since it vouches for the others.
    pub(super) fn commit(self) -> Result<(), CommandError> {
        let rows = self.rows.into_iter().map(|(_, file)| file);
        let lists = self.lists.into_iter().map(|(_, file)| file);
        let files = self.rejects.into_iter().chain(self.id_map).chain(rows).chain(lists).chain(self.record);
        Ok(commit(files.map(|file| file.staged).collect())?)
    }
}

/// The folder of a file, if an earlier run left its record there.
pub(super) fn run_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| is_present(&folder.join(RECORD_FILE)))
}

/// Where a file is, as seen from the record of the run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OutputLocation {
    Here,
    Elsewhere,
}

/// One file; counts and hashes what goes into it.
pub(super) struct OutputFile {
    place: OutputLocation,
    path: PathBuf,
    staged: StagedFile,
    hash: Sha256,
    bytes: u64,
}

impl OutputFile {
    fn new(path: PathBuf, access: FileAccess, dir: Option<&Path>) -> Result<OutputFile, CommandError> {
        let staged = StagedFile::new(&path, access)?;
        let here = path.parent().zip(dir).is_some_and(|(parent, dir)| parent == dir);
        let place = if here { OutputLocation::Here } else { OutputLocation::Elsewhere };
        Ok(OutputFile { place, path, staged, hash: Sha256::new(), bytes: 0 })
    }

    fn fact(&self) -> OutputFact {
        let place = match self.place {
            OutputLocation::Here => {
                self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
            }
            OutputLocation::Elsewhere => self.path.display().to_string(),
        };
        OutputFact { place, bytes: self.bytes, sha256: hex(&self.hash.clone().finalize()) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the file.
    pub(super) fn write_with(
        &mut self,
        write: impl FnOnce(&mut OutputFile) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        let path = self.path.clone();
        write(self).map_err(|error| CommandError::writing(error, &path))
    }

    /// Publishes this file alone.
    pub(super) fn commit(self) -> Result<(), CommandError> {
        Ok(commit(vec![self.staged])?)
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.staged.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.staged.flush()
    }
}
