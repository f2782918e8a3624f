//! One column of values of a Parquet file.
//!
//! Takes the pages of a column, gives levels and values one after another. Invariants: each entry is
//! consumed exactly once, so the columns of a row stay aligned. Only one page and one batch of its
//! values are in memory, however long a row is.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{basic::Encoding, schema::types::ColumnDescriptor};

use super::{
    column_pages::{ColumnPages, DecompressedPage, PageSource},
    fault::{ParquetFault, ParquetFaultResult},
    footer::ColumnChunk,
    levels::LevelDecoder,
    memory_budget::{MemoryBudget, MemoryUse},
    page_check::ValueLayout,
    page_header::PageKind,
    value_decoder::{DECODER_BYTES, LeafValues, ValueDecoder},
    value_json::ValueEncoding,
};

/// The entries of all columns that are decoded at once, and the bounds for one column.
const ENTRIES_AT_ONCE: usize = 1 << 16;
const ENTRIES_MIN: usize = 16;
const ENTRIES_MAX: usize = 1024;

/// The entries of one column that are decoded at once, by the number of used columns.
pub(super) fn entries_at_once(columns: usize) -> usize {
    (ENTRIES_AT_ONCE / columns.max(1)).clamp(ENTRIES_MIN, ENTRIES_MAX)
}

/// A column without further columns below.
pub(super) struct LeafColumn {
    /// Its index among the leaves of the file, from 0.
    pub(super) column: usize,
    descriptor: Arc<ColumnDescriptor>,
    /// Definition level of a value that is present.
    def_max: i16,
    /// Repetition level of the innermost list.
    rep_max: i16,
    writing: ValueEncoding,
    shape: ValueLayout,
    /// The rest of the row group; `None` at its end.
    source: Option<ChunkReader>,
    /// Memory of the page and of the dictionary, for as long as their values may be in use.
    held: [MemoryUse; 2],
    /// The levels and values of the current batch.
    defs: Vec<i16>,
    reps: Vec<i16>,
    values: LeafValues,
    /// The number of entries in the batch, the number consumed, and the number of values in these.
    entries: usize,
    entry: usize,
    value: usize,
    /// The number of rows of the row group that were started.
    rows: u64,
}

/// The source of the next entries of a column.
struct ChunkReader {
    pages: ColumnPages,
    /// The decoder and its memory; created for the first page with values.
    decoder: Option<(ValueDecoder, MemoryUse)>,
    has_dictionary: bool,
    /// The remaining levels of the page.
    defs: Option<LevelDecoder>,
    reps: Option<LevelDecoder>,
    /// The remaining entries of the page, the batch size for this page, and for any page.
    left: usize,
    batch: usize,
    batch_max: usize,
}

impl LeafColumn {
    pub(super) fn new(
        column: usize,
        descriptor: Arc<ColumnDescriptor>,
        budget: &Arc<MemoryBudget>,
    ) -> ParquetFaultResult<Self> {
        let writing = ValueEncoding::of(&descriptor).map_err(|fault| fault.of_page(&descriptor.path().string(), 0))?;
        Ok(Self {
            column,
            def_max: descriptor.max_def_level(),
            rep_max: descriptor.max_rep_level(),
            writing,
            shape: ValueLayout::of(&descriptor),
            descriptor,
            source: None,
            held: [MemoryUse::none(budget), MemoryUse::none(budget)],
            defs: Vec::new(),
            reps: Vec::new(),
            values: LeafValues::None,
            entries: 0,
            entry: 0,
            value: 0,
            rows: 0,
        })
    }

    /// Moves to the column's chunk in a row group. `batch` entries are decoded at once.
    pub(super) fn enter(&mut self, store: &Arc<PageSource>, plan: ColumnChunk, batch: usize) -> ParquetFaultResult<()> {
        let pages = ColumnPages::new(store, plan);
        self.source = Some(ChunkReader {
            pages,
            decoder: None,
            has_dictionary: false,
            defs: None,
            reps: None,
            left: 0,
            batch,
            batch_max: batch,
        });
        self.rows = 0;
        self.fill()
    }

    /// Checks the end of a row group.
    ///
    /// # Errors
    ///
    /// The column has more or fewer rows.
    pub(super) fn leave(&self, rows: u64) -> ParquetFaultResult<()> {
        if self.entry < self.entries || self.rows != rows {
            return Err(self.row_count_mismatch());
        }
        Ok(())
    }

