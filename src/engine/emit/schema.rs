//! What a table of rows holds: its columns with names, types and sources.
//!
//! Every format takes the same schema, so a chosen or renamed set of columns is another [`OutputSchema`] and no other table.

use crate::plan::Model;
use pql_model::{
    EntityKind,
    output_columns::{ColumnSource, ColumnType, OutputColumn, stamp_columns, standard_columns},
    resolved::RowQuery,
};

/// The columns of rows of one kind of entity.
#[derive(Debug, Clone)]
pub(crate) struct OutputSchema {
    /// In the order in which they are written.
    pub(crate) columns: Vec<OutputColumn>,
}

impl OutputSchema {
    /// All columns of a level: the standard ones, and those that the model adds.
    pub(crate) fn of_level(model: &Model, kind: EntityKind) -> OutputSchema {
        let level = model.resolved.level(kind);
        let categories = level.categories.iter().map(|category| category.name.as_str());
        let milestones = level.milestones.iter().map(|milestone| milestone.name.as_str());
        let mut columns = standard_columns(kind, categories, milestones);
        columns.extend(level.columns.iter().map(|column| {
            OutputColumn::new(
                column.header.as_str(),
                ColumnType::of_value(column.kind),
                ColumnSource::Fact(column.slot),
            )
        }));
        if model.resolved.stamp {
            columns.extend(stamp_columns());
        }
        OutputSchema { columns }
    }

    /// The columns that a query asks for, else all of the level.
    pub(crate) fn of_query(model: &Model, kind: EntityKind, query: &RowQuery) -> OutputSchema {
        match &query.columns {
            Some(columns) => OutputSchema { columns: columns.clone() },
            None => OutputSchema::of_level(model, kind),
        }
    }

    /// The names, in their order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The column of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&OutputColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
