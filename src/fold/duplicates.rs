//! The check for duplicates: one table for all workers, of hashes of ids and contents.
//!
//! Two events are duplicates if id and content agree; one of them counts, namely that of the first file in the list, whichever a worker met
//! first. One id with several contents is a conflict: all count, and are reported.
//!
//! **Cost**: 20 bytes a place, of which seven tenths at most are taken and four tenths at least: about 36 bytes for each event with an id. Less
//! than two tenths are taken, so that it is 115 bytes, at worst: where the lines to come turn out to be much longer than those so far.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::decode::Seed;

/// A power of two, so that workers rarely wait for each other and a table that grows is small.
const SHARDS: usize = 64;

/// Hashes of an event's id and content, and its file; kept as words of 32 bits, so that a place has no padding.
#[derive(Debug, Clone, Copy, Default)]
struct Entry([u32; 5]);

/// Set in the file's word of a place that is taken.
const TAKEN: u32 = 1 << 31;
/// Set in the file's word of an id that has several contents.
const CONFLICT: u32 = 1 << 30;
const FILE_MASK: u32 = CONFLICT - 1;

impl Entry {
    fn new(id: u64, content: u64, file: u32) -> Entry {
        Entry([id as u32, (id >> 32) as u32, content as u32, (content >> 32) as u32, TAKEN | file & FILE_MASK])
    }

    fn id(&self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 32
    }

    fn content(&self) -> u64 {
        u64::from(self.0[2]) | u64::from(self.0[3]) << 32
    }

    fn is_free(&self) -> bool {
        self.0[4] & TAKEN == 0
    }
}

/// Hands an event to a file, if it is an earlier one; gives the file whose copy is the duplicate.
fn settle(known: &mut u32, file: u32) -> u32 {
    let loser = (*known).max(file);
    *known = (*known).min(file);
    loser
}

#[derive(Debug, Default)]
struct Shard {
    /// The first content that was met of each id. Entries lie in the order of their ids, each at the place that its id's share of all ids
    /// points to or the next free one after it, so that growing is one pass in order.
    places: Vec<Entry>,
    taken: usize,
    /// Further contents of ids with several, and the file of each.
    others: HashMap<(u64, u64), u32, Seed>,
    /// Events whose id has several contents.
    conflicts: u64,
}

/// Places beyond the last that an id can point to, so that no search has to begin anew at the front.
const OVERHANG: usize = 64;

impl Shard {
    /// The place that an id points to. The bits that choose the shard are no part of it.
    fn home(&self, id: u64) -> usize {
        let span = self.places.len().saturating_sub(OVERHANG) as u64;
        ((u128::from(id << SHARDS.trailing_zeros()) * u128::from(span)) >> 64) as usize
    }

    /// The place of an id, or the free one where it belongs; none if the table has to grow first.
    fn find(&self, id: u64) -> Option<usize> {
        let home = self.home(id);
        let places = self.places.get(home..)?;
        places.iter().position(|entry| entry.is_free() || entry.id() == id).map(|at| home + at)
    }

    /// Makes room for more; `expected` entries may come in all, which changes only how often there has to be more room.
    fn grow(&mut self, expected: usize) {
        // By less than twice, so that little memory waits for events that may not come; entries move in order, so a move is cheap. At once to
        // what is expected, though not to more than four times of what there is, since lines to come may be longer, and then fewer: twice that
        // costs as much time if the guess is right, and twice the memory and time if it is ten times too high.
        // Where two steps suffice they are by the same factor, since a first step that nearly suffices would be in vain.
        let (now, expected) = (self.places.len(), expected.saturating_mul(8) / 5);
        let step = if expected <= now * 4 { expected } else { now.saturating_mul(expected).isqrt().min(now * 4) };
        let span = (self.taken * 9 / 4).max(now * 9 / 8).max(OVERHANG).max(step);
        let old = std::mem::replace(&mut self.places, vec![Entry::default(); span + OVERHANG]);
        for entry in old.into_iter().filter(|entry| !entry.is_free()) {
            self.place(entry);
        }
    }

