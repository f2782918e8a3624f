//! Tells zip archives that hold members which their directory does not list.
//!
//! Takes an archive and what its directory says, gives what is not in it. Invariant: every byte before the directory where a member could begin is looked at only at
//! the places where one ends, so data that looks like a member is none.

use std::{
    collections::HashSet,
    io::{self, Read, Seek, SeekFrom},
};

/// First bytes of a member's header, and of an entry of the directory.
const MEMBER: [u8; 4] = *b"PK\x03\x04";
const ENTRY: [u8; 4] = *b"PK\x01\x02";

/// Where in an entry of the directory the sizes of its name, its extra fields and its comment stand, two bytes each.
const ENTRY_SIZES: usize = 28;

/// How long an entry of the directory is without those; bytes.
const ENTRY_BYTES: usize = 46;

/// How long the description behind a member's data may be: with or without its mark, with sizes of four or eight bytes.
const DESCRIPTIONS: [u64; 5] = [0, 12, 16, 20, 24];

/// Where a member of the directory lies; bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberExtent {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The entries of a directory.
pub(super) struct DirectoryEntries {
    pub(super) count: usize,
    /// Whether two have one name.
    pub(super) has_twins: bool,
}

/// The entries of the directory, from where it begins to where something else does.
pub(super) fn entries(file: &mut (impl Read + Seek), directory: u64) -> io::Result<DirectoryEntries> {
    file.seek(SeekFrom::Start(directory))?;
    let mut found = DirectoryEntries { count: 0, has_twins: false };
    let mut names = HashSet::new();
    let mut entry = [0; ENTRY_BYTES];
    loop {
        match file.read_exact(&mut entry) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(found),
            read => read?,
        }
        if !entry.starts_with(&ENTRY) {
            return Ok(found);
        }
        let size = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
        let mut name = vec![0; usize::from(size(ENTRY_SIZES))];
        file.read_exact(&mut name)?;
        file.seek_relative(i64::from(size(ENTRY_SIZES + 2)) + i64::from(size(ENTRY_SIZES + 4)))?;
        found.count += 1;
        found.has_twins |= !names.insert(name);
    }
}

/// Whether a member begins where nothing that the directory lists lies: before the first, between two, or before the directory.
pub(super) fn has_more(
    file: &mut (impl Read + Seek),
    mut listed: Vec<MemberExtent>,
    directory: u64,
) -> io::Result<bool> {
    listed.sort_unstable_by_key(|extent| extent.start);
    listed.push(MemberExtent { start: directory, end: directory });
    let mut at = 0_u64;
    for extent in listed {
        // What is beyond the largest offset is no place in a file.
        for place in DESCRIPTIONS.iter().filter_map(|description| at.checked_add(*description)) {
            let end = place.checked_add(MEMBER.len() as u64);
            if end.is_some_and(|end| end <= extent.start) && begins(file, place)? {
                return Ok(true);
            }
        }
        at = at.max(extent.end);
    }
    Ok(false)
}

fn begins(file: &mut (impl Read + Seek), at: u64) -> io::Result<bool> {
    let mut head = [0; 4];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head)?;
    Ok(head == MEMBER)
}
