//! What is known of a raw id beside the cells of its rows: which accounts it named, what was said of it, whom it came with.

use std::collections::HashMap;

use super::{
    account_timeline::AccountTimeline, accumulators::TimedValue, interner::Interner, line_counts::LineBucket,
    small_map::SmallMap,
};
use crate::decode::HashSeed;
use pql_model::units::Day;

/// Rows by account and date.
type RowIndex = HashMap<(u32, Day), u32, HashSeed>;

/// What is known of a raw id beside its rows.
#[derive(Debug, Default)]
pub struct IdState {
    /// Rows by account and date: the first one met, then the others.
    first_row: Option<(u32, Day, u32)>,
    more_rows: Option<Box<RowIndex>>,
    /// The accounts that it named.
    pub account_timeline: AccountTimeline,
    /// What few raw ids have.
    pub details: Option<Box<IdDetails>>,
}

/// What few raw ids have.
#[derive(Debug, Default)]
pub struct IdDetails {
    /// What identify lines say, by trait.
    pub traits: SmallMap<u16, TimedValue>,
    /// Visitors that came on one record with this user, as texts.
    pub visitors_met: SmallMap<u32, ()>,
    /// Of visitors: events that name no account, by file.
    pub unattributed: SmallMap<u32, i64>,
    /// Lines by file and bucket; kept only if the model excludes domains, since whose lines those are shows at the end.
    pub lines: SmallMap<(u32, LineBucket), i64>,
}

impl IdState {
    pub(super) fn row(&self, account: u32, day: Day) -> Option<u32> {
        match self.first_row {
            Some((a, d, row)) if a == account && d == day => Some(row),
            _ => self.more_rows.as_ref()?.get(&(account, day)).copied(),
        }
    }

    pub(super) fn set_row(&mut self, account: u32, day: Day, row: u32) {
        if self.first_row.is_none() {
            self.first_row = Some((account, day, row));
        } else {
            self.more_rows.get_or_insert_default().insert((account, day), row);
        }
    }
}

/// Raw ids of one kind in one partition.
#[derive(Debug)]
pub struct IdTable {
    /// The ids as text.
    pub ids: Interner,
    /// What is known of each.
    pub states: Vec<IdState>,
}

impl IdTable {
    pub(super) fn new(seed: &HashSeed) -> IdTable {
        IdTable { ids: Interner::new(seed.clone()), states: Vec::new() }
    }

    /// The number of an id, which is given as UTF-8, with its hash.
    pub(super) fn intern(&mut self, hash: u64, id: &[u8]) -> u32 {
        if let Some(known) = self.ids.find_bytes(hash, id) {
            return known;
        }
        let number = self.ids.intern_hashed(hash, std::str::from_utf8(id).expect("an id is text"));
        self.states.push(IdState::default());
        number
    }
}
