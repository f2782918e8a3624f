//! The columns of one entity by name, as a row of CSV shows them.

use super::row;
use crate::score::ScoredEntities;
use pql_model::{EntityKind, Model};

/// The names of a level's columns, in their order.
pub fn column_names(model: &Model, side: EntityKind) -> Vec<String> {
    row::header(model, side)
}

/// Every column of a user or account, by place, with its text; nothing known is empty.
pub fn entity_columns(
    scored: &ScoredEntities<'_>,
    model: &Model,
    side: EntityKind,
    place: usize,
) -> Vec<(String, String)> {
    let texts =
        |row: &row::OutputRow<'_>| row.cells.iter().map(|cell| cell.text().into_owned()).collect::<Vec<String>>();
    let cells = row::with(scored, model, side, place, texts);
    row::header(model, side).into_iter().zip(cells).collect()
}
