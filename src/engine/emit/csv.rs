//! Rows as CSV: RFC 4180 with line feeds; text that a spreadsheet would run as a formula is defused, unless exactness is asked for.

use csv::{QuoteStyle, WriterBuilder};

use super::{formula_guard::FormulaGuard, row::OutputCell};

/// How text cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvDialect {
    /// With a leading `'` where a spreadsheet would run a formula.
    Spreadsheet,
    /// As they are, for machines.
    Exact,
}

/// Writes records into memory.
pub(super) struct CsvRowWriter<'w> {
    /// Always there between two records.
    writer: Option<csv::Writer<&'w mut Vec<u8>>>,
    dialect: CsvDialect,
    defused: u64,
    /// A cell as it is made.
    scratch: String,
}

impl<'w> CsvRowWriter<'w> {
    /// A writer that appends.
    pub(super) fn new(dialect: CsvDialect, into: &'w mut Vec<u8>) -> CsvRowWriter<'w> {
        CsvRowWriter { writer: Some(csv::Writer::from_writer(into)), dialect, defused: 0, scratch: String::new() }
    }

    /// Writes one record.
    ///
    /// **Errors**: never in fact, since it writes to memory.
    pub(super) fn row(&mut self, record: &[OutputCell<'_>]) -> Result<(), csv::Error> {
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
    pub(super) fn finish(mut self) -> Result<u64, csv::Error> {
        self.writer.take().map_or(Ok(()), |mut writer| writer.flush())?;
        Ok(self.defused)
    }
}

/// What a writer writes to, with all that was written in it.
fn into_memory(writer: csv::Writer<&mut Vec<u8>>) -> Result<&mut Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_in_spreadsheets_only() {
        let shown = |record: &[OutputCell<'_>], dialect| {
            let mut bytes = Vec::new();
            let mut writer = CsvRowWriter::new(dialect, &mut bytes);
            writer.row(record).expect("memory");
            writer
                .row(&[OutputCell::Text("a".into()), OutputCell::Null, OutputCell::Null, OutputCell::Null])
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
