//! The names of the columns of a table, by which it is recognised.

use crate::{
    decode::for_each_leaf,
    read::{BlockLimits, BlockReader, ColumnMapping, InputSource, LineBlock, ReadError, TableUse},
};

/// The rows that are looked at of a file without a header row.
const ROWS_MAX: usize = 1_000;

/// The columns that are looked at.
const COLUMNS_MAX: usize = 1_000;

/// The names in the header row; of a file without one the keys of its first rows, those of objects in objects joined by dots.
///
/// # Errors
///
/// Files that cannot be read.
pub fn outcome_columns(inputs: &[InputSource], limits: BlockLimits) -> Result<Vec<String>, ReadError> {
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(inputs.to_vec(), limits, 1).with_column_mapping(mapping);
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if names.len() < COLUMNS_MAX && !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let mut rows = 0;
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block)? {
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
    Ok(names)
}
