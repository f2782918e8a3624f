//! Snowplow: enriched events, as JSON of its analytics SDK and as rows of 131 columns.

use super::{
    DedupeContent, EventFormat, FieldPath, LineFraming, ProbeLine, RecordLayout, paths, snowplow_tsv::COLUMNS,
};
use pql_model::plan::InputSettings;

/// JSON, as the analytics SDKs and the loaders write it.
pub(super) const JSON: EventFormat = EventFormat {
    name: "snowplow",
    title: "Snowplow's enriched events as JSON",
    lines: LineFraming::Plain,
    sign: json,
    layout,
    fallback: true,
};

/// The enriched format itself, rows of tab-separated columns.
pub(super) const TSV: EventFormat = EventFormat {
    name: "snowplow",
    title: "Snowplow's enriched events as tab-separated values",
    lines: LineFraming::Columns,
    sign: tsv,
    layout: |input| RecordLayout { is_row: true, ..layout(input) },
    fallback: false,
};

fn json(head: &ProbeLine<'_>) -> Option<&'static str> {
    (head.has("event_id") && head.has("collector_tstamp")).then_some("lines have `event_id` and `collector_tstamp`")
}

fn tsv(head: &ProbeLine<'_>) -> Option<&'static str> {
    let tabs = memchr::memchr_iter(b'\t', head.line().as_bytes()).count();
    (tabs + 1 == COLUMNS.len()).then_some("lines have 131 columns between tabs")
}

/// The key of a self-describing event's body comes from its schema. Properties that the body lacks
/// are read from columns, such as `se_label` or `page_urlpath`.
///
/// The account is an entity that the model names, such as `contexts_com_acme_organization_1.0.id`;
/// as a group type it is `com_acme_organization_1`.
///
/// Robots reuse ids, so an id with another fingerprint is another event.
fn layout(input: &InputSettings) -> RecordLayout {
    let entity = |group: &String| -> FieldPath { vec![format!("contexts_{group}"), "0".to_owned(), "id".to_owned()] };
    RecordLayout {
        event: paths(&["event_name", "event"]),
        user: paths(&["user_id"]),
        visitor: paths(&["domain_userid", "network_userid"]),
        account: input.group_type.iter().map(entity).collect(),
        time: paths(&["true_tstamp", "derived_tstamp", "collector_tstamp"]),
        received_at: paths(&["collector_tstamp"]),
        id: paths(&["event_id"]),
        more_id: paths(&["event_fingerprint"]),
        properties: vec![FieldPath::new()],
        dedupe_content: DedupeContent::Body,
        noise: NOISE,
        body: Some("unstruct_event_"),
        ..RecordLayout::default()
    }
}

/// Events that trackers send by themselves. **Source**: the events that Snowplow's trackers send by
/// default.
const NOISE: &[&str] = &[
    "application_background",
    "application_error",
    "application_foreground",
    "application_install",
    "page_ping",
    "web_vitals",
];
