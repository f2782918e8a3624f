//! What stands the same in line after line, from one step to a later one, with the values between them.
//!
//! Much of what a library adds to each event is alike in most of them: its own name and version, a locale, a channel. Where nothing is asked
//! of such values, the steps and values between two that differ are one text to compare. Two lines in a row are watched every so often, and
//! what was the same in both is a stretch; one that fails too often is given up, and the value that it failed at is soon left out for good.
//!
//! **Law**: what a walk over a line does next depends on the step before and on the bytes that follow. So a stretch, whose bytes are those of
//! a walk that was taken after the same step, leads where that walk led.

use super::{
    projection::NOWHERE,
    step::{Move, NONE, What},
    track::{PASSING, Track},
};

/// Of so many lines two are watched.
const WATCH_EVERY: u32 = 512;
/// Which of them is the first.
const WATCHED_FIRST: u32 = 14;
/// Longer lines are not watched; bytes.
const LINE_MAX: usize = 1 << 16;
/// In the line before, a step is looked for so many steps ahead.
const AHEAD_MAX: usize = 64;

/// What a stretch may gain, and has in the beginning, and what a failure costs it: one in seventeen is too often.
const CREDIT_MAX: i32 = 128;
const CREDIT_FIRST: i32 = 32;
const CREDIT_LOST: i32 = 16;
/// A value that so many stretches failed at is a part of none.
const FAILED_MAX: u8 = 4;

/// From one step to a later one.
#[derive(Debug)]
struct Stretch {
    /// The bytes from the first step up to the one that comes after it.
    text: Box<[u8]>,
    /// Its steps, and where in the text the value of each ends.
    steps: Vec<(u32, usize)>,
    /// How many more objects are open after it than before.
    opened: isize,
    credit: i32,
}

impl Stretch {
    fn first(&self) -> u32 {
        self.steps[0].0
    }

    fn last(&self) -> u32 {
        self.steps[self.steps.len() - 1].0
    }
}

/// Where a step was taken.
#[derive(Debug, Clone, Copy)]
struct Stop {
    step: u32,
    at: usize,
}

/// A line that was watched.
#[derive(Debug, Default)]
struct Watched {
    line: Vec<u8>,
    stops: Vec<Stop>,
}

impl Watched {
    /// The bytes from a stop to the next one.
    fn bytes(&self, stop: usize) -> Option<&[u8]> {
        self.line.get(self.stops.get(stop)?.at..self.stops.get(stop + 1)?.at)
    }
}

/// The stretches that are known, and lines that are watched for more.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    known: Vec<Stretch>,
    lines: u32,
    before: Watched,
    now: Watched,
}

impl Stretches {
    /// Prepares for a line; says whether it is watched.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> bool {
        self.lines = self.lines.wrapping_add(1);
        (WATCHED_FIRST..WATCHED_FIRST + 2).contains(&(self.lines % WATCH_EVERY))
    }

    /// Notes a step of a line that is watched.
    pub(super) fn stop(&mut self, step: u32, at: usize) {
        self.now.stops.push(Stop { step, at });
    }
}

impl Track {
    /// Takes the stretch that begins with a step, if there is one and it stands at a position; gives its last step, the position after it, and how
    /// many more objects are open then.
    #[inline(always)]
    pub(super) fn stretch(&mut self, first: u32, bytes: &[u8], at: usize) -> Option<(u32, usize, isize)> {
        let number = self.steps.get(first as usize)?.stretch;
        let stretch = self.stretches.known.get_mut(number as usize)?;
        let end = at.wrapping_add(stretch.text.len());
        if bytes.get(at..end) == Some(&*stretch.text) {
            stretch.credit = (stretch.credit + 1).min(CREDIT_MAX);
            return Some((stretch.last(), end, stretch.opened));
        }
        self.failed(number, bytes, at);
        None
    }

