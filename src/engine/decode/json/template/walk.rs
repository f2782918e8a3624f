//! The walk over a line by cached templates.
//!
//! The walk alternates between comparing the bytes of the guessed segment and finding the end of a
//! value. If the guess is wrong, [`JsonScanner::next_segment`] finds or parses the right one.
//!
//! The slow path handles malformed input, escaped keys, deep nesting, duplicate keys, and keys that
//! never repeat.

use super::super::{
    JsonKind, JsonSpan,
    bytes::{BITS, chunk_at, plain_end, skip_whitespace},
    projection::NO_NODE,
    scan::{BAD, JsonScanner},
};
use super::{
    segment::{NO_INDEX, NextToken, OUTSIDE_STATE, TemplateSegment},
    state::{OPEN_MAX, START_SEGMENT, TemplateCache},
};

/// After this number of lines in a row that no template fitted, only one in [`TRIED_EVERY`] is
/// tried.
const TEMPLATE_MISSES_MAX: u32 = 8;
const TRIED_EVERY: u32 = 16;

/// The open objects of a line.
#[derive(Debug, Default)]
struct OpenObjects {
    /// For each object, the sum of its members' hashes.
    sums: [u64; OPEN_MAX + 1],
    /// For each object, the hash of its key.
    keys: [u64; OPEN_MAX + 1],
    /// For each object, the position of its brace.
    starts: [usize; OPEN_MAX + 1],
    depth: usize,
}

impl OpenObjects {
    /// Opens an object, given the hash of its key and the position of its brace.
    #[inline(always)]
    fn begin(&mut self, key: u64, start: usize) {
        self.depth += 1;
        self.sums[self.depth] = 0;
        self.keys[self.depth] = key;
        self.starts[self.depth] = start;
    }

    /// Closes the innermost object: the sum of its members' hashes, the hash of its key, the
    /// position of its brace.
    #[inline(always)]
    fn end(&mut self) -> (u64, u64, usize) {
        let ended = (self.sums[self.depth], self.keys[self.depth], self.starts[self.depth]);
        self.depth -= 1;
        ended
    }

    /// Adds a member's hash to the innermost object.
    #[inline(always)]
    fn add(&mut self, hash: u64) {
        self.sums[self.depth] = self.sums[self.depth].wrapping_add(hash);
    }
}

/// Four bytes from a position on.
#[inline(always)]
fn chunk_word(bytes: &[u8], at: usize) -> Option<&[u8; 4]> {
    bytes.get(at..at.wrapping_add(4))?.as_array()
}

