//! Facts of outcomes: what became of an entity, as far as a run can know it.

use std::collections::HashMap;

use crate::outcomes::{AttachedOutcomes, OutcomeRow, OutcomeTable};
use pql_model::{
    EntityKind,
    clock::AsOf,
    expr::Value,
    resolved::{OutcomeFact, OutcomeWord},
};

/// The outcomes of a run.
#[derive(Clone, Copy)]
pub(super) struct RunOutcomes<'o> {
    pub(super) table: &'o OutcomeTable,
    pub(super) attached: &'o AttachedOutcomes,
    pub(super) as_of: AsOf,
}

impl<'o> RunOutcomes<'o> {
    /// A fact of a user, whose home account is `home`, or of an account.
    pub(super) fn fact(&self, fact: OutcomeFact, kind: EntityKind, entity: usize, home: Option<u32>) -> Value<'o> {
        let rows = match kind {
            EntityKind::User => self.attached.of_user(entity, home),
            EntityKind::Account => self.attached.of_account(entity),
        };
        outcome_fact(fact, &self.known(rows), self.as_of)
    }

    /// Whether what an account has won is in several currencies.
    pub(super) fn has_several_currencies(&self, account: usize) -> bool {
        has_several_currencies(won(&self.known(self.attached.of_account(account))))
    }

    /// Those of some rows that the run can know.
    fn known(&self, rows: Vec<u32>) -> Vec<&'o OutcomeRow> {
        let rows = rows.into_iter().filter_map(|row| self.table.rows.get(row as usize));
        rows.filter(|row| row.known_from <= self.as_of.instant).collect()
    }
}

/// A fact over the outcomes that are known.
fn outcome_fact<'o>(fact: OutcomeFact, known: &[&'o OutcomeRow], as_of: AsOf) -> Value<'o> {
    match fact {
        OutcomeFact::LastOutcome => {
            newest(known, |_| true).map_or(Value::Null, |row| Value::Text(row.word.name().into()))
        }
        OutcomeFact::LastReason => {
            let reason = newest(known, |row| row.reason.is_some()).and_then(|row| row.reason.as_deref());
            reason.map_or(Value::Null, |reason| Value::Text(reason.into()))
        }
        OutcomeFact::DaysSince(word) => newest(known, |row| row.word == word)
            .map_or(Value::Null, |row| Value::Number(f64::from(as_of.day - row.day))),
        OutcomeFact::OpenOpportunity => Value::Boolean(has_open_deal(known)),
        OutcomeFact::WonAmount => won_amount(known),
    }
}

/// The newest of some outcomes. At one instant, the later word is the newer one.
fn newest<'o>(known: &[&'o OutcomeRow], is_meant: impl Fn(&OutcomeRow) -> bool) -> Option<&'o OutcomeRow> {
    let meant = known.iter().copied().filter(|row| is_meant(row));
    meant.max_by_key(|row| (row.known_from, row.word, &row.reason))
}

/// Whether a deal was opened and is neither won nor lost. Outcomes without a deal are one: it is open if the newest of them opened it.
fn has_open_deal(known: &[&OutcomeRow]) -> bool {
    let is_stage =
        |row: &OutcomeRow| matches!(row.word, OutcomeWord::Opportunity | OutcomeWord::Won | OutcomeWord::Lost);
    let mut deals: HashMap<&str, (bool, bool)> = HashMap::new();
    for row in known.iter().filter(|row| is_stage(row)) {
        if let Some(deal) = row.deal.as_deref() {
            let (is_opened, is_closed) = deals.entry(deal).or_default();
            *is_opened |= row.word == OutcomeWord::Opportunity;
            *is_closed |= row.word != OutcomeWord::Opportunity;
        }
    }
    let without_deal = newest(known, |row| row.deal.is_none() && is_stage(row));
    deals.values().any(|(is_opened, is_closed)| *is_opened && !is_closed)
        || without_deal.is_some_and(|row| row.word == OutcomeWord::Opportunity)
}

/// The sum of what was won; null in several currencies.
fn won_amount<'v>(known: &[&OutcomeRow]) -> Value<'v> {
    if has_several_currencies(won(known)) {
        return Value::Null;
    }
    let sum: i128 = won(known).filter_map(|row| row.amount).map(i128::from).sum();
    Value::Number(sum as f64 / 1e6)
}

/// The won deals that have an amount.
fn won<'k>(known: &'k [&OutcomeRow]) -> impl Iterator<Item = &'k OutcomeRow> {
    known.iter().copied().filter(|row| row.word == OutcomeWord::Won && row.amount.is_some())
}

/// Whether amounts are in different currencies. An amount without a currency is in the one of the others.
fn has_several_currencies<'o>(rows: impl Iterator<Item = &'o OutcomeRow>) -> bool {
    let mut currencies = rows.filter_map(|row| row.currency.as_deref());
    currencies.next().is_some_and(|first| currencies.any(|other| !other.eq_ignore_ascii_case(first)))
}