    /// Puts an entry whose id is new into a free place.
    fn place(&mut self, entry: Entry) {
        loop {
            if let Some(at) = self.find(entry.id()) {
                self.places[at] = entry;
                return;
            }
            self.grow(0);
        }
    }

    /// Reads the places of some ids without a look at what is there, so that the memory of all of them is fetched at once and not one after
    /// the other.
    fn fetch(&self, asked: &[Asked]) {
        let places = asked.iter().filter_map(|asked| self.places.get(self.home(asked.id)));
        std::hint::black_box(places.fold(0, |sum, entry| sum ^ entry.0[4]));
    }

    fn check(&mut self, (id, content): (u64, u64), file: u32, expected: usize) -> Verdict {
        if self.taken * 10 >= self.places.len().saturating_sub(OVERHANG) * 7 {
            self.grow(expected);
        }
        let at = loop {
            match self.find(id) {
                Some(at) => break at,
                None => self.grow(expected),
            }
        };
        let entry = &mut self.places[at];
        if entry.is_free() {
            *entry = Entry::new(id, content, file);
            self.taken += 1;
            return Verdict::New;
        }
        if entry.content() == content {
            let mut known = entry.0[4] & FILE_MASK;
            let loser = settle(&mut known, file);
            entry.0[4] = entry.0[4] & !FILE_MASK | known;
            return Verdict::Duplicate(loser);
        }
        if let Some(known) = self.others.get_mut(&(id, content)) {
            return Verdict::Duplicate(settle(known, file));
        }
        self.conflicts += if entry.0[4] & CONFLICT == 0 { 2 } else { 1 };
        entry.0[4] |= CONFLICT;
        self.others.insert((id, content), file);
        Verdict::New
    }
}

/// What an event turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    New,
    /// It is a copy; the duplicate is that of the given file.
    Duplicate(u32),
}

/// The table.
#[derive(Debug)]
pub struct Duplicates {
    shards: Vec<Mutex<Shard>>,
    /// How many events may come in all, a part each; 0 if nobody knows.
    expected: AtomicUsize,
}

/// An event to look up: its fingerprint, if it has one, and its file.
pub(super) trait Question {
    /// Hashes of id and content.
    fn fingerprint(&self) -> Option<(u64, u64)>;
    /// The file.
    fn file(&self) -> u32;
}

/// What the table is asked, copied out of the questions so that it lies together in the order in which it is asked.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    id: u64,
    content: u64,
    file: u32,
    /// The place among the questions.
    index: u32,
}

/// Room for putting questions in order, to be used again.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    asked: Vec<Asked>,
}

impl Duplicates {
    /// An empty table.
    pub fn new() -> Duplicates {
        Duplicates { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), expected: AtomicUsize::new(0) }
    }

    /// Says how many events may come in all, as far as it is known by now, so that the table need not grow often.
    pub(super) fn expect(&self, events: u64) {
        self.expected.store(usize::try_from(events).unwrap_or(0) / SHARDS, Ordering::Relaxed);
    }

    /// Looks events up and notes them; gives a verdict for each.
    ///
    /// The questions of one part of the table are asked together: it is locked once, and its memory is fetched for all of them at a time.
    pub(super) fn check<Q: Question>(&self, questions: &[Q], sorted: &mut Sorted, verdicts: &mut Vec<Verdict>) {
        verdicts.clear();
        verdicts.resize(questions.len(), Verdict::New);
        let mut ends = [0_u32; SHARDS + 1];
        let shards = questions.iter().filter_map(|question| question.fingerprint().map(|(id, _)| shard_of(id)));
        shards.for_each(|shard| ends[shard + 1] += 1);
        (0..SHARDS).for_each(|shard| ends[shard + 1] += ends[shard]);
        let mut next = ends;
        sorted.asked.resize(questions.len(), Asked::default());
        for (index, question) in questions.iter().enumerate() {
            if let Some((id, content)) = question.fingerprint() {
                let place = &mut next[shard_of(id)];
                sorted.asked[*place as usize] = Asked { id, content, file: question.file(), index: index as u32 };
                *place += 1;
            }
        }
        // Of all events, as many may have an id as of these.
        let expected =
            self.expected.load(Ordering::Relaxed).saturating_mul(ends[SHARDS] as usize) / questions.len().max(1);
        let mut ask = |shard: &mut Shard, of_shard: &[Asked]| {
            shard.fetch(of_shard);
            for asked in of_shard {
                verdicts[asked.index as usize] = shard.check((asked.id, asked.content), asked.file, expected);
            }
        };
        let parts = self.shards.iter().zip(ends.windows(2));
        let parts = parts.map(|(shard, range)| (shard, &sorted.asked[range[0] as usize..range[1] as usize]));
        // Who waits for another worker once would be right behind it from then on and wait again and again. A lock that is poisoned counts as
        // held, and is taken like the others afterwards.
        let mut busy = Vec::new();
        for (shard, of_shard) in parts.filter(|(_, of_shard)| !of_shard.is_empty()) {
            match shard.try_lock() {
                Ok(mut shard) => ask(&mut shard, of_shard),
                Err(_) => busy.push((shard, of_shard)),
            }
        }
        busy.into_iter().for_each(|(shard, of_shard)| ask(&mut lock(shard), of_shard));
    }

    /// How many events that count share their id with another content.
    pub fn conflicts(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).conflicts).sum()
    }
}

