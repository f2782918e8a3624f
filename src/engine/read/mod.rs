//! Turns files, folders, patterns and standard input into blocks of whole lines.
//!
//! Takes the arguments of the command line ([`resolve_inputs()`]) and gives [`LineBlock`]s to any
//! number of worker threads ([`BlockReader`]), whatever the compression and layout of the files.
//!
//! ```text
//!  arguments ─▶ resolve ─▶ InputSource ─┬─▶ stream ─▶ line_blocks ─────┬─▶ LineBlock
//!                                       ├─▶ stream ─▶ json_list, csv ──┤
//!                                       └─▶ parquet ───────────────────┘
//! ```
//!
//! The first bytes of a file decide its layout. Lines are only cut, never parsed. Records of other
//! layouts become lines in the block, each with its place in the file. So `decode` alone judges
//! records, and no later stage knows of layouts.
//!
//! Invariant: the blocks of a file, in the order of their index, are its decompressed bytes (less a
//! byte order mark, and less what was dropped of lines over the limit). The cuts depend on those
//! bytes and on [`BlockLimits`] alone, never on threads, timing or read sizes.
//!
//! It does not parse lines, does not count them, never maps a file into memory, and never passes on
//! part of a line as if it were a whole one.

mod archive_listing;
mod begun_pipe;
mod column_mapping;
mod csv;
mod csv_cells;
mod csv_dialect;
mod error;
mod file_id;
mod file_version;
mod format_reader;
mod json_list;
mod json_record;
mod layout;
mod line_blocks;
mod missing_column;
mod multi_frame;
mod multiline;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_error;
mod pattern;
mod raw_file;
mod reader;
mod record_window;
mod resolve;
mod sniff;
mod stream;
mod table_header;
mod tar_archive;
mod tar_member;
mod tar_members;
mod zip_archive;
mod zip_listing;
mod zip_member;

#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

#[cfg(feature = "parquet")]
pub use self::parquet_error::ParquetFileError;
pub use self::{
    archive_listing::SkippedMembers,
    begun_pipe::{BegunPipe, keep_pipe_heads},
    column_mapping::{ColumnMapping, TableUse, usual_fields},
    error::ReadError,
    file_id::FileId,
    file_version::{ChangeGuard, FileState, read_whole_file},
    missing_column::MissingColumn,
    multi_frame::FramePosition,
    multiline::MultilineRecord,
    reader::{BlockReader, FileStats},
    resolve::{DuplicateInput, ResolvedInputs, SkippedEntry, resolve_inputs, table_inputs},
    sniff::Compression,
    tar_member::TarMember,
    zip_member::ZipMember,
};

/// Bytes of a line over the limit that are kept to identify the line.
pub(crate) const LONG_LINE_KEPT_BYTES: usize = 1024;

/// A source of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSource {
    /// The name for people and run records: the path, or `-`.
    pub name: String,
    /// The kind of source.
    pub kind: InputKind,
}

/// The kind of source that the bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Standard input.
    Stdin,
    /// A file, or a pipe or device with a path.
    File(PathBuf),
    /// A member of a zip archive, or of a tar archive that is not compressed.
    Member(ZipMember),
    /// A member of a tar archive that is compressed as a whole.
    TarMember(TarMember),
    /// Bytes in memory, read like a file of the same content.
    Memory(Arc<[u8]>),
    /// Standard input or a pipe whose first bytes were read.
    Begun(Arc<BegunPipe>),
}

impl InputSource {
    /// The file that the bytes are in, if it has a path.
    pub fn path(&self) -> Option<&Path> {
        match &self.kind {
            InputKind::Stdin | InputKind::Memory(_) | InputKind::Begun(_) => None,
            InputKind::File(path) => Some(path),
            InputKind::Member(member) => Some(&member.archive),
            InputKind::TarMember(packed) => Some(&packed.archive),
        }
    }
}

/// The sizes that decide where blocks are cut and how much memory a worker needs.
///
/// A `block_bytes` over `line_bytes_max` counts as `line_bytes_max`; zeros count as 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockLimits {
    /// Size at which a block is cut, back to its last line end; bytes.
    pub block_bytes: usize,
    /// Longest line passed on whole, without its line end; bytes.
    pub line_bytes_max: usize,
    /// Most memory for the pages of a Parquet file, its footer included; bytes.
    pub table_bytes_max: usize,
}

