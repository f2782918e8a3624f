//! The messages about Parquet files that cannot be read.

use std::{error::Error, fmt, io};

/// The letters of a column name that a message shows.
const NAME_SHOWN: usize = 80;

/// An error in a Parquet file, with its place.
#[derive(Debug)]
pub struct ParquetFileError {
    /// The name of the file.
    pub(super) name: String,
    /// The number of complete rows before the error.
    pub(super) rows: u64,
    /// The number of the row group, from 1; 0 for the footer.
    pub(super) group: u64,
    /// The column, and the number of its page in the row group: from 1, or 0 if unknown.
    pub(super) page: Option<(String, u64)>,
    pub(super) problem: ParquetProblem,
}

/// The cause of a [`ParquetFileError`].
#[derive(Debug)]
pub(super) enum ParquetProblem {
    /// The file contradicts itself or uses an unsupported feature. The text is the end of a sentence.
    Damaged(String),
    /// The file needs more memory at once than it may use; bytes.
    Large { bytes: u64, max: u64 },
    /// The system reported an error.
    Failed(io::Error),
}

impl fmt::Display for ParquetFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, rows, place) = (&self.name, self.rows, ErrorPlace(self));
        write!(f, "`{name}` is a Parquet file that cannot be read past row {rows} ({place}): ")?;
        match &self.problem {
            ParquetProblem::Damaged(what) => write!(
                f,
                "{what}; download it again, or write it anew with \
                 `duckdb -c \"copy (from 'FILE') to 'events.parquet'\"`"
            ),
            ParquetProblem::Large { bytes, max } => write!(
                f,
                "it needs {} MiB of memory, and --max-table allows {} MiB; allow more, or write it anew with \
                 `duckdb -c \"copy (from 'FILE') to 'events.parquet' (row_group_size 10000)\"`",
                bytes.div_ceil(1 << 20),
                max >> 20
            ),
            ParquetProblem::Failed(_) => f.write_str("check the disk or mount it is on"),
        }
    }
}

/// The place of an error in words.
struct ErrorPlace<'e>(&'e ParquetFileError);

impl fmt::Display for ErrorPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.group {
            0 => f.write_str("its footer")?,
            group => write!(f, "row group {group}")?,
        }
        let Some((column, page)) = &self.0.page else { return Ok(()) };
        let shown: String = column.chars().take(NAME_SHOWN).collect();
        let dots = if shown.len() < column.len() { "…" } else { "" };
        write!(f, ", column `{shown}{dots}`")?;
        match page {
            0 => Ok(()),
            page => write!(f, ", page {page}"),
        }
    }
}

impl Error for ParquetFileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            ParquetProblem::Failed(source) => Some(source),
            ParquetProblem::Damaged(_) | ParquetProblem::Large { .. } => None,
        }
    }
}
