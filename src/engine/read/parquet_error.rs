//! Why a Parquet file is not read on, in words.

use std::{error::Error, fmt, io};

/// How much of the name of a column is shown; letters.
const NAME_SHOWN: usize = 80;

/// What is wrong with a Parquet file, and where.
#[derive(Debug)]
pub struct ParquetFileError {
    /// Rows that were read whole before.
    pub(super) rows: u64,
    /// Number of the group of rows, from 1; 0 for what is said of the file as a whole.
    pub(super) group: u64,
    /// The column, and the number of its page in the group, from 1; 0 for what is said of all its pages.
    pub(super) page: Option<(String, u64)>,
    pub(super) problem: ParquetProblem,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum ParquetProblem {
    /// Its bytes contradict each other, or are of a kind that is not read: the end of a sentence.
    Damaged(String),
    /// It would take more memory at once than it may; bytes.
    Large { bytes: u64, max: u64 },
    /// The system reported an error.
    Failed(io::Error),
}

impl fmt::Display for ParquetFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is a Parquet file that cannot be read past row {}: ", self.rows)?;
        match self.group {
            0 => f.write_str("its footer")?,
            group => write!(f, "row group {group}")?,
        }
        if let Some((column, page)) = &self.page {
            let shown: String = column.chars().take(NAME_SHOWN).collect();
            let dots = if shown.len() < column.len() { "…" } else { "" };
            write!(f, ", column `{shown}{dots}`")?;
            if *page > 0 {
                write!(f, ", page {page}")?;
            }
        }
        match &self.problem {
            ParquetProblem::Damaged(what) => write!(
                f,
                " is damaged or not readable ({what}); download it again, or write it anew with \
                 `duckdb -c \"copy (from 'FILE') to 'events.parquet'\"`"
            ),
            ParquetProblem::Large { bytes, max } => write!(
                f,
                " would take {} MiB of memory, and --max-table allows {} MiB; give more, or write it anew in smaller groups with \
                 `duckdb -c \"copy (from 'FILE') to 'events.parquet' (row_group_size 10000)\"`",
                bytes.div_ceil(1 << 20),
                max >> 20
            ),
            ParquetProblem::Failed(_) => f.write_str(" could not be read; check the disk or mount it is on"),
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
