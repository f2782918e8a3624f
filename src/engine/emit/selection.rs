//! Which rows of a level are written, and in which order.

use std::{cmp::Ordering, collections::HashSet};

use super::{
    cell::OutputCell,
    row::{EntityRow, with_row},
    row_writer::LevelRows,
};
use pql_model::{
    expr::{Program, Value},
    output_columns::ColumnSource,
    resolved::{RowQuery, SuppressedRows},
};

/// The rows of a query.
#[derive(Debug, Default)]
pub(crate) struct SelectedRows {
    /// The entities in their order.
    pub(crate) entities: Vec<u32>,
    /// What is said of those that are not among them.
    pub(crate) left_out: LeftOutRows,
}

/// Rows that a query leaves out although its condition holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOutRows {
    /// Rows beyond the limit.
    pub beyond: u64,
    /// Of those, rows with the score of the last row before the limit.
    pub tied: u64,
    /// Rows that share a value with a better one.
    pub repeated: u64,
    /// Rows of suppressed entities.
    pub suppressed: u64,
}

/// Chooses and orders the rows.
pub(super) fn select_rows(rows: LevelRows<'_>, query: &RowQuery) -> SelectedRows {
    let mut entities: Vec<u32> = match &query.when {
        Some(when) => rows.order().iter().copied().filter(|entity| holds(rows, *entity, when)).collect(),
        None => rows.order().to_vec(),
    };
    if let Some(order) = &query.order {
        entities = ordered(rows, &entities, order);
    }
    let mut left_out = LeftOutRows::default();
    if query.suppressed == SuppressedRows::LeftOut {
        let all = entities.len();
        entities.retain(|entity| !rows.is_suppressed(*entity));
        left_out.suppressed = (all - entities.len()) as u64;
    }
    if let Some(unique) = query.unique {
        let all = entities.len();
        let mut seen = HashSet::new();
        // Nobody shares an unknown value.
        entities.retain(|entity| {
            let value = cell_text(rows, *entity, unique);
            value.is_empty() || seen.insert(value)
        });
        left_out.repeated = (all - entities.len()) as u64;
    }
    if let Some(limit) = query.limit.filter(|limit| *limit < entities.len()) {
        let score = |place: usize| cell_text(rows, entities[place], ColumnSource::Score);
        let last = limit.checked_sub(1).map(score);
        left_out.beyond = (entities.len() - limit) as u64;
        left_out.tied = (limit..entities.len()).take_while(|place| Some(score(*place)) == last).count() as u64;
        entities.truncate(limit);
    }
    SelectedRows { entities, left_out }
}

/// Whether a condition holds for an entity.
fn holds(rows: LevelRows<'_>, entity: u32, when: &Program) -> bool {
    with_row(rows, entity, None, |row| matches!(row.evaluate(when), Value::Boolean(true)))
}

/// The text of a cell.
pub(crate) fn cell_text(rows: LevelRows<'_>, entity: u32, source: ColumnSource) -> String {
    with_row(rows, entity, None, |row| row.cell(source).text().into_owned())
}

/// Orders entities by their values, the largest first. Of equal ones the smaller id comes first.
fn ordered(rows: LevelRows<'_>, entities: &[u32], order: &[ColumnSource]) -> Vec<u32> {
    let keys = |entity: &u32| (OrderKeys::new(rows, *entity, order), cell_text(rows, *entity, ColumnSource::EntityId));
    let mut keyed: Vec<((OrderKeys, String), u32)> = entities.iter().map(|entity| (keys(entity), *entity)).collect();
    keyed.sort_by(|((a, a_id), _), ((b, b_id), _)| a.cmp_largest_first(b).then_with(|| a_id.cmp(b_id)));
    keyed.into_iter().map(|(_, entity)| entity).collect()
}

/// The values of an entity by which it is ordered.
#[derive(Debug, PartialEq)]
pub(crate) struct OrderKeys(Vec<SortKey>);

impl OrderKeys {
    /// The values in some columns.
    pub(crate) fn new(rows: LevelRows<'_>, entity: u32, order: &[ColumnSource]) -> OrderKeys {
        let keys = |row: &EntityRow<'_>| order.iter().map(|source| SortKey::new(&row.cell(*source))).collect();
        OrderKeys(with_row(rows, entity, None, keys))
    }

    /// The largest value first, an unknown one last.
    pub(crate) fn cmp_largest_first(&self, other: &OrderKeys) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(a, b)| b.cmp(a)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

/// A value to sort by; an unknown value is the smallest.
#[derive(Debug, PartialEq)]
enum SortKey {
    Null,
    Number(f64),
    Text(String),
}

impl SortKey {
    fn new(cell: &OutputCell<'_>) -> SortKey {
        match cell {
            OutputCell::Null => SortKey::Null,
            OutputCell::Text(text) => SortKey::Text(text.to_string()),
            OutputCell::Points(points) => SortKey::Number(points.to_f64()),
            OutputCell::Number(number) => SortKey::Number(*number),
            OutputCell::Boolean(truth) => SortKey::Number(f64::from(u8::from(*truth))),
            OutputCell::Date(day) => SortKey::Number(f64::from(*day)),
            OutputCell::Instant(at) => SortKey::Number(*at as f64),
        }
    }

    fn cmp(&self, other: &SortKey) -> Ordering {
        match (self, other) {
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            SortKey::Null => 0,
            SortKey::Number(_) => 1,
            SortKey::Text(_) => 2,
        }
    }
}
