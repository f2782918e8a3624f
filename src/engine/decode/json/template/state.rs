//! The template cache: the known segments, the states that they lead to, and the parser for new
//! ones.

use std::collections::HashMap;

use hashbrown::HashTable;

use super::super::{
    JsonKind,
    bytes::{plain_end, skip_whitespace},
    projection::NO_NODE,
    scan::{JsonScanner, is_left_out},
};
use super::{
    constant_runs::ConstantRunCache,
    segment::{CHUNKS, NextToken, OUTSIDE_STATE, TemplateSegment, TemplateState},
};

/// The deepest nesting that templates handle, including the object of the line.
pub(in crate::decode::json) const OPEN_MAX: usize = 8;

/// The number of segments that the cache holds; others are parsed each time.
pub(in crate::decode::json) const STEPS_MAX: usize = 4096;

/// Uncached segments that a line may have. Each costs several times the slow path.
const PASSING_MAX: u32 = 4;

/// The cache is cleared after this number of segments without room: the input has changed.
const CROWDED_MAX: usize = 8 * STEPS_MAX;

/// The place of a segment that is not cached.
pub(in crate::decode::json) const TRANSIENT_SEGMENT: u32 = 0;
/// A segment before the first one of a line.
pub(in crate::decode::json) const START_SEGMENT: u32 = 1;

/// The segments and states of earlier lines.
#[derive(Debug)]
pub(in crate::decode::json) struct TemplateCache {
    pub(in crate::decode::json) places: Vec<TemplateState>,
    /// The number of each state. There are at most twice as many states as nodes of the projection
    /// times the depth.
    numbers: HashMap<TemplateState, u32, foldhash::fast::RandomState>,
    pub(in crate::decode::json) steps: Vec<TemplateSegment>,
    /// All segments, by state and bytes.
    known: HashTable<(u64, u32)>,
    /// Recent segments, by state and first bytes. Guesses fail most at the first property, which
    /// differs by event.
    recent: [u32; RECENT],
    /// Uncached segments of the current line.
    passing: u32,
    /// Segments that found no room in the cache.
    crowded: usize,
    pub(in crate::decode::json) stretches: ConstantRunCache,
}

/// The number of entries, a power of two.
const RECENT: usize = 256;

impl TemplateCache {
    pub(in crate::decode::json) fn new() -> TemplateCache {
        let outside = TemplateState { above: OUTSIDE_STATE, node: 0, hashed: false, first: true, depth: 0 };
        let steps = vec![TemplateSegment::blank(), TemplateSegment::blank()];
        TemplateCache {
            places: vec![outside],
            numbers: HashMap::default(),
            steps,
            known: HashTable::new(),
            recent: [TRANSIENT_SEGMENT; RECENT],
            passing: 0,
            crowded: 0,
            stretches: ConstantRunCache::default(),
        }
    }

    /// Prepares for a line of a length; returns true if it is sampled for constant runs.
    #[inline(always)]
    pub(in crate::decode::json) fn begin(&mut self, length: usize) -> bool {
        self.passing = 0;
        if self.crowded >= CROWDED_MAX {
            self.forget();
        }
        self.stretches.begin(length)
    }

    #[cold]
    #[inline(never)]
    fn forget(&mut self) {
        *self = TemplateCache::new();
    }

    /// Uses a segment without caching it; none if the line has too many.
    fn use_transient(&mut self, step: TemplateSegment) -> Option<u32> {
        self.steps[TRANSIENT_SEGMENT as usize] = step;
        self.passing += 1;
        self.crowded += usize::from(self.steps.len() >= STEPS_MAX);
        (self.passing <= PASSING_MAX).then_some(TRANSIENT_SEGMENT)
    }

    /// The entry for segments that begin in a state with the bytes at a position.
    fn recent(&mut self, from: u32, bytes: &[u8], at: usize) -> &mut u32 {
        // Any other large odd number would do.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let begins = bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |first| u64::from_le_bytes(*first));
        let spread = begins.wrapping_add(u64::from(from)).wrapping_mul(SPREAD);
        &mut self.recent[(spread >> (u64::BITS - RECENT.trailing_zeros())) as usize]
    }

    /// The number of a state.
    fn place(&mut self, place: TemplateState) -> u32 {
        *self.numbers.entry(place).or_insert_with(|| {
            self.places.push(place);
            self.places.len() as u32 - 1
        })
    }
}

