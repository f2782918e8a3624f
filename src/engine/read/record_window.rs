//! A moving window over a stream, for formats whose records do not end where lines do.
//!
//! Takes a [`Stream`], gives its bytes from a cursor on, with the line and the offset of the cursor. Invariant: it holds no more than one
//! record of the longest length allowed and one read.

use super::{BlockLimits, LONG_LINE_KEPT_BYTES, ReadError, stream::DecompressedStream};

/// Finds where a record ends, in pieces of any size.
pub(super) trait RecordScan {
    /// Goes on over the bytes that follow those of the last call; gives how many of them belong to the record if it ends among them.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize>;
}

/// A record that begins at the cursor.
pub(super) enum RecordFrame {
    /// It is in the window, and so long; bytes.
    Whole(usize),
    /// It is over the limit; the cursor is after it already. Its beginning, and how long it is; bytes.
    Oversized(Vec<u8>, u64),
    /// The stream ends within it, so many bytes on.
    Unterminated(usize),
}

/// Bytes of a stream from a cursor on.
pub(super) struct RecordWindow {
    stream: DecompressedStream,
    limits: BlockLimits,
    bytes: Vec<u8>,
    at: usize,
    /// Offset of the cursor; decompressed bytes.
    pub(super) offset: u64,
    /// Line that the cursor is in, from 1.
    pub(super) line: u64,
    ended: bool,
}

impl RecordWindow {
    pub(super) fn new(stream: DecompressedStream, limits: BlockLimits) -> Self {
        let offset = stream.good_bytes();
        Self { stream, limits: limits.clamped(), bytes: Vec::new(), at: 0, offset, line: 1, ended: false }
    }

    /// Size at which a block is full; bytes.
    pub(super) fn block_bytes(&self) -> usize {
        self.limits.block_bytes
    }

    /// What is in the window from the cursor on.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.stream.name()
    }

    /// Moves the cursor on.
    pub(super) fn pass(&mut self, count: usize) {
        let passed = self.rest().get(..count).unwrap_or_default();
        let (lines, count) = (memchr::memchr_iter(b'\n', passed).count(), passed.len());
        self.line += lines as u64;
        self.offset += count as u64;
        self.at += count;
    }

    /// Reads on until so many bytes are in the window or the stream has ended.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::read`].
    pub(super) fn fill(&mut self, want: usize) -> Result<(), ReadError> {
        while self.rest().len() < want && self.more()? {}
        Ok(())
    }

    /// Reads one step further; `false` at the end of the stream.
    fn more(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let have = self.bytes.len();
        self.bytes.resize(have + self.limits.block_bytes, 0);
        let got = self.stream.read(self.bytes.get_mut(have..).unwrap_or_default())?;
        self.bytes.truncate(have + got);
        self.ended = got == 0;
        Ok(!self.ended)
    }

    /// Moves the cursor over bytes of some kinds; gives the byte after them, `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::read`].
    pub(super) fn skip(&mut self, skipped: fn(u8) -> bool) -> Result<Option<u8>, ReadError> {
        loop {
            let rest = self.rest();
            let found = rest.iter().position(|byte| !skipped(*byte));
            let next = found.and_then(|at| rest.get(at).copied());
            self.pass(found.unwrap_or(self.rest().len()));
            if next.is_some() || !self.more()? {
                return Ok(next);
            }
        }
    }

    /// Finds the end of the record that begins at the cursor.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::read`].
    pub(super) fn frame(&mut self, scan: &mut impl RecordScan) -> Result<RecordFrame, ReadError> {
        let mut seen = 0;
        loop {
            if let Some(end) = scan.scan(self.rest().get(seen..).unwrap_or_default()) {
                let length = seen + end;
                if length <= self.limits.line_bytes_max {
                    return Ok(RecordFrame::Whole(length));
                }
                let kept = self.beginning();
                self.pass(length);
                return Ok(RecordFrame::Oversized(kept, length as u64));
            }
            seen = self.rest().len();
            if seen > self.limits.line_bytes_max {
                return self.frame_long(scan);
            }
            if !self.more()? {
                return Ok(RecordFrame::Unterminated(seen));
            }
        }
    }

    /// Passes over the rest of a record over the limit, all of the window being part of it.
    fn frame_long(&mut self, scan: &mut impl RecordScan) -> Result<RecordFrame, ReadError> {
        let kept = self.beginning();
        let mut length = 0;
        loop {
            let part = self.rest().len();
            self.pass(part);
            length += part as u64;
            if !self.more()? {
                return Ok(RecordFrame::Oversized(kept, length));
            }
            if let Some(end) = scan.scan(self.rest()) {
                self.pass(end);
                return Ok(RecordFrame::Oversized(kept, length + end as u64));
            }
        }
    }

    /// What is kept of a record over the limit.
    fn beginning(&self) -> Vec<u8> {
        self.rest().get(..LONG_LINE_KEPT_BYTES).unwrap_or(self.rest()).to_vec()
    }

    /// Closes the stream after its last byte.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::finish`].
    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.stream.finish()?;
        Ok(self.stream)
    }
}
