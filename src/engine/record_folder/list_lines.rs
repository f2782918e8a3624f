//! `lists.ndjson`: the rows of files for others of which the next run writes only what changed.
//!
//! A line with the name and the columns of a file stands before the lines of its rows.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::error::FileFault;
use crate::record::PublishedList;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum ListLine<'l> {
    File { file: String, columns: Vec<String> },
    Row { key: std::borrow::Cow<'l, str>, cells: Vec<String> },
}

/// Writes lists.
///
/// # Errors
///
/// Those of the writer.
pub(super) fn write_lists(lists: &[PublishedList], out: &mut dyn Write) -> io::Result<()> {
    for list in lists {
        write_line(&ListLine::File { file: list.name.clone(), columns: list.columns.clone() }, out)?;
        for (key, cells) in &list.rows {
            write_line(&ListLine::Row { key: key.as_str().into(), cells: cells.clone() }, out)?;
        }
    }
    Ok(())
}

fn write_line(line: &ListLine<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::other)?;
    out.write_all(b"\n")
}

/// Reads lists.
///
/// # Errors
///
/// A line that is none.
pub(super) fn read_lists(bytes: &[u8]) -> Result<Vec<PublishedList>, FileFault> {
    let mut lists: Vec<PublishedList> = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let line: ListLine<'_> = serde_json::from_slice(line).map_err(|error| FileFault::at_line(number + 1, error))?;
        match (line, lists.last_mut()) {
            (ListLine::File { file, columns }, _) => {
                lists.push(PublishedList { name: file, columns, rows: Vec::new() });
            }
            (ListLine::Row { key, cells }, Some(list)) => list.rows.push((key.into_owned(), cells)),
            (ListLine::Row { .. }, None) => {
                return Err(FileFault::at_line(number + 1, "is a row before the name of its file"));
            }
        }
    }
    Ok(lists)
}
