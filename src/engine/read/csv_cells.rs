//! Splits rows of delimited text into cells (RFC 4180, with any delimiter).
//!
//! Takes bytes, gives the end of a row and its cells without their quotes. Invariant: a quote
//! counts only at the beginning of a cell, after spaces if any, so a stray one inside (`5" pipe`)
//! is text. Line ends inside quotes belong to the cell.

use super::record_window::RecordScan;

/// Finds the end of a row, including its line end.
pub(super) struct CsvRowScan {
    delimiter: u8,
    place: CsvRowState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvRowState {
    /// At the first byte of a cell.
    Start,
    /// In a cell without quotes, or after the closing quote.
    Plain,
    /// In a quoted cell.
    Quoted,
    /// After a quote in a quoted cell, which closes it or is the first of two.
    Quote,
}

impl CsvRowScan {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, place: CsvRowState::Start }
    }

    /// True if the bytes so far end inside quotes.
    pub(super) fn is_in_quotes(&self) -> bool {
        self.place == CsvRowState::Quoted
    }
}

impl RecordScan for CsvRowScan {
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            // Bytes that cannot change the state are skipped at once.
            let rest = bytes.get(at..)?;
            at += match self.place {
                CsvRowState::Quoted => memchr::memchr(b'"', rest)?,
                CsvRowState::Plain => memchr::memchr2(self.delimiter, b'\n', rest)?,
                CsvRowState::Start | CsvRowState::Quote => 0,
            };
            let byte = *bytes.get(at)?;
            at += 1;
            self.place = match (self.place, byte) {
                (CsvRowState::Quoted, _) => CsvRowState::Quote,
                (CsvRowState::Start, b'"') | (CsvRowState::Quote, b'"') => CsvRowState::Quoted,
                // Padding before a cell; quotes may follow it.
                (CsvRowState::Start, b' ') => CsvRowState::Start,
                (_, b'\n') => return Some(at),
                (_, byte) if byte == self.delimiter => CsvRowState::Start,
                _ => CsvRowState::Plain,
            };
        }
    }
}

/// The cells of one row, without quotes.
#[derive(Default)]
pub(super) struct CsvCells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvCells {
    /// Replaces the cells by those of a row, with or without its line end.
    pub(super) fn split(&mut self, row: &[u8], delimiter: u8) {
        self.text.clear();
        self.ends.clear();
        let row = row.strip_suffix(b"\n").unwrap_or(row);
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let mut rest = row;
        loop {
            let padding = rest.iter().take_while(|byte| **byte == b' ').count();
            let after = match rest.get(padding..).and_then(|cell| cell.strip_prefix(b"\"")) {
                Some(quoted) => self.unquote(quoted),
                None => rest,
            };
            let end = memchr::memchr(delimiter, after);
            // What stands around the quotes, or around a cell without any, is padding.
            self.text.extend_from_slice(after[..end.unwrap_or(after.len())].trim_ascii());
            self.ends.push(self.text.len());
            match end.and_then(|end| after.get(end + 1..)) {
                Some(next) => rest = next,
                None => return,
            }
        }
    }

    /// Parses a quoted cell after its opening quote; returns the rest after the closing one.
    fn unquote<'r>(&mut self, mut rest: &'r [u8]) -> &'r [u8] {
        while let Some(quote) = memchr::memchr(b'"', rest) {
            self.text.extend_from_slice(&rest[..quote]);
            rest = &rest[quote + 1..];
            match rest.strip_prefix(b"\"") {
                Some(next) => {
                    self.text.push(b'"');
                    rest = next;
                }
                None => return rest,
            }
        }
        self.text.extend_from_slice(rest);
        &[]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell by its index from 0; empty beyond the last.
    pub(super) fn get(&self, place: usize) -> &[u8] {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|place| self.get(place))
    }
}
