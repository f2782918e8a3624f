//! Halves and bytes of words of 64 bits.

/// A word of its lower and its upper half.
pub(super) fn join_halves(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The lower and the upper half of a word.
pub(super) fn halves(word: u64) -> (u32, u32) {
    (word as u32, (word >> 32) as u32)
}

/// Fewer than eight bytes, the first of them the lowest, and zeros.
#[inline]
pub(super) fn padded(bytes: &[u8]) -> u64 {
    let length = bytes.len();
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // The bytes that both have agree.
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4))
        }
        _ => {
            let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from) << (8 * at);
            byte(0) | byte(1) | byte(2)
        }
    }
}
