//! The error of reading a Parquet file, with its column and page.

use std::io;

use parquet::errors::ParquetError;

/// An error in a Parquet file, with the column and page if they are known.
#[derive(Debug)]
pub(super) struct ParquetFault {
    pub(super) cause: FaultCause,
    /// The path of the column, and the number of its page in the row group: from 1, or 0 if the page
    /// is unknown.
    pub(super) place: Option<(String, u64)>,
}

/// The cause of a [`ParquetFault`].
#[derive(Debug)]
pub(super) enum FaultCause {
    /// The file contradicts itself or uses an unsupported feature. The text is the end of a sentence.
    Damaged(String),
    /// The file needs this much memory at once, more than it may use; bytes.
    Large(u64),
    /// The system reported an error.
    Failed(io::Error),
}

/// A result that may be an error in the file.
pub(super) type ParquetFaultResult<T> = Result<T, ParquetFault>;

impl ParquetFault {
    /// An error in the content of the file, as the end of a sentence.
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        FaultCause::Damaged(what.into()).into()
    }

    /// Adds the column and page, unless the error already has them.
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
