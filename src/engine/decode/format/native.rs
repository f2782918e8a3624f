//! The native format: one flat object per line.

use super::{EventFormat, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// The format of lines that show no sign of another one.
pub(super) const NATIVE: EventFormat =
    EventFormat { name: "native", title: "native lines", lines: LineFraming::Plain, sign, layout, fallback: true };

/// The sign is checked last, so that it is true only for lines of no other format.
fn sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    (head.has("event") && head.has("timestamp")).then_some("lines have `event` and `timestamp`")
}

fn layout(_: &InputSettings) -> RecordLayout {
    RecordLayout {
        only_paths: true,
        event: paths(&["event"]),
        user: paths(&["user_id"]),
        visitor: paths(&["anonymous_id"]),
        account: paths(&["account_id"]),
        group: paths(&["account_id", "group_id"]),
        time: paths(&["timestamp"]),
        received_at: paths(&["received_at", "ingested_at"]),
        id: paths(&["event_id"]),
        kind: paths(&["type"]),
        previous: paths(&["previous_id"]),
        ..RecordLayout::default()
    }
}
