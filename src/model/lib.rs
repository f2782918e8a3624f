//! A model: from the TOML that people write to a [`Model`] that cannot be invalid.
//!
//! [`parse`] collects every problem of a text, each with its place; a model that comes out needs no further checks anywhere.

#![warn(unreachable_pub)]

pub mod clock;
pub mod codes;
pub mod diag;
pub mod expr;
pub mod fact_key;
pub mod kind;
pub mod lint;
pub mod output_columns;
pub mod resolve;
pub mod resolved;
pub mod rules;
pub mod schema;
pub mod scoring;
pub mod syntax;
pub mod toml_reader;
pub mod units;
pub mod value_format;

use sha2::{Digest, Sha256};

pub use fact_key::{FactKey, FactSlot};
pub use kind::{EntityKind, PerKind};
pub use resolve::FactSelection;
pub use resolved::ResolvedModel;
pub use syntax::{MeasureKind, ModelKeywords, model_keywords};
pub use value_format::{VALUE_FORMATS, ValueFormat};

use self::toml_reader::DiagnosticSink;
use crate::diag::{DocumentProblems, SourceDocument};

/// The built-in model: the example that a newcomer reads first.
pub const EXAMPLE: &str = include_str!("../../scoring.example.toml");

/// Reads, checks and resolves a model.
///
/// # Errors
///
/// Every problem of the text, at least one.
pub fn parse(document: &SourceDocument, selection: FactSelection) -> Result<ResolvedModel, DocumentProblems> {
    let mut found = DiagnosticSink::default();
    let fingerprint = hex(&Sha256::digest(document.text.as_bytes()));
    let file = syntax::read(&document.text, &mut found);
    let resolved = file.and_then(|file| resolve::resolve(&file, &document.text, fingerprint, selection, &mut found));
    match resolved {
        Some(resolved) if found.list.is_empty() => Ok(resolved),
        _ => Err(DocumentProblems { document: document.clone(), list: found.list }),
    }
}

/// The keys that the reader asks each table of a text for, by what messages call the table.
#[cfg(test)]
pub(crate) fn requested_keys(text: &str) -> Vec<(String, Vec<&'static str>)> {
    let mut found = DiagnosticSink::default();
    let _ = syntax::read(text, &mut found);
    found.requested_keys
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
