//! Texts that all workers number alike.

use std::{
    cmp::Ordering,
    hash::BuildHasher,
    sync::{PoisonError, RwLock},
};

use hashbrown::HashTable;

use super::Interner;
use crate::decode::Seed;

/// So many texts a worker remembers by itself.
const REMEMBERED: usize = 1 << 16;
/// And so many bytes of them.
const REMEMBERED_BYTES: usize = 1 << 22;

/// Texts by number, for all workers.
#[derive(Debug)]
pub(super) struct SharedTexts {
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

impl TextOrder for SharedTexts {
    fn text_order(&self, a: u32, b: u32) -> Ordering {
        self.texts.read().unwrap_or_else(PoisonError::into_inner).text_order(a, b)
    }
}

impl SharedTexts {
    pub(super) fn new(texts: Interner) -> SharedTexts {
        SharedTexts { texts: RwLock::new(texts) }
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
pub(super) struct Remembered<'s> {
    shared: &'s SharedTexts,
    known: HashTable<Known>,
    arena: String,
    seed: Seed,
}

/// A text that is remembered.
#[derive(Debug, Clone, Copy)]
struct Known {
    mark: Mark,
    /// Where it begins in the arena.
    start: u32,
    /// Its shared number.
    number: u32,
}

/// What a text is told by at first sight: all of it if it is short, so that only long ones are looked up in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// The bytes of a short text, some of them twice; of a long one the hash.
    words: [u64; 2],
    length: u32,
}

impl Mark {
    /// Bytes of a text that fit.
    const SHORT_MAX: usize = 16;

    #[inline]
    fn of(hash: u64, text: &str) -> Mark {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let words = if length > Mark::SHORT_MAX {
            [hash, 0]
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            [u64::from_le_bytes(*first), u64::from_le_bytes(*last)]
        } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            [u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))]
        } else {
            let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
            [byte(0), byte(1) << 8 | byte(2)]
        };
        Mark { words, length: length as u32 }
    }

    fn is_whole(&self) -> bool {
        self.length as usize <= Mark::SHORT_MAX
    }
}

impl Known {
    fn text<'a>(&self, arena: &'a str) -> &'a str {
        let start = self.start as usize;
        &arena[start..start + self.mark.length as usize]
    }
}

impl<'s> Remembered<'s> {
    pub(super) fn new(shared: &'s SharedTexts, seed: &Seed) -> Remembered<'s> {
        Remembered { shared, known: HashTable::new(), arena: String::new(), seed: seed.clone() }
    }

    /// The shared number of a text, given now if it has none yet.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// As [`Remembered::intern`], with the hash that the run's seed gives the text.
    #[inline]
    pub(super) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let mark = Mark::of(hash, text);
        let is_it = |known: &Known| known.mark == mark && (mark.is_whole() || known.text(&self.arena) == text);
        match self.known.find(hash, is_it) {
            Some(known) => known.number,
            None => self.ask(hash, mark, text),
        }
    }

    /// A text that is not remembered.
    #[inline(never)]
    fn ask(&mut self, hash: u64, mark: Mark, text: &str) -> u32 {
        if self.known.len() >= REMEMBERED || self.arena.len() + text.len() > REMEMBERED_BYTES {
            // Values of which hardly any comes twice are not worth remembering; those that do come again are soon known again.
            self.known.clear();
            self.arena.clear();
        }
        let number = self.shared.number(hash, text);
        if text.len() <= REMEMBERED_BYTES {
            let start = self.arena.len() as u32;
            self.arena.push_str(text);
            let (arena, seed) = (&self.arena, &self.seed);
            self.known.insert_unique(hash, Known { mark, start, number }, |known| seed.hash_one(known.text(arena)));
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_that_differ_anywhere_have_other_marks() {
        for length in 0..=Mark::SHORT_MAX {
            let text = "abcdefghijklmnop"[..length].to_owned();
            assert!(Mark::of(1, &text).is_whole());
            assert_eq!(Mark::of(1, &text), Mark::of(2, &text), "the hash is no part of it");
            for at in 0..length {
                let mut other = text.clone();
                other.replace_range(at..at + 1, "z");
                assert_ne!(Mark::of(1, &text), Mark::of(1, &other), "length {length}, byte {at}");
            }
            assert_ne!(Mark::of(1, &text), Mark::of(1, &format!("{text}\0")), "length {length}");
        }
    }

    #[test]
    fn a_text_keeps_its_number() {
        let seed = Seed::default();
        let shared = SharedTexts::new(Interner::new(seed.clone()));
        let mut remembered = Remembered::new(&shared, &seed);
        let texts: Vec<String> = (0..3000).map(|n| "x".repeat(n % 40) + &n.to_string()).collect();
        let numbers: Vec<u32> = texts.iter().map(|text| remembered.intern(text)).collect();
        let again: Vec<u32> = texts.iter().map(|text| remembered.intern(text)).collect();
        assert_eq!(numbers, again);
        let texts_again = shared.into_inner();
        assert!(texts.iter().zip(&numbers).all(|(text, number)| texts_again.get(*number) == text));
    }
}
