//! Texts one after the other in one allocation.

/// Texts by number, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct TextArena {
    /// All of them.
    pub(super) text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl TextArena {
    /// How many texts there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a number.
    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.text[start..self.ends[number]]
    }

    /// Adds a text, which has the next number.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// Forgets all texts, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}
