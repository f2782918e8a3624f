//! Maps texts to dense numbers. Each text is stored once, in one arena.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::arena::TextArena;
use crate::decode::HashSeed;

/// Texts by number, and numbers by text.
#[derive(Debug, Clone)]
pub struct Interner {
    arena: TextArena,
    table: HashTable<InternEntry>,
    seed: HashSeed,
}

/// The number and place of a text. A look-up reads only the table and the text.
#[derive(Debug, Clone, Copy)]
struct InternEntry {
    start: usize,
    length: u32,
    id: u32,
}

impl InternEntry {
    fn text<'a>(&self, arena: &'a TextArena) -> &'a [u8] {
        &arena.text.as_bytes()[self.start..self.start + self.length as usize]
    }
}

impl Interner {
    /// An empty interner.
    pub(crate) fn new(seed: HashSeed) -> Interner {
        Interner { arena: TextArena::default(), table: HashTable::new(), seed }
    }

    /// The number of texts.
    pub(crate) fn len(&self) -> usize {
        self.arena.len()
    }

    /// True if there are no texts.
    pub(crate) fn is_empty(&self) -> bool {
        self.arena.len() == 0
    }

    /// The text of a number that this interner gave.
    pub fn get(&self, id: u32) -> &str {
        self.arena.get(id)
    }

    /// The number of a text, if it is known.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.find_hashed(self.seed.hash_one(text), text)
    }

    /// The same as [`Interner::find`], given the hash of the text under this interner's seed.
    pub(crate) fn find_hashed(&self, hash: u64, text: &str) -> Option<u32> {
        self.find_bytes(hash, text.as_bytes())
    }

    /// The same as [`Interner::find_hashed`], for a text given as UTF-8.
    pub(super) fn find_bytes(&self, hash: u64, text: &[u8]) -> Option<u32> {
        self.table.find(hash, |entry| entry.text(&self.arena) == text).map(|entry| entry.id)
    }

    /// The number of a text; adds it if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// The same as [`Interner::intern`], given the hash of the text under this interner's seed.
    pub(crate) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let (arena, seed) = (&self.arena, &self.seed);
        if let Some(entry) = self.table.find(hash, |entry| entry.text(arena) == text.as_bytes()) {
            return entry.id;
        }
        let id = u32::try_from(arena.len()).unwrap_or(u32::MAX);
        assert!(id < u32::MAX, "fewer than 2^32 distinct texts");
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        assert!(length < u32::MAX, "a line is shorter than 2^32 bytes, and so is every text in it");
        let rehash = |entry: &InternEntry| seed.hash_one(arena.get(entry.id));
        self.table.insert_unique(hash, InternEntry { start: arena.text.len(), length, id }, rehash);
        self.arena.push(text);
        id
    }

    /// An empty interner with the same seed.
    pub(crate) fn clone_empty(&self) -> Interner {
        Interner::new(self.seed.clone())
    }

    /// Adds all texts of another interner; returns the number here for each number there.
    pub(crate) fn absorb(&mut self, other: &Interner) -> Vec<u32> {
        (0..other.len() as u32).map(|id| self.intern(other.get(id))).collect()
    }
}
