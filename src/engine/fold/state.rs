//! The state of a run after all records are folded.
//!
//! [`FoldState`] holds the shards, the interned texts, what identity lines say, and line counts.
//! Windows are cut only when the state is read. So one state answers for every `as_of` at or after
//! the one that it was folded for, but not for an earlier one: a folded event stays folded.

use std::hash::BuildHasher;

use super::{
    id_state::AccountTraits,
    identity_links::IdentityLinks,
    interner::Interner,
    late_links::LateLinks,
    line_counts::{DayEvents, FileCounts},
    shard::{SHARD_COUNT, Shard},
    small_map::SmallMap,
};
use crate::decode::HashSeed;
use pql_model::units::Micros;

/// Everything that is kept of the records read.
///
/// **Law**: the content depends neither on the order of records nor on which worker folded which.
/// Only the numbers of interned texts do.
#[derive(Debug)]
pub struct FoldState {
    /// Shards, by the hash of the raw id.
    pub shards: Vec<Shard>,
    /// Ids of accounts.
    pub accounts: Interner,
    /// Text values, and visitor ids that came with a user.
    pub(crate) texts: Interner,
    /// Account traits of group lines, by account and trait. If the model excludes users, only those
    /// of lines without a user and a visitor; the others are in [`IdDetails`](super::id_state::IdDetails).
    pub(crate) account_traits: AccountTraits,
    /// Pairs of known ids that alias lines join, as interned texts.
    pub(crate) aliases: SmallMap<(u32, u32), ()>,
    /// Joined ids that may belong to a user or a visitor; the kind is decided at the end.
    pub(crate) joins: IdentityLinks,
    /// Line counts, by file.
    pub(crate) counts: Vec<FileCounts>,
    /// The instant of the newest event, or [`super::NO_LAST`].
    pub(crate) newest: Micros,
    /// The newest event without a user, a visitor and an account, or [`super::NO_LAST`].
    pub(crate) newest_nowhere: Micros,
    /// Joins and e-mails in deferred lines, while the newest event is looked for.
    pub(crate) late: LateLinks,
    /// Counted events, by the plan of their name. Plan 0 is for names that the model does not know.
    pub names: Vec<u64>,
    /// Counted events of the newest local date. Those of people who turn out to be internal, and of visitors who turn out to be nobody, are among them.
    pub(crate) newest_day: DayEvents,
    pub(super) seed: HashSeed,
}

impl FoldState {
    /// The hash of a raw id.
    pub(crate) fn hash_id(&self, id: &str) -> u64 {
        self.seed.hash_one(id)
    }

    /// The shard of a raw id's hash. It uses bits that the tables within a shard do not use.
    pub(crate) fn shard_index(hash: u64) -> usize {
        (hash >> 40) as usize % SHARD_COUNT
    }
}
