//! Everything that is kept of the records read: partitions by the hash of the raw id, what identity lines say, counts of lines.

use std::hash::BuildHasher;

use super::{
    accumulators::TimedValue,
    identity_links::IdentityLinks,
    interner::Interner,
    line_counts::FileCounts,
    shard::{SHARD_COUNT, Shard},
    small_map::SmallMap,
};
use crate::decode::HashSeed;
use pql_model::units::Micros;

/// Everything that is kept of the records read so far.
///
/// What it holds does not depend on the order in which records were folded, nor on who folded which; only how texts are numbered does.
#[derive(Debug)]
pub struct FoldState {
    /// By the hash of the raw id.
    pub shards: Vec<Shard>,
    /// Ids of accounts.
    pub accounts: Interner,
    /// Values, and visitors that users came with.
    pub texts: Interner,
    /// What group lines say, by account and trait.
    pub account_traits: SmallMap<(u32, u16), TimedValue>,
    /// Pairs of known ids that alias lines join, as texts.
    pub aliases: SmallMap<(u32, u32), ()>,
    /// Ids that are joined, and of which it shows only at the end whose they are.
    pub joins: IdentityLinks,
    /// By file.
    pub counts: Vec<FileCounts>,
    /// The newest event, or [`super::NO_LAST`].
    pub newest: Micros,
    /// Events by the plan of their name; the first are those whose name the model does not know.
    pub names: Vec<u64>,
    pub(super) seed: HashSeed,
}

impl FoldState {
    /// The hash of a raw id.
    pub fn hash_id(&self, id: &str) -> u64 {
        self.seed.hash_one(id)
    }

    /// The partition of a raw id's hash, by bits that tables within a partition do not look at.
    pub fn shard_index(hash: u64) -> usize {
        (hash >> 40) as usize % SHARD_COUNT
    }
}
