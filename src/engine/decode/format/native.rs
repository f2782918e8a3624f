//! The format of this program: one flat object a line.

use super::{EventFormat, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::resolved::InputSettings;

/// What lines are that are of no other format.
pub(super) const NATIVE: EventFormat =
    EventFormat { name: "native", title: "native lines", lines: LineFraming::Plain, sign, layout, fallback: true };

/// Lines that say so by their own names, unless another format says so first.
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
