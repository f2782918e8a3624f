//! Events in a table of delimited text, as lines.
//!
//! Takes a [`DecompressedStream`] that begins with a header row, gives blocks in which each row is an object on a line, with its place in the file and the
//! row as it stands there.
//!
//! Invariant: a cell becomes text, never a number, so that no digit of an id is lost; an empty cell, and `\N`, is nothing; a cell that is a
//! whole JSON object or list is that object or list. A row without any cell, and a header row that comes again where tables were joined, is a blank line.

use super::{
    BlockLimits, ColumnMapping, LineBlock, LineOrigin, ReadError, RowFault, TableUse,
    csv_cells::{CsvCells, CsvRowScan},
    csv_dialect::{self, CsvHeader},
    json_record::{RowValues, write_record, write_value},
    missing_column::MissingColumn,
    multiline::{self, MultilineRecord},
    record_window::{RecordFrame, RecordWindow},
    sniff::UTF8_MARK,
    stream::DecompressedStream,
    table_header::{CellRole, RecordNode, TableHeader},
};

/// What databases write for a value that is not there.
const NULL: &[u8] = b"\\N";

/// A row over the limit with at least this many lines is no row: a quote was not closed.
const LONG_LINES_MIN: u64 = 10;

/// A file of rows.
pub(super) struct CsvReader {
    file: u32,
    index: u32,
    window: RecordWindow,
    naming: ColumnMapping,
    head: CsvHeader,
    /// The column of the time, in which header rows have no time.
    time: Option<usize>,
    cells: CsvCells,
    is_headed: bool,
    /// Cells that span enough lines to be rows that were swallowed.
    multiline: Option<MultilineRecord>,
    /// A row over the limit that waits for a block of its own.
    long: Option<(LineOrigin, Vec<u8>, u64)>,
}

