//! Counts rejected lines and stores them until they are written.
//!
//! [`RejectCollector`] takes rejects from any worker; [`RejectedLines`] gives them in the order of
//! files and lines. Invariant: memory grows with the number of blocks, not of rejected lines. A few
//! kilobytes of compressed input can hold gigabytes of bad lines, so their bytes go to a temporary
//! file.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read, Seek, SeekFrom, Write},
    sync::Mutex,
};

use serde::Serialize;
use tempfile::SpooledTempFile;

use super::lock_ignoring_poison;
use crate::{
    decode::{CauseOrigin, CausePosition, RejectCause, RejectReason, format::DetectedFormat},
    fold::LinePlace,
    read::FileStats,
};

/// Bytes of rejected lines that are kept in memory; beyond it all go to an unnamed file.
const BYTES_IN_MEMORY: usize = 16 << 20;

/// The longest line end in bytes.
const LINE_END_MAX: u64 = 2;

/// A rejected line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RejectEntry {
    pub(crate) file: u32,
    pub(crate) block: u32,
    /// The line in its block, from 0.
    pub(crate) line: u64,
    /// The line in its file, from 1, if it cannot be counted from the blocks.
    pub(crate) at: Option<u64>,
    pub(crate) offset: u64,
    pub(crate) reason: RejectReason,
    /// What is wrong with it as a row: cells found and expected, or a column and 0; else zeros.
    pub(crate) row: [u64; 2],
    /// What a position in it is counted from.
    pub(crate) origin: CauseOrigin,
    /// The full length of the line; fewer bytes may be stored.
    pub(crate) length: u64,
}

/// A block: the file and the number in the file.
type BlockKey = (u32, u32);

/// The file, block and line of a reject, and its line in the file if that cannot be counted.
pub(crate) type RejectPosition = (u32, u32, u64, Option<u64>);

/// Collects rejects while workers run.
#[derive(Debug)]
pub(super) struct RejectCollector {
    /// Whether the lines themselves are kept.
    keep: bool,
    inner: Mutex<RejectBuffer>,
}

/// Rejects of one reason.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReasonRejects {
    pub(crate) count: u64,
    pub(crate) first: RejectPosition,
    /// Why the first was rejected, and what a position in it is counted from.
    pub(crate) cause: Option<(RejectCause, CauseOrigin)>,
}

impl ReasonRejects {
    /// No rejects.
    pub(crate) const NONE: ReasonRejects =
        ReasonRejects { count: 0, first: (u32::MAX, u32::MAX, u64::MAX, None), cause: None };

    /// Counts a reject. What is wrong with it is asked only of the first.
    pub(crate) fn add(&mut self, reject: &RejectEntry, bytes: &[u8]) {
        self.count += 1;
        let place = (reject.file, reject.block, reject.line, reject.at);
        if place < self.first {
            self.first = place;
            self.cause = cause_of(reject.reason, reject.row, bytes).map(|cause| (cause, reject.origin));
        }
    }

    /// Adds rejects of the same reason.
    pub(crate) fn merge(&mut self, other: ReasonRejects) {
        self.count += other.count;
        if other.first < self.first {
            (self.first, self.cause) = (other.first, other.cause);
        }
    }
}

#[derive(Debug)]
struct RejectBuffer {
    /// Counts with the first place, in the order of [`RejectReason::ALL`](crate::decode::RejectReason::ALL).
    reasons: Vec<ReasonRejects>,
    /// Stored lines of unfinished blocks.
    open: HashMap<BlockKey, Vec<u8>>,
    /// Stored lines of finished blocks: offset and length in the spool.
    runs: Vec<(BlockKey, u64, u64)>,
    spool: SpooledTempFile,
    spooled: u64,
    /// The number of lines of each block.
    block_lines: HashMap<BlockKey, u64>,
    /// By file, the byte after the last line that is rejected as one that breaks off.
    broken_ends: HashMap<u32, u64>,
}

impl Default for RejectBuffer {
    fn default() -> Self {
        RejectBuffer {
            reasons: vec![ReasonRejects::NONE; RejectReason::ALL.len()],
            open: HashMap::new(),
            runs: Vec::new(),
            spool: SpooledTempFile::new(BYTES_IN_MEMORY),
            spooled: 0,
            block_lines: HashMap::new(),
            broken_ends: HashMap::new(),
        }
    }
}

impl RejectBuffer {
    /// Moves the stored lines of a block to the spool.
    fn spool(&mut self, block: BlockKey, bytes: &[u8]) -> io::Result<()> {
        self.spool.write_all(bytes)?;
        self.runs.push((block, self.spooled, bytes.len() as u64));
        self.spooled += bytes.len() as u64;
        Ok(())
    }
}

impl RejectCollector {
    /// Nothing rejected yet.
    pub(super) fn new(keep: bool) -> RejectCollector {
        RejectCollector { keep, inner: Mutex::default() }
    }

