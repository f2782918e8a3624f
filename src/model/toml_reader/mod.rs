//! Walks a TOML tree with positions: typed values out, every problem collected, unknown keys reported with a near miss.

mod diagnostic_sink;
mod toml_values;

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(crate) use self::toml_values::{as_number, wrong_type};
use self::toml_values::{check_name, list_of_texts};
pub use self::{
    diagnostic_sink::DiagnosticSink,
    toml_values::{as_points, as_table, as_text},
};
use super::codes;
use crate::{
    diag::{Diagnostic, suggest},
    units::Points,
};

/// A value and where it stands in the model.
#[derive(Debug, Clone)]
pub struct WithSpan<T> {
    /// What was read.
    pub value: T,
    /// Bytes of the model's text.
    pub span: Range<usize>,
}

impl<T> WithSpan<T> {
    pub fn new(value: T, span: Range<usize>) -> WithSpan<T> {
        WithSpan { value, span }
    }
}

/// A text of the model with the place of its content, so that a part of it can be marked.
pub type SpannedText = WithSpan<String>;

/// Where a part of a text, such as an expression, stands in the model, as far as it was written without escapes.
pub(crate) fn span_in_source(model: &str, text: &SpannedText, part: &Range<usize>) -> Range<usize> {
    let raw = model.get(text.span.clone()).unwrap_or("");
    match content_offset(raw, text.value.len()) {
        Some(offset) if !text.value.is_empty() => {
            let base = text.span.start + offset;
            // The end of an expression has no width; its last character is marked.
            let (start, end) = (part.start.min(text.value.len() - 1), part.end.max(part.start + 1));
            base + start..base + end.min(text.value.len()).max(start + 1)
        }
        _ => text.span.clone(),
    }
}

/// Where the content of a quoted text begins, if it stands there as it is. An escape is longer than what it stands for, so the lengths tell.
fn content_offset(raw: &str, length: usize) -> Option<usize> {
    // A text of the command line has no quotes.
    if raw.len() == length {
        return Some(0);
    }
    let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
    let inside = raw.get(quotes..raw.len().checked_sub(quotes)?)?;
    // A line end at the beginning of a text of several lines is none of it.
    let skipped = match inside.as_bytes() {
        [b'\r', b'\n', ..] if quotes == 3 => 2,
        [b'\n', ..] if quotes == 3 => 1,
        _ => 0,
    };
    (inside.len() - skipped == length).then_some(quotes + skipped)
}

/// One table of the model while it is being read.
pub struct TableReader<'t> {
    /// What it is, for messages: `a signal`.
    description: String,
    span: Range<usize>,
    entries: Vec<(&'t str, Range<usize>, &'t Spanned<DeValue<'t>>)>,
    /// Every key that was asked for.
    requested_keys: Vec<&'static str>,
    /// Keys to suggest, where which of them are asked for depends on the others.
    suggested_keys: &'static [&'static str],
}

