//! What became of users and accounts: files of outcomes to rows, and rows to entities.
//!
//! Takes the files of `--outcomes` in every layout of tables, gives an [`OutcomeTable`] whose rows are sorted and distinct, and
//! [`AttachedOutcomes`], which says whose they are. Invariant: neither depends on the order of files and lines, nor on copies.
//!
//! ```text
//!  files ─▶ native rows, or rows by the map of the model ─▶ OutcomeTable ─▶ AttachedOutcomes (by id, trait, domain, e-mail)
//! ```

mod attach;
mod columns;
mod counts;
mod error;
mod mapped;
mod native;
mod settle;
mod table;
mod written_time;

pub use self::{
    attach::{AttachedOutcomes, MappedKeys},
    columns::{ColumnNames, column_values, outcome_columns},
    counts::{CountedPlaces, OutcomeCounts, OutcomePlace, PLACES_MAX, UnreadValues},
    error::OutcomeError,
    native::is_native,
    table::{OutcomeReader, OutcomeRequest},
};

pub(crate) use self::written_time::WrittenTime;
use pql_model::{
    resolved::OutcomeWord,
    units::{Day, Micros},
};

/// One outcome of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Whose it is.
    pub key: RowKey,
    /// What it is.
    pub word: OutcomeWord,
    /// The local date that is written, or of the instant that is written.
    pub day: Day,
    /// When it happened; of a date alone its beginning.
    pub begins: Micros,
    /// The first `as_of` that sees it: the microsecond after an instant, the end of a date alone.
    pub known_from: Micros,
    /// What it is worth, or the answer of a survey. **Units**: millionths.
    pub amount: Option<i64>,
    /// The currency of the amount.
    pub currency: Option<String>,
    /// What is one deal in all of its rows.
    pub deal: Option<String>,
    /// Who has it.
    pub owner: Option<String>,
    /// Why it came so.
    pub reason: Option<String>,
    /// Where it stands.
    pub place: OutcomePlace,
}

/// What a row is matched by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowKey {
    /// Ids of a native row, of which there is at least one. The user counts, else the account.
    Ids {
        /// The id of a user.
        user: Option<String>,
        /// The id of an account.
        account: Option<String>,
    },
    /// The value of the column that the map names as the key.
    Mapped(String),
}

/// The outcomes of all files.
#[derive(Debug, Clone, Default)]
pub struct OutcomeTable {
    /// The files, by [`OutcomePlace::file`].
    pub files: Vec<String>,
    /// In the order of [`OutcomeRow::begins`].
    pub rows: Vec<OutcomeRow>,
    /// What was read.
    pub counts: OutcomeCounts,
}

impl OutcomeTable {
    /// The files and the line of a place, as messages show it.
    pub fn shown(&self, place: OutcomePlace) -> String {
        let file = self.files.get(place.file as usize).map_or("", String::as_str);
        format!("`{file}` line {}", place.line)
    }

    /// A table of rows that stand in no file, whatever their time.
    pub(crate) fn of_rows(rows: Vec<OutcomeRow>) -> OutcomeTable {
        let mut counts = OutcomeCounts::default();
        let rows = settle::settle(rows, Micros::MAX, &mut counts);
        OutcomeTable { files: Vec::new(), rows, counts }
    }

    /// Whether another table says the same, whatever its files.
    pub(crate) fn says_the_same(&self, other: &OutcomeTable) -> bool {
        self.rows.len() == other.rows.len()
            && self.rows.iter().zip(&other.rows).all(|(ours, theirs)| ours.content() == theirs.content())
    }
}
