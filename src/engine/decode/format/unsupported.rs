//! Known kinds of files that this program does not read: they only look like events, or need
//! another form first.

use super::{ProbeLine, UnsupportedFormat};

/// The sign of one kind of file.
struct UnsupportedSignature {
    is: fn(&ProbeLine<'_>) -> bool,
    foreign: UnsupportedFormat,
}

const UNSUPPORTED_FORMATS: [UnsupportedSignature; 7] = [
    UnsupportedSignature {
        is: |head| head.has("data") && head.below("metadata", "table").is_some(),
        foreign: UnsupportedFormat {
            what: "a staging file that RudderStack writes on its way to a warehouse",
            sign: "lines have `data` and `metadata.table`",
            advice: "score the event logs of the object storage instead (rudder-logs/...), or export the warehouse's table `tracks` and name its columns in [input] fields",
        },
    },
    UnsupportedSignature {
        is: |head| head.is_exactly(&["distinct_id", "resolved_distinct_id"]),
        foreign: UnsupportedFormat {
            what: "the identity table of Mixpanel's pipelines",
            sign: "lines have `distinct_id` and `resolved_distinct_id`, and no more",
            advice: "leave it out, and score the files of events; what it joins, alias lines of the native format can say (`type` \"alias\", `previous_id`, `user_id`, `timestamp`)",
        },
    },
    UnsupportedSignature {
        is: |head| head.has("$distinct_id") && head.has("$properties"),
        foreign: UnsupportedFormat {
            what: "an export of Mixpanel's profiles",
            sign: "lines have `$distinct_id` and `$properties`",
            advice: "give it with --users, as CSV or NDJSON with a column user_id",
        },
    },
    UnsupportedSignature {
        is: |head| head.has("person_id") && head.has("distinct_id") && !head.has("event"),
        foreign: UnsupportedFormat {
            what: "PostHog's persons, one row for each distinct id",
            sign: "lines have `person_id` and `distinct_id`, and no `event`",
            advice: "export the model `events`; persons can be given with --users, as CSV or NDJSON with a column user_id",
        },
    },
    UnsupportedSignature {
        is: |head| head.has("amplitude_id") && head.has("merged_amplitude_id"),
        foreign: UnsupportedFormat {
            what: "Amplitude's table of merged ids",
            sign: "lines have `amplitude_id` and `merged_amplitude_id`",
            advice: "leave it out, and score the files of events",
        },
    },
    UnsupportedSignature {
        is: |head| {
            head.has("event_name")
                && head.has("created_at")
                && (head.has("intercom_user_id") || head.text("type") == Some("event"))
        },
        foreign: UnsupportedFormat {
            what: "a list of Intercom's data events",
            sign: "lines have `event_name`, `created_at` and `intercom_user_id` or the type `event`",
            advice: "name its fields in the model: [input] format = \"native\", fields = { event = \"event_name\", user = \"user_id\", time = \"created_at\", id = \"id\", properties = \"metadata\" }",
        },
    },
    UnsupportedSignature {
        is: |head| head.has("app_token") && head.has("event_type") && head.has("inserted_at"),
        foreign: UnsupportedFormat {
            what: "Userpilot's data sync",
            sign: "lines have `app_token`, `event_type` and `inserted_at`",
            advice: "name its fields in the model: [input] format = \"native\", fields = { event = \"event_name\", user = \"user_id\", account = \"company_id\", time = \"inserted_at\", id = \"internal_event_id\", properties = \"metadata\" }",
        },
    },
];

/// The known kind of file whose sign the line shows.
pub(super) fn find_unsupported(head: &ProbeLine<'_>) -> Option<UnsupportedFormat> {
    UNSUPPORTED_FORMATS.iter().find(|kind| (kind.is)(head)).map(|kind| kind.foreign)
}
