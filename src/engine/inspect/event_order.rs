//! Measures the arrival of events: lateness, by the vendor's time of receipt, and order within a
//! file.

use std::collections::BTreeMap;

use pql_model::units::{DAY_US, HOUR_US, Micros};

/// The lower bound and name of each band of lateness. An event counts in the last band that it
/// reaches.
pub(super) const LATENESS_BANDS: [(Micros, &str); 4] = [
    (0, "within an hour"),
    (HOUR_US, "an hour or more late"),
    (DAY_US, "a day or more late"),
    (7 * DAY_US, "a week or more late"),
];

/// The lateness of events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LatenessStats {
    /// Events with a time of receipt.
    pub(crate) known: u64,
    /// These events by band of lateness.
    pub(crate) bands: [u64; LATENESS_BANDS.len()],
    /// The longest lateness; microseconds.
    pub(crate) longest: Micros,
}

impl LatenessStats {
    /// Adds an event.
    pub(crate) fn add(&mut self, at: Micros, taken_in: Micros) {
        let late = taken_in.saturating_sub(at);
        let band = LATENESS_BANDS.iter().rposition(|(from, _)| late >= *from).unwrap_or(0);
        self.known += 1;
        self.bands[band] += 1;
        self.longest = self.longest.max(late);
    }

    /// Adds other statistics.
    pub(crate) fn merge(&mut self, other: &LatenessStats) {
        self.known += other.known;
        self.bands.iter_mut().zip(other.bands).for_each(|(mine, theirs)| *mine += theirs);
        self.longest = self.longest.max(other.longest);
    }
}

/// The order of events within a block.
#[derive(Debug, Clone, Copy, Default)]
struct BlockOrder {
    lines: u64,
    first: Option<Micros>,
    last: Micros,
    pairs: u64,
    backward: u64,
}

/// The lines of every block, and the order of the events in them.
///
/// **Cost**: 60 bytes per block of 256 KiB.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventOrder {
    blocks: BTreeMap<(u32, u32), BlockOrder>,
    current: BlockOrder,
}

impl EventOrder {
    /// Adds the next event of the block.
    pub(crate) fn add(&mut self, at: Micros) {
        if self.current.first.is_some() {
            self.current.pairs += 1;
            self.current.backward += u64::from(at < self.current.last);
        }
        self.current.first.get_or_insert(at);
        self.current.last = at;
    }

    /// Ends a block with a number of lines.
    pub(crate) fn end(&mut self, file: u32, index: u32, lines: u64) {
        let mut block = std::mem::take(&mut self.current);
        block.lines = lines;
        self.blocks.insert((file, index), block);
    }

    /// Adds the blocks of another profile.
    pub(crate) fn merge(&mut self, other: EventOrder) {
        self.blocks.extend(other.blocks);
    }

    /// The lines of a file before a block.
    pub(crate) fn lines_before(&self, file: u32, index: u32) -> u64 {
        self.blocks.range((file, 0)..(file, index)).map(|(_, block)| block.lines).sum()
    }

    /// The number of events with a predecessor in their file, and of those that are earlier than
    /// it.
    pub(crate) fn count_backward(&self) -> (u64, u64) {
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
