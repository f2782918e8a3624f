//! Per-id state outside the rows: account history, traits, co-occurring anonymous ids.

use std::collections::HashMap;

use super::{
    account_timeline::AccountTimeline,
    accumulators::TimedValue,
    interner::Interner,
    line_counts::{DayEvents, LineBucket},
    small_map::SmallMap,
};
use crate::decode::HashSeed;
use pql_model::units::Day;

/// Row numbers by account and date.
type RowIndex = HashMap<(u32, Day), u32, HashSeed>;

/// The state of one raw id outside its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdState {
    /// The first row, by account and date. Most ids have no other.
    first_row: Option<(u32, Day, u32)>,
    more_rows: Option<Box<RowIndex>>,
    /// The accounts that the id named.
    pub(crate) account_timeline: AccountTimeline,
    /// Fields that few ids have.
    pub(crate) details: Option<Box<IdDetails>>,
}

/// Account traits by account and trait index.
pub(crate) type AccountTraits = SmallMap<(u32, u16), TimedValue>;

/// Fields that few raw ids have.
#[derive(Debug, Clone, Default)]
pub(crate) struct IdDetails {
    /// Traits of identify lines, by trait.
    pub(crate) traits: SmallMap<u16, TimedValue>,
    /// Account traits from the lines of this id. They are kept only if the model excludes users,
    /// because the id may turn out to be internal at the end.
    pub(crate) account_traits: Option<Box<AccountTraits>>,
    /// Visitor ids that came on one record with this user, as interned texts.
    pub(crate) visitors_met: SmallMap<u32, ()>,
    /// For visitors: events that name no account, by file.
    pub(crate) unattributed: SmallMap<u32, i64>,
    /// For visitors: events that name no account, of the newest local date with one.
    pub(crate) unattributed_day: DayEvents,
    /// Line counts by file and bucket. They are kept only if the model excludes users, because the
    /// owner of a line may turn out to be excluded at the end.
    pub(crate) lines: SmallMap<(u32, LineBucket), i64>,
    /// The events of the newest local date with one, without copies. They are kept where `lines` are.
    pub(crate) newest_day: DayEvents,
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

/// Raw ids of one kind in one shard.
#[derive(Debug, Clone)]
pub struct IdTable {
    /// The ids.
    pub ids: Interner,
    /// The state of each id.
    pub(crate) states: Vec<IdState>,
}

impl IdTable {
    pub(super) fn new(seed: &HashSeed) -> IdTable {
        IdTable { ids: Interner::new(seed.clone()), states: Vec::new() }
    }

    /// The number of an id, given as UTF-8 with its hash; adds it if it is new.
    pub(super) fn intern(&mut self, hash: u64, id: &[u8]) -> u32 {
        if let Some(known) = self.ids.find_bytes(hash, id) {
            return known;
        }
        let number = self.ids.intern_hashed(hash, std::str::from_utf8(id).expect("an id is text"));
        self.states.push(IdState::default());
        number
    }
}
