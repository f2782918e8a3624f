//! What lines so far were like: the steps that were met and where they lead, and how a step is read that is not known yet.

use std::collections::HashMap;

use hashbrown::HashTable;

use super::{
    Kind,
    bytes::{plain_end, space},
    projection::NOWHERE,
    scan::Scanner,
    step::{CHUNKS, Move, OUTSIDE, Place, Step, What},
    stretch::Stretches,
};

/// Objects may lie so deep within each other, the line itself among them.
pub(super) const OPEN_MAX: usize = 8;

/// So many steps are remembered; those that are not are read anew each time.
pub(super) const STEPS_MAX: usize = 4096;

/// A line may have so many steps that are not remembered: each costs several times what it costs the long way.
const PASSING_MAX: u32 = 4;

/// After so many steps without room for them, all are forgotten: those that come now are others than those that are remembered.
const CROWDED_MAX: usize = 8 * STEPS_MAX;

/// The step that is not remembered.
pub(super) const PASSING: u32 = 0;
/// Stands before the first step of a line.
pub(super) const START: u32 = 1;

/// Steps that were met.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) places: Vec<Place>,
    /// Of all places, their numbers. There are not more than the projection has nodes, times twice the depth.
    numbers: HashMap<Place, u32, foldhash::fast::RandomState>,
    pub(super) steps: Vec<Step>,
    /// The moves of all steps, those of the step that is not remembered last.
    moves: Vec<Move>,
    /// How many of them are those of steps that are remembered.
    moves_kept: usize,
    /// Of all steps, by where they are taken and their bytes.
    known: HashTable<(u64, u32)>,
    /// Of some steps, by where they are taken and their first bytes: which of the properties of events come first differs by event.
    recent: [u32; RECENT],
    /// Steps of this line that are not remembered.
    passing: u32,
    /// Steps for which there was no room.
    crowded: usize,
    pub(super) stretches: Stretches,
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
            moves: Vec::new(),
            moves_kept: 0,
            known: HashTable::new(),
            recent: [PASSING; RECENT],
            passing: 0,
            crowded: 0,
            stretches: Stretches::default(),
        }
    }

    /// Prepares for a line; says whether it is watched.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> bool {
        self.passing = 0;
        if self.crowded >= CROWDED_MAX {
            self.forget();
        }
        self.stretches.begin()
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

    /// Gives a new step its moves, in the place of those of the step that is not remembered.
    fn add_moves(&mut self, step: &mut Step, moves: &[Move]) {
        self.moves.truncate(self.moves_kept);
        step.moves = (self.moves_kept as u32, moves.len() as u8);
        self.moves.extend_from_slice(moves);
    }

    /// The objects that begin and end in a step.
    #[inline(always)]
    pub(super) fn moves(&self, step: &Step) -> &[Move] {
        let (from, count) = step.moves;
        self.moves.get(from as usize..from as usize + usize::from(count)).unwrap_or_default()
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

impl Scanner<'_> {
    /// The step at a position, which is not the one that was guessed. None if there is no step or it is for the long way.
    #[inline(never)]
    pub(super) fn turn(
        &mut self,
        line: &str,
        onwards: &[u8],
        at: usize,
        track: &mut Track,
        before: u32,
    ) -> Option<u32> {
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
        let mut moves = Vec::new();
        let mut step = Step { from, to: from, what: What::Step, ..Step::blank() };
        // How many of its bytes are compared.
        let mut compared = 0;
        // Which member comes first in an object differs by event, but for the line's own, so a step ends where it begins.
        while step.what == What::Step && !matches!(moves.last(), Some(Move::Open { node: 1.., .. })) {
            let before = moves.len();
            let (next, length) = self.part(line, at, &step, track, &mut moves)?;
            if before > 0 && length > 16 * CHUNKS {
                // What there is no room for is a step of its own.
                moves.truncate(before);
                break;
            }
            (step, compared) = (next, length);
        }
        let text = &bytes[at..at + compared];
        let hash = self.hash_bytes(Kind::Missing, text) ^ u64::from(from);
        let is_this = |known: &(u64, u32)| {
            let step = &track.steps[known.1 as usize];
            known.0 == hash && step.from == from && step.stands_at(bytes, at)
        };
        if let Some((_, known)) = track.known.find(hash, is_this) {
            return Some(*known);
        }
        track.add_moves(&mut step, &moves);
        if text.len() > 16 * CHUNKS || track.steps.len() >= STEPS_MAX {
            return track.pass(step);
        }
        track.moves_kept = track.moves.len();
        step.set_text(text);
        let now = track.steps.len() as u32;
        track.steps.push(step);
        track.known.insert_unique(hash, (hash, now), |known| known.0);
        Some(now)
    }

    /// Reads on in a step that stands at a position, as far as it is known: up to a value, past a brace, or past the end of the line. Gives the step
    /// with what was read, and how many of its bytes are compared then.
    fn part(
        &self,
        line: &str,
        at: usize,
        step: &Step,
        track: &mut Track,
        moves: &mut Vec<Move>,
    ) -> Option<(Step, usize)> {
        let bytes = line.as_bytes();
        let place = track.places[step.to as usize];
        let mut step = Step { hashed: place.hashed, ..step.clone() };
        let mut end = space(bytes, at + step.advance as usize);
        let passed = |step: Step, brace: usize| {
            let length = brace + 1 - at;
            (Step { advance: length as u32, ..step }, length)
        };
        match *bytes.get(end)? {
            b'{' if place.depth == 0 => {
                self.projection.few_slots(0)?;
                moves.push(Move::Open { node: 0, hash: 0, brace: (end - at) as u32 });
                step.to = self.inside(0, false, step.to, track);
                Some(passed(step, end))
            }
            b'}' if place.depth > 0 => {
                let hashed = track.places[place.above as usize].hashed;
                let node = if self.projection.is_hashed(place.node) { place.node } else { NOWHERE };
                let slots = self.projection.few_slots(place.node)?;
                moves.push(Move::Close { slots, node, hashed, after: (end + 1 - at) as u32 });
                step.to = place.above;
                step.what = if step.to == OUTSIDE { What::End } else { What::Step };
                Some(passed(step, end))
            }
            mark if (mark == b',') != place.first && place.depth > 0 => {
                let quote = if mark == b',' { space(bytes, end + 1) } else { end };
                if bytes.get(quote) != Some(&b'"') {
                    return None;
                }
                let close = plain_end(bytes, quote + 1)?;
                let key = &line[quote + 1..close];
                let colon = space(bytes, close + 1);
                if bytes.get(colon) != Some(&b':') {
                    return None;
                }
                end = space(bytes, colon + 1);
                let mark = *bytes.get(end)?;
                let child = self.projection.child(place.node, key.as_bytes());
                step.hash = if place.hashed { self.hash_bytes(Kind::Text, key.as_bytes()) } else { 0 };
                if mark == b'{' && self.projection.few_slots(child).is_some() && place.depth < OPEN_MAX {
                    moves.push(Move::Open { node: child, hash: step.hash, brace: (end - at) as u32 });
                    step.to = self.inside(child, place.hashed, step.to, track);
                    return Some(passed(step, end));
                }
                let alone = self.projection.slots_alone(child);
                match alone {
                    Some(slots) => step.slots = slots,
                    None => step.node = child,
                }
                step.what = match mark {
                    b'"' if alone.is_some() => What::Text,
                    b'"' | b'{' => What::Other,
                    _ => What::Word,
                };
                step.to = track.place(Place { first: false, ..place });
                // Of a text or an object the first byte is compared too; of a text of which no more is asked, it is passed.
                step.advance = (end + usize::from(step.what == What::Text) - at) as u32;
                Some((step, end + usize::from(matches!(mark, b'"' | b'{')) - at))
            }
            _ => None,
        }
    }

    /// The place inside an object of a node that begins at a place.
    fn inside(&self, node: u32, hashed: bool, from: u32, track: &mut Track) -> u32 {
        let place = track.places[from as usize];
        let above = if place.depth > 0 { track.place(Place { first: false, ..place }) } else { OUTSIDE };
        let hashed = hashed || self.projection.is_hashed(node);
        track.place(Place { above, node, hashed, first: true, depth: place.depth + 1 })
    }
}
