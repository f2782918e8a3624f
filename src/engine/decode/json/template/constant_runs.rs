//! Constant runs: bytes that repeat in every line and hold no value the model reads, compared as
//! one block.
//!
//! Libraries add much that is equal in most events: their name and version, a locale, a channel.
//! The segments and values between two values that differ form a [`ConstantRun`]. Every 512 lines,
//! two lines in a row are sampled, and the bytes that are equal in both become runs. A run that
//! fails too often is dropped. A value that caused several failures is not part of later runs.
//!
//! Runs save 5 to 6 % of the time on lines with a web SDK's context, and nothing on other lines.
//!
//! **Law**: parsing is a function of the current state and the following bytes, and unprojected
//! values are never used. Each value of a run ends within its bytes. So skipping equal bytes ends
//! in the same state as parsing them.

use std::collections::HashMap;

use super::super::projection::NO_NODE;
use super::{
    segment::{NO_INDEX, NextToken, OUTSIDE_STATE, TemplateSegment},
    state::{TRANSIENT_SEGMENT, TemplateCache},
};

/// The period of sampling, in lines; two lines of it are sampled.
const WATCH_EVERY: u32 = 512;
/// The first sampled line of the period.
const WATCHED_FIRST: u32 = 14;
/// The longest line that is sampled, bytes.
const LINE_MAX: usize = 1 << 14;

/// The credit of a run: its maximum, its start, and the loss per failure. A hit earns one, so a run
/// survives if fewer than one in seventeen tries fail.
const CREDIT_MAX: i32 = 128;
const CREDIT_FIRST: i32 = 32;
const CREDIT_LOST: i32 = 16;
/// A value at which this number of runs failed is excluded from runs.
const FAILED_MAX: u8 = 4;

/// A sequence of segments and their values.
#[derive(Debug)]
struct ConstantRun {
    /// The bytes from the first segment up to the one after the run.
    text: Box<[u8]>,
    /// The segments of the run, and the end of each one's value in the text.
    steps: Vec<(u32, usize)>,
    credit: i32,
}

impl ConstantRun {
    fn first(&self) -> u32 {
        self.steps[0].0
    }

    fn last(&self) -> u32 {
        self.steps[self.steps.len() - 1].0
    }
}

/// The place of a segment in a sampled line.
#[derive(Debug, Clone, Copy)]
struct SegmentPosition {
    step: u32,
    at: usize,
}

/// A sampled line.
#[derive(Debug, Default)]
struct SampledLine {
    line: Vec<u8>,
    stops: Vec<SegmentPosition>,
}

impl SampledLine {
    /// The bytes from a segment to the next one.
    fn bytes(&self, stop: usize) -> Option<&[u8]> {
        self.line.get(self.stops.get(stop)?.at..self.stops.get(stop + 1)?.at)
    }
}

/// The known runs and the sampled lines.
#[derive(Debug, Default)]
pub(in crate::decode::json) struct ConstantRunCache {
    known: Vec<ConstantRun>,
    lines: u32,
    before: SampledLine,
    now: SampledLine,
}

impl ConstantRunCache {
    /// Prepares for a line of a length; returns true if it is sampled.
    #[inline(always)]
    pub(in crate::decode::json) fn begin(&mut self, length: usize) -> bool {
        self.lines = self.lines.wrapping_add(1);
        (WATCHED_FIRST..WATCHED_FIRST + 2).contains(&(self.lines % WATCH_EVERY)) && self.takes(length)
    }

    /// Returns true if the line is short enough. If not, the earlier line is not compared either.
    #[cold]
    fn takes(&mut self, length: usize) -> bool {
        if length > LINE_MAX {
            self.before.stops.clear();
        }
        length <= LINE_MAX
    }

    /// Records a segment of a sampled line.
    pub(in crate::decode::json) fn stop(&mut self, step: u32, at: usize) {
        self.now.stops.push(SegmentPosition { step, at });
    }
}

impl TemplateSegment {
    /// True if the segment may be part of a run: its value is not projected, nor is the object that
    /// it opens or closes, and the line goes on.
    fn is_unprojected(&self) -> bool {
        let ends = self.what == NextToken::Close && self.to == OUTSIDE_STATE;
        self.slots == [NO_INDEX; 2] && self.node == NO_NODE && !self.hashed && !ends && self.failed < FAILED_MAX
    }
}

