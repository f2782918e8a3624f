//! Maps the columns of a table to the parts of an event.
//!
//! Takes the model's settings of fields and gives, for each part, the columns that may hold it.
//! Native names come first, then the names that warehouses and exports use.

/// A part of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldAliases {
    /// Its key in `[input] fields`.
    pub(super) key: &'static str,
    /// Its native name.
    pub(super) native: &'static str,
    /// Its names elsewhere, the most likely first.
    pub(super) others: &'static [&'static str],
    /// Words that occur in the names of columns that hold it.
    pub(super) hints: &'static [&'static str],
}

/// The parts of an event, in the order of [`ColumnMapping::fields`].
///
/// **Source**: the tables of Segment and RudderStack warehouses (`id`, `context_group_id`,
/// `original_timestamp`), of Amplitude in warehouses (`event_type`, `_insert_id`), of PostHog
/// (`uuid`, `distinct_id`), of GA4 (`user_pseudo_id`), and plain words.
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

/// Indexes of [`EVENT_FIELDS`].
pub(super) mod part {
    pub(in crate::read) const EVENT: usize = 0;
    pub(in crate::read) const USER: usize = 1;
    pub(in crate::read) const ANONYMOUS: usize = 2;
    pub(in crate::read) const ACCOUNT: usize = 3;
    pub(in crate::read) const TIME: usize = 4;
    pub(in crate::read) const ID: usize = 5;
    pub(in crate::read) const PROPERTIES: usize = 6;
}

/// The settings of the model for reading tables.
#[derive(Clone, Debug, Default)]
pub struct ColumnMapping {
    /// Paths to parts of an event that are not in their native place: event, user, anonymous,
    /// account, time, id, properties. An empty path is the record itself.
    pub(crate) fields: [Option<Vec<String>>; 7],
    /// Paths to the time of receipt, if the run asks for it.
    pub(crate) received: Vec<Vec<String>>,
    /// First keys of the properties that are used; `None` stands for all.
    pub(crate) properties: Option<Vec<String>>,
    /// If set, duplicates are detected. Then all properties of an event with an id are used.
    pub(crate) dedupe: bool,
    /// What the rows of tables are.
    pub(crate) table_use: TableUse,
}

/// What the rows of tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TableUse {
    /// Events.
    #[default]
    Events,
    /// Rows about users or accounts, which become objects with some of their columns.
    Keyed {
        /// The columns of ids, of which one has to be there.
        keys: Vec<String>,
        /// The columns that are asked for.
        columns: Vec<String>,
    },
    /// The same with all columns, whatever they are.
    AllColumns,
    /// Events whose columns all stay where they are, to look at columns before their meaning is known.
    EventColumns,
}

impl TableUse {
    /// True if the rows are about users or accounts.
    pub(super) fn is_keyed(&self) -> bool {
        match self {
            Self::Events | Self::EventColumns => false,
            Self::Keyed { .. } | Self::AllColumns => true,
        }
    }
}

/// Where a reader looks for a part of an event without a model: the native name, and in a table the first of its common names, however it is written.
pub fn usual_fields(part: &str, paths: &[&str], is_table: bool) -> Option<String> {
    let known = EVENT_FIELDS.iter().find(|known| known.key == part)?;
    let others = known.others.iter().filter(|_| is_table);
    let names = std::iter::once(&known.native).chain(others);
    let spelt =
        |path: &str, name: &str| path == name || (is_table && path.to_lowercase().replace([' ', '-'], "_") == name);
    names.copied().find_map(|name| paths.iter().find(|path| spelt(path, name))).map(|path| (*path).to_owned())
}
