//! Identity links whose ids may be user ids or anonymous ids.
//!
//! The kind of an id is decided when all input is read, by the records that it occurs on. So the
//! order of lines does not matter, and no user is printed under an anonymous id.

use super::{interner::Interner, small_map::SmallMap};
use crate::decode::HashSeed;

/// Pairs of linked ids.
#[derive(Debug)]
pub(crate) struct IdentityLinks {
    /// The ids.
    pub(crate) ids: Interner,
    /// Pairs of an id of unknown kind and a user id.
    pub(crate) identified: SmallMap<(u32, u32), ()>,
    /// Pairs of two ids of unknown kind.
    pub(crate) merged: SmallMap<(u32, u32), ()>,
    /// Lines whose link was refused because an id was a placeholder.
    pub(crate) placeholders: u64,
}

impl IdentityLinks {
    /// No links.
    pub(crate) fn new(seed: &HashSeed) -> IdentityLinks {
        let ids = Interner::new(seed.clone());
        IdentityLinks { ids, identified: SmallMap::default(), merged: SmallMap::default(), placeholders: 0 }
    }

    /// Links an id of unknown kind to a user.
    pub(super) fn identify(&mut self, id: &str, user: &str) {
        let pair = (self.ids.intern(id), self.ids.intern(user));
        self.identified.merge(pair, (), |(), ()| {});
    }

    /// Links two ids of unknown kind.
    pub(super) fn merge(&mut self, a: &str, b: &str) {
        let pair = (self.ids.intern(a), self.ids.intern(b));
        self.merged.merge(pair, (), |(), ()| {});
    }

    /// Adds the links of another worker.
    pub(super) fn absorb(&mut self, other: IdentityLinks) {
        let ids = self.ids.absorb(&other.ids);
        let number = |(a, b): &(u32, u32)| (ids[*a as usize], ids[*b as usize]);
        other.identified.iter().for_each(|(pair, ())| self.identified.merge(number(pair), (), |(), ()| {}));
        other.merged.iter().for_each(|(pair, ())| self.merged.merge(number(pair), (), |(), ()| {}));
        self.placeholders += other.placeholders;
    }
}
