//! The hash of an id by which accounts are held out and members of a pool are chosen.
//!
//! It is one that every warehouse has as a function, so that SQL gives the same answers.

use md5::{Digest, Md5};

/// The byte between an id and the text behind it: the unit separator, which stands in no id.
const SEPARATOR: u8 = 0x1F;

/// The first eight hex digits of the MD5 of an id, the separator and a text, as a number.
pub(super) fn id_hash(id: &str, text: &str) -> u32 {
    let mut hasher = Md5::new();
    hasher.update(id);
    hasher.update([SEPARATOR]);
    hasher.update(text);
    let digest = hasher.finalize();
    digest.iter().take(4).fold(0, |number, byte| (number << 8) | u32::from(*byte))
}
