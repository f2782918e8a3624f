//! Lines that are not a record each: batches of several, and records that a line end has broken in two.
//!
//! What is at the border of two blocks may be in the hands of two workers, so it is put aside and read once all blocks are.

use std::{borrow::Cow, io, sync::atomic::Ordering};

use super::{Job, Reject, RunError, Shared, When, Worker, lock};
use crate::{
    decode::{
        Decoder, Line, Reason,
        format::{Formats, Lines, Reading, batch},
    },
    fold::{Folded, Folder, Hearth},
    read::Block,
    units::Micros,
};

/// What an export writes in place of a line where it broke off. **Source**: Mixpanel's raw export.
const BROKEN_OFF: &str = "terminated early";

/// The end of a block that may go on in the next one, or the beginning of one that may have begun before.
#[derive(Debug)]
pub(super) struct Half {
    /// Whose fault it is if nothing joins it.
    reject: Reject,
    /// The number of the later of the two blocks.
    border: u32,
    bytes: Vec<u8>,
}

/// A line without its line end.
#[derive(Debug, Clone, Copy)]
struct Piece<'b> {
    bytes: &'b [u8],
    start: usize,
    number: u64,
}

impl Worker<'_> {
    /// Rejects the line of a block that is one line over the limit; gives how many lines there were. It says nothing of the file's format.
    pub(super) fn long_line(&mut self, block: &Block, length: u64) -> io::Result<u64> {
        let place = block.places.first();
        self.folder.fold(block.file, &Line::Rejected(Reason::TooLong));
        let reject = Reject {
            file: block.file,
            block: block.index,
            line: 0,
            at: place.map(|place| place.line),
            offset: place.map_or(block.offset, |place| place.offset),
            reason: Reason::TooLong,
            length,
        };
        self.shared.reject(reject, &block.bytes, self.job.keep_rejects)?;
        Ok(1)
    }

    /// Folds the lines of a block of which not each is a record; gives how many lines there were.
    pub(super) fn unusual_block(&mut self, block: &Block) -> io::Result<u64> {
        let Ok(decoder) = self.reading.of_file(block.file, None) else { return Ok(0) };
        let mut folding =
            Folding { block, decoder, folder: &mut self.folder, shared: self.shared, keep: self.job.keep_rejects };
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < block.bytes.len() {
            let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |at| start + at);
            pieces.push(Piece { bytes: &block.bytes[start..end], start, number: pieces.len() as u64 });
            start = end + 1;
        }
        match folding.decoder.lines() {
            Lines::Batches(paths) => pieces.iter().try_for_each(|piece| folding.batch(*piece, paths))?,
            _ => folding.split(&pieces)?,
        }
        Ok(pieces.len() as u64)
    }
}

/// Lines on their way from a block into a folder.
struct Folding<'f, 'm> {
    block: &'f Block,
    decoder: &'f mut Decoder<'m>,
    folder: &'f mut Folder<'m>,
    shared: &'f Shared,
    keep: bool,
}

impl Folding<'_, '_> {
    fn reject_of(&self, piece: Piece<'_>, reason: Reason) -> Reject {
        let place = self.block.places.get(piece.number as usize);
        Reject {
            file: self.block.file,
            block: self.block.index,
            line: piece.number,
            at: place.map(|place| place.line),
            offset: place.map_or(self.block.offset + piece.start as u64, |place| place.offset),
            reason,
            length: piece.bytes.len() as u64,
        }
    }

    fn reject(&mut self, piece: Piece<'_>, reason: Reason) -> io::Result<()> {
        self.folder.fold(self.block.file, &Line::Rejected(reason));
        self.shared.reject(self.reject_of(piece, reason), piece.bytes, self.keep)
    }

    /// Folds a text; gives the reason if it is no record, and then folds nothing.
    fn try_fold(&mut self, text: &str) -> Result<(), Reason> {
        match self.decoder.decode(text) {
            Line::Rejected(reason) => Err(reason),
            line => {
                self.folder.fold(self.block.file, &line);
                Ok(())
            }
        }
    }

