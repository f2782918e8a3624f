//! Lists the members of a zip archive that hold events.
//!
//! Takes the path of a file, gives an [`ArchiveListing`]. It reads the directory and the header of each member, but no data. It fails if the
//! directory does not list all that is in the archive.

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use zip::{CompressionMethod, ZipArchive, read::ZipFile, result::ZipError};

use super::{
    InputKind, ReadError,
    archive_listing::{ArchiveListing, MemberSelection},
    sniff::UnsupportedFileFormat,
    zip_listing::{self, MemberExtent},
    zip_member::{ZipMember, ZipMethod},
};

/// The first bytes of a zip archive: of a member, of the directory of an empty archive, or of a
/// split archive.
const BEGINNINGS: [[u8; 4]; 3] = [*b"PK\x03\x04", *b"PK\x05\x06", *b"PK\x07\x08"];

/// A zip archive that is an office document.
const WORKBOOK: UnsupportedFileFormat = UnsupportedFileFormat {
    format: "a workbook or document of an office program",
    advice: "save the sheet of events as CSV UTF-8 and name that file",
};

/// The members that hold events.
///
/// # Errors
///
/// Those of [`list_members`](super::archive_listing::list_members).
pub(super) fn members(path: &Path) -> Result<ArchiveListing, ReadError> {
    let mut selection = MemberSelection::new(path);
    let name = selection.name.clone();
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
        if raw.is_dir() || !selection.is_wanted(&member_name)? {
            continue;
        }
        let member = describe_member(path, &raw).map_err(|reason| selection.refused(&member_name, reason))?;
        selection.add(&member_name, InputKind::Member(member));
    }
    selection.finish()
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
    let fault = if extents.iter().any(|extent| extent.end > directory) {
        "holds a member that is said to go on beyond the members".to_owned()
    } else if listed.has_twins {
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

/// Whether a file is a zip archive, by its first bytes.
pub(super) fn is_zip(file: &File) -> bool {
    let mut head = [0; 4];
    let mut file = file;
    file.read_exact(&mut head).is_ok() && BEGINNINGS.contains(&head)
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
