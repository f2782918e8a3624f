//! The columns of a table of users or accounts, and what their values look like.

use super::event_profile::PropertyProfiles;
use crate::{
    decode::for_each_leaf,
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
};

/// Rows that are looked at.
const ROWS_MAX: u64 = 200_000;

/// Columns that are looked at.
const COLUMNS_MAX: usize = 300;

/// The columns of a table.
#[derive(Debug, Clone, Default)]
pub struct TableColumns {
    /// The columns by name; of objects by the keys to a value, joined by dots.
    pub columns: PropertyProfiles,
    /// The rows that were looked at.
    pub rows: u64,
}

/// Looks at the columns of a table.
///
/// # Errors
/// Files that cannot be read.
pub fn table_columns(inputs: &[InputSource], limits: BlockLimits) -> Result<TableColumns, ReadError> {
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(inputs.to_vec(), limits, 1).with_column_mapping(mapping);
    let mut table = TableColumns::default();
    let mut room = COLUMNS_MAX;
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block)? {
        for name in next.column_names.iter().filter(|name| !name.is_empty()) {
            table.columns.get_or_insert(name, &mut room);
        }
        for line in next.bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
            table.add_row(line, &mut room);
        }
        if table.rows >= ROWS_MAX {
            break;
        }
        block = next;
    }
    Ok(table)
}

impl TableColumns {
    fn add_row(&mut self, line: &str, room: &mut usize) {
        let mut is_row = false;
        for_each_leaf(line, |path, raw| {
            is_row = true;
            if let Some(column) = self.columns.get_or_insert(path, room) {
                column.add(line, raw, false);
            }
        });
        self.rows += u64::from(is_row);
    }
}
