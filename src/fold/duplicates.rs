//! The check for duplicates: one table for all workers, of hashes of ids and contents.
//!
//! Two events are duplicates if id and content agree; one of them counts, namely that of the first file in the list, whichever a worker met
//! first. One id with several contents is a conflict: all count, and are reported.
//!
//! **Cost**: 20 bytes for each event with an id, at a load of a half to seven eighths.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

/// A power of two, so that workers rarely wait for each other.
const SHARDS: usize = 64;

/// Hashes of an event's id and content, and its file; kept as words of 32 bits, so that an entry has no padding.
#[derive(Debug, Clone, Copy)]
struct Entry([u32; 5]);

/// Set in the file's word of an id that has several contents.
const CONFLICT: u32 = 1 << 31;

impl Entry {
    fn new(id: u64, content: u64, file: u32) -> Entry {
        Entry([id as u32, (id >> 32) as u32, content as u32, (content >> 32) as u32, file])
    }

    fn id(&self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 32
    }

    fn content(&self) -> u64 {
        u64::from(self.0[2]) | u64::from(self.0[3]) << 32
    }

    fn file(&self) -> u32 {
        self.0[4] & !CONFLICT
    }

    /// Hands the event to a file, if it is an earlier one; gives the file whose copy is the duplicate.
    fn settle(&mut self, file: u32) -> u32 {
        let known = self.file();
        let loser = known.max(file);
        self.0[4] = known.min(file) | (self.0[4] & CONFLICT);
        loser
    }
}

#[derive(Debug, Default)]
struct Shard {
    /// The first content that was met of each id.
    ids: HashTable<Entry>,
    /// Further contents of ids with several, by id and content.
    others: HashTable<Entry>,
    /// Events whose id has several contents.
    conflicts: u64,
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
}

impl Duplicates {
    /// An empty table.
    pub fn new() -> Duplicates {
        Duplicates { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// Looks an event up, and notes it.
    pub fn check(&self, (id, content): (u64, u64), file: u32) -> Verdict {
        let Some(shard) = self.shards.get((id >> 58) as usize) else { return Verdict::New };
        let mut shard = lock(shard);
        let Shard { ids, others, conflicts } = &mut *shard;
        let Some(first) = ids.find_mut(id, |entry| entry.id() == id) else {
            ids.insert_unique(id, Entry::new(id, content, file), Entry::id);
            return Verdict::New;
        };
        if first.content() == content {
            return Verdict::Duplicate(first.settle(file));
        }
        let both = |entry: &Entry| entry.id() ^ entry.content().rotate_left(32);
        let hash = id ^ content.rotate_left(32);
        if let Some(known) = others.find_mut(hash, |entry| entry.id() == id && entry.content() == content) {
            return Verdict::Duplicate(known.settle(file));
        }
        *conflicts += if first.0[4] & CONFLICT == 0 { 2 } else { 1 };
        first.0[4] |= CONFLICT;
        others.insert_unique(hash, Entry::new(id, content, file), both);
        Verdict::New
    }

    /// How many events that count share their id with another content.
    pub fn conflicts(&self) -> u64 {
        self.shards.iter().map(|shard| lock(shard).conflicts).sum()
    }
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

    #[test]
    fn copies_and_conflicts_do_not_depend_on_the_order() {
        let events = [((1, 10), 0), ((1, 10), 1), ((1, 11), 1), ((1, 12), 0), ((1, 11), 0), ((2, 10), 2), ((2, 10), 1)];
        for rotation in 0..events.len() {
            let table = Duplicates::new();
            let mut duplicates = [0; 3];
            for index in 0..events.len() {
                let (fingerprint, file) = events[(index + rotation) % events.len()];
                if let Verdict::Duplicate(loser) = table.check(fingerprint, file) {
                    duplicates[loser as usize] += 1;
                }
            }
            assert_eq!((duplicates, table.conflicts()), ([0, 2, 1], 3), "rotation {rotation}");
        }
    }
}