    /// Reads the next batch, after the earlier one was consumed.
    fn fill(&mut self) -> ParquetFaultResult<()> {
        (self.entries, self.entry, self.value) = (0, 0, 0);
        self.defs.clear();
        self.reps.clear();
        self.values = LeafValues::None;
        let Some(source) = &mut self.source else { return Ok(()) };
        match source.piece(&self.descriptor, self.shape, &mut self.held, (&mut self.defs, &mut self.reps)) {
            Ok(Some((entries, values))) => (self.entries, self.values) = (entries, values),
            Ok(None) => self.source = None,
            Err(fault) => return Err(fault.of_page(&self.descriptor.path().string(), source.pages.number)),
        }
        if self.source.as_ref().is_some_and(ChunkReader::is_done) {
            self.release_source()?;
        }
        Ok(())
    }

    /// Drops the decoder and the pages, whose values are all decoded. With very many columns they would
    /// take much memory.
    fn release_source(&mut self) -> ParquetFaultResult<()> {
        self.source = None;
        if self.values.are_in_page() {
            return Ok(());
        }
        let [of_page, of_dictionary] = &mut self.held;
        of_dictionary.hold(0)?;
        of_page.hold(self.entries * self.shape.entry_bytes())
    }

    /// The definition level of the next entry.
    pub(super) fn def(&self) -> ParquetFaultResult<i16> {
        if self.entry >= self.entries {
            return Err(self.row_count_mismatch());
        }
        Ok(self.defs.get(self.entry).copied().unwrap_or(self.def_max))
    }

    /// True if the next entry continues the list of a repetition level.
    pub(super) fn repeats(&self, rep: i16) -> bool {
        self.rep_max >= rep && self.entry < self.entries && self.reps.get(self.entry).is_some_and(|found| *found >= rep)
    }

    /// True if the next entry continues a row.
    pub(super) fn goes_on(&self) -> bool {
        self.repeats(1)
    }

    /// Consumes an entry without a value.
    pub(super) fn skip(&mut self) -> ParquetFaultResult<()> {
        self.value += usize::from(self.def()? == self.def_max);
        self.rows += u64::from(self.reps.get(self.entry).is_none_or(|rep| *rep == 0));
        self.entry += 1;
        if self.entry == self.entries { self.fill() } else { Ok(()) }
    }

    /// Consumes the rest of a row, by its number from 0.
    pub(super) fn pass_row(&mut self, row: u64) -> ParquetFaultResult<()> {
        if self.rows == row {
            self.skip()?;
        }
        while self.goes_on() {
            let rest = self.reps.get(self.entry..).unwrap_or_default();
            let more = rest.iter().take_while(|rep| **rep > 0).count();
            let defs = self.defs.get(self.entry..self.entry + more).unwrap_or_default();
            self.value += defs.iter().filter(|def| **def == self.def_max).count();
            self.entry += more;
            if self.entry == self.entries {
                self.fill()?;
            }
        }
        Ok(())
    }

    /// The length of the next value if it is text or binary, else 0; bytes.
    pub(super) fn length(&self) -> usize {
        let is_there = self.defs.get(self.entry).is_none_or(|def| *def == self.def_max);
        if is_there { self.values.length(self.value) } else { 0 }
    }

    /// Writes the value of the next entry and consumes it; `false` if it has none.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> ParquetFaultResult<bool> {
        let is_there = self.def()? == self.def_max;
        let written = is_there && self.writing.write(&self.values, self.value, out);
        self.skip()?;
        Ok(written)
    }

    /// The error for a column with more or fewer rows than its row group, with its place.
    pub(super) fn row_count_mismatch(&self) -> ParquetFault {
        let page = self.source.as_ref().map_or(0, |source| source.pages.number);
        row_count_mismatch().of_page(&self.descriptor.path().string(), page)
    }
}

/// The error for a column with more or fewer rows than its row group.
pub(super) fn row_count_mismatch() -> ParquetFault {
    ParquetFault::damaged("it has more or fewer rows than its row group")
}

impl ChunkReader {
    /// Appends the levels of the next entries, and returns their count and their values. Returns
    /// `None` at the end.
    fn piece(
        &mut self,
        column: &ColumnDescriptor,
        shape: ValueLayout,
        held: &mut [MemoryUse; 2],
        (defs, reps): (&mut Vec<i16>, &mut Vec<i16>),
    ) -> ParquetFaultResult<Option<(usize, LeafValues)>> {
        while self.left == 0 {
            if !self.page(column, shape, held)? {
                return Ok(None);
            }
        }
        let entries = self.left.min(self.batch);
        let mut values = entries;
        if let Some(levels) = &mut self.reps {
            levels.take(entries, reps)?;
        }
        if let Some(levels) = &mut self.defs {
            levels.take(entries, defs)?;
            values = defs.iter().filter(|def| **def == column.max_def_level()).count();
        }
        self.left -= entries;
        let values = match &mut self.decoder {
            Some((decoder, _)) if values > 0 => decoder.decode(values)?,
            _ => LeafValues::None,
        };
        Ok(Some((entries, values)))
    }

