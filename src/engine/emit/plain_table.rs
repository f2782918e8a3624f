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
    match format {
        RowFormat::Csv(dialect) => {
            let mut bytes = Vec::new();
            let mut writer = RecordWriter::new(dialect, &mut bytes);
            let names: Vec<OutputCell<'_>> = columns.iter().map(|name| OutputCell::Text((*name).into())).collect();
            writer.write(&names)?;
            for row in rows {
                debug_assert_eq!(row.len(), columns.len(), "a cell for each column");
                writer.write(&row)?;
            }
            let guarded = writer.finish()?;
            out.write_all(&bytes)?;
            Ok(guarded)
        }
        RowFormat::Ndjson => {
            for row in rows {
                write_object(columns, &row, out)?;
                out.write_all(b"\n")?;
            }
            Ok(0)
        }
        RowFormat::Json => {
            out.write_all(b"[")?;
            let mut between: &[u8] = b"\n";
            for row in rows {
                out.write_all(std::mem::replace(&mut between, b",\n"))?;
                write_object(columns, &row, out)?;
            }
            out.write_all(b"\n]\n")?;
            Ok(0)
        }
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
