//! What was read of outcomes: counts, each with the first places.

use std::collections::BTreeMap;

use crate::decode::misread::FormatCandidates;

/// The most places that are kept of one kind.
pub const PLACES_MAX: usize = 100;

/// Where a row stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutcomePlace {
    /// The file, by number.
    pub file: u32,
    /// The line, from 1; of Parquet the number of the row.
    pub line: u64,
}

/// How many rows there are of a kind, and where the first of them stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedPlaces {
    /// How many.
    pub count: u64,
    /// The first of them, in order; at most [`PLACES_MAX`].
    pub places: Vec<OutcomePlace>,
}

impl CountedPlaces {
    /// Counts a row. Rows may come in any order.
    pub(super) fn note(&mut self, place: OutcomePlace) {
        self.count += 1;
        let at = self.places.partition_point(|known| *known <= place);
        if at < PLACES_MAX {
            self.places.insert(at, place);
            self.places.truncate(PLACES_MAX);
        }
    }

    /// The first place.
    pub fn first(&self) -> Option<OutcomePlace> {
        self.places.first().copied()
    }
}

/// Values of a column that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadValues {
    /// Where they stand.
    pub at: CountedPlaces,
    /// The formats that could read all of them.
    pub candidates: FormatCandidates,
}

/// What was read of all files.
#[derive(Debug, Clone, Default)]
pub struct OutcomeCounts {
    /// Rows of files.
    pub rows: u64,
    /// Rows of a file with a map that have reached no outcome.
    pub without_outcome: u64,
    /// Outcomes that say the same as another one.
    pub copies: CountedPlaces,
    /// Outcomes of a deal and a word of which there is a newer one.
    pub older: CountedPlaces,
    /// Outcomes after the clock, which are not used.
    pub plans: CountedPlaces,
    /// Rows with a word that is none, by word.
    pub unknown_words: BTreeMap<String, CountedPlaces>,
    /// Rows that do not say whose they are.
    pub without_key: CountedPlaces,
    /// Rows of a native file without a date.
    pub without_date: CountedPlaces,
    /// Dates that are none, by column. Their outcomes are not used.
    pub unread_dates: BTreeMap<String, UnreadValues>,
    /// Amounts that are no numbers, by column. Their outcomes have no amount.
    pub unread_amounts: BTreeMap<String, UnreadValues>,
    /// The `won` of deals that have a `lost` too.
    pub won_and_lost: CountedPlaces,
    /// Columns of the map that no row of a file has, with the file.
    pub absent_columns: Vec<(String, String)>,
    /// Files without a row.
    pub empty_files: Vec<String>,
}
