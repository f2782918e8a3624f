//! Places in the text of a model.

use std::ops::Range;

/// Bytes of the model's text.
pub type TextSpan = Range<usize>;

/// A name and where the text gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpannedName {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: TextSpan,
}
