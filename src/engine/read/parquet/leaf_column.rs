//! One column of values of a Parquet file.
//!
//! Takes a column reader, gives levels and values one after another. Invariant: each entry is
//! consumed exactly once, so the columns of a row stay aligned.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, DataType, FixedLenByteArray, Int96},
    errors::{ParquetError, Result as ParquetResult},
    file::reader::RowGroupReader,
    schema::types::ColumnDescriptor,
};

use super::value_json::ValueEncoding;

/// A column without further columns below.
pub(super) struct LeafColumn {
    /// Its index among the leaves of the file, from 0.
    column: usize,
    /// Definition level of a value that is present.
    def_max: i16,
    /// Repetition level of the innermost list.
    rep_max: i16,
    writing: ValueEncoding,
    reader: Option<ColumnReader>,
    defs: Vec<i16>,
    reps: Vec<i16>,
    values: LeafValues,
    /// The number of entries read, the number consumed, and the number of values in these.
    entries: usize,
    entry: usize,
    value: usize,
}

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

impl LeafColumn {
    pub(super) fn new(column: usize, descriptor: &ColumnDescriptor) -> Self {
        Self {
            column,
            def_max: descriptor.max_def_level(),
            rep_max: descriptor.max_rep_level(),
            writing: ValueEncoding::of(descriptor),
            reader: None,
            defs: Vec::new(),
            reps: Vec::new(),
            values: LeafValues::None,
            entries: 0,
            entry: 0,
            value: 0,
        }
    }

    /// Moves to the column's part of a row group.
    pub(super) fn open_row_group(&mut self, group: &dyn RowGroupReader) -> ParquetResult<()> {
        self.reader = Some(group.get_column_reader(self.column)?);
        self.entries = 0;
        self.entry = 0;
        Ok(())
    }

    /// Reads the entries of some rows, after the earlier ones were consumed.
    pub(super) fn fill(&mut self, rows: usize) -> ParquetResult<()> {
        if self.entry != self.entries {
            return Err(row_count_mismatch());
        }
        (self.entry, self.value) = (0, 0);
        self.defs.clear();
        self.reps.clear();
        let Some(reader) = &mut self.reader else { return Err(row_count_mismatch()) };
        let (defs, reps) = (&mut self.defs, &mut self.reps);
        let (values, (read, entries)) = match reader {
            ColumnReader::BoolColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Bool)?,
            ColumnReader::Int32ColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Int32)?,
            ColumnReader::Int64ColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Int64)?,
            ColumnReader::Int96ColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Int96)?,
            ColumnReader::FloatColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Float)?,
            ColumnReader::DoubleColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Double)?,
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Bytes)?,
            ColumnReader::FixedLenByteArrayColumnReader(reader) => read(reader, rows, defs, reps, LeafValues::Fixed)?,
        };
        self.values = values;
        self.entries = entries;
        if read == rows { Ok(()) } else { Err(row_count_mismatch()) }
    }

    /// The definition level of the next entry.
    pub(super) fn def(&self) -> ParquetResult<i16> {
        if self.entry >= self.entries {
            return Err(row_count_mismatch());
        }
        Ok(self.defs.get(self.entry).copied().unwrap_or(self.def_max))
    }

    /// True if the next entry continues the list of a repetition level.
    pub(super) fn repeats(&self, rep: i16) -> bool {
        self.rep_max >= rep && self.entry < self.entries && self.reps.get(self.entry).is_some_and(|found| *found >= rep)
    }

    /// Consumes an entry without a value.
    pub(super) fn skip(&mut self) -> ParquetResult<()> {
        self.value += usize::from(self.def()? == self.def_max);
        self.entry += 1;
        Ok(())
    }

    /// Writes the value of the next entry and consumes it; `false` if it has none.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> ParquetResult<bool> {
        let is_there = self.def()? == self.def_max;
        let written = is_there && self.writing.write(&self.values, self.value, out);
        self.skip()?;
        Ok(written)
    }
}

/// Reads the entries of some rows; returns the values, the rows and the entries.
fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    defs: &mut Vec<i16>,
    reps: &mut Vec<i16>,
    values_of: fn(Vec<T::T>) -> LeafValues,
) -> ParquetResult<(LeafValues, (usize, usize))> {
    let mut values = Vec::new();
    let (read, _, entries) = reader.read_records(rows, Some(defs), Some(reps), &mut values)?;
    Ok((values_of(values), (read, entries)))
}

/// The error for a column with more or fewer rows than its row group.
pub(super) fn row_count_mismatch() -> ParquetError {
    ParquetError::General("its columns do not have as many rows as they should".to_owned())
}
