//! Reads the footer of a Parquet file: its schema, and the location of each column chunk.
//!
//! Takes the end of a file, gives the schema and, one row group at a time, the chunks of the used
//! columns. Invariant: every size is checked against the file and the budget before it is used, and
//! unused columns are skipped without being stored.

use std::{fs::File, sync::Arc};

use parquet::{basic::Type as Physical, file::metadata::ParquetMetaDataReader, schema::types::SchemaDescriptor};

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    memory_budget::{MemoryBudget, MemoryUse},
    read_at::read_at,
    thrift::{ThriftError, ThriftReader, ThriftResult, ThriftType},
};
use crate::caught::caught;

/// The deepest nesting of the schema. A list or a map takes two levels, and values are read 128 deep.
const SCHEMA_DEPTH_MAX: usize = 260;

/// The memory of a decoded schema element without its name; bytes. Measured: about 700 with a short
/// name.
const ELEMENT_BYTES: usize = 768;

/// The length of the end of every file: the footer's length, then `PAR1`.
const TAIL_BYTES: usize = 8;

/// The footer of an open file.
pub(super) struct ParquetFooter {
    bytes: Vec<u8>,
    pub(super) schema: Arc<SchemaDescriptor>,
    /// The offset of the next row group in `bytes`, and the number of row groups left.
    next: (usize, usize),
    /// The offset in the file where all pages end.
    pages_end: u64,
    /// The number of rows of all row groups.
    rows: u64,
    _held: MemoryUse,
}

/// A row group.
#[derive(Debug, Default)]
pub(super) struct RowGroup {
    pub(super) rows: u64,
    /// Bytes of all columns, compressed and decompressed, by what the footer says.
    pub(super) packed_bytes: u64,
    pub(super) unpacked_bytes: u64,
    /// The used columns, in the order of the schema.
    pub(super) chunks: Vec<ColumnChunk>,
}

/// The pages of one column in a row group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ColumnChunk {
    /// The number of the compression codec.
    pub(super) codec: i64,
    /// The number of entries in all pages.
    pub(super) values: u64,
    /// The offsets in the file where the pages start and end.
    pub(super) start: u64,
    pub(super) end: u64,
}

impl ParquetFooter {
    /// Reads the footer of a file of this many bytes.
    ///
    /// # Errors
    ///
    /// The footer is damaged, or needs more memory than the budget has.
    pub(super) fn read(file: &File, file_bytes: u64, budget: &Arc<MemoryBudget>) -> ParquetFaultResult<Self> {
        let short = || ParquetFault::damaged("it is longer than the file");
        let tail_at = file_bytes.checked_sub(TAIL_BYTES as u64).ok_or_else(short)?;
        let mut tail = [0; TAIL_BYTES];
        read_at(file, &mut tail, tail_at)?;
        let [a, b, c, d, magic @ ..] = tail;
        if magic != *b"PAR1" {
            return Err(ParquetFault::damaged("it does not end with `PAR1`"));
        }
        let length = u32::from_le_bytes([a, b, c, d]);
        let pages_end = tail_at.checked_sub(u64::from(length)).ok_or_else(short)?;
        let mut held = MemoryUse::none(budget);
        let length = usize::try_from(length).map_err(|_| short())?;
        held.hold(length)?;
        let mut bytes = vec![0; length];
        read_at(file, &mut bytes, pages_end)?;
        let (schema, next, rows) = outline(&bytes).map_err(of_wire)?;
        held.hold_more(schema_bytes(&bytes, schema)?)?;
        let no_schema = || ParquetFault::damaged("its schema contradicts itself");
        let schema = caught(|| ParquetMetaDataReader::decode_schema(&bytes)).ok_or_else(no_schema)??;
        Ok(Self { bytes, schema, next, pages_end, rows: unsigned(rows, "number of rows")?, _held: held })
    }

    /// Compares the number of rows that were read with the footer. Returns `None`, since there is no
    /// next row.
    ///
    /// # Errors
    ///
    /// The numbers differ.
    pub(super) fn check<T>(&self, rows: u64) -> ParquetFaultResult<Option<T>> {
        // Some writers store 0.
        if self.rows == 0 || self.rows == rows {
            return Ok(None);
        }
        let what = format!("its groups hold {rows} rows where the footer says {}", self.rows);
        Err(ParquetFault::damaged(what))
    }

