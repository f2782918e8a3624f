//! Folds lines that are not one record each: batches, and records that a line end has split.
//!
//! The two parts of a record at a block border may be with two workers. They are kept as
//! [`PartialLine`]s and joined when all blocks are done.

use std::{borrow::Cow, io, sync::atomic::Ordering};

use super::{AsOfRequest, FoldWorker, PipelineJob, RejectEntry, RunError, WorkerShared, lock_ignoring_poison};
use crate::{
    decode::{
        CauseOrigin, DecodedLine, LineDecoder, RecoveredLine, RejectReason,
        format::{FileFormats, LineFraming, WorkerDecoders, split_batch},
        recover_line,
    },
    fold::{EventFolder, LinePlace, ShardSet, WorkerFold},
    read::{LineBlock, RowFault},
};
use pql_model::units::Micros;

/// The text that an export writes in place of a line where it broke off. **Source**: Mixpanel's raw
/// export.
const BROKEN_OFF: &str = "terminated early";

/// The last line of a block or the first line of the next, if it is not a record by itself.
#[derive(Debug)]
pub(super) struct PartialLine {
    /// The entry that rejects it if no other part completes it.
    reject: RejectEntry,
    /// The number of the later of the two blocks.
    border: u32,
    bytes: Vec<u8>,
}

/// A line without its line end, or a record in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockLine<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) start: usize,
    pub(super) number: u64,
    /// How far inside its line it begins; bytes.
    pub(super) inside: usize,
}

impl FoldWorker<'_> {
    /// Rejects a block that is one line over the limit; returns the number of lines. The format of
    /// the file need not be known for it.
    pub(super) fn reject_long_line(&mut self, block: &LineBlock, length: u64) -> io::Result<u64> {
        let place = block.origins.first();
        self.folder.fold(block.file, &DecodedLine::Rejected(RejectReason::TooLong));
        let reject = RejectEntry {
            file: block.file,
            block: block.index,
            line: 0,
            at: place.map(|place| place.line),
            offset: place.map_or(block.offset, |place| place.offset),
            reason: RejectReason::TooLong,
            row: [0; 2],
            origin: CauseOrigin::Record,
            length,
        };
        self.shared.reject(reject, &block.bytes)?;
        Ok(1)
    }

    /// Folds a block whose lines are not all records; returns the number of lines.
    pub(super) fn fold_irregular_block(&mut self, block: &LineBlock) -> io::Result<u64> {
        let commas = self.reading.has_commas(block.file);
        let Ok(decoder) = self.reading.decoder_for(block.file, None) else { return Ok(0) };
        let mut folding = BlockFolding { block, decoder, folder: &mut self.folder, shared: self.shared, commas };
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < block.bytes.len() {
            let end = memchr::memchr(b'\n', &block.bytes[start..]).map_or(block.bytes.len(), |at| start + at);
            pieces.push(BlockLine { bytes: &block.bytes[start..end], start, number: pieces.len() as u64, inside: 0 });
            start = end + 1;
        }
        match folding.decoder.framing() {
            LineFraming::Batches(paths) => pieces.iter().try_for_each(|piece| folding.batch(*piece, paths))?,
            _ => folding.fold_joining_halves(&pieces)?,
        }
        Ok(pieces.len() as u64 - u64::from(block.goes_on))
    }
}

/// The parts that folding one block needs.
pub(super) struct BlockFolding<'f, 'm> {
    pub(super) block: &'f LineBlock,
    pub(super) decoder: &'f mut LineDecoder<'m>,
    pub(super) folder: &'f mut EventFolder<'m>,
    pub(super) shared: &'f WorkerShared,
    /// Whether the lines of the file end in commas, as of a list that lost its brackets.
    pub(super) commas: bool,
}

