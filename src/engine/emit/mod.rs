//! Scored entities to bytes: CSV, JSON, NDJSON, a summary for people, and the record of a run.
//!
//! Takes [`Scored`] and the model; gives bytes. Rows are made in parallel and written in order.

pub mod csv;
mod entity_columns;
mod formula_guard;
mod id_map;
mod json;
mod row;
mod run_record;
mod table;

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::mpsc,
};

pub use csv::CsvDialect;
pub use entity_columns::{column_names, entity_columns};
pub use id_map::write_id_map;
pub use json::number;
pub use run_record::{FileFacts, RunFacts, run_record};
pub use table::level_summary_text;

use crate::score::ScoredEntities;
use pql_model::{EntityKind, Model};

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// A line of cells.
    Csv(CsvDialect),
    /// One list of objects.
    Json,
    /// An object a line.
    Ndjson,
}

impl RowFormat {
    /// The ending of files of this form.
    pub fn ending(self) -> &'static str {
        match self {
            RowFormat::Csv(_) => "csv",
            RowFormat::Json => "json",
            RowFormat::Ndjson => "ndjson",
        }
    }
}

/// Rows made at once by one thread.
const ROWS_AT_ONCE: usize = 1024;

/// Writes all rows of a level; gives how many cells were defused against spreadsheets.
///
/// **Errors**: those of the writer.
pub fn write_rows(
    scored: &ScoredEntities<'_>,
    model: &Model,
    side: EntityKind,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let renderer = RowRenderer { scored, model, side, format, header: row::header(model, side) };
    let order = match side {
        EntityKind::User => &scored.user_order,
        EntityKind::Account => &scored.account_order,
    };
    let mut defused = renderer.begin(out)?;
    let mut first = true;
    let write = |part: io::Result<(Vec<u8>, u64)>| -> io::Result<()> {
        let (bytes, of_part) = part?;
        if format == RowFormat::Json && !first {
            out.write_all(b",")?;
        }
        first = false;
        defused += of_part;
        out.write_all(&bytes)
    };
    let parts = order.chunks(ROWS_AT_ONCE);
    if rayon::current_thread_index().is_some() {
        // There is no other thread to make them.
        parts.map(|part| renderer.render(part)).try_for_each(write)?;
    } else {
        map_ordered_parallel(parts, |part| renderer.render(part), write)?;
    }
    if format == RowFormat::Json {
        out.write_all(b"\n]\n")?;
    }
    Ok(defused)
}

/// Makes something of each part in the threads of the pool, and hands it on in order. While some is handed on more is made, a few parts ahead, so
/// that memory stays bounded. Not to be called in a thread of the pool.
fn map_ordered_parallel<'p, P: ?Sized + Sync + 'p, T: Send>(
    parts: impl Iterator<Item = &'p P>,
    make: impl Fn(&'p P) -> T + Sync,
    mut hand_on: impl FnMut(T) -> io::Result<()>,
) -> io::Result<()> {
    let ahead = 2 * rayon::current_num_threads();
    rayon::in_place_scope_fifo(|scope| {
        let make = &make;
        let mut made = VecDeque::with_capacity(ahead);
        // Of a part whose maker panicked there is nothing; the panic goes on when the scope ends.
        let mut receive = |part: mpsc::Receiver<T>| part.recv().map_or(Ok(()), &mut hand_on);
        for part in parts {
            if made.len() == ahead {
                made.pop_front().map_or(Ok(()), &mut receive)?;
            }
            let (give, take) = mpsc::sync_channel(1);
            // Nobody takes it if an earlier part could not be handed on.
            scope.spawn_fifo(move |_| give.send(make(part)).unwrap_or_default());
            made.push_back(take);
        }
        made.into_iter().try_for_each(receive)
    })
}

/// Makes rows of one level in one form.
struct RowRenderer<'r, 's> {
    scored: &'r ScoredEntities<'s>,
    model: &'r Model,
    side: EntityKind,
    format: RowFormat,
    header: Vec<String>,
}

impl RowRenderer<'_, '_> {
    /// What stands before the first row.
    fn begin(&self, out: &mut dyn Write) -> io::Result<u64> {
        match self.format {
            RowFormat::Csv(dialect) => {
                let cells: Vec<row::OutputCell<'_>> =
                    self.header.iter().map(|name| row::OutputCell::Text(name.as_str().into())).collect();
                let mut bytes = Vec::new();
                let mut writer = csv::CsvRowWriter::new(dialect, &mut bytes);
                writer.row(&cells).map_err(io::Error::other)?;
                let defused = writer.finish().map_err(io::Error::other)?;
                out.write_all(&bytes)?;
                Ok(defused)
            }
            RowFormat::Json => out.write_all(b"[").map(|()| 0),
            RowFormat::Ndjson => Ok(0),
        }
    }

    /// Rows of some entities, and how many of their cells were defused.
    fn render(&self, entities: &[u32]) -> io::Result<(Vec<u8>, u64)> {
        let mut bytes = Vec::new();
        if let RowFormat::Csv(dialect) = self.format {
            let mut writer = csv::CsvRowWriter::new(dialect, &mut bytes);
            for entity in entities {
                self.with_row(*entity, |row| writer.row(&row.cells).map_err(io::Error::other))?;
            }
            let defused = writer.finish().map_err(io::Error::other)?;
            return Ok((bytes, defused));
        }
        for (index, entity) in entities.iter().enumerate() {
            if self.format == RowFormat::Json {
                bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            }
            self.with_row(*entity, |row| {
                let tier = self.header.iter().position(|name| name == "tier").map(|at| row.cells[at].text());
                let object = json::object(&self.header, row, self.model.resolved.level(self.side), tier.as_deref());
                serde_json::to_writer(&mut bytes, &object).map_err(io::Error::other)
            })?;
            if self.format == RowFormat::Ndjson {
                bytes.push(b'\n');
            }
        }
        Ok((bytes, 0))
    }

    fn with_row(&self, entity: u32, write: impl FnOnce(&row::OutputRow<'_>) -> io::Result<()>) -> io::Result<()> {
        row::with(self.scored, self.model, self.side, entity as usize, write)
    }
}
