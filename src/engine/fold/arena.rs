//! Texts stored back to back in one allocation.

/// Texts by number, in the order of insertion.
#[derive(Debug, Clone, Default)]
pub(super) struct TextArena {
    /// The bytes of all texts.
    pub(super) text: String,
    /// The end of each text, bytes.
    ends: Vec<usize>,
}

impl TextArena {
    /// The number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start..self.ends[number]]
    }

    /// Adds a text under the next number.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// Removes all texts and keeps the allocation.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}
