//! Walks the lines of a block that are not one record each: batches, records that a line end has split, and lines with several records in them.
//!
//! A reader of records gives a [`RecordSink`]. It says of each text whether that is a record, and takes note of the others. The two parts of a
//! record at a block border may be with two workers. They are kept as [`PartialLine`]s and joined when all blocks are done.

use super::rejects::RejectEntry;
use crate::{
    decode::{
        CauseOrigin, RecoveredLine, RejectReason,
        format::{LineFraming, split_batch},
        recover_line,
    },
    fold::LinePlace,
    read::{LineBlock, LineOrigin, RowFault},
};

/// The text that an export writes in place of a line where it broke off. **Source**: Mixpanel's raw
/// export.
const BROKEN_OFF: &str = "terminated early";

/// Takes the records of lines, and what is none.
pub(crate) trait RecordSink {
    /// The fault of a sink that cannot keep rejected lines.
    type Fault;

    /// Takes a record.
    ///
    /// # Errors
    ///
    /// The reason, if the text is not a record. Nothing is taken then.
    fn take(&mut self, record: &str) -> Result<(), RejectReason>;

    /// Counts a line that holds neither an event nor a fault.
    fn blank(&mut self);

    /// Counts a line that is no record. `bytes` are the line as it stands in the file.
    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> Result<(), Self::Fault>;

    /// Says where the next records stand.
    fn enter(&mut self, _place: LinePlace) {}

    /// Counts a record that a line end had split.
    fn count_split(&mut self);

    /// Keeps a line that may be a part of a record.
    fn keep_partial(&mut self, half: PartialLine);
}

/// The last line of a block or the first line of the next, if it is not a record by itself.
#[derive(Debug)]
pub(crate) struct PartialLine {
    /// The entry that rejects it if no other part completes it.
    pub(crate) reject: RejectEntry,
    /// The number of the later of the two blocks.
    border: u32,
    pub(crate) bytes: Vec<u8>,
}

/// A line without its line end, or a record in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockLine<'b> {
    pub(crate) bytes: &'b [u8],
    start: usize,
    pub(crate) number: u64,
    /// The offset in its line; bytes.
    inside: usize,
    /// What a position in it is counted from, if the reader of the file says nothing else.
    origin: CauseOrigin,
}

impl<'b> BlockLine<'b> {
    /// A whole line. `start` is its offset in the block in bytes, and `number` counts from 0.
    pub(crate) fn whole(bytes: &'b [u8], start: usize, number: u64) -> BlockLine<'b> {
        BlockLine { bytes, start, number, inside: 0, origin: CauseOrigin::Line }
    }

    /// A record at an offset in the line.
    fn record_at(self, offset: usize, record: &'b str) -> BlockLine<'b> {
        let origin = if offset > 0 { CauseOrigin::Record } else { self.origin };
        BlockLine { bytes: record.as_bytes(), inside: self.inside + offset, origin, ..self }
    }
}

/// The lines of a block, without their line ends.
pub(crate) fn lines_of(block: &LineBlock) -> Vec<BlockLine<'_>> {
    let bytes = block.bytes.as_slice();
    let mut lines = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
        lines.push(BlockLine::whole(&bytes[start..end], start, lines.len() as u64));
        start = end + 1;
    }
    lines
}

/// The entry of a block that is one line over the limit.
pub(crate) fn long_line(block: &LineBlock, length: u64) -> RejectEntry {
    let place = block.origins.first();
    RejectEntry {
        file: block.file,
        block: block.index,
        line: 0,
        at: place.map(|place| place.line),
        offset: place.map_or(block.offset, |place| place.offset),
        reason: RejectReason::TooLong,
        row: [0; 2],
        origin: CauseOrigin::Record,
        length,
    }
}

/// The walk over one block.
pub(crate) struct BlockWalk<'w, S> {
    pub(crate) block: &'w LineBlock,
    /// How the lines of its file hold records.
    pub(crate) framing: LineFraming,
    /// Whether the lines of the file end in commas, as of a list that lost its brackets.
    pub(crate) commas: bool,
    pub(crate) sink: S,
}

