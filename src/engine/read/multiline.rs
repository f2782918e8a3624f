//! Records of many lines that may be several records, as after a stray quote or without a brace.

/// A record of more lines than this is looked at.
pub(super) const LINES_CHECKED_MIN: u64 = 3;

/// A record of this many lines is reported, whatever it holds.
pub(super) const LINES_ALWAYS_REPORTED: u64 = 1000;

/// The first of such records of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultilineRecord {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// How many lines it spans.
    pub lines: u64,
    /// How many such records there are.
    pub count: u64,
}

impl MultilineRecord {
    pub(super) fn new(line: u64, lines: u64) -> Self {
        Self { line, lines, count: 1 }
    }

    /// Notes another one after those before it.
    pub(super) fn note(known: &mut Option<Self>, found: Self) {
        match known {
            Some(known) => known.count += 1,
            None => *known = Some(found),
        }
    }
}
