//! Scored entities to bytes: CSV, JSON, NDJSON, a summary for people, and the record of a run.
//!
//! Takes [`Scored`] and the model; gives bytes. Rows are made in parallel and written in order.

pub mod csv;
mod json;
mod row;
mod run;
mod table;

use std::io::{self, Write};

use rayon::prelude::*;

pub use csv::Dialect;
pub use row::Side;
pub use run::{RunFacts, run_record};
pub use table::summary;

use crate::{
    model::Model,
    score::{
        Scored,
        board::{AccountScope, UserScope},
    },
};

/// A form of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of cells.
    Csv(Dialect),
    /// One list of objects.
    Json,
    /// An object a line.
    Ndjson,
}

impl Format {
    /// The ending of files of this form.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Csv(_) => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
        }
    }
}

/// Rows made at once by one thread.
const ROWS_AT_ONCE: usize = 1024;

/// Writes all rows of a level; gives how many cells were defused against spreadsheets.
///
/// **Errors**: those of the writer.
pub fn rows(scored: &Scored<'_>, model: &Model, side: Side, format: Format, out: &mut dyn Write) -> io::Result<u64> {
    let header = row::header(model, side);
    let order = match side {
        Side::User => &scored.user_order,
        Side::Account => &scored.account_order,
    };
    let mut defused = 0;
    match format {
        Format::Csv(dialect) => {
            let cells = header.iter().map(|name| row::Cell::Text(name.as_str().into())).collect();
            let mut bytes = Vec::new();
            defused += csv::write(&[cells], dialect, &mut bytes).map_err(io::Error::other)?;
            out.write_all(&bytes)?;
        }
        Format::Json => out.write_all(b"[")?,
        Format::Ndjson => {}
    }
    // So many rows at a time that memory stays bounded, whatever the number of entities.
    for (batch_index, batch) in order.chunks(ROWS_AT_ONCE * 16).enumerate() {
        let parts: Vec<io::Result<(Vec<u8>, u64)>> =
            batch.par_chunks(ROWS_AT_ONCE).map(|part| render(scored, model, side, format, &header, part)).collect();
        for (part_index, part) in parts.into_iter().enumerate() {
            let (bytes, of_part) = part?;
            if format == Format::Json && (batch_index, part_index) != (0, 0) {
                out.write_all(b",")?;
            }
            out.write_all(&bytes)?;
            defused += of_part;
        }
    }
    if format == Format::Json {
        out.write_all(b"\n]\n")?;
    }
    Ok(defused)
}

fn render(
    scored: &Scored<'_>,
    model: &Model,
    side: Side,
    format: Format,
    header: &[String],
    entities: &[u32],
) -> io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    let mut defused = 0;
    for (index, entity) in entities.iter().enumerate() {
        let number = *entity as usize;
        match side {
            Side::User => {
                let scope = UserScope { board: &scored.board, user: number, home: scored.entities.users[number].home };
                defused += one(&row::user(scored, model, &scope), model, side, format, header, index, &mut bytes)?;
            }
            Side::Account => {
                let scope = AccountScope { board: &scored.board, account: number };
                defused += one(&row::account(scored, model, &scope), model, side, format, header, index, &mut bytes)?;
            }
        }
    }
    Ok((bytes, defused))
}

#[expect(clippy::too_many_arguments, reason = "the last step of one loop; a struct would only name it again")]
fn one(
    row: &row::Row<'_>,
    model: &Model,
    side: Side,
    format: Format,
    header: &[String],
    index: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<u64> {
    if let Format::Csv(dialect) = format {
        return csv::write(std::slice::from_ref(&row.cells), dialect, bytes).map_err(io::Error::other);
    }
    if format == Format::Json {
        bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
    }
    let tier = header.iter().position(|name| name == "tier").map(|at| row.cells[at].text());
    serde_json::to_writer(&mut *bytes, &json::object(header, row, side.level(model), tier.as_deref()))?;
    if format == Format::Ndjson {
        bytes.push(b'\n');
    }
    Ok(0)
}
