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
    multiline::{self, MultilineRecord},
    record_window::{RecordFrame, RecordScan, RecordWindow},
    sniff::UTF8_MARK,
    stream::DecompressedStream,
};

/// A file whose records are not lines.
pub(super) struct JsonListReader {
    file: u32,
    index: u32,
    window: RecordWindow,
    state: ListState,
    /// The line on which what is open was opened, from 1.
    opened: u64,
    /// Whether the content is a list without its brackets: objects with commas behind them.
    bare: bool,
    /// Records that hold what looks like others.
    multiline: Option<MultilineRecord>,
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
    /// In a list, with the number of objects of an answer around it.
    List { depth: u64 },
    /// After the list of an answer, with the number of objects around it.
    Tail { depth: u64 },
}

impl JsonListReader {
    /// Begins with a content that is a list without its brackets if `bare` says so.
    pub(super) fn new(stream: DecompressedStream, bare: bool, file: u32, limits: BlockLimits) -> Self {
        let window = RecordWindow::new(stream, limits);
        Self {
            file,
            index: 0,
            window,
            state: ListState::Outside,
            opened: 1,
            bare,
            multiline: None,
            count: 0,
            more_pages: false,
            long: None,
        }
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
            (ListState::Outside, Some(byte)) => self.outside(byte, block),
            (ListState::List { depth }, Some(b']')) => {
                self.window.pass(1);
                self.state = if depth > 0 { ListState::Tail { depth } } else { ListState::Outside };
                Ok(true)
            }
            (ListState::List { .. }, Some(b',')) => {
                self.window.pass(1);
                Ok(true)
            }
            (ListState::List { .. }, Some(_)) => self.record(block, RecordEnd::Separator),
            (ListState::Tail { depth }, Some(_)) => self.tail(depth),
        }
    }

    /// The same between lists and records.
    fn outside(&mut self, next: u8, block: &mut LineBlock) -> Result<bool, ReadError> {
        match next {
            b'[' => Ok(self.enter(1, 0)),
            b'{' => {
                self.window.fill(WRAPPER_BYTES_MAX)?;
                match layout::wrapped_list(self.window.rest()) {
                    Some((at, depth)) => {
                        self.more_pages = layout::has_next(&self.window.rest()[..at]);
                        Ok(self.enter(at + 1, depth))
                    }
                    None => self.record(block, RecordEnd::Closed),
                }
            }
            b',' | b']' if self.bare => {
                self.window.pass(1);
                Ok(true)
            }
            b',' if self.count > 0 => {
                self.window.pass(1);
                Ok(true)
            }
            _ if next == UTF8_MARK[0] && self.window.skip_mark()? => Ok(true),
            _ => self.record(block, RecordEnd::LineEnd),
        }
    }

    fn enter(&mut self, count: usize, depth: u64) -> bool {
        self.opened = self.window.line;
        self.window.pass(count);
        self.state = ListState::List { depth };
        true
    }

    /// Adds the record at the cursor to the block, or puts it aside if it is over the limit.
    fn record(&mut self, block: &mut LineBlock, until: RecordEnd) -> Result<bool, ReadError> {
        let place = LineOrigin { line: self.window.line, offset: self.window.offset, ..LineOrigin::default() };
        let mut scan = BracketScan::new(until);
        let frame = self.window.frame(&mut scan)?;
        if scan.is_unclosed {
            self.opened = place.line;
            return Err(self.truncated_error());
        }
        let length = match frame {
            RecordFrame::Whole(length) => length,
            RecordFrame::Unterminated(length) if until == RecordEnd::LineEnd => length,
            RecordFrame::OversizedUnterminated(..) | RecordFrame::Unterminated(_) if until != RecordEnd::LineEnd => {
                // Behind a whole record it is the list that goes on.
                if scan.is_open() {
                    self.opened = place.line;
                }
                return Err(self.truncated_error());
            }
            RecordFrame::Oversized(kept, length) | RecordFrame::OversizedUnterminated(kept, length) => {
                self.count += 1;
                let lines = self.window.line - place.line;
                if lines >= multiline::LINES_ALWAYS_REPORTED {
                    MultilineRecord::note(&mut self.multiline, MultilineRecord::new(place.line, lines));
                }
                self.long = Some((place, kept, length));
                return Ok(true);
            }
            RecordFrame::Unterminated(length) => length,
        };
        self.count += 1;
        let start = block.bytes.len();
        block.bytes.extend_from_slice(self.window.rest()[..length].trim_ascii_end());
        self.window.pass(length);
        let (line, lines) = (place.line, self.window.line - place.line);
        let written = &mut block.bytes[start..];
        // A record begins its line where those inside it are indented.
        if lines > multiline::LINES_CHECKED_MIN && memchr::memmem::find(written, b"\n{").is_some() {
            MultilineRecord::note(&mut self.multiline, MultilineRecord::new(line, lines + 1));
        }
        // A line end inside a record is white space, as this is; inside a text both are as wrong.
        for byte in written.iter_mut().filter(|byte| **byte == b'\n') {
            *byte = b'\r';
        }
        block.bytes.push(b'\n');
        block.origins.push(place);
        Ok(true)
    }

    /// Skips the rest of an answer after its list, given the number of objects that are still open.
    fn tail(&mut self, depth: u64) -> Result<bool, ReadError> {
        match self.window.frame(&mut BracketScan { depth, ..BracketScan::new(RecordEnd::Closed) })? {
            RecordFrame::Whole(length) => {
                self.more_pages |= layout::has_next(&self.window.rest()[..length]);
                self.window.pass(length);
            }
            RecordFrame::Oversized(..) => {}
            RecordFrame::Unterminated(_) | RecordFrame::OversizedUnterminated(..) => return Err(self.truncated_error()),
        }
        self.state = ListState::Outside;
        Ok(true)
    }

    fn truncated_error(&self) -> ReadError {
        ReadError::TruncatedList { name: self.window.name().to_owned(), records: self.count, line: self.opened }
    }

    /// Records that hold what looks like others.
    pub(super) fn multiline(&self) -> Option<MultilineRecord> {
        self.multiline
    }

    /// Whether the last answer in the file says that there are more pages.
    pub(super) fn more_pages(&self) -> bool {
        self.more_pages
    }

    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.window.finish()
    }
}

