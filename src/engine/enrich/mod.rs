//! Tables of users and accounts: what is known of them beside events, in every layout that events may have.
//!
//! Takes files and the traits of a level; gives a row for each record that has an id, read as the traits' types. What an id stands for is settled
//! by the caller.

mod attach;
mod key_column;
mod row_period;
mod table_reader;

use std::fmt;

use crate::{decode::misread::NotUnderstood, read::ReadError};
use pql_model::{diag::near_miss, expr::Value};

pub use self::{
    attach::{AttachedTraits, attach, current_rows},
    key_column::{KeyGuess, guess_key_column},
    row_period::ValidPeriod,
    table_reader::{EnrichRequest, read_enrichment},
};

/// A row of a table.
#[derive(Debug, Clone)]
pub struct EnrichRow {
    /// The id.
    pub(crate) key: String,
    /// Its file, by place in [`EnrichFile::files`].
    pub(crate) file: u32,
    /// Its line, from 1; of Parquet the number of the row.
    pub(crate) line: u64,
    /// By trait of the level; null where the row says nothing.
    pub(crate) values: Vec<Value<'static>>,
    /// When it holds.
    pub(crate) valid: ValidPeriod,
}

/// A table, which may lie in several files of an archive.
#[derive(Debug, Clone, Default)]
pub struct EnrichFile {
    /// As messages show it.
    pub name: String,
    /// The names of its files.
    pub(crate) files: Vec<String>,
    /// In the order of the files.
    pub(crate) rows: Vec<EnrichRow>,
    /// Columns that no trait reads, sorted.
    pub unused_columns: Vec<String>,
    /// Rows that were passed over since they have no id.
    pub rows_without_id: u64,
    /// Whether rows say when they end, so that two of them may hold at one instant.
    pub(crate) has_ends: bool,
    /// By trait of the level, the columns that it reads, as messages show them.
    pub(crate) trait_columns: Vec<String>,
    /// Values that became null.
    pub not_understood: Vec<NotUnderstood>,
}

/// Why a table cannot be used.
#[derive(Debug)]
pub enum EnrichError {
    /// Its files could not be read.
    Read(ReadError),
    /// What stands in it cannot be used.
    Content {
        /// The file.
        file: String,
        /// The line, from 1, if it is about one.
        line: Option<u64>,
        /// What was found, what was expected, and what to do.
        message: String,
    },
    /// No column has the name of the id's.
    NoKey {
        /// The file.
        file: String,
        /// The column that was looked for.
        key: String,
        /// How many columns the header row has; none if the file has no header row.
        columns: Option<usize>,
        /// A column whose name comes close.
        near: Option<String>,
    },
}

impl EnrichError {
    /// The error for a file that could not be read.
    fn of_reading(error: ReadError, key: &str) -> EnrichError {
        let ReadError::NoKeyColumn { name: file, columns } = error else { return EnrichError::Read(error) };
        let near = near_miss(key, columns.iter().map(String::as_str));
        EnrichError::NoKey { file, key: key.to_owned(), columns: Some(columns.len()), near }
    }
}

impl fmt::Display for EnrichError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EnrichError::Read(error) => error.fmt(f),
            EnrichError::Content { file, line: Some(line), message } => write!(f, "`{file}` line {line}: {message}"),
            EnrichError::Content { file, line: None, message } => write!(f, "`{file}`: {message}"),
            EnrichError::NoKey { file, key, columns: None, .. } => {
                write!(f, "`{file}` line 1: no id in `{key}`, nor in any other row")
            }
            EnrichError::NoKey { file, key, columns: Some(columns), near } => {
                let cells = pql_model::units::plural(*columns as u64, "cell", "cells");
                write!(f, "`{file}` line 1: no column `{key}` among the {cells} of the header row")?;
                near.as_ref().map_or(Ok(()), |near| write!(f, "; `{near}` comes close"))
            }
        }
    }
}

impl std::error::Error for EnrichError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            EnrichError::Read(error) => error.source(),
            EnrichError::Content { .. } | EnrichError::NoKey { .. } => None,
        }
    }
}