impl<'t> TableReader<'t> {
    /// A view of a table with its entries in the order of the file.
    pub fn new(table: &'t DeTable<'t>, span: Range<usize>, what: impl Into<String>) -> TableReader<'t> {
        let mut entries: Vec<_> =
            table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value)).collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        TableReader { description: what.into(), span, entries, requested_keys: Vec::new(), suggested_keys: &[] }
    }

    /// The place to mark for a problem of the table as a whole: its first key, else all of it.
    pub fn place(&self) -> Range<usize> {
        let header = self.span.clone();
        self.entries.first().map_or(header, |(_, span, _)| span.clone())
    }

    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _, _)| *name == key)
    }

    /// Names the keys to suggest for an unknown key.
    pub fn vocabulary(&mut self, words: &'static [&'static str]) {
        self.suggested_keys = words;
    }

    /// Where a key stands.
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.entries.iter().find(|(name, _, _)| *name == key).map_or_else(|| self.place(), |(_, span, _)| span.clone())
    }

    /// The value of a key as TOML has it, for keys that take several types.
    pub fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.requested_keys.push(key);
        self.entries.iter().find(|(name, _, _)| *name == key).map(|(_, _, value)| *value)
    }

    /// All entries of a table whose keys are names of the model's own.
    pub(crate) fn named(&self, found: &mut DiagnosticSink) -> Vec<(SpannedText, &'t Spanned<DeValue<'t>>)> {
        let mut named = Vec::new();
        for (key, span, value) in &self.entries {
            check_name(key, span, found);
            named.push((WithSpan::new((*key).to_owned(), span.clone()), *value));
        }
        named
    }

    /// All entries, whatever their keys.
    pub fn entries(&self) -> impl Iterator<Item = (SpannedText, &'t Spanned<DeValue<'t>>)> {
        self.entries.iter().map(|(key, span, value)| (WithSpan::new((*key).to_owned(), span.clone()), *value))
    }

    /// Tells every key that nobody asked for.
    pub fn finish(self, found: &mut DiagnosticSink) {
        #[cfg(test)]
        found
            .requested_keys
            .push((self.description.clone(), self.requested_keys.iter().chain(self.suggested_keys).copied().collect()));
        for (key, span, _) in &self.entries {
            if !self.requested_keys.contains(key) {
                let message = format!("unknown key `{key}` in {}", self.description);
                let words = if self.suggested_keys.is_empty() { &self.requested_keys } else { self.suggested_keys };
                let help = match words.contains(key) {
                    true => Some(format!("`{key}` goes with another form of this table")),
                    false => suggest(key, words.iter().copied()),
                };
                found.add(
                    Diagnostic::error(codes::UNKNOWN_KEY, span.clone(), message, "not a key of this table")
                        .maybe_help(help),
                );
            }
        }
    }

    pub fn text(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<SpannedText> {
        let value = self.take(key)?;
        as_text(value, key, found)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<SpannedText> {
        if !self.has(key) {
            self.requested_keys.push(key);
            self.report_missing_key(key, "", found);
            return None;
        }
        self.text(key, found)
    }

    /// Tells that a key is missing.
    pub fn report_missing_key(&self, key: &str, help: &str, found: &mut DiagnosticSink) {
        let message = format!("{} without `{key}`", self.description);
        let help = (!help.is_empty()).then(|| help.to_owned());
        found.add(
            Diagnostic::error(codes::MISSING_KEY, self.place(), message, format!("`{key}` is needed here"))
                .maybe_help(help),
        );
    }

    pub(crate) fn name(&mut self, found: &mut DiagnosticSink) -> Option<SpannedText> {
        let name = self.required_text("name", found)?;
        check_name(&name.value, &name.span, found);
        Some(name)
    }

    /// A text that is a name of the model's own.
    pub(crate) fn name_at_key(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<SpannedText> {
        let name = self.text(key, found)?;
        check_name(&name.value, &name.span, found);
        Some(name)
    }

    pub fn boolean(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<WithSpan<bool>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(WithSpan::new(*truth, value.span())),
            _ => wrong_type(value, key, "true or false", found),
        }
    }

    /// A number that is used as a double.
    pub fn number(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<WithSpan<f64>> {
        let value = self.take(key)?;
        as_number(value, key, found)
    }

    /// A whole number within bounds.
    pub fn count(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
        found: &mut DiagnosticSink,
    ) -> Option<WithSpan<i64>> {
        let value = self.take(key)?;
        let DeValue::Integer(integer) = value.get_ref() else {
            return wrong_type(value, key, "a whole number", found);
        };
        match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) if range.contains(&number) => Some(WithSpan::new(number, value.span())),
            _ => {
                let label = format!("a whole number from {} to {}", range.start(), range.end());
                found.add(Diagnostic::error(
                    codes::BAD_VALUE,
                    value.span(),
                    format!("`{key}` is out of bounds"),
                    label,
                ));
                None
            }
        }
    }

    pub fn points(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<WithSpan<Points>> {
        let value = self.take(key)?;
        as_points(value, key, found)
    }

    /// A text or a list of texts.
    pub fn texts(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<Vec<SpannedText>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(_) => as_text(value, key, found).map(|text| vec![text]),
            DeValue::Array(_) => list_of_texts(value, key, found),
            _ => wrong_type(value, key, "text, or a list of texts", found),
        }
    }

    /// A list of texts.
    pub fn text_list(&mut self, key: &'static str, found: &mut DiagnosticSink) -> Option<Vec<SpannedText>> {
        let value = self.take(key)?;
        list_of_texts(value, key, found)
    }

    /// Marks a key as known without reading it: another problem of it has been reported already.
    pub fn skip_key(&mut self, key: &'static str) {
        self.requested_keys.push(key);
    }

    /// A table below this one.
    pub fn table(&mut self, key: &'static str, what: &str, found: &mut DiagnosticSink) -> Option<TableReader<'t>> {
        let value = self.take(key)?;
        as_table(value, what, key, found)
    }

    /// A list of tables below this one.
    pub fn tables(&mut self, key: &'static str, what: &str, found: &mut DiagnosticSink) -> Vec<TableReader<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            wrong_type::<()>(value, key, &format!("a list of tables, [[...{key}]]"), found);
            return Vec::new();
        };
        array.iter().filter_map(|item| as_table(item, what, key, found)).collect()
    }
}
