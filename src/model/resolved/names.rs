//! Places in the text of a model.

use std::ops::Range;

/// A range of bytes in the model's text.
pub type TextSpan = Range<usize>;

/// A name with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpannedName {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub span: TextSpan,
}
