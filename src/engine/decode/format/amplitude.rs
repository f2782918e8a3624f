//! Amplitude: the lines of the Export API.

use super::{EventFormat, FieldPath, LineFraming, ProbeLine, RecordKind, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// Files in the archive of the Export API.
pub(super) const AMPLITUDE: EventFormat = EventFormat {
    name: "amplitude",
    title: "an Amplitude export",
    lines: LineFraming::Plain,
    sign,
    layout,
    fallback: true,
};

fn sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    match () {
        () if !head.has("event_type") => None,
        () if head.has("amplitude_id") => Some("lines have `event_type` and `amplitude_id`"),
        () if head.has("$insert_id") => Some("lines have `event_type` and `$insert_id`"),
        () => None,
    }
}

/// Every event carries a snapshot of the user properties. Groups are an object of lists by group
/// type, and the model names the type.
fn layout(input: &InputSettings) -> RecordLayout {
    let of_type =
        |root: &str| -> Option<FieldPath> { Some([&[root.to_owned()], input.group_type.as_slice()].concat()) };
    let by_type = |root: &str| vec![root.to_owned()];
    RecordLayout {
        event: paths(&["event_type"]),
        user: paths(&["user_id"]),
        visitor: paths(&["device_id", "amplitude_id"]),
        account: input.group_type.is_some().then(|| of_type("groups")).flatten().into_iter().collect(),
        groups: input.group_type.is_none().then(|| by_type("groups")),
        group: input.group_type.is_some().then(|| of_type("groups")).flatten().into_iter().collect(),
        time: paths(&["event_time", "client_event_time", "server_received_time"]),
        received_at: paths(&["server_upload_time", "server_received_time"]),
        // Warehouse loaders rename `$insert_id` to a valid column name.
        id: paths(&["$insert_id", "_insert_id", "uuid"]),
        properties: paths(&["event_properties"]),
        dedupe_content: super::DedupeContent::Path(vec!["event_properties".to_owned()]),
        names: &[("$identify", RecordKind::Identify), ("$groupidentify", RecordKind::Group)],
        noise: NOISE,
        user_traits: paths(&["user_properties"]),
        group_traits: Some(by_type("group_properties")),
        events_carry_traits: true,
        embedded: paths(&["event_properties", "user_properties", "groups", "group_properties"]),
        // Amplitude writes `EMPTY` for an unknown value of attribution.
        placeholder_ids: &["EMPTY"],
        placeholder_values: &["EMPTY"],
        ..RecordLayout::default()
    }
}

/// Sessions and events that the browser library captures. **Source**: the default events of
/// Amplitude's libraries.
const NOISE: &[&str] = &[
    "session_start",
    "session_end",
    "[Amplitude] Start Session",
    "[Amplitude] End Session",
    "[Amplitude] Application Backgrounded",
    "[Amplitude] Application Installed",
    "[Amplitude] Application Updated",
    "[Amplitude] Attribution Captured",
    "[Amplitude] Dead Click",
    "[Amplitude] Element Changed",
    "[Amplitude] Element Clicked",
    "[Amplitude] Network Request",
    "[Amplitude] Page Viewed",
    "[Amplitude] Rage Click",
    "[Amplitude] Replay Captured",
    "[Amplitude] Web Vitals",
    "[Experiment] Exposure",
];
