//! Writes rows of tables as objects, one per line.
//!
//! Takes the header and the values of a row as JSON, gives the object. Invariant: a value cannot
//! break out of its place. Text is escaped, and JSON is copied only if it is complete.
//!
//! All tables pass through JSON. This costs a copy, and gives one decoder, one set of reject
//! reasons, and vendor formats that work in tables too.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::ids::{id_of_cell, id_of_text};

use super::{
    ReadError,
    table_header::{CellRole, HeaderError, RecordNode, TableHeader},
};

/// A row of a table.
pub(super) trait RowValues {
    /// True if values have types. Text is then text, even if it looks like a number.
    const TYPED: bool;

    /// Appends the value of a column as JSON, by its index from 0. Returns `false`, with nothing
    /// appended, if the value is missing.
    fn write(&self, column: usize, out: &mut Vec<u8>) -> bool;
}

/// Adds a row as an object; gives the column, from 1, that should hold an object and does not, if there is one.
pub(super) fn write_record(out: &mut Vec<u8>, header: &TableHeader, row: &impl RowValues) -> Option<usize> {
    let mut writer = RecordWriter { row, out, broken: None };
    writer.object(&header.root);
    writer.broken
}

/// Writes one row as an object.
struct RecordWriter<'w, R> {
    row: &'w R,
    out: &'w mut Vec<u8>,
    /// The column that should hold an object and does not, from 1.
    broken: Option<usize>,
}

impl<R: RowValues> RecordWriter<'_, R> {
    /// Writes an object, without the keys that have no value.
    fn object(&mut self, keys: &[(Vec<u8>, RecordNode)]) -> bool {
        let mut is_empty = true;
        self.out.push(b'{');
        for (key, node) in keys {
            let before = self.out.len();
            if !is_empty {
                self.out.push(b',');
            }
            self.out.extend_from_slice(key);
            let written = match node {
                RecordNode::Object(below) => self.object(below),
                RecordNode::Cell(column, role) => self.cell(*column, *role),
            };
            if written {
                is_empty = false;
            } else {
                self.out.truncate(before);
            }
        }
        self.out.push(b'}');
        !is_empty
    }

    /// Writes a value; `false` if it is missing.
    fn cell(&mut self, column: usize, role: CellRole) -> bool {
        let start = self.out.len();
        if !self.row.write(column, self.out) {
            return false;
        }
        let written = self.out.get(start..).expect("a value is appended");
        match role {
            CellRole::Value | CellRole::Time => {}
            CellRole::Id => return self.normalize_id(start),
            CellRole::Object if written == b"\"null\"" => return false,
            CellRole::Object if written.first() != Some(&b'{') => self.broken = Some(column + 1),
            CellRole::Object => {}
        }
        true
    }
}

impl<R: RowValues> RecordWriter<'_, R> {
    /// Replaces an id that was written from a byte on: a whole number becomes its digits. `false` if it is a number that is no id, such as `0.0`.
    fn normalize_id(&mut self, start: usize) -> bool {
        let written = self.out.get(start..).expect("an id is appended");
        let text = written.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        let text = text.filter(|_| !R::TYPED).and_then(|text| std::str::from_utf8(text).ok());
        match text.map(id_of_cell) {
            Some(Some(Cow::Owned(id))) => {
                self.out.truncate(start + 1);
                self.out.extend_from_slice(id.as_bytes());
                self.out.push(b'"');
                true
            }
            // Blanks and placeholders are for the decoder, which knows those of vendors too.
            Some(None) => text.is_some_and(|text| id_of_text(text).is_none()),
            Some(Some(Cow::Borrowed(_))) | None => true,
        }
    }
}

/// Writes text as JSON: a complete object or list as it is, other text in quotes.
pub(super) fn write_value(out: &mut Vec<u8>, text: &[u8]) {
    if matches!(text.first(), Some(b'{' | b'[')) && serde_json::from_slice::<IgnoredAny>(text).is_ok() {
        // In complete JSON a line end can only be white space.
        out.extend(text.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }));
    } else {
        write_text(out, text);
    }
}

/// Writes a text in JSON quotes. Bytes that are not UTF-8 stay, for the decoder to reject.
pub(super) fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// The error for a table that cannot be read as events.
pub(super) fn header_error(name: &str, names: &[String], unfit: HeaderError) -> ReadError {
    let has = |column: &str| names.iter().any(|name| name == column);
    let columns = names.len();
    let (what, advice) = match unfit {
        HeaderError::NoKey => return ReadError::NoKeyColumn { name: name.to_owned(), columns: names.to_vec() },
        HeaderError::DuplicateKeyed(first, second) => (
            format!(
                "a table in which columns {first} and {second} of {columns} have one name, `{}`",
                names.get(first - 1).map_or("", String::as_str)
            ),
            "rename one of them in the header row, or leave one out of the export".to_owned(),
        ),
        _ if has("score") && has("tier") && has("signals") => (
            "scores that this program wrote, not events".to_owned(),
            "name the files of events themselves, and write results into another folder".to_owned(),
        ),
        HeaderError::DuplicateColumn(first, second) => (
            format!("a table in which columns {first} and {second} of {columns} have one name"),
            "rename one of them in the header row, or leave one out of the export".to_owned(),
        ),
        HeaderError::NestedColumn(whole) => (
            format!("a table with a column `{whole}` and others named `{whole}.…`"),
            format!("keep one of the two: a JSON object in `{whole}`, or a column for each of its keys"),
        ),
        HeaderError::MissingFields(parts) => missing_fields_text(columns, &parts, has("user_id") || has("account_id")),
    };
    ReadError::UnusableTable { name: name.to_owned(), what, advice }
}

fn missing_fields_text(columns: usize, parts: &[(&'static str, Option<String>)], is_keyed: bool) -> (String, String) {
    let word = |key: &str| match key {
        "event" => "the name of the event",
        "time" => "its time",
        _ => "a user, visitor or account",
    };
    let words: Vec<&str> = parts.iter().map(|(key, _)| word(key)).collect();
    let fields: Vec<String> =
        parts.iter().map(|(key, guess)| format!("{key} = \"{}\"", guess.as_deref().unwrap_or("COLUMN"))).collect();
    let what = format!("a table of {columns} columns of which none is known to hold {}", words.join(", nor "));
    let mut advice = format!("say which do in the model: `[input]` with `fields = {{ {} }}`", fields.join(", "));
    if is_keyed && parts.iter().any(|(key, _)| *key == "event") {
        advice.push_str("; what is known of users or accounts goes to --users or --accounts instead");
    }
    (what, advice)
}
