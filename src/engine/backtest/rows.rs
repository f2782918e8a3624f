//! The rows behind the figures, and the days before outcomes, as tables.

use std::io::{self, Write};

use super::{
    BacktestEvidence,
    eves::OutcomeEve,
    units::{Observations, RowLabel, UnitRow},
};
use crate::emit::{OutputCell, RowFormat, write_table};
use pql_model::units::Points;

/// Columns of the rows.
const ROW_COLUMNS: [&str; 12] = [
    "as_of",
    "level",
    "id",
    "group",
    "score",
    "tier",
    "qualified",
    "suppressed",
    "holdout",
    "counts",
    "label",
    "signals",
];

/// Columns of the days before outcomes.
const EVE_COLUMNS: [&str; 8] = ["level", "id", "outcome", "at", "amount", "score", "tier", "signals"];

impl BacktestEvidence {
    /// Writes each user or account at each date, with what became of it. `group` numbers what intervals are drawn over. Returns the number of text
    /// cells that a spreadsheet would have run as a formula.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_rows(&self, format: RowFormat, out: &mut dyn Write) -> io::Result<u64> {
        let seen = &self.0;
        let rows = seen.rows.iter().enumerate().map(|(place, row)| row_cells(seen, place, row));
        write_table(&ROW_COLUMNS, rows, format, out)
    }

    /// Writes each outcome with what the model said at the end of the day before. Returns the number of text cells that a spreadsheet would have
    /// run as a formula.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_outcomes(&self, format: RowFormat, out: &mut dyn Write) -> io::Result<u64> {
        write_table(&EVE_COLUMNS, self.0.eves.iter().map(|eve| eve_cells(&self.0, eve)), format, out)
    }
}

fn row_cells<'o>(seen: &'o Observations, place: usize, row: &UnitRow) -> Vec<OutputCell<'o>> {
    let unit = seen.unit(row);
    let tier = row.tier.map(|tier| seen.tiers[usize::from(tier)].name.as_str());
    vec![
        OutputCell::Instant(seen.dates[usize::from(row.date)].instant),
        OutputCell::Text(seen.level.word().into()),
        OutputCell::Text((&*unit.id).into()),
        OutputCell::Number(f64::from(unit.cluster)),
        OutputCell::Points(row.score),
        tier.map_or(OutputCell::Null, |tier| OutputCell::Text(tier.into())),
        OutputCell::Boolean(row.qualified),
        OutputCell::Boolean(row.suppressed),
        OutputCell::Boolean(unit.held_out),
        OutputCell::Boolean(row.speaks),
        OutputCell::Text(label_text(row.label).into()),
        OutputCell::Text(paid_text(seen, place).into()),
    ]
}

fn label_text(label: RowLabel) -> &'static str {
    match label {
        RowLabel::ReachedBefore => "reached_before",
        RowLabel::Immature => "not_mature",
        RowLabel::Negative => "negative",
        RowLabel::Positive => "positive",
    }
}

/// What a row was paid, in the order of the model.
fn paid_text(seen: &Observations, place: usize) -> String {
    let paid: &[(u16, Points)] = seen.paid.get(place).map_or(&[], |paid| paid);
    let named = paid.iter().map(|(signal, points)| format!("{}:{points}", seen.signals[usize::from(*signal)].name));
    named.collect::<Vec<String>>().join(";")
}

fn eve_cells<'o>(seen: &'o Observations, eve: &'o OutcomeEve) -> Vec<OutputCell<'o>> {
    let OutcomeEve { id, outcome, said } = eve;
    let text = |text: &'o str| OutputCell::Text(text.into());
    let said = said.as_ref();
    vec![
        text(seen.level.word()),
        text(id),
        text(outcome.word.name()),
        if outcome.timed { OutputCell::Instant(outcome.begins) } else { OutputCell::Date(outcome.day) },
        outcome.amount.map_or(OutputCell::Null, |amount| OutputCell::Number(amount as f64 / 1e6)),
        said.map_or(OutputCell::Null, |said| OutputCell::Points(said.score)),
        said.map_or(OutputCell::Null, |said| text(&said.tier)),
        said.map_or(OutputCell::Null, |said| text(&said.signals)),
    ]
}
