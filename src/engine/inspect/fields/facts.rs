//! What the values of a field say, in counts.

use std::collections::HashSet;

use super::{
    table::{FieldColumn, FieldTable},
    words::path_words,
};
use crate::inspect::value_shape::SHAPES;
use pql_model::units::{DAY_US, Micros};

/// Records from which on counts are evidence; fewer may agree by chance.
const EVIDENCE_MIN: u64 = 20;

/// What is known of a field.
#[derive(Debug, Clone)]
pub(super) struct FieldFacts<'t> {
    pub(super) column: &'t FieldColumn,
    /// The words of its path, in lower case.
    pub(super) words: Vec<String>,
    /// The words of its last key.
    pub(super) leaf: Vec<String>,
    pub(super) rows: u64,
    /// Records in which it has a value.
    pub(super) filled: u64,
    pub(super) distinct: u64,
    /// Records in which it has a value, without copies of others.
    filled_once: u64,
    /// Values that are instants.
    times: u64,
    /// Instants more than a day ahead of now.
    ahead: u64,
}

impl<'t> FieldFacts<'t> {
    pub(super) fn new(column: &'t FieldColumn, table: &FieldTable, now: Micros) -> FieldFacts<'t> {
        let leaf = column.path.rsplit('.').next().unwrap_or_default();
        let distinct: HashSet<u64> = column.cells.iter().map(|cell| cell.hash).collect();
        let instants = || column.cells.iter().filter_map(|cell| cell.at);
        FieldFacts {
            column,
            words: path_words(&column.path),
            leaf: path_words(leaf),
            rows: u64::from(table.rows),
            filled: column.cells.len() as u64,
            filled_once: column.cells.len() as u64 - table.copied(column),
            distinct: distinct.len() as u64,
            times: instants().count() as u64,
            ahead: instants().filter(|at| *at > now.saturating_add(DAY_US)).count() as u64,
        }
    }

    pub(super) fn path(&self) -> &'t str {
        &self.column.path
    }

    /// How many keys lead to it, less one.
    pub(super) fn depth(&self) -> i32 {
        self.column.path.matches('.').count() as i32
    }

    /// Whether at least this share of the records has a value, in percent.
    pub(super) fn is_filled(&self, percent: u64) -> bool {
        self.filled > 0 && self.filled * 100 >= self.rows * percent
    }

    /// Whether its values are text or numbers and no times.
    pub(super) fn is_plain(&self) -> bool {
        self.filled > 0 && self.times * 2 < self.filled && self.share_of("true or false") == 0
    }

    /// Whether its values are instants.
    pub(super) fn is_time(&self) -> bool {
        self.filled > 0 && self.times * 100 >= self.filled * 95
    }

    /// Whether more than one in twenty of its instants lies ahead of now.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead * 20 > self.filled
    }

    /// Whether all values are one, of enough to say so.
    pub(super) fn is_constant(&self) -> bool {
        self.filled >= EVIDENCE_MIN && self.distinct == 1
    }

    /// Whether nearly every value is another, of enough to say so.
    pub(super) fn is_unique(&self) -> bool {
        self.filled_once >= EVIDENCE_MIN && self.distinct * 100 >= self.filled_once * 98
    }

    /// Whether values come again too often for an id of records.
    pub(super) fn is_repeated(&self) -> bool {
        self.distinct * 100 < self.filled_once * if self.filled_once >= EVIDENCE_MIN { 85 } else { 50 }
    }

    /// Whether there are too many different values for names of kinds.
    pub(super) fn is_various(&self) -> bool {
        self.filled >= 2 * EVIDENCE_MIN && self.distinct * 2 > self.filled
    }

    /// Whether the values are text.
    pub(super) fn is_text(&self) -> bool {
        let [texts, others @ ..] = &self.column.profile.types;
        let numbers = ["number as text", "integer", "decimal"].iter().map(|name| self.share_of(name)).sum::<u64>();
        *texts > 0 && others.iter().take(4).sum::<u64>() == 0 && numbers < 50
    }

    /// The share of values of a shape, in percent.
    pub(super) fn share_of(&self, shape: &str) -> u64 {
        let place = SHAPES.iter().position(|known| *known == shape);
        let count = place.and_then(|place| self.column.profile.shapes.get(place)).copied().unwrap_or_default();
        (count * 100).checked_div(self.filled).unwrap_or_default()
    }
}

/// How many different pairs of values two fields have in the records that have both, and how many values of the first.
pub(super) fn pairs(a: &FieldColumn, b: &FieldColumn) -> (u64, u64) {
    let (mut pairs, mut firsts) = (HashSet::new(), HashSet::new());
    let mut others = b.cells.iter().peekable();
    for cell in &a.cells {
        while others.next_if(|other| other.row < cell.row).is_some() {}
        if let Some(other) = others.peek().filter(|other| other.row == cell.row) {
            pairs.insert((cell.hash, other.hash));
            firsts.insert(cell.hash);
        }
    }
    (pairs.len() as u64, firsts.len() as u64)
}
