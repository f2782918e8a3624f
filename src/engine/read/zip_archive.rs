//! Tells the members of a zip or tar archive that hold events.
//!
//! Takes the path of a file. Gives an [`InputSource`] for each member in the order of their names,
//! and the skipped members with reasons. Invariant: the list depends on the directory of the
//! archive alone, never on the offsets of the members.
//!
//! It reads the directory and the header of each member, but no data.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
    sync::Arc,
};

use zip::{CompressionMethod, ZipArchive, read::ZipFile, result::ZipError};

use super::{
    Compression, InputKind, InputSource, ReadError,
    file_version::FileVersion,
    resolve::{is_csv_name, is_event_name, is_manifest_name},
    sniff::UnsupportedFileFormat,
    stream,
    tar_archive::{self, TarFault, TarStream},
    tar_member::{OpenTarPool, TarMember},
    zip_listing::{self, MemberExtent},
    zip_member::{ZipMember, ZipMethod},
};
use crate::fs::retry::retry_interrupted;

/// The first bytes of a zip archive: of a member, of the directory of an empty archive, or of a
/// split archive.
const BEGINNINGS: [[u8; 4]; 3] = [*b"PK\x03\x04", *b"PK\x05\x06", *b"PK\x07\x08"];

/// So many bytes tell how a file is compressed.
const HEAD_BYTES: u64 = 8;

/// Why a member is left out whose name is none of events.
const NO_EVENTS: &str = "its ending is none of events";

/// Endings of archives, which are not read inside another one.
const ARCHIVE_ENDINGS: [&str; 10] =
    [".zip", ".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.zstd", ".tar.bz2", ".tar.xz", ".7z", ".rar"];

/// A zip archive that is an office document.
const WORKBOOK: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a workbook or document of an office program",
    advice: "save the sheet of events as CSV UTF-8 and name that file",
};

/// Members of one archive that are skipped for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedMembers {
    /// The archive.
    pub(crate) archive: String,
    /// The number of members.
    pub(crate) count: usize,
    /// The first of them by name.
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
    /// Members with events, in the order of their names.
    pub(super) inputs: Vec<InputSource>,
    pub(super) left_out: Vec<SkippedMembers>,
}

/// The members of an archive that hold events; `None` if the file is no archive by its first bytes, or no regular file.
///
/// # Errors
///
/// An archive whose directory cannot be read or does not list all that is in it, that holds no events, or in which a member with events cannot be read.
pub(super) fn list_members(path: &Path) -> Result<Option<ArchiveListing>, ReadError> {
    // What cannot be opened is told when it is read.
    let Ok(Some(file)) = open_regular(path) else { return Ok(None) };
    if is_zip(&file) {
        return zip_members(path).map(Some);
    }
    let compression = Compression::detect(&head_of(&file));
    drop(file);
    tar_members(path, compression)
}

/// The first bytes of a file.
fn head_of(file: &File) -> Vec<u8> {
    let mut head = Vec::new();
    let mut file = file;
    // Whatever goes wrong here is told when the file is read.
    let _ = file.rewind();
    let _ = file.take(HEAD_BYTES).read_to_end(&mut head);
    let _ = file.rewind();
    head
}

/// What is found in an archive, as it is being sorted out.
struct MemberSelection {
    /// The name of the archive.
    name: String,
    found: Vec<InputSource>,
    left_out: Vec<SkippedMembers>,
}

impl MemberSelection {
    fn new(path: &Path) -> Self {
        Self { name: path.display().to_string(), found: Vec::new(), left_out: Vec::new() }
    }

    fn add(&mut self, member: &str, kind: InputKind) {
        self.found.push(InputSource { name: format!("{}:{member}", self.name), kind });
    }

    fn refused(&self, member: &str, reason: &'static str) -> ReadError {
        ReadError::MemberRefused { name: format!("{}:{member}", self.name), archive: self.name.clone(), reason }
    }

    /// Whether a member is one of events by its name; notes why if it is none.
    ///
    /// # Errors
    ///
    /// A member that is an archive by its name.
    fn is_wanted(&mut self, member: &str) -> Result<bool, ReadError> {
        let reason = reason_to_skip(member);
        if reason.is_none_or(|reason| reason == NO_EVENTS) && is_archive_name(member) {
            return Err(self.refused(member, "an archive inside another one"));
        }
        if let Some(reason) = reason {
            record_skipped(&mut self.left_out, &self.name, member.to_owned(), reason);
        }
        Ok(reason.is_none())
    }

    fn finish(self) -> Result<ArchiveListing, ReadError> {
        if self.found.is_empty() {
            let skipped = self.left_out.iter().map(|left_out| left_out.count).sum();
            return Err(ReadError::NoMembers { name: self.name, skipped });
        }
        Ok(ArchiveListing { inputs: self.found, left_out: self.left_out })
    }
}

