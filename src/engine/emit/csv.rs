//! Rows as CSV: RFC 4180 with line feeds; text that a spreadsheet would run as a formula is defused, unless exactness is asked for.

use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};

use super::{
    cell::OutputCell,
    formula_guard::FormulaGuard,
    row_writer::{RowBatch, RowTotals, RowWriter},
    schema::OutputSchema,
};

/// How text cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvDialect {
    /// With a leading `'` where a spreadsheet would run a formula.
    Spreadsheet,
    /// As they are, for machines.
    Exact,
}

/// Rows as CSV, the names of the columns first.
pub(super) struct CsvRows<'s> {
    pub(super) schema: &'s OutputSchema,
    pub(super) dialect: CsvDialect,
}

/// Records as bytes.
pub(super) struct CsvPart {
    bytes: Vec<u8>,
    guarded_cells: u64,
}

impl RowWriter for CsvRows<'_> {
    type Part = CsvPart;
    type State = RowTotals;

    fn begin(&self, out: &mut dyn Write) -> io::Result<RowTotals> {
        let names: Vec<OutputCell<'_>> = self.schema.names().map(|name| OutputCell::Text(name.into())).collect();
        let mut totals = RowTotals::default();
        let header = self.records(|writer| writer.write(&names))?;
        self.append(&mut totals, header, out)?;
        Ok(totals)
    }

    fn encode(&self, rows: &RowBatch<'_>) -> io::Result<CsvPart> {
        self.records(|writer| rows.try_for_each(|row| writer.write(&row.cells(self.schema))))
    }

    fn append(&self, totals: &mut RowTotals, part: CsvPart, out: &mut dyn Write) -> io::Result<()> {
        totals.guarded_cells += part.guarded_cells;
        out.write_all(&part.bytes)
    }

    fn finish(&self, totals: RowTotals, _: &mut dyn Write) -> io::Result<RowTotals> {
        Ok(totals)
    }
}

impl CsvRows<'_> {
    /// Some records as bytes.
    fn records(&self, write: impl FnOnce(&mut RecordWriter<'_>) -> io::Result<()>) -> io::Result<CsvPart> {
        let mut bytes = Vec::new();
        let mut writer = RecordWriter::new(self.dialect, &mut bytes);
        write(&mut writer)?;
        let guarded_cells = writer.finish()?;
        Ok(CsvPart { bytes, guarded_cells })
    }
}

/// Writes records into memory.
pub(super) struct RecordWriter<'w> {
    /// Always there between two records.
    writer: Option<csv::Writer<&'w mut Vec<u8>>>,
    dialect: CsvDialect,
    defused: u64,
    /// A cell as it is made.
    scratch: String,
}

impl<'w> RecordWriter<'w> {
    /// A writer that appends.
    pub(super) fn new(dialect: CsvDialect, into: &'w mut Vec<u8>) -> RecordWriter<'w> {
        RecordWriter { writer: Some(csv::Writer::from_writer(into)), dialect, defused: 0, scratch: String::new() }
    }

    /// Writes one record.
    ///
    /// # Errors
    /// Never in fact, since it writes to memory.
    pub(super) fn write(&mut self, record: &[OutputCell<'_>]) -> io::Result<()> {
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        let texts = record.iter().filter_map(|cell| if let OutputCell::Text(text) = cell { Some(text) } else { None });
        let guard = match self.dialect {
            CsvDialect::Spreadsheet => {
                Some(texts.map(|text| FormulaGuard::required_for(text)).max().unwrap_or(FormulaGuard::Prefix))
            }
            CsvDialect::Exact => None,
        };
        if guard > Some(FormulaGuard::Prefix) {
            let mut quoting = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(into_memory(writer)?);
            self.cells(record, guard, &mut quoting)?;
            writer = csv::Writer::from_writer(into_memory(quoting)?);
        } else {
            self.cells(record, guard, &mut writer)?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn cells(
        &mut self,
        record: &[OutputCell<'_>],
        guard: Option<FormulaGuard>,
        writer: &mut csv::Writer<&'w mut Vec<u8>>,
    ) -> Result<(), csv::Error> {
        for cell in record {
            let text: &str = match (cell, guard) {
                (OutputCell::Null, _) => "",
                (OutputCell::Text(text), None) => text,
                (OutputCell::Text(text), Some(guard)) if guard.leaves(text) => text,
                _ => {
                    self.scratch.clear();
                    match (cell, guard) {
                        (OutputCell::Text(text), Some(guard)) => {
                            self.defused += u64::from(guard.write(text, &mut self.scratch));
                        }
                        _ => cell.push_to(&mut self.scratch),
                    }
                    &self.scratch
                }
            };
            writer.write_field(text)?;
        }
        writer.write_record(None::<&[u8]>)
    }

    /// Ends; gives how many cells were defused.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.writer.take().map_or(Ok(()), |mut writer| writer.flush())?;
        Ok(self.defused)
    }
}

/// What a writer writes to, with all that was written in it.
fn into_memory(writer: csv::Writer<&mut Vec<u8>>) -> Result<&mut Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|error| csv::Error::from(io::Error::other(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_in_spreadsheets_only() {
        let shown = |record: &[OutputCell<'_>], dialect| {
            let mut bytes = Vec::new();
            let mut writer = RecordWriter::new(dialect, &mut bytes);
            writer.write(record).expect("memory");
            writer
                .write(&[OutputCell::Text("a".into()), OutputCell::Null, OutputCell::Null, OutputCell::Null])
                .expect("memory");
            let defused = writer.finish().expect("memory");
            (String::from_utf8(bytes).expect("text"), defused)
        };
        let record = vec![
            OutputCell::Text("=1".into()),
            OutputCell::Number(-1.0),
            OutputCell::Text("a\"b,c".into()),
            OutputCell::Null,
        ];
        assert_eq!(shown(&record, CsvDialect::Spreadsheet), ("'=1,-1,\"a\"\"b,c\",\na,,,\n".to_owned(), 1));
        assert_eq!(shown(&record, CsvDialect::Exact), ("=1,-1,\"a\"\"b,c\",\na,,,\n".to_owned(), 0));
        let record = vec![
            OutputCell::Text("b".into()),
            OutputCell::Number(-1.0),
            OutputCell::Text("x;=1".into()),
            OutputCell::Null,
        ];
        assert_eq!(shown(&record, CsvDialect::Spreadsheet), ("\"b\",\"-1\",\"x;=1\",\"\"\na,,,\n".to_owned(), 0));
        assert_eq!(shown(&record, CsvDialect::Exact), ("b,-1,x;=1,\na,,,\n".to_owned(), 0));
    }
}
