//! Folds lines that are not one record each.

use std::{io, sync::atomic::Ordering};

use super::{
    BlockWalk, BorderSink, FoldWorker, PartialLine, RecordSink, RejectEntry, RunError, RunFolding, WorkerShared,
    join_partial_lines, lock_ignoring_poison, long_line,
};
use crate::{
    decode::{DecodedLine, FastPathResult, LineDecoder, RejectReason, format::WorkerDecoders},
    fold::{EventFolder, LinePlace, WorkerFold},
    read::LineBlock,
};

impl FoldWorker<'_> {
    /// Rejects a block that is one line over the limit; returns the number of lines. The format of
    /// the file need not be known for it.
    pub(super) fn reject_long_line(&mut self, block: &LineBlock, length: u64) -> io::Result<u64> {
        self.folder.fold(block.file, &DecodedLine::Rejected(RejectReason::TooLong));
        self.shared.reject(long_line(block, length), &block.bytes)?;
        Ok(1)
    }

    /// Folds a block whose lines are not all records; returns the number of lines.
    pub(super) fn fold_irregular_block(&mut self, block: &LineBlock) -> io::Result<u64> {
        let commas = self.reading.has_commas(block.file);
        let Ok(decoder) = self.reading.decoder_for(block.file, None) else { return Ok(0) };
        let framing = decoder.framing();
        let sink = FoldSink { file: block.file, decoder, folder: &mut self.folder, shared: self.shared };
        BlockWalk { block, framing, commas, sink }.run()
    }
}

/// Folds the records of one block.
pub(super) struct FoldSink<'f, 'm> {
    pub(super) file: u32,
    pub(super) decoder: &'f mut LineDecoder<'m>,
    pub(super) folder: &'f mut EventFolder<'m>,
    pub(super) shared: &'f WorkerShared,
}

impl FoldSink<'_, '_> {
    /// Takes a record like [`RecordSink::take`], by the shortest way. `rest` is the block from the record on.
    #[inline(always)]
    pub(super) fn take_fast(&mut self, record: &str, rest: &[u8]) -> Result<(), RejectReason> {
        match self.decoder.decode_event(record, rest) {
            FastPathResult::Event(event) => self.folder.fold_event(self.file, &event),
            FastPathResult::Line(DecodedLine::Rejected(reason)) => return Err(reason),
            FastPathResult::Line(line) => self.folder.fold(self.file, &line),
        }
        Ok(())
    }
}

impl RecordSink for FoldSink<'_, '_> {
    type Fault = io::Error;

    fn take(&mut self, record: &str) -> Result<(), RejectReason> {
        match self.decoder.decode(record) {
            DecodedLine::Rejected(reason) => Err(reason),
            line => {
                self.folder.fold(self.file, &line);
                Ok(())
            }
        }
    }

    fn blank(&mut self) {
        self.folder.fold(self.file, &DecodedLine::Blank);
    }

    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> io::Result<()> {
        self.folder.fold(self.file, &DecodedLine::Rejected(reject.reason));
        self.shared.reject(reject, bytes)
    }

    fn enter(&mut self, place: LinePlace) {
        self.folder.set_place(place);
    }

    fn count_split(&mut self) {
        self.shared.split_records.fetch_add(1, Ordering::Relaxed);
    }

    fn keep_partial(&mut self, half: PartialLine) {
        lock_ignoring_poison(&self.shared.halves).push(half);
    }
}

/// Folds what the partial lines at block borders are.
struct BorderFold<'b, 'm> {
    reading: WorkerDecoders<'m>,
    folder: EventFolder<'m>,
    shared: &'b WorkerShared,
}

impl BorderSink for BorderFold<'_, '_> {
    type Fault = io::Error;

    fn take_joined(&mut self, first: &RejectEntry, record: &str) -> bool {
        let RejectEntry { file, block, line, at, .. } = *first;
        let Ok(decoder) = self.reading.decoder_for(file, None) else { return false };
        let decoded = decoder.decode(record);
        if matches!(decoded, DecodedLine::Rejected(_) | DecodedLine::Blank) {
            return false;
        }
        self.folder.set_place(LinePlace { block, line, at });
        self.folder.fold(file, &decoded);
        self.shared.split_records.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> io::Result<()> {
        self.folder.fold(reject.file, &DecodedLine::Rejected(reject.reason));
        self.shared.reject(reject, bytes)
    }
}

/// Folds the partial lines at block borders.
///
/// # Errors
///
/// Those of storing rejected lines.
pub(super) fn fold_partial_lines(folding: &RunFolding<'_, '_>) -> Result<Option<WorkerFold>, RunError> {
    let RunFolding { shared, .. } = *folding;
    let halves = std::mem::take(&mut *lock_ignoring_poison(&shared.halves));
    if halves.is_empty() {
        return Ok(None);
    }
    let reading = WorkerDecoders::new(folding.formats, folding.shards.seed(), folding.until);
    let mut border = BorderFold { reading, folder: folding.folder(), shared };
    join_partial_lines(halves, &mut border).map_err(RunError::Spool)?;
    border.reading.finish();
    Ok(Some(border.folder.finish()))
}
