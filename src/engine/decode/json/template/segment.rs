//! What stands between two values of a line, and where in a line it may stand.

use wide::u8x16;

use super::super::{
    bytes::{chunk_at, padded},
    projection::NO_NODE,
};

/// No step, place or slot.
pub(in crate::decode::json) const NO_INDEX: u32 = u32::MAX;

/// So many bytes of a step are compared, sixteen at a time.
pub(in crate::decode::json) const CHUNKS: usize = 4;

/// The place before a line's object and after it.
pub(in crate::decode::json) const OUTSIDE_STATE: u32 = 0;

/// Where in a line a step may be taken: which objects are open, and whether the last of them has begun to say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::decode::json) struct TemplateState {
    /// The place that its end leads to.
    pub(in crate::decode::json) above: u32,
    /// The node of the object.
    pub(in crate::decode::json) node: u32,
    /// Whether its members are fingerprinted.
    pub(in crate::decode::json) hashed: bool,
    /// Whether nothing of it was walked over yet.
    pub(in crate::decode::json) first: bool,
    /// How many objects are open.
    pub(in crate::decode::json) depth: usize,
}

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode::json) enum NextToken {
    /// A text that at most fills slots; the step ends after its quote.
    Text,
    /// A value that begins with neither a quote nor a brace.
    Unquoted,
    /// Text or an object of which more is asked; the step is compared with its first byte and ends before it.
    Other,
    /// The inside of an object; the step ends after its brace.
    Open,
    /// What comes after an object; the step ends after its brace.
    Close,
}

/// What stands between two values.
#[derive(Debug, Clone)]
pub(in crate::decode::json) struct TemplateSegment {
    pub(in crate::decode::json) text: [[u8; 16]; CHUNKS],
    /// The bytes that count, a bit each.
    pub(in crate::decode::json) mask: [u32; CHUNKS],
    /// How many bytes are compared.
    pub(in crate::decode::json) length: u32,
    /// Whether its first sixteen bytes are all there is to compare.
    pub(in crate::decode::json) short: bool,
    /// How many bytes it is long.
    pub(in crate::decode::json) advance: u32,
    /// The step that followed it last.
    pub(in crate::decode::json) next: u32,
    pub(in crate::decode::json) from: u32,
    pub(in crate::decode::json) to: u32,
    pub(in crate::decode::json) what: NextToken,
    /// Slots that the value fills, where that is all there is to it; slots of the object that ends.
    pub(in crate::decode::json) slots: [u32; 2],
    /// The node of the value, where there is more to it than slots, or the one that is opened, or that is closed and fingerprinted.
    pub(in crate::decode::json) node: u32,
    /// Whether the value is fingerprinted as a part of what it is in.
    pub(in crate::decode::json) hashed: bool,
    /// The hash of the key.
    pub(in crate::decode::json) hash: u64,
    /// The stretch that begins with it.
    pub(in crate::decode::json) stretch: u32,
    /// How many stretches were given up because of what stood where its value, or the step itself, had been.
    pub(in crate::decode::json) failed: u8,
}

impl TemplateSegment {
    /// A step of which nothing is known; it is never compared.
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

    /// Sets the bytes that are compared; there must not be more than fit.
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

    /// Whether it stands at a position.
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

/// Whether what stands at a position is more than a word: a text, an object, or white space before either.
#[inline(always)]
fn begins_more(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b'"' | b'{' | b' ' | b'\t'))
}
