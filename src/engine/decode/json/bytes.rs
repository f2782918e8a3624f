//! Searches a line for the ends of texts and keys, sixteen bytes at a time.

use wide::u8x16;

/// Sixteen bytes from a position on, if the line has them.
#[inline(always)]
pub(super) fn chunk_at(bytes: &[u8], at: usize) -> Option<&[u8; 16]> {
    // Positions are far below the maximum. If the sum wrapped, the range would be empty.
    bytes.get(at..at.wrapping_add(16))?.as_array()
}

/// Thirty-two bytes from a position on, if the line has them.
#[inline(always)]
fn two_chunks_at(bytes: &[u8], at: usize) -> Option<(&[u8; 16], &[u8; 16])> {
    let (first, second) = bytes.get(at..at.wrapping_add(32))?.split_at(16);
    Some((first.as_array()?, second.as_array()?))
}

/// Sixteen bytes from a position on, with zeros beyond the end of the line.
#[inline(never)]
pub(super) fn padded(bytes: &[u8], at: usize) -> [u8; 16] {
    let mut chunk = [0; 16];
    let rest = bytes.get(at..).unwrap_or_default();
    let length = rest.len().min(chunk.len());
    chunk[..length].copy_from_slice(&rest[..length]);
    chunk
}

/// A bit for each byte that is a quote, a backslash or a control character.
#[inline(always)]
fn specials(chunk: [u8; 16]) -> u32 {
    let chunk = u8x16::new(chunk);
    // The XOR maps a quote to a space and control characters to others; no further byte is as
    // small.
    let turned = chunk ^ u8x16::splat(b'"' ^ b' ');
    let special = turned.min(u8x16::splat(b' ')).simd_eq(turned) | chunk.simd_eq(u8x16::splat(b'\\'));
    special.to_bitmask()
}

/// The special bytes among the next sixteen. Positions beyond the end of the line count as special.
#[inline(always)]
pub(super) fn specials_at(bytes: &[u8], at: usize) -> u32 {
    match chunk_at(bytes, at) {
        Some(chunk) => specials(*chunk),
        None => specials_padded(bytes, at),
    }
}

/// The position of the closing quote, given the position after the opening one. None if the text
/// has escapes or is malformed.
#[inline(always)]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Most texts end within 32 bytes, but a branch at 16 would be mispredicted.
    while let Some((first, second)) = two_chunks_at(bytes, at) {
        let special = specials(*first) | specials(*second) << 16;
        if special != 0 {
            return quote_at(bytes, at.wrapping_add(special.trailing_zeros() as usize));
        }
        at = at.wrapping_add(32);
    }
    loop {
        let special = specials_at(bytes, at);
        if special != 0 {
            return quote_at(bytes, at.wrapping_add(special.trailing_zeros() as usize));
        }
        at = at.wrapping_add(16);
    }
}

/// The position, if there is a quote at it.
#[inline(always)]
fn quote_at(bytes: &[u8], at: usize) -> Option<usize> {
    (bytes.get(at) == Some(&b'"')).then_some(at)
}

/// The position after a key's colon, if the key has no escapes and no space before the colon.
#[inline(always)]
pub(super) fn plain_key(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let close = plain_end(bytes, at + 1)?;
    (bytes.get(close + 1) == Some(&b':')).then_some(close + 2)
}

#[cold]
#[inline(never)]
fn specials_padded(bytes: &[u8], at: usize) -> u32 {
    specials(padded(bytes, at))
}

/// By number of bytes: a mask with all of their bits set.
pub(super) const BITS: [u128; 16] = {
    let mut bits = [0; 16];
    let mut length = 1;
    while length < 16 {
        bits[length] = bits[length - 1] << 8 | 0xff;
        length += 1;
    }
    bits
};

#[inline(always)]
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The position of the next byte that is not white space.
#[inline(always)]
pub(super) fn skip_whitespace(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| is_space(*byte)) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_bytes_those_are_special_that_a_text_cannot_hold_as_they_are() {
        for byte in 0..=u8::MAX {
            let special = matches!(byte, 0..=0x1f | b'"' | b'\\');
            for place in 0..16 {
                let mut chunk = [b'a'; 16];
                chunk[place] = byte;
                assert_eq!(specials(chunk), u32::from(special) << place, "{byte:#x} at {place}");
            }
        }
    }
}
