//! Reads records of a JSON list, or of objects printed over several lines, as lines.
//!
//! Takes a [`DecompressedStream`] that holds one of these, or several one after another:
//!
//! - a list `[{…}, {…}]`,
//! - an API response such as `{"results": [{…}], "next": null}`,
//! - objects with line ends inside.
//!
//! Gives blocks in which each record is a line, with its place in the file.
//!
//! Invariant: it splits by brackets, quotes and commas alone. Each piece between two commas is a
//! line for the decoder, which reports the faults.

use super::{
    BlockLimits, LineBlock, LineOrigin, ReadError,
    layout::{self, WRAPPER_BYTES_MAX},
    record_window::{RecordFrame, RecordScan, RecordWindow},
    stream::DecompressedStream,
};

/// A file whose records are not lines.
pub(super) struct JsonListReader {
    file: u32,
    index: u32,
    window: RecordWindow,
    state: ListState,
    /// The number of records so far.
    count: u64,
    /// True if the last API response announces more pages.
    more_pages: bool,
    /// A record over the limit that waits for a block of its own.
    long: Option<(LineOrigin, Vec<u8>, u64)>,
}

/// The position of the cursor in the structure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListState {
    /// Between separate records, lists and responses.
    Outside,
    /// In a list, which may be part of a response.
    List { wrapped: bool },
    /// After the list of a response.
    Tail,
}

impl JsonListReader {
    pub(super) fn new(stream: DecompressedStream, file: u32, limits: BlockLimits) -> Self {
        let window = RecordWindow::new(stream, limits);
        Self { file, index: 0, window, state: ListState::Outside, count: 0, more_pages: false, long: None }
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`], and [`ReadError::TruncatedList`] if the file ends
    /// inside a list or a record.
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        block.reset(self.file, self.index, self.window.offset);
        while self.long.is_none() && block.bytes.len() < self.window.block_bytes() && self.step(block)? {}
        if let Some((place, kept, length)) = self.long.take_if(|_| block.origins.is_empty()) {
            block.set_long_line(place, kept, length);
        }
        self.index = self.index.saturating_add(1);
        Ok(!block.origins.is_empty())
    }

    /// Advances by one record or bracket; `false` at the end of the file.
    fn step(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        let next = self.window.skip(|byte| byte.is_ascii_whitespace())?;
        match (self.state, next) {
            (ListState::Outside, None) => Ok(false),
            (_, None) => Err(self.truncated_error()),
            (ListState::Outside, Some(b'[')) => Ok(self.enter(1, false)),
            (ListState::Outside, Some(b'{')) => {
                self.window.fill(WRAPPER_BYTES_MAX)?;
                match layout::wrapped_list(self.window.rest()) {
                    Some(at) => {
                        self.more_pages = layout::has_next(self.window.rest().get(..at).unwrap_or_default());
                        Ok(self.enter(at + 1, true))
                    }
                    None => self.record(block, RecordEnd::Closed),
                }
            }
            (ListState::Outside, Some(_)) => self.record(block, RecordEnd::LineEnd),
            (ListState::List { wrapped }, Some(b']')) => {
                self.window.pass(1);
                self.state = if wrapped { ListState::Tail } else { ListState::Outside };
                Ok(true)
            }
            (ListState::List { .. }, Some(b',')) => {
                self.window.pass(1);
                Ok(true)
            }
            (ListState::List { .. }, Some(_)) => self.record(block, RecordEnd::Separator),
            (ListState::Tail, Some(_)) => self.tail(),
        }
    }

    fn enter(&mut self, count: usize, wrapped: bool) -> bool {
        self.window.pass(count);
        self.state = ListState::List { wrapped };
        true
    }

    /// Adds the record at the cursor to the block, or sets it aside if it is over the limit.
    fn record(&mut self, block: &mut LineBlock, until: RecordEnd) -> Result<bool, ReadError> {
        let place = LineOrigin { line: self.window.line, offset: self.window.offset, ..LineOrigin::default() };
        let length = match self.window.frame(&mut BracketScan::new(until))? {
            RecordFrame::Whole(length) => length,
            RecordFrame::Unterminated(length) if until == RecordEnd::LineEnd => length,
            RecordFrame::Unterminated(_) => return Err(self.truncated_error()),
            RecordFrame::Oversized(kept, length) => {
                self.count += 1;
                self.long = Some((place, kept, length));
                return Ok(true);
            }
        };
        self.count += 1;
        let start = block.bytes.len();
        block.bytes.extend_from_slice(self.window.rest().get(..length).unwrap_or_default().trim_ascii_end());
        // A line end inside a record is white space, like its replacement. Inside a text both are
        // errors.
        for byte in block.bytes.iter_mut().skip(start).filter(|byte| **byte == b'\n') {
            *byte = b'\r';
        }
        block.bytes.push(b'\n');
        block.origins.push(place);
        self.window.pass(length);
        Ok(true)
    }

    /// Skips the rest of a response after its list.
    fn tail(&mut self) -> Result<bool, ReadError> {
        match self.window.frame(&mut BracketScan { depth: 1, ..BracketScan::new(RecordEnd::Closed) })? {
            RecordFrame::Whole(length) => {
                self.more_pages |= layout::has_next(self.window.rest().get(..length).unwrap_or_default());
                self.window.pass(length);
            }
            RecordFrame::Oversized(..) => {}
            RecordFrame::Unterminated(_) => return Err(self.truncated_error()),
        }
        self.state = ListState::Outside;
        Ok(true)
    }

    fn truncated_error(&self) -> ReadError {
        ReadError::TruncatedList { name: self.window.name().to_owned(), records: self.count }
    }

    /// True if the last response in the file announces more pages.
    pub(super) fn more_pages(&self) -> bool {
        self.more_pages
    }

    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.window.finish()
    }
}

/// The end of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordEnd {
    /// A comma or the bracket of the list, neither of which is part of the record.
    Separator,
    /// The bracket that closes the record.
    Closed,
    /// The end of the line.
    LineEnd,
}

/// Counts brackets outside of texts.
struct BracketScan {
    until: RecordEnd,
    depth: u64,
    in_text: bool,
    escaped: bool,
}

impl BracketScan {
    fn new(until: RecordEnd) -> Self {
        Self { until, depth: 0, in_text: false, escaped: false }
    }

    /// Scans the rest of a text; returns the number of bytes.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            self.escaped = false;
            at = 1;
        }
        while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
            at += found + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                self.in_text = false;
                return at;
            }
            if at == bytes.len() {
                self.escaped = true;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }
}

impl RecordScan for BracketScan {
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.until == RecordEnd::LineEnd {
            return memchr::memchr(b'\n', bytes);
        }
        let mut at = 0;
        loop {
            if self.in_text {
                at += self.text(bytes.get(at..).unwrap_or_default());
            }
            let byte = *bytes.get(at)?;
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 && self.until == RecordEnd::Closed {
                        return Some(at + 1);
                    }
                }
                b',' | b']' if self.depth == 0 && self.until == RecordEnd::Separator => return Some(at),
                _ => {}
            }
            at += 1;
        }
    }
}
