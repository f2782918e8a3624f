//! Texts that all workers number alike.

use std::{
    cmp::Ordering,
    hash::BuildHasher,
    sync::{PoisonError, RwLock},
};

use super::Interner;
use crate::decode::Seed;

/// So many texts a worker remembers by itself.
const REMEMBERED: usize = 1 << 16;

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
    known: Interner,
    /// The shared number of each known text.
    numbers: Vec<u32>,
    seed: Seed,
}

impl<'s> Remembered<'s> {
    pub(super) fn new(shared: &'s SharedTexts, seed: &Seed) -> Remembered<'s> {
        Remembered { shared, known: Interner::new(seed.clone()), numbers: Vec::new(), seed: seed.clone() }
    }

    /// The shared number of a text, given now if it has none yet.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let hash = self.seed.hash_one(text);
        let known = self.known.intern_hashed(hash, text) as usize;
        if let Some(number) = self.numbers.get(known) {
            return *number;
        }
        let number = self.shared.number(hash, text);
        self.numbers.push(number);
        if self.numbers.len() >= REMEMBERED {
            // Values of which hardly any comes twice are not worth remembering; those that do come again are soon known again.
            self.known.clear();
            self.numbers.clear();
        }
        number
    }
}