    /// The next row group. `used` has the indexes of the used columns, from 0 and ascending.
    ///
    /// # Errors
    ///
    /// The footer is damaged, or a used column is encrypted or in another file.
    pub(super) fn next_group(&mut self, used: &[usize]) -> ParquetFaultResult<Option<RowGroup>> {
        let (at, left) = self.next;
        let Some(left) = left.checked_sub(1) else { return Ok(None) };
        let mut cursor = ThriftReader::new(&self.bytes, at);
        let mut found = FoundRowGroup::default();
        cursor.fields(|cursor, number, kind| found.take(cursor, number, kind, used)).map_err(of_wire)?;
        self.next = (cursor.at(), left);
        let columns = self.schema.num_columns();
        if found.columns != columns {
            let what = format!("a group of rows has {} columns where the schema has {columns}", found.columns);
            return Err(ParquetFault::damaged(what));
        }
        let mut group = RowGroup {
            rows: unsigned(found.rows, "rows of a group")?,
            packed_bytes: found.packed_bytes.unsigned_abs(),
            unpacked_bytes: found.unpacked_bytes.unsigned_abs(),
            chunks: Vec::new(),
        };
        for (column, chunk) in used.iter().zip(&found.chunks) {
            let column = self.schema.column(*column);
            let plan = chunk.plan(self.pages_end, column.physical_type());
            group.chunks.push(plan.map_err(|fault| fault.of_page(&column.path().string(), 0))?);
        }
        if group.packed_bytes == 0 {
            group.packed_bytes = group.chunks.iter().map(|chunk| chunk.end - chunk.start).sum();
        }
        Ok(Some(group))
    }
}

/// The offset of the schema, the offset and number of the row groups, the number of all rows.
type FooterOutline = (usize, (usize, usize), i64);