impl BlockFolding<'_, '_> {
    fn reject_of(&self, piece: BlockLine<'_>, reason: RejectReason) -> RejectEntry {
        let place = self.block.origins.get(piece.number as usize);
        RejectEntry {
            file: self.block.file,
            block: self.block.index,
            line: piece.number,
            at: place.map(|place| place.line),
            offset: place.map_or(self.block.offset + piece.start as u64, |place| place.offset) + piece.inside as u64,
            reason,
            row: place.and_then(|place| place.broken).map_or([0; 2], RowFault::numbers),
            origin: if place.is_some() || piece.inside > 0 { CauseOrigin::Record } else { CauseOrigin::Line },
            length: piece.bytes.len() as u64,
        }
    }

    fn place_of(&self, piece: BlockLine<'_>) -> LinePlace {
        let at = self.block.origins.get(piece.number as usize).map(|place| place.line);
        LinePlace { block: self.block.index, line: piece.number, at }
    }

    fn reject(&mut self, piece: BlockLine<'_>, reason: RejectReason) -> io::Result<()> {
        self.folder.fold(self.block.file, &DecodedLine::Rejected(reason));
        let place = self.block.origins.get(piece.number as usize);
        let bytes = place.and_then(|place| self.block.original_bytes(place)).unwrap_or(piece.bytes);
        self.shared.reject(self.reject_of(BlockLine { bytes, ..piece }, reason), bytes)
    }

    /// Folds the records in a line that is none as it stands; if there are none in it, it is rejected for the reason that it was found to be none.
    #[cold]
    pub(super) fn refuse(&mut self, piece: BlockLine<'_>, reason: RejectReason) -> io::Result<()> {
        let text = std::str::from_utf8(piece.bytes).unwrap_or_default();
        match recover_line(text, reason) {
            // The end of a list whose beginning is lost.
            RecoveredLine::Rejected if self.commas && text.trim_ascii() == "]" => self.blank(),
            RecoveredLine::Rejected => self.reject(piece, reason),
            RecoveredLine::Blank => self.blank(),
            RecoveredLine::Records(mut records) => records.try_for_each(|(inside, record)| {
                self.fold_piece(BlockLine { bytes: record.as_bytes(), inside: piece.inside + inside, ..piece })
            }),
        }
    }

    fn blank(&mut self) -> io::Result<()> {
        self.folder.fold(self.block.file, &DecodedLine::Blank);
        Ok(())
    }

    /// Folds a record in a line, or the records of a batch.
    fn fold_piece(&mut self, piece: BlockLine<'_>) -> io::Result<()> {
        if let LineFraming::Batches(paths) = self.decoder.framing() {
            return self.batch(piece, paths);
        }
        match self.try_bytes(piece.bytes) {
            Ok(()) => Ok(()),
            Err(reason) => self.refuse(piece, reason),
        }
    }

    /// Folds a text. Returns the reason, and folds nothing, if it is not a record.
    fn try_fold(&mut self, text: &str) -> Result<(), RejectReason> {
        match self.decoder.decode(text) {
            DecodedLine::Rejected(reason) => Err(reason),
            line => {
                self.folder.fold(self.block.file, &line);
                Ok(())
            }
        }
    }

    /// Folds every record of a line. A line that is not a batch is a record itself.
    fn batch(&mut self, piece: BlockLine<'_>, paths: &[&[&str]]) -> io::Result<()> {
        let Ok(text) = std::str::from_utf8(piece.bytes) else { return self.reject(piece, RejectReason::InvalidUtf8) };
        let records = split_batch(text, paths).unwrap_or_else(|| vec![Cow::Borrowed(text)]);
        if records.is_empty() {
            self.folder.fold(self.block.file, &DecodedLine::Blank);
        }
        self.folder.set_place(self.place_of(piece));
        for record in records {
            if let Err(reason) = self.try_fold(&record) {
                self.refuse(BlockLine { bytes: record.as_bytes(), ..piece }, reason)?;
            }
        }
        Ok(())
    }

