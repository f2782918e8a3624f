//! The format of this program: one flat object a line.

use super::{Format, Head, Layout, Lines, paths};
use crate::model::compiled::Input;

/// What lines are that are of no other format.
pub(super) const NATIVE: Format =
    Format { name: "native", title: "native lines", lines: Lines::Plain, sign, layout, fallback: true };

/// Lines that say so by their own names, unless another format says so first.
fn sign(head: &Head<'_>) -> Option<&'static str> {
    (head.has("event") && head.has("timestamp")).then_some("lines have `event` and `timestamp`")
}

fn layout(_: &Input) -> Layout {
    Layout {
        only_paths: true,
        event: paths(&["event"]),
        user: paths(&["user_id"]),
        visitor: paths(&["anonymous_id"]),
        account: paths(&["account_id"]),
        group: paths(&["account_id", "group_id"]),
        time: paths(&["timestamp"]),
        taken_in: paths(&["received_at", "ingested_at"]),
        id: paths(&["event_id"]),
        kind: paths(&["type"]),
        previous: paths(&["previous_id"]),
        ..Layout::default()
    }
}
