//! Why a file of outcomes cannot be used.

use crate::enrich::EnrichError;

/// Why a file of outcomes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutcomeError {
    /// It cannot be read as a table.
    #[error(transparent)]
    Table(#[from] EnrichError),
    /// It has no native columns, and the model no map.
    #[error("`{file}` is no file of outcomes: it has no columns `outcome` and `at`, and the model has no `[outcomes]`")]
    NotNative {
        /// The file.
        file: String,
        /// Its columns.
        columns: Vec<String>,
    },
    /// It has native columns, but none of ids.
    #[error("`{file}` has outcomes without a column of ids; expected `account_id` or `user_id`")]
    NoIds {
        /// The file.
        file: String,
        /// Its columns.
        columns: Vec<String>,
    },
    /// It lacks a column of the map.
    #[error("`{file}` has no column `{column}`, which {reader} reads")]
    NoColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The part of the map that names it.
        reader: String,
        /// The columns of the file.
        columns: Vec<String>,
    },
}

impl OutcomeError {
    /// The columns of the file, if the error is about them.
    pub fn columns(&self) -> &[String] {
        match self {
            OutcomeError::Table(_) => &[],
            OutcomeError::NotNative { columns, .. }
            | OutcomeError::NoIds { columns, .. }
            | OutcomeError::NoColumn { columns, .. } => columns,
        }
    }
}
