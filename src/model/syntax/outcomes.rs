//! `[outcomes]`: how the rows of another program's table become outcomes.

use super::{
    super::{
        VALUE_FORMATS, ValueFormat, codes,
        resolved::OutcomeWord,
        toml_reader::{DiagnosticSink, SpannedText, TableReader},
    },
    choice,
};
use crate::{diag::Diagnostic, expr::ValueType};
use std::ops::Range;

/// The section as written.
#[derive(Debug)]
pub(crate) struct OutcomesSyntax {
    /// What rows are matched by; none for the id.
    pub(crate) key: Option<SpannedText>,
    pub(crate) fields: OutcomeFieldsSyntax,
    pub(crate) amount_format: Option<ValueFormat>,
    pub(crate) date_format: Option<ValueFormat>,
    /// In the order of [`OutcomeWord::ALL`].
    pub(crate) words: Vec<OutcomeEntrySyntax>,
    /// The place of the section.
    pub(crate) span: Range<usize>,
}

/// `fields`: names of columns.
#[derive(Debug, Default)]
pub(crate) struct OutcomeFieldsSyntax {
    pub(crate) key: Option<SpannedText>,
    pub(crate) deal: Option<SpannedText>,
    pub(crate) amount: Option<SpannedText>,
    pub(crate) currency: Option<SpannedText>,
    pub(crate) owner: Option<SpannedText>,
    pub(crate) reason: Option<SpannedText>,
}

/// What an outcome of a row is found by.
#[derive(Debug)]
pub(crate) struct OutcomeEntrySyntax {
    pub(crate) word: OutcomeWord,
    /// The column of its date.
    pub(crate) at: SpannedText,
    pub(crate) filter: Option<SpannedText>,
    /// The place of the word.
    pub(crate) span: Range<usize>,
}

pub(super) fn read(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> OutcomesSyntax {
    let span = table.place();
    let key = table.text("key", found);
    let fields = match table.table("fields", "[outcomes] fields", found) {
        Some(fields) => read_fields(fields, found),
        None => {
            if !table.has("fields") {
                table.report_missing_key("fields", "fields = { key = \"Account ID\", deal = \"Deal ID\" }", found);
            }
            OutcomeFieldsSyntax::default()
        }
    };
    let amount_format = format(&mut table, "amount_format", ValueType::Number, found);
    let date_format = format(&mut table, "date_format", ValueType::Date, found);
    let words: Vec<OutcomeEntrySyntax> =
        OutcomeWord::ALL.into_iter().filter_map(|word| entry(&mut table, word, found)).collect();
    if !OutcomeWord::ALL.iter().any(|word| table.has(word.name())) {
        table.report_missing_key("won", "won = { at = \"Close Date\", where = \"Stage = 'Closed Won'\" }", found);
    }
    table.finish(found);
    OutcomesSyntax { key, fields, amount_format, date_format, words, span }
}

fn read_fields(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> OutcomeFieldsSyntax {
    let fields = OutcomeFieldsSyntax {
        key: table.required_text("key", found),
        deal: table.text("deal", found),
        amount: table.text("amount", found),
        currency: table.text("currency", found),
        owner: table.text("owner", found),
        reason: table.text("reason", found),
    };
    table.finish(found);
    fields
}

/// A format for values of a type.
fn format(
    table: &mut TableReader<'_>,
    key: &'static str,
    wanted: ValueType,
    found: &mut DiagnosticSink,
) -> Option<ValueFormat> {
    choice(table, key, &formats_of(wanted), found).map(|format| format.value)
}

/// The formats for values of a type.
pub(super) fn formats_of(wanted: ValueType) -> Vec<(&'static str, ValueFormat)> {
    VALUE_FORMATS.into_iter().filter(|(_, format)| format.value_type() == wanted).collect()
}

/// `won = { at = "Close Date", where = "..." }`
fn entry(table: &mut TableReader<'_>, word: OutcomeWord, found: &mut DiagnosticSink) -> Option<OutcomeEntrySyntax> {
    let span = table.key_span(word.name());
    let mut entry = table.table(word.name(), &format!("the outcome `{}`", word.name()), found)?;
    let at = match entry.required_text("at", found) {
        Some(at) if at.value.trim().is_empty() => {
            let label = "expected the name of a column";
            found.add(Diagnostic::error(codes::BAD_VALUE, at.span, "`at` names no column", label));
            None
        }
        at => at,
    };
    let filter = entry.text("where", found);
    entry.finish(found);
    Some(OutcomeEntrySyntax { word, at: at?, filter, span })
}
