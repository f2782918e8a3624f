//! The check for duplicates: the hashes of ids and contents of the events of a partition.
//!
//! Two events are duplicates if id and content agree; one of them counts, namely that of the first file in the list, whichever a worker met
//! first. One id with several contents is a conflict: all count, and are reported. Events that agree in their content have one raw id, or none
//! and one account, so they come to one partition; events that agree in their id alone may come to several, so conflicts are looked for at the end.
//!
//! **Cost**: 20 bytes for each event with an id, and 6 to 12 for finding it.

use rayon::prelude::*;

use super::bits::{halves, join_halves};

/// The hashes of an event's id and of its content, both spread over all 64 bits.
pub(super) type EventFingerprint = (u64, u64);

/// What an event turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DedupeVerdict {
    /// It counts.
    New,
    /// It is a copy; the duplicate is that of the given file.
    Duplicate(u32),
}

/// A fingerprint and the file of the event that counts; kept as words of 32 bits, so that there is no padding.
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

    /// Hands the event to a file, if it is an earlier one; gives the file whose copy is the duplicate.
    fn settle(&mut self, file: u32) -> u32 {
        let known = &mut self.0[4];
        let loser = (*known).max(file);
        *known = (*known).min(file);
        loser
    }
}

/// Events that were seen.
#[derive(Debug, Default)]
pub(super) struct DedupeTable {
    /// In the order in which they came.
    entries: Vec<DedupeEntry>,
    /// Where entries are found: each at the place that its fingerprint's share of all points to or the next free one after it. A place holds
    /// an entry's number and, in the bits that numbers leave, some of its fingerprint, so that others are rarely looked at; or [`FREE`].
    places: Vec<u32>,
    /// How many of a place's bits hold the number.
    number_bits: u32,
}

/// Places of a table that is not empty, at least.
const PLACES_MIN: usize = 32;

/// A place without an entry; no entry's, since the highest numbers are never reached. Not 0: fresh memory of zeros is first read and then written
/// here, and Linux maps a page for either; the second time it interrupts all other threads.
const FREE: u32 = u32::MAX;

/// The bits by which a fingerprint is found.
fn key((id, content): EventFingerprint) -> u64 {
    id ^ content
}

/// Which of some places a hash leads to, by its upper bits.
fn share(hash: u64, places: usize) -> usize {
    ((u128::from(hash) * places as u128) >> 64) as usize
}

impl DedupeTable {
    fn home(&self, key: u64) -> usize {
        share(key, self.places.len())
    }

    /// What the place of an entry holds beside its number: the lower bits of its key, since the upper ones led to the place.
    fn tag(&self, key: u64) -> u32 {
        (key << self.number_bits) as u32
    }

    /// Reads the places of some fingerprints without a look at what is there, so that the memory of all of them is fetched at once and not one
    /// after the other.
    pub(super) fn fetch(&self, fingerprints: impl Iterator<Item = EventFingerprint>) {
        let places = fingerprints.filter_map(|fingerprint| self.places.get(self.home(key(fingerprint))));
        std::hint::black_box(places.fold(0, |sum, place| sum ^ place));
    }

    /// Looks an event up and notes it.
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

    /// Makes room for twice as many.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let places = (self.places.len() * 2).max(PLACES_MIN);
        // A power of two, so all numbers fit: at most seven tenths of the places are taken.
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

/// Ids of a part, about: its two bitmaps, 64 kB, fit near caches, and its lists the memory that images gave back.
const PART: usize = 1 << 15;
/// Ids of a round, about.
const ROUND: usize = 1 << 22;
/// More rounds would save less memory than their passes are worth.
const ROUNDS_MAX: usize = 16;

/// How many events that count share their id with another content.
///
/// **Cost**: a pass over all ids for each round: one for each four million ids, sixteen at most. About eleven bytes for each id of a round meanwhile,
/// and up to three times as many where most events share an id.
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
                    // Each part has the ids that their upper bits lead to.
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
            // Hardly any of those that are left after the second look are there once.
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

/// All ids that are there more than once, and about one in ten of the others; which of them differs from one look to the next.
fn maybe_repeated(ids: impl Iterator<Item = u64> + Clone, count: usize, look: u32) -> Vec<u64> {
    // By some bits of an id: whether there was none yet, and whether there was no other. Ones for the same reason as in [`FREE`].
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

    /// Hashes are spread; an odd constant spreads small numbers.
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
                // What agrees in content is of one partition.
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
        // Some spread, some with one home.
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