impl<S: RecordSink> BlockWalk<'_, S> {
    /// Takes the records of all lines. Returns the number of lines.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub(crate) fn run(&mut self) -> Result<u64, S::Fault> {
        let lines = lines_of(self.block);
        match self.framing {
            LineFraming::Batches(paths) => lines.iter().try_for_each(|line| self.batch(*line, paths))?,
            LineFraming::Split => self.join_halves(&lines)?,
            LineFraming::Plain | LineFraming::Columns => lines.iter().try_for_each(|line| self.plain(*line))?,
        }
        Ok(lines.len() as u64 - u64::from(self.block.goes_on))
    }

    /// Takes a line that is one record.
    fn plain(&mut self, line: BlockLine<'_>) -> Result<(), S::Fault> {
        self.sink.enter(self.place_of(line));
        if self.origin_of(line).is_some_and(|place| place.broken.is_some()) {
            return self.refuse(line, RejectReason::BadRow);
        }
        self.try_bytes(line.bytes).or_else(|reason| self.refuse(line, reason))
    }

    /// Takes the records in a line that is none as it stands. If there are none in it, it is rejected for the reason that it was found to be none.
    #[cold]
    pub(crate) fn refuse(&mut self, line: BlockLine<'_>, reason: RejectReason) -> Result<(), S::Fault> {
        let text = std::str::from_utf8(line.bytes).unwrap_or_default();
        match recover_line(text, reason) {
            // The end of a list whose beginning is lost.
            RecoveredLine::Rejected if self.commas && text.trim_ascii() == "]" => self.sink.blank(),
            RecoveredLine::Rejected => return self.reject(line, reason),
            RecoveredLine::Blank => self.sink.blank(),
            RecoveredLine::Records(mut records) => {
                return records.try_for_each(|(offset, record)| self.record(line.record_at(offset, record)));
            }
        }
        Ok(())
    }

    /// Takes a record in a line, or the records of a batch.
    fn record(&mut self, line: BlockLine<'_>) -> Result<(), S::Fault> {
        if let LineFraming::Batches(paths) = self.framing {
            return self.batch(line, paths);
        }
        self.try_bytes(line.bytes).or_else(|reason| self.refuse(line, reason))
    }

    /// Takes every record of a line. A line that is not a batch is a record itself.
    fn batch(&mut self, line: BlockLine<'_>, paths: &[&[&str]]) -> Result<(), S::Fault> {
        let Ok(text) = std::str::from_utf8(line.bytes) else { return self.reject(line, RejectReason::InvalidUtf8) };
        self.sink.enter(self.place_of(line));
        let Some(records) = split_batch(text, paths) else {
            return self.sink.take(text).or_else(|reason| self.refuse(line, reason));
        };
        if records.is_empty() {
            self.sink.blank();
        }
        records.iter().try_for_each(|record| self.batch_record(line, record))
    }

    fn batch_record(&mut self, line: BlockLine<'_>, record: &str) -> Result<(), S::Fault> {
        let line = BlockLine { bytes: record.as_bytes(), origin: CauseOrigin::Record, ..line };
        self.sink.take(record).or_else(|reason| self.refuse(line, reason))
    }

    /// Takes lines. Joins two lines that are one record together but not alone.
    fn join_halves(&mut self, lines: &[BlockLine<'_>]) -> Result<(), S::Fault> {
        let mut rest = lines;
        while let Some((line, after)) = rest.split_first() {
            rest = after;
            self.sink.enter(self.place_of(*line));
            if let Err(reason) = self.try_bytes(line.bytes)
                && self.refuse_half(*line, reason, after.first())?
            {
                rest = &after[1..];
            }
        }
        Ok(())
    }

    /// Takes a line that is no record with the next line, if both are one record together. Returns whether they are.
    fn refuse_half(
        &mut self,
        line: BlockLine<'_>,
        reason: RejectReason,
        next: Option<&BlockLine<'_>>,
    ) -> Result<bool, S::Fault> {
        let text = std::str::from_utf8(line.bytes).unwrap_or_default();
        let is_broken = matches!(reason, RejectReason::InvalidJson | RejectReason::InvalidUtf8);
        let begins = starts_record(line.bytes);
        if !is_broken || !matches!(recover_line(text, reason), RecoveredLine::Rejected) {
            self.refuse(line, reason)?;
        } else if line.bytes.trim_ascii() == BROKEN_OFF.as_bytes() {
            self.reject(line, RejectReason::BrokenOff)?;
        } else if let Some(next) = next.filter(|next| begins && !starts_record(next.bytes)) {
            if self.try_bytes(&join_lines(line.bytes, next.bytes)).is_ok() {
                self.sink.count_split();
                return Ok(true);
            }
            self.reject(line, reason)?;
        } else if next.is_none() && begins {
            self.keep_partial(line, reason, self.block.index + 1);
        } else if line.number == 0 && self.block.index > 0 && !begins {
            self.keep_partial(line, reason, self.block.index);
        } else {
            self.reject(line, reason)?;
        }
        Ok(false)
    }

    fn try_bytes(&mut self, bytes: &[u8]) -> Result<(), RejectReason> {
        std::str::from_utf8(bytes).map_err(|_| RejectReason::InvalidUtf8).and_then(|text| self.sink.take(text))
    }

    fn keep_partial(&mut self, line: BlockLine<'_>, reason: RejectReason, border: u32) {
        let reject = self.reject_of(line, reason);
        self.sink.keep_partial(PartialLine { reject, border, bytes: line.bytes.to_vec() });
    }

    fn reject(&mut self, line: BlockLine<'_>, reason: RejectReason) -> Result<(), S::Fault> {
        let bytes = self.origin_of(line).and_then(|place| self.block.original_bytes(place)).unwrap_or(line.bytes);
        self.sink.reject(self.reject_of(BlockLine { bytes, ..line }, reason), bytes)
    }

    fn reject_of(&self, line: BlockLine<'_>, reason: RejectReason) -> RejectEntry {
        let place = self.origin_of(line);
        RejectEntry {
            file: self.block.file,
            block: self.block.index,
            line: line.number,
            at: place.map(|place| place.line),
            offset: place.map_or(self.block.offset + line.start as u64, |place| place.offset) + line.inside as u64,
            reason,
            row: place.and_then(|place| place.broken).map_or([0; 2], RowFault::numbers),
            origin: if place.is_some() { CauseOrigin::Record } else { line.origin },
            length: line.bytes.len() as u64,
        }
    }

    fn origin_of(&self, line: BlockLine<'_>) -> Option<&LineOrigin> {
        self.block.origins.get(line.number as usize)
    }

    fn place_of(&self, line: BlockLine<'_>) -> LinePlace {
        let at = self.origin_of(line).map(|place| place.line);
        LinePlace { block: self.block.index, line: line.number, at }
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

/// Takes what the partial lines at block borders are.
pub(crate) trait BorderSink {
    /// The fault of a sink that cannot keep rejected lines.
    type Fault;

    /// Takes a record whose first part would be rejected by an entry. Returns false, and takes nothing, if it is none.
    fn take_joined(&mut self, first: &RejectEntry, record: &str) -> bool;

    /// Counts a line that is no record.
    fn reject(&mut self, reject: RejectEntry, bytes: &[u8]) -> Result<(), Self::Fault>;
}

/// Joins two parts that form a record, and rejects other partial lines.
///
/// # Errors
///
/// Those of the sink.
pub(crate) fn join_partial_lines<S: BorderSink>(mut halves: Vec<PartialLine>, sink: &mut S) -> Result<(), S::Fault> {
    halves.sort_unstable_by_key(|half| (half.reject.file, half.border, half.reject.block));
    let mut rest = halves.as_slice();
    while let Some((half, after)) = rest.split_first() {
        rest = after;
        let is_next = |other: &&PartialLine| (other.reject.file, other.border) == (half.reject.file, half.border);
        let whole = after.first().filter(is_next).map(|other| join_lines(&half.bytes, &other.bytes));
        let whole = whole.and_then(|whole| String::from_utf8(whole).ok());
        if whole.is_some_and(|whole| sink.take_joined(&half.reject, &whole)) {
            rest = &after[1..];
        } else {
            sink.reject(half.reject, &half.bytes)?;
        }
    }
    Ok(())
}