    /// True if nothing is left to read.
    fn is_done(&self) -> bool {
        self.left == 0 && self.pages.is_done()
    }

    /// Reads the next data page; `false` at the end.
    fn page(
        &mut self,
        column: &ColumnDescriptor,
        shape: ValueLayout,
        held: &mut [MemoryUse; 2],
    ) -> ParquetFaultResult<bool> {
        let [of_page, of_dictionary] = held;
        while let Some(page) = self.pages.next_page(of_page)? {
            if page.header.kind != PageKind::Dictionary {
                self.values(page, column, shape, of_page)?;
                return Ok(true);
            }
            if self.has_dictionary || !matches!(page.header.encoding, 0 | 2) {
                return Err(ParquetFault::damaged(
                    "it is a second dictionary, or a dictionary in an unsupported encoding",
                ));
            }
            let count = page.header.entries;
            let decoded = shape.check_dictionary(count, page.bytes.len())?;
            of_dictionary.hold(page.bytes.len().saturating_add(decoded))?;
            self.has_dictionary = true;
            self.decoder(column, of_page)?.give_dictionary(page.bytes, count_of_page(count)?);
        }
        Ok(false)
    }

    /// Starts a data page.
    fn values(
        &mut self,
        page: DecompressedPage,
        column: &ColumnDescriptor,
        shape: ValueLayout,
        held: &mut MemoryUse,
    ) -> ParquetFaultResult<()> {
        let (header, unpacked) = (page.header, page.bytes.len());
        let bytes = self.levels(page, column)?;
        let def_max = column.max_def_level();
        let counted = self.defs.clone().map(|defs| defs.count_of(def_max, header.entries));
        let values = counted.unwrap_or(Ok(header.entries))?;
        self.left = header.entries;
        if values == 0 {
            self.batch = self.batch_max;
            return Ok(());
        }
        let need = shape.check_values(header.encoding, values, &bytes)?;
        if need.encoding == Encoding::RLE_DICTIONARY && !self.has_dictionary {
            return Err(ParquetFault::damaged("its values need a dictionary, and the column has none"));
        }
        // If the last page is small, all its values take less memory than its decoder.
        let is_last = self.pages.is_done() && header.entries * shape.entry_bytes() <= DECODER_BYTES;
        let batch = if is_last { header.entries.max(self.batch_max) } else { self.batch_max };
        self.batch = batch.min(need.batch);
        let piece = self.batch.min(header.entries) * shape.entry_bytes();
        held.hold(unpacked.saturating_add(need.bytes).saturating_add(piece))?;
        self.decoder(column, held)?.give_values(bytes, count_of_page(values)?, need.encoding);
        Ok(())
    }

    /// Splits a page into its levels, which it stores, and its encoded values.
    fn levels(&mut self, page: DecompressedPage, column: &ColumnDescriptor) -> ParquetFaultResult<Bytes> {
        let (rep_max, def_max, entries) = (column.max_rep_level(), column.max_def_level(), page.header.entries);
        let mut bytes = page.bytes;
        match page.header.kind {
            PageKind::Together { rep, def } => {
                self.reps = LevelDecoder::before_values(&mut bytes, rep, rep_max, entries)?;
                self.defs = LevelDecoder::before_values(&mut bytes, def, def_max, entries)?;
            }
            PageKind::Beside { rep_bytes, def_bytes, .. } => {
                self.reps = LevelDecoder::of_length(&mut bytes, rep_bytes, rep_max)?;
                self.defs = LevelDecoder::of_length(&mut bytes, def_bytes, def_max)?;
            }
            PageKind::Dictionary | PageKind::Other => {}
        }
        Ok(bytes)
    }

    /// The decoder, created if there is none.
    fn decoder(&mut self, column: &ColumnDescriptor, held: &MemoryUse) -> ParquetFaultResult<&ValueDecoder> {
        let (decoder, _) = match &mut self.decoder {
            Some(decoder) => decoder,
            none => {
                let mut held = held.beside();
                held.hold(DECODER_BYTES)?;
                none.insert((ValueDecoder::new(column), held))
            }
        };
        Ok(decoder)
    }
}

/// Converts a count to the type of the crate.
fn count_of_page(count: usize) -> ParquetFaultResult<u32> {
    u32::try_from(count).map_err(|_| ParquetFault::damaged("it claims more values than a page can have"))
}