impl JsonScanner<'_> {
    /// The segment at a position after a wrong guess; none if the line needs the slow path.
    #[inline(never)]
    pub(in crate::decode::json) fn next_segment(
        &mut self,
        line: &str,
        onwards: &[u8],
        at: usize,
        track: &mut TemplateCache,
        before: u32,
    ) -> Option<u32> {
        let from = track.steps[before as usize].to;
        let recent = *track.recent(from, onwards, at);
        let step = &track.steps[recent as usize];
        if recent != TRANSIENT_SEGMENT && step.from == from && step.matches_at(onwards, at) {
            track.steps[before as usize].next = recent;
            return Some(recent);
        }
        let now = self.find_segment(line, at, track, from)?;
        if now != TRANSIENT_SEGMENT {
            track.steps[before as usize].next = now;
            *track.recent(from, onwards, at) = now;
        }
        Some(now)
    }

    /// Parses the segment at a position and looks it up; caches it if it is new.
    fn find_segment(&mut self, line: &str, at: usize, track: &mut TemplateCache, from: u32) -> Option<u32> {
        let bytes = line.as_bytes();
        let place = track.places[from as usize];
        let mut step = TemplateSegment { from, to: from, hashed: place.hashed, ..TemplateSegment::blank() };
        let mut end = skip_whitespace(bytes, at);
        let mut key = None;
        match *bytes.get(end)? {
            b'{' if place.depth == 0 => {}
            b'}' if place.depth > 0 => {}
            mark if (mark == b',') != place.first && place.depth > 0 => {
                let quote = if mark == b',' { skip_whitespace(bytes, end + 1) } else { end };
                if bytes.get(quote) != Some(&b'"') {
                    return None;
                }
                let close = plain_end(bytes, quote + 1)?;
                key = Some(&line[quote + 1..close]);
                let colon = skip_whitespace(bytes, close + 1);
                if bytes.get(colon) != Some(&b':') {
                    return None;
                }
                end = skip_whitespace(bytes, colon + 1);
            }
            _ => return None,
        }
        let mark = *bytes.get(end)?;
        let compared = end + usize::from(key.is_none() || matches!(mark, b'"' | b'{'));
        let text = &bytes[at..compared];
        let hash = self.hash_bytes(JsonKind::Missing, text) ^ u64::from(from);
        let is_this = |known: &(u64, u32)| {
            let step = &track.steps[known.1 as usize];
            known.0 == hash && step.from == from && step.matches_at(bytes, at)
        };
        if let Some((_, known)) = track.known.find(hash, is_this) {
            return Some(*known);
        }
        step.advance = (compared - at) as u32;
        match key {
            None => self.brace(mark, place, &mut step, track)?,
            Some(key) => self.member(key, mark, place, &mut step, track),
        }
        if text.len() > 16 * CHUNKS || track.steps.len() >= STEPS_MAX {
            return track.use_transient(step);
        }
        step.set_text(text);
        let now = track.steps.len() as u32;
        track.steps.push(step);
        track.known.insert_unique(hash, (hash, now), |known| known.0);
        Some(now)
    }

    /// Completes a segment that opens or closes an object without a key.
    fn brace(
        &self,
        mark: u8,
        place: TemplateState,
        step: &mut TemplateSegment,
        track: &mut TemplateCache,
    ) -> Option<()> {
        if mark == b'{' {
            let plain = self.projection.few_slots(0).is_some();
            return plain.then(|| self.opens(0, false, step, track));
        }
        step.what = NextToken::Close;
        step.to = place.above;
        step.slots = self.projection.few_slots(place.node)?;
        step.hashed = track.places[place.above as usize].hashed;
        step.node = if self.projection.is_hashed(place.node) { place.node } else { NO_NODE };
        Some(())
    }

    fn opens(&self, node: u32, hashed: bool, step: &mut TemplateSegment, track: &mut TemplateCache) {
        let depth = track.places[step.from as usize].depth + 1;
        let here = TemplateState { first: false, ..track.places[step.from as usize] };
        let above = if depth > 1 { track.place(here) } else { OUTSIDE_STATE };
        let hashed = hashed || self.projection.is_hashed(node);
        step.what = NextToken::Open;
        step.node = node;
        step.to = track.place(TemplateState { above, node, hashed, first: true, depth });
    }

    /// Completes a segment with a key.
    fn member(&self, key: &str, mark: u8, place: TemplateState, step: &mut TemplateSegment, track: &mut TemplateCache) {
        let child = self.projection.child(place.node, key.as_bytes());
        let alone = self.projection.slots_alone(child);
        let is_left_out = place.hashed && is_left_out(key, child);
        step.hashed = place.hashed && !is_left_out;
        step.hash = if step.hashed { self.hash_bytes(JsonKind::Text, key.as_bytes()) } else { 0 };
        if mark == b'{' && !is_left_out && self.projection.few_slots(child).is_some() && place.depth < OPEN_MAX {
            self.opens(child, place.hashed, step, track);
            return;
        }
        match alone {
            Some(slots) => step.slots = slots,
            None => step.node = child,
        }
        step.what = match mark {
            b'"' if alone.is_some() => NextToken::Text,
            b'"' | b'{' => {
                step.advance -= 1;
                NextToken::Other
            }
            _ => NextToken::Unquoted,
        };
        step.to = track.place(TemplateState { first: false, ..place });
    }
}
