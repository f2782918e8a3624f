//! What a model said of each unit at each date, and what became of it.
//!
//! A unit is an account, or a user. Users of one account belong to one cluster: what happens to the account happens to all of them, so
//! intervals are drawn over accounts.

use std::collections::HashMap;

use super::{eves::OutcomeEve, signal_tally::SignalTally};

use pql_model::{
    EntityKind,
    clock::AsOf,
    resolved::OutcomeWord,
    units::{Day, Micros, Points},
};

/// One outcome of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnitOutcome {
    /// Its kind.
    pub(crate) word: OutcomeWord,
    /// When it happened; of a date alone its beginning.
    pub(crate) begins: Micros,
    /// The local date.
    pub(crate) day: Day,
    /// Whether it has a time, so that its date alone does not say what came before it.
    pub(crate) timed: bool,
    /// **Units**: millionths.
    pub(crate) amount: Option<i64>,
    /// Its row in the table of outcomes. A row that several units share is one in sums.
    pub(crate) row: u32,
    /// The deal that it belongs to, by a number.
    pub(crate) deal: Option<u32>,
}

/// An account or a user.
#[derive(Debug, Clone)]
pub(crate) struct BacktestUnit {
    /// The printed id.
    pub(crate) id: Box<str>,
    /// The unit's account, or the unit itself; a number of its own.
    pub(crate) cluster: u32,
    /// Whether it is held out.
    pub(crate) held_out: bool,
    /// Its outcomes, in order of time.
    pub(crate) outcomes: Vec<UnitOutcome>,
}

impl BacktestUnit {
    /// When the opportunity of a deal began: of the deal's own, else the last one before it.
    pub(super) fn opportunity_of(&self, won: &UnitOutcome) -> Option<Micros> {
        let is_before = |one: &&UnitOutcome| one.word == OutcomeWord::Opportunity && one.begins <= won.begins;
        let is_same = |one: &UnitOutcome| won.deal.is_none_or(|deal| one.deal == Some(deal));
        self.outcomes.iter().filter(is_before).filter(|one| is_same(one)).map(|one| one.begins).next_back()
    }
}

/// What became of a unit after a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowLabel {
    /// It had reached the goal.
    ReachedBefore,
    /// The horizon is not over.
    Immature,
    /// It did not reach the goal within the horizon.
    Negative,
    /// It reached the goal within the horizon.
    Positive,
}

/// What a model said of a unit at a date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnitRow {
    /// The date, by place.
    pub(crate) date: u16,
    /// The tier, by place; none if the model has none.
    pub(crate) tier: Option<u16>,
    /// The unit, by place.
    pub(crate) unit: u32,
    /// The score.
    pub(crate) score: Points,
    /// Whether the lists call it qualified: suppressed ones are not.
    pub(crate) qualified: bool,
    /// Whether it, or a user of it, is qualified.
    pub(crate) lead: bool,
    /// Whether it is suppressed.
    pub(crate) suppressed: bool,
    /// Whether it speaks for its account: always, but for users whose account's outcomes a colleague with a higher score carries.
    pub(crate) speaks: bool,
    /// What became of it.
    pub(crate) label: RowLabel,
}

impl UnitRow {
    /// Whether it is compared with what became of it; then whether it is positive.
    pub(crate) fn judged(&self) -> Option<bool> {
        match self.label {
            RowLabel::Negative if self.speaks => Some(false),
            RowLabel::Positive if self.speaks => Some(true),
            _ => None,
        }
    }
}

/// A tier as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnitTier {
    /// Its name.
    pub(crate) name: String,
    /// Whether it makes a PQL or PQA.
    pub(crate) qualified: bool,
}

/// All that a model said over the dates.
#[derive(Debug)]
pub(crate) struct Observations {
    /// Users or accounts.
    pub(crate) level: EntityKind,
    /// In order.
    pub(crate) dates: Vec<AsOf>,
    /// In the order in which they were seen.
    pub(crate) units: Vec<BacktestUnit>,
    /// By date, then by id.
    pub(crate) rows: Vec<UnitRow>,
    /// In the order of the model, the best first.
    pub(crate) tiers: Vec<UnitTier>,
    /// The number of clusters.
    pub(crate) clusters: u32,
    /// Whether units of one cluster share their outcomes, so that only one of them tells of each.
    pub(crate) share_outcomes: bool,
    /// What each row was paid, by place of the signal; in the order of the rows. Empty unless rows are asked for.
    pub(crate) paid: Vec<Box<[(u16, Points)]>>,
    /// In the order of the model, those of members of accounts last.
    pub(crate) signals: Vec<SignalTally>,
    /// Units that reached the goal and were seen on the days before.
    pub(crate) seen_before_goal: u64,
    /// Each outcome with what the model said at the end of the day before; empty unless asked for.
    pub(crate) eves: Vec<OutcomeEve>,
}

impl Observations {
    /// The unit of a row.
    pub(crate) fn unit(&self, row: &UnitRow) -> &BacktestUnit {
        &self.units[row.unit as usize]
    }

    /// The rows of each date.
    pub(crate) fn by_date(&self) -> impl Iterator<Item = &[UnitRow]> {
        self.rows.chunk_by(|a, b| a.date == b.date)
    }
}

/// Gives units their places.
#[derive(Debug, Default)]
pub(super) struct UnitIndex {
    places: HashMap<Box<str>, u32>,
    pub(super) units: Vec<BacktestUnit>,
}

impl UnitIndex {
    /// The place of a unit, which `make` makes when it is seen first.
    pub(super) fn place(&mut self, id: &str, make: impl FnOnce() -> BacktestUnit) -> u32 {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = self.units.len() as u32;
        self.places.insert(id.into(), place);
        self.units.push(make());
        place
    }
}
