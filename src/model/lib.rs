//! A model: from the TOML that people write to a [`Model`] that cannot be invalid.
//!
//! [`parse`] collects every problem of a text, each with its place; a model that comes out needs no further checks anywhere.

#![warn(unreachable_pub)]

pub mod asks;
pub mod clock;
pub mod codes;
pub mod compile;
pub mod diag;
pub mod expr;
pub mod kind;
pub mod lint;
pub mod output_columns;
pub mod plan;
pub mod rules;
pub mod schema;
pub mod scoring;
pub mod source;
pub mod spots;
pub mod syntax;
pub mod toml_reader;
pub mod units;
pub mod value_format;
pub mod wheres;

use sha2::{Digest, Sha256};

pub use asks::{EventReferences, FactDependencies, LevelReferences, ReferencedCondition, TrackedProperty};
pub use kind::{EntityKind, PerKind};
pub use plan::Model;
pub use source::ModelSource;
pub use spots::{EntrySpans, entry_of_list};
pub use syntax::{MeasureKind, ModelKeywords, model_keywords};
pub use value_format::{VALUE_FORMATS, ValueFormat};

use self::toml_reader::DiagnosticSink;
use crate::diag::{DocumentProblems, SourceDocument};

/// The built-in model: the example that a newcomer reads first.
pub const EXAMPLE: &str = include_str!("../../scoring.example.toml");

/// Reads, checks and compiles a model.
///
/// **Errors**: every problem of the text, at least one.
pub fn parse(document: &SourceDocument) -> Result<Model, DocumentProblems> {
    read(document, compile::FactSelection::OutputsOnly)
}

/// The same with every fact that is declared, also those that no signal, rule or column needs. What it scores is the same; it keeps more.
///
/// **Errors**: as [`parse`].
pub fn parse_all_facts(document: &SourceDocument) -> Result<Model, DocumentProblems> {
    read(document, compile::FactSelection::AllDeclared)
}

/// As [`parse`], with where the parts of the model stand in the text.
///
/// **Errors**: as [`parse`].
pub fn parse_with_source(document: &SourceDocument) -> Result<(Model, ModelSource), DocumentProblems> {
    read_file(document, compile::FactSelection::OutputsOnly).map(|(model, file)| (model, ModelSource::of(&file)))
}

fn read(document: &SourceDocument, extent: compile::FactSelection) -> Result<Model, DocumentProblems> {
    read_file(document, extent).map(|(model, _)| model)
}

fn read_file(
    document: &SourceDocument,
    extent: compile::FactSelection,
) -> Result<(Model, syntax::ModelSyntax), DocumentProblems> {
    let mut found = DiagnosticSink::default();
    let fingerprint = hex(&Sha256::digest(document.text.as_bytes()));
    let file = syntax::read(&document.text, &mut found);
    let model = file.as_ref().and_then(|file| compile::compile(file, &document.text, fingerprint, extent, &mut found));
    match (model, file) {
        (Some(model), Some(file)) if found.list.is_empty() => Ok((model, file)),
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
