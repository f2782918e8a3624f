//! RudderStack: the calls of Segment's specification, in its logs and in dumps of its gateway.

use super::{EventFormat, LineFraming, ProbeLine, segment};

/// Logs in object storage.
pub(super) const LOGS: EventFormat = EventFormat {
    name: "rudderstack",
    title: "RudderStack calls",
    lines: LineFraming::Plain,
    sign: logs,
    layout: segment::layout,
    fallback: true,
};

/// Dumps of the gateway's jobs: one batch of calls per line.
pub(super) const BATCHES: EventFormat = EventFormat {
    name: "rudderstack",
    title: "a dump of RudderStack's gateway, its batches taken apart",
    lines: LineFraming::Batches(&[
        &["event_payload", "batch"],
        &["EventPayload", "batch"],
        &["EventPayload"],
        &["event_payload"],
    ]),
    sign: batches,
    layout: segment::layout,
    fallback: false,
};

fn logs(head: &ProbeLine<'_>) -> Option<&'static str> {
    match () {
        () if !segment::is_call(head) => None,
        () if head.has("rudderId") => Some("lines have `messageId`, `type` and `rudderId`"),
        () if head.has("request_ip") => Some("lines have `messageId`, `type` and `request_ip`"),
        () => None,
    }
}

fn batches(head: &ProbeLine<'_>) -> Option<&'static str> {
    match () {
        // A plain record may have a property of that name.
        () if head.has("event") || head.has("type") => None,
        () if head.has("event_payload") => Some("lines have `event_payload`"),
        () if head.has("EventPayload") => Some("lines have `EventPayload`"),
        () => None,
    }
}
