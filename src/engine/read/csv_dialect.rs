//! Finds the header row of a table and its delimiter.
//!
//! Takes the beginning of a content, gives the header row that names the parts of events. Title lines and a line `sep=;` for spreadsheets may
//! come before it. Invariant: a content is a table only if a row names columns that events have. Another plain table is an error.

use super::{
    BlockLimits, ColumnMapping, ReadError, TableUse,
    csv_cells::{CsvCells, CsvRowScan},
    json_record::header_error,
    layout::HEAD_BYTES_MAX,
    record_window::RecordScan,
    sniff::UTF8_MARK,
    stream::DecompressedStream,
    table_header::{HeaderError, TableHeader},
};

/// The delimiters to try if a file does not name its own. The last ones are of Hive and of mainframes.
const DELIMITERS: [u8; 7] = [b',', b';', b'\t', b'|', b'\x01', b'^', b'~'];

/// The same in words.
const DELIMITER_WORDS: [&str; 7] = ["commas", "semicolons", "tabs", "bars", "Control-A characters", "carets", "tildes"];

/// The number of columns of a Snowplow row. Such rows have no header row and are lines of another format.
const SNOWPLOW_COLUMNS: usize = 131;

/// The number of rows, without blank ones, among which a header row is looked for.
const ROWS_MAX: usize = 20;

/// Rows with at least this many cells are a table, even without names.
const CELLS_MIN: usize = 3;

/// The number of rows that are examined to recognise a table without names.
const BARE_ROWS_MAX: usize = 5;

/// A header row and its delimiter.
#[derive(Debug)]
pub(super) struct CsvHeader {
    pub(super) header: TableHeader,
    /// The names as they stand in the header row, without white space around them.
    pub(super) names: Vec<String>,
    pub(super) delimiter: u8,
    /// Bytes before the header row.
    pub(super) before: usize,
}

/// A row, judged as a header row.
enum HeaderCandidate {
    Found(Box<CsvHeader>),
    /// It names columns, but not those of events.
    Unfit {
        names: Vec<String>,
        unfit: HeaderError,
        delimiter: u8,
    },
    /// It is not UTF-8 from a byte on, counted from 0.
    NotText(usize),
    NoHeader,
}

/// A row at its place.
#[derive(Clone, Copy)]
struct CandidateRow<'h> {
    bytes: &'h [u8],
    at: usize,
    line: u64,
}

/// The header row of a content, if that is a table.
///
/// # Errors
///
/// [`ReadError::UnusableTable`] for a table that holds no events, or whose columns do not say where they are.
pub(super) fn head_of(
    stream: &mut DecompressedStream,
    naming: &ColumnMapping,
    limits: BlockLimits,
) -> Result<Option<CsvHeader>, ReadError> {
    let head = stream.peek(HEAD_BYTES_MAX)?;
    // A content that begins like an object is no table; most files do.
    if head.trim_ascii_start().first() == Some(&b'{') {
        return Ok(None);
    }
    let line_bytes_max = limits.clamped().line_bytes_max;
    let want = if is_long_header(head, &naming.table_use) {
        line_bytes_max.saturating_add(1).max(HEAD_BYTES_MAX)
    } else {
        HEAD_BYTES_MAX
    };
    let name = stream.name().to_owned();
    let head = stream.peek(want)?;
    TableBeginning { head, naming, name: &name, line_bytes_max, is_cut: head.len() >= want }.find()
}

/// Whether the first row is longer than the examined part and that part names columns.
fn is_long_header(head: &[u8], table_use: &TableUse) -> bool {
    let whole = |delimiter: &u8| head.len() < HEAD_BYTES_MAX || CsvRowScan::new(*delimiter).scan(head).is_some();
    if DELIMITERS.iter().any(whole) {
        return false;
    }
    let mut cells = CsvCells::default();
    DELIMITERS.iter().any(|delimiter| {
        let end = memchr::memrchr(*delimiter, head).unwrap_or_default();
        cells.split(&head[..end], *delimiter);
        cells.len() >= CELLS_MIN && matches!(names_of(&cells, table_use), Ok(Some(_)))
    })
}

