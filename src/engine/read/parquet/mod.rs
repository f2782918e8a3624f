//! Reads events from a Parquet file, as lines.
//!
//! Takes a file of its own. Gives blocks in which each row is an object on a line, with the row
//! number for its place. Only the columns in use are read, a page at a time.
//!
//! It uses the column readers of the `parquet` crate and assembles the rows itself: the arrow
//! readers would triple the size of this part of the program. The readers believe the sizes that a
//! file claims, so the footer and every page are read, checked and decompressed here first.
//!
//! Invariant: the logical type decides the JSON of a value. Times become RFC 3339 text, without a
//! zone if they have none. Integers and decimals keep all their digits. Text that is a complete
//! JSON object or list becomes that object or list.

mod column_pages;
mod decompress;
mod fault;
mod footer;
mod leaf_column;
mod levels;
mod memory_budget;
mod page_check;
mod page_header;
mod read_at;
mod record_assembly;
mod thrift;
mod value_decoder;
mod value_json;

use std::{
    fs::File,
    mem,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use self::{
    column_pages::PageSource,
    fault::{FaultCause, ParquetFault, ParquetFaultResult},
    footer::ParquetFooter,
    memory_budget::MemoryBudget,
    record_assembly::ParquetColumns,
};
use super::{
    BlockLimits, ColumnMapping, LineBlock, LineOrigin, ReadError, RowFault, TableUse,
    file_version::{FileVersion, file_metadata},
    json_record::{RowValues, header_error, write_record},
    missing_column::MissingColumn,
    parquet_error::{ParquetFileError, ParquetProblem},
    table_header::TableHeader,
};

/// A file of rows in columns.
pub(super) struct ParquetReader {
    file: u32,
    index: u32,
    name: String,
    limits: BlockLimits,
    footer: ParquetFooter,
    store: Arc<PageSource>,
    /// The open file, and its version at opening.
    opened: (File, FileVersion),
    /// Size of the file at opening, and the part of it that was read; bytes.
    stored: (u64, u64),
    progress: Arc<AtomicU64>,
    header: TableHeader,
    /// The names of the columns of a table about users or accounts, until they are given.
    keyed_names: Vec<String>,
    columns: ParquetColumns,
    /// The indexes of the used leaves.
    leaves: Vec<usize>,
    /// The number of the row group, from 1; its rows, and how many of them were returned.
    group: u64,
    group_rows: (u64, u64),
    /// Decompressed size of the row groups so far, by what the footer says; bytes.
    content: u64,
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
        let of_footer = |fault| ReadError::DamagedParquet(Box::new(of_fault(name, fault, limits)));
        let budget = MemoryBudget::new(limits.table_bytes_max);
        let footer = ParquetFooter::read(&opened, meta.len(), &budget).map_err(of_footer)?;
        let names: Vec<String> =
            footer.schema.root_schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let header = TableHeader::new(&names, naming).map_err(|unfit| header_error(name, &names, unfit))?;
        let keyed_names = if naming.table_use == TableUse::Events { Vec::new() } else { names };
        let limits = limits.clamped();
        let columns = ParquetColumns::new(&footer.schema, &header.used_columns(), limits.line_bytes_max, &budget)
            .map_err(of_footer)?;
        Ok(Self {
            file,
            index: 0,
            name: name.to_owned(),
            limits,
            footer,
            store: PageSource::new(opened),
            opened: watched,
            stored,
            progress: Arc::clone(progress),
            header,
            leaves: columns.leaves(),
            keyed_names,
            columns,
            group: 0,
            group_rows: (0, 0),
            content: 0,
            rows: 0,
            long: None,
        })
    }

    /// Columns that the model names and the table does not have.
    pub(super) fn missing_columns(&self) -> &[MissingColumn] {
        &self.header.missing
    }

    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// The file is damaged, or needs more memory than it may use.
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        block.reset(self.file, self.index, 0);
        block.column_names = mem::take(&mut self.keyed_names);
        while self.long.is_none() && block.bytes.len() < self.limits.block_bytes {
            let row = self.row().map_err(|fault| {
                let of_footer = of_fault(&self.name, fault, self.limits);
                ReadError::DamagedParquet(Box::new(ParquetFileError {
                    rows: self.rows,
                    group: self.group,
                    ..of_footer
                }))
            })?;
            let Some(is_long) = row else { break };
            self.rows += 1;
            self.write(block, is_long);
        }
        if let Some((place, kept, length)) = self.long.take_if(|_| block.origins.is_empty()) {
            block.set_long_line(place, kept, length);
        }
        self.index = self.index.saturating_add(1);
        Ok(!block.origins.is_empty() || !block.column_names.is_empty())
    }

    /// Loads the next row into the columns. Returns true if it is over the limit, and `None` at the
    /// end of the file.
    fn row(&mut self) -> ParquetFaultResult<Option<bool>> {
        while self.group_rows.0 == self.group_rows.1 {
            if self.group > 0 {
                self.columns.leave(self.group_rows.0)?;
            }
            self.group += 1;
            let Some(group) = self.footer.next_group(&self.leaves)? else {
                self.group = 0;
                return self.footer.check(self.rows);
            };
            self.columns.enter(&self.store, &group)?;
            self.group_rows = (group.rows, 0);
            self.content = self.content.saturating_add(group.unpacked_bytes);
            self.add_progress(group.packed_bytes.min(self.stored.0.saturating_sub(self.stored.1)));
        }
        let row = self.group_rows.1;
        self.group_rows.1 += 1;
        self.columns.advance(row).map(Some)
    }

    /// Adds the current row to the block, or sets it aside if it is over the limit.
    fn write(&mut self, block: &mut LineBlock, is_long: bool) {
        let start = block.bytes.len();
        let broken =
            write_record(&mut block.bytes, &self.header, &self.columns).map(|column| RowFault::NoObject { column });
        let mut place = LineOrigin { line: self.rows, broken, ..LineOrigin::default() };
        let length = block.bytes.len() - start;
        if is_long || length > self.limits.line_bytes_max {
            let kept = &block.bytes[start..];
            let kept = kept.get(..super::LONG_LINE_KEPT_BYTES).unwrap_or(kept).to_vec();
            block.bytes.truncate(start);
            place.broken = None;
            self.long = Some((place, kept, length.max(self.columns.text_bytes()) as u64));
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
        Ok((self.stored.0, self.content))
    }
}

impl RowValues for ParquetColumns {
    const TYPED: bool = true;

    fn write(&self, column: usize, out: &mut Vec<u8>) -> bool {
        let json = self.json(column);
        out.extend_from_slice(json);
        !json.is_empty()
    }
}

/// The error for a fault in the footer.
fn of_fault(name: &str, fault: ParquetFault, limits: BlockLimits) -> ParquetFileError {
    let problem = match fault.cause {
        FaultCause::Damaged(what) => ParquetProblem::Damaged(what),
        FaultCause::Large(bytes) => ParquetProblem::Large { bytes, max: limits.table_bytes_max as u64 },
        FaultCause::Failed(source) => ParquetProblem::Failed(source),
    };
    ParquetFileError { name: name.to_owned(), rows: 0, group: 0, page: fault.place, problem }
}
