//! The files that a run writes: which, that they can be written, and that they appear together.
//!
//! They are begun before the first event is read, so that a folder without write access is reported at once and not after an hour.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::ScoreArguments;
use crate::cli::{
    CommandError,
    folder_lock::LockRequest,
    interrupt,
    output_file::{OutputFile, OutputLocation, lock_folder},
};
use pql_engine::{
    emit::{OutputFact, RejectsFact},
    fs::publish::{FileAccess, FolderLock, commit, ensure_dir, refuse_duplicate_targets, sweep_temporaries},
    fs::retry::is_present,
    read::{FileId, InputSource},
};
use pql_model::{EntityKind, resolved::ListFile};

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
    /// What is new, in a run with a record.
    news: Vec<(NewsFile, PathBuf)>,
    /// Files for others, by their places in the model.
    lists: Vec<(usize, PathBuf)>,
    record: Option<PathBuf>,
}

/// A file of what is new since the run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NewsFile {
    /// Who changed, and why.
    Changes,
    /// Whom to call.
    Alerts,
}

/// The names of files of what is new, without their ending.
const NEWS_FILES: [(NewsFile, &str); 2] = [(NewsFile::Changes, "changes"), (NewsFile::Alerts, "alerts")];

impl OutputPlan {
    pub(super) fn new(arguments: &ScoreArguments, lists: &[ListFile]) -> OutputPlan {
        let ending = arguments.row_format().ending();
        let dir = arguments.out.as_ref();
        let rows =
            dir.into_iter().flat_map(|dir| ROW_FILES.map(|(side, name)| (side, dir.join(format!("{name}.{ending}")))));
        let with_record = arguments.record.is_some();
        let news = dir
            .filter(|_| with_record)
            .into_iter()
            .flat_map(|dir| NEWS_FILES.map(|(what, name)| (what, dir.join(format!("{name}.{ending}")))));
        OutputPlan {
            news: news.collect(),
            rejects: arguments.rejects.clone().or_else(|| dir.map(|dir| dir.join(REJECTS_FILE))),
            id_map: arguments.id_map.clone(),
            rows: rows.collect(),
            lists: dir.into_iter().flat_map(|dir| list_paths(dir, lists, with_record)).collect(),
            record: dir.map(|dir| dir.join(RECORD_FILE)),
        }
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let rows = self.rows.iter().map(|(_, path)| path);
        let lists = self.lists.iter().map(|(_, path)| path);
        let news = self.news.iter().map(|(_, path)| path);
        self.rejects
            .iter()
            .chain(&self.id_map)
            .chain(rows)
            .chain(news)
            .chain(lists)
            .chain(&self.record)
            .map(PathBuf::as_path)
    }

    /// Refuses to write over what is read, under whatever name.
    pub(super) fn refuse_overwriting_inputs(
        &self,
        arguments: &ScoreArguments,
        inputs: &[InputSource],
        model: &Path,
    ) -> Result<(), CommandError> {
        let enrichment = arguments.run.tables.paths();
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
        let mut made = MadeFolders::default();
        let lock = match &arguments.out {
            Some(dir) => {
                made.note(dir);
                ensure_dir(dir)?;
                let patience = Duration::from_secs(arguments.wait.unwrap_or(0));
                Some(lock_folder(LockRequest { dir, patience, verbosity: arguments.verbosity() })?)
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
            news: self
                .news
                .into_iter()
                .map(|(what, path)| Ok((what, shared(path)?)))
                .collect::<Result<_, CommandError>>()?,
            lists: self
                .lists
                .into_iter()
                .map(|(place, path)| Ok((place, shared(path)?)))
                .collect::<Result<_, CommandError>>()?,
            record: self.record.map(shared).transpose()?,
            _lock: lock,
            _made: made,
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

/// The files for others that a run can write.
fn list_paths<'l>(
    dir: &'l Path,
    lists: &'l [ListFile],
    with_record: bool,
) -> impl Iterator<Item = (usize, PathBuf)> + 'l {
    let written = lists.iter().enumerate().filter(move |(_, list)| with_record || !list.needs_record());
    written.map(|(place, list)| (place, dir.join(&list.name)))
}

/// The files of a run, begun and invisible.
pub(super) struct OutputFiles {
    pub(super) rejects: Option<OutputFile>,
    pub(super) id_map: Option<OutputFile>,
    pub(super) rows: Vec<(EntityKind, OutputFile)>,
    /// What is new, in a run with a record.
    pub(super) news: Vec<(NewsFile, OutputFile)>,
    /// Files for others, by their places in the model.
    pub(super) lists: Vec<(usize, OutputFile)>,
    pub(super) record: Option<OutputFile>,
    /// Ends with this, after the last file is in place.
    _lock: Option<FolderLock>,
    /// Goes last, when no file of the run is left to be removed.
    _made: MadeFolders,
}

/// Folders that a run makes. Those that are empty at its end, since it was refused, go again.
#[derive(Default)]
struct MadeFolders(Vec<PathBuf>);

impl MadeFolders {
    /// Notes a folder and those above it that are not there yet, the deepest first.
    fn note(&mut self, dir: &Path) {
        let new = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !is_present(dir));
        self.0.extend(new.map(Path::to_owned));
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for dir in &self.0 {
            // A folder with files stays.
            if std::fs::remove_dir(dir).is_err() {
                break;
            }
        }
    }
}

impl OutputFiles {
    /// What the record of the run says of the files that belong together: name, bytes and SHA-256; first those in its folder.
    pub(super) fn facts(&self) -> (Vec<OutputFact>, Vec<OutputFact>) {
        let rows = self.rows.iter().map(|(_, file)| file);
        let lists = self.lists.iter().map(|(_, file)| file);
        let news = self.news.iter().map(|(_, file)| file);
        let (here, elsewhere): (Vec<&OutputFile>, Vec<&OutputFile>) =
            rows.chain(news).chain(lists).chain(&self.id_map).partition(|file| file.place() == OutputLocation::Here);
        (here.into_iter().map(OutputFile::fact).collect(), elsewhere.into_iter().map(OutputFile::fact).collect())
    }

    /// The same of rejected lines, which a later run replaces that has no rows to give, and which so belong to no set.
    pub(super) fn rejects_fact(&self) -> Option<RejectsFact> {
        self.rejects.as_ref().map(|file| match file.place() {
            OutputLocation::Here => RejectsFact::Here(file.fact()),
            OutputLocation::Elsewhere => RejectsFact::Elsewhere(file.fact()),
        })
    }

    /// Files in the folder that runs write there and this one does not.
    pub(super) fn stale(&self, dir: &Path) -> Vec<String> {
        let names = ROW_FILES.iter().map(|(_, name)| name).chain(NEWS_FILES.iter().map(|(_, name)| name));
        let rows = names.flat_map(|name| ENDINGS.map(|ending| format!("{name}.{ending}")));
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
        let news = self.news.into_iter().map(|(_, file)| file);
        let files = self.rejects.into_iter().chain(self.id_map).chain(rows).chain(news).chain(lists).chain(self.record);
        Ok(commit(files.map(OutputFile::into_staged).collect())?)
    }
}

/// The folder of a file, if an earlier run left its record there.
pub(super) fn run_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| is_present(&folder.join(RECORD_FILE)))
}
