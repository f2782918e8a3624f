//! Reads events from a table of delimited text, as lines.
//!
//! Takes a [`DecompressedStream`] that begins with a header row. Gives blocks in which each row is
//! an object on a line, with its place in the file and the original row.
//!
//! Invariant: a cell becomes text, never a number, so that no digit of an id is lost. An empty cell
//! and `\N` are missing. A cell that is a whole JSON object or list becomes that object or list.

use super::{
    BlockLimits, ColumnMapping, LineBlock, LineOrigin, ReadError, TableUse,
    csv_cells::{CsvCells, CsvRowScan},
    json_record::{RowValues, header_error, write_record, write_value},
    layout::HEAD_BYTES_MAX,
    record_window::{RecordFrame, RecordScan, RecordWindow},
    stream::DecompressedStream,
    table_header::TableHeader,
};

/// The possible delimiters.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The number of columns of a Snowplow row. Such rows have no header and are lines of another
/// format.
const SNOWPLOW_COLUMNS: usize = 131;

/// The text that databases write for a missing value.
const NULL: &[u8] = b"\\N";

/// A header row and its delimiter.
pub(super) struct CsvHeader {
    header: TableHeader,
    delimiter: u8,
    /// The names of the columns of a table about users or accounts; empty for one of events.
    keyed_names: Vec<String>,
}

/// A file of rows.
pub(super) struct CsvReader {
    file: u32,
    index: u32,
    window: RecordWindow,
    head: CsvHeader,
    cells: CsvCells,
    is_headed: bool,
    /// A row over the limit that waits for a block of its own.
    long: Option<(LineOrigin, Vec<u8>, u64)>,
}

impl CsvReader {
    /// Detects a header row at the start of the content.
    ///
    /// # Errors
    ///
    /// [`ReadError::UnusableTable`] for a table that holds no events, or whose columns do not show
    /// where the parts of an event are.
    pub(super) fn detect_header(
        head: &[u8],
        naming: &ColumnMapping,
        name: &str,
    ) -> Result<Option<CsvHeader>, ReadError> {
        let mut ends =
            DELIMITERS.map(|delimiter| (delimiter, CsvRowScan::new(delimiter).scan(head).unwrap_or(head.len())));
        let mut cells = CsvCells::default();
        // The delimiter that makes the most cells of the first row; the more common one on a tie.
        ends.sort_by_key(|(delimiter, end)| {
            cells.split(head.get(..*end).unwrap_or_default(), *delimiter);
            std::cmp::Reverse(cells.len())
        });
        let (delimiter, end) = ends[0];
        // A header is never as long as the whole buffer.
        if end == HEAD_BYTES_MAX {
            return Ok(None);
        }
        cells.split(head.get(..end).unwrap_or_default(), delimiter);
        let Some(names) = column_names(&cells, head, naming) else { return Ok(None) };
        let after = head.get(end..).unwrap_or_default();
        match TableHeader::new(&names, naming) {
            Ok(header) => {
                let keyed_names = if naming.table_use == TableUse::Events { Vec::new() } else { names };
                Ok(Some(CsvHeader { header, delimiter, keyed_names }))
            }
            Err(unfit) if naming.table_use != TableUse::Events => Err(header_error(name, &names, unfit)),
            // Text may contain commas, but only a table has the same number in its second row.
            Err(unfit) => {
                let next = CsvRowScan::new(delimiter).scan(after).unwrap_or(after.len());
                cells.split(after.get(..next).unwrap_or_default(), delimiter);
                if next > 0 && cells.len() != names.len() {
                    return Ok(None);
                }
                Err(header_error(name, &names, unfit))
            }
        }
    }

