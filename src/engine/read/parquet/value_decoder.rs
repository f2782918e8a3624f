//! Decodes values with the column reader of the `parquet` crate.
//!
//! Takes encoded values without levels, gives decoded values a batch at a time. Invariant: the
//! column reader sees a required column, so it never returns more than the batch that is asked for.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use parquet::{
    basic::Encoding,
    column::{
        page::{Page, PageMetadata, PageReader},
        reader::{ColumnReader, ColumnReaderImpl, get_column_reader},
    },
    data_type::{ByteArray, DataType, FixedLenByteArray, Int96},
    errors::Result as ParquetResult,
    schema::types::ColumnDescriptor,
};

use super::fault::{ParquetFault, ParquetFaultResult};
use crate::caught::caught;

/// The memory of a decoder without its pages; bytes. Measured: about 5,500 with a dictionary, most of
/// it a buffer of indexes.
pub(super) const DECODER_BYTES: usize = 6 << 10;

/// Values that are present, by their physical type.
pub(super) enum LeafValues {
    None,
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl LeafValues {
    /// True for text and binary values, which share the memory of their page.
    pub(super) fn are_in_page(&self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Fixed(_))
    }

    /// The length of a text or binary value by its index; 0 for other values; bytes.
    pub(super) fn length(&self, place: usize) -> usize {
        match self {
            Self::Bytes(all) => all.get(place).map_or(0, ByteArray::len),
            Self::Fixed(all) => all.get(place).map_or(0, |value| value.len()),
            _ => 0,
        }
    }
}

/// Decodes the values of one column in a row group.
pub(super) struct ValueDecoder {
    waiting: PageQueue,
    reader: ColumnReader,
}

/// The pages that the column reader has not taken yet.
#[derive(Clone, Default)]
struct PageQueue(Arc<Mutex<VecDeque<Page>>>);

impl PageQueue {
    fn give(&self, page: Page) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(page);
    }
}

impl Iterator for PageQueue {
    type Item = ParquetResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().map(Ok)
    }
}

impl PageReader for PageQueue {
    fn get_next_page(&mut self) -> ParquetResult<Option<Page>> {
        self.next().transpose()
    }

    fn peek_next_page(&mut self) -> ParquetResult<Option<PageMetadata>> {
        Ok(None)
    }

    fn skip_next_page(&mut self) -> ParquetResult<()> {
        Ok(())
    }
}

impl ValueDecoder {
    /// A decoder of the values of a column.
    pub(super) fn new(column: &ColumnDescriptor) -> Self {
        let waiting = PageQueue::default();
        let bare = ColumnDescriptor::new(column.self_type_ptr(), 0, 0, column.path().clone());
        let reader = get_column_reader(Arc::new(bare), Box::new(waiting.clone()));
        Self { waiting, reader }
    }

    /// Adds a dictionary with this count of values.
    pub(super) fn give_dictionary(&self, bytes: Bytes, count: u32) {
        let encoding = Encoding::PLAIN;
        self.waiting.give(Page::DictionaryPage { buf: bytes, num_values: count, encoding, is_sorted: false });
    }

    /// Adds the values of a page.
    pub(super) fn give_values(&self, bytes: Bytes, count: u32, encoding: Encoding) {
        self.waiting.give(Page::DataPageV2 {
            buf: bytes,
            num_values: count,
            encoding,
            num_nulls: 0,
            num_rows: count,
            def_levels_byte_len: 0,
            rep_levels_byte_len: 0,
            is_compressed: false,
            statistics: None,
        });
    }

    /// Decodes the next `count` values.
    ///
    /// # Errors
    ///
    /// The values are damaged. The column reader panics on some damage, which becomes an error.
    pub(super) fn decode(&mut self, count: usize) -> ParquetFaultResult<LeafValues> {
        let panicked = || ParquetFault::damaged("its values contradict themselves");
        caught(|| self.decode_any(count)).ok_or_else(panicked)?
    }

    fn decode_any(&mut self, count: usize) -> ParquetFaultResult<LeafValues> {
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => read(reader, count).map(LeafValues::Bool),
            ColumnReader::Int32ColumnReader(reader) => read(reader, count).map(LeafValues::Int32),
            ColumnReader::Int64ColumnReader(reader) => read(reader, count).map(LeafValues::Int64),
            ColumnReader::Int96ColumnReader(reader) => read(reader, count).map(LeafValues::Int96),
            ColumnReader::FloatColumnReader(reader) => read(reader, count).map(LeafValues::Float),
            ColumnReader::DoubleColumnReader(reader) => read(reader, count).map(LeafValues::Double),
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, count).map(LeafValues::Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => read(reader, count).map(LeafValues::Fixed),
        }
    }
}

/// Reads `count` values of one type.
fn read<T: DataType>(reader: &mut ColumnReaderImpl<T>, count: usize) -> ParquetFaultResult<Vec<T::T>> {
    let mut values = Vec::with_capacity(count);
    let (_, read, _) = reader.read_records(count, None, None, &mut values)?;
    if read == count { Ok(values) } else { Err(ParquetFault::damaged("it has fewer values than it claims")) }
}
