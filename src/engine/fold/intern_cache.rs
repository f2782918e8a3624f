//! Texts that all workers number alike.

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

/// So many texts a worker remembers by itself.
const CACHE_ENTRIES_MAX: usize = 1 << 16;
/// And so many bytes of long ones.
const CACHE_BYTES_MAX: usize = 1 << 22;

/// Texts by number, for all workers.
#[derive(Debug)]
pub(super) struct SharedInterner {
    texts: RwLock<Interner>,
}

/// Tells which of two texts is smaller, byte by byte, by their numbers.
pub trait TextOrder {
    /// The order of the texts behind two numbers.
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

/// What one worker remembers of shared texts, so that it rarely has to ask.
#[derive(Debug)]
pub(super) struct InternCache<'s> {
    shared: &'s SharedInterner,
    known: HashTable<InternCacheEntry>,
    /// Texts that are long, by place.
    long: TextArena,
    seed: HashSeed,
}

/// A text that is remembered, in sixteen bytes, since what a look-up costs is the memory that it touches.
#[derive(Debug, Clone, Copy)]
struct InternCacheEntry {
    mark: TextKey,
    /// Its shared number.
    number: u32,
}

/// What a text is told by: all of it if it is short, so that only long ones are looked up in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TextKey {
    /// The bytes of a short text, zeros behind its end; of a long one the hash, in two halves.
    front: [u32; 2],
    /// Further bytes, and the length in the upper eight bits. Of a long text its place, and [`Mark::LONG`] in place of the length.
    back: u32,
}

impl TextKey {
    /// Bytes of a text that fit.
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

    /// The bytes of a short text, and zeros.
    fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (four, word) in bytes.chunks_exact_mut(4).zip([self.front[0], self.front[1], self.back & !TextKey::LONG]) {
            four.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

impl InternCacheEntry {
    /// Whether it is a text, of which the mark is given.
    #[inline]
    fn matches(self, mark: TextKey, text: &str, long: &TextArena) -> bool {
        if mark.is_long() {
            self.mark.front == mark.front && self.mark.is_long() && long.get(self.mark.back & !TextKey::LONG) == text
        } else {
            self.mark == mark
        }
    }

    /// The hash of its text.
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

    /// The shared number of a text, given now if it has none yet.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// As [`Remembered::intern`], with the hash that the run's seed gives the text.
    #[inline]
    pub(super) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let mark = TextKey::of(hash, text);
        match self.known.find(hash, |known| known.matches(mark, text, &self.long)) {
            Some(known) => known.number,
            None => self.intern_shared(hash, mark, text),
        }
    }

    /// A text that is not remembered.
    #[inline(never)]
    fn intern_shared(&mut self, hash: u64, mut mark: TextKey, text: &str) -> u32 {
        if self.known.len() >= CACHE_ENTRIES_MAX || self.long.text.len() + text.len() > CACHE_BYTES_MAX {
            // Values of which hardly any comes twice are not worth remembering; those that do come again are soon known again.
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
