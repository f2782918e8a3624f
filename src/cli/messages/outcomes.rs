//! Warnings and notes about outcomes: what was not used, and why.

use super::Verbosity;
use crate::cli::print_stderr;
use pql_engine::{
    decode::misread::FormatCandidates,
    outcomes::{CountedPlaces, OutcomeTable, RowKey, UnreadValues},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    diag::{escape_controls, near_miss, quoted_list},
    resolved::OutcomeWord,
    units::plural,
};

/// The most words that are warned of, each with a line of its own.
const WORDS_SHOWN: usize = 10;

/// The outcomes of a run, for messages.
#[derive(Clone, Copy)]
pub(crate) struct OutcomeMessages<'w> {
    pub(crate) table: &'w OutcomeTable,
    pub(crate) scored: &'w ScoredEntities<'w>,
    pub(crate) model: &'w Model,
}

impl OutcomeMessages<'_> {
    /// Warns, and prints the notes if they are wanted.
    pub(crate) fn tell(self, verbosity: Verbosity) {
        self.warn();
        if verbosity == Verbosity::Notes {
            let all = self.expected().into_iter().chain(self.unmatched(UnmatchedShare::Few));
            all.for_each(|text| print_stderr(&escape_controls(&format!("note: {text}"))));
        }
    }

    /// Warns of outcomes that the run could not use. Printed even with `--quiet`, since facts without them mislead.
    pub(crate) fn warn(self) {
        self.warnings().iter().for_each(|text| print_stderr(text));
    }

    /// The warnings as they are printed.
    pub(crate) fn warnings(self) -> Vec<String> {
        let all = [self.of_files(), self.of_words(), self.of_values(), self.of_rows(), self.of_deals()];
        all.iter().flatten().map(|text| escape_controls(&format!("warning: {text}"))).collect()
    }

    fn of_files(self) -> Vec<String> {
        let counts = &self.table.counts;
        let empty = counts.empty_files.iter().map(|file| format!("`{file}` has no rows, so it gives no outcomes"));
        let mut all: Vec<String> = empty.collect();
        let absent = counts.absent_columns.iter();
        all.extend(
            absent.map(|(file, column)| {
                format!("no row of `{file}` has `{column}`, which [outcomes] of the model names")
            }),
        );
        if self.table.rows.is_empty() && counts.rows > 0 {
            let rows = plural(counts.rows, "row", "rows");
            all.push(format!("the {rows} of --outcomes give no outcome that can be used"));
        }
        all
    }

    fn of_words(self) -> Vec<String> {
        let unknown = &self.table.counts.unknown_words;
        let mut all: Vec<String> =
            unknown.iter().take(WORDS_SHOWN).map(|(word, found)| self.unknown_word(word, found)).collect();
        let more = unknown.len().saturating_sub(WORDS_SHOWN);
        if more > 0 {
            let words = plural(more as u64, "further word is no outcome", "further words are no outcomes");
            all.push(format!("{words}; run.json lists all of them"));
        }
        all
    }

    fn unknown_word(self, word: &str, found: &CountedPlaces) -> String {
        let known = OutcomeWord::ALL.map(OutcomeWord::name);
        let help = match near_miss(word, known) {
            Some(near) => format!("`{near}` comes close"),
            None => format!("expected one of {}", quoted_list(&known)),
        };
        let rows = plural(found.count, "row is", "rows are");
        let place = self.place(found);
        if word.is_empty() {
            return format!("{rows} not used, since the column `outcome` is empty there ({place}); {help}");
        }
        format!("{rows} not used, since `{word}` is no outcome ({place}); {help}")
    }

    /// Dates and amounts that cannot be read, and rows that lack something.
    fn of_values(self) -> Vec<String> {
        let counts = &self.table.counts;
        let date = |(column, values): (&String, &UnreadValues)| {
            let otherwise = "write a date as 2026-01-31, or an instant as 2026-01-31T10:00:00Z";
            let texts = ["no date, so its outcome is not used", "no dates, so their outcomes are not used"];
            self.unread(column, &values.at, texts, &advice("date_format", values.candidates, otherwise))
        };
        let amount = |(column, values): (&String, &UnreadValues)| {
            let otherwise = "write a plain number, such as 1234.5, without the sign of a currency";
            let texts = ["no number, so its outcome has no amount", "no numbers, so their outcomes have no amount"];
            self.unread(column, &values.at, texts, &advice("amount_format", values.candidates, otherwise))
        };
        let dates = counts.unread_dates.iter().map(date);
        let mut all: Vec<String> = dates.chain(counts.unread_amounts.iter().map(amount)).collect();
        for (found, lacks) in [(&counts.without_key, "key"), (&counts.without_date, "date")] {
            if found.count > 0 {
                let rows = plural(found.count, "row of outcomes has", "rows of outcomes have");
                let is = if found.count == 1 { "is" } else { "are" };
                all.push(format!("{rows} no {lacks} and {is} not used ({})", self.place(found)));
            }
        }
        all
    }

    fn unread(self, column: &str, found: &CountedPlaces, [one, several]: [&str; 2], advice: &str) -> String {
        let values = plural(found.count, "value", "values");
        let (is, what) = if found.count == 1 { ("is", one) } else { ("are", several) };
        format!("{values} of the column `{column}` {is} {what} ({}); {advice}", self.place(found))
    }

    /// Rows without an entity, if they are many.
    fn of_rows(self) -> Vec<String> {
        self.unmatched(UnmatchedShare::Many).into_iter().collect()
    }

    /// Rows without an entity, if they are as many as `share` says.
    fn unmatched(self, share: UnmatchedShare) -> Option<String> {
        let found = &self.scored.outcomes.as_ref()?.unmatched;
        let total = self.table.rows.len() as u64;
        let is_many = found.count * 2 > total;
        if found.count == 0 || is_many != matches!(share, UnmatchedShare::Many) {
            return None;
        }
        let outcomes = plural(total, "outcome", "outcomes");
        let fits = match found.count {
            count if count == total => format!("none of {outcomes} fits"),
            1 => format!("1 of {outcomes} does not fit"),
            count => format!("{count} of {outcomes} do not fit"),
        };
        Some(format!("{fits} a user or account with events ({}); {}", self.place(found), self.compared()))
    }

    /// What was held against what.
    fn compared(self) -> String {
        let is_mapped = self.table.rows.iter().any(|row| matches!(row.key, RowKey::Mapped(_)));
        match self.model.resolved.outcomes.as_ref().filter(|_| is_mapped) {
            Some(map) => format!("the column `{}` was compared with {}", map.columns.key, map.key.described()),
            None => "`user_id` and `account_id` were compared with ids of users and accounts".to_owned(),
        }
    }

    /// Deals that are both won and lost, and sums in several currencies.
    fn of_deals(self) -> Vec<String> {
        let mut all = Vec::new();
        let both = &self.table.counts.won_and_lost;
        if both.count > 0 {
            let deals = plural(both.count, "deal is", "deals are");
            all.push(format!("{deals} both won and lost ({}); both outcomes count", self.place(both)));
        }
        let mixed = self.scored.accounts_in_several_currencies(self.table);
        if mixed > 0 {
            let accounts = plural(mixed, "account has", "accounts have");
            all.push(format!("{accounts} won amounts in several currencies, so `won_amount` is empty there"));
        }
        all
    }

    /// Outcomes that are left out as they should be.
    fn expected(self) -> Vec<String> {
        let counts = &self.table.counts;
        let texts = [
            (&counts.copies, "repeats another one and counts once", "repeat other ones and count once"),
            (
                &counts.older,
                "is older than another one of the same deal and word, and does not count",
                "are older than others of the same deal and word, and do not count",
            ),
            (
                &counts.plans,
                "lies after the clock, so it is a plan and does not count",
                "lie after the clock, so they are plans and do not count",
            ),
        ];
        let told = texts.into_iter().filter(|(found, ..)| found.count > 0);
        told.map(|(found, one, several)| {
            let verb = if found.count == 1 { one } else { several };
            format!("{} {verb} ({})", plural(found.count, "outcome", "outcomes"), self.place(found))
        })
        .collect()
    }

    /// Where rows stand, for a parenthesis.
    fn place(self, found: &CountedPlaces) -> String {
        let place = found.first().map(|place| self.table.shown(place)).unwrap_or_default();
        if found.count == 1 { format!("at {place}") } else { format!("the first at {place}") }
    }
}

/// How many of all rows.
#[derive(Clone, Copy)]
enum UnmatchedShare {
    /// At most half.
    Few,
    /// More than half.
    Many,
}

/// The format that would read all values, or else what to write.
fn advice(key: &str, candidates: FormatCandidates, otherwise: &str) -> String {
    let formats: Vec<String> = candidates.formats().map(|format| format!("{key} = \"{}\"", format.word())).collect();
    match formats.is_empty() {
        true => otherwise.to_owned(),
        false => format!("under [outcomes] of the model, `{}` would read them", formats.join("` or `")),
    }
}
