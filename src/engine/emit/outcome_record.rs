//! What the record of a run says of outcomes: the files, what became of their rows, and where the rows stand that were not used.

use serde::Serialize;

use super::json_value::JsonMap;
use crate::{
    outcomes::{AttachedOutcomes, CountedPlaces, OutcomeTable, UnreadValues},
    score::ScoredEntities,
};
use pql_model::resolved::OutcomeWord;

/// The outcomes of a run as its record has them.
#[derive(Debug, Serialize)]
pub struct OutcomesRecord {
    files: Vec<String>,
    rows: u64,
    outcomes: u64,
    by_outcome: JsonMap<&'static str, u64>,
    without_outcome: u64,
    copies: u64,
    older: u64,
    plans: u64,
    unmatched: CountedRecord,
    shared: CountedRecord,
    without_key: CountedRecord,
    without_date: CountedRecord,
    unknown_words: Vec<UnknownWordRecord>,
    not_understood: Vec<UnreadRecord>,
    won_and_lost: CountedRecord,
    accounts_in_several_currencies: u64,
}

/// Rows of a kind, and where the first of them stand.
#[derive(Debug, Serialize)]
struct CountedRecord {
    count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first: Vec<PlaceRecord>,
}

#[derive(Debug, Serialize)]
struct PlaceRecord {
    file: String,
    line: u64,
}

#[derive(Debug, Serialize)]
struct UnknownWordRecord {
    word: String,
    #[serde(flatten)]
    rows: CountedRecord,
}

/// Values of a column that are no date or no number.
#[derive(Debug, Serialize)]
struct UnreadRecord {
    column: String,
    why: &'static str,
    #[serde(flatten)]
    values: CountedRecord,
}

impl OutcomesRecord {
    /// The record of outcomes with which entities were scored.
    pub fn new(table: &OutcomeTable, scored: &ScoredEntities<'_>) -> OutcomesRecord {
        let counts = &table.counts;
        let counted = |found: &CountedPlaces| CountedRecord::new(table, found);
        let nobody = AttachedOutcomes::default();
        let attached = scored.outcomes.as_ref().unwrap_or(&nobody);
        let of_word = |word: OutcomeWord| table.rows.iter().filter(|row| row.word == word).count() as u64;
        let by_word = OutcomeWord::ALL.into_iter().map(|word| (word.name(), of_word(word)));
        let unread = |why: &'static str| {
            move |(column, values): (&String, &UnreadValues)| UnreadRecord {
                column: column.clone(),
                why,
                values: CountedRecord::new(table, &values.at),
            }
        };
        let dates = counts.unread_dates.iter().map(unread("no_date"));
        OutcomesRecord {
            files: table.files.clone(),
            rows: counts.rows,
            outcomes: table.rows.len() as u64,
            by_outcome: by_word.filter(|(_, count)| *count > 0).collect(),
            without_outcome: counts.without_outcome,
            copies: counts.copies.count,
            older: counts.older.count,
            plans: counts.plans.count,
            unmatched: counted(&attached.unmatched),
            shared: counted(&attached.shared),
            without_key: counted(&counts.without_key),
            without_date: counted(&counts.without_date),
            unknown_words: counts
                .unknown_words
                .iter()
                .map(|(word, found)| UnknownWordRecord { word: word.clone(), rows: counted(found) })
                .collect(),
            not_understood: dates.chain(counts.unread_amounts.iter().map(unread("no_number"))).collect(),
            won_and_lost: counted(&counts.won_and_lost),
            accounts_in_several_currencies: scored.accounts_in_several_currencies(table),
        }
    }
}

impl CountedRecord {
    fn new(table: &OutcomeTable, found: &CountedPlaces) -> CountedRecord {
        let file = |file: u32| table.files.get(file as usize).cloned().unwrap_or_default();
        let first = found.places.iter().map(|place| PlaceRecord { file: file(place.file), line: place.line });
        CountedRecord { count: found.count, first: first.collect() }
    }
}