fn zip_members(path: &Path) -> Result<ArchiveListing, ReadError> {
    let mut sorting = MemberSelection::new(path);
    let name = sorting.name.clone();
    let reading = |source| ReadError::Read { name: name.clone(), source };
    let file = File::open(path).map_err(reading)?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(&name, error))?;
    let mut names: Vec<(usize, String)> = Vec::new();
    let mut extents = Vec::new();
    for place in 0..archive.len() {
        let raw = archive.by_index_raw(place).map_err(|error| unreadable(&name, error))?;
        names.push((place, String::from_utf8_lossy(raw.name_raw()).into_owned()));
        let start = raw.header_start();
        extents
            .push(MemberExtent { start, end: raw.data_start().unwrap_or(start).saturating_add(raw.compressed_size()) });
    }
    check_listed(path, &archive, extents)?;
    if names.iter().any(|(_, name)| name == "[Content_Types].xml") {
        return Err(ReadError::unsupported(&name, WORKBOOK));
    }
    names.sort_by(|a, b| a.1.as_bytes().cmp(b.1.as_bytes()));
    for (place, member_name) in names {
        let raw = archive.by_index_raw(place).map_err(|error| unreadable(&name, error))?;
        if raw.is_dir() || !sorting.is_wanted(&member_name)? {
            continue;
        }
        let member = describe_member(path, &raw).map_err(|reason| sorting.refused(&member_name, reason))?;
        sorting.add(&member_name, InputKind::Member(member));
    }
    sorting.finish()
}

/// Fails if the archive holds members that its directory, or the end of it, does not list.
fn check_listed<R: Read + Seek>(
    path: &Path,
    archive: &ZipArchive<R>,
    extents: Vec<MemberExtent>,
) -> Result<(), ReadError> {
    let name = || path.display().to_string();
    let reading = |source| ReadError::Read { name: name(), source };
    let mut file = BufReader::new(File::open(path).map_err(reading)?);
    let directory = archive.central_directory_start();
    let (listed, counted) = (zip_listing::entries(&mut file, directory).map_err(reading)?, archive.len());
    let fault = if listed.has_twins {
        "holds two members of one name".to_owned()
    } else if listed.count > counted {
        let noun = if counted == 1 { "member" } else { "members" };
        format!("holds {} members, where its end counts {counted} {noun}", listed.count)
    } else if zip_listing::has_more(&mut file, extents, directory).map_err(reading)? {
        "holds a member that its directory does not list, as where two archives were joined".to_owned()
    } else {
        return Ok(());
    };
    Err(ReadError::UnlistedMembers { name: name(), fault })
}

/// The members of a tar archive; `None` if the file, once decompressed, is none.
fn tar_members(path: &Path, compression: Compression) -> Result<Option<ArchiveListing>, ReadError> {
    let open = || File::open(path).and_then(|file| TarStream::new(file, compression));
    // Damage is told when the file is read.
    if !open().and_then(|mut tape| tape.block()).is_ok_and(|block| tar_archive::begins(&block)) {
        return Ok(None);
    }
    let mut sorting = MemberSelection::new(path);
    let reading = |source| ReadError::Read { name: path.display().to_string(), source };
    let meta = retry_interrupted(|| path.metadata()).map_err(reading)?;
    let mut tape = open().map_err(reading)?;
    let entries = match tar_archive::list(&mut tape) {
        Ok(entries) => entries,
        Err(TarFault::Broken(fault, at)) => return Err(ReadError::BrokenTar { name: sorting.name, fault, at }),
        Err(TarFault::Reading(source)) => {
            return Err(stream::decoding(sorting.name, compression, (tape.at(), tape.part()), source));
        }
    };
    let mut wanted = Vec::new();
    for entry in entries {
        if !sorting.is_wanted(&entry.name)? {
            continue;
        }
        match entry.kind {
            tar_archive::TarEntryKind::File => wanted.push(entry),
            tar_archive::TarEntryKind::Sparse => return Err(sorting.refused(&entry.name, "a file with holes")),
            tar_archive::TarEntryKind::Link => {
                record_skipped(&mut sorting.left_out, &sorting.name, entry.name, "a link")
            }
            tar_archive::TarEntryKind::Other => {
                record_skipped(&mut sorting.left_out, &sorting.name, entry.name, "a device or a pipe")
            }
        }
    }
    let pool = Arc::new(OpenTarPool::new(compression, FileVersion::of(&meta), wanted.len()));
    for entry in wanted {
        let (archive, start, bytes) = (path.to_path_buf(), entry.start, entry.bytes);
        let kind = match compression {
            Compression::None => InputKind::Member(ZipMember {
                archive,
                method: ZipMethod::Stored,
                start,
                packed_bytes: bytes,
                bytes,
                crc32: None,
            }),
            _ => InputKind::TarMember(TarMember { archive, start, bytes, pool: Arc::clone(&pool) }),
        };
        sorting.add(&entry.name, kind);
    }
    sorting.finish().map(Some)
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
    if parts().any(|part| part.starts_with('.') && !matches!(part, "." | "..")) {
        return Some("hidden");
    }
    if is_manifest_name(last.as_ref()) {
        return Some("a list of files, not events");
    }
    // Exports do not pack lists of users and accounts into their archive, so CSV in it is events.
    let event = is_event_name(last.as_ref()) || is_csv_name(last.as_ref());
    (!event).then_some(NO_EVENTS)
}

/// Whether a member is an archive by its name.
fn is_archive_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
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
        crc32: Some(raw.crc32()),
    })
}

fn unreadable(name: &str, error: ZipError) -> ReadError {
    ReadError::Archive { name: name.to_owned(), source: Box::new(error) }
}