impl TemplateCache {
    /// Compares the run that begins with a segment. On success returns its last segment and the
    /// position after the run.
    #[inline(always)]
    pub(in crate::decode::json) fn match_run(&mut self, first: u32, bytes: &[u8], at: usize) -> Option<(u32, usize)> {
        let number = self.steps.get(first as usize)?.stretch;
        let stretch = self.stretches.known.get_mut(number as usize)?;
        let end = at.wrapping_add(stretch.text.len());
        if bytes.get(at..end) == Some(&*stretch.text) {
            stretch.credit = (stretch.credit + 1).min(CREDIT_MAX);
            return Some((stretch.last(), end));
        }
        self.penalize_run(number, bytes, at);
        None
    }

    /// Lowers the credit of a run whose first segment was guessed but whose bytes differ.
    #[cold]
    #[inline(never)]
    fn penalize_run(&mut self, number: u32, bytes: &[u8], at: usize) {
        let stretch = &mut self.stretches.known[number as usize];
        stretch.credit -= CREDIT_LOST;
        if stretch.credit >= 0 {
            return;
        }
        self.steps[stretch.first() as usize].stretch = NO_INDEX;
        let same = bytes.iter().skip(at).zip(&stretch.text).take_while(|(byte, known)| byte == known).count();
        // The text differs from the line, so the equal part is shorter than the text.
        if let Some((step, _)) = stretch.steps.iter().find(|(_, end)| same < *end) {
            let failed = &mut self.steps[*step as usize].failed;
            *failed = failed.saturating_add(1);
        }
    }

    /// Ends a sampled line. `done` is true if the templates fitted all of it.
    #[cold]
    #[inline(never)]
    pub(in crate::decode::json) fn finish_sampled_line(&mut self, line: &str, done: bool) {
        let ConstantRunCache { before, now, lines, .. } = &mut self.stretches;
        if !done {
            now.stops.clear();
        }
        now.line.clear();
        now.line.extend_from_slice(line.as_bytes());
        if *lines % WATCH_EVERY == WATCHED_FIRST {
            std::mem::swap(before, now);
        } else {
            self.learn();
        }
        self.stretches.now.stops.clear();
    }

    /// Replaces the known runs by the bytes that are equal in both sampled lines.
    fn learn(&mut self) {
        if self.stretches.before.stops.is_empty() || self.stretches.now.stops.is_empty() {
            return;
        }
        for stretch in std::mem::take(&mut self.stretches.known) {
            self.steps[stretch.first() as usize].stretch = NO_INDEX;
        }
        let ConstantRunCache { before, now, known, .. } = &mut self.stretches;
        let places: HashMap<u32, usize, foldhash::fast::RandomState> =
            before.stops.iter().enumerate().map(|(place, stop)| (stop.step, place)).collect();
        // The start of the current run in the line, and its segments.
        let mut begins = 0;
        let mut steps: Vec<(u32, usize)> = Vec::new();
        for (index, stop) in now.stops.iter().enumerate() {
            let bytes_before = places.get(&stop.step).and_then(|place| before.bytes(*place));
            let bytes = now.bytes(index).filter(|bytes| bytes_before == Some(bytes));
            let step = &self.steps[stop.step as usize];
            match bytes.filter(|_| stop.step != TRANSIENT_SEGMENT && step.is_unprojected()) {
                Some(bytes) => {
                    begins = if steps.is_empty() { stop.at } else { begins };
                    steps.push((stop.step, stop.at + bytes.len() - begins));
                }
                None => note(&mut self.steps, known, &now.line[begins..], std::mem::take(&mut steps)),
            }
        }
    }
}

