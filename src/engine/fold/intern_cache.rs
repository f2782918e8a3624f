//! Interned texts that all workers share, with a cache per worker.
//!
//! [`SharedInterner`] gives each text one number for the whole run, behind a lock. [`InternCache`]
//! remembers the numbers that one worker has seen, so that it rarely takes the lock. Values are
//! kept as these numbers and compared by [`TextOrder`] where the order of texts matters.

use std::{
    cmp::Ordering,
    hash::BuildHasher,
    sync::{PoisonError, RwLock},
};

use hashbrown::HashTable;

use super::{
    Interner,
    arena::TextArena,
    bits::{halves, join_halves, padded},
};
use crate::decode::HashSeed;

/// Texts that the cache of a worker holds.
const CACHE_ENTRIES_MAX: usize = 1 << 16;
/// Bytes of long texts that the cache of a worker holds.
const CACHE_BYTES_MAX: usize = 1 << 22;

/// Texts by number, for all workers.
#[derive(Debug)]
pub(super) struct SharedInterner {
    texts: RwLock<Interner>,
}

/// Compares interned texts byte by byte, by their numbers.
pub(crate) trait TextOrder {
    /// The order of the texts of two numbers.
    fn text_order(&self, a: u32, b: u32) -> Ordering;
}

impl TextOrder for Interner {
    fn text_order(&self, a: u32, b: u32) -> Ordering {
        self.get(a).as_bytes().cmp(self.get(b).as_bytes())
    }
}

impl TextOrder for SharedInterner {
    fn text_order(&self, a: u32, b: u32) -> Ordering {
        self.texts.read().unwrap_or_else(PoisonError::into_inner).text_order(a, b)
    }
}

impl SharedInterner {
    pub(super) fn new(texts: Interner) -> SharedInterner {
        SharedInterner { texts: RwLock::new(texts) }
    }

    fn number(&self, hash: u64, text: &str) -> u32 {
        let known = self.texts.read().unwrap_or_else(PoisonError::into_inner).find_hashed(hash, text);
        known.unwrap_or_else(|| self.texts.write().unwrap_or_else(PoisonError::into_inner).intern_hashed(hash, text))
    }

    pub(super) fn into_inner(self) -> Interner {
        self.texts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interned texts that one worker remembers.
#[derive(Debug)]
pub(super) struct InternCache<'s> {
    shared: &'s SharedInterner,
    known: HashTable<InternCacheEntry>,
    /// Long texts, by their place in [`TextKey::back`].
    long: TextArena,
    seed: HashSeed,
}

/// A remembered text in 16 bytes. The cost of a look-up is the memory that it touches.
#[derive(Debug, Clone, Copy)]
struct InternCacheEntry {
    mark: TextKey,
    /// The shared number of the text.
    number: u32,
}

/// The key of a text. It holds a short text completely, so that only long ones are read from the
/// arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TextKey {
    /// The first bytes of a short text, padded with zeros; for a long text the halves of its hash.
    front: [u32; 2],
    /// Further bytes, with the length in the upper eight bits. For a long text its place in the
    /// arena, with [`TextKey::LONG`] in place of the length.
    back: u32,
}

impl TextKey {
    /// The longest text that fits, bytes.
    const SHORT_MAX: usize = 11;
    const LENGTH_SHIFT: u32 = 24;
    const LONG: u32 = 0xff << TextKey::LENGTH_SHIFT;

    #[inline]
    fn of(hash: u64, text: &str) -> TextKey {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let (front, back) = if length > TextKey::SHORT_MAX {
            return TextKey { front: halves(hash).into(), back: TextKey::LONG };
        } else if let Some((front, back)) = bytes.split_first_chunk() {
            (u64::from_le_bytes(*front), padded(back))
        } else {
            (padded(bytes), 0)
        };
        TextKey { front: halves(front).into(), back: back as u32 | (length as u32) << TextKey::LENGTH_SHIFT }
    }