    pub(super) fn new(stream: DecompressedStream, head: CsvHeader, file: u32, limits: BlockLimits) -> Self {
        let window = RecordWindow::new(stream, limits);
        Self { file, index: 0, window, head, cells: CsvCells::default(), is_headed: false, long: None }
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::read`], and [`ReadError::UnclosedQuote`] if the file ends
    /// inside quotes.
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        block.reset(self.file, self.index, self.window.offset);
        while self.long.is_none() && block.bytes.len() < self.window.block_bytes() && self.row(block)? {}
        if let Some((place, kept, length)) = self.long.take_if(|_| block.origins.is_empty()) {
            block.set_long_line(place, kept, length);
        }
        self.index = self.index.saturating_add(1);
        Ok(!block.origins.is_empty() || !block.column_names.is_empty())
    }

    /// Adds the row at the cursor to the block, or sets it aside if it is over the limit; `false`
    /// at the end of the file.
    fn row(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        if self.window.skip(|byte| matches!(byte, b'\r' | b'\n'))?.is_none() {
            return Ok(false);
        }
        let (line, offset) = (self.window.line, self.window.offset);
        let mut scan = CsvRowScan::new(self.head.delimiter);
        let length = match self.window.frame(&mut scan)? {
            RecordFrame::Whole(length) => length,
            RecordFrame::Unterminated(_) | RecordFrame::Oversized(..) if scan.is_in_quotes() => {
                return Err(ReadError::UnclosedQuote { name: self.window.name().to_owned(), line });
            }
            RecordFrame::Unterminated(length) => length,
            RecordFrame::Oversized(kept, length) => {
                self.long = Some((LineOrigin { line, offset, ..LineOrigin::default() }, kept, length));
                return Ok(true);
            }
        };
        if !self.is_headed {
            self.is_headed = true;
            block.column_names.clone_from(&self.head.keyed_names);
            self.window.pass(length);
            return Ok(true);
        }
        let row = self.window.rest().get(..length).unwrap_or_default();
        self.cells.split(row, self.head.delimiter);
        let start = block.stored.len();
        block.stored.extend_from_slice(row.strip_suffix(b"\n").unwrap_or(row).trim_ascii_end());
        let written = block.bytes.len();
        let (cells, columns) = (self.cells.len(), self.head.header.columns);
        if cells != columns && !self.head.keyed_names.is_empty() {
            return Err(ReadError::RaggedRow { name: self.window.name().to_owned(), line, cells, columns });
        }
        let broken =
            if cells == columns { write_record(&mut block.bytes, &self.head.header, &self.cells) } else { true };
        if broken {
            block.bytes.truncate(written);
            block.bytes.extend_from_slice(b"{}");
        }
        block.bytes.push(b'\n');
        block.origins.push(LineOrigin { line, offset, stored: Some(start..block.stored.len()), broken });
        self.window.pass(length);
        Ok(true)
    }

    pub(super) fn finish(self) -> Result<DecompressedStream, ReadError> {
        self.window.finish()
    }
}

/// The names in a header row; none if the cells do not look like names.
fn column_names(cells: &CsvCells, head: &[u8], naming: &ColumnMapping) -> Option<Vec<String>> {
    let is_keyed = naming.table_use != TableUse::Events;
    if cells.len() < 2 && !is_keyed {
        return None;
    }
    let names: Option<Vec<String>> =
        cells.iter().map(|cell| std::str::from_utf8(cell).ok().map(|name| name.trim().to_owned())).collect();
    let names = names?;
    // A table that is named as one has any names, as long as it is no JSON.
    if is_keyed {
        let is_json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
        return (!is_json).then_some(names);
    }
    let is_name = |name: &String| {
        let begins = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '@' | '(' | '['));
        name.is_empty()
            || (begins && name.len() <= 256 && !name.contains(['{', '"', '\n', '\r']) && !name.starts_with("[{"))
    };
    // A first row of Snowplow has the same number of cells but is data.
    let snowplow = names.len() == SNOWPLOW_COLUMNS && !names.iter().any(|name| name == "collector_tstamp");
    (names.iter().all(is_name) && names.iter().any(|name| !name.is_empty()) && !snowplow).then_some(names)
}

impl RowValues for CsvCells {
    fn write(&self, column: usize, out: &mut Vec<u8>) -> bool {
        let cell = self.get(column);
        if cell.is_empty() || cell == NULL {
            return false;
        }
        write_value(out, cell);
        true
    }
}
