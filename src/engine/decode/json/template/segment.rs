//! A segment: the bytes between two values of a line, and the states that it connects.

use wide::u8x16;

use super::super::{
    bytes::{chunk_at, padded},
    projection::NO_NODE,
};

/// No segment, state or slot.
pub(in crate::decode::json) const NO_INDEX: u32 = u32::MAX;

/// The blocks of sixteen bytes that a segment may have.
pub(in crate::decode::json) const CHUNKS: usize = 4;

/// The state before and after a line's object.
pub(in crate::decode::json) const OUTSIDE_STATE: u32 = 0;

/// A position in the structure of a line: the open objects, and whether the innermost has members
/// yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::decode::json) struct TemplateState {
    /// The state after the object ends.
    pub(in crate::decode::json) above: u32,
    /// The projection node of the object.
    pub(in crate::decode::json) node: u32,
    /// If set, the members are fingerprinted.
    pub(in crate::decode::json) hashed: bool,
    /// If set, the object has no members so far.
    pub(in crate::decode::json) first: bool,
    /// The number of open objects.
    pub(in crate::decode::json) depth: usize,
}

/// The token after a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode::json) enum NextToken {
    /// A text that only fills slots; the segment ends after the opening quote.
    Text,
    /// A value that begins with neither a quote nor a brace.
    Unquoted,
    /// A text or object that is projected further. Its first byte is compared, but the segment ends
    /// before it.
    Other,
    /// The inside of an object; the segment ends after the brace.
    Open,
    /// The rest after an object; the segment ends after the closing brace.
    Close,
}

/// The bytes between two values.
#[derive(Debug, Clone)]
pub(in crate::decode::json) struct TemplateSegment {
    pub(in crate::decode::json) text: [[u8; 16]; CHUNKS],
    /// A bit for each byte that is compared.
    pub(in crate::decode::json) mask: [u32; CHUNKS],
    /// The number of bytes that are compared.
    pub(in crate::decode::json) length: u32,
    /// If set, only the first sixteen bytes are compared.
    pub(in crate::decode::json) short: bool,
    /// The number of bytes that the segment takes in the line.
    pub(in crate::decode::json) advance: u32,
    /// The segment that followed it last.
    pub(in crate::decode::json) next: u32,
    pub(in crate::decode::json) from: u32,
    pub(in crate::decode::json) to: u32,
    pub(in crate::decode::json) what: NextToken,
    /// The slots of a value that only fills slots, or of the object that ends.
    pub(in crate::decode::json) slots: [u32; 2],
    /// The node of a value that does more than fill slots, of the object that opens, or of a
    /// fingerprinted object that closes.
    pub(in crate::decode::json) node: u32,
    /// If set, the value is part of the fingerprint of the object around it.
    pub(in crate::decode::json) hashed: bool,
    /// The hash of the key.
    pub(in crate::decode::json) hash: u64,
    /// The constant run that begins with this segment.
    pub(in crate::decode::json) stretch: u32,
    /// The number of constant runs that were dropped because this segment or its value differed.
    pub(in crate::decode::json) failed: u8,
}

impl TemplateSegment {
    /// An empty segment, which is never compared.
    pub(in crate::decode::json) fn blank() -> TemplateSegment {
        TemplateSegment {
            text: [[0; 16]; CHUNKS],
            mask: [0; CHUNKS],
            length: 0,
            short: false,
            advance: 0,
            next: NO_INDEX,
            from: OUTSIDE_STATE,
            to: OUTSIDE_STATE,
            what: NextToken::Close,
            slots: [NO_INDEX; 2],
            node: NO_NODE,
            hashed: false,
            hash: 0,
            stretch: NO_INDEX,
            failed: 0,
        }
    }

    /// Sets the bytes to compare; at most 64.
    pub(in crate::decode::json) fn set_text(&mut self, text: &[u8]) {
        self.length = text.len() as u32;
        self.short = text.len() <= 16 && self.what != NextToken::Unquoted;
        for chunk in 0..CHUNKS {
            self.text[chunk] = padded(text, 16 * chunk);
            self.mask[chunk] = (1 << text.len().saturating_sub(16 * chunk).min(16)) - 1;
        }
    }

    #[inline(always)]
    fn agrees(&self, chunk: usize, bytes: [u8; 16]) -> bool {
        let same = u8x16::new(bytes).simd_eq(u8x16::new(self.text[chunk])).to_bitmask();
        same & self.mask[chunk] == self.mask[chunk]
    }

    /// True if the segment occurs at a position.
    #[inline(always)]
    pub(in crate::decode::json) fn matches_at(&self, bytes: &[u8], at: usize) -> bool {
        let first = match chunk_at(bytes, at) {
            Some(chunk) => self.agrees(0, *chunk),
            None => self.agrees(0, padded(bytes, at)),
        };
        first && (self.short || self.goes_on_at(bytes, at))
    }

    #[inline(always)]
    fn goes_on_at(&self, bytes: &[u8], at: usize) -> bool {
        if self.what == NextToken::Unquoted && begins_more(bytes, at + self.advance as usize) {
            return false;
        }
        (1..CHUNKS).take_while(|chunk| self.length as usize > 16 * chunk).all(|chunk| {
            let from = at + 16 * chunk;
            self.agrees(chunk, chunk_at(bytes, from).copied().unwrap_or_else(|| padded(bytes, from)))
        })
    }
}

/// True if a text, an object or white space begins at a position, rather than an unquoted value.
#[inline(always)]
fn begins_more(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b'"' | b'{' | b' ' | b'\t'))
}
