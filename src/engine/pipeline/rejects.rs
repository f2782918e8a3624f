//! Lines that were rejected: counted, and kept until they are written.
//!
//! Takes them from any worker, gives them in the order of files and lines. Invariant: memory grows with blocks and not with lines, however many are
//! rejected, since a file of gigabytes of bad lines may be a few kilobytes when it is compressed.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read, Seek, SeekFrom, Write},
    sync::Mutex,
};

use serde::Serialize;
use tempfile::SpooledTempFile;

use super::lock_ignoring_poison;
use crate::decode::{RejectReason, format::DetectedFormat};

/// Bytes of rejected lines that are kept in memory; more go to an unnamed file.
const BYTES_IN_MEMORY: usize = 16 << 20;

/// A line that was rejected.
#[derive(Debug, Clone, Copy)]
pub(super) struct RejectEntry {
    pub(super) file: u32,
    pub(super) block: u32,
    /// Of its block, from 0.
    pub(super) line: u64,
    /// Of its file, from 1, where it does not follow from the lines before it.
    pub(super) at: Option<u64>,
    pub(super) offset: u64,
    pub(super) reason: RejectReason,
    /// Its whole length, where not all of it is kept.
    pub(super) length: u64,
}

/// The block of a line: its file, and its number there.
type BlockKey = (u32, u32);

/// The file, block and line of a reject, and its line in the file where that does not follow from the lines before it.
type RejectPosition = (u32, u32, u64, Option<u64>);

/// What is known of rejects while workers run.
#[derive(Debug, Default)]
pub(super) struct RejectCollector {
    inner: Mutex<RejectBuffer>,
}

#[derive(Debug)]
struct RejectBuffer {
    /// Counts with the first place, in the order of [`Reason::ALL`].
    reasons: Vec<(u64, RejectPosition)>,
    /// Kept lines of blocks that are not done.
    open: HashMap<BlockKey, Vec<u8>>,
    /// Kept lines of blocks that are done: where they begin and how many bytes they take.
    runs: Vec<(BlockKey, u64, u64)>,
    spool: SpooledTempFile,
    spooled: u64,
    /// How many lines each block has.
    block_lines: HashMap<BlockKey, u64>,
}

impl Default for RejectBuffer {
    fn default() -> Self {
        RejectBuffer {
            reasons: vec![(0, (u32::MAX, u32::MAX, u64::MAX, None)); RejectReason::ALL.len()],
            open: HashMap::new(),
            runs: Vec::new(),
            spool: SpooledTempFile::new(BYTES_IN_MEMORY),
            spooled: 0,
            block_lines: HashMap::new(),
        }
    }
}

impl RejectBuffer {
    /// Moves the kept lines of a block out of memory.
    fn spool(&mut self, block: BlockKey, bytes: &[u8]) -> io::Result<()> {
        self.spool.write_all(bytes)?;
        self.runs.push((block, self.spooled, bytes.len() as u64));
        self.spooled += bytes.len() as u64;
        Ok(())
    }
}

impl RejectCollector {
    /// Counts a rejected line, and keeps its bytes if there are any.
    pub(super) fn add(&self, reject: RejectEntry, bytes: Option<&[u8]>) -> io::Result<()> {
        let mut inner = lock_ignoring_poison(&self.inner);
        let place = (reject.file, reject.block, reject.line, reject.at);
        let reason = reason_index(reject.reason);
        if let Some(known) = inner.reasons.get_mut(reason) {
            *known = (known.0 + 1, known.1.min(place));
        }
        if let Some(bytes) = bytes {
            let open = inner.open.entry((reject.file, reject.block)).or_default();
            for number in
                [reject.line, reject.at.unwrap_or(0), reject.offset, reason as u64, reject.length, bytes.len() as u64]
            {
                open.extend(number.to_le_bytes());
            }
            open.extend(bytes);
        }
        Ok(())
    }

    /// Notes that a block is done, and how many lines it had.
    ///
    /// **Errors**: of the file in which rejects are kept.
    pub(super) fn end_block(&self, file: u32, index: u32, lines: u64) -> io::Result<()> {
        let mut inner = lock_ignoring_poison(&self.inner);
        inner.block_lines.insert((file, index), lines);
        match inner.open.remove(&(file, index)) {
            Some(bytes) => inner.spool((file, index), &bytes),
            None => Ok(()),
        }
    }

