//! Scored entities to bytes: CSV, JSON, NDJSON, a summary for people, and the record of a run.
//!
//! [`OutputSchema`] says which columns rows have, with name, type and source. A `EntityRow` gives a typed [`OutputCell`] for each of them, and
//! a `RowWriter` for each format makes bytes of these. A fixed column is an entry of `pql_model::output_columns` and of [`row`]; a fact becomes a column by `[output]`, without code. A new format is a writer.
//!
//! ```text
//! Model ─▶ OutputSchema ─┐
//! ScoredEntities ─▶ EntityRow ─▶ cells ─▶ RowWriter (CsvRows, JsonRows, TableRows) ─▶ bytes
//! ```

mod cell;
pub(crate) mod csv;
mod digest;
mod entity_columns;
mod formula_guard;
mod id_map;
mod json;
mod json_value;
mod outcome_record;
mod plain_digest;
mod plain_table;
mod rendered_template;
mod row;
mod row_writer;
pub mod run_record;
mod schema;
mod selection;
mod table;

use std::io::{self, Write};

pub(crate) use cell::OutputCell;
pub use csv::CsvDialect;
pub(crate) use entity_columns::{column_names, column_text};
pub use id_map::write_id_map;
pub use json_value::{JsonFact, JsonMap, JsonNumber, JsonPoints};
pub use outcome_record::OutcomesRecord;
pub(crate) use plain_digest::TextTable;
pub(crate) use plain_table::{TableWriter, write_table};
pub use row_writer::{LevelRows, RowTotals};
pub(crate) use run_record::ReadAsRecord;
pub use run_record::{
    ExpectationFact, ExpectationOrigin, FileFacts, OutputFact, RecordFacts, RecordedAlert, RejectsFact, RunFacts,
    RunRecord, TZDATA_VERSION, run_record,
};
pub(crate) use schema::OutputSchema;
pub use selection::LeftOutRows;
pub(crate) use selection::{OrderKeys, cell_text};
pub use table::columns_text;
pub use table::{level_summary_text, query_table_text};

use self::{
    csv::CsvRows,
    json::{JsonFraming, JsonRows},
    row::with_row,
    selection::select_rows,
};
use pql_model::resolved::{ListFile, ListFormat, RowQuery, TextTemplate};

/// A text of an alert for an entity, by its index.
pub fn alert_text(rows: LevelRows<'_>, entity: u32, template: &TextTemplate) -> String {
    with_row(rows, entity, None, |row| row.alert_text(template))
}

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

/// Writes the rows of a level: all of them with all columns, or those that a query asks for.
///
/// # Errors
/// Those of the writer.
pub fn write_rows(
    rows: LevelRows<'_>,
    query: Option<&RowQuery>,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    let Some(query) = query else {
        let schema = OutputSchema::of_level(rows.model, rows.kind);
        return match format {
            RowFormat::Csv(dialect) => rows.write(rows.order(), &CsvRows { schema: &schema, dialect }, out),
            RowFormat::Json => rows.write(rows.order(), &JsonRows::new(&schema, JsonFraming::List), out),
            RowFormat::Ndjson => rows.write(rows.order(), &JsonRows::new(&schema, JsonFraming::Lines), out),
        };
    };
    let selected = select_rows(rows, query);
    let schema = OutputSchema::of_query(rows.model, rows.kind, query);
    // Chosen columns stand alone; all columns come with the breakdown.
    let json = |framing| match query.columns {
        Some(_) => JsonRows::plain(&schema, framing),
        None => JsonRows::new(&schema, framing),
    };
    let totals = match format {
        RowFormat::Csv(dialect) => rows.write(&selected.entities, &CsvRows { schema: &schema, dialect }, out),
        RowFormat::Json => rows.write(&selected.entities, &json(JsonFraming::List), out),
        RowFormat::Ndjson => rows.write(&selected.entities, &json(JsonFraming::Lines), out),
    };
    Ok(RowTotals { left_out: selected.left_out, ..totals? })
}

/// The rows of a query, each with its cells, and what it leaves out.
pub(crate) fn query_rows(
    rows: LevelRows<'_>,
    query: &RowQuery,
    schema: &OutputSchema,
) -> (Vec<(u32, Vec<OutputCell<'static>>)>, LeftOutRows) {
    let selected = select_rows(rows, query);
    let cells = |(place, entity): (usize, &u32)| {
        let cells = with_row(rows, *entity, Some(place as u64 + 1), |row| {
            row.cells(schema).into_iter().map(OutputCell::into_owned).collect()
        });
        (*entity, cells)
    };
    (selected.entities.iter().enumerate().map(cells).collect(), selected.left_out)
}

/// Writes a file for others. `news` says in words what is new, for a digest.
///
/// # Errors
/// Those of the writer.
pub fn write_list(
    rows: LevelRows<'_>,
    (list, news): (&ListFile, &[String]),
    dialect: CsvDialect,
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    let query = Some(&list.query);
    match list.format {
        ListFormat::Csv => write_rows(rows, query, RowFormat::Csv(dialect), out),
        ListFormat::Json => write_rows(rows, query, RowFormat::Json, out),
        ListFormat::Ndjson => write_rows(rows, query, RowFormat::Ndjson, out),
        ListFormat::Markdown => {
            let selected = select_rows(rows, &list.query);
            let schema = OutputSchema::of_query(rows.model, rows.kind, &list.query);
            let totals = digest::write_digest(rows, &selected, (&schema, news), out)?;
            Ok(RowTotals { left_out: selected.left_out, ..totals })
        }
    }
}