    fn is_long(self) -> bool {
        self.back >= TextKey::LONG
    }

    /// The bytes of a short text, padded with zeros.
    fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (four, word) in bytes.chunks_exact_mut(4).zip([self.front[0], self.front[1], self.back & !TextKey::LONG]) {
            four.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

impl InternCacheEntry {
    /// True if this is the entry of a text, given its key.
    #[inline]
    fn matches(self, mark: TextKey, text: &str, long: &TextArena) -> bool {
        if mark.is_long() {
            self.mark.front == mark.front && self.mark.is_long() && long.get(self.mark.back & !TextKey::LONG) == text
        } else {
            self.mark == mark
        }
    }

    /// The hash of the text.
    fn hash(self, seed: &HashSeed) -> u64 {
        if self.mark.is_long() {
            return join_halves(self.mark.front[0], self.mark.front[1]);
        }
        let length = (self.mark.back >> TextKey::LENGTH_SHIFT) as usize;
        seed.hash_one(std::str::from_utf8(&self.mark.bytes()[..length]).expect("the bytes of a text"))
    }
}

impl<'s> InternCache<'s> {
    pub(super) fn new(shared: &'s SharedInterner, seed: &HashSeed) -> InternCache<'s> {
        InternCache { shared, known: HashTable::new(), long: TextArena::default(), seed: seed.clone() }
    }

    /// The shared number of a text; adds it if it is new.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// The same as [`InternCache::intern`], given the hash of the text under the run's seed.
    #[inline]
    pub(super) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let mark = TextKey::of(hash, text);
        match self.known.find(hash, |known| known.matches(mark, text, &self.long)) {
            Some(known) => known.number,
            None => self.intern_shared(hash, mark, text),
        }
    }

    /// Interns a text that the cache does not hold.
    #[inline(never)]
    fn intern_shared(&mut self, hash: u64, mut mark: TextKey, text: &str) -> u32 {
        if self.known.len() >= CACHE_ENTRIES_MAX || self.long.text.len() + text.len() > CACHE_BYTES_MAX {
            // Texts that hardly ever repeat are not worth caching; those that do are soon cached
            // again.
            self.known.clear();
            self.long.clear();
        }
        let number = self.shared.number(hash, text);
        if text.len() <= CACHE_BYTES_MAX {
            if mark.is_long() {
                mark.back |= self.long.len() as u32;
                self.long.push(text);
            }
            let seed = &self.seed;
            self.known.insert_unique(hash, InternCacheEntry { mark, number }, |known| known.hash(seed));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_that_differ_anywhere_have_other_marks() {
        for length in 0..=TextKey::SHORT_MAX {
            let text = "abcdefghijklmnop"[..length].to_owned();
            let mark = TextKey::of(1, &text);
            assert!(!mark.is_long());
            assert_eq!(&mark.bytes()[..length], text.as_bytes());
            assert_eq!(TextKey::of(1, &text), TextKey::of(2, &text), "the hash is no part of it");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..at + 1, "z");
                assert_ne!(TextKey::of(1, &text), TextKey::of(1, &other), "length {length}, byte {at}");
            }
            assert_ne!(TextKey::of(1, &text), TextKey::of(1, &format!("{text}\0")), "length {length}");
        }
    }

    #[test]
    fn a_text_keeps_its_number() {
        let seed = HashSeed::default();
        let shared = SharedInterner::new(Interner::new(seed.clone()));
        let mut remembered = InternCache::new(&shared, &seed);
        let texts: Vec<String> = (0..3000).map(|n| "x".repeat(n % 40) + &n.to_string()).collect();
        let numbers: Vec<u32> = texts.iter().map(|text| remembered.intern(text)).collect();
        let again: Vec<u32> = texts.iter().map(|text| remembered.intern(text)).collect();
        assert_eq!(numbers, again);
        let texts_again = shared.into_inner();
        assert!(texts.iter().zip(&numbers).all(|(text, number)| texts_again.get(*number) == text));
    }
}
