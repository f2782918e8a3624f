//! Facts of outcomes: all rows are looked at again for every fact.

use super::clock::{Clock, days_between, instant_text, start_of_day};
use super::facts::{Side, World};
use super::measures::optional;
use super::value::{Value, date_text};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The words in their order.
const WORDS: [&str; 12] = [
    "contacted",
    "responded",
    "meeting",
    "accepted",
    "rejected",
    "opportunity",
    "won",
    "lost",
    "self_serve",
    "expansion",
    "churned",
    "nps",
];

/// One row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happened {
    /// The first `as_of` that sees it.
    known: i64,
    /// Its place among the words.
    word: usize,
    reason: String,
    date: Date,
    user: String,
    account: String,
    deal: String,
    millionths: Option<i64>,
    currency: String,
}

/// The rows of a file, as far as they are outcomes; copies once, and of a deal and a word the newest.
pub fn read(csv: &str, clock: &Clock) -> Vec<Happened> {
    let mut lines = csv.lines().map(super::cells);
    let header = lines.next().expect("a header row");
    let mut rows: BTreeSet<Happened> = BTreeSet::new();
    for line in lines {
        let cell = |name: &str| {
            let at = header.iter().position(|known| known == name);
            at.and_then(|at| line.get(at)).cloned().unwrap_or_default()
        };
        let Some(word) = WORDS.iter().position(|word| *word == cell("outcome")) else { continue };
        let at = cell("at");
        let (date, known) = match date_text(&at) {
            Some(date) => (date, start_of_day(&clock.zone, date.tomorrow().expect("a date has a next one"))),
            None => {
                let instant = instant_text(&at, &clock.zone).expect("an instant or a date");
                (clock.date(instant), instant + 1)
            }
        };
        let amount = cell("amount");
        rows.insert(Happened {
            known,
            word,
            reason: cell("reason"),
            date,
            user: cell("user_id"),
            account: cell("account_id"),
            deal: cell("deal"),
            millionths: (!amount.is_empty()).then(|| (amount.parse::<f64>().expect("a number") * 1e6).round() as i64),
            currency: cell("currency"),
        });
    }
    let mut newest: BTreeMap<(String, usize), Happened> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.deal.is_empty()) {
        newest.insert((row.deal.clone(), row.word), row.clone());
    }
    rows.into_iter().filter(|row| row.deal.is_empty()).chain(newest.into_values()).collect()
}

impl World {
    /// The rows of an entity that the run knows.
    fn happened(&self, side: Side, id: &str) -> Vec<&Happened> {
        let rows = self.outcomes.iter().flatten().filter(|row| row.known <= self.clock.as_of);
        rows.filter(|row| match (self.user_of_row(row), side) {
            (Some(user), Side::User) => user == id,
            (Some(user), Side::Account) => self.home_row(&user).as_deref() == Some(id),
            (None, Side::Account) => row.account == id,
            (None, Side::User) => self.home_row(id).as_ref() == Some(&row.account),
        })
        .collect()
    }

    /// The user whose row it is; none if it is the account's.
    fn user_of_row(&self, row: &Happened) -> Option<String> {
        let users = self.ids(Side::User);
        users
            .into_iter()
            .find(|user| !row.user.is_empty() && (*user == row.user || self.log.people.ids(user).contains(&row.user)))
    }

    /// A fact of outcomes; without any all are null.
    pub fn of_outcomes(&self, side: Side, id: &str, name: &str) -> Value {
        if self.outcomes.is_none() {
            return Value::Null;
        }
        let rows = self.happened(side, id);
        let word = |name: &str| WORDS.iter().position(|word| *word == name).expect("a word");
        match name {
            "last_outcome" => rows.iter().max().map_or(Value::Null, |row| Value::Text(WORDS[row.word].to_owned())),
            "last_reason" => {
                let last = rows.iter().filter(|row| !row.reason.is_empty()).max();
                last.map_or(Value::Null, |row| Value::Text(row.reason.clone()))
            }
            "open_opportunity" => Value::Bool(is_open(&rows, word("opportunity"), [word("won"), word("lost")])),
            "won_amount" => {
                let won: Vec<_> =
                    rows.iter().filter(|row| row.word == word("won") && row.millionths.is_some()).collect();
                let currencies: BTreeSet<String> =
                    won.iter().map(|row| row.currency.to_lowercase()).filter(|text| !text.is_empty()).collect();
                let sum: i64 = won.iter().filter_map(|row| row.millionths).sum();
                optional((currencies.len() < 2).then_some(sum as f64 / 1e6))
            }
            other => {
                let wanted = word(other.strip_prefix("days_since_").expect("a fact of outcomes"));
                let last = rows.iter().filter(|row| row.word == wanted).max();
                optional(last.map(|row| days_between(row.date, self.clock.today) as f64))
            }
        }
    }
}

/// Whether a deal has only been opened, or, of rows without a deal, the last one opened it.
fn is_open(rows: &[&Happened], opened: usize, closed: [usize; 2]) -> bool {
    let deals: BTreeSet<&String> = rows.iter().map(|row| &row.deal).filter(|deal| !deal.is_empty()).collect();
    let has = |deal: &str, word: usize| rows.iter().any(|row| row.deal == deal && row.word == word);
    let of_deal = |deal: &&String| has(deal, opened) && !closed.iter().any(|word| has(deal, *word));
    let bare = rows.iter().filter(|row| row.deal.is_empty() && (row.word == opened || closed.contains(&row.word)));
    deals.iter().any(of_deal) || bare.max().is_some_and(|row| row.word == opened)
}

/// Whether a name is that of a fact of outcomes.
pub fn is_outcome_fact(name: &str) -> bool {
    let of_word = |name: &str| name.strip_prefix("days_since_").is_some_and(|word| WORDS.contains(&word));
    ["last_outcome", "last_reason", "open_opportunity", "won_amount"].contains(&name) || of_word(name)
}
