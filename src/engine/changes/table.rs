//! The list of changes as a table.

use std::io::{self, Write};

use super::{EntityChange, StandingView};
use crate::{
    emit::{OutputCell, RowFormat, write_table},
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
const COLUMNS: [&str; 21] = [
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
];

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
    let columns: Vec<&str> = COLUMNS.into_iter().chain(["first_qualified"]).collect();
    write_table(&columns, changes.map(|(stamp, change)| cells(stamp, change)), format, out)
}

fn cells<'c>(stamp: &'c RunStamp, change: &'c EntityChange) -> Vec<OutputCell<'c>> {
    let text = |text: &'c Option<String>| OutputCell::from_text(text.as_deref());
    let tier =
        |view: &'c Option<StandingView>| OutputCell::from_text(view.as_ref().and_then(|view| view.tier.as_deref()));
    let route =
        |view: &'c Option<StandingView>| OutputCell::from_text(view.as_ref().and_then(|view| view.route.as_deref()));
    let score =
        |view: &Option<StandingView>| view.as_ref().map_or(OutputCell::Null, |view| OutputCell::Points(view.score));
    let because: Vec<String> = change.reasons.iter().map(ToString::to_string).collect();
    let [time, events, traits, model] = change.by_step.map(OutputCell::Points);
    vec![
        OutputCell::Instant(stamp.as_of),
        OutputCell::Text(stamp.model.as_str().into()),
        OutputCell::Text(stamp.model_hash.as_str().into()),
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