    /// A stretch does not stand where its first step was guessed.
    #[cold]
    #[inline(never)]
    fn failed(&mut self, number: u32, bytes: &[u8], at: usize) {
        let stretch = &mut self.stretches.known[number as usize];
        stretch.credit -= CREDIT_LOST;
        if stretch.credit >= 0 {
            return;
        }
        self.steps[stretch.first() as usize].stretch = NONE;
        let same = bytes.iter().skip(at).zip(&stretch.text).take_while(|(byte, known)| byte == known).count();
        // It is shorter than the text, which does not stand there.
        if let Some((step, _)) = stretch.steps.iter().find(|(_, end)| same < *end) {
            let failed = &mut self.steps[*step as usize].failed;
            *failed = failed.saturating_add(1);
        }
    }

    /// Ends a line that is watched: `done` if all of it was walked over.
    #[cold]
    #[inline(never)]
    pub(super) fn watched(&mut self, line: &str, done: bool) {
        let Stretches { before, now, lines, .. } = &mut self.stretches;
        if !done || line.len() > LINE_MAX {
            now.stops.clear();
        }
        now.line.clear();
        now.line.extend_from_slice(if now.stops.is_empty() { &[] } else { line.as_bytes() });
        if *lines % WATCH_EVERY == WATCHED_FIRST {
            std::mem::swap(before, now);
        } else {
            self.learn();
        }
        self.stretches.now.stops.clear();
    }

    /// Whether a step may be a part of a stretch: nothing is asked of its value, nor of objects that begin and end in it, and the line goes on after it.
    fn may_be_passed(&self, number: u32) -> bool {
        let step = &self.steps[number as usize];
        let asked = step.slots != [NONE; 2] || step.node != NOWHERE || step.hashed;
        let quiet = !asked && self.moves(step).iter().all(Move::says_nothing);
        quiet && number != PASSING && step.what != What::End && step.failed < FAILED_MAX
    }

    /// Makes stretches of what is the same in two lines, in place of those that are known.
    fn learn(&mut self) {
        for stretch in std::mem::take(&mut self.stretches.known) {
            self.steps[stretch.first() as usize].stretch = NONE;
        }
        let before = std::mem::take(&mut self.stretches.before);
        let now = std::mem::take(&mut self.stretches.now);
        let mut expected = 0;
        // Of the stretch that goes on: where in the line it begins, and its steps.
        let mut begins = 0;
        let mut steps: Vec<(u32, usize)> = Vec::new();
        for (index, stop) in now.stops.iter().enumerate() {
            let mut ahead = before.stops.iter().zip(0..).skip(expected).take(AHEAD_MAX);
            let found = ahead.find(|(known, _)| known.step == stop.step).map(|(_, found)| found);
            expected = found.map_or(expected, |found| found + 1);
            let bytes = now.bytes(index).filter(|bytes| found.and_then(|found| before.bytes(found)) == Some(bytes));
            match bytes.filter(|_| self.may_be_passed(stop.step)) {
                Some(bytes) => {
                    begins = if steps.is_empty() { stop.at } else { begins };
                    steps.push((stop.step, stop.at + bytes.len() - begins));
                }
                None => self.note(&now.line[begins..], std::mem::take(&mut steps)),
            }
        }
        (self.stretches.before, self.stretches.now) = (before, now);
    }

    /// Notes a stretch, of which the steps are given and the line from its beginning on.
    fn note(&mut self, line: &[u8], mut steps: Vec<(u32, usize)>) {
        // A number goes on where more digits follow, so it does not end a stretch.
        while steps.last().is_some_and(|(step, _)| self.steps[*step as usize].what == What::Word) {
            steps.pop();
        }
        let (Some((first, _)), Some((last, end))) = (steps.first(), steps.last()) else { return };
        let depth = |place: u32| self.places[place as usize].depth.cast_signed();
        let opened = depth(self.steps[*last as usize].to) - depth(self.steps[*first as usize].from);
        self.steps[*first as usize].stretch = self.stretches.known.len() as u32;
        self.stretches.known.push(Stretch { text: line[..*end].into(), opened, credit: CREDIT_FIRST, steps });
    }
}
