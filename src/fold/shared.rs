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
    hash: u64,
    /// Where it begins in the arena, and its length.
    place: (u32, u32),
    /// Its shared number.
    number: u32,
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
        let arena = self.arena.as_bytes();
        let is_it = |known: &Known| {
            let (start, length) = (known.place.0 as usize, known.place.1 as usize);
            known.hash == hash && arena[start..start + length] == *text.as_bytes()
        };
        match self.known.find(hash, is_it) {
            Some(known) => known.number,
            None => self.ask(hash, text),
        }
    }

    /// A text that is not remembered.
    fn ask(&mut self, hash: u64, text: &str) -> u32 {
        if self.known.len() >= REMEMBERED || self.arena.len() + text.len() > REMEMBERED_BYTES {
            // Values of which hardly any comes twice are not worth remembering; those that do come again are soon known again.
            self.known.clear();
            self.arena.clear();
        }
        let number = self.shared.number(hash, text);
        if text.len() <= REMEMBERED_BYTES {
            let place = (self.arena.len() as u32, text.len() as u32);
            self.arena.push_str(text);
            self.known.insert_unique(hash, Known { hash, place, number }, |known| known.hash);
        }
        number
    }
}
