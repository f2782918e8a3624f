//! Texts to dense numbers: each text is stored once, in one arena.

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

/// A text's number and place, so that a look-up reads the table and the text and nothing else.
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
    /// An empty one.
    pub fn new(seed: HashSeed) -> Interner {
        Interner { arena: TextArena::default(), table: HashTable::new(), seed }
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
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

    /// As [`Interner::find`], with the hash that this interner's seed gives the text.
    pub fn find_hashed(&self, hash: u64, text: &str) -> Option<u32> {
        self.find_bytes(hash, text.as_bytes())
    }

    /// As [`Interner::find_hashed`], of a text that is given as UTF-8.
    pub(super) fn find_bytes(&self, hash: u64, text: &[u8]) -> Option<u32> {
        self.table.find(hash, |entry| entry.text(&self.arena) == text).map(|entry| entry.id)
    }

    /// The number of a text, given now if it has none yet.
    pub fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// As [`Interner::intern`], with the hash that this interner's seed gives the text.
    pub fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
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

    /// An empty one with the same seed.
    pub fn clone_empty(&self) -> Interner {
        Interner::new(self.seed.clone())
    }

    /// Takes in all texts of another; gives this one's number for each of the other's.
    pub fn absorb(&mut self, other: &Interner) -> Vec<u32> {
        (0..other.len() as u32).map(|id| self.intern(other.get(id))).collect()
    }
}
