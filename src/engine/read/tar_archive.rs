//! Lists the members of a tar archive, plain or compressed as a whole.
//!
//! Takes an open file, gives the place of each member in the unpacked archive. Invariant: a whole archive ends with two blocks of zeros and
//! nothing after them; any other end is an error. Memory grows with the number of members, never with a size that a header claims.
//!
//! The crate `tar` reads headers; the walk is ours, because the crate's takes the first block of zeros for the end and holds names of any length.

use std::{
    collections::HashSet,
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, BufReader, Read, Seek},
};

use tar::{EntryType, Header, PaxExtensions};

use super::{Compression, multi_frame::MultiFrameDecoder};
use crate::fs::retry::retry_interrupted;

/// The size of the blocks of an archive; bytes.
pub(super) const BLOCK_BYTES: usize = 512;

/// The longest list of attributes that is read; bytes.
const EXTRA_BYTES_MAX: u64 = 1 << 20;

/// The longest name that is read; bytes. Systems allow 4 KiB.
const NAME_BYTES_MAX: u64 = 64 << 10;

/// The most memory for what is kept of all members; bytes. It is enough for half a million members with names of 200 bytes.
const LISTED_BYTES_MAX: usize = 128 << 20;

/// A member that is a file, or something that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TarEntry {
    pub(super) name: String,
    pub(super) kind: TarEntryKind,
    /// Offset of its content in the unpacked archive; bytes.
    pub(super) start: u64,
    /// Size of its content; bytes.
    pub(super) bytes: u64,
}

/// The kind of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TarEntryKind {
    File,
    /// A file whose content has holes, which the archive leaves out.
    Sparse,
    Link,
    /// A device or a pipe.
    Other,
}

/// Why an archive cannot be listed.
#[derive(Debug)]
pub(super) enum TarFault {
    /// It could not be read on, or not be decompressed.
    Reading(io::Error),
    /// The fault of the archive itself, as the end of a sentence, and its offset in the unpacked archive; bytes.
    Broken(&'static str, u64),
}

/// Whether a content begins like a tar archive of any age: the checksum of its first header holds, as that of zeros does not.
pub(super) fn begins(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(is_header)
}

/// Whether the checksum in a header is that of its bytes, its own field being taken as spaces.
fn is_header(block: &[u8; BLOCK_BYTES]) -> bool {
    let (before, rest) = block.split_at(148);
    let after = &rest[8..];
    let sum: u32 = before.iter().chain(after).map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
    Header::from_byte_slice(block).cksum().is_ok_and(|written| written == sum)
}

/// The bytes of an archive, from front to back.
pub(super) struct TarStream {
    body: TarBody,
    /// Bytes passed so far.
    at: u64,
}

enum TarBody {
    Plain(BufReader<File>),
    Packed(Box<MultiFrameDecoder<File>>),
}

impl TarStream {
    /// Begins at the front of a file that is compressed in some way.
    pub(super) fn new(file: File, compression: Compression) -> io::Result<Self> {
        let body = match compression {
            Compression::None => TarBody::Plain(BufReader::new(file)),
            Compression::Gzip => TarBody::Packed(Box::new(MultiFrameDecoder::gzip(file))),
            Compression::Zstd => TarBody::Packed(Box::new(MultiFrameDecoder::zstd(file)?)),
        };
        Ok(Self { body, at: 0 })
    }

    /// Bytes of the unpacked archive so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The part of compressed data that was read last.
    pub(super) fn part(&self) -> super::multi_frame::FramePosition {
        match &self.body {
            TarBody::Plain(_) => super::multi_frame::FramePosition::default(),
            TarBody::Packed(parts) => parts.part(),
        }
    }

    /// The next block; fewer bytes only at the end of the archive.
    pub(super) fn block(&mut self) -> io::Result<Vec<u8>> {
        self.bytes(BLOCK_BYTES as u64)
    }

