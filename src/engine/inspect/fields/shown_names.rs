//! Names of fields as reports show them.
//!
//! In a table without a line of names, the cells of its first record stand where names would. A name that has the shape of a value is shown by its
//! place, since it may be personal data; if the first line is a record, so are all of its names.

use std::borrow::Cow;

use super::{FieldSurvey, table::FieldColumn};
use crate::{decode::stable_hash, inspect::value_shape::text_shape};

/// What is shown for a name that looks like a value and is no field of the first records.
const UNNAMED: &str = "a field whose name looks like a value";

/// Shapes that no name has.
const VALUE_SHAPES: [&str; 7] =
    ["number as text", "date", "date and time", "UUID", "e-mail", "web address", "hexadecimal"];

impl FieldSurvey {
    /// A name as a report may show it: by its place if it looks like a value.
    pub fn shown_name<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let place = || self.table.columns.iter().position(|column| column.path == path);
        let word = if self.is_table { "column" } else { "field" };
        match place() {
            Some(place) if self.is_headless || has_value_shape(path) => Cow::Owned(format!("{word} {}", place + 1)),
            None if has_value_shape(path) => Cow::Borrowed(UNNAMED),
            Some(_) | None => Cow::Borrowed(path),
        }
    }

    /// The same for the keys of a table, numbered where several are one.
    pub(crate) fn distinct_names<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Vec<Cow<'p, str>> {
        let mut unnamed = 0;
        let shown = |path| match self.shown_name(path) {
            name if name == UNNAMED => {
                unnamed += 1;
                Cow::Owned(format!("{name} ({unnamed})"))
            }
            name => name,
        };
        paths.map(shown).collect()
    }

    /// Whether a name may be shown as it is.
    pub fn is_shown(&self, path: &str) -> bool {
        self.shown_name(path) == path
    }
}

/// Whether the first line of a table is a record: one of its cells has the shape of a value, or comes again below.
///
/// A line of names that comes again, as in files that were joined, does so with all of its cells.
pub(super) fn is_record(columns: &[FieldColumn]) -> bool {
    let again = |column: &&FieldColumn| {
        let hash = stable_hash(&column.path);
        column.cells.iter().any(|cell| cell.hash == hash)
    };
    let repeated = columns.iter().filter(again).count();
    columns.iter().any(|column| has_value_shape(&column.path)) || (repeated > 0 && repeated < columns.len())
}

/// Whether a name has the shape of a value: an id, an e-mail, a number or a date.
fn has_value_shape(path: &str) -> bool {
    let is_value = |name: &str| VALUE_SHAPES.contains(&text_shape(name)) || is_id(name);
    is_value(path) || path.split('.').any(is_value) || holds_email(path)
}

/// Whether a path has an e-mail, whose dots look like those of the path.
fn holds_email(path: &str) -> bool {
    let (before, after) = path.split_once('@').unwrap_or_default();
    before.ends_with(|c: char| c.is_alphanumeric())
        && after.starts_with(|c: char| c.is_alphanumeric())
        && !path.contains(char::is_whitespace)
}

/// Whether a name is made of letters and more digits, as ids are.
fn is_id(name: &str) -> bool {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'));
    is_word && (digits >= 4 || (digits >= 3 && digits > letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_no_names() {
        for value in
            ["7", "2026-03-01", "kim@acme.example", "by.kim@acme.example", "u_20003", "w063a", "https://a.example/x"]
        {
            assert!(has_value_shape(value), "{value}");
        }
        for name in
            ["user_id", "# Employees", "Account ID (18)", "@timestamp", "md5", "sha256", "step_1", "context.page.url"]
        {
            assert!(!has_value_shape(name), "{name}");
        }
    }
}
