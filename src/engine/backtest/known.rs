//! What is known today of what became of everybody, by printed id.
//!
//! Rows are matched with entities once, at the end of all events: a date may not know yet which customer number an account has, and still its
//! outcome counts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::units::UnitOutcome;
use crate::{
    ledger::EntityRef,
    outcomes::{AttachedOutcomes, OutcomeTable},
    score::ScoredEntities,
};
use pql_model::{EntityKind, PerKind, resolved::OutcomeWord};

/// Outcomes by the ids that rows print.
#[derive(Debug, Default)]
pub struct KnownOutcomes {
    /// All outcomes of an entity, in order of time: those of a user's account are its own too, and those of its members are an account's.
    all: PerKind<BTreeMap<Box<str>, Vec<UnitOutcome>>>,
    /// Kinds of outcomes that accounts have themselves, so that their users inherit them.
    inherited: HashSet<OutcomeWord>,
    /// Kinds of outcomes that users have themselves.
    of_users: HashSet<(Box<str>, OutcomeWord)>,
    /// The currencies of amounts, in order. Amounts of several cannot be added.
    currencies: Vec<String>,
}

impl KnownOutcomes {
    /// The outcomes of all entities of a run.
    pub fn of(scored: &ScoredEntities<'_>, table: &OutcomeTable) -> KnownOutcomes {
        let mut known = KnownOutcomes::default();
        let Some(attached) = &scored.outcomes else { return known };
        let numbers = DealNumbers::new(table);
        known.currencies = numbers.currencies.iter().copied().map(str::to_owned).collect();
        for kind in EntityKind::ALL {
            for entity in EntityRef::all(scored, kind) {
                known.note_own(scored, entity, attached, table);
                let rows = match kind {
                    EntityKind::User => attached.of_user(entity.place, scored.entities.users[entity.place].home),
                    EntityKind::Account => attached.of_account(entity.place),
                };
                if !rows.is_empty() {
                    let outcomes = rows.iter().map(|row| numbers.outcome(table, *row));
                    known.all[kind].insert(entity.id(scored).into(), outcomes.collect());
                }
            }
        }
        known
    }

    fn note_own(
        &mut self,
        scored: &ScoredEntities<'_>,
        entity: EntityRef,
        attached: &AttachedOutcomes,
        table: &OutcomeTable,
    ) {
        let words = attached.own(entity.side, entity.place).iter().map(|row| table.rows[*row as usize].word);
        match entity.side {
            EntityKind::User => self.of_users.extend(words.map(|word| (entity.id(scored).into(), word))),
            EntityKind::Account => self.inherited.extend(words),
        }
    }

    /// The currencies of amounts, in order.
    pub(super) fn currencies(&self) -> &[String] {
        &self.currencies
    }

    /// The outcomes of a unit.
    pub(super) fn of_unit(&self, kind: EntityKind, id: &str) -> &[UnitOutcome] {
        self.all[kind].get(id).map_or(&[], Vec::as_slice)
    }

    /// Everybody who has outcomes at a level, in order of the ids.
    pub(super) fn units(&self, kind: EntityKind) -> impl Iterator<Item = (&str, &[UnitOutcome])> {
        self.all[kind].iter().map(|(id, outcomes)| (&**id, outcomes.as_slice()))
    }

    /// Whether accounts have an outcome of a kind, so that their users inherit it.
    pub(super) fn is_inherited(&self, word: OutcomeWord) -> bool {
        self.inherited.contains(&word)
    }

    /// Whether a user had an outcome of a kind that is not inherited.
    pub(super) fn user_has_own(&self, id: &str, word: OutcomeWord) -> bool {
        self.of_users.contains(&(id.into(), word))
    }
}

/// Deals by a number, and the currencies of their amounts.
struct DealNumbers<'t> {
    numbers: HashMap<&'t str, u32>,
    currencies: BTreeSet<&'t str>,
}

impl<'t> DealNumbers<'t> {
    fn new(table: &'t OutcomeTable) -> DealNumbers<'t> {
        let mut numbers = HashMap::new();
        for deal in table.rows.iter().filter_map(|row| row.deal.as_deref()) {
            let next = numbers.len() as u32;
            numbers.entry(deal).or_insert(next);
        }
        DealNumbers { numbers, currencies: table.rows.iter().filter_map(|row| row.currency.as_deref()).collect() }
    }

    fn outcome(&self, table: &OutcomeTable, row: u32) -> UnitOutcome {
        let of_table = &table.rows[row as usize];
        UnitOutcome {
            word: of_table.word,
            begins: of_table.begins,
            day: of_table.day,
            timed: of_table.known_from == of_table.begins + 1,
            // The answer of a survey is no money.
            amount: of_table.amount.filter(|_| self.currencies.len() < 2 || of_table.word == OutcomeWord::Nps),
            row,
            deal: of_table.deal.as_deref().and_then(|deal| self.numbers.get(deal).copied()),
        }
    }
}
