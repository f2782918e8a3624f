//! Alerts as a digest for chat and mail.

use std::io::{self, Write};

use super::FiredAlert;
use crate::{
    changes::{RunStamp, digest_heading},
    emit::TextTable,
};

/// The columns.
const COLUMNS: [&str; 6] = ["alert", "to", "who", "tier", "score", "message"];

/// Writes the alerts of a run as a digest in Markdown. `news` says in words what is new.
///
/// # Errors
///
/// Those of the writer.
pub fn write_alert_digest(
    stamp: &RunStamp,
    (alerts, news): (&[FiredAlert], &[String]),
    out: &mut dyn Write,
) -> io::Result<()> {
    let heading: Vec<String> = [digest_heading(stamp)].into_iter().chain(news.iter().cloned()).collect();
    TextTable { columns: &COLUMNS, rows: alerts.iter().map(row).collect() }.write_digest(&heading, out)
}

fn row(alert: &FiredAlert) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut score = String::new();
    alert.score.push_to(&mut score);
    let message = alert.message.as_ref().or(alert.because.as_ref());
    vec![
        alert.alert.clone(),
        text(&alert.to),
        alert.id.clone(),
        text(&alert.tier),
        score,
        message.cloned().unwrap_or_default(),
    ]
}
