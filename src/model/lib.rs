//! The model: from the TOML that people write to a [`ResolvedModel`] that cannot be invalid.
//!
//! [`syntax`] reads the TOML, [`resolve`] gives every name its meaning, and [`resolved`] has what comes
//! out. [`lint`], [`schema`] and [`scoring`] ask the resolved model. Nothing here reads files, starts
//! threads or knows events; the crate of the engine derives its plan from a resolved model.
//!
//! [`parse`] collects every problem of a text, each with its place. A model that comes out needs no
//! further checks anywhere. The modules stand in the order of the data.

#![warn(unreachable_pub)]

// Numbers with units: points, instants and days, and how they are printed.
pub mod units;

// Problems of a document: code, place, help, drawn once for every command.
pub mod diag;

// The text of every code, with examples.
pub mod rules;

// The codes that this crate gives.
pub mod codes;

// Time zones to dates, text to instants, windows of dates.
pub mod clock;

// The SQL subset: text to tree, tree to typed program, program to value.
pub mod expr;

// Users and accounts, and the key of a fact at one of the two.
pub mod fact_key;
pub mod kind;

// How text of a trait becomes a number or a date.
pub mod value_format;

// TOML with the place of every value, and the problems found on the way.
pub mod toml_reader;

// The keys of a model file as they are written.
pub mod syntax;

// Names to meanings: events, expressions, measures, facts in their order.
pub mod resolve;

// The resolved model, which everybody asks who asks about meaning.
pub mod resolved;

// Conditions over numbers that have names, and the numbers of a run.
pub mod number_condition;
pub mod run_numbers;

// The columns of the rows that a model gives.
pub mod output_columns;

// Points of a signal, sums with bounds, the tier of a score.
pub mod scoring;

// Warnings about a model that need no events.
pub mod lint;

// The JSON Schema of a model file, for editors.
pub mod schema;

use sha2::{Digest, Sha256};

pub use fact_key::{FactKey, FactSlot};
pub use kind::{EntityKind, PerKind};
pub use resolve::{FactSelection, ModelRequest, RequestedRows};
pub use resolved::ResolvedModel;
pub use syntax::{MeasureKind, ModelKeywords, model_keywords};
pub use value_format::{VALUE_FORMATS, ValueFormat};

use self::toml_reader::DiagnosticSink;
use crate::diag::{DocumentProblems, SourceDocument};

/// The built-in model: the example that a newcomer reads first.
pub const EXAMPLE: &str = include_str!("../../scoring.example.toml");

/// A model that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippedModel {
    /// What it is called on the command line.
    pub key: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The models that come with the program, the usual one first.
pub const SHIPPED: [ShippedModel; 3] = [
    ShippedModel { key: "sales", purpose: "who is ready for sales, by points", text: EXAMPLE },
    ShippedModel {
        key: "b2b",
        purpose: "a self-serve product with sales assist, by conditions",
        text: include_str!("../../fixtures/models/b2b.toml"),
    },
    ShippedModel {
        key: "enterprise",
        purpose: "pilots of teams in large companies",
        text: include_str!("../../fixtures/models/enterprise.toml"),
    },
];

/// Reads, checks and resolves a model.
///
/// # Errors
///
/// Every problem of the text, at least one; or those of what is asked for, in a document of its own.
pub fn parse(document: &SourceDocument, request: ModelRequest<'_>) -> Result<ResolvedModel, DocumentProblems> {
    let mut found = DiagnosticSink::default();
    let fingerprint = hex(&Sha256::digest(document.text.as_bytes()));
    let file = syntax::read(&document.text, &mut found);
    let resolved =
        file.map_or(Err(None), |file| resolve::resolve(&file, &document.text, fingerprint, request, &mut found));
    match resolved {
        Ok(resolved) if found.list.is_empty() => Ok(resolved),
        Ok(_) | Err(None) => Err(DocumentProblems { document: document.clone(), list: found.list }),
        Err(Some(of_request)) => Err(DocumentProblems { document: of_request, list: found.list }),
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