impl JsonScanner<'_> {
    /// Walks a line that is an object. Returns `false` if the line needs the slow path; the values
    /// found until then must not be used.
    ///
    /// `onwards` contains the memory after the line too, so that the line's end needs no special
    /// case.
    ///
    /// **Law**: if it returns `true`, the result is that of the slow path.
    #[inline(always)]
    pub(in crate::decode::json) fn walk_template(&mut self, line: &str, onwards: &[u8]) -> bool {
        if self.template_misses >= TEMPLATE_MISSES_MAX && !self.template_misses.is_multiple_of(TRIED_EVERY) {
            self.template_misses = self.template_misses.wrapping_add(1);
            return false;
        }
        // The scanner does not change the cache while it reads values, so the cache is taken out
        // meanwhile.
        let Some(mut track) = self.template_cache.take() else { return false };
        let done = if track.begin(line.len()) {
            let done = self.walk_template_sampled(line, onwards, &mut track).is_some();
            track.finish_sampled_line(line, done);
            done
        } else {
            self.walk_segments::<false>(line, onwards, &mut track).is_some()
        };
        self.template_cache = Some(track);
        self.template_misses = if done { 0 } else { self.template_misses.wrapping_add(1) };
        done
    }

    #[cold]
    #[inline(never)]
    fn walk_template_sampled(&mut self, line: &str, bytes: &[u8], track: &mut TemplateCache) -> Option<()> {
        self.walk_segments::<true>(line, bytes, track)
    }

    #[inline(always)]
    fn walk_segments<const WATCHED: bool>(
        &mut self,
        line: &str,
        bytes: &[u8],
        track: &mut TemplateCache,
    ) -> Option<()> {
        let mut open = OpenObjects::default();
        let mut now = START_SEGMENT;
        let mut guess = track.steps[START_SEGMENT as usize].next;
        let mut at = 0;
        loop {
            let step = match track.steps.get(guess as usize) {
                Some(step) if step.stretch == NO_INDEX && step.matches_at(bytes, at) => {
                    now = guess;
                    step
                }
                _ => {
                    if !WATCHED && let Some((last, end)) = track.match_run(guess, bytes, at) {
                        (now, at) = (last, end);
                        let last = &track.steps[now as usize];
                        // The hashes and starts of objects within the run are not set. They are
                        // never read, because these objects are not projected.
                        open.depth = track.places[last.to as usize].depth;
                        guess = last.next;
                        continue;
                    }
                    now = self.next_segment(line, bytes, at, track, now)?;
                    &track.steps[now as usize]
                }
            };
            if WATCHED {
                track.stretches.stop(now, at);
            }
            guess = step.next;
            at = at.wrapping_add(step.advance as usize);
            match step.what {
                NextToken::Text => at = self.text(line, bytes, at, step)?,
                NextToken::Unquoted | NextToken::Other => {
                    self.depth = open.depth;
                    at = self.other(line, bytes, at, step)?;
                }
                NextToken::Open => {
                    self.enter(step.node)?;
                    open.begin(step.hash, at.wrapping_sub(1));
                    continue;
                }
                NextToken::Close => {
                    let (sum, key, start) = open.end();
                    self.fill(step.slots, JsonSpan { kind: JsonKind::Object, start: start as u32, end: at as u32 });
                    if step.node != NO_NODE || step.hashed {
                        self.value_hash = self.object_hash(sum);
                    }
                    if step.node != NO_NODE {
                        // An empty object counts as missing.
                        self.hash = if sum == 0 { 0 } else { self.value_hash };
                    }
                    if step.hashed {
                        open.add(self.mix(key, self.value_hash));
                    }
                    if step.to == OUTSIDE_STATE {
                        return (skip_whitespace(line.as_bytes(), at) == line.len()).then_some(());
                    }
                    continue;
                }
            }
            if step.hashed {
                open.add(self.mix(step.hash, self.value_hash));
            }
        }
    }

    /// Finds the end of a text, given the position after its quote; returns the position after it.
    #[inline(always)]
    fn text(&mut self, line: &str, bytes: &[u8], at: usize, step: &TemplateSegment) -> Option<usize> {
        let (kind, close) = match plain_end(bytes, at) {
            Some(close) => {
                if step.hashed {
                    let length = close - at;
                    self.value_hash = match chunk_at(bytes, at) {
                        Some(chunk) if length < chunk.len() => {
                            self.hash_short(JsonKind::Text, length, u128::from_le_bytes(*chunk) & BITS[length])
                        }
                        _ => self.hash_bytes(JsonKind::Text, &bytes[at..close]),
                    };
                }
                (JsonKind::Text, close)
            }
            None => self.escaped_text(line, at, step.hashed)?,
        };
        self.fill(step.slots, JsonSpan { kind, start: at as u32, end: close as u32 });
        Some(close + 1)
    }

    #[cold]
    #[inline(never)]
    fn escaped_text(&mut self, line: &str, at: usize, hashed: bool) -> Option<(JsonKind, usize)> {
        let end = self.any_value(line, at - 1, NO_NODE, hashed);
        (end != BAD).then(|| (self.kind, end - 1))
    }

    /// Parses any other value.
    #[inline(always)]
    fn other(&mut self, line: &str, bytes: &[u8], at: usize, step: &TemplateSegment) -> Option<usize> {
        let end = if step.node != NO_NODE {
            self.value(line, at, step.node, step.hashed)
        } else {
            let end = match (bytes.get(at), chunk_word(bytes, at)) {
                (Some(b'0'..=b'9'), _) => self.number(bytes, at, step.hashed),
                (_, Some(b"null")) => self.word_end(at + 4, JsonKind::Null),
                (_, Some(b"true")) => self.word_end(at + 4, JsonKind::True),
                _ => self.any_value(line, at, NO_NODE, step.hashed),
            };
            if end != BAD {
                self.fill(step.slots, self.raw(at, end));
            }
            end
        };
        (end != BAD).then_some(end)
    }

    /// Sets the type of a word; returns its end.
    #[inline(always)]
    pub(in crate::decode::json) fn word_end(&mut self, end: usize, kind: JsonKind) -> usize {
        self.kind = kind;
        self.value_hash = self.mix(0, kind as u64);
        end
    }

    #[inline(always)]
    fn fill(&mut self, slots: [u32; 2], raw: JsonSpan) {
        if let Some(found) = self.found.get_mut(slots[0] as usize) {
            *found = raw;
            if let Some(found) = self.found.get_mut(slots[1] as usize) {
                *found = raw;
            }
        }
    }

    /// Enters an object. Returns none if its key occurred before: then the last one counts, which
    /// the slow path handles.
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json::{Projection, template::state::STEPS_MAX};

    fn scanner(projection: &Projection) -> JsonScanner<'_> {
        JsonScanner::new(projection, foldhash::quality::RandomState::default())
    }

    fn follows(scanner: &mut JsonScanner<'_>, line: &str) -> bool {
        scanner.begin();
        scanner.walk_template(line, line.as_bytes())
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
        for failed in 0..TEMPLATE_MISSES_MAX {
            assert!(!follows(&mut scanner, r#"{"\u0061":1}"#), "{failed}");
        }
        let tried = (0..).position(|_| follows(&mut scanner, usual));
        assert_eq!(tried, Some((TRIED_EVERY - TEMPLATE_MISSES_MAX) as usize));
        assert!(follows(&mut scanner, usual));
    }

    #[test]
    fn there_are_no_more_places_than_the_projection_allows() {
        let mut projection = Projection::new();
        projection.add(&["a".to_owned(), "b".to_owned()]);
        projection.hash_at(&["p".to_owned()]);
        let mut scanner = scanner(&projection);
        for number in 0..2000_u32 {
            // Each line nests in another way, under wanted and unwanted keys.
            let keys = (0..10).map(|at| ["a", "b", "p", "x", "y"][(number / 5_u32.pow(at % 5) % 5) as usize]);
            let line = format!("{}1{}", keys.map(|key| format!("{{\"{key}\":")).collect::<String>(), "}".repeat(10));
            follows(&mut scanner, &line);
        }
        let places = scanner.template_cache.expect("it is at rest").places.len();
        assert!(places <= 2 * (OPEN_MAX + 1) * projection.nodes.len(), "{places}");
    }
}
