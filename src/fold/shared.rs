//! Texts that all workers number alike.

use std::{
    cmp::Ordering,
    hash::BuildHasher,
    sync::{PoisonError, RwLock},
};

use hashbrown::HashTable;

use super::{
    Interner,
    arena::Arena,
    words::{halves, joined, padded},
};
use crate::decode::Seed;

/// So many texts a worker remembers by itself.
const REMEMBERED: usize = 1 << 16;
/// And so many bytes of long ones.
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
    /// Texts that are long, by place.
    long: Arena,
    seed: Seed,
}

/// A text that is remembered, in sixteen bytes, since what a look-up costs is the memory that it touches.
#[derive(Debug, Clone, Copy)]
struct Known {
    mark: Mark,
    /// Its shared number.
    number: u32,
}

/// What a text is told by: all of it if it is short, so that only long ones are looked up in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    /// The bytes of a short text, zeros behind its end; of a long one the hash, in two halves.
    front: [u32; 2],
    /// Further bytes, and the length in the upper eight bits. Of a long text its place, and [`Mark::LONG`] in place of the length.
    back: u32,
}

impl Mark {
    /// Bytes of a text that fit.
    const SHORT_MAX: usize = 11;
    const LENGTH_SHIFT: u32 = 24;
    const LONG: u32 = 0xff << Mark::LENGTH_SHIFT;

    #[inline]
    fn of(hash: u64, text: &str) -> Mark {
        let bytes = text.as_bytes();
        let length = bytes.len();
        let (front, back) = if length > Mark::SHORT_MAX {
            return Mark { front: halves(hash).into(), back: Mark::LONG };
        } else if let Some((front, back)) = bytes.split_first_chunk() {
            (u64::from_le_bytes(*front), padded(back))
        } else {
            (padded(bytes), 0)
        };
        Mark { front: halves(front).into(), back: back as u32 | (length as u32) << Mark::LENGTH_SHIFT }
    }

    fn is_long(self) -> bool {
        self.back >= Mark::LONG
    }

    /// The bytes of a short text, and zeros.
    fn bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (four, word) in bytes.chunks_exact_mut(4).zip([self.front[0], self.front[1], self.back & !Mark::LONG]) {
            four.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

impl Known {
    /// Whether it is a text, of which the mark is given.
    #[inline]
    fn is(self, mark: Mark, text: &str, long: &Arena) -> bool {
        if mark.is_long() {
            self.mark.front == mark.front && self.mark.is_long() && long.get(self.mark.back & !Mark::LONG) == text
        } else {
            self.mark == mark
        }
    }

    /// The hash of its text.
    fn hash(self, seed: &Seed) -> u64 {
        if self.mark.is_long() {
            return joined(self.mark.front[0], self.mark.front[1]);
        }
        let length = (self.mark.back >> Mark::LENGTH_SHIFT) as usize;
        seed.hash_one(std::str::from_utf8(&self.mark.bytes()[..length]).expect("the bytes of a text"))
    }
}

impl<'s> Remembered<'s> {
    pub(super) fn new(shared: &'s SharedTexts, seed: &Seed) -> Remembered<'s> {
        Remembered { shared, known: HashTable::new(), long: Arena::default(), seed: seed.clone() }
    }

    /// The shared number of a text, given now if it has none yet.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        self.intern_hashed(self.seed.hash_one(text), text)
    }

    /// As [`Remembered::intern`], with the hash that the run's seed gives the text.
    #[inline]
    pub(super) fn intern_hashed(&mut self, hash: u64, text: &str) -> u32 {
        let mark = Mark::of(hash, text);
        match self.known.find(hash, |known| known.is(mark, text, &self.long)) {
            Some(known) => known.number,
            None => self.ask(hash, mark, text),
        }
    }

    /// A text that is not remembered.
    #[inline(never)]
    fn ask(&mut self, hash: u64, mut mark: Mark, text: &str) -> u32 {
        if self.known.len() >= REMEMBERED || self.long.text.len() + text.len() > REMEMBERED_BYTES {
            // Values of which hardly any comes twice are not worth remembering; those that do come again are soon known again.
            self.known.clear();
            self.long.clear();
        }
        let number = self.shared.number(hash, text);
        if text.len() <= REMEMBERED_BYTES {
            if mark.is_long() {
                mark.back |= self.long.len() as u32;
                self.long.push(text);
            }
            let seed = &self.seed;
            self.known.insert_unique(hash, Known { mark, number }, |known| known.hash(seed));
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
            let mark = Mark::of(1, &text);
            assert!(!mark.is_long());
            assert_eq!(&mark.bytes()[..length], text.as_bytes());
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
