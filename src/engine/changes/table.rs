//! The list of changes as a table.

use std::io::{self, Write};

use super::{ChangeReason, EntityChange, StandingView};
use crate::{
    emit::{OutputCell, RowFormat, TableWriter, columns_text, write_table},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::units::Micros;

/// What every row says of its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStamp {
    /// The instant looked from.
    pub as_of: Micros,
    /// The name of the model.
    pub model: String,
    /// SHA-256 of the model's text, in hex.
    pub model_hash: String,
}

impl RunStamp {
    /// The stamp of a scored run.
    pub fn of(scored: &ScoredEntities<'_>, model: &Model) -> RunStamp {
        RunStamp {
            as_of: scored.as_of.instant,
            model: model.resolved.name.clone(),
            model_hash: model.resolved.fingerprint.clone(),
        }
    }
}

/// The columns, which are never renamed.
const COLUMNS: [&str; 22] = [
    "as_of",
    "model",
    "model_hash",
    "level",
    "id",
    "account_id",
    "change",
    "cause",
    "tier_before",
    "tier",
    "route_before",
    "route",
    "score_before",
    "score",
    "by_time",
    "by_events",
    "by_traits",
    "by_model",
    "because",
    "merged_into",
    "tier_since",
    "first_qualified",
];

/// The first of them say which run it is.
const STAMP_COLUMNS: usize = 3;

/// Writes the changes of runs, each with its stamp. Returns the number of text cells that a spreadsheet would have run as a formula.
///
/// # Errors
///
/// Those of the writer.
pub fn write_changes<'c>(
    changes: impl Iterator<Item = (&'c RunStamp, &'c EntityChange)>,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<u64> {
    write_table(&COLUMNS, changes.map(|(stamp, change)| cells(stamp, change)), format, out)
}

/// The list of changes of several runs, written run by run.
#[derive(Debug)]
pub struct ChangesWriter(TableWriter);

impl ChangesWriter {
    /// A list without rows.
    pub fn new(format: RowFormat) -> ChangesWriter {
        ChangesWriter(TableWriter::new(format))
    }

    /// Writes the changes of a run.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn add(&mut self, stamp: &RunStamp, changes: &[EntityChange], out: &mut dyn Write) -> io::Result<()> {
        self.0.add(&COLUMNS, changes.iter().map(|change| cells(stamp, change)), out)
    }

    /// Writes the end. Returns the number of text cells that a spreadsheet would have run as a formula.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn finish(self, out: &mut dyn Write) -> io::Result<u64> {
        self.0.finish(&COLUMNS, out)
    }
}

/// Writes what changed between the lists of two runs: the same columns. Those that only a record can fill are empty.
///
/// # Errors
///
/// Those of the writer.
pub fn write_list_changes(
    stamp: Option<&RunStamp>,
    changes: &[EntityChange],
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<u64> {
    write_table(&COLUMNS, changes.iter().map(|change| list_cells(stamp, change)), format, out)
}

/// The cells of a change between lists.
fn list_cells<'c>(stamp: Option<&'c RunStamp>, change: &'c EntityChange) -> Vec<OutputCell<'c>> {
    let mut cells = change_cells(change);
    for (column, cell) in COLUMNS[STAMP_COLUMNS..].iter().zip(&mut cells) {
        if column.starts_with("by_") {
            *cell = OutputCell::Null;
        } else if *column == "because" {
            *cell = OutputCell::Text(list_reasons(change).into());
        }
    }
    let stamped = stamp.map_or([const { OutputCell::Null }; STAMP_COLUMNS].into(), stamp_cells);
    [stamped, cells].concat()
}

/// What each signal gave or took, without steps.
fn list_reasons(change: &EntityChange) -> String {
    change.reasons.iter().map(ChangeReason::without_step).collect::<Vec<String>>().join(";")
}

/// What changed between the lists of two runs, as a table for people, at most `width` characters wide.
pub fn list_changes_text(changes: &[EntityChange], width: u16) -> String {
    let names = ["level", "id", "change", "tier", "score", "route", "because"];
    let row = |change: &EntityChange| {
        let step = |part: fn(&StandingView) -> Option<String>| {
            let [before, now] = [&change.before, &change.now].map(|view| view.as_ref().and_then(part));
            match (before, now) {
                (Some(before), Some(now)) if before == now => now,
                (before, now) => [before, now].map(|one| one.unwrap_or_else(|| "-".to_owned())).join(" → "),
            }
        };
        vec![
            change.level.word().to_owned(),
            change.id.clone(),
            change.kind.as_str().to_owned(),
            step(|view| view.tier.clone()),
            step(|view| Some(view.score.to_string())),
            step(|view| view.route.clone()),
            list_reasons(change).replace(';', "; "),
        ]
    };
    columns_text(&names, changes.iter().map(row), width)
}

fn cells<'c>(stamp: &'c RunStamp, change: &'c EntityChange) -> Vec<OutputCell<'c>> {
    [stamp_cells(stamp), change_cells(change)].concat()
}

fn stamp_cells(stamp: &RunStamp) -> Vec<OutputCell<'_>> {
    vec![
        OutputCell::Instant(stamp.as_of),
        OutputCell::Text(stamp.model.as_str().into()),
        OutputCell::Text(stamp.model_hash.as_str().into()),
    ]
}

/// The cells behind those of the run.
fn change_cells<'c>(change: &'c EntityChange) -> Vec<OutputCell<'c>> {
    let text = |text: &'c Option<String>| OutputCell::from_text(text.as_deref());
    let tier =
        |view: &'c Option<StandingView>| OutputCell::from_text(view.as_ref().and_then(|view| view.tier.as_deref()));
    let route =
        |view: &'c Option<StandingView>| OutputCell::from_text(view.as_ref().and_then(|view| view.route.as_deref()));
    let score =
        |view: &Option<StandingView>| view.as_ref().map_or(OutputCell::Null, |view| OutputCell::Points(view.score));
    let reasons = change.reasons.iter().map(ToString::to_string);
    let because: Vec<String> = reasons.chain(change.conditions.iter().map(ToString::to_string)).collect();
    let [time, events, traits, model] = change.by_step.map(OutputCell::Points);
    vec![
        OutputCell::Text(change.level.word().into()),
        OutputCell::Text(change.id.as_str().into()),
        text(&change.account),
        OutputCell::Text(change.kind.as_str().into()),
        OutputCell::from_text(change.cause.map(|cause| cause.as_str())),
        tier(&change.before),
        tier(&change.now),
        route(&change.before),
        route(&change.now),
        score(&change.before),
        score(&change.now),
        time,
        events,
        traits,
        model,
        OutputCell::Text(because.join(";").into()),
        text(&change.merged_into),
        change.tier_since.map_or(OutputCell::Null, OutputCell::Date),
        change.first_qualified.map_or(OutputCell::Null, OutputCell::Date),
    ]
}
