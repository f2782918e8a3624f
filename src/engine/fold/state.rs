//! The state of a run after all records are folded.
//!
//! [`FoldState`] holds the shards, the interned texts, what identity lines say, and line counts.
//! Windows are cut only when the state is read. So one state answers for every `as_of` at or after
//! the one that it was folded for, but not for an earlier one: a folded event stays folded.

use std::hash::BuildHasher;

use super::{
    NO_LAST, WorkerFold,
    dedupe::{self, DedupeTable},
    id_state::AccountTraits,
    identity_links::IdentityLinks,
    interner::Interner,
    late_links::LateLinks,
    line_counts::{DayEvents, FileCounts, FoldCounts},
    shard::{SHARD_COUNT, Shard},
    small_map::SmallMap,
};
use crate::{decode::HashSeed, plan::Model};
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
    /// A state without shards.
    pub(super) fn empty(seed: HashSeed) -> FoldState {
        FoldState {
            shards: Vec::new(),
            accounts: Interner::new(seed.clone()),
            texts: Interner::new(seed.clone()),
            account_traits: SmallMap::default(),
            aliases: SmallMap::default(),
            joins: IdentityLinks::new(&seed),
            counts: Vec::new(),
            newest: NO_LAST,
            newest_nowhere: NO_LAST,
            late: LateLinks::default(),
            names: Vec::new(),
            newest_day: DayEvents::default(),
            seed,
        }
    }

    /// Adds the counts of folded events, and the parts that workers kept outside the shards.
    pub(super) fn absorb(
        &mut self,
        model: &Model,
        mut counts: FoldCounts,
        folded: impl IntoIterator<Item = WorkerFold>,
    ) {
        for one in folded {
            self.newest = self.newest.max(one.newest);
            self.newest_nowhere = self.newest_nowhere.max(one.newest_nowhere);
            counts.add(&one.counts);
            self.joins.absorb(one.joins);
            one.aliases.iter().for_each(|(pair, ())| self.aliases.merge(*pair, (), |(), ()| {}));
            for (key, edge) in one.account_traits.iter() {
                let plan = &model.levels.account.traits[key.1 as usize];
                self.account_traits.merge(*key, *edge, |known, more| {
                    known.merge(more, !plan.first, plan.kind, &self.texts);
                });
            }
        }
        counts.add(&FoldCounts {
            files: std::mem::take(&mut self.counts),
            names: std::mem::take(&mut self.names),
            newest_day: self.newest_day,
        });
        FoldCounts { files: self.counts, names: self.names, newest_day: self.newest_day } = counts;
    }

    /// Counts the events that share their id with an event of other content, once no more events
    /// are folded. The tables of duplicates are freed.
    ///
    /// One thread frees them, because several threads would interrupt each other for each list.
    pub fn take_conflicts(&mut self) -> u64 {
        let seen: Vec<DedupeTable> = self.shards.iter_mut().map(Shard::take_dedupe_table).collect();
        dedupe::count_conflicts(&seen)
    }

    /// The hash of a raw id.
    pub(crate) fn hash_id(&self, id: &str) -> u64 {
        self.seed.hash_one(id)
    }

    /// The shard of a raw id's hash. It uses bits that the tables within a shard do not use.
    pub(crate) fn shard_index(hash: u64) -> usize {
        (hash >> 40) as usize % SHARD_COUNT
    }
}
