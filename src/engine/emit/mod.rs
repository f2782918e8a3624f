//! Scored entities to bytes: CSV, JSON, NDJSON, a summary for people, and the record of a run.
//!
//! [`OutputSchema`] says which columns rows have, with name, type and source. A `EntityRow` gives a typed [`OutputCell`](cell::OutputCell) for each of them, and
//! a `RowWriter` for each format makes bytes of these. A fixed column is an entry of `pql_model::output_columns` and of [`row`]; a fact becomes a column by `[output]`, without code. A new format is a writer.
//!
//! ```text
//! Model ─▶ OutputSchema ─┐
//! ScoredEntities ─▶ EntityRow ─▶ cells ─▶ RowWriter (CsvRows, JsonRows, TableRows) ─▶ bytes
//! ```

mod cell;
pub(crate) mod csv;
mod entity_columns;
mod formula_guard;
mod id_map;
mod json;
mod json_value;
mod rendered_template;
mod row;
mod row_writer;
pub mod run_record;
mod schema;
mod table;

use std::io::{self, Write};

pub use csv::CsvDialect;
pub(crate) use entity_columns::{column_names, column_text};
pub use id_map::write_id_map;
pub use json_value::{JsonFact, JsonMap, JsonNumber, JsonPoints};
pub(crate) use row_writer::RowTotals;
pub use run_record::{
    ExpectationFact, ExpectationOrigin, FileFacts, OutputFact, RejectsFact, RunFacts, RunRecord, run_record,
};
pub(crate) use schema::OutputSchema;
pub use table::level_summary_text;

use self::{
    csv::CsvRows,
    json::{JsonFraming, JsonRows},
    row_writer::LevelRows,
};
use crate::{plan::Model, score::ScoredEntities};
use pql_model::EntityKind;

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

/// Writes all rows of a level with all its columns.
///
/// # Errors
/// Those of the writer.
pub fn write_rows(
    scored: &ScoredEntities<'_>,
    model: &Model,
    side: EntityKind,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    let schema = OutputSchema::of_level(model, side);
    let rows = LevelRows { scored, model, kind: side };
    match format {
        RowFormat::Csv(dialect) => rows.write(rows.order(), &CsvRows { schema: &schema, dialect }, out),
        RowFormat::Json => rows.write(rows.order(), &JsonRows::new(&schema, JsonFraming::List), out),
        RowFormat::Ndjson => rows.write(rows.order(), &JsonRows::new(&schema, JsonFraming::Lines), out),
    }
}
