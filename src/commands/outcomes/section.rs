//! The text of `[outcomes]` for a known export.

use std::fmt::Write;

use super::KnownExport;
use crate::commands::toml_text::toml_string;
use pql_model::{EntityKind, ValueFormat};

/// What the rows of an export are matched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChoice {
    /// Nothing is known of it yet.
    Unknown,
    /// Ids of accounts or users.
    Id,
    /// A trait that the model has, or the words `domain` and `email`.
    Known(String),
    /// A column of a table of users or accounts, which becomes a trait.
    Column {
        /// Whose table it is.
        kind: EntityKind,
        /// The name of the trait.
        name: String,
        /// The column.
        column: String,
    },
}

/// How the values of an export are written, where they are written otherwise than usual.
#[derive(Debug, Clone, Default)]
pub struct MapFormats {
    /// Formats that read all dates; the first is taken.
    pub dates: Vec<ValueFormat>,
    /// Formats that read all amounts; the first is taken.
    pub amounts: Vec<ValueFormat>,
}

impl MapFormats {
    /// Adds what another reading found; what is known stays.
    pub fn add(&mut self, found: MapFormats) {
        if self.dates.is_empty() {
            self.dates = found.dates;
        }
        if self.amounts.is_empty() {
            self.amounts = found.amounts;
        }
    }
}

/// The section for an export whose rows say in a column whose they are.
pub fn outcomes_section(export: &KnownExport, column: &str, key: &KeyChoice, formats: &MapFormats) -> String {
    let mut out = String::new();
    if let KeyChoice::Column { kind, name, column } = key {
        let _ = writeln!(out, "[{}.traits.{name}]", kind.word());
        let _ = writeln!(out, "type = \"text\"\nfrom = [{}]\n", toml_string(column));
    }
    let _ = writeln!(out, "[outcomes]                         # {}", export.name);
    match key {
        KeyChoice::Unknown => {
            out.push_str("# key = \"crm_id\"                   # the trait that holds these ids; without it, rows are matched by ids of accounts and users\n");
        }
        KeyChoice::Id => {}
        KeyChoice::Known(name) | KeyChoice::Column { name, .. } => {
            let _ = writeln!(out, "key = {}", toml_string(name));
        }
    }
    let fields = std::iter::once(("key", column.to_owned())).chain(export.fields.iter().cloned());
    let fields: Vec<String> = fields.map(|(key, name)| format!("{key} = {}", toml_string(&name))).collect();
    let _ = writeln!(out, "fields = {{ {} }}", fields.join(", "));
    for (key, found) in [("date_format", &formats.dates), ("amount_format", &formats.amounts)] {
        if let Some((first, others)) = found.split_first() {
            let others: Vec<String> = others.iter().map(|other| toml_string(other.word())).collect();
            let doubt = if others.is_empty() {
                String::new()
            } else {
                format!("   # or {}: the values fit both", others.join(" or "))
            };
            let _ = writeln!(out, "{key} = {}{doubt}", toml_string(first.word()));
        }
    }
    for (word, at, when) in &export.words {
        let when = when.as_ref().map(|when| format!(", where = {}", toml_string(when))).unwrap_or_default();
        let _ = writeln!(out, "{} = {{ at = {}{when} }}", word.name(), toml_string(at));
    }
    for remark in export.remarks {
        let _ = writeln!(out, "# {remark}");
    }
    out
}
