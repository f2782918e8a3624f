//! Reads the pages of one column in a row group.
//!
//! Takes the location of a column chunk, gives its decompressed pages. Invariant: the size of a page
//! is checked against the file, the column chunk and the budget before memory is allocated.

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

use super::{
    decompress::PageDecompressor,
    fault::{ParquetFault, ParquetFaultResult},
    footer::ColumnChunk,
    memory_budget::MemoryUse,
    page_header::{PageHeader, PageKind},
    read_at::read_at,
};

/// The first and the largest read for a page header; bytes.
const HEADER_BYTES: usize = 256;
const HEADER_BYTES_MAX: usize = 16 << 20;

/// What all columns of a file share for reading.
pub(super) struct PageSource {
    file: File,
    unpacker: Mutex<PageDecompressor>,
}

/// A decompressed page.
pub(super) struct DecompressedPage {
    pub(super) header: PageHeader,
    pub(super) bytes: Bytes,
}

/// The remaining pages of a column chunk.
pub(super) struct ColumnPages {
    store: Arc<PageSource>,
    plan: ColumnChunk,
    /// The number of entries in the pages so far.
    entries: u64,
    /// The number of the current page, from 1.
    pub(super) number: u64,
}

impl PageSource {
    /// A source of pages from a file.
    pub(super) fn new(file: File) -> Arc<Self> {
        Arc::new(Self { file, unpacker: Mutex::default() })
    }
}

impl ColumnPages {
    /// All pages of a column chunk.
    pub(super) fn new(store: &Arc<PageSource>, plan: ColumnChunk) -> Self {
        Self { store: Arc::clone(store), plan, entries: 0, number: 0 }
    }

    /// True if the pages so far had all entries of the column chunk.
    pub(super) fn is_done(&self) -> bool {
        self.entries == self.plan.values
    }

    /// The next page, or `None` after the last. `held` then accounts for its memory.
    ///
    /// # Errors
    ///
    /// The page is damaged, or needs more memory than the budget has.
    pub(super) fn next_page(&mut self, held: &mut MemoryUse) -> ParquetFaultResult<Option<DecompressedPage>> {
        loop {
            if self.is_done() {
                return Ok(None);
            }
            self.number += 1;
            let header = self.header()?;
            let start = self.plan.start;
            self.plan.start += header.packed_bytes as u64;
            match header.kind {
                PageKind::Other => continue,
                PageKind::Dictionary => {}
                PageKind::Together { .. } | PageKind::Beside { .. } => self.count(header.entries)?,
            }
            return self.unpack(header, start, held).map(Some);
        }
    }

    /// Reads the header of the next page.
    fn header(&mut self) -> ParquetFaultResult<PageHeader> {
        let left = usize::try_from(self.plan.end - self.plan.start).unwrap_or(usize::MAX);
        if left == 0 {
            let what = format!("its pages end after {} of {} values", self.entries, self.plan.values);
            return Err(ParquetFault::damaged(what));
        }
        let mut size = HEADER_BYTES;
        loop {
            let mut bytes = vec![0; size.min(left)];
            read_at(&self.store.file, &mut bytes, self.plan.start)?;
            if let Some((header, length)) = PageHeader::read(&bytes)? {
                if header.packed_bytes > left - length {
                    return Err(ParquetFault::damaged("it is longer than the rest of its column"));
                }
                self.plan.start += length as u64;
                return Ok(header);
            }
            if size >= left.min(HEADER_BYTES_MAX) {
                return Err(ParquetFault::damaged("its header has no end"));
            }
            size *= 16;
        }
    }

    /// Adds the entries of a page.
    fn count(&mut self, entries: usize) -> ParquetFaultResult<()> {
        self.entries += entries as u64;
        if self.entries > self.plan.values {
            let values = self.plan.values;
            return Err(ParquetFault::damaged(format!("its pages have more than the {values} values of their column")));
        }
        Ok(())
    }

    fn unpack(&self, header: PageHeader, start: u64, held: &mut MemoryUse) -> ParquetFaultResult<DecompressedPage> {
        held.hold(header.packed_bytes.saturating_add(header.bytes))?;
        let mut packed = vec![0; header.packed_bytes];
        read_at(&self.store.file, &mut packed, start)?;
        if header.checksum.is_some_and(|checksum| checksum != crc32fast::hash(&packed)) {
            return Err(ParquetFault::damaged("its checksum does not match its bytes"));
        }
        let (levels, is_packed) = match header.kind {
            PageKind::Beside { rep_bytes, def_bytes, packed } => (rep_bytes.checked_add(def_bytes), packed),
            _ => (Some(0), true),
        };
        let levels = levels.filter(|levels| *levels <= packed.len().min(header.bytes));
        let levels = levels.ok_or_else(|| ParquetFault::damaged("its levels are longer than the page"))?;
        if self.plan.codec == 0 || !is_packed {
            held.hold(packed.len())?;
            return Ok(DecompressedPage { header, bytes: packed.into() });
        }
        let mut bytes = vec![0; header.bytes];
        let (levels_packed, values_packed) = packed.split_at(levels);
        let (levels_room, values_room) = bytes.split_at_mut(levels);
        levels_room.copy_from_slice(levels_packed);
        let mut unpacker = self.store.unpacker.lock().unwrap_or_else(PoisonError::into_inner);
        unpacker.unpack(self.plan.codec, values_packed, values_room)?;
        held.hold(bytes.len())?;
        Ok(DecompressedPage { header, bytes: bytes.into() })
    }
}
