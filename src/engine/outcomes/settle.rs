//! Sorts outcomes, and takes out copies and older rows of one deal.

use std::{cmp::Ordering, collections::HashMap};

use super::{OutcomeCounts, OutcomePlace, OutcomeRow, RowKey};
use pql_model::{resolved::OutcomeWord, units::Micros};

/// Everything that an outcome says, in the order by which outcomes are sorted. Where it stands is no part of it.
type RowContent<'r> =
    (Micros, Micros, OutcomeWord, &'r RowKey, &'r Option<String>, Option<i64>, [&'r Option<String>; 3]);

impl OutcomeRow {
    pub(super) fn content(&self) -> RowContent<'_> {
        let texts = [&self.currency, &self.owner, &self.reason];
        (self.begins, self.known_from, self.word, &self.key, &self.deal, self.amount, texts)
    }

    fn compare(&self, other: &OutcomeRow) -> Ordering {
        self.content().cmp(&other.content()).then_with(|| self.place.cmp(&other.place))
    }
}

/// Sorts outcomes; of equal ones, and of one deal and word, the last one stays.
pub(super) fn settle(mut rows: Vec<OutcomeRow>, now: Micros, counts: &mut OutcomeCounts) -> Vec<OutcomeRow> {
    rows.retain(|row| {
        let is_plan = row.begins > now;
        if is_plan {
            counts.plans.note(row.place);
        }
        !is_plan
    });
    rows.sort_by(OutcomeRow::compare);
    rows.dedup_by(|row, first| {
        let is_copy = row.content() == first.content();
        if is_copy {
            counts.copies.note(row.place);
        }
        is_copy
    });
    let newest = newest_of_deals(&rows);
    let mut places = 0..;
    rows.retain(|row| {
        let place: usize = places.next().unwrap_or_default();
        let is_newest = row.deal.as_deref().is_none_or(|deal| newest.get(&(deal.to_owned(), row.word)) == Some(&place));
        if !is_newest {
            counts.older.note(row.place);
        }
        is_newest
    });
    note_won_and_lost(&rows, counts);
    rows
}

/// The place of the newest row of each deal and word.
fn newest_of_deals(rows: &[OutcomeRow]) -> HashMap<(String, OutcomeWord), usize> {
    let of_deals = rows.iter().enumerate().filter_map(|(place, row)| Some(((row.deal.clone()?, row.word), place)));
    of_deals.collect()
}

/// Counts the deals that are both won and lost.
fn note_won_and_lost(rows: &[OutcomeRow], counts: &mut OutcomeCounts) {
    let of_word = |word: OutcomeWord| {
        let rows = rows.iter().filter(move |row| row.word == word);
        rows.filter_map(|row| Some((row.deal.as_deref()?, row.place))).collect::<HashMap<&str, OutcomePlace>>()
    };
    let (won, lost) = (of_word(OutcomeWord::Won), of_word(OutcomeWord::Lost));
    won.iter().filter(|(deal, _)| lost.contains_key(*deal)).for_each(|(_, place)| counts.won_and_lost.note(*place));
}
