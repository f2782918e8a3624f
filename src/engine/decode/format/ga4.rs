//! GA4: rows of its BigQuery export, dumped as JSON.

use super::{DedupeContent, EventFormat, FieldPath, LineFraming, ProbeLine, RecordLayout, paths};
use pql_model::resolved::InputSettings;

/// Rows of `events_YYYYMMDD`.
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

/// Parameters are a list of pairs, read as properties; what is no parameter is looked for as a column, such as `device.category`.
///
/// There is no id of an event; within a bundle the batch columns tell events apart, where the export has them. There are no groups
/// either, so the account is a parameter or a property of the user that the model names.
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

/// What the tag and the app library collect by themselves. **Source**: Google's list of automatically collected events.
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
