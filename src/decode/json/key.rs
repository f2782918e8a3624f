//! Keys that a scanner remembers, and what it finds behind them.

use wide::u8x16;

use super::{
    bytes::{chunk_at, padded},
    projection::NOWHERE,
};

/// No key.
pub(super) const NONE: u32 = u32::MAX;

/// So many bytes of a key, its quotes and its colon are compared at once.
pub(super) const KEY_BYTES_MAX: usize = 32;

/// A key that was met, as it was written.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// `"key":`, the rest zero.
    pub(super) text: [[u8; 16]; 2],
    /// The bytes that count, a bit each.
    pub(super) mask: [u32; 2],
    pub(super) length: usize,
    /// The key that followed it last.
    pub(super) next: u32,
    pub(super) target: Target,
}

/// Where a key leads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// Slots that the value fills, if that is all there is to it.
    pub(super) slots: [u32; 2],
    /// The node that it leads to, if there is more to it.
    pub(super) node: u32,
    /// The hash of the key.
    pub(super) hash: u64,
}

impl Target {
    /// Of a key that nothing asks about.
    pub(super) const NONE: Target = Target { slots: [NONE; 2], node: NOWHERE, hash: 0 };
}

/// A key that was walked over.
pub(super) struct Met {
    /// The position after its colon.
    pub(super) after: usize,
    pub(super) target: Target,
    /// Its place among the keys that are remembered.
    pub(super) place: u32,
}

impl Key {
    /// What stands before the first key.
    pub(super) fn before_all() -> Key {
        Key { text: [[0; 16]; 2], mask: [0; 2], length: 0, next: NONE, target: Target::NONE }
    }

    /// Whether sixteen bytes are those of a half of the key, as far as they count.
    #[inline(always)]
    fn agrees(&self, half: usize, chunk: [u8; 16]) -> bool {
        let same = u8x16::new(chunk).simd_eq(u8x16::new(self.text[half])).to_bitmask();
        same & self.mask[half] == self.mask[half]
    }

    #[inline(always)]
    pub(super) fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        match chunk_at(bytes, at) {
            Some(chunk) if !self.agrees(0, *chunk) => false,
            Some(_) if self.length <= 16 => true,
            Some(_) => match chunk_at(bytes, at + 16) {
                Some(chunk) => self.agrees(1, *chunk),
                None => self.stands_at_end(bytes, at),
            },
            None => self.stands_at_end(bytes, at),
        }
    }

    #[cold]
    #[inline(never)]
    fn stands_at_end(&self, bytes: &[u8], at: usize) -> bool {
        (0..2).all(|half| self.agrees(half, padded(bytes, at + 16 * half)))
    }
}
