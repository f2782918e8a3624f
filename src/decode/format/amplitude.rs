//! Amplitude: the Export API's lines.

use super::{Format, Head, Layout, Lines, Path, What, paths};
use crate::model::compiled::Input;

/// Members of the archive that the Export API gives.
pub(super) const AMPLITUDE: Format =
    Format { name: "amplitude", title: "an Amplitude export", lines: Lines::Plain, sign, layout, fallback: true };

fn sign(head: &Head<'_>) -> Option<&'static str> {
    match () {
        () if !head.has("event_type") => None,
        () if head.has("amplitude_id") => Some("lines have `event_type` and `amplitude_id`"),
        () if head.has("$insert_id") => Some("lines have `event_type` and `$insert_id`"),
        () => None,
    }
}

/// User properties are a snapshot on every event. Groups are an object of lists by group type, whose names are free text.
fn layout(input: &Input) -> Layout {
    let of_type = |root: &str| -> Option<Path> { Some([&[root.to_owned()], input.group_type.as_slice()].concat()) };
    let by_type = |root: &str| vec![root.to_owned()];
    Layout {
        event: paths(&["event_type"]),
        user: paths(&["user_id"]),
        visitor: paths(&["device_id", "amplitude_id"]),
        account: input.group_type.is_some().then(|| of_type("groups")).flatten().into_iter().collect(),
        groups: input.group_type.is_none().then(|| by_type("groups")),
        group: input.group_type.is_some().then(|| of_type("groups")).flatten().into_iter().collect(),
        time: paths(&["event_time", "client_event_time", "server_received_time"]),
        taken_in: paths(&["server_upload_time", "server_received_time"]),
        // Loaders into warehouses write the first as a name that a column may have.
        id: paths(&["$insert_id", "_insert_id", "uuid"]),
        properties: paths(&["event_properties"]),
        agree: super::Agree::At(vec!["event_properties".to_owned()]),
        names: &[("$identify", What::Identify), ("$groupidentify", What::Group)],
        noise: NOISE,
        user_traits: paths(&["user_properties"]),
        group_traits: Some(by_type("group_properties")),
        events_tell: true,
        embedded: paths(&["event_properties", "user_properties", "groups", "group_properties"]),
        // What attribution writes where it knows nothing.
        no_ids: &["EMPTY"],
        no_values: &["EMPTY"],
        ..Layout::default()
    }
}

/// Sessions, and what the browser library captures by itself. **Source**: the default events of Amplitude's libraries.
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