impl BlockLimits {
    /// 256 KiB blocks, large enough that handing one over costs nothing beside parsing it and small
    /// enough to stay in cache; 16 MiB lines, far over any event and still bounded; 256 MiB for Parquet,
    /// of which some programs write pages of 100 MB.
    pub const STANDARD: Self = Self { block_bytes: 1 << 18, line_bytes_max: 16 << 20, table_bytes_max: 256 << 20 };

    /// The same limits with so much memory for a Parquet file; bytes.
    pub fn with_table(self, table_bytes_max: usize) -> Self {
        Self { table_bytes_max, ..self }
    }

    /// The same limits, with the block no larger than a line and neither of them zero.
    fn clamped(self) -> Self {
        let line_bytes_max = self.line_bytes_max.max(1);
        Self { block_bytes: self.block_bytes.clamp(1, line_bytes_max), line_bytes_max, ..self }
    }
}

/// Consecutive whole lines of one file, or one line over the limit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LineBlock {
    /// Position of the file in the list given to [`BlockReader::new`], from 0.
    pub file: u32,
    /// Number of the block within its file, from 0.
    pub(crate) index: u32,
    /// Offset of the first of `bytes` in the decompressed file; bytes.
    pub(crate) offset: u64,
    /// Whole lines with their line ends; only the last line of a file may lack one. Never empty.
    pub bytes: Vec<u8>,
    /// True for the first block with whole lines of a file, which shows the format of the file.
    pub starts_file: bool,
    /// For a line over [`BlockLimits::line_bytes_max`]: its length without its line end, in bytes.
    /// `bytes` then holds just its first [`LONG_LINE_KEPT_BYTES`] (fewer if the limit is less).
    pub long_line: Option<u64>,
    /// Whether the last line goes on in the next block, as one of many objects does that is over the limit.
    pub goes_on: bool,
    /// The origin of each line, if the lines were made from other records; else empty.
    pub origins: Vec<LineOrigin>,
    /// The records as they stand in the file; origins point to them.
    pub(crate) stored: Vec<u8>,
    /// The names of the columns, in the first block of a table about users or accounts; such a block may have no rows.
    pub(crate) column_names: Vec<String>,
}

/// The origin of a line that was made from another record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineOrigin {
    /// The line of the file in which the record begins, from 1; in a table of binary rows the
    /// number of the row.
    pub line: u64,
    /// Offset of its first byte in the decompressed file; bytes.
    pub(crate) offset: u64,
    /// The place of the original record in [`LineBlock::stored`]; `None` if the line shows it.
    pub(crate) stored: Option<Range<usize>>,
    /// Why it could not be made into a record, if so.
    pub(crate) broken: Option<RowFault>,
}

/// Why a row of a table is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// Its number of cells is not that of the header row.
    Cells { found: usize, expected: usize },
    /// The cell of a column, from 1, holds something else than an object.
    NoObject { column: usize },
}

impl RowFault {
    /// As two numbers: cells found and expected, or the column and 0.
    pub(crate) fn numbers(self) -> [u64; 2] {
        match self {
            Self::Cells { found, expected } => [found as u64, expected as u64],
            Self::NoObject { column } => [column as u64, 0],
        }
    }
}

impl LineBlock {
    /// Empties the block for new lines.
    fn reset(&mut self, file: u32, index: u32, offset: u64) {
        self.bytes.clear();
        self.stored.clear();
        self.origins.clear();
        self.column_names.clear();
        (self.file, self.index, self.offset, self.long_line, self.goes_on) = (file, index, offset, None, false);
    }

    /// Makes this the block of one record over the limit, given the beginning that is kept.
    fn set_long_line(&mut self, place: LineOrigin, kept: Vec<u8>, length: u64) {
        self.bytes = kept;
        self.origins = vec![place];
        self.long_line = Some(length);
    }

    /// The bytes of a line as they stand in the file, if the line was made from them.
    pub(crate) fn original_bytes(&self, place: &LineOrigin) -> Option<&[u8]> {
        self.stored.get(place.stored.clone()?)
    }
}

/// Shows the place and the size but not the bytes, which may be personal.
impl fmt::Debug for LineBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("file", &self.file)
            .field("index", &self.index)
            .field("offset", &self.offset)
            .field("len", &self.bytes.len())
            .field("long_line", &self.long_line)
            .finish_non_exhaustive()
    }
}
