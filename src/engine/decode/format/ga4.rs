//! GA4: rows of its BigQuery export, dumped as JSON.

use super::{DedupeContent, EventFormat, FieldPath, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::plan::InputSettings;

/// Rows of the tables `events_YYYYMMDD`.
pub(super) const GA4: EventFormat = EventFormat {
    name: "ga4",
    title: "a GA4 export from BigQuery",
    lines: LineFraming::Plain,
    sign,
    layout,
    fallback: true,
};

fn sign(head: &ProbeLine<'_>) -> Option<&'static str> {
    let all = ["event_name", "event_timestamp", "event_params"].iter().all(|key| head.has(key));
    all.then_some("lines have `event_name`, `event_timestamp` and `event_params`")
}

/// Event parameters are a list of pairs, and are read as properties. A property that is not a
/// parameter is read from a column, such as `device.category`.
///
/// Events have no id. The bundle and batch columns tell events apart, where the export has them.
/// There are no groups, so the model names an event parameter or a user property as the account.
fn layout(input: &InputSettings) -> RecordLayout {
    let account = |root: &'static str| input.group_type.iter().map(move |group| vec![root.to_owned(), group.clone()]);
    RecordLayout {
        event: paths(&["event_name"]),
        user: paths(&["user_id"]),
        visitor: paths(&["user_pseudo_id"]),
        account: account("event_params").chain(account("user_properties")).collect::<Vec<FieldPath>>(),
        time: paths(&["event_timestamp"]),
        id: paths(&["event_bundle_sequence_id"]),
        more_id: paths(&[
            "event_name",
            "event_timestamp",
            "user_pseudo_id",
            "batch_page_id",
            "batch_ordering_id",
            "batch_event_index",
        ]),
        properties: paths(&["event_params"]).into_iter().chain([FieldPath::new()]).collect(),
        dedupe_content: DedupeContent::Path(vec!["event_params".to_owned()]),
        noise: NOISE,
        user_traits: paths(&["user_properties"]),
        events_carry_traits: true,
        pairs: paths(&["event_params", "user_properties"]),
        ..RecordLayout::default()
    }
}

/// Events that the tag and the app library collect by themselves. **Source**: Google's list of
/// automatically collected events.
const NOISE: &[&str] = &[
    "ad_click",
    "ad_exposure",
    "ad_impression",
    "ad_query",
    "ad_reward",
    "adunit_exposure",
    "app_clear_data",
    "app_exception",
    "app_remove",
    "app_update",
    "firebase_campaign",
    "first_open",
    "first_visit",
    "notification_dismiss",
    "notification_foreground",
    "notification_receive",
    "os_update",
    "scroll",
    "session_start",
    "user_engagement",
];
