//! Guesses the column of the ids if a table lacks the one of that name.
//!
//! Takes the first rows of the table and ids of the events, gives the column whose values are ids of events. It is asked only for a message.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::column_name::{has_id_word, has_value_shape, has_word, names_ids_of};
use crate::read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, TableUse};

/// The number of rows that are examined.
const ROWS_MAX: usize = 5_000;

/// A guess of the column of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyGuess {
    /// Values of the column of this name are ids of events.
    Values(String),
    /// Values of the column with this number, from 1, are ids of events, and its name may be a value itself.
    Unnamed(usize),
    /// This column has a name that columns of ids have.
    Name(String),
    /// The first row holds ids of events, so it names no columns.
    NoHeader,
    /// No column fits.
    Unknown,
}

/// Looks for the column whose values are ids of events; `words` are in the names of columns that hold ids.
pub fn guess_key_column(
    inputs: &[InputSource],
    limits: BlockLimits,
    ids: &HashSet<String>,
    words: &[&str],
) -> KeyGuess {
    let samples = column_samples(inputs, limits);
    if samples.iter().any(|sample| ids.contains(&sample.name)) {
        return KeyGuess::NoHeader;
    }
    let known = |sample: &ColumnSample| sample.values.iter().filter(|value| ids.contains(*value)).count();
    // The first of two columns with equally many known ids.
    let best = samples.iter().enumerate().rev().max_by_key(|(_, sample)| known(sample));
    if let Some((place, best)) = best.filter(|(_, sample)| known(sample) > 0) {
        let is_name = best.is_named(words);
        return if is_name { KeyGuess::Values(best.name.clone()) } else { KeyGuess::Unnamed(place + 1) };
    }
    let named = samples.iter().find(|sample| names_ids_of(&sample.name, words));
    named.map_or(KeyGuess::Unknown, |sample| KeyGuess::Name(sample.name.clone()))
}

/// A column and the values of its first rows.
struct ColumnSample {
    name: String,
    values: HashSet<String>,
    /// Whether the name is a cell of the first row, which may be a row of data.
    is_cell: bool,
}

impl ColumnSample {
    /// Whether the name can be none of the column's own values, so that a message may show it.
    fn is_named(&self, words: &[&str]) -> bool {
        let shaped = |value: &&String| has_value_shape(value);
        let differs = || self.values.iter().filter(shaped).count() * 2 > self.values.len();
        let is_word = has_id_word(&self.name) || has_word(&self.name, words);
        !has_value_shape(&self.name) && (!self.is_cell || is_word || differs())
    }
}

/// Columns in the order in which they were met.
#[derive(Default)]
struct ColumnSamples {
    columns: Vec<ColumnSample>,
    places: HashMap<String, usize>,
}

impl ColumnSamples {
    fn column(&mut self, name: &str) -> Option<&mut ColumnSample> {
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.columns.push(ColumnSample { name: name.to_owned(), values: HashSet::new(), is_cell: false });
            self.places.insert(name.to_owned(), self.columns.len() - 1);
            self.columns.len() - 1
        });
        self.columns.get_mut(place)
    }

    fn add_cell(&mut self, name: &str) {
        if let Some(column) = self.column(name) {
            column.is_cell = true;
        }
    }

    fn add_row(&mut self, row: Map<String, Json>) {
        for (name, value) in row {
            let text = match value {
                Json::String(text) => text.trim().to_owned(),
                Json::Number(number) => number.to_string(),
                _ => continue,
            };
            if let Some(column) = self.column(&name).filter(|_| !text.is_empty()) {
                column.values.insert(text);
            }
        }
    }
}

/// The columns of the first rows.
fn column_samples(inputs: &[InputSource], limits: BlockLimits) -> Vec<ColumnSample> {
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(inputs.to_vec(), limits, 1).with_column_mapping(mapping);
    let mut samples = ColumnSamples::default();
    let mut rows = 0;
    let mut block = LineBlock::default();
    while let Ok(Some(next)) = reader.next(block) {
        next.column_names.iter().for_each(|name| samples.add_cell(name));
        for line in next.bytes.split(|byte| *byte == b'\n') {
            let Ok(Json::Object(row)) = serde_json::from_slice(line) else { continue };
            samples.add_row(row);
            rows += 1;
            if rows == ROWS_MAX {
                return samples.columns;
            }
        }
        block = next;
    }
    samples.columns
}
