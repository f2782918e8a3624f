//! The errors of finding, opening and reading inputs.
//!
//! Takes the input's name and the cause, and gives one sentence: what was found, what was expected,
//! what to do. Invariant: no text contains bytes of the file, which may be personal data.

use std::{io, path::PathBuf};

use pql_model::units::plural_ending;

#[cfg(feature = "parquet")]
use super::parquet_error::ParquetFileError;
use super::{Compression, multi_frame::FramePosition, sniff::UnsupportedFileFormat};

/// The reason why inputs could not be found, opened or read to their end.
///
/// The text leaves out the cause, which [`std::error::Error::source`] returns.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A path that does not exist.
    #[error(
        "`{path}` does not exist; expected a file, a folder, a pattern such as \
         `'events/*.ndjson.gz'`, or `-` for standard input"
    )]
    NotFound { path: PathBuf, source: io::Error },
    /// A path that may not be read.
    #[error("`{path}` may not be read; give this user read permission on it and on the folders above it")]
    Denied { path: PathBuf, source: io::Error },
    /// A path that could not be inspected for another reason.
    #[error("`{path}` could not be looked at; check the disk or mount it is on")]
    Inaccessible { path: PathBuf, source: io::Error },
    /// A malformed pattern.
    #[error("`{pattern}` is neither a file nor a pattern; expected `*`, `?`, `[a-z]` or `**` as a whole folder name")]
    Pattern { pattern: String, source: glob::PatternError },
    /// A pattern that matches no file.
    #[error("`{pattern}` matches no file; check the folder it starts from, and that hidden files are named in full")]
    NoMatch { pattern: String },
    /// A device, such as `/dev/zero`, that gives bytes without end.
    #[error("`{path}` is a device, which has no end; name a file of events, or `-` for standard input")]
    Device { path: PathBuf },
    /// A folder in which no file has the name of an event file.
    #[error(
        "folder `{path}` holds no event files ({skipped} other{} skipped); \
         expected names ending in .ndjson, .jsonl or .json, with or without .gz or .zst, \
         or in .zip, .tar, .tgz or .parquet, or else name the files themselves",
        plural_ending(*.skipped as u64)
    )]
    NoEvents { path: PathBuf, skipped: usize },
    /// The same of a folder with tables.
    #[error(
        "folder `{path}` holds tables and no other files of events; CSV files in a folder are not read, \
         since one may be a table of users or accounts; name the pattern '{pattern}' to read them as events"
    )]
    OnlyTables { path: PathBuf, pattern: String },
    /// An input that could not be opened.
    #[error("`{name}` could not be opened; check that it still exists and may be read")]
    Open { name: String, source: io::Error },
    /// An input whose reading failed.
    #[error("`{name}` could not be read to its end; check the disk or mount it is on")]
    Read { name: String, source: io::Error },
    /// A file of a format that is not supported.
    #[error("`{name}` is {format}, expected events as JSON lines, a JSON list or CSV in UTF-8; {advice}")]
    UnsupportedFormat { name: String, format: &'static str, advice: &'static str },
    /// Compressed data that stops before its end.
    #[error(
        "`{name}` stops in the middle of its {compression} data, after {good_bytes} good bytes of content, in {part}; \
         download it again, or check it with `{compression} -t`"
    )]
    Truncated { name: String, compression: Compression, good_bytes: u64, part: FramePosition, source: io::Error },
    /// Compressed data that is damaged, or followed by other bytes.
    #[error(
        "`{name}` holds damaged {compression} data, or something else after it, \
         past {good_bytes} good bytes of content, in {part}; \
         download it again, or check it with `{compression} -t`"
    )]
    Damaged { name: String, compression: Compression, good_bytes: u64, part: FramePosition, source: io::Error },
    /// zstd data that needs more memory than is granted.
    #[error("`{name}` needs a zstd window over 128 MiB; compress it again with `--long=27` or without `--long`")]
    ZstdWindow { name: String, source: io::Error },
    /// A zip archive whose directory cannot be read.
    #[error(
        "`{name}` begins like a zip archive, but its directory at the end cannot be read; \
         download it again, or check it with `unzip -t`"
    )]
    Archive { name: String, source: Box<zip::result::ZipError> },
    /// An archive without a member that has the name of an event file.
    #[error(
        "archive `{name}` holds no event files ({skipped} other{} skipped); \
         expected names ending in .ndjson, .jsonl, .json, .csv or .tsv, with or without .gz or .zst; \
         or else unpack it and name the files themselves",
        plural_ending(*.skipped as u64)
    )]
    NoMembers { name: String, skipped: usize },
    /// A member of an archive with an unsupported compression or encryption.
    #[error("`{name}` is {reason}, which is not read; unpack `{archive}` with a program that does, and name the files")]
    MemberRefused { name: String, archive: String, reason: &'static str },
    /// A member of an archive that is damaged.
    #[error(
        "`{name}` is damaged in the archive, past {good_bytes} good bytes of content; \
         download the archive again, or check it with `{tool}`"
    )]
    MemberDamaged { name: String, tool: &'static str, good_bytes: u64, source: io::Error },
    /// A JSON list, or an object over several lines, that stops before its end; what is open begins on the line.
    #[error(
        "`{name}` stops inside a JSON list or object, after {records} whole record{}; \
         what is not closed begins on line {line}; download the file again, or close its brackets",
        plural_ending(*.records)
    )]
    TruncatedList { name: String, records: u64, line: u64 },
    /// A table that stops inside a quoted cell.
    #[error(
        "`{name}` stops inside a quoted cell of the row that begins on line {line}; \
         download it again, or look for a quote on that line that should be doubled"
    )]
    UnclosedQuote { name: String, line: u64 },
    /// A quoted cell over the limit that spans many lines.
    #[error(
        "`{name}` has a quoted cell that is longer than --max-line and spans {lines} lines, \
         in the row that begins on line {line}; look for a quote on that line that should be doubled, \
         or give a larger --max-line"
    )]
    OversizedCell { name: String, line: u64, lines: u64 },
    /// A tar archive that is damaged or no whole one; where in the unpacked archive, in bytes.
    #[error(
        "`{name}` is a tar archive that {fault} (byte {at} of the unpacked archive); \
         download it again, or unpack it with `tar -xf` and name the files"
    )]
    BrokenTar { name: String, fault: &'static str, at: u64 },
    /// A zip archive that holds other members than its directory says.
    #[error("`{name}` is a zip archive that {fault}; download it again, or check it with `unzip -t`")]
    UnlistedMembers { name: String, fault: String },
    /// A link of an event file's name, in a folder, that leads nowhere or back to itself.
    #[error(
        "`{path}` is a link that leads {}; mend the link, or remove it if its events are not to count",
        if *.circle { "back to itself" } else { "nowhere" }
    )]
    DeadLink { path: PathBuf, circle: bool, source: io::Error },
    /// A table without events, or without recognised columns for their parts.
    #[error("`{name}` is {what}; {advice}")]
    UnusableTable { name: String, what: String, advice: String },
    /// A table about users or accounts without the column of their ids.
    #[error("`{name}` has no column of ids among its {} columns; name the one that holds them", .columns.len())]
    NoKeyColumn { name: String, columns: Vec<String> },
    /// A row of such a table that has more or fewer cells than its header row.
    #[error(
        "`{name}` line {line}: {cells} cell{} where the header row has {columns}; \
         a delimiter inside a cell needs quotes around the cell",
        plural_ending(*.cells as u64)
    )]
    RaggedRow { name: String, line: u64, cells: usize, columns: usize },
    /// A Parquet file that is damaged, or uses an unsupported encoding.
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    DamagedParquet(Box<ParquetFileError>),
    /// A file that became smaller while it was read.
    #[error(
        "`{name}` changed while it was read, from {opened_bytes} to {found_bytes} bytes; \
         run again when nothing writes or rotates it"
    )]
    Changed { name: String, opened_bytes: u64, found_bytes: u64 },
    /// A file that was written over while it was read.
    #[error("`{name}` was written over while it was read; run again when nothing writes or rotates it")]
    Rewritten { name: String },
    /// An input that must be read more than once but can be read only once.
    #[error(
        "`{name}` can be read only once, and this command reads the events more than once; \
         name a file that holds them"
    )]
    SinglePass { name: String },
    /// A file that changed between two readings.
    #[error(
        "`{name}` changed while the command ran, which reads the events more than once; \
         run again when nothing writes or rotates it, or name a copy"
    )]
    ChangedBetweenReads { name: String },
}

impl ReadError {
    /// True if the arguments are the cause (a missing path, no match), not the machine or the data.
    pub fn is_start(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::Pattern { .. }
                | Self::NoMatch { .. }
                | Self::NoEvents { .. }
                | Self::OnlyTables { .. }
                | Self::Device { .. }
                | Self::SinglePass { .. }
        )
    }

    /// The error for content that is not events.
    pub(super) fn unsupported(name: &str, foreign: UnsupportedFileFormat) -> Self {
        let UnsupportedFileFormat { format, advice } = foreign;
        Self::UnsupportedFormat { name: name.to_owned(), format, advice }
    }

    /// The error for a path that could not be inspected before reading.
    pub(super) fn for_path(path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound { path, source },
            io::ErrorKind::PermissionDenied => Self::Denied { path, source },
            _ => Self::Inaccessible { path, source },
        }
    }
}
