//! Exports of other programs: recognised by their columns, with the `[outcomes]` that reads them.
//!
//! Takes the names of the columns of a file, gives a [`KnownExport`], and from that the text of the section.

mod exports;
mod section;

pub use exports::{KnownExport, recognise_export};
pub use section::{KeyChoice, MapFormats, outcomes_section};