    /// All of them, when every worker is done.
    ///
    /// **Errors**: of the file in which rejects are kept.
    pub(super) fn finish(self, names: Vec<String>) -> io::Result<RejectedLines> {
        let mut inner = self.inner.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        // What was put aside at the borders of blocks comes after their ends.
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
        let reasons = RejectReason::ALL.iter().zip(&inner.reasons).filter(|(_, (count, _))| *count > 0);
        let reasons = reasons.map(|(reason, (count, first))| (*reason, *count, first.0, line(*first))).collect();
        Ok(RejectedLines { reasons, runs: inner.runs, spool: inner.spool, lines_before, names, formats: Vec::new() })
    }
}

fn reason_index(reason: RejectReason) -> usize {
    RejectReason::ALL.iter().position(|known| *known == reason).unwrap_or(0)
}

/// Lines that were rejected, with their bytes in memory or, if there are many, in an unnamed file.
#[derive(Debug)]
pub struct RejectedLines {
    /// With how many there are, and the file and line of the first; in the order of the documentation.
    reasons: Vec<(RejectReason, u64, u32, u64)>,
    runs: Vec<(BlockKey, u64, u64)>,
    spool: SpooledTempFile,
    lines_before: BTreeMap<BlockKey, u64>,
    names: Vec<String>,
    /// What each file was recognised as; none where there was nothing to recognise.
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
    length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'w str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<String>,
}

impl RejectedLines {
    /// The name of each file and what it was recognised as.
    pub fn formats(&self) -> impl Iterator<Item = (&str, Option<DetectedFormat>)> {
        self.names.iter().map(String::as_str).zip(self.formats.iter().copied())
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.reasons.iter().map(|(_, count, ..)| count).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// By reason, in the order of the documentation.
    pub fn by_reason(&self) -> Vec<(RejectReason, u64)> {
        self.reasons.iter().map(|(reason, count, ..)| (*reason, *count)).collect()
    }

    /// The file and line of the first of a reason.
    pub fn first_of(&self, reason: RejectReason) -> Option<(&str, u64)> {
        let (_, _, file, line) = self.reasons.iter().find(|(known, ..)| *known == reason)?;
        Some((self.names.get(*file as usize)?, *line))
    }

    /// Writes them as NDJSON: file, line, byte offset, reason, and the line as text, or in hexadecimal digits if it is none.
    ///
    /// **Cost**: memory for the rejected lines of one block.
    ///
    /// **Errors**: of the writer, and of the file in which they were kept.
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
            // A stable sort: records of one line, as of a batch, stay in their order.
            lines.sort_by_key(|kept| kept.line);
            for kept in lines {
                let text = std::str::from_utf8(kept.bytes).ok();
                let written = RejectRecord {
                    file: self.names.get(*file as usize).map(String::as_str),
                    line: if kept.at > 0 { kept.at } else { before + kept.line + 1 },
                    offset: kept.offset,
                    reason: RejectReason::ALL.get(kept.reason as usize).map_or("", |reason| reason.code()),
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

/// A line as it was kept.
struct SpooledReject<'k> {
    line: u64,
    /// 0 where it follows from the lines before it.
    at: u64,
    offset: u64,
    reason: u64,
    length: u64,
    bytes: &'k [u8],
}

impl<'k> SpooledReject<'k> {
    /// Takes the first from the front of some.
    fn split_off(rest: &mut &'k [u8]) -> Option<SpooledReject<'k>> {
        let mut number = || {
            let (first, after) = rest.split_first_chunk::<8>()?;
            *rest = after;
            Some(u64::from_le_bytes(*first))
        };
        let (line, at, offset, reason, length) = (number()?, number()?, number()?, number()?, number()?);
        let count = usize::try_from(number()?).ok()?;
        let (bytes, after) = rest.split_at_checked(count)?;
        *rest = after;
        Some(SpooledReject { line, at, offset, reason, length, bytes })
    }
}
