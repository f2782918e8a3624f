//! Lists the members of a tar archive that hold events.
//!
//! Takes the path of a file, gives an [`ArchiveListing`]. It reads the headers. A compressed archive is decompressed for that as a whole.

use std::{fs::File, path::Path, sync::Arc};

use super::{
    Compression, InputKind, ReadError,
    archive_listing::{ArchiveListing, MemberSelection},
    file_version::FileVersion,
    stream,
    tar_archive::{self, TarEntryKind, TarFault, TarStream},
    tar_member::{OpenTarPool, TarMember},
    zip_member::{ZipMember, ZipMethod},
};
use crate::fs::retry::retry_interrupted;

/// The members that hold events; `None` if the file, once decompressed, is no tar archive.
///
/// # Errors
///
/// Those of [`list_members`](super::archive_listing::list_members).
pub(super) fn members(path: &Path, compression: Compression) -> Result<Option<ArchiveListing>, ReadError> {
    let open = || File::open(path).and_then(|file| TarStream::new(file, compression));
    // The reader reports a damaged file.
    if !open().and_then(|mut tape| tape.block()).is_ok_and(|block| tar_archive::begins(&block)) {
        return Ok(None);
    }
    let mut selection = MemberSelection::new(path);
    let reading = |source| ReadError::Read { name: path.display().to_string(), source };
    let meta = retry_interrupted(|| path.metadata()).map_err(reading)?;
    let mut tape = open().map_err(reading)?;
    let entries = match tar_archive::list(&mut tape) {
        Ok(entries) => entries,
        Err(TarFault::Broken(fault, at)) => return Err(ReadError::BrokenTar { name: selection.name, fault, at }),
        Err(TarFault::Reading(source)) => {
            return Err(stream::decoding(selection.name, compression, (tape.at(), tape.part()), source));
        }
    };
    let mut wanted = Vec::new();
    for entry in entries {
        if !selection.is_wanted(&entry.name)? {
            continue;
        }
        match entry.kind {
            TarEntryKind::File => wanted.push(entry),
            TarEntryKind::Sparse => return Err(selection.refused(&entry.name, "a file with holes")),
            TarEntryKind::Link => selection.skip(entry.name, "a link"),
            TarEntryKind::Other => selection.skip(entry.name, "a device or a pipe"),
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
        selection.add(&entry.name, kind);
    }
    selection.finish().map(Some)
}
