//! Resolves arguments into the list of inputs.
//!
//! Takes paths, folders, patterns and `-`. Gives inputs in the order of their path bytes, each file
//! once, and the members of a zip archive in place of the archive. Invariant: the list depends
//! neither on the order of the arguments nor on the order in which a folder lists its files.
//!
//! It opens files to check access. It reads only their first bytes, which identify zip archives,
//! and the directories of those.

use std::{
    collections::{HashMap, hash_map},
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use super::{FileId, InputKind, InputSource, ReadError, SkippedMembers, archive_listing, pattern};
use crate::fs::{
    dir as folder,
    dir::{DirectoryEntry, FileKind},
    retry::retry_interrupted,
};

/// Endings of event files inside folders.
const EVENT_ENDINGS: [&str; 7] = [".ndjson", ".jsonl", ".json", ".zip", ".tar", ".tgz", ".parquet"];

/// Endings that may follow those of event files, or stand alone.
const COMPRESSED_ENDINGS: [&str; 3] = [".gz", ".zst", ".zstd"];

/// Endings that mark a compressed file in a folder as something other than events.
const OTHER_ENDINGS: [&str; 7] = [".csv", ".tsv", ".sql", ".xml", ".parquet", ".avro", ".orc"];

/// What the system says where links lead in a circle; the standard library has no stable name for it.
#[cfg(unix)]
const LOOP: i32 = rustix::io::Errno::LOOP.raw_os_error();
#[cfg(not(unix))]
const LOOP: i32 = 0;

/// The inputs that arguments resolve to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ResolvedInputs {
    /// Files to read, in the order of path bytes, each file once.
    pub inputs: Vec<InputSource>,
    /// What was left out of named folders; hidden files are not listed.
    pub skipped: Vec<SkippedEntry>,
    /// Skipped members of archives, in the order of the archives.
    pub skipped_members: Vec<SkippedMembers>,
    /// Further names of files that are read under another name or were given twice.
    pub duplicates: Vec<DuplicateInput>,
}

/// Something in a folder that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedEntry {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Why it is not read, as the end of a sentence.
    pub(crate) reason: &'static str,
    /// Whether it has the name of an event file, so that events may be missing.
    pub is_named_event: bool,
}

impl SkippedEntry {
    fn new(path: PathBuf, reason: &'static str, is_named_event: bool) -> Self {
        Self { path, reason, is_named_event }
    }
}

impl fmt::Display for SkippedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not read: {}", self.path.display(), self.reason)
    }
}

/// A further name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateInput {
    /// The name, or `-`.
    pub(crate) path: PathBuf,
    /// The name under which the file is read.
    pub(crate) read_as: PathBuf,
}

impl DuplicateInput {
    fn new(path: impl Into<PathBuf>, read_as: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read_as: read_as.into() }
    }
}

impl fmt::Display for DuplicateInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, read_as) = (self.path.display(), self.read_as.display());
        if self.path == self.read_as {
            return write!(f, "{path} is named twice and read once");
        }
        write!(f, "{path} is the same file as {read_as} and not read again")
    }
}

/// Turns arguments into inputs: files as they are, folders by the endings of the files anywhere in
/// them, patterns (`*`, `?`, `[`) where no such file exists, and `-` for standard input.
///
/// No arguments give no inputs.
///
/// # Errors
///
/// A path that does not exist, may not be read or cannot be listed; a pattern that is malformed or
/// matches nothing; a folder without event files; a zip archive that cannot be read or holds no
/// events.
pub fn resolve_inputs(args: &[OsString]) -> Result<ResolvedInputs, ReadError> {
    let mut found = InputCollector::default();
    for arg in args {
        found.add(arg)?;
    }
    found.into_resolved()
}

/// The inputs of a table about users or accounts: the file, or the members of an archive.
///
/// # Errors
///
/// An archive, zip or tar, that cannot be read or holds no tables.
pub fn table_inputs(path: &Path) -> Result<Vec<InputSource>, ReadError> {
    let members = archive_listing::list_members(path)?.map(|listing| listing.inputs);
    let file = || vec![InputSource { name: path.display().to_string(), kind: InputKind::File(path.to_path_buf()) }];
    Ok(members.unwrap_or_else(file))
}

/// The files found so far, unsorted and with repetitions.
#[derive(Default)]
struct InputCollector {
    stdin: usize,
    files: Vec<PathBuf>,
    skipped: Vec<SkippedEntry>,
}

impl InputCollector {
    fn add(&mut self, arg: &OsStr) -> Result<(), ReadError> {
        if arg == "-" {
            self.stdin += 1;
            return Ok(());
        }
        let path = Path::new(arg);
        match (metadata(path), arg.to_str()) {
            (Ok(meta), _) if meta.is_dir() => self.add_folder(path),
            (Ok(meta), _) => self.add_file(path.to_path_buf(), &meta),
            (Err(_), Some(pattern)) if pattern.contains(['*', '?', '[']) => self.add_pattern(pattern),
            (Err(source), _) => Err(ReadError::for_path(path, source)),
        }
    }

