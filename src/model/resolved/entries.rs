//! The extents of named entries, which tell warnings about different entries apart.

use super::TextSpan;

/// The named entries of a model.
#[derive(Debug, Clone, Default)]
pub struct EntrySpans {
    /// The extents with the names, sorted by start.
    entries: Vec<(TextSpan, String)>,
}

impl EntrySpans {
    /// Sorts the entries; the extents may come in any order.
    pub(crate) fn new(mut entries: Vec<(TextSpan, String)>) -> EntrySpans {
        entries.sort_by_key(|(span, _)| (span.start, span.end));
        EntrySpans { entries }
    }

    /// Returns the name of the entry that contains a byte of the text.
    pub fn name_at(&self, byte: usize) -> Option<&str> {
        let after = self.entries.partition_point(|(span, _)| span.start <= byte);
        let (span, name) = self.entries[..after].last()?;
        (byte < span.end).then_some(name)
    }
}
