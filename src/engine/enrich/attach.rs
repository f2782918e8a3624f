//! Matches the rows of a table with the entities of their ids.

use std::collections::{HashMap, HashSet};

use super::{EnrichError, EnrichFile, EnrichRow};
use pql_model::{expr::Value, units::Micros};

/// Values of traits by the place of an entity; none if the table has no row for it.
pub type AttachedTraits = Vec<Option<Vec<Value<'static>>>>;

/// The rows that hold before an instant, by the place of their entity, and the ids without an entity.
///
/// # Errors
///
/// Two rows for one entity that disagree.
pub fn attach(
    file: &EnrichFile,
    as_of: Micros,
    count: usize,
    place: impl Fn(&str) -> Option<u32>,
) -> Result<(AttachedTraits, HashSet<&str>), EnrichError> {
    let mut rows: Vec<Option<&EnrichRow>> = vec![None; count];
    let mut strangers: HashMap<&str, &EnrichRow> = HashMap::new();
    for row in valid_rows(file, as_of) {
        let known = match place(&row.key) {
            Some(place) => rows.get_mut(place as usize),
            None => None,
        };
        match known {
            Some(slot) => *slot = Some(slot.map_or(Ok(row), |first| file.settle(first, row))?),
            None => {
                let first = strangers.get(&*row.key).map_or(Ok(row), |first| file.settle(first, row))?;
                strangers.insert(&row.key, first);
            }
        }
    }
    let rows = rows.into_iter().map(|row| row.map(|row| row.values.clone())).collect();
    Ok((rows, strangers.into_keys().collect()))
}

/// The row of each id that counts before an instant. If rows disagree, which [`attach`] refuses, any of them.
pub fn current_rows(file: &EnrichFile, as_of: Micros) -> impl Iterator<Item = &EnrichRow> {
    let mut rows: HashMap<&str, &EnrichRow> = HashMap::new();
    for row in valid_rows(file, as_of) {
        let known = rows.entry(&row.key).or_insert(row);
        if known.valid.from < row.valid.from {
            *known = row;
        }
    }
    rows.into_values()
}

/// Rows that hold before an instant.
fn valid_rows(file: &EnrichFile, as_of: Micros) -> impl Iterator<Item = &EnrichRow> {
    file.rows.iter().filter(move |row| row.valid.holds_before(as_of))
}

impl EnrichFile {
    /// The row that counts of two rows about one entity: the newer one, if a row ends with the next.
    ///
    /// # Errors
    ///
    /// Rows for one instant that disagree.
    pub(super) fn settle<'r>(&self, first: &'r EnrichRow, row: &'r EnrichRow) -> Result<&'r EnrichRow, EnrichError> {
        if !self.has_ends && first.valid.from != row.valid.from {
            return Ok(if first.valid.from < row.valid.from { row } else { first });
        }
        let mut values = first.values.iter().zip(&row.values).zip(&self.trait_columns);
        let Some((_, columns)) = values.find(|((first, row), _)| first != row) else { return Ok(first) };
        let name = |file: u32| self.files.get(file as usize).expect("a row is from one of the files").clone();
        let of_other = if first.file == row.file { String::new() } else { format!(" of `{}`", name(first.file)) };
        let message = format!(
            "a second row for what line {}{of_other} is about, which says something else in the column {columns}; keep one of them",
            first.line
        );
        Err(EnrichError::Content { file: name(row.file), line: Some(row.line), message })
    }
}