fn shard_of(id: u64) -> usize {
    (id >> (64 - SHARDS.trailing_zeros())) as usize
}

impl Default for Duplicates {
    fn default() -> Self {
        Duplicates::new()
    }
}

/// A worker that panicked while it held the lock has ended the run; what is in the table no longer matters.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Question for ((u64, u64), u32) {
        fn fingerprint(&self) -> Option<(u64, u64)> {
            Some(self.0)
        }

        fn file(&self) -> u32 {
            self.1
        }
    }

    fn ask(table: &Duplicates, questions: &[((u64, u64), u32)]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        table.check(questions, &mut Sorted::default(), &mut verdicts);
        verdicts
    }

    #[test]
    fn copies_and_conflicts_do_not_depend_on_the_order() {
        let (a, b, c) = (10, 11, 12);
        let events = [((1, a), 0), ((1, a), 1), ((1, b), 1), ((1, c), 0), ((1, b), 0), ((2, a), 2), ((2, a), 1)];
        for rotation in 0..events.len() {
            let table = Duplicates::new();
            let mut duplicates = [0; 3];
            for index in 0..events.len() {
                let question = events[(index + rotation) % events.len()];
                if let [Verdict::Duplicate(loser)] = ask(&table, &[question])[..] {
                    duplicates[loser as usize] += 1;
                }
            }
            assert_eq!((duplicates, table.conflicts()), ([0, 2, 1], 3), "rotation {rotation}");
        }
    }

    #[test]
    fn a_wrong_guess_costs_little_memory() {
        for events in [20_000_u64, 40_000, 60_000, 80_000] {
            let table = Duplicates::new();
            table.expect(events * 100);
            for n in 0..events {
                ask(&table, &[((n.wrapping_mul(0x9e37_79b9_7f4a_7c15), 0), 0)]);
            }
            let places: usize = table.shards.iter().map(|shard| lock(shard).places.len()).sum();
            assert!(places as u64 * 20 < events * 120 + (SHARDS * OVERHANG * 20) as u64, "{places} for {events}");
        }
    }

    #[test]
    fn a_table_that_grows_forgets_nothing() {
        // Multiples of an odd constant: distinct, and spread over all shards; and ids next to each other, which all have the same home.
        let spread = (0..5000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let crowded = (0..500_u64).map(|n| n + 7);
        let ids: Vec<u64> = spread.chain(crowded).collect();
        for expected in [0, 100, 5500, 1 << 40] {
            let table = Duplicates::new();
            table.expect(expected);
            let all = |file: u32| {
                let questions: Vec<((u64, u64), u32)> = ids.iter().map(|id| ((*id, 0), file)).collect();
                let mut verdicts = ask(&table, &questions);
                verdicts.dedup();
                verdicts
            };
            assert_eq!(all(3), [Verdict::New]);
            assert_eq!(all(2), [Verdict::Duplicate(3)], "the earlier file's copy counts");
            assert_eq!(all(4), [Verdict::Duplicate(4)]);
            assert_eq!(table.conflicts(), 0);
        }
    }
}
