//! Files for others: which rows they hold, in which order, with which columns.

use super::TextSpan;
use crate::{
    EntityKind,
    expr::Program,
    output_columns::{ColumnSource, OutputColumn},
};

/// A file for others, in the folder of a run.
#[derive(Debug)]
pub struct ListFile {
    /// A plain file name.
    pub name: String,
    /// Its form, by the ending of the name.
    pub format: ListFormat,
    /// What a row is about.
    pub level: ListLevel,
    /// Which of the rows are written.
    pub rows: ListRows,
    /// The rows and columns, if a row is about an entity.
    pub query: RowQuery,
    /// The place of the name.
    pub span: TextSpan,
}

impl ListFile {
    /// Whether it can be written only with a record of earlier runs.
    pub fn needs_record(&self) -> bool {
        match (self.level, self.rows) {
            (ListLevel::Alerts | ListLevel::Changes, _) | (_, ListRows::Changed) => true,
            (ListLevel::Entities(_), ListRows::All) => false,
        }
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// Comma-separated values.
    Csv,
    /// One list of objects.
    Json,
    /// An object a line.
    Ndjson,
    /// A digest for chat and mail.
    Markdown,
}

/// What a row of a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListLevel {
    /// A user or an account.
    Entities(EntityKind),
    /// An alert, which needs a record of earlier runs.
    Alerts,
    /// A change, which needs a record of earlier runs.
    Changes,
}

/// Which rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRows {
    /// All.
    All,
    /// Those that differ from what was published before, which needs a record of earlier runs.
    Changed,
}

/// What happens to the rows of suppressed entities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SuppressedRows {
    /// They are written, with the name of the suppression.
    #[default]
    Kept,
    /// They are left out, as in lists for people who act.
    LeftOut,
}

/// Which rows of a level are written, and with which columns.
#[derive(Debug, Default)]
pub struct RowQuery {
    /// Only those for which it holds.
    pub when: Option<Program>,
    /// Whether rows of suppressed entities are among them.
    pub suppressed: SuppressedRows,
    /// The largest and latest first, then by id; none is the order of all rows.
    pub order: Option<Vec<ColumnSource>>,
    /// The most rows.
    pub limit: Option<usize>,
    /// Of rows that share a value here, only the first.
    pub unique: Option<ColumnSource>,
    /// The columns; none are all of the level.
    pub columns: Option<Vec<OutputColumn>>,
}
