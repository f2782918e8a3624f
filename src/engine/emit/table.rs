//! What a person wants to see first: how many are in each tier, and the top of the list with the reasons.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};

use super::row;
use crate::score::{LevelSummary, ScoredEntities};
use pql_model::{
    EntityKind, Model,
    diag::escape_controls,
    output_columns::SIGNALS,
    units::{format_number, plural},
};

/// How many rows of the list are shown.
const ROWS_SHOWN: usize = 20;

/// The summary of a level as text, at most so many characters wide.
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
    distribution(&mut out, "tier", &summary.tiers, summary.count);
    distribution(&mut out, "route", &summary.routes, summary.count);
    milestones(&mut out, summary);
    top(&mut out, scored, model, side, width);
    out
}

fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(width) = width {
        table.set_width(width);
    }
    table
}

fn push(out: &mut String, table: &Table) {
    for line in table.lines() {
        let _ = writeln!(out, "{}", line.trim_end());
    }
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

/// The first rows of the list with what fired.
fn top(out: &mut String, scored: &ScoredEntities<'_>, model: &Model, side: EntityKind, width: u16) {
    let mut table = plain(Some(width));
    let (order, name) = match side {
        EntityKind::User => (&scored.user_order, "user"),
        EntityKind::Account => (&scored.account_order, "account"),
    };
    table.set_header([name, "score", "tier", "route", "why"]);
    let header = row::header(model, side);
    let column = |name: &str| header.iter().position(|known| known == name).unwrap_or(0);
    let shown = [0, column("score"), column("tier"), column("route"), column(SIGNALS)];
    for entity in order.iter().take(ROWS_SHOWN) {
        let cells = row::with(scored, model, side, *entity as usize, |row| texts(row, &shown));
        table.add_row(cells);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    out.push('\n');
    push(out, &table);
    if order.len() > ROWS_SHOWN {
        let more = plural((order.len() - ROWS_SHOWN) as u64, "row", "rows");
        let _ = writeln!(out, "... and {more} more; --out DIR writes all of them, with every reason");
    }
}

fn texts(row: &row::OutputRow<'_>, shown: &[usize]) -> Vec<String> {
    let mut texts: Vec<String> = shown.iter().map(|index| escape_controls(&row.cells[*index].text())).collect();
    if let Some(signals) = texts.last_mut() {
        *signals = signals.replace(';', " ");
    }
    texts
}
