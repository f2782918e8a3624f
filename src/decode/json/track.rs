//! The short way over a line, for lines like those that came before.
//!
//! Lines of one source are much alike: the same keys in the same order, with the same punctuation between them. So what stands between two
//! values, such as `,"user_id":"`, is remembered with what it means where it stands, and which of these steps followed which; a line is
//! then walked over by comparing a step's bytes and finding the end of a value, in turn. A guess that fails costs that comparison: the step
//! is read and looked up, or remembered if it is new. What is left to the long way: faults, keys with escapes, deep nesting, objects under
//! equal keys, and lines of keys that do not come again. Where most lines are such, few are tried, so that no input costs much more than by
//! the long way alone.

use std::collections::HashMap;

use hashbrown::HashTable;
use wide::u8x16;

use super::{
    Kind, Raw,
    bytes::{BITS, chunk_at, padded, plain_end, space},
    projection::NOWHERE,
    scan::{BAD, Scanner},
};

/// No step, place or slot.
const NONE: u32 = u32::MAX;

/// Objects may lie so deep within each other, the line itself among them.
const OPEN_MAX: usize = 8;

/// So many steps are remembered; those that are not are read anew each time.
const STEPS_MAX: usize = 4096;

/// A line may have so many steps that are not remembered: each costs several times what it costs the long way.
const PASSING_MAX: u32 = 4;

/// After so many steps without room for them, all are forgotten: those that come now are others than those that are remembered.
const CROWDED_MAX: usize = 8 * STEPS_MAX;

/// After so many lines in a row that were left to the long way, only one of [`TRIED_EVERY`] is tried.
const IN_VAIN_MAX: u32 = 8;
const TRIED_EVERY: u32 = 16;

/// So many bytes of a step are compared, sixteen at a time.
const CHUNKS: usize = 4;

/// The step that is not remembered.
const PASSING: u32 = 0;
/// Stands before the first step of a line.
const START: u32 = 1;

/// The place before a line's object and after it.
const OUTSIDE: u32 = 0;

/// Where in a line a step may be taken: which objects are open, and whether the last of them has begun to say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    /// The place that its end leads to.
    above: u32,
    /// The node of the object.
    node: u32,
    /// Whether its members are fingerprinted.
    hashed: bool,
    /// Whether nothing of it was walked over yet.
    first: bool,
    /// How many objects are open.
    depth: usize,
}

/// What comes after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A text that at most fills slots; the step ends after its quote.
    Text,
    /// A value that begins with neither a quote nor a brace.
    Word,
    /// Text or an object of which more is asked; the step is compared with its first byte and ends before it.
    Other,
    /// The inside of an object; the step ends after its brace.
    Open,
    /// What comes after an object; the step ends after its brace.
    Close,
}

/// What stands between two values.
#[derive(Debug, Clone)]
struct Step {
    text: [[u8; 16]; CHUNKS],
    /// The bytes that count, a bit each.
    mask: [u32; CHUNKS],
    /// How many bytes are compared.
    length: u32,
    /// Whether its first sixteen bytes are all there is to compare.
    short: bool,
    /// How many bytes it is long.
    advance: u32,
    /// The step that followed it last.
    next: u32,
    from: u32,
    to: u32,
    what: What,
    /// Slots that the value fills, where that is all there is to it; slots of the object that ends.
    slots: [u32; 2],
    /// The node of the value, where there is more to it than slots, or the one that is opened, or that is closed and fingerprinted.
    node: u32,
    /// Whether the value is fingerprinted as a part of what it is in.
    hashed: bool,
    /// The hash of the key.
    hash: u64,
}

impl Step {
    /// A step of which nothing is known; it is never compared.
    fn blank() -> Step {
        Step {
            text: [[0; 16]; CHUNKS],
            mask: [0; CHUNKS],
            length: 0,
            short: false,
            advance: 0,
            next: NONE,
            from: OUTSIDE,
            to: OUTSIDE,
            what: What::Close,
            slots: [NONE; 2],
            node: NOWHERE,
            hashed: false,
            hash: 0,
        }
    }

    /// Sets the bytes that are compared; there must not be more than fit.
    fn set_text(&mut self, text: &[u8]) {
        self.length = text.len() as u32;
        self.short = text.len() <= 16 && self.what != What::Word;
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
    fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        let first = match chunk_at(bytes, at) {
            Some(chunk) => self.agrees(0, *chunk),
            None => self.agrees(0, padded(bytes, at)),
        };
        first && (self.short || self.goes_on_at(bytes, at))
    }