/// The names in a header row, if the cells are text that data seldom are. A table about users or accounts may have any names, and one column.
///
/// # Errors
///
/// Cells that are not UTF-8.
fn names_of(cells: &CsvCells, table_use: &TableUse) -> Result<Option<Vec<String>>, std::str::Utf8Error> {
    let is_keyed = table_use.is_keyed();
    if cells.len() < 2 && !is_keyed {
        return Ok(None);
    }
    let names = cells.iter().map(|cell| std::str::from_utf8(cell).map(|name| name.trim().to_owned()));
    let names: Vec<String> = names.collect::<Result<_, _>>()?;
    if is_keyed {
        return Ok(Some(names));
    }
    let is_name = |name: &String| {
        let begins = name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '@' | '(' | '['));
        name.is_empty()
            || (begins && name.len() <= 256 && !name.contains(['{', '"', '\n', '\r']) && !name.starts_with("[{"))
    };
    // A first row of Snowplow has as many cells as this and is data.
    let snowplow = names.len() == SNOWPLOW_COLUMNS && !names.iter().any(|name| name == "collector_tstamp");
    let all = names.iter().all(is_name) && names.iter().any(|name| !name.is_empty()) && !snowplow;
    Ok(all.then_some(names))
}

/// The delimiter that a line names for spreadsheets (`sep=;`), if the line holds nothing else.
pub(super) fn stated_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_end();
    let line = line.strip_prefix(b"\"").map_or(line, |inner| inner.strip_suffix(b"\"").unwrap_or(inner));
    let (key, stated) = line.split_at_checked(4)?;
    let (first, more) = match stated {
        // Its tab is white space at the end of the line.
        [] => (b'\t', [].as_slice()),
        [b'\\', b't'] => (b'\t', [].as_slice()),
        [first, more @ ..] => (*first, more),
    };
    let alone = more.iter().all(|byte| *byte == first) && !first.is_ascii_alphanumeric();
    (key.eq_ignore_ascii_case(b"sep=") && alone).then_some(first)
}

/// The header row that the bytes are as a whole, with any delimiter.
pub(super) fn header_row(row: &[u8], naming: &ColumnMapping) -> Option<CsvHeader> {
    match tried(CandidateRow { bytes: row, at: 0, line: 1 }, &DELIMITERS, naming) {
        HeaderCandidate::Found(head) => Some(*head),
        _ => None,
    }
}

/// The header row that the bytes are as a whole, where tables were joined: it names each part of an event itself. Cells of data may well be called
/// like the columns of a vendor.
pub(super) fn repeated_header_row(row: &[u8], naming: &ColumnMapping) -> Option<CsvHeader> {
    header_row(row, naming).filter(|head| TableHeader::names_event(&head.names, naming))
}

/// Judges the row at the start of the bytes.
fn tried(row: CandidateRow<'_>, delimiters: &[u8], naming: &ColumnMapping) -> HeaderCandidate {
    let mut cells = CsvCells::default();
    let mut ways: Vec<(usize, u8, &[u8])> = Vec::new();
    for delimiter in delimiters {
        let end = CsvRowScan::new(*delimiter).scan(row.bytes).unwrap_or(row.bytes.len());
        let first = &row.bytes[..end];
        cells.split(first, *delimiter);
        ways.push((cells.len(), *delimiter, first));
    }
    // The delimiter that gives the most cells; of equal ones, the commonest.
    ways.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let mut verdict = HeaderCandidate::NoHeader;
    for (count, delimiter, first) in ways {
        cells.split(first, delimiter);
        let tried = match names_of(&cells, &naming.table_use) {
            Ok(None) => continue,
            Ok(Some(names)) => match TableHeader::new(&names, naming) {
                Ok(header) => {
                    return HeaderCandidate::Found(Box::new(CsvHeader { header, names, delimiter, before: row.at }));
                }
                Err(unfit) => HeaderCandidate::Unfit { names, unfit, delimiter },
            },
            Err(_) if count < CELLS_MIN => continue,
            Err(_) => {
                HeaderCandidate::NotText(std::str::from_utf8(first).map_or_else(|error| error.valid_up_to(), str::len))
            }
        };
        if matches!(verdict, HeaderCandidate::NoHeader) {
            verdict = tried;
        }
    }
    verdict
}

/// The error for a header row of more bytes than the limit.
pub(super) fn oversized_header(name: &str, limit: usize) -> ReadError {
    let shown = match limit {
        _ if limit.is_multiple_of(1 << 20) => format!("{} MiB", limit >> 20),
        _ if limit.is_multiple_of(1 << 10) => format!("{} KiB", limit >> 10),
        _ => format!("{limit} bytes"),
    };
    ReadError::UnusableTable {
        name: name.to_owned(),
        what: format!("a table whose header row is longer than --max-line allows ({shown})"),
        advice: "give a larger --max-line, or leave columns out of the export".to_owned(),
    }
}

