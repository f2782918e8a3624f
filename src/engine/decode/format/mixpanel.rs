//! Mixpanel: the raw export, and the JSON pipeline to object storage.

use super::{DedupeContent, EventFormat, FieldPath, LineFraming, ProbeLine, RecordKind, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// The lines of the raw export.
pub(super) const RAW: EventFormat = EventFormat {
    name: "mixpanel",
    title: "Mixpanel's raw export",
    lines: LineFraming::Split,
    sign: raw_sign,
    layout: raw_layout,
    fallback: true,
};

/// The files of the JSON pipeline.
pub(super) const PIPELINE: EventFormat = EventFormat {
    name: "mixpanel",
    title: "Mixpanel's JSON pipeline",
    lines: LineFraming::Plain,
    sign: pipeline_sign,
    layout: pipeline_layout,
    fallback: false,
};

fn raw_sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    let time = head.below("properties", "time").is_some_and(|time| time.is_number() || time.is_string());
    (head.is_exactly(&["event", "properties"]) && time)
        .then_some("lines have `event`, `properties` with `time`, and no more")
}

fn pipeline_sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    let all = ["event_name", "insert_id", "distinct_id"].iter().all(|key| head.has(key));
    all.then_some("lines have `event_name`, `insert_id` and `distinct_id`")
}

/// The group key is a property that the project's settings choose. So the model names it, as
/// `group_type` or in `fields`.
fn account(input: &InputSettings) -> Vec<FieldPath> {
    input.group_type.iter().map(|group| vec!["properties".to_owned(), group.clone()]).collect()
}

/// Projects from before 2023 write the wall clock of the project's zone as if it were UTC. The zone
/// comes from `[input] time_zone`.
///
/// Each delivery writes its own processing times into the properties. So two records are duplicates
/// if they agree in the properties that the model reads. **Source** of the dedupe key: event,
/// distinct_id, time and `$insert_id`, as Mixpanel documents it.
fn raw_layout(input: &InputSettings) -> RecordLayout {
    RecordLayout {
        event: paths(&["event"]),
        user: paths(&["properties.$user_id"]),
        visitor: paths(&["properties.$device_id"]),
        distinct: paths(&["properties.distinct_id"]),
        account: account(input),
        time: paths(&["properties.time"]),
        received_at: paths(&["properties.mp_processing_time_ms", "mp_processing_time_ms"]),
        wall_clock: true,
        id: paths(&["properties.$insert_id"]),
        more_id: paths(&["event", "properties.distinct_id", "properties.time"]),
        dedupe_content: DedupeContent::Values,
        names: NAMES,
        noise: NOISE,
        identify_user: paths(&["properties.$identified_id", "properties.$user_id", "properties.distinct_id"]),
        previous: paths(&["properties.$anon_id"]),
        merged: [
            paths(&["properties.$distinct_ids.0", "properties.distinct_id"]),
            paths(&["properties.$distinct_ids.1", "properties.alias"]),
        ],
        placeholder_ids: NO_IDS,
        ..RecordLayout::default()
    }
}

fn pipeline_layout(input: &InputSettings) -> RecordLayout {
    RecordLayout {
        event: paths(&["event_name"]),
        user: paths(&["user_id", "properties.$user_id"]),
        visitor: paths(&["device_id", "properties.$device_id"]),
        distinct: paths(&["distinct_id"]),
        account: account(input),
        time: paths(&["time"]),
        wall_clock: false,
        id: paths(&["insert_id"]),
        more_id: paths(&["event_name", "distinct_id", "time"]),
        identify_user: paths(&["properties.$identified_id", "user_id", "distinct_id"]),
        merged: [
            paths(&["properties.$distinct_ids.0", "properties.distinct_id", "distinct_id"]),
            paths(&["properties.$distinct_ids.1", "properties.alias"]),
        ],
        embedded: paths(&["properties"]),
        ..raw_layout(input)
    }
}

/// Events that join ids in projects with "Original ID Merge".
const NAMES: &[(&str, RecordKind)] =
    &[("$identify", RecordKind::Identify), ("$create_alias", RecordKind::Merge), ("$merge", RecordKind::Merge)];

/// Ids that Mixpanel itself never joins. **Source**: its list of invalid distinct ids.
const NO_IDS: &[&str] = &["anon", "nil", "n/a", "na", "unknown", "-1", "true", "false", "[]", "{}", "<nil>", "lmy47d"];

/// Sessions, events that the browser library captures, and marks of deletion.
const NOISE: &[&str] = &[
    "$ae_crashed",
    "$ae_first_open",
    "$ae_session",
    "$ae_updated",
    "$delete",
    "$experiment_started",
    "$mp_click",
    "$mp_dead_click",
    "$mp_input_change",
    "$mp_page_leave",
    "$mp_rage_click",
    "$mp_scroll",
    "$mp_session_record",
    "$mp_submit",
    "$mp_web_page_view",
    "$session_end",
    "$session_start",
    "$web_vitals",
];