impl CsvReader {
    pub(super) fn new(
        stream: DecompressedStream,
        head: CsvHeader,
        naming: &ColumnMapping,
        file: u32,
        limits: BlockLimits,
    ) -> Self {
        let window = RecordWindow::new(stream, limits);
        let time = time_of(&head.header);
        let (naming, cells) = (naming.clone(), CsvCells::default());
        Self { file, index: 0, window, naming, head, time, cells, is_headed: false, multiline: None, long: None }
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// True if the rows are about users or accounts and not events.
    fn is_keyed(&self) -> bool {
        self.naming.table_use.is_keyed()
    }

    /// Columns that the model names and the header row does not.
    pub(super) fn missing_columns(&self) -> &[MissingColumn] {
        &self.head.header.missing
    }

    /// Cells that span enough lines to be rows that were swallowed.
    pub(super) fn multiline(&self) -> Option<MultilineRecord> {
        self.multiline
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`], [`ReadError::UnclosedQuote`] where the file ends inside quotes, and [`ReadError::OversizedCell`].
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        block.reset(self.file, self.index, self.window.offset);
        while self.long.is_none() && block.bytes.len() < self.window.block_bytes() && self.row(block)? {}
        if let Some((place, kept, length)) = self.long.take_if(|_| block.origins.is_empty()) {
            block.set_long_line(place, kept, length);
        }
        self.index = self.index.saturating_add(1);
        Ok(!block.origins.is_empty() || !block.column_names.is_empty())
    }

    /// Adds the row at the cursor to the block, or puts it aside if it is over the limit; `false` at the end of the file.
    fn row(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        if !self.is_headed {
            // A byte order mark may still come between what was passed and the header row.
            let before = std::mem::take(&mut self.head.before);
            self.window.fill(before)?;
            self.window.pass(before);
        }
        let Some(first) = self.window.skip(|byte| matches!(byte, b'\r' | b'\n'))? else { return Ok(false) };
        if first == UTF8_MARK[0] && self.window.skip_mark()? {
            return Ok(true);
        }
        let (line, offset) = (self.window.line, self.window.offset);
        let Some(length) = self.frame(line, offset)? else {
            return if self.is_headed { Ok(true) } else { Err(self.oversized_header()) };
        };
        if !self.is_headed {
            self.is_headed = true;
            if self.naming.table_use != TableUse::Events {
                block.column_names.clone_from(&self.head.names);
            }
            self.window.pass(length);
            return Ok(true);
        }
        let start = block.stored.len();
        let row = &self.window.rest()[..length];
        self.cells.split(row, self.head.delimiter);
        block.stored.extend_from_slice(row.strip_suffix(b"\n").unwrap_or(row).trim_ascii_end());
        let stored = start..block.stored.len();
        let broken = self.write(block, stored.start);
        if let Some(RowFault::Cells { found: cells, expected: columns }) = broken.filter(|_| self.is_keyed()) {
            return Err(ReadError::RaggedRow { name: self.window.name().to_owned(), line, cells, columns });
        }
        block.bytes.push(b'\n');
        block.origins.push(LineOrigin { line, offset, stored: Some(stored.clone()), broken });
        self.window.pass(length);
        let lines = self.window.line - line;
        if lines > multiline::LINES_CHECKED_MIN {
            let row = &block.stored[stored];
            self.look_at_spread(row.to_vec(), MultilineRecord::new(line, lines));
        }
        Ok(true)
    }

    #[cold]
    fn oversized_header(&self) -> ReadError {
        csv_dialect::oversized_header(self.window.name(), self.window.line_bytes_max())
    }

    /// Finds the end of the row at the cursor; none, with the cursor after it, if it is over the limit.
    fn frame(&mut self, line: u64, offset: u64) -> Result<Option<usize>, ReadError> {
        let mut scan = CsvRowScan::new(self.head.delimiter);
        let name = |window: &RecordWindow| window.name().to_owned();
        match self.window.frame(&mut scan)? {
            RecordFrame::Whole(length) => Ok(Some(length)),
            RecordFrame::Unterminated(_) | RecordFrame::OversizedUnterminated(..) if scan.is_in_quotes() => {
                Err(ReadError::UnclosedQuote { name: name(&self.window), line })
            }
            RecordFrame::Unterminated(length) => Ok(Some(length)),
            RecordFrame::Oversized(kept, length) | RecordFrame::OversizedUnterminated(kept, length) => {
                let lines = self.window.line - line;
                if lines >= LONG_LINES_MIN {
                    return Err(ReadError::OversizedCell { name: name(&self.window), line, lines });
                }
                self.long = Some((LineOrigin { line, offset, ..LineOrigin::default() }, kept, length));
                Ok(None)
            }
        }
    }

    /// Writes the row that was split as an object, or as nothing; gives why it is neither.
    fn write(&mut self, block: &mut LineBlock, stored: usize) -> Option<RowFault> {
        if self.is_unusual() {
            let row = &block.stored[stored..];
            if self.is_nothing(row) {
                return None;
            }
        }
        let (found, written) = (self.cells.len(), block.bytes.len());
        let fault = if found == self.head.header.columns {
            write_record(&mut block.bytes, &self.head.header, &self.cells).map(|column| RowFault::NoObject { column })
        } else {
            Some(RowFault::Cells { found, expected: self.head.header.columns })
        };
        if fault.is_some() {
            block.bytes.truncate(written);
            block.bytes.extend_from_slice(b"{}");
        }
        fault
    }

    /// Whether a row may be no row of data; few are.
    fn is_unusual(&self) -> bool {
        self.cells.get(0).trim_ascii().is_empty() || self.may_be_header()
    }

    /// Whether a row has the form of a header row rather than of data: other columns, a name in its first cell, or no time where that belongs.
    fn may_be_header(&self) -> bool {
        let first = self.cells.get(0);
        let no_time = |time: usize| self.cells.get(time).first().is_none_or(|byte| !byte.is_ascii_digit());
        self.cells.len() != self.head.header.columns
            || self.head.names.first().is_some_and(|name| name.as_bytes() == first)
            || self.time.is_some_and(no_time)
    }

    /// Whether a row is none of data: it has no cell that holds anything, or it is a header row, or the line that names its delimiter. What a header row
    /// says holds for the rows after it.
    fn is_nothing(&mut self, row: &[u8]) -> bool {
        if self.cells.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return true;
        }
        if !self.may_be_header() {
            return false;
        }
        let same = |(cell, name): (&[u8], &String)| cell.trim_ascii() == name.as_bytes();
        if self.cells.len() == self.head.names.len() && self.cells.iter().zip(&self.head.names).all(same) {
            return true;
        }
        if csv_dialect::stated_delimiter(row).is_some() {
            return true;
        }
        // In a table about users or accounts, or of unknown columns, any row may have the form of a header row.
        if self.naming.table_use != TableUse::Events {
            return false;
        }
        match csv_dialect::repeated_header_row(row, &self.naming) {
            Some(head) => {
                self.time = time_of(&head.header);
                self.head = head;
                true
            }
            None => false,
        }
    }

    /// Notes a row of many lines, if these look like rows.
    fn look_at_spread(&mut self, row: Vec<u8>, found: MultilineRecord) {
        let columns = self.head.header.columns;
        let mut cells = CsvCells::default();
        let lines = row.split(|byte| *byte == b'\n').skip(1);
        let mut as_row = |line: &[u8]| {
            cells.split(line, self.head.delimiter);
            cells.len() == columns
        };
        let alike = lines.filter(|line| as_row(line)).count() as u64;
        if found.lines >= multiline::LINES_ALWAYS_REPORTED || (columns >= 3 && alike * 2 >= found.lines - 1) {
            MultilineRecord::note(&mut self.multiline, found);
        }
    }

    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.window.finish()
    }
}

/// The column of the time.
fn time_of(header: &TableHeader) -> Option<usize> {
    fn find(keys: &[(Vec<u8>, RecordNode)]) -> Option<usize> {
        keys.iter().find_map(|(_, node)| match node {
            RecordNode::Cell(column, CellRole::Time) => Some(*column),
            RecordNode::Cell(..) => None,
            RecordNode::Object(below) => find(below),
        })
    }
    find(&header.root)
}

impl RowValues for CsvCells {
    const TYPED: bool = false;

    fn write(&self, column: usize, out: &mut Vec<u8>) -> bool {
        let cell = self.get(column);
        if cell.is_empty() || cell == NULL {
            return false;
        }
        write_value(out, cell);
        true
    }
}