/// The beginning of a content that may be a table.
struct TableBeginning<'b> {
    head: &'b [u8],
    naming: &'b ColumnMapping,
    name: &'b str,
    line_bytes_max: usize,
    /// Whether the content goes on.
    is_cut: bool,
}

impl<'b> TableBeginning<'b> {
    /// The header row, on any of the first lines.
    fn find(&self) -> Result<Option<CsvHeader>, ReadError> {
        self.check_line_ends()?;
        let stated =
            self.rows().next().and_then(|row| stated_delimiter(row.bytes.split(|byte| *byte == b'\n').next()?));
        let delimiters = stated.as_ref().map_or(DELIMITERS.as_slice(), std::slice::from_ref);
        let mut refused = None;
        for (number, row) in self.rows().take(ROWS_MAX).enumerate() {
            if row.bytes.starts_with(b"{") || row.bytes.starts_with(b"[{") {
                break;
            }
            if self.is_cut && number == 0 && CsvRowScan::new(DELIMITERS[0]).scan(row.bytes).is_none() {
                return if self.head.len() > self.line_bytes_max {
                    Err(oversized_header(self.name, self.line_bytes_max))
                } else {
                    Ok(None)
                };
            }
            if number == 0 && stated.is_some() {
                continue;
            }
            match tried(row, delimiters, self.naming) {
                HeaderCandidate::Found(head) => return Ok(Some(*head)),
                HeaderCandidate::NoHeader => {}
                tried if refused.is_none() => refused = self.header_error(number, row, tried),
                _ => {}
            }
        }
        match refused {
            Some(refused) => Err(refused),
            None => self.check_quotes().and_then(|()| self.check_bare()).map(|()| None),
        }
    }