    fn bytes(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Read::take(&mut *self, count).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Skips bytes. It fails if the archive ends before them.
    pub(super) fn skip(&mut self, count: u64) -> io::Result<()> {
        let there = match &mut self.body {
            TarBody::Plain(file) => {
                let to = self.at.saturating_add(count);
                let there = retry_interrupted(|| file.get_ref().metadata())?.len() >= to;
                file.seek(io::SeekFrom::Start(to))?;
                self.at = to;
                there
            }
            TarBody::Packed(_) => io::copy(&mut Read::take(&mut *self, count), &mut io::sink())? == count,
        };
        if there { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Read for TarStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.body {
            TarBody::Plain(file) => file.read(buffer),
            TarBody::Packed(parts) => parts.read(buffer),
        }?;
        self.at += got as u64;
        Ok(got)
    }
}

/// The facts that headers announce about the next member.
#[derive(Default)]
struct TarExtensions {
    name: Option<Vec<u8>>,
    bytes: Option<u64>,
    sparse: bool,
}

const CUT: &str = "stops before its end";

const LONG_NAME: &str = "holds a name of over 64 KiB";

/// The members found so far.
#[derive(Default)]
struct TarListing {
    entries: Vec<TarEntry>,
    /// Hashes of the names of files, because the names themselves may be long.
    names: HashSet<[u64; 2]>,
    /// Two seeds, so that no two names share both hashes by chance.
    seeds: [RandomState; 2],
    /// Memory of both; bytes.
    bytes: usize,
}

impl TarListing {
    fn add(&mut self, entry: TarEntry) -> Result<(), TarFault> {
        let hashes = self.seeds.each_ref().map(|seed| seed.hash_one(&entry.name));
        if entry.kind == TarEntryKind::File && !self.names.insert(hashes) {
            let fault = "holds two members of one name, of which the later one may replace the other";
            return Err(TarFault::Broken(fault, entry.start));
        }
        self.bytes += entry.name.len() + size_of::<TarEntry>() + size_of::<[u64; 2]>();
        if self.bytes > LISTED_BYTES_MAX {
            return Err(TarFault::Broken("holds too many members: their names take over 128 MiB", entry.start));
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// All members of an archive but folders, in the order in which they lie.
///
/// # Errors
///
/// Damage anywhere, an archive that stops before its end or goes on after it, two members of one name, and names that take too much memory.
pub(super) fn list(tape: &mut TarStream) -> Result<Vec<TarEntry>, TarFault> {
    let mut found = TarListing::default();
    let mut announced = TarExtensions::default();
    while let Some(header) = next_header(tape)? {
        let kind = header.entry_type();
        let broken = TarFault::Broken("holds a damaged header", tape.at());
        let Ok(written) = header.entry_size() else { return Err(broken) };
        if let Some(extra) = extra(tape, kind, written)? {
            announce(&mut announced, kind, &extra).ok_or(broken)?;
            continue;
        }
        let TarExtensions { name, bytes, sparse } = std::mem::take(&mut announced);
        let bytes = bytes.unwrap_or(written);
        let start = tape.at();
        let name = String::from_utf8_lossy(&name.unwrap_or_else(|| header.path_bytes().into_owned())).into_owned();
        skip_content(tape, bytes)?;
        if name.len() as u64 > NAME_BYTES_MAX {
            return Err(TarFault::Broken(LONG_NAME, start));
        }
        let Some(kind) = kind_of(kind, sparse).filter(|_| !name.ends_with('/')) else { continue };
        found.add(TarEntry { name, kind, start, bytes })?;
    }
    Ok(found.entries)
}

/// The next header; none at the end of the archive, after which nothing may come.
fn next_header(tape: &mut TarStream) -> Result<Option<Header>, TarFault> {
    let at = tape.at();
    let block = tape.block().map_err(TarFault::Reading)?;
    let Some(block) = block.first_chunk::<BLOCK_BYTES>() else { return Err(TarFault::Broken(CUT, at)) };
    if block.iter().all(|byte| *byte == 0) {
        return end(tape).map(|()| None);
    }
    if !is_header(block) {
        return Err(TarFault::Broken("holds a damaged header", at));
    }
    Ok(Some(Header::from_byte_slice(block).clone()))
}

/// Checks that after the first block of zeros there is another, and zeros alone after that.
fn end(tape: &mut TarStream) -> Result<(), TarFault> {
    let mut zeros = 0;
    loop {
        let block = tape.block().map_err(TarFault::Reading)?;
        if block.iter().any(|byte| *byte != 0) {
            return Err(TarFault::Broken("goes on after its end, as if several were joined", tape.at()));
        }
        zeros += block.len();
        if block.len() < BLOCK_BYTES {
            return if zeros < BLOCK_BYTES { Err(TarFault::Broken(CUT, tape.at())) } else { Ok(()) };
        }
    }
}

/// The content of a header that describes the next member; none if the header begins a member.
fn extra(tape: &mut TarStream, kind: EntryType, bytes: u64) -> Result<Option<Vec<u8>>, TarFault> {
    let is_name = kind.is_gnu_longname() || kind.is_gnu_longlink();
    if !is_name && !kind.is_pax_local_extensions() && !kind.is_pax_global_extensions() {
        return Ok(None);
    }
    let at = tape.at();
    if is_name && bytes > NAME_BYTES_MAX {
        return Err(TarFault::Broken(LONG_NAME, at));
    }
    if bytes > EXTRA_BYTES_MAX {
        return Err(TarFault::Broken("holds a list of attributes of over 1 MiB", at));
    }
    let content = tape.bytes(bytes).map_err(TarFault::Reading)?;
    if (content.len() as u64) < bytes {
        return Err(TarFault::Broken(CUT, at));
    }
    skip(tape, padding(bytes))?;
    Ok(Some(content))
}

/// How many bytes lie between a content and the next block.
fn padding(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK_BYTES as u64) - bytes
}

/// Passes over a content and what fills its last block.
fn skip_content(tape: &mut TarStream, bytes: u64) -> Result<(), TarFault> {
    let all = bytes.checked_next_multiple_of(BLOCK_BYTES as u64).ok_or(TarFault::Broken(CUT, tape.at()))?;
    skip(tape, all)
}

fn skip(tape: &mut TarStream, bytes: u64) -> Result<(), TarFault> {
    let at = tape.at();
    tape.skip(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof if matches!(tape.body, TarBody::Plain(_)) => TarFault::Broken(CUT, at),
        _ => TarFault::Reading(error),
    })
}

/// Notes what a header says of the next member; none if it cannot be read.
fn announce(announced: &mut TarExtensions, kind: EntryType, content: &[u8]) -> Option<()> {
    if kind.is_gnu_longname() {
        announced.name = Some(content.strip_suffix(b"\0").unwrap_or(content).to_vec());
    }
    if kind.is_pax_local_extensions() {
        for pair in PaxExtensions::new(content) {
            let pair = pair.ok()?;
            match pair.key_bytes() {
                b"path" => announced.name = Some(pair.value_bytes().to_vec()),
                b"size" => announced.bytes = Some(pair.value().ok()?.parse().ok()?),
                key => announced.sparse |= key.starts_with(b"GNU.sparse"),
            }
        }
    }
    Some(())
}

/// What a member is; none for a folder, which holds nothing.
fn kind_of(kind: EntryType, sparse: bool) -> Option<TarEntryKind> {
    Some(match kind {
        EntryType::Directory => return None,
        EntryType::GNUSparse => TarEntryKind::Sparse,
        EntryType::Regular | EntryType::Continuous if sparse => TarEntryKind::Sparse,
        EntryType::Regular | EntryType::Continuous => TarEntryKind::File,
        EntryType::Link | EntryType::Symlink => TarEntryKind::Link,
        _ => TarEntryKind::Other,
    })
}
