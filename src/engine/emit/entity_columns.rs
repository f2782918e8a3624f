//! The columns of one entity by name, as a row of CSV shows them.

use super::{row::with_row, row_writer::LevelRows, schema::OutputSchema};
use crate::{plan::Model, score::ScoredEntities};
use pql_model::EntityKind;

/// The names of a level's columns, in their order.
pub(crate) fn column_names(model: &Model, side: EntityKind) -> Vec<String> {
    OutputSchema::of_level(model, side).names().map(str::to_owned).collect()
}

/// The text of one column of a user or account, by place; empty for null. None if there is no such column.
pub(crate) fn column_text(
    scored: &ScoredEntities<'_>,
    model: &Model,
    side: EntityKind,
    place: usize,
    name: &str,
) -> Option<String> {
    let schema = OutputSchema::of_level(model, side);
    let column = schema.find(name)?;
    let rows = LevelRows { scored, model, kind: side };
    Some(with_row(rows, place as u32, None, |row| row.cell(column.source).text().into_owned()))
}