    /// Counts a rejected line, and keeps its bytes if that was asked for.
    pub(super) fn add(&self, reject: RejectEntry, bytes: &[u8]) -> io::Result<()> {
        let mut inner = lock_ignoring_poison(&self.inner);
        let reason = reason_index(reject.reason);
        if let Some(known) = inner.reasons.get_mut(reason) {
            known.add(&reject, bytes);
        }
        if breaks_off(&reject) {
            let end = inner.broken_ends.entry(reject.file).or_default();
            *end = (*end).max(reject.offset + reject.length);
        }
        if self.keep {
            let open = inner.open.entry((reject.file, reject.block)).or_default();
            for number in [
                reject.line,
                reject.at.unwrap_or(0),
                reject.offset,
                reason as u64,
                reject.row[0],
                reject.row[1],
                reject.length,
                bytes.len() as u64,
            ] {
                open.extend(number.to_le_bytes());
            }
            open.extend(bytes);
        }
        Ok(())
    }

    /// Marks a block as done, with its number of lines.
    ///
    /// # Errors
    ///
    /// Those of the spool file.
    pub(super) fn end_block(&self, file: u32, index: u32, lines: u64) -> io::Result<()> {
        let mut inner = lock_ignoring_poison(&self.inner);
        inner.block_lines.insert((file, index), lines);
        match inner.open.remove(&(file, index)) {
            Some(bytes) => inner.spool((file, index), &bytes),
            None => Ok(()),
        }
    }

    /// Returns all rejects, when every worker is done.
    ///
    /// # Errors
    ///
    /// Those of the spool file.
    pub(super) fn finish(self, names: Vec<String>) -> io::Result<RejectedLines> {
        let mut inner = self.inner.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Partial lines at block borders are rejected after their blocks have ended.
        for (block, bytes) in std::mem::take(&mut inner.open) {
            inner.spool(block, &bytes)?;
        }
        inner.runs.sort_unstable();
        let mut blocks: Vec<(BlockKey, u64)> = inner.block_lines.into_iter().collect();
        blocks.sort_unstable();
        let mut before = 0;
        let mut last = None;
        for ((file, _), lines) in &mut blocks {
            before = if last == Some(*file) { before } else { 0 };
            last = Some(*file);
            before += std::mem::replace(lines, before);
        }
        let lines_before: BTreeMap<BlockKey, u64> = blocks.into_iter().collect();
        let line = |(file, block, line, at): RejectPosition| {
            at.unwrap_or_else(|| lines_before.get(&(file, block)).copied().unwrap_or(0) + line + 1)
        };
        let reasons = RejectReason::ALL.iter().zip(&inner.reasons).filter(|(_, of)| of.count > 0);
        let reasons = reasons.map(|(reason, of)| Told { reason: *reason, of: *of, line: line(of.first) }).collect();
        let broken_ends = inner.broken_ends.into_iter().collect();
        let RejectBuffer { runs, spool, .. } = inner;
        Ok(RejectedLines { reasons, runs, spool, lines_before, broken_ends, names, formats: Vec::new() })
    }
}

/// Whether a line is rejected as one is whose end is missing: it is no whole JSON, or a row with too few cells.
fn breaks_off(reject: &RejectEntry) -> bool {
    let [found, expected] = reject.row;
    match reject.reason {
        RejectReason::InvalidJson | RejectReason::BadColumns => true,
        RejectReason::BadRow => found < expected,
        RejectReason::InvalidUtf8
        | RejectReason::TooLong
        | RejectReason::TooDeep
        | RejectReason::LoneSurrogate
        | RejectReason::NotObject
        | RejectReason::NoEvent
        | RejectReason::NoTime
        | RejectReason::BadTime
        | RejectReason::SerialTime
        | RejectReason::SmallTime
        | RejectReason::TimeOutOfRange
        | RejectReason::NoId
        | RejectReason::BadId
        | RejectReason::NoAlias
        | RejectReason::BrokenOff => false,
    }
}

/// Why a line was rejected, in more than its reason.
fn cause_of(reason: RejectReason, row: [u64; 2], bytes: &[u8]) -> Option<RejectCause> {
    if reason == RejectReason::BadRow { RejectCause::of_row(row) } else { RejectCause::of(reason, bytes) }
}

/// Rejects of one reason, with the line of the first in its file.
#[derive(Debug)]
struct Told {
    reason: RejectReason,
    of: ReasonRejects,
    line: u64,
}

fn reason_index(reason: RejectReason) -> usize {
    RejectReason::ALL.iter().position(|known| *known == reason).expect("`RejectReason::ALL` lists every reason")
}

/// Rejected lines. Their bytes are in memory or, if there are many, in an unnamed file.
#[derive(Debug)]
pub struct RejectedLines {
    /// In the order of the documentation.
    reasons: Vec<Told>,
    runs: Vec<(BlockKey, u64, u64)>,
    spool: SpooledTempFile,
    lines_before: BTreeMap<BlockKey, u64>,
    /// By file, the byte after the last line that is rejected as one that breaks off.
    broken_ends: BTreeMap<u32, u64>,
    names: Vec<String>,
    /// The detected format of each file; none if the file has no lines.
    pub(super) formats: Vec<Option<DetectedFormat>>,
}

/// A rejected line as it is written.
#[derive(Serialize)]
struct RejectRecord<'w> {
    file: Option<&'w str>,
    line: u64,
    offset: u64,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
}

