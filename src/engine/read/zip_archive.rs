//! Lists the members of a zip archive that hold events.
//!
//! Takes the path of a file. Gives an [`InputSource`] for each member in the order of their names,
//! and the skipped members with reasons. Invariant: the list depends on the directory of the
//! archive alone, never on the offsets of the members.
//!
//! It reads the directory and the header of each member, but no data.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::{CompressionMethod, ZipArchive, read::ZipFile, result::ZipError};

use super::{
    InputKind, InputSource, ReadError,
    resolve::{is_csv_name, is_event_name, is_manifest_name},
    sniff::UnsupportedFileFormat,
    zip_member::{ZipMember, ZipMethod},
};
use crate::fs::retry::retry_interrupted;

/// The first bytes of a zip archive: of a member, of the directory of an empty archive, or of a
/// split archive.
const BEGINNINGS: [[u8; 4]; 3] = [*b"PK\x03\x04", *b"PK\x05\x06", *b"PK\x07\x08"];

/// A zip archive that is an office document.
const WORKBOOK: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a workbook or document of an office program",
    advice: "save the sheet of events as CSV UTF-8 and name that file",
};

/// Members of one archive that are skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMembers {
    /// The archive.
    pub archive: String,
    /// The number of members.
    pub count: usize,
    /// The first of them by name.
    pub first: String,
    /// The reason, as the end of a sentence.
    pub reason: &'static str,
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
    /// Members with events, in the order of their names.
    pub(super) inputs: Vec<InputSource>,
    pub(super) left_out: Vec<SkippedMembers>,
}

/// The members of a zip archive that hold events. `None` if the file is not a zip archive by its
/// first bytes, or not a regular file.
///
/// # Errors
///
/// The directory cannot be read, no member holds events, or a member with events is encrypted or
/// has an unsupported compression.
pub(super) fn list_members(path: &Path) -> Result<Option<ArchiveListing>, ReadError> {
    let name = path.display().to_string();
    // A file that cannot be opened is reported when it is read.
    let Ok(file) = open_regular(path) else { return Ok(None) };
    let Some(file) = file.filter(is_zip) else { return Ok(None) };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(&name, error))?;
    let mut found = BTreeMap::new();
    let mut left_out: Vec<SkippedMembers> = Vec::new();
    let mut names: Vec<(usize, String)> = Vec::new();
    for place in 0..archive.len() {
        let raw = archive.by_index_raw(place).map_err(|error| unreadable(&name, error))?;
        names.push((place, String::from_utf8_lossy(raw.name_raw()).into_owned()));
    }
    if names.iter().any(|(_, name)| name == "[Content_Types].xml") {
        return Err(ReadError::unsupported(&name, WORKBOOK));
    }
    names.sort_by(|a, b| a.1.as_bytes().cmp(b.1.as_bytes()));
    for (place, member_name) in names {
        let raw = archive.by_index_raw(place).map_err(|error| unreadable(&name, error))?;
        if raw.is_dir() {
            continue;
        }
        if let Some(reason) = reason_to_skip(&member_name) {
            record_skipped(&mut left_out, &name, member_name, reason);
            continue;
        }
        let member = describe_member(path, &raw).map_err(|reason| ReadError::MemberRefused {
            name: format!("{name}:{member_name}"),
            archive: name.clone(),
            reason,
        })?;
        found.insert(
            (member_name.clone(), place),
            InputSource { name: format!("{name}:{member_name}"), kind: InputKind::Member(member) },
        );
    }
    if found.is_empty() {
        let skipped = left_out.iter().map(|left_out| left_out.count).sum();
        return Err(ReadError::NoMembers { name, skipped });
    }
    Ok(Some(ArchiveListing { inputs: found.into_values().collect(), left_out }))
}

/// Opens a regular file. Pipes and devices are left alone, because reading consumes their bytes.
fn open_regular(path: &Path) -> io::Result<Option<File>> {
    if !retry_interrupted(|| path.metadata())?.is_file() {
        return Ok(None);
    }
    File::open(path).map(Some)
}

fn is_zip(file: &File) -> bool {
    let mut head = [0; 4];
    let mut file = file;
    file.read_exact(&mut head).is_ok() && BEGINNINGS.contains(&head)
}

/// The reason why a member is not events, by its name.
fn reason_to_skip(name: &str) -> Option<&'static str> {
    let parts = || name.split(['/', '\\']);
    let last = parts().next_back().unwrap_or_default();
    if parts().any(|part| part == "__MACOSX") {
        return Some("a copy of file attributes that macOS adds");
    }
    if parts().any(|part| part.starts_with('.')) {
        return Some("hidden");
    }
    if is_manifest_name(last.as_ref()) {
        return Some("a list of files, not events");
    }
    // Exports do not pack lists of users and accounts into their archive, so CSV in it is events.
    let event = is_event_name(last.as_ref()) || is_csv_name(last.as_ref());
    (!event).then_some("its ending is none of events")
}

fn record_skipped(all: &mut Vec<SkippedMembers>, archive: &str, first: String, reason: &'static str) {
    match all.iter_mut().find(|left_out| left_out.reason == reason) {
        Some(left_out) => left_out.count += 1,
        None => all.push(SkippedMembers { archive: archive.to_owned(), count: 1, first, reason }),
    }
}

/// The place and compression of a member's data, or the reason why it cannot be read.
fn describe_member<R: Read>(path: &Path, raw: &ZipFile<'_, R>) -> Result<ZipMember, &'static str> {
    if raw.encrypted() {
        return Err("encrypted");
    }
    let method = match raw.compression() {
        CompressionMethod::Stored => ZipMethod::Stored,
        CompressionMethod::Deflated => ZipMethod::Deflated,
        _ => return Err("compressed by a method other than deflate"),
    };
    Ok(ZipMember {
        archive: path.to_path_buf(),
        method,
        start: raw.data_start().ok_or("without data")?,
        packed_bytes: raw.compressed_size(),
        bytes: raw.size(),
        crc32: raw.crc32(),
    })
}

fn unreadable(name: &str, error: ZipError) -> ReadError {
    ReadError::Archive { name: name.to_owned(), source: Box::new(error) }
}
