//! Tables of users and accounts, in every layout that events may have.
//!
//! Takes files and the traits of a level, gives a row for each record with an id. Values are read as the types of the traits. The caller
//! matches ids with entities.

mod attach;
mod column_name;
mod column_slots;
mod key_column;
mod row_period;
mod table_reader;
mod table_rows;

use std::collections::HashSet;

use crate::{
    decode::misread::NotUnderstood,
    plan::TraitPlan,
    read::{InputSource, ReadError},
};
use pql_model::expr::Value;

pub use self::{
    attach::{AttachedTraits, attach, current_rows},
    key_column::{KeyGuess, guess_key_column},
    row_period::ValidPeriod,
    table_reader::{EnrichRequest, read_enrichment},
};
pub(crate) use self::{
    column_slots::ColumnSlots,
    table_rows::{RowPlace, RowTaker, TableRow, TableSource, walk_table},
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
    /// By trait of the level; null if the row has no value.
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
    /// The number of skipped rows, which have no id.
    pub rows_without_id: u64,
    /// Whether rows have ends of their own, so that two of them may hold at one instant.
    pub(crate) has_ends: bool,
    /// By trait of the level, the columns that it reads, as messages show them.
    pub(crate) trait_columns: Vec<String>,
    /// Values that became null.
    pub not_understood: Vec<NotUnderstood>,
}

impl EnrichFile {
    /// Whether another table says the same of everybody, whatever its files and columns.
    pub(crate) fn says_the_same(&self, other: &EnrichFile) -> bool {
        let (ours, theirs) = (self.sorted_rows(), other.sorted_rows());
        self.has_ends == other.has_ends
            && ours.len() == theirs.len()
            && ours.iter().zip(theirs).all(|(a, b)| (&a.key, a.valid, &a.values) == (&b.key, b.valid, &b.values))
    }

    /// The traits that rows without a first instant give, which so hold at any instant.
    pub fn undated_traits<'t>(&self, traits: &'t [TraitPlan]) -> Vec<&'t str> {
        let undated = || self.rows.iter().filter(|row| row.valid.from.is_none());
        let given = |place: usize| undated().any(|row| row.values.get(place).is_some_and(|value| !value.is_null()));
        let found = traits.iter().enumerate().filter(|(place, _)| given(*place));
        let mut names: Vec<&str> = found.map(|(_, plan)| plan.name.as_str()).collect();
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        names
    }

    /// Leaves out the rows without a first instant.
    pub(crate) fn keep_dated_rows(&mut self) {
        self.rows.retain(|row| row.valid.from.is_some());
    }

    /// The rows by id, then by period.
    fn sorted_rows(&self) -> Vec<&EnrichRow> {
        let mut rows: Vec<&EnrichRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| (&row.key, row.valid.from, row.valid.to));
        rows
    }

    /// True if it holds no row, not even one without an id.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.rows_without_id == 0
    }
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// Its files could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// Its content cannot be used.
    #[error("`{file}`{}: {message}", line_text(*line))]
    Content {
        /// The file.
        file: String,
        /// The line, from 1, if it is about one.
        line: Option<u64>,
        /// What was found, what was expected, and what to do.
        message: String,
    },
    /// It lacks the column of the ids.
    #[error("`{file}` line 1: {}", no_key_text(key, *columns, near.as_deref()))]
    NoKey {
        /// The file.
        file: String,
        /// The column that was looked for.
        key: String,
        /// The number of columns of the header row; none if the file has no header row.
        columns: Option<usize>,
        /// A column whose name comes close.
        near: Option<String>,
    },
}

impl EnrichError {
    /// The error about a row, or about a whole file if the line is 0.
    pub(crate) fn at(inputs: &[InputSource], (file, line): RowPlace, message: impl Into<String>) -> EnrichError {
        let file = inputs.get(file as usize).expect("a row is from one of the files").name.clone();
        EnrichError::Content { file, line: (line > 0).then_some(line), message: message.into() }
    }

    /// The error for a file that could not be read.
    fn of_reading(error: ReadError, key: &str) -> EnrichError {
        let ReadError::NoKeyColumn { name: file, columns } = error else { return EnrichError::Read(error) };
        let near = column_name::near_column(key, &columns);
        EnrichError::NoKey { file, key: key.to_owned(), columns: Some(columns.len()), near }
    }
}

/// The line of an error, as it follows on the name of the file.
fn line_text(line: Option<u64>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}

/// The message about a table without a column of ids.
fn no_key_text(key: &str, columns: Option<usize>, near: Option<&str>) -> String {
    let Some(columns) = columns else { return format!("no id in `{key}`, nor in any other row") };
    let cells = pql_model::units::plural(columns as u64, "cell", "cells");
    let near = near.map(|near| format!("; `{near}` comes close")).unwrap_or_default();
    format!("no column `{key}` among the {cells} of the header row{near}")
}