impl RejectedLines {
    /// The name and the detected format of each file.
    pub fn formats(&self) -> impl Iterator<Item = (&str, Option<DetectedFormat>)> {
        self.names.iter().map(String::as_str).zip(self.formats.iter().copied())
    }

    /// True if no lines were rejected.
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Whether the last line of a file is rejected as one that breaks off.
    pub fn is_cut(&self, file: &FileStats) -> bool {
        self.broken_ends.get(&file.file).is_some_and(|end| end + LINE_END_MAX >= file.bytes)
    }

    /// Counts by reason, in the order of the documentation.
    pub fn by_reason(&self) -> Vec<(RejectReason, u64)> {
        self.reasons.iter().map(|reported| (reported.reason, reported.of.count)).collect()
    }

    /// The name of a file.
    pub(super) fn file_name(&self, file: u32) -> &str {
        self.names.get(file as usize).map_or("", String::as_str)
    }

    /// The line in its file, from 1, of a line of a block.
    pub(super) fn line_number(&self, file: u32, place: LinePlace) -> u64 {
        let before = || self.lines_before.get(&(file, place.block)).copied().unwrap_or(0);
        place.at.unwrap_or_else(|| before() + place.line + 1)
    }

    /// The file and line of the first reject of a reason.
    pub fn first_of(&self, reason: RejectReason) -> Option<(&str, u64)> {
        let reported = self.reasons.iter().find(|reported| reported.reason == reason)?;
        Some((self.names.get(reported.of.first.0 as usize)?, reported.line))
    }

    /// Where in its line the first of a reason is wrong, and why, as what follows on the place of the line.
    pub fn cause_of(&self, reason: RejectReason) -> Option<String> {
        let (cause, origin) = self.reasons.iter().find(|reported| reported.reason == reason)?.of.cause?;
        Some(cause.after_line(origin))
    }

    /// Writes the lines as NDJSON: file, line, byte offset, reason, and the line. The line is text,
    /// or hexadecimal digits if it is not UTF-8.
    ///
    /// **Cost**: memory for the rejected lines of one block.
    ///
    /// # Errors
    ///
    /// Those of the writer and of the spool file.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        for of_block in self.runs.chunk_by(|a, b| a.0 == b.0) {
            bytes.clear();
            for (_, start, length) in of_block {
                self.spool.seek(SeekFrom::Start(*start))?;
                (&mut self.spool).take(*length).read_to_end(&mut bytes)?;
            }
            let Some(((file, block), ..)) = of_block.first() else { continue };
            let before = self.lines_before.get(&(*file, *block)).copied().unwrap_or(0);
            let mut rest = bytes.as_slice();
            let mut lines = Vec::new();
            while let Some(kept) = SpooledReject::split_off(&mut rest) {
                lines.push(kept);
            }
            // The sort is stable, so records of one batch line stay in their order.
            lines.sort_by_key(|kept| kept.line);
            for kept in lines {
                let text = std::str::from_utf8(kept.bytes).ok();
                let reason = RejectReason::ALL.get(kept.reason as usize).copied();
                let is_whole = kept.length <= kept.bytes.len() as u64;
                let cause = reason.filter(|_| is_whole).and_then(|reason| cause_of(reason, kept.row, kept.bytes));
                let position = cause.and_then(|cause| cause.position);
                let written = RejectRecord {
                    file: self.names.get(*file as usize).map(String::as_str),
                    line: if kept.at > 0 { kept.at } else { before + kept.line + 1 },
                    offset: kept.offset,
                    reason: reason.map_or("", RejectReason::code),
                    column: position.and_then(|position| {
                        if let CausePosition::Column(column) = position { Some(column) } else { None }
                    }),
                    byte: position
                        .and_then(|position| if let CausePosition::Byte(byte) = position { Some(byte) } else { None }),
                    cause: cause.map(|cause| cause.to_string()),
                    length: (kept.length > kept.bytes.len() as u64).then_some(kept.length),
                    text,
                    hex: text.is_none().then(|| pql_model::hex(kept.bytes)),
                };
                serde_json::to_writer(&mut *out, &written)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }
}

/// A line in the spool.
struct SpooledReject<'k> {
    line: u64,
    /// 0 if the line is counted from the blocks.
    at: u64,
    offset: u64,
    reason: u64,
    row: [u64; 2],
    length: u64,
    bytes: &'k [u8],
}

impl<'k> SpooledReject<'k> {
    /// Takes the first line off a byte string.
    fn split_off(rest: &mut &'k [u8]) -> Option<SpooledReject<'k>> {
        let mut number = || {
            let (first, after) = rest.split_first_chunk::<8>()?;
            *rest = after;
            Some(u64::from_le_bytes(*first))
        };
        let (line, at, offset, reason) = (number()?, number()?, number()?, number()?);
        let (row, length) = ([number()?, number()?], number()?);
        let count = usize::try_from(number()?).ok()?;
        let (bytes, after) = rest.split_at_checked(count)?;
        *rest = after;
        Some(SpooledReject { line, at, offset, reason, row, length, bytes })
    }
}