    /// Folds every record of a line; a line that is no batch is a record itself.
    fn batch(&mut self, piece: Piece<'_>, paths: &[&[&str]]) -> io::Result<()> {
        let Ok(text) = std::str::from_utf8(piece.bytes) else { return self.reject(piece, Reason::InvalidUtf8) };
        let records = batch(text, paths).unwrap_or_else(|| vec![Cow::Borrowed(text)]);
        if records.is_empty() {
            self.folder.fold(self.block.file, &Line::Blank);
        }
        for record in records {
            if let Err(reason) = self.try_fold(&record) {
                self.reject(Piece { bytes: record.as_bytes(), ..piece }, reason)?;
            }
        }
        Ok(())
    }

    /// Folds lines, joining two where neither is a record and both together are one.
    fn split(&mut self, pieces: &[Piece<'_>]) -> io::Result<()> {
        let mut rest = pieces;
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            let Err(reason) = self.try_bytes(piece.bytes) else { continue };
            if !matches!(reason, Reason::InvalidJson | Reason::InvalidUtf8) {
                self.reject(*piece, reason)?;
                continue;
            }
            if piece.bytes.trim_ascii() == BROKEN_OFF.as_bytes() {
                self.reject(*piece, Reason::BrokenOff)?;
                continue;
            }
            let begins = begins(piece.bytes);
            match after.split_first() {
                Some((next, further)) if begins && !self::begins(next.bytes) => {
                    if self.try_bytes(&joined(piece.bytes, next.bytes)).is_ok() {
                        self.shared.split_records.fetch_add(1, Ordering::Relaxed);
                        rest = further;
                    } else {
                        self.reject(*piece, reason)?;
                    }
                }
                None if begins => self.put_aside(*piece, reason, self.block.index + 1),
                _ if piece.number == 0 && self.block.index > 0 && !begins => {
                    self.put_aside(*piece, reason, self.block.index);
                }
                _ => self.reject(*piece, reason)?,
            }
        }
        Ok(())
    }

    fn try_bytes(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        std::str::from_utf8(bytes).map_err(|_| Reason::InvalidUtf8).and_then(|text| self.try_fold(text))
    }

    fn put_aside(&self, piece: Piece<'_>, reason: Reason, border: u32) {
        let reject = self.reject_of(piece, reason);
        lock(&self.shared.halves).push(Half { reject, border, bytes: piece.bytes.to_vec() });
    }
}

/// Whether a line begins like a record.
fn begins(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{\"event\"") || line.trim_ascii_start().starts_with(b"{\"properties\"")
}

/// Two lines as one, without the line end between them.
fn joined(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first.strip_suffix(b"\r").unwrap_or(first), second].concat()
}

/// Folds what was put aside at the borders of blocks: two halves that are a record together, and otherwise lines that are rejected.
///
/// **Errors**: of keeping rejected lines.
pub(super) fn fold_halves(
    job: &Job<'_>,
    formats: &Formats<'_>,
    hearth: &Hearth<'_>,
    until: Micros,
    shared: &Shared,
) -> Result<Option<Folded>, RunError> {
    let mut halves = std::mem::take(&mut *lock(&shared.halves));
    if halves.is_empty() {
        return Ok(None);
    }
    halves.sort_unstable_by_key(|half| (half.reject.file, half.border, half.reject.block));
    let mut reading = Reading::new(formats, hearth.seed(), until);
    let folder = Folder::new(hearth, job.inputs.len());
    let mut folder = if job.when == When::Latest { folder.defer() } else { folder };
    let mut rest = halves.as_slice();
    while let Some((half, after)) = rest.split_first() {
        rest = after;
        let file = half.reject.file;
        let other = after.first().filter(|other| other.reject.file == file && other.border == half.border);
        if let (Some(other), Ok(decoder)) = (other, reading.of_file(file, None)) {
            let whole = String::from_utf8(joined(&half.bytes, &other.bytes)).unwrap_or_default();
            let line = decoder.decode(&whole);
            if !matches!(line, Line::Rejected(_) | Line::Blank) {
                folder.fold(file, &line);
                shared.split_records.fetch_add(1, Ordering::Relaxed);
                rest = &after[1..];
                continue;
            }
        }
        folder.fold(file, &Line::Rejected(half.reject.reason));
        shared.reject(half.reject, &half.bytes, job.keep_rejects).map_err(RunError::Spool)?;
    }
    reading.finish();
    Ok(Some(folder.finish()))
}