/// Walks through the whole footer once.
fn outline(bytes: &[u8]) -> ThriftResult<FooterOutline> {
    let (mut schema, mut groups, mut rows) = (None, (0, 0), -1);
    ThriftReader::new(bytes, 0).fields(|cursor, number, kind| {
        match (number, kind) {
            (2, ThriftType::LIST) => schema = Some(cursor.at()),
            (4, ThriftType::LIST) => {
                let mut ahead = *cursor;
                let (_, count) = ahead.list()?;
                groups = (ahead.at(), count);
            }
            (3, ThriftType::I64) => {
                rows = cursor.int()?;
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    })?;
    schema.map(|schema| (schema, groups, rows)).ok_or(ThriftError::Broken)
}

/// The memory of the decoded schema, including the path of each column; bytes.
///
/// # Errors
///
/// The schema is not a tree, or is nested too deeply.
fn schema_bytes(bytes: &[u8], at: usize) -> ParquetFaultResult<usize> {
    let no_tree = || ParquetFault::damaged("its schema is not a tree of columns");
    let mut cursor = ThriftReader::new(bytes, at);
    let (_, count) = cursor.list().map_err(of_wire)?;
    // For each open group the number of missing elements, and the bytes of its path.
    let mut open: Vec<(usize, usize)> = vec![(1, 0)];
    let mut total = 0_usize;
    for element in 0..count {
        let (name, children) = schema_element(&mut cursor).map_err(of_wire)?;
        let (missing, above) = open.last_mut().ok_or_else(no_tree)?;
        *missing -= 1;
        let path = *above + name + size_of::<String>();
        total = total.saturating_add(ELEMENT_BYTES + name + if children == 0 { path } else { 0 });
        if children > count - element - 1 {
            return Err(no_tree());
        }
        if children > 0 {
            open.push((children, path));
        }
        while open.pop_if(|(missing, _)| *missing == 0).is_some() {}
        if open.len() > SCHEMA_DEPTH_MAX {
            return Err(ParquetFault::damaged("its columns are nested more than 128 deep"));
        }
    }
    if open.is_empty() { Ok(total) } else { Err(no_tree()) }
}

/// The length of the name of a schema element, and the number of its children.
fn schema_element(cursor: &mut ThriftReader<'_>) -> ThriftResult<(usize, usize)> {
    let (mut name, mut children) = (0, 0);
    cursor.fields(|cursor, number, kind| {
        match (number, kind) {
            (4, ThriftType::TEXT) => name = cursor.text()?.len(),
            (5, ThriftType::I32) => children = cursor.int()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    usize::try_from(children).map(|children| (name, children)).map_err(|_| ThriftError::Broken)
}

/// The fields of a row group, unchecked.
#[derive(Debug, Default)]
struct FoundRowGroup {
    columns: usize,
    chunks: Vec<FoundColumnChunk>,
    unpacked_bytes: i64,
    packed_bytes: i64,
    rows: i64,
}

impl FoundRowGroup {
    fn take(
        &mut self,
        cursor: &mut ThriftReader<'_>,
        number: i16,
        kind: ThriftType,
        used: &[usize],
    ) -> ThriftResult<bool> {
        match (number, kind) {
            (1, ThriftType::LIST) => self.take_columns(cursor, used)?,
            (2, ThriftType::I64) => self.unpacked_bytes = cursor.int()?,
            (3, ThriftType::I64) => self.rows = cursor.int()?,
            (6, ThriftType::I64) => self.packed_bytes = cursor.int()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_columns(&mut self, cursor: &mut ThriftReader<'_>, used: &[usize]) -> ThriftResult<()> {
        self.columns = cursor.list()?.1;
        let mut used = used.iter().peekable();
        for column in 0..self.columns {
            if used.next_if(|used| **used == column).is_none() {
                cursor.skip_struct()?;
                continue;
            }
            let mut chunk = FoundColumnChunk::default();
            cursor.fields(|cursor, number, kind| chunk.take(cursor, number, kind))?;
            self.chunks.push(chunk);
        }
        Ok(())
    }
}

/// The fields of a column chunk, unchecked.
#[derive(Debug, Default)]
struct FoundColumnChunk {
    elsewhere: bool,
    encrypted: bool,
    physical: i64,
    codec: i64,
    values: i64,
    packed_bytes: i64,
    data_at: i64,
    dictionary_at: i64,
}

impl FoundColumnChunk {
    fn take(&mut self, cursor: &mut ThriftReader<'_>, number: i16, kind: ThriftType) -> ThriftResult<bool> {
        match (number, kind) {
            (1, ThriftType::TEXT) => self.elsewhere = !cursor.text()?.is_empty(),
            (3, ThriftType::STRUCT) => cursor.fields(|cursor, number, kind| self.take_meta(cursor, number, kind))?,
            (8, _) => {
                self.encrypted = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_meta(&mut self, cursor: &mut ThriftReader<'_>, number: i16, kind: ThriftType) -> ThriftResult<bool> {
        let place = match (number, kind) {
            (1, ThriftType::I32) => &mut self.physical,
            (4, ThriftType::I32) => &mut self.codec,
            (5, ThriftType::I64) => &mut self.values,
            (7, ThriftType::I64) => &mut self.packed_bytes,
            (9, ThriftType::I64) => &mut self.data_at,
            (11, ThriftType::I64) => &mut self.dictionary_at,
            _ => return Ok(false),
        };
        *place = cursor.int()?;
        Ok(true)
    }

    /// Checks the fields against the schema and the end of all pages.
    fn plan(&self, pages_end: u64, physical: Physical) -> ParquetFaultResult<ColumnChunk> {
        if self.elsewhere {
            return Err(ParquetFault::damaged("the column is kept in another file; name the files that hold the rows"));
        }
        if self.encrypted {
            return Err(ParquetFault::damaged("the column is encrypted"));
        }
        if self.physical != physical as i64 {
            return Err(ParquetFault::damaged("the column has another type than in the schema"));
        }
        // Some writers store 0 if there is no dictionary.
        let dictionary = (1..self.data_at).contains(&self.dictionary_at);
        let start = unsigned(if dictionary { self.dictionary_at } else { self.data_at }, "place of the pages")?;
        let end = start.saturating_add(unsigned(self.packed_bytes, "size of the pages")?);
        if end > pages_end {
            return Err(ParquetFault::damaged("its pages reach beyond the end of the file"));
        }
        Ok(ColumnChunk { codec: self.codec, values: unsigned(self.values, "number of values")?, start, end })
    }
}

fn unsigned(value: i64, what: &str) -> ParquetFaultResult<u64> {
    u64::try_from(value).map_err(|_| ParquetFault::damaged(format!("the {what} is negative")))
}

fn of_wire(fault: ThriftError) -> ParquetFault {
    match fault {
        ThriftError::Short => ParquetFault::damaged("it is incomplete"),
        ThriftError::Broken => ParquetFault::damaged("it is not a Parquet footer"),
    }
}
