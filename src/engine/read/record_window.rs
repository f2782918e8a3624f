//! A moving window over a stream, for formats whose records do not end with lines.
//!
//! Takes a [`DecompressedStream`], gives its bytes from a cursor on, with the line and the offset
//! of the cursor. Invariant: it holds no more than one record of the maximum length and one read.

use super::{BlockLimits, LONG_LINE_KEPT_BYTES, ReadError, sniff::UTF8_MARK, stream::DecompressedStream};

/// The most bytes of one read. The space for them is filled with zeros first, and most tables are small.
const STEP_BYTES: usize = 64 << 10;

/// Finds where a record ends, in pieces of any size.
pub(super) trait RecordScan {
    /// Continues after the bytes of the last call. Returns the number of bytes that belong to the
    /// record if it ends among them.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize>;
}

/// A record that begins at the cursor.
pub(super) enum RecordFrame {
    /// The record is in the window; its length in bytes.
    Whole(usize),
    /// The record is over the limit, and the cursor is after it already. Its beginning and its
    /// length in bytes.
    Oversized(Vec<u8>, u64),
    /// The stream ends within the record; the number of bytes until then.
    Unterminated(usize),
    /// The stream ends within it, far over the limit; as [`RecordFrame::Oversized`].
    OversizedUnterminated(Vec<u8>, u64),
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

    /// The bytes of the window from the cursor on.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).expect("the cursor is inside the window")
    }

    /// The most bytes of a record.
    pub(super) fn line_bytes_max(&self) -> usize {
        self.limits.line_bytes_max
    }

    pub(super) fn name(&self) -> &str {
        self.stream.name()
    }

    /// Moves the cursor forward.
    pub(super) fn pass(&mut self, count: usize) {
        let passed = self.rest().get(..count).expect("the cursor stays inside the window");
        let (lines, count) = (memchr::memchr_iter(b'\n', passed).count(), passed.len());
        self.line += lines as u64;
        self.offset += count as u64;
        self.at += count;
    }

    /// Reads until the window has a number of bytes or the stream has ended.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`].
    pub(super) fn fill(&mut self, want: usize) -> Result<(), ReadError> {
        while self.rest().len() < want && self.more()? {}
        Ok(())
    }

    /// Passes over a byte order mark, as stands where files were joined; `true` if there is one at the cursor.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`].
    pub(super) fn skip_mark(&mut self) -> Result<bool, ReadError> {
        self.fill(UTF8_MARK.len())?;
        let found = self.rest().starts_with(&UTF8_MARK);
        self.pass(if found { UTF8_MARK.len() } else { 0 });
        Ok(found)
    }

    /// Reads one step further; `false` at the end of the stream.
    fn more(&mut self) -> Result<bool, ReadError> {
        if self.ended {
            return Ok(false);
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let have = self.bytes.len();
        self.bytes.resize(have + self.limits.block_bytes.min(STEP_BYTES), 0);
        let got = self.stream.read(&mut self.bytes[have..])?;
        self.bytes.truncate(have + got);
        self.ended = got == 0;
        Ok(!self.ended)
    }

    /// Skips bytes that pass a test; returns the byte after them, `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`].
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
    /// Those of [`DecompressedStream::read`].
    pub(super) fn frame(&mut self, scan: &mut impl RecordScan) -> Result<RecordFrame, ReadError> {
        let mut seen = 0;
        loop {
            if let Some(end) = scan.scan(&self.rest()[seen..]) {
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

    /// Skips the rest of a record over the limit that fills the window.
    fn frame_long(&mut self, scan: &mut impl RecordScan) -> Result<RecordFrame, ReadError> {
        let kept = self.beginning();
        let mut length = 0;
        loop {
            let part = self.rest().len();
            self.pass(part);
            length += part as u64;
            if !self.more()? {
                return Ok(RecordFrame::OversizedUnterminated(kept, length));
            }
            if let Some(end) = scan.scan(self.rest()) {
                self.pass(end);
                return Ok(RecordFrame::Oversized(kept, length + end as u64));
            }
        }
    }

    /// The bytes kept of a record over the limit.
    fn beginning(&self) -> Vec<u8> {
        self.rest().get(..LONG_LINE_KEPT_BYTES).unwrap_or(self.rest()).to_vec()
    }

    /// Closes the stream after its last byte.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::finish`].
    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.stream.finish()?;
        Ok(self.stream)
    }
}
