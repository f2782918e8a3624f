//! Reads events from a Parquet file, as lines.
//!
//! Takes a file of its own. Gives blocks in which each row is an object on a line, with the row
//! number for its place. Only the columns in use are read, a thousand rows at a time.
//!
//! It uses the column readers of the `parquet` crate and assembles the rows itself: the arrow
//! readers would triple the size of this part of the program.
//!
//! Invariant: the logical type decides the JSON of a value. Times become RFC 3339 text, without a
//! zone if they have none. Integers and decimals keep all their digits. Text that is a complete
//! JSON object or list becomes that object or list.

mod leaf_column;
mod record_assembly;
mod value_json;

use std::{
    fs::File,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parquet::{
    errors::{ParquetError, Result as ParquetResult},
    file::{reader::FileReader, serialized_reader::SerializedFileReader},
};

use self::record_assembly::ParquetColumns;
use super::{
    BlockLimits, ColumnMapping, LineBlock, LineOrigin, ReadError, TableUse,
    file_version::{FileVersion, file_metadata},
    json_record::{RowValues, header_error, write_record},
    table_header::TableHeader,
};

/// Rows that are read at once from all columns.
const BATCH_ROWS: usize = 1024;

/// A file of rows in columns.
pub(super) struct ParquetReader {
    file: u32,
    index: u32,
    name: String,
    limits: BlockLimits,
    reader: SerializedFileReader<File>,
    /// The open file, and its version at opening.
    opened: (File, FileVersion),
    /// Size of the file at opening, and the part of it that was read; bytes.
    stored: (u64, u64),
    progress: Arc<AtomicU64>,
    header: TableHeader,
    /// The names of the columns of a table about users or accounts, until they are given.
    keyed_names: Vec<String>,
    columns: ParquetColumns,
    /// The next row group.
    group: usize,
    /// Rows left in the row group, and in the batch that was read.
    left: (usize, usize),
    /// Rows returned so far.
    rows: u64,
    /// A row over the limit that waits for a block of its own.
    long: Option<(LineOrigin, Vec<u8>, u64)>,
}

impl ParquetReader {
    /// Opens a file and places its columns.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened, is damaged, holds no events, or does not say where their parts
    /// are.
    pub(super) fn open(
        path: &Path,
        name: &str,
        file: u32,
        limits: BlockLimits,
        naming: &ColumnMapping,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let cannot_open = |source| ReadError::Open { name: name.to_owned(), source };
        let opened = File::open(path).map_err(cannot_open)?;
        let meta = file_metadata(&opened).map_err(cannot_open)?;
        let stored = (meta.len(), 0);
        let watched = (opened.try_clone().map_err(cannot_open)?, FileVersion::of(&meta));
        let damaged = |error| damaged(name, 0, error);
        let reader = catch_panics(|| SerializedFileReader::new(opened)).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> =
            schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let header = TableHeader::new(&names, naming).map_err(|unfit| header_error(name, &names, unfit))?;
        let keyed_names = if naming.table_use == TableUse::Events { Vec::new() } else { names };
        let columns = ParquetColumns::new(&schema, &header.used_columns()).map_err(damaged)?;
        Ok(Self {
            file,
            index: 0,
            name: name.to_owned(),
            limits: limits.clamped(),
            reader,
            opened: watched,
            stored,
            progress: Arc::clone(progress),
            header,
            keyed_names,
            columns,
            group: 0,
            left: (0, 0),
            rows: 0,
            long: None,
        })
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// A file that is damaged.
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        block.reset(self.file, self.index, 0);
        block.column_names = mem::take(&mut self.keyed_names);
        while self.long.is_none() && block.bytes.len() < self.limits.block_bytes {
            if !catch_panics(|| self.row()).map_err(|error| damaged(&self.name, self.rows, error))? {
                break;
            }
            self.rows += 1;
            self.write(block);
        }
        if let Some((place, kept, length)) = self.long.take_if(|_| block.origins.is_empty()) {
            block.set_long_line(place, kept, length);
        }
        self.index = self.index.saturating_add(1);
        Ok(!block.origins.is_empty() || !block.column_names.is_empty())
    }

    /// Loads the next row into the columns; `false` at the end of the file.
    fn row(&mut self) -> ParquetResult<bool> {
        while self.left == (0, 0) {
            if self.group == self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.group)?;
            self.columns.enter(group.as_ref())?;
            let (rows, packed) = (group.metadata().num_rows(), group.metadata().compressed_size());
            let negative = |_| ParquetError::General("a negative number of rows".to_owned());
            self.left.0 = usize::try_from(rows).map_err(negative)?;
            self.group += 1;
            let packed = packed.unsigned_abs().min(self.stored.0.saturating_sub(self.stored.1));
            drop(group);
            self.add_progress(packed);
        }
        if self.left.1 == 0 {
            let rows = self.left.0.min(BATCH_ROWS);
            self.columns.fill(rows)?;
            self.left = (self.left.0 - rows, rows);
        }
        self.left.1 -= 1;
        self.columns.advance()?;
        Ok(true)
    }

    /// Adds the current row to the block, or sets it aside if it is over the limit.
    fn write(&mut self, block: &mut LineBlock) {
        let start = block.bytes.len();
        let broken = write_record(&mut block.bytes, &self.header, &self.columns);
        let mut place = LineOrigin { line: self.rows, broken, ..LineOrigin::default() };
        let length = block.bytes.len() - start;
        if length > self.limits.line_bytes_max {
            let kept = block.bytes.get(start..).unwrap_or_default();
            let kept = kept.get(..super::LONG_LINE_KEPT_BYTES).unwrap_or(kept).to_vec();
            block.bytes.truncate(start);
            place.broken = false;
            self.long = Some((place, kept, length as u64));
            return;
        }
        block.bytes.push(b'\n');
        block.origins.push(place);
    }

    /// Adds bytes of the file to the progress, including those of unused columns.
    fn add_progress(&mut self, bytes: u64) {
        self.stored.1 += bytes;
        self.progress.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Stored size, and size of the unpacked content; bytes.
    ///
    /// # Errors
    ///
    /// The file was written to since it was opened.
    pub(super) fn finish(mut self) -> Result<(u64, u64), ReadError> {
        let (file, version) = &self.opened;
        version.check(&self.name, file)?;
        self.add_progress(self.stored.0.saturating_sub(self.stored.1));
        let groups = self.reader.metadata().row_groups();
        let content: u64 = groups.iter().map(|group| group.total_byte_size().unsigned_abs()).sum();
        Ok((self.stored.0, content))
    }
}

impl RowValues for ParquetColumns {
    fn write(&self, column: usize, out: &mut Vec<u8>) -> bool {
        let json = self.json(column);
        out.extend_from_slice(json);
        !json.is_empty()
    }
}

/// The reader of the format may panic on a damaged file; this turns the panic into an error.
fn catch_panics<T>(read: impl FnOnce() -> ParquetResult<T>) -> ParquetResult<T> {
    let panicked = |_| Err(ParquetError::General("its pages contradict themselves".to_owned()));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(panicked)
}

fn damaged(name: &str, rows: u64, source: ParquetError) -> ReadError {
    ReadError::DamagedParquet { name: name.to_owned(), rows, source: Box::new(source) }
}