    /// The rows that are not blank, each with the rest of the content after it.
    fn rows(&self) -> impl Iterator<Item = CandidateRow<'b>> {
        let (mut at, mut line) = (0, 0);
        let head = self.head;
        std::iter::from_fn(move || {
            loop {
                let bytes = head.get(at..).filter(|bytes| !bytes.is_empty())?;
                let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
                line += 1;
                // A file with a mark of its own may follow a title.
                let mark = if bytes.starts_with(&UTF8_MARK) { UTF8_MARK.len() } else { 0 };
                let row = CandidateRow { bytes: &bytes[mark..], at: at + mark, line };
                at += end;
                if !bytes[mark..end].trim_ascii().is_empty() {
                    return Some(row);
                }
            }
        })
    }

    /// The error for a row that names columns, if the next row has as many cells. Another text may have commas too.
    fn header_error(&self, number: usize, row: CandidateRow<'_>, tried: HeaderCandidate) -> Option<ReadError> {
        let (delimiter, columns) = match &tried {
            HeaderCandidate::Unfit { names, delimiter, .. } => (*delimiter, Some(names.len())),
            _ => (DELIMITERS[0], None),
        };
        let end = CsvRowScan::new(delimiter).scan(row.bytes).unwrap_or(row.bytes.len());
        let after = row.bytes[end..].trim_ascii_start();
        let next = CsvRowScan::new(delimiter).scan(after);
        let mut cells = CsvCells::default();
        cells.split(&after[..next.unwrap_or(after.len())], delimiter);
        let same = (next.is_none() && self.is_cut) || columns.is_none_or(|columns| columns == cells.len());
        let fits = if after.is_empty() { number == 0 } else { same && (number == 0 || cells.len() >= CELLS_MIN) };
        let is_keyed = self.naming.table_use.is_keyed() && matches!(tried, HeaderCandidate::Unfit { .. });
        if !fits && !is_keyed {
            return None;
        }
        match tried {
            HeaderCandidate::Unfit { names, unfit, .. } => Some(at_line(header_error(self.name, &names, unfit), row.line)),
            HeaderCandidate::NotText(at) => Some(self.columns(
                format!("a table whose header row is not UTF-8 (byte {} of the row)", at + 1),
                "it may be Latin-1 or Windows-1252; convert it with `iconv -f WINDOWS-1252 -t UTF-8 FILE > events.csv`".to_owned(),
            )),
            HeaderCandidate::Found(_) | HeaderCandidate::NoHeader => None,
        }
    }

    fn columns(&self, what: String, advice: String) -> ReadError {
        ReadError::UnusableTable { name: self.name.to_owned(), what, advice }
    }

    /// Fails for text whose lines end with a carriage return alone, as on old Macintoshes.
    fn check_line_ends(&self) -> Result<(), ReadError> {
        let ends = memchr::memchr_iter(b'\r', self.head).count();
        if ends < 2 || self.head.contains(&b'\n') || !self.head.contains(&b',') && !self.head.contains(&b';') {
            return Ok(());
        }
        Err(self.columns(
            "text whose lines end in a carriage return alone".to_owned(),
            "convert it with `tr '\\r' '\\n' < FILE > events.csv`".to_owned(),
        ))
    }

    /// Fails for a first line that is a header row but for its quotes: one of them is open, or all are single.
    fn check_quotes(&self) -> Result<(), ReadError> {
        let Some(row) = self.rows().next() else { return Ok(()) };
        let line = row.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let without = |quote: u8| line.iter().copied().filter(|byte| *byte != quote).collect::<Vec<u8>>();
        let is_header = |quote: u8| line.contains(&quote) && header_row(&without(quote), self.naming).is_some();
        if memchr::memchr_iter(b'"', line).count() % 2 == 1 && is_header(b'"') {
            return Err(ReadError::UnclosedQuote { name: self.name.to_owned(), line: row.line });
        }
        if is_header(b'\'') {
            return Err(self.columns(
                "a table whose cells stand in single quotes".to_owned(),
                "export it with double quotes or with none".to_owned(),
            ));
        }
        Ok(())
    }

    /// Fails for a table without names: rows of equal length, with times among their cells.
    fn check_bare(&self) -> Result<(), ReadError> {
        let ended = |bytes: &&[u8]| !self.is_cut || bytes.contains(&b'\n');
        let rows = self.rows().map(|row| row.bytes).filter(ended).take(BARE_ROWS_MAX);
        let rows: Vec<&[u8]> =
            rows.map(|bytes| bytes.split(|byte| *byte == b'\n').next().expect("a split has a first part")).collect();
        // Lines of a log may end in an object.
        let is_json =
            |row: &&[u8]| row.starts_with(b"{") || row.starts_with(b"[") || memchr::memmem::find(row, b"{\"").is_some();
        if rows.is_empty() || rows.iter().any(is_json) || are_of_snowplow(&rows) {
            return Ok(());
        }
        for (delimiter, word) in DELIMITERS.into_iter().zip(DELIMITER_WORDS) {
            if let Some(count) = bare_columns(&rows, delimiter) {
                return Err(self.columns(
                    format!("a table of {count} columns, with {word} between them, without a header row"),
                    "put a row with the names of its columns before it, such as `event,timestamp,user_id`".to_owned(),
                ));
            }
        }
        Ok(())
    }
}

/// The number of columns, if all rows have the same number of cells and a time among them.
fn bare_columns(rows: &[&[u8]], delimiter: u8) -> Option<usize> {
    let mut cells = CsvCells::default();
    let mut counts = Vec::new();
    for row in rows {
        cells.split(row, delimiter);
        if !cells.iter().any(is_time) {
            return None;
        }
        counts.push(cells.len());
    }
    let count = counts.first().copied()?;
    (count >= CELLS_MIN && counts.iter().all(|other| *other == count)).then_some(count)
}

/// Whether the rows are Snowplow rows, which have no header row and are lines of another format.
fn are_of_snowplow(rows: &[&[u8]]) -> bool {
    rows.iter().all(|row| memchr::memchr_iter(b'\t', row).count() + 1 == SNOWPLOW_COLUMNS)
}

/// Whether a cell looks like a date, or like an instant in digits.
fn is_time(cell: &[u8]) -> bool {
    let digits = cell.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits == 4 && matches!(cell.get(4), Some(b'-' | b'/'))) || (digits >= 10 && digits == cell.len())
}

/// The same error with the line of the header row, unless that is the first line.
fn at_line(error: ReadError, line: u64) -> ReadError {
    match error {
        ReadError::UnusableTable { name, what, advice } if line > 1 => ReadError::UnusableTable {
            name,
            what: format!("{what} (its header row is taken to be line {line})"),
            advice,
        },
        error => error,
    }
}
