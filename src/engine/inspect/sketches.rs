//! Counts distinct values and duplicates in bounded memory.
//!
//! Both sketches keep the hashes below a limit, and halve the limit when they hold too many. This
//! sample depends on the set alone, never on order or threads. Up to the capacity counts are exact.
//! Beyond it their relative standard error is about one divided by the root of half the capacity.
//!
//! **Source**: adaptive sampling, Wegman; Flajolet, "On adaptive sampling" (1990).

use std::collections::{HashMap, HashSet, hash_map::Entry};

/// A hasher for keys that are hashes already. It is seeded, because these hashes are predictable.
type SketchHasher = foldhash::fast::RandomState;

/// True if a hash is in the sample that keeps one of 2^`level`.
pub(super) fn in_sample(hash: u64, level: u32) -> bool {
    hash.leading_zeros() >= level
}

/// A set of hashes that counts its members.
#[derive(Debug, Clone)]
pub struct DistinctSketch {
    hashes: HashSet<u64, SketchHasher>,
    level: u32,
    capacity: usize,
}

impl DistinctSketch {
    /// An empty set with a capacity in hashes.
    pub(crate) fn new(capacity: usize) -> DistinctSketch {
        DistinctSketch { hashes: HashSet::default(), level: 0, capacity }
    }

    /// Adds a hash.
    pub(crate) fn add(&mut self, hash: u64) {
        if in_sample(hash, self.level) && self.hashes.insert(hash) {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        while self.hashes.len() > self.capacity {
            self.level += 1;
            let level = self.level;
            self.hashes.retain(|hash| in_sample(*hash, level));
        }
    }

    /// True if a hash was added; none if the sample leaves it out.
    pub fn contains(&self, hash: u64) -> Option<bool> {
        in_sample(hash, self.level).then(|| self.hashes.contains(&hash))
    }

    /// Adds the hashes of another set.
    ///
    /// **Law**: the order of merges does not matter.
    pub(crate) fn merge(&mut self, other: DistinctSketch) {
        self.level = self.level.max(other.level);
        let level = self.level;
        self.hashes.retain(|hash| in_sample(*hash, level));
        for hash in other.hashes {
            self.add(hash);
        }
    }

    /// The number of distinct hashes.
    pub fn count(&self) -> u64 {
        (self.hashes.len() as u64) << self.level.min(40)
    }

    /// True if the count is exact.
    pub(crate) fn is_exact(&self) -> bool {
        self.level == 0
    }
}

/// The contents seen with one event id.
#[derive(Debug, Clone, Copy)]
struct DuplicateEntry {
    count: u32,
    content: u64,
    differ: bool,
}

/// Event ids that occur more than once, and their contents.
#[derive(Debug, Clone)]
pub(crate) struct DuplicateSketch {
    ids: HashMap<u64, DuplicateEntry, SketchHasher>,
    level: u32,
    capacity: usize,
}

impl DuplicateSketch {
    /// An empty sketch with a capacity in ids.
    pub(crate) fn new(capacity: usize) -> DuplicateSketch {
        DuplicateSketch { ids: HashMap::default(), level: 0, capacity }
    }

    /// Adds an event by the hashes of its id and of its content.
    pub(crate) fn add(&mut self, id: u64, content: u64) {
        self.put(id, DuplicateEntry { count: 1, content, differ: false });
    }

    fn put(&mut self, id: u64, copies: DuplicateEntry) {
        if !in_sample(id, self.level) {
            return;
        }
        match self.ids.entry(id) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.differ |= copies.differ || known.content != copies.content;
                known.count = known.count.saturating_add(copies.count);
            }
            Entry::Vacant(place) => {
                place.insert(copies);
                while self.ids.len() > self.capacity {
                    self.level += 1;
                    let level = self.level;
                    self.ids.retain(|id, _| in_sample(*id, level));
                }
            }
        }
    }

    /// Adds the events of another sketch.
    ///
    /// **Law**: the order of merges does not matter.
    pub(crate) fn merge(&mut self, other: DuplicateSketch) {
        self.level = self.level.max(other.level);
        let level = self.level;
        self.ids.retain(|id, _| in_sample(*id, level));
        for (id, copies) in other.ids {
            self.put(id, copies);
        }
    }

    fn scaled(&self, sum: u64) -> u64 {
        sum << self.level.min(40)
    }

    /// Events beyond the first of each id with only one content.
    pub(crate) fn copies(&self) -> u64 {
        self.scaled(self.ids.values().filter(|one| !one.differ).map(|one| u64::from(one.count) - 1).sum())
    }

    /// Ids that occur with several contents.
    pub(crate) fn conflicts(&self) -> u64 {
        self.scaled(self.ids.values().filter(|one| one.differ).count() as u64)
    }

    /// True if the counts are exact.
    pub(crate) fn is_exact(&self) -> bool {
        self.level == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
        range.map(|n| crate::decode::stable_hash(&n.to_string()))
    }

    #[test]
    fn counts_are_exact_up_to_the_capacity_and_near_beyond_it() {
        let mut set = DistinctSketch::new(1024);
        hashes(0..1024).chain(hashes(0..1024)).for_each(|hash| set.add(hash));
        assert_eq!((set.count(), set.is_exact()), (1024, true));
        hashes(0..100_000).for_each(|hash| set.add(hash));
        assert!(!set.is_exact());
        assert!((90_000..110_000).contains(&set.count()), "{}", set.count());
    }

    #[test]
    fn parts_make_the_same_whole_in_any_order() {
        let part = |range| {
            let mut set = DistinctSketch::new(256);
            hashes(range).for_each(|hash| set.add(hash));
            set
        };
        let mut a = part(0..3000);
        a.merge(part(2000..2100));
        let mut b = part(2000..2100);
        b.merge(part(1500..3000));
        b.merge(part(0..1600));
        assert_eq!(a.hashes, b.hashes);
    }

    #[test]
    fn copies_that_agree_are_apart_from_those_that_do_not() {
        let mut all = DuplicateSketch::new(100);
        for (id, content) in [(1, 7), (1, 7), (1, 7), (2, 7), (3, 1), (3, 2)] {
            all.add(id, content);
        }
        let mut other = DuplicateSketch::new(100);
        other.add(2, 7);
        all.merge(other);
        assert_eq!((all.copies(), all.conflicts()), (3, 1));
    }
}
