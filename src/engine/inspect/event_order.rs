//! How events come in: late, measured by when the vendor took them in; out of order, measured by the lines of a file.

use std::collections::BTreeMap;

use pql_model::units::{DAY_US, HOUR_US, Micros};

/// Where each band of lateness begins, with its name; an event counts in the last one that it reaches.
pub(super) const LATENESS_BANDS: [(Micros, &str); 4] = [
    (0, "within an hour"),
    (HOUR_US, "an hour or more late"),
    (DAY_US, "a day or more late"),
    (7 * DAY_US, "a week or more late"),
];

/// How late events were taken in.
#[derive(Debug, Clone, Copy, Default)]
pub struct LatenessStats {
    /// Events that say when they were taken in.
    pub known: u64,
    /// Of these, how many fall into each of [`BANDS`].
    pub bands: [u64; LATENESS_BANDS.len()],
    /// The longest time; microseconds.
    pub longest: Micros,
}

impl LatenessStats {
    /// Adds an event.
    pub fn add(&mut self, at: Micros, taken_in: Micros) {
        let late = taken_in.saturating_sub(at);
        let band = LATENESS_BANDS.iter().rposition(|(from, _)| late >= *from).unwrap_or(0);
        self.known += 1;
        self.bands[band] += 1;
        self.longest = self.longest.max(late);
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: &LatenessStats) {
        self.known += other.known;
        self.bands.iter_mut().zip(other.bands).for_each(|(mine, theirs)| *mine += theirs);
        self.longest = self.longest.max(other.longest);
    }
}

/// What a block says of the order of a file.
#[derive(Debug, Clone, Copy, Default)]
struct BlockOrder {
    lines: u64,
    first: Option<Micros>,
    last: Micros,
    pairs: u64,
    backward: u64,
}

/// Lines of every block, and whether the events in them go forward.
///
/// **Cost**: 60 bytes for each block of 256 KiB.
#[derive(Debug, Clone, Default)]
pub struct EventOrder {
    blocks: BTreeMap<(u32, u32), BlockOrder>,
    current: BlockOrder,
}

impl EventOrder {
    /// Adds the next event of the block.
    pub fn add(&mut self, at: Micros) {
        if self.current.first.is_some() {
            self.current.pairs += 1;
            self.current.backward += u64::from(at < self.current.last);
        }
        self.current.first.get_or_insert(at);
        self.current.last = at;
    }

    /// Ends a block of so many lines.
    pub fn end(&mut self, file: u32, index: u32, lines: u64) {
        let mut block = std::mem::take(&mut self.current);
        block.lines = lines;
        self.blocks.insert((file, index), block);
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: EventOrder) {
        self.blocks.extend(other.blocks);
    }

    /// Lines of a file before a block.
    pub fn lines_before(&self, file: u32, index: u32) -> u64 {
        self.blocks.range((file, 0)..(file, index)).map(|(_, block)| block.lines).sum()
    }

    /// Events that have one before them in their file, and how many of them are earlier than that one.
    pub fn count_backward(&self) -> (u64, u64) {
        let (mut pairs, mut backward) = (0, 0);
        let mut before: Option<(u32, Micros)> = None;
        for ((file, _), block) in &self.blocks {
            let Some(first) = block.first else { continue };
            pairs += block.pairs;
            backward += block.backward;
            if let Some((_, last)) = before.filter(|(other, _)| other == file) {
                pairs += 1;
                backward += u64::from(first < last);
            }
            before = Some((*file, block.last));
        }
        (pairs, backward)
    }
}
