//! The files that a run writes: which, that they can be written, and that they appear together.
//!
//! They are begun before the first event is read, so that a folder that takes no files is told at once and not after an hour.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};

use super::{ScoreArguments, format};
use crate::{
    cli::{Failure, interrupt, tell},
    diag::visible,
    model::{EntityKind, hex},
    publish::{Access, FolderLock, Staged, commit, ensure_dir, holder, refuse_same, sweep},
    read::{FileId, Input},
};

/// How long a run that waits for another one sleeps before it looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What goes into the folder, by its name without the ending.
const ROWS: [(EntityKind, &str); 2] = [(EntityKind::User, "users"), (EntityKind::Account, "accounts")];
const ENDINGS: [&str; 3] = ["csv", "json", "ndjson"];
const REJECTS: &str = "rejects.ndjson";
const RECORD: &str = "run.json";

/// Where the files of a run will be.
pub(super) struct Planned {
    rejects: Option<PathBuf>,
    id_map: Option<PathBuf>,
    rows: Vec<(EntityKind, PathBuf)>,
    record: Option<PathBuf>,
}

impl Planned {
    pub(super) fn new(arguments: &ScoreArguments) -> Planned {
        let ending = format(arguments).ending();
        let dir = arguments.out.as_ref();
        let rows =
            dir.into_iter().flat_map(|dir| ROWS.map(|(side, name)| (side, dir.join(format!("{name}.{ending}")))));
        Planned {
            rejects: arguments.rejects.clone().or_else(|| dir.map(|dir| dir.join(REJECTS))),
            id_map: arguments.id_map.clone(),
            rows: rows.collect(),
            record: dir.map(|dir| dir.join(RECORD)),
        }
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let rows = self.rows.iter().map(|(_, path)| path);
        self.rejects.iter().chain(&self.id_map).chain(rows).chain(&self.record).map(PathBuf::as_path)
    }

    /// Refuses to write over what is read, under whatever name.
    pub(super) fn spare_inputs(
        &self,
        arguments: &ScoreArguments,
        inputs: &[Input],
        model: &Path,
    ) -> Result<(), Failure> {
        let enrichment = [&arguments.view.users, &arguments.view.accounts].into_iter().flatten().map(PathBuf::as_path);
        let read = inputs.iter().filter_map(Input::path).chain([model]).chain(enrichment);
        let mut read: Vec<FileId> = read.filter_map(|path| FileId::of(path).ok()).collect();
        if inputs.iter().any(|input| input.path().is_none()) {
            read.extend(FileId::of_open(&io::stdin()));
        }
        let stdout = if arguments.out.is_none() { FileId::of_open(&io::stdout()) } else { None };
        if stdout.as_ref().is_some_and(|stdout| read.contains(stdout)) {
            return Err(Failure::usage(
                "the standard output goes to a file that is read by this run; send it to another file",
            ));
        }
        for path in self.paths() {
            let Ok(identity) = FileId::of(path) else { continue };
            let name = path.display();
            if read.contains(&identity) {
                return Err(Failure::usage(format!(
                    "`{name}` is read by this run and would be written over; name another folder or file for the output"
                )));
            }
            if stdout.as_ref() == Some(&identity) {
                return Err(Failure::usage(format!(
                    "`{name}` is the file that the standard output goes to; name another file"
                )));
            }
        }
        Ok(refuse_same(self.paths())?)
    }

    /// Begins all files; in a folder that no other run writes to, and after what killed runs left there is gone.
    pub(super) fn open(self, arguments: &ScoreArguments) -> Result<Outputs, Failure> {
        if self.paths().next().is_some() {
            interrupt::watch();
        }
        let lock = match &arguments.out {
            Some(dir) => {
                ensure_dir(dir)?;
                Some(lock(dir, Duration::from_secs(arguments.wait.unwrap_or(0)), arguments.quiet)?)
            }
            None => None,
        };
        self.sweep();
        let dir = arguments.out.as_deref();
        let shared = |path: PathBuf| Output::new(path, Access::Shared, dir);
        Ok(Outputs {
            rejects: self.rejects.map(|path| Output::new(path, Access::Private, dir)).transpose()?,
            id_map: self.id_map.map(shared).transpose()?,
            rows: self
                .rows
                .into_iter()
                .map(|(side, path)| Ok((side, shared(path)?)))
                .collect::<Result<_, Failure>>()?,
            record: self.record.map(shared).transpose()?,
            _lock: lock,
        })
    }

    fn sweep(&self) {
        let mut folders: Vec<&Path> = self.paths().filter_map(Path::parent).collect();
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            sweep(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        }
    }
}

