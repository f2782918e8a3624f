//! The check for duplicates, by hashes of the events' ids and contents.
//!
//! [`DedupeTable`] belongs to one shard. Two events are duplicates if both id and content agree.
//! The event of the first file in the list of inputs counts, no matter which was read first.
//!
//! One id with several contents is a conflict: all events count, and the number is reported. Events
//! of equal content have one raw id, or none and one account, so they meet in one shard. Events
//! that share only their id may be in different shards, so [`count_conflicts`] compares ids at the
//! end.
//!
//! **Cost**: 20 bytes per event with an id, and 6 to 12 for its slot in the table.

use rayon::prelude::*;

use super::bits::{halves, join_halves};

/// The hashes of an event's id and of its content, both spread over all 64 bits.
pub(super) type EventFingerprint = (u64, u64);

/// The result of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DedupeVerdict {
    /// The event counts.
    New,
    /// The event is a duplicate. The duplicate is credited to the given file.
    Duplicate(u32),
}

/// A fingerprint and the file of the event that counts. Words of 32 bits avoid padding.
#[derive(Debug, Clone, Copy)]
struct DedupeEntry([u32; 5]);

impl DedupeEntry {
    fn new((id, content): EventFingerprint, file: u32) -> DedupeEntry {
        let ((a, b), (c, d)) = (halves(id), halves(content));
        DedupeEntry([a, b, c, d, file])
    }

    fn id(&self) -> u64 {
        join_halves(self.0[0], self.0[1])
    }

    fn content(&self) -> u64 {
        join_halves(self.0[2], self.0[3])
    }

    fn fingerprint(&self) -> EventFingerprint {
        (self.id(), self.content())
    }

    /// Credits the event to the earlier of two files; returns the other file, whose event is the
    /// duplicate.
    fn settle(&mut self, file: u32) -> u32 {
        let known = &mut self.0[4];
        let loser = (*known).max(file);
        *known = (*known).min(file);
        loser
    }
}

/// A hash table of the events so far.
#[derive(Debug, Clone, Default)]
pub(super) struct DedupeTable {
    /// Entries in the order of insertion.
    entries: Vec<DedupeEntry>,
    /// Open addressing with linear probing. A slot holds an entry's number plus one and, in the
    /// remaining bits, a tag from its key, so that other entries are rarely read; or [`FREE`].
    ///
    /// Slots of 4 bytes let a batch read all its slots at once without reading the entries.
    places: Vec<u32>,
    /// The number of low bits of a slot that hold the entry's number.
    number_bits: u32,
}

/// The smallest number of slots in a table that is not empty.
const PLACES_MIN: usize = 32;

/// An empty slot. It is not 0, because fresh zeroed memory is read before it is written here. Linux
/// then maps a page for the read and another one for the write, and the second interrupts all
/// threads: 5 % of the time of a run.
const FREE: u32 = u32::MAX;

/// The key under which a fingerprint is stored.
fn key((id, content): EventFingerprint) -> u64 {
    id ^ content
}

/// Scales a hash to one of a number of places, by its upper bits.
fn share(hash: u64, places: usize) -> usize {
    ((u128::from(hash) * places as u128) >> 64) as usize
}

impl DedupeTable {
    fn home(&self, key: u64) -> usize {
        share(key, self.places.len())
    }

    /// The tag of a slot: the lower bits of the key, since the upper bits chose the slot.
    fn tag(&self, key: u64) -> u32 {
        (key << self.number_bits) as u32
    }

    /// Reads the slots of some fingerprints without using them. The processor then fetches all
    /// their memory in parallel instead of one slot after the other.
    pub(super) fn fetch(&self, fingerprints: impl Iterator<Item = EventFingerprint>) {
        let places = fingerprints.filter_map(|fingerprint| self.places.get(self.home(key(fingerprint))));
        std::hint::black_box(places.fold(0, |sum, place| sum ^ place));
    }