/// The byte after the last whole object of a line, or of the beginning of one, that goes on with another object.
pub(super) fn objects_end(line: &[u8]) -> Option<usize> {
    // The last end, and the one before, which counts where nothing shows that another object follows.
    let (mut end, mut before) = (None, None);
    let mut at = 0;
    loop {
        let rest = line.get(at..).expect("an object ends inside the line");
        let between = rest.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        at += between;
        let rest = &rest[between..];
        match rest.first() {
            Some(b'{') => {}
            None => return before,
            Some(_) => return None,
        }
        match BracketScan::new(RecordEnd::Closed).scan(rest) {
            Some(length) => at += length,
            None => return end,
        }
        before = end.replace(at);
    }
}

/// Whether a content begins with an object and a comma, as a list does that lost its brackets.
pub(super) fn is_bare(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let end = if head.first() == Some(&b'{') { BracketScan::new(RecordEnd::Closed).scan(head) } else { None };
    end.is_some_and(|end| head[end..].trim_ascii_start().first() == Some(&b','))
}

/// What ends a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordEnd {
    /// A comma or the bracket of the list. Neither is part of the record.
    Separator,
    /// The bracket that closes the record.
    Closed,
    /// The end of the line.
    LineEnd,
}

/// What a closing bracket does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// It closes one inside the record, or none.
    Inside,
    /// It closes the record.
    Done,
    /// It closes the list in which the record is still open.
    ListEnded,
}

/// Counts brackets outside of texts.
///
/// A text ends with its line where the next line goes on as JSON does behind a text, since then a quote is missing, and no line end is in a text of JSON. So what
/// is missing in one record does not turn those after it inside out.
struct BracketScan {
    until: RecordEnd,
    depth: u64,
    /// The open brackets that are square: one bit for each depth, from the lowest on. Brackets deeper than the bits are not distinguished.
    squares: u128,
    in_text: bool,
    escaped: bool,
    /// Whether the list ended, with its bracket, while the record was open.
    is_unclosed: bool,
    /// Whether nothing but white space was met since a line ended inside a text.
    line_ended: bool,
}

impl BracketScan {
    fn new(until: RecordEnd) -> Self {
        Self { until, depth: 0, squares: 0, in_text: false, escaped: false, is_unclosed: false, line_ended: false }
    }

    /// Whether the record is not closed.
    fn is_open(&self) -> bool {
        self.depth > 0 || self.in_text
    }

    fn open(&mut self, byte: u8) {
        if byte == b'[' {
            self.squares |= self.bit();
        } else {
            self.squares &= !self.bit();
        }
        self.depth += 1;
    }

    /// The bit of the bracket that is opened next; 0 if it is deeper than the bits.
    fn bit(&self) -> u128 {
        u32::try_from(self.depth).ok().and_then(|depth| 1_u128.checked_shl(depth)).unwrap_or(0)
    }

    /// Closes the innermost bracket of the kind of a closing one, with all that are open inside it, since one of those is missing its own.
    fn close(&mut self, byte: u8) -> Closing {
        let lowest = self.bit();
        if lowest == 0 {
            self.depth -= 1;
            return Closing::Inside;
        }
        let squares = self.squares & (lowest - 1);
        let of_kind = if byte == b']' { squares } else { (lowest - 1) & !squares };
        if of_kind == 0 {
            // What is open are braces alone, and the list that they are in ends.
            self.is_unclosed = byte == b']' && self.until == RecordEnd::Separator;
            return if self.is_unclosed { Closing::ListEnded } else { Closing::Inside };
        }
        self.depth = u64::from(of_kind.ilog2());
        if self.depth == 0 && self.until == RecordEnd::Closed { Closing::Done } else { Closing::Inside }
    }

    /// Scans the rest of a text; returns the number of bytes.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            self.escaped = false;
            at = 1;
        }
        loop {
            if self.line_ended {
                let rest = &bytes[at..];
                let Some(found) = rest.iter().position(|byte| !byte.is_ascii_whitespace()) else { return bytes.len() };
                at += found;
                self.line_ended = false;
                if matches!(rest.get(found), Some(b'"' | b'}' | b']' | b'{')) {
                    self.in_text = false;
                    return at;
                }
            }
            let rest = &bytes[at..];
            let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', rest) else { return bytes.len() };
            at += found + 1;
            match rest.get(found) {
                Some(b'"') => {
                    self.in_text = false;
                    return at;
                }
                Some(b'\n') => self.line_ended = true,
                _ if at == bytes.len() => {
                    self.escaped = true;
                    return at;
                }
                _ => at += 1,
            }
        }
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
                at += self.text(&bytes[at..]);
            }
            let byte = *bytes.get(at)?;
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.open(byte),
                b'}' | b']' if self.depth > 0 => match self.close(byte) {
                    Closing::Done => return Some(at + 1),
                    Closing::ListEnded => return Some(at),
                    Closing::Inside => {}
                },
                b',' | b']' if self.depth == 0 && self.until == RecordEnd::Separator => return Some(at),
                _ => {}
            }
            at += 1;
        }
    }
}
