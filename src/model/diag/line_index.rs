//! Lines and columns of many offsets, found in one pass over the text.

use std::{collections::BTreeMap, ops::Range};

/// A line and a column, both from 1. The column counts characters.
pub type LineColumn = (usize, usize);

/// The lines and columns of the ends of some ranges of bytes.
///
/// **Cost**: one pass over the text, and a sort of the ends.
#[derive(Debug)]
pub struct LineIndex(BTreeMap<usize, LineColumn>);

impl LineIndex {
    /// Finds the lines and columns of both ends of each range.
    pub fn new<'r>(text: &str, ranges: impl IntoIterator<Item = &'r Range<usize>>) -> LineIndex {
        let mut places: BTreeMap<usize, LineColumn> =
            ranges.into_iter().flat_map(|range| [(range.start, (1, 1)), (range.end, (1, 1))]).collect();
        let (mut at, mut line, mut column) = (0, 1, 1);
        for (byte, place) in &mut places {
            let mut end = (*byte).min(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let passed = text.get(at..end).unwrap_or_default();
            match passed.rfind('\n') {
                Some(last) => {
                    line += passed.matches('\n').count();
                    column = 1 + passed[last + 1..].chars().count();
                }
                None => column += passed.chars().count(),
            }
            at = at.max(end);
            *place = (line, column);
        }
        LineIndex(places)
    }

    /// The line and column of an end of one of the ranges. Other bytes give line 1, column 1.
    pub fn line_column(&self, byte: usize) -> LineColumn {
        self.0.get(&byte).copied().unwrap_or((1, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::SourceDocument;

    #[test]
    fn places_are_those_of_the_document() {
        let text = "a = 1\nßb = 2\n\nlong\tline";
        let document = SourceDocument { name: String::new(), text: text.to_owned() };
        let ranges: Vec<Range<usize>> =
            (0..text.len() + 3).filter(|at| text.is_char_boundary(*at) || *at > text.len()).map(|at| at..99).collect();
        let places = LineIndex::new(text, &ranges);
        for range in &ranges {
            assert_eq!(places.line_column(range.start), document.position(range.start), "{}", range.start);
        }
        assert_eq!(places.line_column(99), (4, 10));
    }
}
