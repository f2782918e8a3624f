//! Tables that are no rows of entities, such as changes: named columns with typed cells, in every format.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{RowFormat, cell::OutputCell, csv::RecordWriter};

/// Writes a table. Returns the number of text cells that a spreadsheet would have run as a formula.
///
/// # Errors
///
/// Those of the writer.
pub(crate) fn write_table<'r>(
    columns: &[&str],
    rows: impl Iterator<Item = Vec<OutputCell<'r>>>,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut table = TableWriter::new(format);
    table.add(columns, rows, out)?;
    table.finish(columns, out)
}

/// A table that is written part by part.
#[derive(Debug)]
pub(crate) struct TableWriter {
    format: RowFormat,
    /// Whether nothing was written yet.
    is_fresh: bool,
    guarded_cells: u64,
}

impl TableWriter {
    /// A table without rows.
    pub(crate) fn new(format: RowFormat) -> TableWriter {
        TableWriter { format, is_fresh: true, guarded_cells: 0 }
    }

    /// Writes some rows.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn add<'r>(
        &mut self,
        columns: &[&str],
        rows: impl Iterator<Item = Vec<OutputCell<'r>>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self.format {
            RowFormat::Csv(dialect) => {
                let mut bytes = Vec::new();
                let mut writer = RecordWriter::new(dialect, &mut bytes);
                if std::mem::replace(&mut self.is_fresh, false) {
                    let names: Vec<OutputCell<'_>> =
                        columns.iter().map(|name| OutputCell::Text((*name).into())).collect();
                    writer.write(&names)?;
                }
                for row in rows {
                    debug_assert_eq!(row.len(), columns.len(), "a cell for each column");
                    writer.write(&row)?;
                }
                self.guarded_cells += writer.finish()?;
                out.write_all(&bytes)
            }
            RowFormat::Ndjson => {
                for row in rows {
                    write_object(columns, &row, out)?;
                    out.write_all(b"\n")?;
                }
                Ok(())
            }
            RowFormat::Json => {
                for row in rows {
                    let between: &[u8] = if std::mem::replace(&mut self.is_fresh, false) { b"[\n" } else { b",\n" };
                    out.write_all(between)?;
                    write_object(columns, &row, out)?;
                }
                Ok(())
            }
        }
    }

    /// Writes the end. Returns the number of text cells that a spreadsheet would have run as a formula.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub(crate) fn finish(mut self, columns: &[&str], out: &mut dyn Write) -> io::Result<u64> {
        match self.format {
            // The header stands there even without a row.
            RowFormat::Csv(_) => self.add(columns, std::iter::empty(), out)?,
            RowFormat::Ndjson => {}
            RowFormat::Json => out.write_all(if self.is_fresh { b"[\n]\n" } else { b"\n]\n" })?,
        }
        Ok(self.guarded_cells)
    }
}

fn write_object(columns: &[&str], row: &[OutputCell<'_>], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(out, &TableObject { columns, row }).map_err(io::Error::other)
}

/// A row as an object.
struct TableObject<'o> {
    columns: &'o [&'o str],
    row: &'o [OutputCell<'o>],
}

impl Serialize for TableObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().zip(self.row))
    }
}