    fn add_file(&mut self, path: PathBuf, meta: &Metadata) -> Result<(), ReadError> {
        // Only a regular file is opened as a test: opening a pipe waits for its writer.
        if meta.is_file() {
            File::open(&path).map_err(|source| ReadError::for_path(&path, source))?;
        }
        if is_endless(&path, meta) {
            return Err(ReadError::Device { path });
        }
        self.files.push(path);
        Ok(())
    }

    fn add_folder(&mut self, path: &Path) -> Result<(), ReadError> {
        let (files_before, skipped_before) = (self.files.len(), self.skipped.len());
        self.walk(path)?;
        if self.files.len() > files_before {
            return Ok(());
        }
        let skipped = self.skipped.get(skipped_before..).unwrap_or_default();
        let path = path.to_path_buf();
        Err(match skipped.iter().find_map(|entry| table_pattern(&entry.path)) {
            Some(pattern) => ReadError::OnlyTables { path, pattern },
            None => ReadError::NoEvents { path, skipped: skipped.len() },
        })
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), ReadError> {
        let files_before = self.files.len();
        for path in pattern::expand(pattern)? {
            let meta = metadata(&path).map_err(|source| ReadError::for_path(&path, source))?;
            if meta.is_dir() {
                self.walk(&path)?;
            } else {
                self.add_file(path, &meta)?;
            }
        }
        if self.files.len() > files_before {
            self.dedupe_from(files_before);
            return Ok(());
        }
        Err(ReadError::NoMatch { pattern: pattern.to_owned() })
    }

    /// Drops repetitions among the files from an index on. A file that one pattern finds both
    /// directly and in a folder was named once.
    fn dedupe_from(&mut self, from: usize) {
        let mut found = self.files.split_off(from);
        found.sort();
        found.dedup();
        self.files.append(&mut found);
    }

    /// Adds the event files anywhere in a folder; linked folders are not entered, as they may lead
    /// back up.
    fn walk(&mut self, top: &Path) -> Result<(), ReadError> {
        let mut folders = vec![top.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let at_folder = |source| ReadError::for_path(&folder, source);
            let mut entries = folder::list_directory(&folder).map_err(at_folder)?;
            // If several cannot be read, the first by name is reported.
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            for DirectoryEntry { name, kind } in entries {
                let path = folder.join(&name);
                if name.as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                match kind {
                    FileKind::Folder => folders.push(path),
                    _ => self.add_entry(path, &name)?,
                }
            }
        }
        Ok(())
    }

    /// Adds what has a name in a folder, or notes why it is not read.
    fn add_entry(&mut self, path: PathBuf, name: &OsStr) -> Result<(), ReadError> {
        let is_event = is_event_name(name) && !is_manifest_name(name);
        let skip = |path, reason| SkippedEntry::new(path, reason, is_event);
        let skipped = match metadata(&path) {
            Ok(meta) if meta.is_file() && is_event => return self.add_file(path, &meta),
            Ok(meta) if meta.is_file() => skip(path, reason_of_name(name)),
            Ok(meta) if meta.is_dir() => {
                skip(path, "it is a link to a folder; name the folder itself to read what is in it")
            }
            Ok(meta) => skip(path, reason_of_kind(&meta)),
            Err(source) if is_event => return Err(unreachable(path, source)),
            Err(source) if is_circle(&source) => skip(path, "it is a link that leads back to itself"),
            Err(source) if source.kind() == io::ErrorKind::NotFound => skip(path, "it is a link that leads nowhere"),
            Err(_) => skip(path, "it could not be looked at"),
        };
        self.skipped.push(skipped);
        Ok(())
    }

    /// Sorts first and drops repetitions after, so that the name kept is the same in any order.
    fn into_resolved(mut self) -> Result<ResolvedInputs, ReadError> {
        let mut resolved = ResolvedInputs::default();
        self.files.sort_by(|a, b| bytes_of(a).cmp(bytes_of(b)));
        let mut seen: HashMap<FileId, PathBuf> = HashMap::new();
        for path in self.files {
            // A file that has disappeared is reported when it is opened.
            match FileId::of(&path).map(|identity| seen.entry(identity)) {
                Ok(hash_map::Entry::Occupied(first)) => {
                    resolved.duplicates.push(DuplicateInput::new(path, first.get()));
                    continue;
                }
                Ok(hash_map::Entry::Vacant(new)) => drop(new.insert(path.clone())),
                Err(_) => {}
            }
            match archive_listing::list_members(&path)? {
                Some(members) => {
                    resolved.inputs.extend(members.inputs);
                    resolved.skipped_members.extend(members.left_out);
                }
                None => {
                    resolved.inputs.push(InputSource { name: path.display().to_string(), kind: InputKind::File(path) })
                }
            }
        }
        if self.stdin > 0 {
            match FileId::of_open(&io::stdin()).and_then(|identity| seen.get(&identity)) {
                Some(first) => resolved.duplicates.push(DuplicateInput::new("-", first)),
                None => resolved.add_stdin(),
            }
        }
        resolved.duplicates.extend((1..self.stdin).map(|_| DuplicateInput::new("-", "-")));
        self.skipped.sort_by(|a, b| bytes_of(&a.path).cmp(bytes_of(&b.path)));
        self.skipped.dedup();
        resolved.skipped = self.skipped;
        Ok(resolved)
    }
}

