//! The names of the columns of a table, by which it is recognised.

use std::collections::HashSet;

use crate::{
    decode::for_each_leaf,
    enrich::{ColumnSlots, EnrichError, RowTaker, TableRow, TableSource, walk_table},
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
};

/// The rows that are looked at of a file without a header row.
const ROWS_MAX: usize = 1_000;

/// The columns that are looked at.
const COLUMNS_MAX: usize = 1_000;

/// The names of the columns of a file.
#[derive(Debug, Clone, Default)]
pub struct ColumnNames {
    /// In their order.
    pub names: Vec<String>,
    /// Whether they stand in a header row, so that each row has all of them.
    pub(super) has_header: bool,
}

/// The names in the header row; of a file without one the keys of its first rows, those of objects in objects joined by dots.
///
/// # Errors
///
/// Files that cannot be read.
pub fn outcome_columns(inputs: &[InputSource], limits: BlockLimits) -> Result<ColumnNames, ReadError> {
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(inputs.to_vec(), limits, 1).with_column_mapping(mapping);
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if names.len() < COLUMNS_MAX && !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let (mut rows, mut has_header) = (0, false);
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block)? {
        has_header |= !next.column_names.is_empty();
        next.column_names.iter().for_each(|name| add(name));
        let lines = next.bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        for line in lines.take(ROWS_MAX - rows) {
            for_each_leaf(line, |path, _| add(path));
            rows += 1;
        }
        if rows >= ROWS_MAX {
            break;
        }
        block = next;
    }
    Ok(ColumnNames { names, has_header })
}

/// The ids in a column, at most [`VALUES_MAX`] of them. A cell may list several between semicolons.
///
/// # Errors
///
/// Files that cannot be read.
pub fn column_values(
    inputs: &[InputSource],
    column: &str,
    limits: BlockLimits,
) -> Result<HashSet<String>, EnrichError> {
    let slots = ColumnSlots::new([column]);
    let mut values = ColumnValues::default();
    walk_table(TableSource { inputs, keys: &[column], limits }, &slots, &mut values)?;
    Ok(values.0)
}

/// The values of a column that are kept.
const VALUES_MAX: usize = 100_000;

#[derive(Default)]
struct ColumnValues(HashSet<String>);

impl RowTaker for ColumnValues {
    fn header(&mut self, _: &[String]) {}

    fn row(&mut self, row: &TableRow<'_>) -> Result<(), EnrichError> {
        if let Some(id) = row.id(0).filter(|_| self.0.len() < VALUES_MAX) {
            self.0.extend(id.split(';').map(|part| part.trim().to_owned()));
        }
        Ok(())
    }
}
