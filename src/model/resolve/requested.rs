//! Rows that the command line asks for: a condition and columns over the facts of a model.

use super::{ModelResolver, PhaseLimit};
use crate::{
    EntityKind,
    diag::SourceDocument,
    output_columns::{ColumnSource, OutputColumn},
    resolved::{RowQuery, SuppressedRows},
    toml_reader::SpannedText,
};

/// What the command line asks of the rows of one level.
#[derive(Debug)]
pub struct RequestedRows {
    /// The level.
    pub kind: EntityKind,
    /// Only rows for which it holds; the text of `--where`.
    pub when: Option<String>,
    /// Names of columns, with commas between them; the text of `--columns`.
    pub columns: Option<String>,
    /// The most rows.
    pub limit: Option<usize>,
}

impl RequestedRows {
    /// Chosen rows are a list, which leaves out the suppressed unless it shows by which suppression.
    fn suppressed(&self, columns: &[OutputColumn]) -> SuppressedRows {
        let is_list = self.when.is_some() || self.limit.is_some();
        let is_shown = columns.iter().any(|column| column.source == ColumnSource::Suppressed);
        if is_list && !is_shown { SuppressedRows::LeftOut } else { SuppressedRows::Kept }
    }
}

impl<'f> ModelResolver<'f, '_> {
    /// Finds the requested facts in the model. A text that names unknown facts gives their problems.
    ///
    /// # Errors
    ///
    /// The text with the problems.
    pub(super) fn requested_rows(&mut self, rows: &'f RequestedRows) -> Result<RowQuery, SourceDocument> {
        let when = match &rows.when {
            Some(text) => self.within("--where", text, |resolver, text| {
                resolver.condition(rows.kind, &whole(text), PhaseLimit::NONE)
            })?,
            None => None,
        };
        let columns: Option<Vec<OutputColumn>> = match &rows.columns {
            Some(text) => Some(self.within("--columns", text, |resolver, text| {
                let names = parts(text).into_iter();
                names.filter_map(|name| resolver.output_column(rows.kind, &name.value, &name)).collect()
            })?),
            None => None,
        };
        let suppressed = rows.suppressed(columns.as_deref().unwrap_or_default());
        Ok(RowQuery { when, columns, suppressed, limit: rows.limit, ..RowQuery::default() })
    }

    /// Resolves a text of the command line in place of the model's own.
    fn within<T>(
        &mut self,
        option: &str,
        text: &'f str,
        resolve: impl FnOnce(&mut Self, &str) -> T,
    ) -> Result<T, SourceDocument> {
        let of_model = std::mem::replace(&mut self.text, text);
        let resolved = resolve(self, text);
        self.text = of_model;
        if self.found.list.is_empty() {
            Ok(resolved)
        } else {
            Err(SourceDocument { name: option.to_owned(), text: text.to_owned() })
        }
    }
}

fn whole(text: &str) -> SpannedText {
    SpannedText::new(text.to_owned(), 0..text.len())
}

/// The names between commas, without the white space around them.
fn parts(text: &str) -> Vec<SpannedText> {
    let mut start = 0;
    let mut found = Vec::new();
    for part in text.split(',') {
        let name = part.trim();
        let at = start + part.len() - part.trim_start().len();
        found.push(SpannedText::new(name.to_owned(), at..at + name.len()));
        start += part.len() + 1;
    }
    found
}
