//! One open file, read into blocks by the module for its layout.
//!
//! Takes an [`InputSource`], detects the layout of its content, and gives blocks.

use std::sync::{Arc, atomic::AtomicU64};
#[cfg(feature = "parquet")]
use std::{fs::File, io::Read, path::Path};

#[cfg(feature = "parquet")]
use super::{InputKind, parquet::ParquetReader, sniff::PARQUET};

use super::{
    BlockLimits, ColumnMapping, Compression, InputSource, LineBlock, ReadError, TableUse,
    csv::CsvReader,
    csv_dialect,
    json_list::{self, JsonListReader},
    layout::{self, HEAD_BYTES_MAX},
    line_blocks::LineBlockReader,
    missing_column::MissingColumn,
    multiline::MultilineRecord,
    sniff::MANIFEST,
    stream::DecompressedStream,
};
use crate::fs::retry::retry_interrupted;

/// An open file.
pub(super) enum FormatReader {
    /// One record per line.
    Lines(LineBlockReader),
    /// Records of a JSON list.
    List(JsonListReader),
    /// Rows under a header row.
    Csv(Box<CsvReader>),
    /// Rows in columns.
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetReader>),
}

/// The totals of a file that was read to its end.
pub(super) struct FileTotals {
    pub(super) compression: Compression,
    pub(super) raw_bytes: u64,
    pub(super) bytes: u64,
    pub(super) grew: bool,
    pub(super) more_pages: bool,
    pub(super) multiline: Option<MultilineRecord>,
    pub(super) missing_columns: Vec<MissingColumn>,
}

impl FormatReader {
    /// Opens an input and detects its layout.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::open`], and of tables whose columns cannot be used.
    pub(super) fn open(
        input: &InputSource,
        file: u32,
        limits: BlockLimits,
        naming: &ColumnMapping,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let mut stream = match DecompressedStream::open(input, progress) {
            // The columns of a Parquet file are apart, so it is read by its path and not as a
            // stream.
            #[cfg(feature = "parquet")]
            Err(ReadError::UnsupportedFormat { format, .. }) if format == PARQUET.format && is_plain(input) => {
                return Self::open_parquet(input, file, limits, naming, progress);
            }
            opened => opened?,
        };
        let head = stream.peek(HEAD_BYTES_MAX)?;
        if naming.table_use == TableUse::Events && layout::is_manifest(head) {
            return Err(ReadError::unsupported(&input.name, MANIFEST));
        }
        if layout::is_list(head) {
            let is_bare = json_list::is_bare(head);
            return Ok(Self::List(JsonListReader::new(stream, is_bare, file, limits)));
        }
        Ok(match csv_dialect::head_of(&mut stream, naming, limits)? {
            Some(head) => Self::Csv(Box::new(CsvReader::new(stream, head, naming, file, limits))),
            None => Self::Lines(LineBlockReader::new(stream, file, limits)),
        })
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(
        input: &InputSource,
        file: u32,
        limits: BlockLimits,
        naming: &ColumnMapping,
        progress: &Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let path = input.path().unwrap_or(Path::new(&input.name));
        Ok(Self::Parquet(Box::new(ParquetReader::open(path, &input.name, file, limits, naming, progress)?)))
    }

    /// Position of the file among the inputs.
    pub(super) fn file(&self) -> u32 {
        match self {
            Self::Lines(cutter) => cutter.file,
            Self::List(items) => items.file(),
            Self::Csv(rows) => rows.file(),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.file(),
        }
    }

    /// Replaces `block` by the next one; `false` at the end.
    ///
    /// # Errors
    ///
    /// Those of reading, and of content that ends inside a record.
    pub(super) fn next(&mut self, block: &mut LineBlock) -> Result<bool, ReadError> {
        match self {
            Self::Lines(cutter) => cutter.next(block),
            Self::List(items) => items.next(block),
            Self::Csv(rows) => rows.next(block),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.next(block),
        }
    }

    /// Closes the file after its last block.
    ///
    /// # Errors
    ///
    /// Those of [`DecompressedStream::finish`].
    pub(super) fn finish(self) -> Result<FileTotals, ReadError> {
        let more_pages = matches!(&self, Self::List(items) if items.more_pages());
        let multiline = match &self {
            Self::List(items) => items.multiline(),
            Self::Csv(rows) => rows.multiline(),
            _ => None,
        };
        let missing_columns = match &self {
            Self::Lines(_) | Self::List(_) => Vec::new(),
            Self::Csv(rows) => rows.missing_columns().to_vec(),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => table.missing_columns().to_vec(),
        };
        let stream = match self {
            Self::Lines(cutter) => cutter.finish(),
            Self::List(items) => items.finish(),
            Self::Csv(rows) => rows.finish(),
            #[cfg(feature = "parquet")]
            Self::Parquet(table) => {
                let (raw_bytes, bytes) = table.finish()?;
                return Ok(FileTotals {
                    compression: Compression::None,
                    raw_bytes,
                    bytes,
                    grew: false,
                    more_pages,
                    multiline,
                    missing_columns,
                });
            }
        }?;
        let (raw_bytes, bytes, grew) = (stream.raw_bytes(), stream.good_bytes(), stream.grew());
        let compression = stream.compression();
        Ok(FileTotals { compression, raw_bytes, bytes, grew, more_pages, multiline, missing_columns })
    }
}

/// True if an input is a regular Parquet file, which can be read at any offset.
#[cfg(feature = "parquet")]
fn is_plain(input: &InputSource) -> bool {
    let InputKind::File(path) = &input.kind else { return false };
    let mut head = [0; 4];
    let file = retry_interrupted(|| path.metadata()).is_ok_and(|meta| meta.is_file()).then(|| File::open(path));
    file.is_some_and(|file| file.and_then(|mut file| file.read_exact(&mut head)).is_ok()) && head == *b"PAR1"
}
