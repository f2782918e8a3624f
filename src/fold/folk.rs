//! What is known of a raw id beside the cells of its rows: which accounts it named, what was said of it, whom it came with.

use std::collections::HashMap;

use super::{cells::Edge, counts::Bucket, intern::Interner, keyed::Keyed, shared::TextOrder};
use crate::{
    decode::Seed,
    units::{Day, Micros},
};

/// The account that a raw id named last on a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// When it was named.
    pub at: Micros,
    /// On which local date.
    pub day: Day,
    /// Which.
    pub account: u32,
}

/// Rows by account and date.
type RowIndex = HashMap<(u32, Day), u32, Seed>;

/// What is known of a raw id beside its rows.
#[derive(Debug, Default)]
pub struct Folk {
    /// Rows by account and date: the first one met, then the others.
    first_row: Option<(u32, Day, u32)>,
    more_rows: Option<Box<RowIndex>>,
    /// By date, sorted.
    pub named: Vec<Named>,
    /// What few raw ids have.
    pub more: Option<Box<FolkMore>>,
}

/// What few raw ids have.
#[derive(Debug, Default)]
pub struct FolkMore {
    /// What identify lines say, by trait.
    pub traits: Keyed<u16, Edge>,
    /// Visitors that came on one record with this user, as texts.
    pub met: Keyed<u32, ()>,
    /// Of visitors: events that name no account, by file.
    pub homeless: Keyed<u32, i64>,
    /// Lines by file and bucket; kept only if the model excludes domains, since whose lines those are shows at the end.
    pub lines: Keyed<(u32, Bucket), i64>,
}

impl Folk {
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

    /// Notes that an account was named.
    pub fn name_account(&mut self, named: Named, accounts: &impl TextOrder) {
        let at = match self.named.last() {
            Some(last) if last.day < named.day => self.named.len(),
            Some(last) if last.day == named.day => self.named.len() - 1,
            _ => self.named.partition_point(|known| known.day < named.day),
        };
        match self.named.get_mut(at) {
            Some(known) if known.day == named.day => {
                let later = named.at > known.at;
                let tie = named.at == known.at && accounts.text_order(named.account, known.account).is_lt();
                if later || tie {
                    *known = named;
                }
            }
            _ => self.named.insert(at, named),
        }
    }
}

/// Raw ids of one kind in one partition.
#[derive(Debug)]
pub struct Population {
    /// The ids as text.
    pub ids: Interner,
    /// What is known of each.
    pub folks: Vec<Folk>,
}

impl Population {
    pub(super) fn new(seed: &Seed) -> Population {
        Population { ids: Interner::new(seed.clone()), folks: Vec::new() }
    }

    /// The number of an id, with its hash.
    pub fn of(&mut self, hash: u64, id: &str) -> u32 {
        let number = self.ids.intern_hashed(hash, id);
        if number as usize == self.folks.len() {
            self.folks.push(Folk::default());
        }
        number
    }
}