    /// Looks up an event and adds it if it is new.
    #[inline]
    pub(super) fn check(&mut self, fingerprint: EventFingerprint, file: u32) -> DedupeVerdict {
        if self.entries.len() * 10 >= self.places.len() * 7 {
            self.grow();
        }
        let key = key(fingerprint);
        let tag = self.tag(key);
        let mut at = self.home(key);
        loop {
            let place = self.places[at];
            if place == FREE {
                break;
            }
            if (place ^ tag) >> self.number_bits == 0 {
                let number = (place & !(u32::MAX << self.number_bits)) as usize - 1;
                let entry = &mut self.entries[number];
                if entry.fingerprint() == fingerprint {
                    return DedupeVerdict::Duplicate(entry.settle(file));
                }
            }
            at = if at + 1 < self.places.len() { at + 1 } else { 0 };
        }
        self.entries.push(DedupeEntry::new(fingerprint, file));
        self.places[at] = tag | self.entries.len() as u32;
        DedupeVerdict::New
    }

    /// Doubles the table.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let places = (self.places.len() * 2).max(PLACES_MIN);
        // The number of slots is a power of two and at most 70 % are taken, so all entry numbers
        // fit.
        self.number_bits = places.trailing_zeros();
        assert!(self.number_bits < u32::BITS, "fewer than 1,500 million events of one partition");
        self.places = vec![FREE; places];
        for (number, entry) in self.entries.iter().enumerate() {
            let key = key(entry.fingerprint());
            let mut at = self.home(key);
            while self.places[at] != FREE {
                at = if at + 1 < places { at + 1 } else { 0 };
            }
            self.places[at] = self.tag(key) | (number as u32 + 1);
        }
    }

    fn ids(&self) -> impl Iterator<Item = u64> + Clone {
        self.entries.iter().map(DedupeEntry::id)
    }
}

/// The rough number of ids in a part. Its two bitmaps take 64 kB and fit the near caches; its lists
/// reuse the memory that batches freed.
const PART: usize = 1 << 15;
/// The rough number of ids in a round.
const ROUND: usize = 1 << 22;
/// With more rounds, the extra passes would cost more than the memory they save.
const ROUNDS_MAX: usize = 16;

/// The number of counted events that share their id with an event of other content.
///
/// **Cost**: one pass over all ids per round: a round per four million ids, sixteen at most. A
/// round takes some 11 bytes per id, and up to 33 where most events share an id.
pub(super) fn count_conflicts(all: &[DedupeTable]) -> u64 {
    let total: usize = all.iter().map(|seen| seen.entries.len()).sum();
    let rounds = total.div_ceil(ROUND).clamp(1, ROUNDS_MAX);
    let parts = total.div_ceil(PART * rounds).max(1);
    let of_round = |round: usize| {
        let split: Vec<Vec<Vec<u64>>> = all
            .par_chunks(all.len().div_ceil(2 * rayon::current_num_threads()).max(1))
            .map(|chunk| {
                let count: usize = chunk.iter().map(|seen| seen.entries.len()).sum();
                let room = count / (rounds * parts);
                let mut split: Vec<Vec<u64>> = (0..parts).map(|_| Vec::with_capacity(room + room / 16)).collect();
                for id in chunk.iter().flat_map(DedupeTable::ids) {
                    // A part holds the ids with the same upper bits.
                    let part = share(id, rounds * parts);
                    if let Some(ids) = part.checked_sub(round * parts).and_then(|part| split.get_mut(part)) {
                        ids.push(id);
                    }
                }
                split
            })
            .collect();
        let of_part = |part: usize| {
            let ids = split.iter().flat_map(|split| split[part].iter().copied());
            // After two filters, hardly any id is left that occurs only once.
            let first = maybe_repeated(ids, split.iter().map(|split| split[part].len()).sum(), 1);
            let mut maybe = maybe_repeated(first.iter().copied(), first.len(), 2);
            drop(first);
            maybe.sort_unstable();
            maybe.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).map(|same| same.len() as u64).sum::<u64>()
        };
        (0..parts).into_par_iter().map(of_part).sum::<u64>()
    };
    (0..rounds).map(of_round).sum()
}