/// Adds a run, given its segments and the line from its start.
fn note(all: &mut [TemplateSegment], known: &mut Vec<ConstantRun>, line: &[u8], mut steps: Vec<(u32, usize)>) {
    // A number may continue with further digits, so it cannot end a run.
    while steps.last().is_some_and(|(step, _)| all[*step as usize].what == NextToken::Unquoted) {
        steps.pop();
    }
    let brace = |step: u32| matches!(all[step as usize].what, NextToken::Open | NextToken::Close);
    if steps.iter().all(|(step, _)| brace(*step)) {
        // An empty run, or a run that single segments compare as fast.
        return;
    }
    let stretch = ConstantRun { text: line[..steps[steps.len() - 1].1].into(), credit: CREDIT_FIRST, steps };
    all[stretch.first() as usize].stretch = known.len() as u32;
    known.push(stretch);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::json::{JsonScanner, Projection};

    /// Lines until the first runs are known.
    const LEARNT: u32 = WATCHED_FIRST + 1;

    /// Parts that are equal in all lines, and keys that lead to values that differ.
    const SAME: [&str; 3] = [r#""lib":{"name":"js""#, r#","end":"e""#, r#","n":12},"ok":"y""#];
    const VERSION: &str = r#","v":[4,{"x":1}]}"#;

    fn path(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    fn projection() -> Projection {
        let mut projection = Projection::new();
        for text in ["id", "p.a", "c", "c.deep.asked"] {
            projection.add(&path(text));
        }
        projection.hash_at(&path("p"));
        projection
    }

    /// The texts of the active runs.
    fn known(scanner: &JsonScanner<'_>) -> Vec<String> {
        let track = scanner.template_cache.as_ref().expect("it is at rest");
        let in_use = track.steps.iter().filter(|step| step.stretch != NO_INDEX);
        let text = |step: &TemplateSegment| &track.stretches.known[step.stretch as usize].text;
        let mut known: Vec<String> = in_use.map(|step| String::from_utf8_lossy(text(step)).into_owned()).collect();
        known.sort_unstable();
        known
    }

    fn line(id: u32, os: u32) -> String {
        format!(
            r#"{{"id":"{id}","p":{{"a":"{id}","q":"same"}},"c":{{"lib":{{"name":"js","of":"{id}","v":[4,{{"x":1}}]}},"w":5,"os":"{os}","deep":{{"asked":"{id}","n":12}},"ok":"y"}},"end":"e"}}"#
        )
    }

    /// Scans lines by the templates and by the slow path; both must give the same.
    fn walk(short: &mut JsonScanner<'_>, long: &mut JsonScanner<'_>, lines: impl Iterator<Item = String>) {
        for line in lines {
            assert_eq!(short.scan(&line), long.scan_slow(&line), "{line}");
            assert_eq!((&short.found, short.hash), (&long.found, long.hash), "{line}");
            assert_eq!(short.template_misses, 0, "the short way is taken: {line}");
        }
    }

    #[test]
    fn what_stays_the_same_and_is_not_asked_for_is_a_stretch_until_it_changes() {
        let projection = projection();
        let hasher = foldhash::quality::RandomState::default();
        let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, hasher.clone()));
        walk(&mut short, &mut long, (0..LEARNT).map(|id| line(id, 1)));
        assert_eq!(known(&short), [&SAME[..], &[&format!(r#"{VERSION},"w":5,"os":"1""#)]].concat());
        // A value that rarely changes costs little. One that changes in every line ends the run and
        // is soon excluded.
        walk(&mut short, &mut long, (0..400).map(|id| line(id, 1 + u32::from(id % 40 == 0))));
        assert_eq!(known(&short).len(), 4);
        walk(&mut short, &mut long, (0..90).map(|id| line(id, id)));
        assert_eq!(known(&short), SAME);
        // A number may continue with further digits, so it ends no run.
        walk(&mut short, &mut long, (0..WATCH_EVERY).map(|id| line(id, id)));
        assert_eq!(known(&short), [&SAME[..], &[VERSION]].concat());
    }

    #[test]
    fn a_value_that_often_fails_is_left_out() {
        let projection = projection();
        let hasher = foldhash::quality::RandomState::default();
        let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, hasher.clone()));
        // The value is constant in the sampled lines.
        let os = |number: u32| if (LEARNT - 1..=LEARNT).contains(&((number + 1) % WATCH_EVERY)) { 0 } else { number };
        walk(&mut short, &mut long, (0..WATCH_EVERY * u32::from(FAILED_MAX) + LEARNT).map(|id| line(id, os(id))));
        assert_eq!(known(&short), [&SAME[..], &[VERSION]].concat());
    }

    #[test]
    fn lines_that_are_long_or_fail_teach_nothing_and_cost_no_memory() {
        let projection = projection();
        let hasher = foldhash::quality::RandomState::default();
        let long_line = format!("{{{}}}", [r#""x":{}"#; LINE_MAX].join(","));
        let failing = format!("{}]", &line(1, 1)[..line(1, 1).len() - 1]);
        for bad in [&long_line, &failing] {
            for places in [&[WATCHED_FIRST][..], &[WATCHED_FIRST + 1], &[WATCHED_FIRST, WATCHED_FIRST + 1]] {
                let mut scanner = JsonScanner::new(&projection, hasher.clone());
                let mut learnt = Vec::new();
                for number in 1..=2 * WATCH_EVERY + LEARNT {
                    let bad = Some(bad).filter(|_| places.contains(&number));
                    assert_eq!(scanner.scan(bad.unwrap_or(&line(number, 1))).is_ok(), bad != Some(&failing));
                    let watched = number % WATCH_EVERY == LEARNT;
                    learnt.extend(watched.then(|| known(&scanner).len()));
                }
                assert_eq!(learnt, [0, 4, 4], "of lines {places:?}");
                let stretches = &scanner.template_cache.as_ref().expect("it is at rest").stretches;
                assert!(stretches.before.stops.capacity() < LINE_MAX && stretches.now.stops.capacity() < LINE_MAX);
            }
        }
    }

    #[test]
    fn a_step_that_is_not_remembered_is_a_part_of_no_stretch() {
        let projection = projection();
        let hasher = foldhash::quality::RandomState::default();
        let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, hasher.clone()));
        let key = |letter: &str| letter.repeat(70);
        let line = |id: u32| {
            let [one, other] = ["k", "l"].map(key);
            format!(r#"{{"x":"same","{one}":"same","id":"{id}","y":"same","{other}":{{"asked":"same"}},"z":"same"}}"#)
        };
        walk(&mut short, &mut long, (0..2 * WATCH_EVERY).map(line));
        assert_eq!(known(&short), [r#""asked":"same"},"z":"same""#, r#""x":"same""#, r#","y":"same""#]);
    }

    #[test]
    fn what_was_learnt_stays_where_the_next_lines_teach_nothing() {
        let projection = projection();
        let mut scanner = JsonScanner::new(&projection, foldhash::quality::RandomState::default());
        for number in 1..=WATCH_EVERY + LEARNT {
            let watched_again = number > WATCH_EVERY && number % WATCH_EVERY == WATCHED_FIRST;
            let line = if watched_again { "{]".to_owned() } else { line(number, 1) };
            _ = scanner.scan(&line);
        }
        assert_eq!(known(&scanner).len(), 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn a_line_with_changes_is_found_as_any_line_is(
            edits in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::sample::select(b"\"\\{}[],:0.e- 1\x01\nx".to_vec()), 0..3_usize), 1..4,
            ),
        ) {
            let projection = projection();
            let hasher = foldhash::quality::RandomState::default();
            let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, hasher.clone()));
            let usual = line(7, 1);
            for id in 0..LEARNT {
                prop_assert!(short.scan(&line(id, 1)).is_ok());
            }
            prop_assert_eq!(known(&short).len(), 4);
            let mut bytes = usual.clone().into_bytes();
            for (at, byte, instead_of) in edits {
                let at = at.index(bytes.len());
                bytes.splice(at..(at + instead_of).min(bytes.len()), [byte]);
            }
            let edited = String::from_utf8(bytes).expect("ASCII");
            for line in [&edited, &usual] {
                let followed = format!("{line}\n{usual}");
                let here = short.scan_with_lookahead(line, followed.as_bytes());
                prop_assert_eq!(here, long.scan_slow(line), "{}", line);
                if here.is_ok() {
                    prop_assert_eq!((&short.found, short.hash), (&long.found, long.hash), "{}", line);
                }
            }
        }
    }
}