impl ResolvedInputs {
    /// Inserts standard input at the place that its name sorts to.
    fn add_stdin(&mut self) {
        let stdin = InputSource { name: "-".to_owned(), kind: InputKind::Stdin };
        let place =
            self.inputs.partition_point(|input| input.path().is_some_and(|path| bytes_of(path) < b"-".as_slice()));
        self.inputs.insert(place, stdin);
    }
}

/// The metadata of a path.
fn metadata(path: &Path) -> io::Result<Metadata> {
    retry_interrupted(|| fs::metadata(path))
}

fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Why a file in a folder is left out by its name.
fn reason_of_name(name: &OsStr) -> &'static str {
    match name {
        name if is_manifest_name(name) => "it lists the files of an export",
        name if is_csv_name(name) => {
            "in a folder, a table may be one of users or accounts; name it, or a pattern such as 'FOLDER/*.csv', to read it as events"
        }
        _ => "its ending is none of events",
    }
}

/// Why something in a folder is left out that is neither a file nor a folder.
#[cfg(unix)]
fn reason_of_kind(meta: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match meta.file_type() {
        kind if kind.is_fifo() => "it is a pipe and not a file; name it to read from it",
        kind if kind.is_socket() => "it is a socket and not a file",
        _ => "it is a device and not a file",
    }
}

#[cfg(not(unix))]
fn reason_of_kind(_meta: &Metadata) -> &'static str {
    "it is not a file"
}

/// Whether a path is a device that has no end: neither a terminal nor `/dev/null`.
#[cfg(unix)]
fn is_endless(path: &Path, meta: &Metadata) -> bool {
    use std::{
        io::IsTerminal,
        os::unix::fs::{FileTypeExt, MetadataExt},
    };
    let is_device = meta.file_type().is_char_device() || meta.file_type().is_block_device();
    let is_null = || metadata(Path::new("/dev/null")).is_ok_and(|null| null.rdev() == meta.rdev());
    is_device && !is_null() && !File::open(path).is_ok_and(|device| device.is_terminal())
}

#[cfg(not(unix))]
fn is_endless(_: &Path, _: &Metadata) -> bool {
    false
}

/// Whether links lead back to themselves.
fn is_circle(error: &io::Error) -> bool {
    error.raw_os_error() == Some(LOOP)
}

/// The error for an event file in a folder that cannot be looked at; names in a folder are there, so it is a link if it leads nowhere.
fn unreachable(path: PathBuf, source: io::Error) -> ReadError {
    match source.kind() {
        _ if is_circle(&source) => ReadError::DeadLink { path, circle: true, source },
        io::ErrorKind::NotFound => ReadError::DeadLink { path, circle: false, source },
        _ => ReadError::for_path(path, source),
    }
}

/// True if a file in a folder counts as events by its name.
pub(super) fn is_event_name(name: &OsStr) -> bool {
    let (name, is_compressed) = strip_compression_ending(name);
    if is_compressed { !has_any_ending(&name, &OTHER_ENDINGS) } else { has_any_ending(&name, &EVENT_ENDINGS) }
}

/// True if a file is a table by its name.
pub(super) fn is_csv_name(name: &OsStr) -> bool {
    has_any_ending(&strip_compression_ending(name).0, &[".csv", ".tsv"])
}

/// The pattern of the tables beside a table, and of its ending; none for another file.
fn table_pattern(path: &Path) -> Option<String> {
    let name = path.file_name().filter(|name| is_csv_name(name))?.to_string_lossy().to_ascii_lowercase();
    let ending = [".csv", ".tsv"].iter().filter_map(|ending| name.rfind(ending)).max()?;
    Some(path.with_file_name(format!("*{}", name.get(ending..)?)).display().to_string())
}

/// True if a file is a manifest of an export by its name.
pub(super) fn is_manifest_name(name: &OsStr) -> bool {
    let name = strip_compression_ending(name).0;
    name == "manifest" || name.ends_with("manifest.json")
}

/// A name in lower case without the ending of a compression, and true if it had one.
fn strip_compression_ending(name: &OsStr) -> (String, bool) {
    let name = name.to_string_lossy().to_ascii_lowercase();
    let stem = COMPRESSED_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).map(str::to_owned);
    let is_compressed = stem.is_some();
    (stem.unwrap_or(name), is_compressed)
}

fn has_any_ending(name: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending))
}
