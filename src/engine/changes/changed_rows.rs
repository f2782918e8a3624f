//! The rows of a file for others that differ from what was last published: what a system that imports them has to insert, update and delete.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
};

use crate::{
    emit::{LevelRows, OutputCell, OutputSchema, RowFormat, RowTotals, TextTable, cell_text, query_rows, write_table},
    record::PublishedList,
};
use pql_model::{output_columns::ColumnSource, resolved::ListFile};

/// The column that says what to do with a row.
const SYNC: &str = "sync";

/// The form of a file of changed rows.
#[derive(Debug, Clone, Copy)]
pub enum ChangedRowsFormat {
    /// Rows for a program.
    Rows(RowFormat),
    /// A digest for people.
    Digest,
}

/// Writes the rows of a list that differ from those that were last published. Returns all of its rows, for the next run.
///
/// # Errors
///
/// Those of the writer.
pub fn write_changed_rows(
    rows: LevelRows<'_>,
    (list, before): (&ListFile, Option<&PublishedList>),
    format: ChangedRowsFormat,
    out: &mut dyn Write,
) -> io::Result<(RowTotals, PublishedList)> {
    let schema = OutputSchema::of_query(rows.model, rows.kind, &list.query);
    let (selected, left_out) = query_rows(rows, &list.query, &schema);
    let key = list.query.unique.unwrap_or(ColumnSource::EntityId);
    let key_place = schema.columns.iter().position(|column| column.source == key);
    let names: Vec<&str> = schema.names().collect();
    let known: HashMap<&str, &Vec<String>> = before.iter().flat_map(|before| rows_of(before, &names)).collect();
    let mut published = PublishedList {
        name: list.name.clone(),
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
        rows: Vec::new(),
    };
    let mut written: Vec<Vec<OutputCell<'static>>> = Vec::new();
    for (entity, mut cells) in selected {
        let id = cell_text(rows, entity, key);
        let texts: Vec<String> = cells.iter().map(|cell| cell.text().into_owned()).collect();
        let sync = match known.get(id.as_str()) {
            None => Some("insert"),
            Some(old) if **old != texts => Some("update"),
            Some(_) => None,
        };
        if let Some(sync) = sync {
            cells.push(OutputCell::Text(sync.into()));
            written.push(cells);
        }
        published.rows.push((id, texts));
    }
    let present: HashSet<&str> = published.rows.iter().map(|(id, _)| id.as_str()).collect();
    for (id, _) in before.iter().flat_map(|before| &before.rows).filter(|(id, _)| !present.contains(id.as_str())) {
        let mut cells = vec![OutputCell::Null; names.len()];
        if let Some(place) = key_place {
            cells[place] = OutputCell::Text(id.clone().into());
        }
        cells.push(OutputCell::Text("delete".into()));
        written.push(cells);
    }
    let columns: Vec<&str> = names.iter().copied().chain([SYNC]).collect();
    let mut totals = RowTotals { left_out, ..RowTotals::default() };
    match format {
        ChangedRowsFormat::Rows(format) => {
            totals.guarded_cells = write_table(&columns, written.into_iter(), format, out)?
        }
        ChangedRowsFormat::Digest => {
            let texts = written.iter().map(|row| row.iter().map(|cell| cell.text().into_owned()).collect());
            TextTable { columns: &columns, rows: texts.collect() }.write_digest(&[], out)?;
        }
    }
    Ok((totals, published))
}

/// The rows of a published list by key, if it had the same columns.
fn rows_of<'b>(before: &'b PublishedList, names: &[&str]) -> impl Iterator<Item = (&'b str, &'b Vec<String>)> {
    let same = before.columns.iter().map(String::as_str).eq(names.iter().copied());
    let empty: &'static Vec<String> = const { &Vec::new() };
    before.rows.iter().map(move |(id, cells)| (id.as_str(), if same { cells } else { empty }))
}
