//! Hashes of JSON values. Two spellings of one value hash alike: escapes, forms of a number, white
//! space and the order of keys do not matter.

use std::hash::{BuildHasher, Hasher};

use super::{
    JsonKind, JsonSpan,
    walk::{items, members},
};
use crate::{decode::HashSeed, ids::digits_of_number};

/// Adds a value to a hash.
pub(in crate::decode) fn hash_value(seed: &HashSeed, line: &str, raw: JsonSpan, hasher: &mut impl Hasher) {
    let kind = if raw.kind == JsonKind::EscapedText { JsonKind::Text } else { raw.kind };
    hasher.write_u8(kind as u8);
    match raw.kind {
        JsonKind::Text => hasher.write(raw.slice(line).as_bytes()),
        JsonKind::EscapedText => hasher.write(raw.text(line).expect("an escaped text is text").as_bytes()),
        JsonKind::Number => hasher.write(digits_of_number(raw.slice(line)).as_bytes()),
        JsonKind::Array => items(line, raw).for_each(|item| hasher.write_u64(value_hash(seed, line, item))),
        JsonKind::Object => {
            let hash_of_member = |(key, value): (JsonSpan, JsonSpan)| {
                let mut hasher = seed.build_hasher();
                hasher.write(key.text(line).expect("a key is text").as_bytes());
                hasher.write_u64(value_hash(seed, line, value));
                hasher.finish()
            };
            hasher.write_u64(members(line, raw).map(hash_of_member).fold(0, u64::wrapping_add));
        }
        JsonKind::Missing | JsonKind::Null | JsonKind::True | JsonKind::False => {}
    }
}

fn value_hash(seed: &HashSeed, line: &str, raw: JsonSpan) -> u64 {
    let mut hasher = seed.build_hasher();
    hash_value(seed, line, raw, &mut hasher);
    hasher.finish()
}
