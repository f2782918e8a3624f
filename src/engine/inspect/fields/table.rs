//! The cells of the first records, by field.

use std::collections::{HashMap, HashSet};

use crate::{
    decode::{
        for_each_leaf,
        json::{JsonKind, JsonSpan},
        stable_hash,
    },
    inspect::{property_profile::PropertyProfile, value_shape::instant},
    loader_columns::is_loader_column,
};
use pql_model::units::Micros;

/// Fields that are kept.
const FIELDS_MAX: usize = 500;

/// Cells that are kept, over all fields; 32 bytes each.
const CELLS_MAX: usize = 1 << 20;

/// A value in a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldCell {
    /// The record, from 0.
    pub(super) row: u32,
    pub(super) hash: u64,
    /// The instant that the value is, if it is one.
    pub(super) at: Option<Micros>,
}

/// A field of the records.
#[derive(Debug, Clone)]
pub(super) struct FieldColumn {
    /// The keys to it, joined by dots.
    pub(super) path: String,
    /// What its values look like.
    pub(super) profile: PropertyProfile,
    /// The values that are not empty, by record.
    pub(super) cells: Vec<FieldCell>,
    /// The longest value in characters.
    pub(super) longest: usize,
}

/// The first records of the input.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldTable {
    pub(super) rows: u32,
    pub(super) columns: Vec<FieldColumn>,
    places: HashMap<String, usize>,
    cells: usize,
    /// The contents of records, so that copies are known.
    contents: HashSet<u64>,
    /// Records with the content of one before, by their places from 0, in order.
    copies: Vec<u32>,
}

impl FieldTable {
    /// True if no further record has room.
    pub(super) fn is_full(&self) -> bool {
        self.cells >= CELLS_MAX
    }

    /// Adds a column without values.
    pub(super) fn add_column(&mut self, path: &str) {
        self.column(path);
    }

    fn column(&mut self, path: &str) -> Option<&mut FieldColumn> {
        let known = self.places.get(path).copied();
        if known.is_none() && self.columns.len() >= FIELDS_MAX {
            return None;
        }
        let place = known.unwrap_or(self.columns.len());
        if known.is_none() {
            self.places.insert(path.to_owned(), place);
            let (profile, cells) = (PropertyProfile::default(), Vec::new());
            self.columns.push(FieldColumn { path: path.to_owned(), profile, cells, longest: 0 });
        }
        self.columns.get_mut(place)
    }

    /// Adds a record; what is no JSON object has no fields. An object that is written as text has its own.
    pub(super) fn add_record(&mut self, line: &str) {
        let (mut fields, mut content) = (0, 0_u64);
        let mut embedded: Vec<(String, String)> = Vec::new();
        for_each_leaf(line, |path, raw| {
            fields += 1;
            content = content.wrapping_add(content_of(path, raw.slice(line)));
            match raw.text(line).filter(|text| is_object(text)) {
                Some(object) => embedded.push((path.to_owned(), object.into_owned())),
                None => self.add_cell(path, line, raw),
            }
        });
        for (above, object) in embedded {
            for_each_leaf(&object, |path, raw| self.add_cell(&format!("{above}.{path}"), &object, raw));
        }
        if fields > 0 && !self.contents.insert(content) {
            self.copies.push(self.rows);
        }
        self.rows += u32::from(fields > 0);
    }

    /// How many of the values of a column stand in copies of records.
    pub(super) fn copied(&self, column: &FieldColumn) -> u64 {
        let is_copy = |cell: &&FieldCell| self.copies.binary_search(&cell.row).is_ok();
        column.cells.iter().filter(is_copy).count() as u64
    }

    fn add_cell(&mut self, path: &str, line: &str, raw: JsonSpan) {
        let row = self.rows;
        if let Some(column) = self.column(path) {
            column.add(row, line, raw);
            self.cells += 1;
        }
    }
}

/// What a field adds to the content of its record, in any order; nothing if a loader writes it, since copies differ in it.
fn content_of(path: &str, value: &str) -> u64 {
    let leaf = path.rsplit('.').next().unwrap_or_default();
    if is_loader_column(leaf) { 0 } else { stable_hash(&format!("{path}\n{value}")) }
}

/// Whether a text holds a JSON object.
fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

impl FieldColumn {
    fn add(&mut self, row: u32, line: &str, raw: JsonSpan) {
        self.profile.add(line, raw, false);
        match raw.kind {
            JsonKind::Text | JsonKind::EscapedText | JsonKind::Number | JsonKind::True | JsonKind::False => {}
            JsonKind::Missing | JsonKind::Null | JsonKind::Array | JsonKind::Object => return,
        }
        let value = raw.text(line).unwrap_or_else(|| raw.slice(line).into());
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        self.longest = self.longest.max(value.chars().count());
        self.cells.push(FieldCell { row, hash: stable_hash(value), at: instant(value) });
    }
}
