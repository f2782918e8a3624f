//! Alerts as a table.

use std::io::{self, Write};

use super::FiredAlert;
use crate::{
    changes::RunStamp,
    emit::{OutputCell, RowFormat, write_table},
};

/// The columns, which are never renamed.
const COLUMNS: [&str; 14] = [
    "as_of",
    "model",
    "model_hash",
    "alert",
    "level",
    "id",
    "account_id",
    "to",
    "score",
    "tier",
    "since",
    "waiting_days",
    "message",
    "because",
];

/// Writes the alerts of runs, each with its stamp. Returns the number of text cells that a spreadsheet would have run as a formula.
///
/// # Errors
///
/// Those of the writer.
pub fn write_alerts<'a>(
    alerts: impl Iterator<Item = (&'a RunStamp, &'a FiredAlert)>,
    format: RowFormat,
    out: &mut dyn Write,
) -> io::Result<u64> {
    write_table(&COLUMNS, alerts.map(|(stamp, alert)| cells(stamp, alert)), format, out)
}

fn cells<'a>(stamp: &'a RunStamp, alert: &'a FiredAlert) -> Vec<OutputCell<'a>> {
    let text = |text: &'a Option<String>| OutputCell::from_text(text.as_deref());
    vec![
        OutputCell::Instant(stamp.as_of),
        OutputCell::Text(stamp.model.as_str().into()),
        OutputCell::Text(stamp.model_hash.as_str().into()),
        OutputCell::Text(alert.alert.as_str().into()),
        OutputCell::Text(alert.level.word().into()),
        OutputCell::Text(alert.id.as_str().into()),
        text(&alert.account),
        text(&alert.to),
        OutputCell::Points(alert.score),
        text(&alert.tier),
        OutputCell::Date(alert.since),
        OutputCell::Number(f64::from(alert.waiting_days)),
        text(&alert.message),
        text(&alert.because),
    ]
}
