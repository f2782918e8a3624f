//! PostHog: the batch export as JSON lines, and the list of the events API.

use super::{EventFormat, FieldPath, LineFraming, ProbeLine, RecordKind, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// The batch export.
pub(super) const BATCH: EventFormat = EventFormat {
    name: "posthog",
    title: "a PostHog batch export",
    lines: LineFraming::Plain,
    sign: batch,
    layout,
    fallback: true,
};

/// The items of the events API's list.
pub(super) const API: EventFormat = EventFormat {
    name: "posthog",
    title: "a list of PostHog's events API",
    lines: LineFraming::Plain,
    sign: api,
    layout,
    fallback: false,
};

fn is_event(head: &ProbeLine<'_>) -> bool {
    ["event", "distinct_id", "timestamp"].iter().all(|key| head.has(key))
}

fn batch(head: &ProbeLine<'_>) -> Option<&'static str> {
    (is_event(head) && head.has("uuid")).then_some("lines have `uuid`, `event`, `distinct_id` and `timestamp`")
}

fn api(head: &ProbeLine<'_>) -> Option<&'static str> {
    (is_event(head) && head.has("id")).then_some("lines have `id`, `event`, `distinct_id` and `timestamp`")
}

/// Users and visitors share one name space of ids. An id is a visitor's by `$device_id` and
/// `$is_identified`.
///
/// `$groups` holds the groups by name of their type, and `$group_0` to `$group_4` by number. The
/// model may name either as its group type.
fn layout(input: &InputSettings) -> RecordLayout {
    let path = |group: &str| -> FieldPath {
        let root = ["properties"].into_iter().chain((!is_numbered(group)).then_some("$groups"));
        root.chain([group]).map(str::to_owned).collect()
    };
    RecordLayout {
        event: paths(&["event"]),
        visitor: paths(&["properties.$device_id"]),
        distinct: paths(&["distinct_id"]),
        identified: paths(&["properties.$is_identified"]),
        account: input.group_type.iter().map(|group| path(group)).collect(),
        groups: input.group_type.is_none().then(|| vec!["properties".to_owned(), "$groups".to_owned()]),
        group: paths(&["properties.$group_key"]),
        group_type: paths(&["properties.$group_type"]),
        time: paths(&["timestamp"]),
        received_at: paths(&["created_at", "_inserted_at"]),
        id: paths(&["uuid", "id"]),
        names: NAMES,
        noise: NOISE,
        user_traits: paths(&["properties.$set", "person_properties", "person.properties", "properties.$set_once"]),
        account_traits: paths(&["properties.$group_set"]),
        events_carry_traits: true,
        identify_user: paths(&["distinct_id"]),
        previous: paths(&["properties.$anon_distinct_id"]),
        merged: [paths(&["properties.distinct_id", "distinct_id"]), paths(&["properties.alias"])],
        embedded: paths(&["properties", "person_properties", "person"]),
        placeholder_ids: NO_IDS,
        ..RecordLayout::default()
    }
}

/// True if the group type is one of the five numbered ones.
fn is_numbered(group: &str) -> bool {
    group.strip_prefix("$group_").is_some_and(|number| matches!(number, "0" | "1" | "2" | "3" | "4"))
}

/// Events that join ids or set traits.
const NAMES: &[(&str, RecordKind)] = &[
    ("$identify", RecordKind::Identify),
    ("$set", RecordKind::Identify),
    ("$create_alias", RecordKind::Merge),
    ("$merge_dangerously", RecordKind::Merge),
    ("$groupidentify", RecordKind::Group),
];

/// Ids that PostHog itself never joins. **Source**: its list of illegal distinct ids.
const NO_IDS: &[&str] =
    &["guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "true", "false", "[object Object]"];

/// Events that the library captures by itself, and recordings.
const NOISE: &[&str] = &[
    "$autocapture",
    "$copy_autocapture",
    "$csp_violation",
    "$dead_click",
    "$exception",
    "$experiment_started",
    "$feature_flag_called",
    "$feature_view",
    "$heatmap",
    "$$heatmap",
    "$opt_in",
    "$pageleave",
    "$performance_event",
    "$rageclick",
    "$session_recording_started",
    "$snapshot",
    "$snapshot_items",
    "$web_vitals",
    "survey shown",
];
