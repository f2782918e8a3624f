//! What a person wants to see first: how many are in each tier, and the top of the list with the reasons.

use std::{fmt::Write, io};

use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};

use super::{
    cell::OutputCell,
    row_writer::{LevelRows, RowBatch, RowTotals, RowWriter},
    schema::OutputSchema,
    selection::{LeftOutRows, SelectedRows, select_rows},
};
use crate::{
    plan::Model,
    score::{LevelSummary, ScoredEntities},
};
use pql_model::{
    EntityKind,
    diag::escape_controls,
    output_columns::{ColumnSource, ColumnType, OutputColumn},
    resolved::RowQuery,
    units::{format_number, plural},
};

/// How many rows of the list are shown.
const ROWS_SHOWN: usize = 20;

/// The summary of a level as text, at most `width` characters wide.
pub fn level_summary_text(scored: &ScoredEntities<'_>, model: &Model, side: EntityKind, width: u16) -> String {
    let (summary, what, qualified) = match side {
        EntityKind::User => (&scored.users, plural(scored.users.count, "user", "users"), "PQL"),
        EntityKind::Account => (&scored.accounts, plural(scored.accounts.count, "account", "accounts"), "PQA"),
    };
    let mut out = String::new();
    let qualified = plural(summary.qualified, qualified, &format!("{qualified}s"));
    let partial = if scored.as_of.partial { " (in the middle of a day)" } else { "" };
    let _ =
        writeln!(out, "{what}, {qualified}, as of {}{partial}", pql_model::clock::format_instant(scored.as_of.instant));
    distribution(&mut out, "tier", &summary.tiers_listed, summary.count);
    distribution(&mut out, "route", &summary.routes_listed, summary.count);
    distribution(&mut out, "suppressed", &summary.suppressed, summary.count);
    milestones(&mut out, summary);
    moments(&mut out, summary);
    top(&mut out, LevelRows { scored, model, kind: side }, width);
    out
}

/// The rows of a query as a table, at most `width` characters wide.
pub fn query_table_text(rows: LevelRows<'_>, query: &RowQuery, width: u16) -> (String, LeftOutRows) {
    let SelectedRows { entities, left_out } = select_rows(rows, query);
    let schema = match &query.columns {
        Some(columns) => OutputSchema { columns: columns.clone() },
        None => top_schema(rows.kind),
    };
    let mut bytes = Vec::new();
    rows.write(&entities, &TableRows { schema: &schema, width }, &mut bytes).expect("memory takes all that is written");
    (String::from_utf8_lossy(&bytes).into_owned(), left_out)
}

pub(super) fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table
}

pub(super) fn push(out: &mut String, table: &Table) {
    for line in table.lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Cells under the names of their columns, at most `width` characters wide.
pub fn columns_text(names: &[&str], rows: impl Iterator<Item = Vec<String>>, width: u16) -> String {
    let mut table = plain(Some(width));
    table.set_header(names.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| escape_controls(cell)));
    }
    let mut out = String::new();
    push(&mut out, &table);
    out
}