    /// Folds lines. Joins two lines that are one record together but not alone.
    fn fold_joining_halves(&mut self, pieces: &[BlockLine<'_>]) -> io::Result<()> {
        let mut rest = pieces;
        while let Some((piece, after)) = rest.split_first() {
            rest = after;
            self.folder.set_place(self.place_of(*piece));
            let Err(reason) = self.try_bytes(piece.bytes) else { continue };
            let text = std::str::from_utf8(piece.bytes).unwrap_or_default();
            let is_broken = matches!(reason, RejectReason::InvalidJson | RejectReason::InvalidUtf8);
            if !is_broken || !matches!(recover_line(text, reason), RecoveredLine::Rejected) {
                self.refuse(*piece, reason)?;
                continue;
            }
            if piece.bytes.trim_ascii() == BROKEN_OFF.as_bytes() {
                self.reject(*piece, RejectReason::BrokenOff)?;
                continue;
            }
            let begins = starts_record(piece.bytes);
            match after.split_first() {
                Some((next, further)) if begins && !starts_record(next.bytes) => {
                    if self.try_bytes(&join_lines(piece.bytes, next.bytes)).is_ok() {
                        self.shared.split_records.fetch_add(1, Ordering::Relaxed);
                        rest = further;
                    } else {
                        self.reject(*piece, reason)?;
                    }
                }
                None if begins => self.defer_partial(*piece, reason, self.block.index + 1),
                _ if piece.number == 0 && self.block.index > 0 && !begins => {
                    self.defer_partial(*piece, reason, self.block.index);
                }
                _ => self.reject(*piece, reason)?,
            }
        }
        Ok(())
    }

    fn try_bytes(&mut self, bytes: &[u8]) -> Result<(), RejectReason> {
        std::str::from_utf8(bytes).map_err(|_| RejectReason::InvalidUtf8).and_then(|text| self.try_fold(text))
    }

    fn defer_partial(&self, piece: BlockLine<'_>, reason: RejectReason, border: u32) {
        let reject = self.reject_of(piece, reason);
        lock_ignoring_poison(&self.shared.halves).push(PartialLine { reject, border, bytes: piece.bytes.to_vec() });
    }
}

/// True if a line begins like a record.
fn starts_record(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"{\"event\"") || line.trim_ascii_start().starts_with(b"{\"properties\"")
}

/// Joins two lines without the line end between them.
fn join_lines(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first.strip_suffix(b"\r").unwrap_or(first), second].concat()
}

/// Folds the partial lines at block borders: two parts that form a record are joined, others are
/// rejected.
///
/// # Errors
///
/// Those of storing rejected lines.
pub(super) fn fold_partial_lines(
    job: &PipelineJob<'_>,
    formats: &FileFormats<'_>,
    shards: &ShardSet<'_>,
    until: Micros,
    shared: &WorkerShared,
) -> Result<Option<WorkerFold>, RunError> {
    let mut halves = std::mem::take(&mut *lock_ignoring_poison(&shared.halves));
    if halves.is_empty() {
        return Ok(None);
    }
    halves.sort_unstable_by_key(|half| (half.reject.file, half.border, half.reject.block));
    let mut reading = WorkerDecoders::new(formats, shards.seed(), until);
    let folder = EventFolder::new(shards, job.inputs.len());
    let mut folder = if job.when == AsOfRequest::Latest { folder.with_deferral() } else { folder };
    let mut rest = halves.as_slice();
    while let Some((half, after)) = rest.split_first() {
        rest = after;
        let file = half.reject.file;
        let other = after.first().filter(|other| other.reject.file == file && other.border == half.border);
        if let (Some(other), Ok(decoder)) = (other, reading.decoder_for(file, None))
            && let Ok(whole) = String::from_utf8(join_lines(&half.bytes, &other.bytes))
        {
            let line = decoder.decode(&whole);
            if !matches!(line, DecodedLine::Rejected(_) | DecodedLine::Blank) {
                let RejectEntry { block, line: number, at, .. } = half.reject;
                folder.set_place(LinePlace { block, line: number, at });
                folder.fold(file, &line);
                shared.split_records.fetch_add(1, Ordering::Relaxed);
                rest = &after[1..];
                continue;
            }
        }
        folder.fold(file, &DecodedLine::Rejected(half.reject.reason));
        shared.reject(half.reject, &half.bytes).map_err(RunError::Spool)?;
    }
    reading.finish();
    Ok(Some(folder.finish()))
}
