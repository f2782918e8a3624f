//! Where the entries of a model stand that have a name, so that a warning about a place can be told from the same warning about another.

use super::TextSpan;

/// The entries of a model that have a name.
#[derive(Debug, Clone, Default)]
pub struct EntrySpans {
    /// Where each begins and ends, by where it begins.
    entries: Vec<(TextSpan, String)>,
}

impl EntrySpans {
    /// Entries with their whole extent, in any order.
    pub(crate) fn new(mut entries: Vec<(TextSpan, String)>) -> EntrySpans {
        entries.sort_by_key(|(span, _)| (span.start, span.end));
        EntrySpans { entries }
    }

    /// The name of the entry that a byte of the text lies in.
    pub fn name_at(&self, byte: usize) -> Option<&str> {
        let after = self.entries.partition_point(|(span, _)| span.start <= byte);
        let (span, name) = self.entries[..after].last()?;
        (byte < span.end).then_some(name)
    }
}