fn distribution(out: &mut String, what: &str, counts: &[(String, u64)], all: u64) {
    if counts.is_empty() {
        return;
    }
    let mut table = plain(None);
    table.set_header([what, "count", "share"]);
    for (name, count) in counts {
        let share = if all == 0 { 0.0 } else { *count as f64 * 100.0 / all as f64 };
        table.add_row([name.clone(), count.to_string(), format!("{share:.1} %")]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out.push('\n');
    push(out, &table);
}

fn milestones(out: &mut String, summary: &LevelSummary) {
    if summary.milestones.is_empty() {
        return;
    }
    let mut table = plain(None);
    table.set_header(["milestone", "reached", "pending", "missed", "rate", "left out", "median", "target"]);
    let percent = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let hours = |hours: Option<f64>| {
        hours.map_or_else(|| "-".to_owned(), |hours| format!("{} h", format_number((hours * 10.0).round() / 10.0)))
    };
    for one in &summary.milestones {
        if one.unknown > 0 {
            let dashes = ["-"; 6].map(str::to_owned);
            table.add_row([one.name.clone(), "unknown".to_owned()].into_iter().chain(dashes));
            continue;
        }
        let target = match one.target_met {
            Some(true) => format!("{}, met", hours(one.target_hours)),
            Some(false) => format!("{}, missed", hours(one.target_hours)),
            None => hours(one.target_hours),
        };
        let counts = [one.reached, one.pending, one.missed].map(|count| count.to_string());
        let [reached, pending, missed] = counts;
        table.add_row([
            one.name.clone(),
            reached,
            pending,
            missed,
            percent(one.rate()),
            one.left_out().to_string(),
            hours(one.median_hours),
            target,
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out.push('\n');
    push(out, &table);
}

/// The chain of success moments: each rate to the next one against what is usual.
fn moments(out: &mut String, summary: &LevelSummary) {
    if summary.moments.is_empty() {
        return;
    }
    let mut table = plain(None);
    table.set_header(["from", "to", "rate", "of", "usual", ""]);
    let percent = |share: f64| format_number((share * 1000.0).round() / 10.0);
    for step in &summary.moments {
        let rate = step.rate().map_or_else(|| "-".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
        let usual = format!("{} to {} %", percent(step.band.0), percent(step.band.1));
        let note = step.note().unwrap_or_default();
        table.add_row([step.from.clone(), step.to.clone(), rate, step.eligible.to_string(), usual, note]);
    }
    for column in table.column_iter_mut().skip(2).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out.push('\n');
    push(out, &table);
}

/// The first rows of the list with what fired.
fn top(out: &mut String, rows: LevelRows<'_>, width: u16) {
    let order: Vec<u32> = rows.order().iter().copied().filter(|entity| !rows.is_suppressed(*entity)).collect();
    let shown = &order[..order.len().min(ROWS_SHOWN)];
    let schema = top_schema(rows.kind);
    let mut bytes = Vec::new();
    rows.write(shown, &TableRows { schema: &schema, width }, &mut bytes).expect("memory takes all that is written");
    out.push('\n');
    out.push_str(&String::from_utf8_lossy(&bytes));
    if order.len() > ROWS_SHOWN {
        let more = plural((order.len() - ROWS_SHOWN) as u64, "row", "rows");
        let _ = writeln!(out, "... and {more} more; --out DIR writes all of them, with every reason");
    }
}

/// The columns that fit a terminal.
fn top_schema(kind: EntityKind) -> OutputSchema {
    let mut columns = vec![
        (kind.word(), ColumnType::Text, ColumnSource::EntityId),
        ("score", ColumnType::Points, ColumnSource::Score),
        ("tier", ColumnType::Text, ColumnSource::Tier),
        ("route", ColumnType::Text, ColumnSource::Route),
        ("why", ColumnType::Text, ColumnSource::Signals),
    ];
    // The sum of its people's scores is no reason for an account; what they did is.
    if kind == EntityKind::Account {
        columns.push(("of its members", ColumnType::Text, ColumnSource::MemberSignals));
    }
    let columns = columns.into_iter().map(|(name, kind, source)| OutputColumn::new(name, kind, source));
    OutputSchema { columns: columns.collect() }
}

/// Rows as a table with aligned columns.
struct TableRows<'s> {
    schema: &'s OutputSchema,
    /// Of the terminal, in characters.
    width: u16,
}

impl RowWriter for TableRows<'_> {
    type Part = Vec<Vec<String>>;
    type State = Table;

    fn begin(&self, _: &mut dyn io::Write) -> io::Result<Table> {
        let mut table = plain(Some(self.width));
        table.set_header(self.schema.names());
        Ok(table)
    }

    fn encode(&self, rows: &RowBatch<'_>) -> io::Result<Vec<Vec<String>>> {
        let mut part = Vec::new();
        rows.try_for_each(|row| {
            part.push(self.schema.columns.iter().map(|column| printed(&row.cell(column.source), column)).collect());
            Ok(())
        })?;
        Ok(part)
    }

    fn append(&self, table: &mut Table, part: Vec<Vec<String>>, _: &mut dyn io::Write) -> io::Result<()> {
        table.add_rows(part);
        Ok(())
    }

    fn finish(&self, mut table: Table, out: &mut dyn io::Write) -> io::Result<RowTotals> {
        for (column, of_table) in self.schema.columns.iter().zip(table.column_iter_mut()) {
            if matches!(column.kind, ColumnType::Points | ColumnType::Number) {
                of_table.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = String::new();
        push(&mut text, &table);
        out.write_all(text.as_bytes())?;
        Ok(RowTotals::default())
    }
}

/// A cell on a terminal. Signals are apart from each other, so that a long list breaks between two.
fn printed(cell: &OutputCell<'_>, column: &OutputColumn) -> String {
    let text = escape_controls(&cell.text());
    if matches!(column.source, ColumnSource::Signals | ColumnSource::MemberSignals) {
        text.replace(';', " ")
    } else {
        text
    }
}
