//! Segment: raw logs, one call per line. RudderStack, Jitsu and others write the same calls.

use super::{EventFormat, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// Logs of Segment, as its destination for S3 writes them.
pub(super) const SEGMENT: EventFormat =
    EventFormat { name: "segment", title: "Segment calls", lines: LineFraming::Plain, sign, layout, fallback: true };

/// The kinds of calls. **Source**: the Segment specification.
const CALLS: [&str; 6] = ["track", "identify", "page", "screen", "group", "alias"];

/// True if the line is a call of the specification.
pub(super) fn is_call(head: &ProbeLine<'_>) -> bool {
    head.has("messageId") && head.text("type").is_some_and(|kind| CALLS.contains(&kind))
}

fn sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    is_call(head).then_some("lines have `messageId` and a `type` such as track or identify")
}

/// The paths to the parts of a call.
///
/// `timestamp` goes first because Segment corrects it for the client's clock. Calls without the
/// correction have only the other times. Page and screen calls have a `name` in place of an event,
/// and often have none.
pub(super) fn layout(_: &InputSettings) -> RecordLayout {
    RecordLayout {
        event: paths(&["event", "name", "type"]),
        user: paths(&["userId"]),
        visitor: paths(&["anonymousId"]),
        account: paths(&["context.groupId", "groupId", "context.traits.groupId"]),
        group: paths(&["groupId", "context.groupId"]),
        time: paths(&["timestamp", "originalTimestamp", "sentAt", "receivedAt"]),
        received_at: paths(&["receivedAt"]),
        id: paths(&["messageId"]),
        kind: paths(&["type"]),
        kind_first: true,
        noise: NOISE,
        user_traits: paths(&["traits", "context.traits"]),
        events_carry_traits: true,
        previous: paths(&["previousId"]),
        previous_visitor: true,
        embedded: paths(&["properties", "traits", "context"]),
        ..RecordLayout::default()
    }
}

/// Events that libraries, mail services and push services report through Segment. **Source**: its
/// specifications of mobile, e-mail and push events.
const NOISE: &[&str] = &[
    "Application Backgrounded",
    "Application Crashed",
    "Application Uninstalled",
    "Application Updated",
    "Email Bounced",
    "Email Delivered",
    "Email Marked as Spam",
    "Install Attributed",
    "Push Notification Bounced",
    "Push Notification Received",
];
