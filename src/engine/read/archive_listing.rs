//! Lists the members of an archive that hold events.
//!
//! Takes the path of a file. Gives an [`InputSource`] for each member,
//! and the skipped members with reasons. Invariant: the list depends on the names and kinds of the
//! members alone, never on their offsets.
//!
//! Each container has its own module: [`mod@zip_archive`] and [`mod@tar_members`]. This one knows which names are events.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use super::{
    Compression, InputKind, InputSource, ReadError,
    resolve::{is_csv_name, is_event_name, is_manifest_name},
    tar_members, zip_archive,
};
use crate::fs::retry::retry_interrupted;

/// The number of first bytes that show how a file is compressed.
const HEAD_BYTES: u64 = 8;

/// The reason why a member is skipped whose name has another ending than files of events.
const NO_EVENTS: &str = "its ending is none of events";

/// Endings of archives, which are not read inside another one.
const ARCHIVE_ENDINGS: [&str; 10] =
    [".zip", ".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.zstd", ".tar.bz2", ".tar.xz", ".7z", ".rar"];

/// Members of one archive that are skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMembers {
    /// The path of the archive.
    pub(crate) archive: String,
    /// The number of members.
    pub(crate) count: usize,
    /// The name of the first of them, in the order in which the archive is listed.
    pub(crate) first: String,
    /// The reason, as the end of a sentence.
    pub(crate) reason: &'static str,
}

impl fmt::Display for SkippedMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { archive, count, first, reason } = self;
        match count {
            1 => write!(f, "{archive}:{first} is not read: {reason}"),
            _ => write!(f, "{count} members of {archive} are not read: {reason} (the first is {first})"),
        }
    }
}

/// The content of an archive.
pub(super) struct ArchiveListing {
    /// Members with events; those of a zip archive in the order of their names, those of a tar as they lie.
    pub(super) inputs: Vec<InputSource>,
    pub(super) left_out: Vec<SkippedMembers>,
}

/// The members of an archive that hold events; `None` if the file is no archive by its first bytes, or no regular file.
///
/// # Errors
///
/// An archive whose directory cannot be read or does not list all that is in it, that holds no events, or in which a member with events cannot be read.
pub(super) fn list_members(path: &Path) -> Result<Option<ArchiveListing>, ReadError> {
    // The reader reports a file that cannot be opened.
    let Ok(Some(file)) = open_regular(path) else { return Ok(None) };
    if zip_archive::is_zip(&file) {
        return zip_archive::members(path).map(Some);
    }
    let compression = Compression::detect(&head_of(&file));
    drop(file);
    tar_members::members(path, compression)
}

/// The first bytes of a file.
fn head_of(file: &File) -> Vec<u8> {
    let mut head = Vec::new();
    let mut file = file;
    // The reader reports what goes wrong here.
    let _ = file.rewind();
    let _ = file.take(HEAD_BYTES).read_to_end(&mut head);
    let _ = file.rewind();
    head
}

/// The members of one archive, sorted into those with events and the skipped ones.
pub(super) struct MemberSelection {
    /// The name of the archive.
    pub(super) name: String,
    found: Vec<InputSource>,
    left_out: Vec<SkippedMembers>,
}

impl MemberSelection {
    pub(super) fn new(path: &Path) -> Self {
        Self { name: path.display().to_string(), found: Vec::new(), left_out: Vec::new() }
    }

    pub(super) fn add(&mut self, member: &str, kind: InputKind) {
        self.found.push(InputSource { name: format!("{}:{member}", self.name), kind });
    }

    pub(super) fn refused(&self, member: &str, reason: &'static str) -> ReadError {
        ReadError::MemberRefused { name: format!("{}:{member}", self.name), archive: self.name.clone(), reason }
    }

    /// Whether a member is one of events by its name; notes why if it is none.
    ///
    /// # Errors
    ///
    /// A member that is an archive by its name.
    pub(super) fn is_wanted(&mut self, member: &str) -> Result<bool, ReadError> {
        let reason = reason_to_skip(member);
        if reason.is_none_or(|reason| reason == NO_EVENTS) && is_archive_name(member) {
            return Err(self.refused(member, "an archive inside another one"));
        }
        if let Some(reason) = reason {
            self.skip(member.to_owned(), reason);
        }
        Ok(reason.is_none())
    }

    /// Notes a member that is skipped for a reason.
    pub(super) fn skip(&mut self, member: String, reason: &'static str) {
        match self.left_out.iter_mut().find(|left_out| left_out.reason == reason) {
            Some(left_out) => left_out.count += 1,
            None => {
                let archive = self.name.clone();
                self.left_out.push(SkippedMembers { archive, count: 1, first: member, reason });
            }
        }
    }

    /// The members with events.
    ///
    /// # Errors
    ///
    /// An archive without any.
    pub(super) fn finish(self) -> Result<ArchiveListing, ReadError> {
        if self.found.is_empty() {
            let skipped = self.left_out.iter().map(|left_out| left_out.count).sum();
            return Err(ReadError::NoMembers { name: self.name, skipped });
        }
        Ok(ArchiveListing { inputs: self.found, left_out: self.left_out })
    }
}

/// Opens a regular file. Pipes and devices are left alone, because reading consumes their bytes.
fn open_regular(path: &Path) -> io::Result<Option<File>> {
    if !retry_interrupted(|| path.metadata())?.is_file() {
        return Ok(None);
    }
    File::open(path).map(Some)
}

/// The reason why a member is not events, by its name.
fn reason_to_skip(name: &str) -> Option<&'static str> {
    let parts = || name.split(['/', '\\']);
    let last = parts().next_back().expect("a split has a last part");
    if parts().any(|part| part == "__MACOSX") {
        return Some("a copy of file attributes that macOS adds");
    }
    if parts().any(|part| part.starts_with('.') && !matches!(part, "." | "..")) {
        return Some("hidden");
    }
    if is_manifest_name(last.as_ref()) {
        return Some("a list of files, not events");
    }
    // An archive is named for what it holds, events or a table of people, so CSV in it is always read.
    let event = is_event_name(last.as_ref()) || is_csv_name(last.as_ref());
    (!event).then_some(NO_EVENTS)
}

/// Whether a member is an archive by its name.
fn is_archive_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}
