//! Packs 32-bit halves and bytes into 64-bit words.

/// A word of a lower and an upper half.
pub(super) fn join_halves(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The lower and the upper half of a word.
pub(super) fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// Up to seven bytes as a little-endian word, padded with zeros.
#[inline]
pub(super) fn padded(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // The two chunks overlap in equal bytes.
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4))
        }
        _ => {
            let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from) << (8 * at);
            byte(0) | byte(1) | byte(2)
        }
    }
}
