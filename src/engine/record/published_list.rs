//! The rows of a file for others, as they were published.

/// The rows of a file of which a later run writes only what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    /// The name of the file.
    pub name: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its rows in their order: the key, and the text of each cell.
    pub rows: Vec<(String, Vec<String>)>,
}
