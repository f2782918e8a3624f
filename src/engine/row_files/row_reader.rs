//! Reads a file of rows through the readers of tables.

use std::path::Path;

use serde_json::{Map, Value as Json};

use super::{
    RowFileError,
    row_cells::{RowCells, RowLayout},
    snapshot_builder::{SnapshotBuilder, id_column},
};
use crate::{
    read::{BlockLimits, BlockReader, ColumnMapping, LineBlock, TableUse, table_inputs},
    record::LevelSnapshot,
};
use pql_model::{EntityKind, diag::quoted_list};

/// Columns that every list has, beside that of the ids.
const NEEDED: [&str; 5] = ["score", "tier", "qualified", "route", "signals"];

/// Reads the rows of a file. Users and accounts are told apart by their columns; a file of objects without any by its name.
///
/// # Errors
///
/// [`RowFileError`].
pub(super) fn read_rows(path: &Path) -> Result<(EntityKind, LevelSnapshot), RowFileError> {
    let name = path.display().to_string();
    let mapping = ColumnMapping { table_use: TableUse::AllColumns, ..ColumnMapping::default() };
    let reader = BlockReader::new(table_inputs(path)?, BlockLimits::STANDARD, 1).with_column_mapping(mapping);
    let mut rows = RowReader { name: &name, layout: RowLayout::Objects, list: None, line: 0 };
    let mut block = LineBlock::default();
    while let Some(next) = reader.next(block)? {
        rows.block(&next)?;
        block = next;
    }
    match (rows.list, kind_of_name(path)) {
        (Some((kind, list)), _) => Ok((kind, list.finish()?)),
        (None, Some(kind)) => Ok((kind, LevelSnapshot::default())),
        (None, None) => Err(RowFileError::of_file(
            &name,
            "the file has no row, so it shows neither users nor accounts; expected a file of `pql score --out`",
        )),
    }
}

/// The level that a file is named after.
fn kind_of_name(path: &Path) -> Option<EntityKind> {
    let stem = path.file_stem()?.to_str()?;
    EntityKind::ALL.into_iter().find(|kind| stem == kind.plural())
}

/// Takes the rows of one file.
struct RowReader<'f> {
    name: &'f str,
    layout: RowLayout,
    /// The rows so far, once the columns are known.
    list: Option<(EntityKind, SnapshotBuilder<'f>)>,
    /// The last line.
    line: u64,
}

impl<'f> RowReader<'f> {
    fn block(&mut self, block: &LineBlock) -> Result<(), RowFileError> {
        if !block.column_names.is_empty() {
            self.layout = RowLayout::Table;
            self.begin(&block.column_names)?;
        }
        for (number, bytes) in block.bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            self.line = block.origins.get(number).map_or(self.line + 1, |origin| origin.line);
            let is_broken = block.origins.get(number).is_some_and(|origin| origin.broken.is_some());
            if block.long_line.is_some() || is_broken {
                return Err(self.no_row());
            }
            if !bytes.trim_ascii().is_empty() {
                self.row(bytes)?;
            }
        }
        Ok(())
    }

    fn row(&mut self, bytes: &[u8]) -> Result<(), RowFileError> {
        let cells: Map<String, Json> = serde_json::from_slice(bytes).map_err(|_| self.no_row())?;
        let row = RowCells::new(cells, self.layout);
        if self.list.is_none() {
            self.begin(&row.columns().cloned().collect::<Vec<String>>())?;
        }
        let (_, list) = self.list.as_mut().expect("the columns are known from the first row on");
        list.add(&row, self.line)
    }

    fn no_row(&self) -> RowFileError {
        let message = "expected a row of `pql score`: cells under the header row, or one object on a line".to_owned();
        RowFileError::Content { name: self.name.to_owned(), line: Some(self.line), message }
    }

    /// Takes the columns, which say whose rows they are.
    fn begin(&mut self, columns: &[String]) -> Result<(), RowFileError> {
        let has = |name: &str| columns.iter().any(|column| column == name);
        let kind = EntityKind::ALL.into_iter().find(|kind| has(id_column(*kind)));
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !has(name)).collect();
        let lacks = match (kind, missing.as_slice()) {
            (Some(kind), []) => {
                self.list = Some((kind, SnapshotBuilder::new(self.name, kind)));
                return Ok(());
            }
            (None, _) => "neither a column `user_id` nor `account_id`".to_owned(),
            (Some(_), [one]) => format!("no column `{one}`"),
            (Some(_), several) => format!("no columns {}", quoted_list(several)),
        };
        let advice = "give a folder of `pql score --out`, or its file of users or accounts as it was written";
        Err(RowFileError::of_file(
            self.name,
            format!("the file has {lacks}, so it is no list of `pql score`; {advice}"),
        ))
    }
}
