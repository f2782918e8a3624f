//! Pairs of ids that are one person, where an id may be a user's or a visitor's: which of the two shows only at the end, by what else came
//! with it.

use super::{interner::Interner, small_map::SmallMap};
use crate::decode::HashSeed;

/// Pairs of ids, and how many were refused.
#[derive(Debug)]
pub struct IdentityLinks {
    /// The ids.
    pub ids: Interner,
    /// Pairs of an id that may be either and the known id of a user.
    pub identified: SmallMap<(u32, u32), ()>,
    /// Pairs of ids that both may be either.
    pub merged: SmallMap<(u32, u32), ()>,
    /// Lines that would have joined a placeholder.
    pub placeholders: u64,
}

impl IdentityLinks {
    /// No pairs.
    pub fn new(seed: &HashSeed) -> IdentityLinks {
        let ids = Interner::new(seed.clone());
        IdentityLinks { ids, identified: SmallMap::default(), merged: SmallMap::default(), placeholders: 0 }
    }

    /// An id that may be either is a user's.
    pub(super) fn identify(&mut self, id: &str, user: &str) {
        let pair = (self.ids.intern(id), self.ids.intern(user));
        self.identified.merge(pair, (), |(), ()| {});
    }

    /// Two ids are one.
    pub(super) fn merge(&mut self, a: &str, b: &str) {
        let pair = (self.ids.intern(a), self.ids.intern(b));
        self.merged.merge(pair, (), |(), ()| {});
    }

    /// Takes in the pairs of another.
    pub(super) fn absorb(&mut self, other: IdentityLinks) {
        let ids = self.ids.absorb(&other.ids);
        let number = |(a, b): &(u32, u32)| (ids[*a as usize], ids[*b as usize]);
        other.identified.iter().for_each(|(pair, ())| self.identified.merge(number(pair), (), |(), ()| {}));
        other.merged.iter().for_each(|(pair, ())| self.merged.merge(number(pair), (), |(), ()| {}));
        self.placeholders += other.placeholders;
    }
}
