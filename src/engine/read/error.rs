//! The errors of finding, opening and reading inputs.
//!
//! Takes the input's name and the cause, and gives one sentence: what was found, what was expected,
//! what to do. Invariant: no text contains bytes of the file, which may be personal data.

use std::{error::Error, fmt, io, path::PathBuf};

use super::{Compression, multi_frame::FramePosition, sniff::UnsupportedFileFormat};

/// The reason why inputs could not be found, opened or read to their end.
///
/// The text leaves out the cause, which [`Error::source`] returns.
#[derive(Debug)]
pub enum ReadError {
    /// A path that does not exist.
    NotFound { path: PathBuf, source: io::Error },
    /// A path that may not be read.
    Denied { path: PathBuf, source: io::Error },
    /// A path that could not be inspected for another reason.
    Inaccessible { path: PathBuf, source: io::Error },
    /// A malformed pattern.
    Pattern { pattern: String, source: glob::PatternError },
    /// A pattern that matches no file.
    NoMatch { pattern: String },
    /// A folder in which no file has the name of an event file.
    NoEvents { path: PathBuf, skipped: usize },
    /// An input that could not be opened.
    Open { name: String, source: io::Error },
    /// An input whose reading failed.
    Read { name: String, source: io::Error },
    /// A file of a format that is not supported.
    UnsupportedFormat { name: String, format: &'static str, advice: &'static str },
    /// Compressed data that stops before its end.
    Truncated { name: String, compression: Compression, good_bytes: u64, part: FramePosition, source: io::Error },
    /// Compressed data that is damaged, or followed by other bytes.
    Damaged { name: String, compression: Compression, good_bytes: u64, part: FramePosition, source: io::Error },
    /// zstd data that needs more memory than is granted.
    ZstdWindow { name: String, source: io::Error },
    /// A zip archive whose directory cannot be read.
    Archive { name: String, source: Box<zip::result::ZipError> },
    /// A zip archive without a member that has the name of an event file.
    NoMembers { name: String, skipped: usize },
    /// A member of an archive with an unsupported compression or encryption.
    MemberRefused { name: String, archive: String, reason: &'static str },
    /// A member of an archive that is damaged.
    MemberDamaged { name: String, good_bytes: u64, source: io::Error },
    /// A JSON list, or an object over several lines, that stops before its end.
    TruncatedList { name: String, records: u64 },
    /// A table that stops inside a quoted cell.
    UnclosedQuote { name: String, line: u64 },
    /// A table without events, or without recognised columns for their parts.
    UnusableTable { name: String, what: String, advice: String },
    /// A table about users or accounts without the column of their ids.
    NoKeyColumn { name: String, columns: Vec<String> },
    /// A row of such a table that has more or fewer cells than its header row.
    RaggedRow { name: String, line: u64, cells: usize, columns: usize },
    /// A Parquet file that is damaged, or uses an unsupported encoding.
    DamagedParquet { name: String, rows: u64, source: Box<dyn Error + Send + Sync> },
    /// A file that became smaller while it was read.
    Changed { name: String, opened_bytes: u64, found_bytes: u64 },
    /// A file that was written over while it was read.
    Rewritten { name: String },
    /// An input that must be read more than once but can be read only once.
    SinglePass { name: String },
    /// A file that changed between two readings.
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

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path, .. } => write!(
                f,
                "`{}` does not exist; expected a file, a folder, a pattern such as \
                 `'events/*.ndjson.gz'`, or `-` for standard input",
                path.display()
            ),
            Self::Denied { path, .. } => write!(
                f,
                "`{}` may not be read; give this user read permission \
                 on it and on the folders above it",
                path.display()
            ),
            Self::Inaccessible { path, .. } => {
                write!(f, "`{}` could not be looked at; check the disk or mount it is on", path.display())
            }
            Self::Pattern { pattern, .. } => write!(
                f,
                "`{pattern}` is neither a file nor a pattern; expected `*`, `?`, `[a-z]` \
                 or `**` as a whole folder name"
            ),
            Self::NoMatch { pattern } => write!(
                f,
                "`{pattern}` matches no file; check the folder it starts from, \
                 and that hidden files are named in full"
            ),
            Self::NoEvents { path, skipped } => write!(
                f,
                "folder `{}` holds no event files ({skipped} other{} skipped); \
                 expected names ending in .ndjson, .jsonl or .json, with or without .gz or .zst, \
                 or in .zip or .parquet, or else name the files themselves",
                path.display(),
                if *skipped == 1 { "" } else { "s" }
            ),
            Self::Open { name, .. } => {
                write!(f, "`{name}` could not be opened; check that it still exists and may be read")
            }
            Self::Read { name, .. } => {
                write!(f, "`{name}` could not be read to its end; check the disk or mount it is on")
            }
            Self::UnsupportedFormat { name, format, advice } => {
                write!(f, "`{name}` is {format}, expected events as JSON lines, a JSON list or CSV in UTF-8; {advice}")
            }
            Self::Truncated { name, compression, good_bytes, part, .. } => write!(
                f,
                "`{name}` stops in the middle of its {compression} data, \
                 after {good_bytes} good bytes of content, in {part}; \
                 download it again, or check it with `{compression} -t`"
            ),
            Self::Damaged { name, compression, good_bytes, part, .. } => write!(
                f,
                "`{name}` holds damaged {compression} data, or something else after it, \
                 past {good_bytes} good bytes of content, in {part}; \
                 download it again, or check it with `{compression} -t`"
            ),
            Self::ZstdWindow { name, .. } => write!(
                f,
                "`{name}` needs a zstd window over 128 MiB; \
                 compress it again with `--long=27` or without `--long`"
            ),
            Self::Archive { name, .. } => write!(
                f,
                "`{name}` begins like a zip archive, but its directory at the end cannot be read; \
                 download it again, or check it with `unzip -t`"
            ),
            Self::NoMembers { name, skipped } => write!(
                f,
                "archive `{name}` holds no event files ({skipped} other{} skipped); \
                 expected names ending in .ndjson, .jsonl, .json, .csv or .tsv, with or without .gz or .zst; \
                 or else unpack it and name the files themselves",
                if *skipped == 1 { "" } else { "s" }
            ),
            Self::MemberRefused { name, archive, reason } => write!(
                f,
                "`{name}` is {reason}, which is not read; unpack `{archive}` with a program that does, \
                 and name the files"
            ),
            Self::MemberDamaged { name, good_bytes, .. } => write!(
                f,
                "`{name}` is damaged in the archive, past {good_bytes} good bytes of content; \
                 download the archive again, or check it with `unzip -t`"
            ),
            Self::TruncatedList { name, records } => write!(
                f,
                "`{name}` stops inside a JSON list or object, after {records} whole record{}; \
                 download it again, or close its brackets",
                if *records == 1 { "" } else { "s" }
            ),
            Self::UnclosedQuote { name, line } => write!(
                f,
                "`{name}` stops inside a quoted cell of the row that begins on line {line}; \
                 download it again, or look for a quote on that line that should be doubled"
            ),
            Self::UnusableTable { name, what, advice } => write!(f, "`{name}` is {what}; {advice}"),
            Self::NoKeyColumn { name, columns } => {
                write!(
                    f,
                    "`{name}` has no column of ids among its {} columns; name the one that holds them",
                    columns.len()
                )
            }
            Self::RaggedRow { name, line, cells, columns } => write!(
                f,
                "`{name}` line {line}: {cells} cell{} where the header row has {columns}; \
                 a delimiter inside a cell needs quotes around the cell",
                if *cells == 1 { "" } else { "s" }
            ),
            Self::DamagedParquet { name, rows, .. } => write!(
                f,
                "`{name}` is a Parquet file that cannot be read past row {rows}; download it again, \
                 or write it anew with `duckdb -c \"copy (from 'FILE') to 'events.parquet'\"`"
            ),
            Self::Changed { name, opened_bytes, found_bytes } => write!(
                f,
                "`{name}` changed while it was read, from {opened_bytes} to {found_bytes} bytes; \
                 run again when nothing writes or rotates it"
            ),
            Self::Rewritten { name } => {
                write!(f, "`{name}` was written over while it was read; run again when nothing writes or rotates it")
            }
            Self::SinglePass { name } => write!(
                f,
                "`{name}` can be read only once, and this command reads the events more than once; \
                 name a file that holds them"
            ),
            Self::ChangedBetweenReads { name } => write!(
                f,
                "`{name}` changed while the command ran, which reads the events more than once; \
                 run again when nothing writes or rotates it, or name a copy"
            ),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotFound { source, .. }
            | Self::Denied { source, .. }
            | Self::Inaccessible { source, .. }
            | Self::Open { source, .. }
            | Self::Read { source, .. }
            | Self::Truncated { source, .. }
            | Self::Damaged { source, .. }
            | Self::ZstdWindow { source, .. }
            | Self::MemberDamaged { source, .. } => Some(source),
            Self::DamagedParquet { source, .. } => Some(source.as_ref()),
            Self::Archive { source, .. } => Some(source.as_ref()),
            Self::Pattern { source, .. } => Some(source),
            Self::NoMatch { .. }
            | Self::NoEvents { .. }
            | Self::UnsupportedFormat { .. }
            | Self::NoMembers { .. }
            | Self::TruncatedList { .. }
            | Self::UnclosedQuote { .. }
            | Self::UnusableTable { .. }
            | Self::NoKeyColumn { .. }
            | Self::RaggedRow { .. }
            | Self::MemberRefused { .. }
            | Self::Changed { .. }
            | Self::Rewritten { .. }
            | Self::SinglePass { .. }
            | Self::ChangedBetweenReads { .. } => None,
        }
    }
}
