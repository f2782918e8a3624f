//! Under which names the columns of a table hold the parts of an event.
//!
//! Takes what the model says of its fields, gives for each part the columns that may hold it. The native names come first, then those that
//! warehouses and exports give the same parts.

/// A part of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldAliases {
    /// Its key in `[input] fields`.
    pub(super) key: &'static str,
    /// Its native name.
    pub(super) native: &'static str,
    /// Its names elsewhere, the likeliest first.
    pub(super) others: &'static [&'static str],
    /// Words that columns with it have in their names.
    pub(super) hints: &'static [&'static str],
}

/// The parts of an event, in the order of [`Naming::fields`].
///
/// **Source**: the tables of Segment and RudderStack warehouses (`id`, `context_group_id`, `original_timestamp`), of Amplitude
/// in warehouses (`event_type`, `_insert_id`), of PostHog (`uuid`, `distinct_id`), of GA4 (`user_pseudo_id`), and plain words.
pub(super) const EVENT_FIELDS: [FieldAliases; 7] = [
    FieldAliases {
        key: "event",
        native: "event",
        others: &["event_name", "event_type", "eventName", "event_text"],
        hints: &["event", "action", "name"],
    },
    FieldAliases {
        key: "user",
        native: "user_id",
        others: &["userId", "userid", "distinct_id"],
        hints: &["user", "customer", "person", "member", "actor"],
    },
    FieldAliases {
        key: "anonymous",
        native: "anonymous_id",
        others: &["anonymousId", "user_pseudo_id", "device_id"],
        hints: &["anonymous", "device", "cookie"],
    },
    FieldAliases {
        key: "account",
        native: "account_id",
        others: &[
            "accountId",
            "context_group_id",
            "group_id",
            "groupId",
            "company_id",
            "companyId",
            "organization_id",
            "org_id",
            "workspace_id",
            "team_id",
            "tenant_id",
        ],
        hints: &["account", "company", "organi", "workspace", "team", "tenant", "group"],
    },
    FieldAliases {
        key: "time",
        native: "timestamp",
        others: &[
            "time",
            "event_time",
            "event_timestamp",
            "occurred_at",
            "original_timestamp",
            "originalTimestamp",
            "created_at",
            "ts",
            "received_at",
            "receivedAt",
        ],
        hints: &["time", "date", "_at", "ts"],
    },
    FieldAliases {
        key: "id",
        native: "event_id",
        others: &["id", "message_id", "messageId", "messageid", "uuid", "insert_id", "$insert_id", "_insert_id"],
        hints: &["id"],
    },
    FieldAliases { key: "properties", native: "properties", others: &["event_properties"], hints: &["properties"] },
];

/// Places of [`PARTS`].
pub(super) mod part {
    pub(in crate::read) const EVENT: usize = 0;
    pub(in crate::read) const USER: usize = 1;
    pub(in crate::read) const ANONYMOUS: usize = 2;
    pub(in crate::read) const ACCOUNT: usize = 3;
    pub(in crate::read) const TIME: usize = 4;
    pub(in crate::read) const ID: usize = 5;
    pub(in crate::read) const PROPERTIES: usize = 6;
}

/// What tables are to be read for.
#[derive(Clone, Debug, Default)]
pub struct ColumnMapping {
    /// Paths to the parts of an event that do not stand where the native format has them: event, user, anonymous, account, time, id,
    /// properties. An empty path is the record itself.
    pub fields: [Option<Vec<String>>; 7],
    /// First keys of the properties that are in use; `None` stands for all.
    pub properties: Option<Vec<String>>,
    /// Whether duplicates are looked for, for which all properties of an event with an id are in use.
    pub dedupe: bool,
}

/// For each part of an event its key in `[input] fields`, the names that it commonly has, the likeliest first, and words that are in others.
pub fn field_aliases() -> impl Iterator<Item = (&'static str, Vec<&'static str>, &'static [&'static str])> {
    EVENT_FIELDS.iter().map(|part| (part.key, [&[part.native], part.others].concat(), part.hints))
}
