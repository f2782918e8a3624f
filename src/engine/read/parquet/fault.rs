//! Why a Parquet file is not read on, and in which column and page.

use std::io;

use parquet::errors::ParquetError;

/// A fault, with as much of its place as is known where it was found.
#[derive(Debug)]
pub(super) struct ParquetFault {
    pub(super) cause: FaultCause,
    /// The column by its path, and the number of its page in the group of rows, from 1.
    pub(super) place: Option<(String, u64)>,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum FaultCause {
    /// Its bytes contradict each other, or are of a kind that is not read: what was found.
    Damaged(String),
    /// It would take so much memory at once; bytes.
    Large(u64),
    /// The system reported an error.
    Failed(io::Error),
}

/// A result that may be a fault of the file.
pub(super) type ParquetFaultResult<T> = Result<T, ParquetFault>;

impl ParquetFault {
    /// A fault of what the bytes say, as the end of a sentence.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        FaultCause::Damaged(what.into()).into()
    }

    /// The same fault with its place, unless it has one.
    pub(super) fn of_page(mut self, column: &str, page: u64) -> Self {
        self.place.get_or_insert_with(|| (column.to_owned(), page));
        self
    }
}

impl From<FaultCause> for ParquetFault {
    fn from(cause: FaultCause) -> Self {
        Self { cause, place: None }
    }
}

impl From<io::Error> for ParquetFault {
    fn from(error: io::Error) -> Self {
        FaultCause::Failed(error).into()
    }
}

impl From<ParquetError> for ParquetFault {
    fn from(error: ParquetError) -> Self {
        Self::damaged(error.to_string())
    }
}