    #[inline(always)]
    fn goes_on_at(&self, bytes: &[u8], at: usize) -> bool {
        if self.what == What::Word && begins_more(bytes, at + self.advance as usize) {
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

/// Four bytes from a position on.
#[inline(always)]
fn chunk_word(bytes: &[u8], at: usize) -> Option<&[u8; 4]> {
    bytes.get(at..at.wrapping_add(4))?.as_array()
}

/// Steps that were met.
#[derive(Debug)]
pub(super) struct Track {
    places: Vec<Place>,
    /// Of all places, their numbers. There are not more than the projection has nodes, times twice the depth.
    numbers: HashMap<Place, u32, foldhash::fast::RandomState>,
    steps: Vec<Step>,
    /// Of all steps, by where they are taken and their bytes.
    known: HashTable<(u64, u32)>,
    /// Of some steps, by where they are taken and their first bytes: which of the properties of events come first differs by event.
    recent: [u32; RECENT],
    /// Steps of this line that are not remembered.
    passing: u32,
    /// Steps for which there was no room.
    crowded: usize,
}

/// A power of two.
const RECENT: usize = 256;

impl Track {
    pub(super) fn new() -> Track {
        let outside = Place { above: OUTSIDE, node: 0, hashed: false, first: true, depth: 0 };
        let steps = vec![Step::blank(), Step::blank()];
        Track {
            places: vec![outside],
            numbers: HashMap::default(),
            steps,
            known: HashTable::new(),
            recent: [PASSING; RECENT],
            passing: 0,
            crowded: 0,
        }
    }

    /// Prepares for a line.
    #[inline(always)]
    fn begin(&mut self) {
        self.passing = 0;
        if self.crowded >= CROWDED_MAX {
            self.forget();
        }
    }

    #[cold]
    #[inline(never)]
    fn forget(&mut self) {
        *self = Track::new();
    }

    /// Takes a step that is not remembered; none if the line has too many.
    fn pass(&mut self, step: Step) -> Option<u32> {
        self.steps[PASSING as usize] = step;
        self.passing += 1;
        self.crowded += usize::from(self.steps.len() >= STEPS_MAX);
        (self.passing <= PASSING_MAX).then_some(PASSING)
    }

    /// Where a step is held that is taken at a place and begins as a text does.
    fn recent(&mut self, from: u32, bytes: &[u8], at: usize) -> &mut u32 {
        // Another odd number does as well.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let begins = bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |first| u64::from_le_bytes(*first));
        let spread = begins.wrapping_add(u64::from(from)).wrapping_mul(SPREAD);
        &mut self.recent[(spread >> (u64::BITS - RECENT.trailing_zeros())) as usize]
    }

    /// The number of a place.
    fn place(&mut self, place: Place) -> u32 {
        *self.numbers.entry(place).or_insert_with(|| {
            self.places.push(place);
            self.places.len() as u32 - 1
        })
    }
}

/// Objects that are open.
#[derive(Debug, Default)]
struct Open {
    /// Of each, the sum of the hashes of its members.
    sums: [u64; OPEN_MAX + 1],
    /// Of each, the hash of its key.
    keys: [u64; OPEN_MAX + 1],
    /// Of each, the position of its brace.
    starts: [usize; OPEN_MAX + 1],
    depth: usize,
}

impl Open {
    /// An object under a key of some hash, with its brace at a position.
    #[inline(always)]
    fn begin(&mut self, key: u64, start: usize) {
        self.depth += 1;
        self.sums[self.depth] = 0;
        self.keys[self.depth] = key;
        self.starts[self.depth] = start;
    }

    /// The sum of the last object, which ends, the hash of its key, and the position of its brace.
    #[inline(always)]
    fn end(&mut self) -> (u64, u64, usize) {
        let ended = (self.sums[self.depth], self.keys[self.depth], self.starts[self.depth]);
        self.depth -= 1;
        ended
    }

    /// Adds a member's hash to the last object.
    #[inline(always)]
    fn add(&mut self, hash: u64) {
        self.sums[self.depth] = self.sums[self.depth].wrapping_add(hash);
    }
}

impl Scanner<'_> {
    /// Walks over a line that is an object; gives `false`, and has found nothing that counts, if it is for the long way.
    ///
    /// What follows the line in memory is given with it, so that its end is no special case. **Law**: whatever is given `true` is found as the
    /// long way finds it.
    #[inline(always)]
    pub(super) fn follow(&mut self, line: &str, onwards: &[u8]) -> bool {
        if self.in_vain >= IN_VAIN_MAX && !self.in_vain.is_multiple_of(TRIED_EVERY) {
            self.in_vain = self.in_vain.wrapping_add(1);
            return false;
        }
        // A track is not changed by what the scanner does with values, so it can be held apart meanwhile.
        let Some(mut track) = self.track.take() else { return false };
        track.begin();
        let done = self.follow_track(line, onwards, &mut track).is_some();
        self.track = Some(track);
        self.in_vain = if done { 0 } else { self.in_vain.wrapping_add(1) };
        done
    }

    #[inline(always)]
    fn follow_track(&mut self, line: &str, bytes: &[u8], track: &mut Track) -> Option<()> {
        let mut open = Open::default();
        let mut now = START;
        let mut guess = track.steps[START as usize].next;
        let mut at = 0;
        loop {
            let step = match track.steps.get(guess as usize) {
                Some(step) if step.stands_at(bytes, at) => {
                    now = guess;
                    step
                }
                _ => {
                    now = self.turn(line, bytes, at, track, now)?;
                    &track.steps[now as usize]
                }
            };
            guess = step.next;
            at = at.wrapping_add(step.advance as usize);
            match step.what {
                What::Text => at = self.text(line, bytes, at, step)?,
                What::Word | What::Other => {
                    self.depth = open.depth;
                    at = self.other(line, bytes, at, step)?;
                }
                What::Open => {
                    self.enter(step.node)?;
                    open.begin(step.hash, at.wrapping_sub(1));
                    continue;
                }
                What::Close => {
                    let (sum, key, start) = open.end();
                    self.fill(step.slots, Raw { kind: Kind::Object, start: start as u32, end: at as u32 });
                    if step.node != NOWHERE || step.hashed {
                        self.value_hash = self.object_hash(sum);
                    }
                    if step.node != NOWHERE {
                        // An object that says nothing is the same as none.
                        self.hash = if sum == 0 { 0 } else { self.value_hash };
                    }
                    if step.hashed {
                        open.add(self.mix(key, self.value_hash));
                    }
                    if step.to == OUTSIDE {
                        return (space(line.as_bytes(), at) == line.len()).then_some(());
                    }
                    continue;
                }
            }
            if step.hashed {
                open.add(self.mix(step.hash, self.value_hash));
            }
        }
    }

    /// A text from the position after its quote; gives the position after it.
    #[inline(always)]
    fn text(&mut self, line: &str, bytes: &[u8], at: usize, step: &Step) -> Option<usize> {
        let (kind, close) = match plain_end(bytes, at) {
            Some(close) => {
                if step.hashed {
                    let length = close - at;
                    self.value_hash = match chunk_at(bytes, at) {
                        Some(chunk) if length < chunk.len() => {
                            self.hash_short(Kind::Text, length, u128::from_le_bytes(*chunk) & BITS[length])
                        }
                        _ => self.hash_bytes(Kind::Text, &bytes[at..close]),
                    };
                }
                (Kind::Text, close)
            }
            None => self.escaped_text(line, at, step.hashed)?,
        };
        self.fill(step.slots, Raw { kind, start: at as u32, end: close as u32 });
        Some(close + 1)
    }

    #[cold]
    #[inline(never)]
    fn escaped_text(&mut self, line: &str, at: usize, hashed: bool) -> Option<(Kind, usize)> {
        let end = self.any_value(line, at - 1, NOWHERE, hashed);
        (end != BAD).then(|| (self.kind, end - 1))
    }

    /// Any other value.
    #[inline(always)]
    fn other(&mut self, line: &str, bytes: &[u8], at: usize, step: &Step) -> Option<usize> {
        let end = if step.node != NOWHERE {
            self.value(line, at, step.node, step.hashed)
        } else {
            let end = match (bytes.get(at), chunk_word(bytes, at)) {
                (Some(b'0'..=b'9'), _) => self.number(bytes, at, step.hashed),
                (_, Some(b"null")) => self.word_end(at + 4, Kind::Null),
                (_, Some(b"true")) => self.word_end(at + 4, Kind::True),
                _ => self.any_value(line, at, NOWHERE, step.hashed),
            };
            if end != BAD {
                self.fill(step.slots, self.raw(at, end));
            }
            end
        };
        (end != BAD).then_some(end)
    }

    /// A word that ends at a position.
    #[inline(always)]
    pub(super) fn word_end(&mut self, end: usize, kind: Kind) -> usize {
        self.kind = kind;
        self.value_hash = self.mix(0, kind as u64);
        end
    }

    #[inline(always)]
    fn fill(&mut self, slots: [u32; 2], raw: Raw) {
        if let Some(found) = self.found.get_mut(slots[0] as usize) {
            *found = raw;
            if let Some(found) = self.found.get_mut(slots[1] as usize) {
                *found = raw;
            }
        }
    }

    /// Enters an object of a node; none if one of that node was there already, since the last of equal keys holds with everything below it.
    #[inline(always)]
    fn enter(&mut self, node: u32) -> Option<()> {
        if let Some(visited) = self.visited.get_mut(node as usize) {
            if *visited == self.line {
                return None;
            }
            *visited = self.line;
        }
        Some(())
    }

    /// The step at a position, which is not the one that was guessed. None if there is no step or it is for the long way.
    #[inline(never)]
    fn turn(&mut self, line: &str, onwards: &[u8], at: usize, track: &mut Track, before: u32) -> Option<u32> {
        let from = track.steps[before as usize].to;
        let recent = *track.recent(from, onwards, at);
        let step = &track.steps[recent as usize];
        if recent != PASSING && step.from == from && step.stands_at(onwards, at) {
            track.steps[before as usize].next = recent;
            return Some(recent);
        }
        let now = self.look_up(line, at, track, from)?;
        if now != PASSING {
            track.steps[before as usize].next = now;
            *track.recent(from, onwards, at) = now;
        }
        Some(now)
    }

    /// The step at a position, read and looked up, and remembered if it is new.
    fn look_up(&mut self, line: &str, at: usize, track: &mut Track, from: u32) -> Option<u32> {
        let bytes = line.as_bytes();
        let place = track.places[from as usize];
        let mut step = Step { from, to: from, hashed: place.hashed, ..Step::blank() };
        let mut end = space(bytes, at);
        let mut key = None;
        match *bytes.get(end)? {
            b'{' if place.depth == 0 => {}
            b'}' if place.depth > 0 => {}
            mark if (mark == b',') != place.first && place.depth > 0 => {
                let quote = if mark == b',' { space(bytes, end + 1) } else { end };
                if bytes.get(quote) != Some(&b'"') {
                    return None;
                }
                let close = plain_end(bytes, quote + 1)?;
                key = Some(&line[quote + 1..close]);
                let colon = space(bytes, close + 1);
                if bytes.get(colon) != Some(&b':') {
                    return None;
                }
                end = space(bytes, colon + 1);
            }
            _ => return None,
        }
        let mark = *bytes.get(end)?;
        let compared = end + usize::from(key.is_none() || matches!(mark, b'"' | b'{'));
        let text = &bytes[at..compared];
        let hash = self.hash_bytes(Kind::Missing, text) ^ u64::from(from);
        let is_this = |known: &(u64, u32)| {
            let step = &track.steps[known.1 as usize];
            known.0 == hash && step.from == from && step.stands_at(bytes, at)
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
            return track.pass(step);
        }
        step.set_text(text);
        let now = track.steps.len() as u32;
        track.steps.push(step);
        track.known.insert_unique(hash, (hash, now), |known| known.0);
        Some(now)
    }

    /// A step that opens or closes an object without a key before it.
    fn brace(&self, mark: u8, place: Place, step: &mut Step, track: &mut Track) -> Option<()> {
        if mark == b'{' {
            let plain = self.projection.few_slots(0).is_some();
            return plain.then(|| self.opens(0, false, step, track));
        }
        step.what = What::Close;
        step.to = place.above;
        step.slots = self.projection.few_slots(place.node)?;
        step.hashed = track.places[place.above as usize].hashed;
        step.node = if self.projection.is_hashed(place.node) { place.node } else { NOWHERE };
        Some(())
    }

    fn opens(&self, node: u32, hashed: bool, step: &mut Step, track: &mut Track) {
        let depth = track.places[step.from as usize].depth + 1;
        let here = Place { first: false, ..track.places[step.from as usize] };
        let above = if depth > 1 { track.place(here) } else { OUTSIDE };
        let hashed = hashed || self.projection.is_hashed(node);
        step.what = What::Open;
        step.node = node;
        step.to = track.place(Place { above, node, hashed, first: true, depth });
    }

    /// A step with a key.
    fn member(&self, key: &str, mark: u8, place: Place, step: &mut Step, track: &mut Track) {
        let child = self.projection.child(place.node, key.as_bytes());
        let alone = self.projection.slots_alone(child);
        step.hash = if place.hashed { self.hash_bytes(Kind::Text, key.as_bytes()) } else { 0 };
        if mark == b'{' && self.projection.few_slots(child).is_some() && place.depth < OPEN_MAX {
            self.opens(child, place.hashed, step, track);
            return;
        }
        match alone {
            Some(slots) => step.slots = slots,
            None => step.node = child,
        }
        step.what = match mark {
            b'"' if alone.is_some() => What::Text,
            b'"' | b'{' => {
                step.advance -= 1;
                What::Other
            }
            _ => What::Word,
        };
        step.to = track.place(Place { first: false, ..place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json::Projection;

    fn scanner(projection: &Projection) -> Scanner<'_> {
        Scanner::new(projection, foldhash::quality::RandomState::default())
    }

    fn follows(scanner: &mut Scanner<'_>, line: &str) -> bool {
        scanner.begin();
        scanner.follow(line, line.as_bytes())
    }

    fn line(keys: impl Iterator<Item = String>) -> String {
        format!("{{{}}}", keys.map(|key| format!("\"{key}\":1")).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn keys_that_do_not_come_again_cost_little_and_are_forgotten() {
        let projection = Projection::new();
        let mut scanner = scanner(&projection);
        let other = |number: usize| line((0..40).map(|key| format!("{number}_{key}")));
        let short = (0..1000).filter(|number| follows(&mut scanner, &other(*number))).count();
        assert_eq!(short, STEPS_MAX / 40, "as many as there is room for");
        let usual = line((0..40).map(|key| format!("usual_{key}")));
        assert!((0..150_000).any(|_| follows(&mut scanner, &usual)), "there is room again");
        assert!((0..100).all(|_| follows(&mut scanner, &usual)));
    }

    #[test]
    fn a_few_keys_that_do_not_come_again_leave_a_line_the_short_way() {
        let projection = Projection::new();
        let mut scanner = scanner(&projection);
        for number in 0..20_000 {
            let keys = (0..3).map(|key| format!("{number}_{key}"));
            assert!(follows(&mut scanner, &line(["usual".to_owned()].into_iter().chain(keys))), "{number}");
        }
    }

    #[test]
    fn of_lines_that_fail_few_are_tried() {
        let projection = Projection::new();
        let mut scanner = scanner(&projection);
        let usual = r#"{"a":1}"#;
        for failed in 0..IN_VAIN_MAX {
            assert!(!follows(&mut scanner, r#"{"\u0061":1}"#), "{failed}");
        }
        let tried = (0..).position(|_| follows(&mut scanner, usual));
        assert_eq!(tried, Some((TRIED_EVERY - IN_VAIN_MAX) as usize));
        assert!(follows(&mut scanner, usual));
    }

    #[test]
    fn there_are_no_more_places_than_the_projection_allows() {
        let mut projection = Projection::new();
        projection.add(&["a".to_owned(), "b".to_owned()]);
        projection.hash_at(&["p".to_owned()]);
        let mut scanner = scanner(&projection);
        for number in 0..2000_u32 {
            // Each line nests in another way, under keys that are asked for and others.
            let keys = (0..10).map(|at| ["a", "b", "p", "x", "y"][(number / 5_u32.pow(at % 5) % 5) as usize]);
            let line = format!("{}1{}", keys.map(|key| format!("{{\"{key}\":")).collect::<String>(), "}".repeat(10));
            follows(&mut scanner, &line);
        }
        let places = scanner.track.expect("it is at rest").places.len();
        assert!(places <= 2 * (OPEN_MAX + 1) * projection.nodes.len(), "{places}");
    }
}