/// All ids that occur more than once, and about one in ten of the others. `look` selects the hash
/// bits, so two calls let different single ids pass.
fn maybe_repeated(ids: impl Iterator<Item = u64> + Clone, count: usize, look: u32) -> Vec<u64> {
    // Two bitmaps: no id so far, no second id so far. They start as ones for the reason given at
    // [`FREE`].
    let words = count / 8 + 1;
    let place = |id: u64| {
        let bits = id.rotate_left(23 * look);
        (share(bits, words), 1_u64 << (bits % 64))
    };
    let (mut none, mut no_other) = (vec![u64::MAX; words], vec![u64::MAX; words]);
    ids.clone().for_each(|id| {
        let (word, bit) = place(id);
        if none[word] & bit == 0 {
            no_other[word] &= !bit;
        }
        none[word] &= !bit;
    });
    ids.filter(|id| no_other[place(*id).0] & place(*id).1 == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads small numbers like a hash.
    fn spread(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn copies_and_conflicts_do_not_depend_on_the_order() {
        let (a, b, c) = (10, 11, 12);
        let events = [((1, a), 0), ((1, a), 1), ((1, b), 1), ((1, c), 0), ((1, b), 0), ((2, a), 2), ((2, a), 1)];
        for rotation in 0..events.len() {
            let mut all = [DedupeTable::default(), DedupeTable::default()];
            let mut duplicates = [0; 3];
            for index in 0..events.len() {
                let ((id, content), file) = events[(index + rotation) % events.len()];
                // Equal contents belong to one shard.
                let of_partition = &mut all[content as usize % 2];
                if let DedupeVerdict::Duplicate(loser) = of_partition.check((spread(id), spread(content)), file) {
                    duplicates[loser as usize] += 1;
                }
            }
            assert_eq!((duplicates, count_conflicts(&all)), ([0, 2, 1], 3), "rotation {rotation}");
        }
    }

    #[test]
    fn a_table_that_grows_forgets_nothing() {
        // Some are spread, some have the same slot.
        let fingerprints: Vec<EventFingerprint> =
            (0..5000_u64).map(|n| (spread(n), 0)).chain((0..500_u64).map(|n| (n + 7, 0))).collect();
        let mut seen = DedupeTable::default();
        let mut all = |file: u32| {
            let mut verdicts: Vec<DedupeVerdict> =
                fingerprints.iter().map(|fingerprint| seen.check(*fingerprint, file)).collect();
            verdicts.dedup();
            verdicts
        };
        assert_eq!(all(3), [DedupeVerdict::New]);
        assert_eq!(all(2), [DedupeVerdict::Duplicate(3)], "the earlier file's copy counts");
        assert_eq!(all(4), [DedupeVerdict::Duplicate(4)]);
        assert_eq!(count_conflicts(&[seen]), 0);
    }

    #[test]
    fn fingerprints_that_lead_to_one_place_are_told_apart() {
        let mut seen = DedupeTable::default();
        let alike: Vec<EventFingerprint> = (0..200).map(|n| (spread(n), spread(n) ^ spread(1000))).collect();
        assert!(alike.iter().all(|fingerprint| key(*fingerprint) == key(alike[0])));
        assert!(alike.iter().all(|fingerprint| seen.check(*fingerprint, 0) == DedupeVerdict::New));
        assert!(alike.iter().all(|fingerprint| seen.check(*fingerprint, 1) == DedupeVerdict::Duplicate(1)));
    }

    #[test]
    fn conflicts_are_found_whatever_the_number_of_events() {
        for events in [1, 1000, 3 * PART as u64, ROUND as u64 + 1] {
            let mut all: Vec<DedupeTable> = (0..7).map(|_| DedupeTable::default()).collect();
            for n in 0..events {
                all[n as usize % 7].check((spread(n), 1), 0);
            }
            assert_eq!(count_conflicts(&all), 0);
            for n in (0..events).step_by(100) {
                all[3].check((spread(n), 2), 0);
                all[5].check((spread(n), 3), 0);
            }
            assert_eq!(count_conflicts(&all), 3 * events.div_ceil(100));
        }
    }

    #[test]
    fn conflicts_of_nothing_and_of_one_id_are_counted() {
        assert_eq!(count_conflicts(&[]), 0);
        assert_eq!(count_conflicts(&[DedupeTable::default(), DedupeTable::default()]), 0);
        let mut seen = DedupeTable::default();
        (0..2 * PART as u64 + 1).for_each(|n| _ = seen.check((spread(7), spread(n)), 0));
        assert_eq!(count_conflicts(&[seen, DedupeTable::default()]), 2 * PART as u64 + 1);
    }
}
