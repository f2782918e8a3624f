//! Rows of earlier runs, read back: the files of `score --out` become [`LevelSnapshot`](crate::record::LevelSnapshot)s, which can be compared.
//!
//! Takes a folder or a file, gives an [`EarlierRun`]. Rows say what each signal paid, but not at which place of the model it stands, so signals are in the
//! order of their names. The order of tiers is that of `run.json`, where it is there.
//!
//! ```text
//!  users.*, accounts.* ─▶ row_reader ─▶ SnapshotBuilder ─▶ LevelSnapshot ─┐
//!  run.json ─▶ RunSummary ────────────────────────────────────────────────┴─▶ EarlierRun
//! ```

mod earlier_run;
mod row_cells;
mod row_reader;
mod run_summary;
mod snapshot_builder;

use crate::read::ReadError;

pub use self::{earlier_run::EarlierRun, run_summary::RunSummary};

/// Why rows of an earlier run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RowFileError {
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file holds something else.
    #[error("`{name}`{}: {message}", line_text(*line))]
    Content {
        /// The file.
        name: String,
        /// The line, from 1, if it is about one.
        line: Option<u64>,
        /// What was found, what was expected, and what to do.
        message: String,
    },
}

impl RowFileError {
    /// An error about a file as a whole.
    fn of_file(name: &str, message: impl Into<String>) -> RowFileError {
        RowFileError::Content { name: name.to_owned(), line: None, message: message.into() }
    }
}

/// The line of an error, as it follows on the name of the file.
fn line_text(line: Option<u64>) -> String {
    line.map(|line| format!(" line {line}")).unwrap_or_default()
}