/// Locks the folder, for a while if it is in use.
fn lock(dir: &Path, patience: Duration, quiet: bool) -> Result<FolderLock, Failure> {
    let name = visible(&dir.display().to_string());
    let since = Instant::now();
    let mut told = quiet;
    loop {
        if let Some(lock) = FolderLock::take(dir)? {
            if !lock.holds() && !quiet {
                tell(&format!(
                    "note: the file system of {name} knows no locks; see to it that no other run writes there"
                ));
            }
            return Ok(lock);
        }
        let by = holder(dir).map_or_else(String::new, |process| format!(" (process {process})"));
        if since.elapsed() >= patience {
            return Err(Failure::usage(format!(
                "another run{by} is writing to `{}`; run again when it has ended, give --wait SECONDS to wait for it, or name another folder",
                dir.display()
            )));
        }
        if !told {
            tell(&format!("note: another run{by} is writing to {name}; waiting for it"));
            told = true;
        }
        thread::sleep(LOOK_AGAIN.min(patience));
    }
}

/// The files of a run, begun and invisible.
pub(super) struct Outputs {
    pub(super) rejects: Option<Output>,
    pub(super) id_map: Option<Output>,
    pub(super) rows: Vec<(EntityKind, Output)>,
    pub(super) record: Option<Output>,
    /// Ends with this, after the last file is in place.
    _lock: Option<FolderLock>,
}

impl Outputs {
    /// What the record of the run says of the files that belong together: name, bytes and SHA-256; first those in its folder.
    pub(super) fn facts(&self) -> (Vec<Fact>, Vec<Fact>) {
        let rows = self.rows.iter().map(|(_, file)| file);
        let (here, elsewhere): (Vec<&Output>, Vec<&Output>) =
            rows.chain(&self.id_map).partition(|file| file.place == Place::Here);
        (here.into_iter().map(Output::fact).collect(), elsewhere.into_iter().map(Output::fact).collect())
    }

    /// The same of rejected lines, which a later run replaces that has no rows to give, and which so belong to no set.
    pub(super) fn rejects_fact(&self) -> Option<(&'static str, Fact)> {
        let key = |file: &Output| if file.place == Place::Here { "name" } else { "path" };
        self.rejects.as_ref().map(|file| (key(file), file.fact()))
    }

    /// Files in the folder that runs write there and this one does not.
    pub(super) fn stale(&self, dir: &Path) -> Vec<String> {
        let rows = ROWS.iter().flat_map(|(_, name)| ENDINGS.map(|ending| format!("{name}.{ending}")));
        let possible = rows.chain([REJECTS.to_owned()]);
        let (here, _) = self.facts();
        let rejects = self.rejects_fact().filter(|(key, _)| *key == "name").map(|(_, fact)| fact);
        let is_new = |name: &String| here.iter().chain(&rejects).any(|(new, ..)| new == name);
        possible.filter(|name| !is_new(name) && dir.join(name).exists()).collect()
    }

    /// Publishes all files, the record last, since it vouches for the others.
    pub(super) fn commit(self) -> Result<(), Failure> {
        let rows = self.rows.into_iter().map(|(_, file)| file);
        let files = self.rejects.into_iter().chain(self.id_map).chain(rows).chain(self.record);
        Ok(commit(files.map(|file| file.staged).collect())?)
    }
}

/// The folder of a file, if an earlier run left its record there.
pub(super) fn folder_of_a_run(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| folder.join(RECORD).exists())
}

/// Name or path, bytes and SHA-256 of a file.
type Fact = (String, u64, String);

/// Where a file is, as seen from the record of the run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Here,
    Elsewhere,
}

/// One file; counts and hashes what goes into it.
pub(super) struct Output {
    place: Place,
    path: PathBuf,
    staged: Staged,
    hash: Sha256,
    bytes: u64,
}

impl Output {
    fn new(path: PathBuf, access: Access, dir: Option<&Path>) -> Result<Output, Failure> {
        let staged = Staged::new(&path, access)?;
        let here = path.parent().zip(dir).is_some_and(|(parent, dir)| parent == dir);
        let place = if here { Place::Here } else { Place::Elsewhere };
        Ok(Output { place, path, staged, hash: Sha256::new(), bytes: 0 })
    }

    fn fact(&self) -> Fact {
        let name = match self.place {
            Place::Here => self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned(),
            Place::Elsewhere => self.path.display().to_string(),
        };
        (name, self.bytes, hex(&self.hash.clone().finalize()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills the file.
    pub(super) fn write_with(&mut self, write: impl FnOnce(&mut Output) -> io::Result<()>) -> Result<(), Failure> {
        let path = self.path.clone();
        write(self).map_err(|error| Failure::writing(error, &path))
    }

    /// Publishes this file alone.
    pub(super) fn commit(self) -> Result<(), Failure> {
        Ok(commit(vec![self.staged])?)
    }
}

impl Write for Output {
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
