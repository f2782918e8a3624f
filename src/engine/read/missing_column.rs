//! Columns that the model's `[input] fields` names and a table does not have.

use super::column_mapping::{ColumnMapping, EVENT_FIELDS, FieldAliases};
use crate::loader_columns::is_loader_column;

/// Candidates that are named.
const NEAR_MAX: usize = 3;

/// A column that the model names and the header row of a table does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingColumn {
    /// The part of an event that it holds: the key in `[input] fields`.
    pub part: &'static str,
    /// Its name in the model.
    pub column: String,
    /// Columns of the table that may be it, the likeliest first.
    pub near: Vec<String>,
}

/// The columns that a model names and a table with these columns does not have.
pub(super) fn missing_columns(names: &[String], naming: &ColumnMapping) -> Vec<MissingColumn> {
    let asked = naming.fields.iter().zip(&EVENT_FIELDS).filter_map(|(path, part)| Some((path.as_ref()?, part)));
    let asked = asked.filter(|(path, _)| !path.is_empty() && !names.iter().any(|name| holds(name, path)));
    let missing = asked.map(|(path, part)| MissingColumn {
        part: part.key,
        column: path.join("."),
        near: near_columns(names, naming, part),
    });
    missing.collect()
}

/// Whether a column is a field, an object around it, or a part of it.
fn holds(name: &str, path: &[String]) -> bool {
    let mut keys = name.split('.');
    path.iter().all(|key| keys.next().is_none_or(|of_name| of_name == key))
}

/// Columns that no field is read from, those first whose names resemble the part.
fn near_columns(names: &[String], naming: &ColumnMapping, part: &FieldAliases) -> Vec<String> {
    let is_read = |name: &String| naming.fields.iter().flatten().any(|path| holds(name, path));
    let is_property = |name: &String| naming.properties.iter().flatten().any(|property| property == name);
    let free = |name: &&String| !name.is_empty() && !is_read(name) && !is_property(name) && !is_loader_column(name);
    let sounds = |name: &&String| part.hints.iter().any(|hint| name.to_ascii_lowercase().contains(hint));
    let (like, others): (Vec<&String>, Vec<&String>) = names.iter().filter(free).partition(sounds);
    // What a person may take for a name, so that a value in the place of one is not shown.
    let is_shown = |name: &&&String| name.len() <= 64 && !name.contains('@');
    let all = if like.is_empty() { others } else { like };
    all.iter().filter(is_shown).take(NEAR_MAX).map(|name| (*name).clone()).collect()
}
