//! The values of the columns of a table of users or accounts that may hold its ids.

use std::collections::{HashMap, HashSet};

use crate::{
    decode::{for_each_leaf, stable_hash},
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
};

/// Rows that are looked at.
const ROWS_MAX: u64 = 200_000;

/// Columns that are looked at.
const COLUMNS_MAX: usize = 100;

/// The columns of a table in which nearly every row has a value of its own.
#[derive(Debug, Clone, Default)]
pub struct TableIds {
    /// The table, as messages show it.
    pub name: String,
    /// Each column with the hashes of its values.
    pub(crate) columns: Vec<(String, HashSet<u64>)>,
}

/// Reads the columns that may hold ids; only one, if it is said which.
///
/// # Errors
/// Files that cannot be read.
pub fn table_ids(
    (name, inputs): (&str, &[InputSource]),
    key: Option<&str>,
    limits: BlockLimits,
) -> Result<TableIds, ReadError> {
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(inputs.to_vec(), limits, 1).with_column_mapping(mapping);
    let mut columns: HashMap<String, HashSet<u64>> = HashMap::new();
    let (mut rows, mut block) = (0_u64, LineBlock::default());
    while let Some(next) = reader.next(block)? {
        for line in next.bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
            rows += u64::from(add_row(&mut columns, line));
        }
        if rows >= ROWS_MAX {
            break;
        }
        block = next;
    }
    let is_key = |column: &str| key.is_none_or(|key| key == column);
    let is_own = |values: &HashSet<u64>| values.len() as u64 * 10 >= rows * 9;
    let mut columns: Vec<(String, HashSet<u64>)> =
        columns.into_iter().filter(|(column, values)| is_key(column) && is_own(values)).collect();
    columns.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(TableIds { name: name.to_owned(), columns })
}

/// Adds the values of a row; says if it was one.
fn add_row(columns: &mut HashMap<String, HashSet<u64>>, line: &str) -> bool {
    let mut is_row = false;
    for_each_leaf(line, |path, raw| {
        is_row = true;
        let value = raw.text(line).unwrap_or_else(|| raw.slice(line).into());
        let value = value.trim();
        if value.is_empty() || (columns.len() >= COLUMNS_MAX && !columns.contains_key(path)) {
            return;
        }
        if !columns.contains_key(path) {
            columns.insert(path.to_owned(), HashSet::new());
        }
        if let Some(values) = columns.get_mut(path) {
            values.insert(stable_hash(value));
        }
    });
    is_row
}
