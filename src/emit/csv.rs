//! Rows as CSV: RFC 4180 with line feeds; text that a spreadsheet would run as a formula is defused, unless exactness is asked for.

use super::row::Cell;

/// How text cells are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// With a leading `'` where a spreadsheet would run a formula.
    Spreadsheet,
    /// As they are, for machines.
    Exact,
}

/// Whether a spreadsheet would run a text as a formula: its first character, or the first after white space and marks that are dropped, is one
/// that begins formulas.
///
/// **Source**: OWASP's list (`=`, `+`, `-`, `@`, tab, carriage return, line feed), full-width forms for Japanese locales, and NUL, which
/// LibreOffice Calc drops.
pub fn is_formula(text: &str) -> bool {
    let dropped =
        |c: char| matches!(c, ' ' | '\u{a0}' | '\u{3000}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}');
    let triggers = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠');
    text.trim_start_matches(dropped).starts_with(triggers)
}

/// Writes records into memory.
pub(super) struct Writer<'w> {
    writer: csv::Writer<&'w mut Vec<u8>>,
    dialect: Dialect,
    defused: u64,
    /// A cell as it is made.
    scratch: String,
}

impl<'w> Writer<'w> {
    /// A writer that appends.
    pub(super) fn new(dialect: Dialect, into: &'w mut Vec<u8>) -> Writer<'w> {
        Writer { writer: csv::WriterBuilder::new().from_writer(into), dialect, defused: 0, scratch: String::new() }
    }

    /// Writes one record.
    ///
    /// **Errors**: never in fact, since it writes to memory.
    pub(super) fn row(&mut self, record: &[Cell<'_>]) -> Result<(), csv::Error> {
        for cell in record {
            self.scratch.clear();
            if let Cell::Text(text) = cell
                && self.dialect == Dialect::Spreadsheet
                && is_formula(text)
            {
                self.defused += 1;
                self.scratch.push('\'');
            }
            cell.push_to(&mut self.scratch);
            self.writer.write_field(self.scratch.as_bytes())?;
        }
        self.writer.write_record(None::<&[u8]>)
    }

    /// Ends; gives how many cells were defused.
    pub(super) fn finish(mut self) -> Result<u64, csv::Error> {
        self.writer.flush()?;
        Ok(self.defused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_nothing_else_is() {
        for (text, runs) in [
            ("=1+1", true),
            ("+49", true),
            ("-2", true),
            ("@SUM(A1)", true),
            ("\t=1", true),
            ("\u{feff} =1", true),
            ("＝1", true),
            ("\0=1", true),
            ("acme", false),
            ("a=b", false),
            ("", false),
            ("'=1", false),
            ("1-2", false),
        ] {
            assert_eq!(is_formula(text), runs, "{text:?}");
        }
        let record = vec![Cell::Text("=1".into()), Cell::Number(-1.0), Cell::Text("a\"b,c".into()), Cell::Null];
        let shown = |dialect| {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(dialect, &mut bytes);
            writer.row(&record).expect("memory");
            let defused = writer.finish().expect("memory");
            (String::from_utf8(bytes).expect("text"), defused)
        };
        assert_eq!(shown(Dialect::Spreadsheet), ("'=1,-1,\"a\"\"b,c\",\n".to_owned(), 1));
        assert_eq!(shown(Dialect::Exact), ("=1,-1,\"a\"\"b,c\",\n".to_owned(), 0));
    }
}
