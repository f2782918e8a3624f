//! The header of a table: the place of each column in a record.
//!
//! Takes the names of the columns and the model's settings of fields, gives a tree of keys whose
//! leaves are columns. Invariant: a column that the model or the native format names stands at its
//! own path. Other used columns stand under `properties`, unless the table has properties of its
//! own.

use std::collections::{HashMap, HashSet};

use super::{
    column_mapping::{ColumnMapping, EVENT_FIELDS, FieldAliases, TableUse, part},
    missing_column::{MissingColumn, missing_columns},
};
use crate::loader_columns::is_loader_column;

/// The deepest nesting from dots in the name of a column; further dots stay in the last key.
const DEPTH_MAX: usize = 16;

/// Further native columns, beside those of [`EVENT_FIELDS`].
const NATIVE_COLUMNS: [&str; 6] = ["properties", "type", "traits", "previous_id", "group_id", "context"];

/// Columns that the readers of vendor formats use.
const VENDOR_COLUMNS: [&str; 24] = [
    "messageId",
    "userId",
    "anonymousId",
    "groupId",
    "previousId",
    "rudderId",
    "originalTimestamp",
    "device_id",
    "distinct_id",
    "person_id",
    "person_properties",
    "person",
    "set",
    "set_once",
    "user_properties",
    "group_properties",
    "groups",
    "insert_id",
    "uuid",
    "event_time",
    "client_event_time",
    "server_received_time",
    "user_pseudo_id",
    "name",
];

/// Columns of ids besides the fields of an event, by the last part of their names.
const OTHER_IDS: [&str; 16] = [
    "previous_id",
    "previousId",
    "group_id",
    "groupId",
    "userId",
    "anonymousId",
    "messageId",
    "device_id",
    "amplitude_id",
    "distinct_id",
    "insert_id",
    "uuid",
    "user_pseudo_id",
    "domain_userid",
    "network_userid",
    "event_bundle_sequence_id",
];

/// Columns that identify tables of vendors, whose records are passed on unchanged.
const VENDOR_MARKERS: [&str; 3] = ["amplitude_id", "collector_tstamp", "event_params"];

/// Columns by which tables are known whose rows hold a record in one cell; with the column of the record, which is passed on as it is.
const ENVELOPE_MARKERS: [(&str, &[&str]); 5] = [
    ("_airbyte_data", &["_airbyte_raw_id", "_airbyte_ab_id", "_airbyte_extracted_at", "_airbyte_emitted_at"]),
    ("_source", &["_index", "_id"]),
    ("data", &["emitted_at", "_emitted_at", "extracted_at", "stream"]),
    ("record", &["stream", "time_extracted"]),
    ("after", &["op", "ts_ms"]),
];

/// The same of messages of queues, webhooks, logs and change feeds, whose columns may also be parts of an event. They count only where such parts are missing.
const MESSAGE_MARKERS: [(&str, &[&str]); 8] = [
    ("value", &["topic", "partition", "offset"]),
    ("data", &["specversion", "database", "table", "metadata", "_fivetran_synced", "topic", "offset"]),
    ("detail", &["detail-type", "source"]),
    ("jsonPayload", &["insertId", "logName", "receiveTimestamp"]),
    ("fullDocument", &["operationType", "clusterTime", "_id"]),
    ("payload", &["schema", "ingested_at", "received_at", "_loaded_at", "topic", "offset"]),
    ("message", &["@timestamp", "topic", "offset"]),
    ("record", &["type", "ingested_at", "received_at", "_loaded_at"]),
];

/// The places of the columns of a table.
#[derive(Debug)]
pub(super) struct TableHeader {
    pub(super) root: Vec<(Vec<u8>, RecordNode)>,
    pub(super) columns: usize,
    /// Columns that the model names and the table does not have.
    pub(super) missing: Vec<MissingColumn>,
}

/// The value at a key.
#[derive(Debug)]
pub(super) enum RecordNode {
    /// An object, its keys written as JSON with their colons.
    Object(Vec<(Vec<u8>, RecordNode)>),
    /// The cell of a column, by its index from 0.
    Cell(usize, CellRole),
}

/// The role of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellRole {
    /// Text, or JSON if it is a whole object or list.
    Value,
    /// An id.
    Id,
    /// The time of the event, which the decoder reads.
    Time,
    /// An object only.
    Object,
}

/// The reason why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    /// Two columns have one name: their positions, from 1.
    DuplicateColumn(usize, usize),
    /// One column holds the object that another column is a part of: the name of the first.
    NestedColumn(&'static str),
    /// The same of a table about users or accounts.
    DuplicateKeyed(usize, usize),
    /// No column has the name of the one with the ids of a table about users or accounts.
    NoKey,
    /// Parts of an event without a known column, each with a likely column.
    MissingFields(Vec<(&'static str, Option<String>)>),
}

/// The properties of a table as a whole.
struct TableProfile {
    /// The table is a vendor's, and its reader takes it unchanged.
    vendor: bool,
    /// Properties have columns of their own, beside the parts of the event.
    flat: bool,
    /// The record itself is the object of properties.
    of_record: bool,
    /// All properties are used.
    whole: bool,
}

/// The columns of a table during placement.
struct ColumnPlacement<'c> {
    names: &'c [String],
    /// The indexes of columns by name. There may be very many columns.
    by_name: HashMap<&'c str, usize>,
    naming: &'c ColumnMapping,
    /// Paths with their columns.
    placed: Vec<(Vec<String>, usize, CellRole)>,
}

impl TableHeader {
    /// Places columns by their names.
    ///
    /// # Errors
    ///
    /// The reason why the table cannot be read as events.
    pub(super) fn new(names: &[String], naming: &ColumnMapping) -> Result<Self, HeaderError> {
        if naming.table_use != TableUse::Events {
            return Self::keyed(names, &naming.table_use);
        }
        let lowered = usual_names(names, naming);
        let names = lowered.as_deref().unwrap_or(names);
        let mut by_name = HashMap::new();
        for (place, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = by_name.insert(name.as_str(), place) {
                return Err(HeaderError::DuplicateColumn(first + 1, place + 1));
            }
        }
        for whole in ["properties", "traits"] {
            let is_part = |name: &String| name.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
            if names.iter().any(|name| name == whole) && names.iter().any(is_part) {
                return Err(HeaderError::NestedColumn(whole));
            }
        }
        let mut columns = ColumnPlacement { names, by_name, naming, placed: Vec::new() };
        columns.place()?;
        // Shorter paths come first, so that conflicts between columns do not depend on their order.
        columns.placed.sort_by_key(|(path, _, _)| path.len());
        let mut root = RecordKeys::default();
        for (path, column, role) in columns.placed {
            root.insert(&path, column, role);
        }
        let missing = missing_columns(names, naming);
        Ok(Self { root: root.into_nodes(), columns: names.len(), missing })
    }

    /// Whether the names are those of the parts of an event, by themselves and not by what a vendor's columns are called.
    pub(super) fn names_event(names: &[String], naming: &ColumnMapping) -> bool {
        let lowered = usual_names(names, naming);
        let names = lowered.as_deref().unwrap_or(names);
        let by_name = names.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
        let columns = ColumnPlacement { names, by_name, naming, placed: Vec::new() };
        columns.check_required(&columns.fields()).is_ok()
    }
}

impl TableHeader {
    /// Places the columns of a table about users or accounts, each under its whole name.
    ///
    /// # Errors
    ///
    /// Two columns of one name, and no column for the ids.
    fn keyed(names: &[String], table_use: &TableUse) -> Result<Self, HeaderError> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (place, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = places.insert(name, place) {
                return Err(HeaderError::DuplicateKeyed(first + 1, place + 1));
            }
        }
        let mut root = Vec::new();
        let mut place = |name: &str| {
            let is_key = matches!(table_use, TableUse::Keyed { keys, .. } if keys.iter().any(|key| key == name));
            let role = if is_key { CellRole::Id } else { CellRole::Value };
            root.extend(places.get(name).map(|column| (key_of(name), RecordNode::Cell(*column, role))));
        };
        match table_use {
            TableUse::Keyed { keys, .. } if !keys.iter().any(|key| places.contains_key(key.as_str())) => {
                return Err(HeaderError::NoKey);
            }
            TableUse::Keyed { columns, .. } => columns.iter().for_each(|name| place(name)),
            TableUse::AllColumns | TableUse::Events | TableUse::EventColumns => {
                names.iter().filter(|name| !name.is_empty()).for_each(|name| place(name));
            }
        }
        Ok(Self { root, columns: names.len(), missing: Vec::new() })
    }
}

#[cfg(feature = "parquet")]
impl TableHeader {
    /// The indexes of columns that are part of records.
    pub(super) fn used_columns(&self) -> Vec<usize> {
        fn collect(keys: &[(Vec<u8>, RecordNode)], used: &mut Vec<usize>) {
            for (_, node) in keys {
                match node {
                    RecordNode::Object(below) => collect(below, used),
                    RecordNode::Cell(column, _) => used.push(*column),
                }
            }
        }
        let mut used = Vec::new();
        collect(&self.root, &mut used);
        used.sort_unstable();
        used.dedup();
        used
    }
}

impl ColumnPlacement<'_> {
    fn column(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The column that holds a path or a prefix of it.
    fn holding(&self, path: &[String]) -> Option<usize> {
        (1..=path.len()).rev().find_map(|length| self.column(&path.get(..length)?.join(".")))
    }

    /// The column that holds a part of an event, and true if its name is not the native one.
    fn find_field(&self, place: usize, part: &FieldAliases) -> Option<(usize, bool)> {
        match self.naming.fields.get(place).and_then(Option::as_ref) {
            Some(path) => self.holding(path).map(|column| (column, false)),
            None => {
                let native = self.column(part.native).map(|column| (column, false));
                // A list of people has a column `name` too. It is the event name only beside
                // properties, as in June's tables.
                let name =
                    || self.column("name").filter(|_| place == part::EVENT && self.column("properties").is_some());
                let other = || part.others.iter().find_map(|name| self.column(name)).or_else(name);
                native.or_else(|| other().map(|column| (column, true)))
            }
        }
    }

    /// What [`find_field`](Self::find_field) gives for each part of an event.
    fn fields(&self) -> Vec<Option<(usize, bool)>> {
        EVENT_FIELDS.iter().enumerate().map(|(place, part)| self.find_field(place, part)).collect()
    }

    fn place(&mut self) -> Result<(), HeaderError> {
        let found = self.fields();
        let get = |place: usize| found.get(place).copied().flatten();
        let vendor = VENDOR_MARKERS.iter().any(|name| self.column(name).is_some())
            || self.is_mixpanel()
            || (self.is_enveloped() && self.naming.fields.iter().all(Option::is_none));
        let required = if vendor { Ok(()) } else { self.check_required(&found) };
        // Each row may still hold a record in one cell, as each line may.
        let vendor = vendor || (required.is_err() && self.may_hold_records());
        if !vendor {
            required?;
        }
        let fields = &self.naming.fields;
        let of_record = fields.get(part::PROPERTIES).and_then(Option::as_ref).is_some_and(Vec::is_empty);
        let table = TableProfile {
            vendor,
            flat: !self.names.iter().any(|name| name.starts_with("properties."))
                && get(part::PROPERTIES).is_none()
                && fields.get(part::PROPERTIES).is_none_or(Option::is_none),
            of_record,
            whole: self.naming.dedupe && get(part::ID).is_some(),
        };
        for (column, name) in self.names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let part = found.iter().zip(&EVENT_FIELDS).enumerate().find_map(|(place, (found, part))| {
                found.filter(|(of, _)| *of == column).map(|(_, renamed)| (place, part.native, renamed))
            });
            self.place_one(column, name, part, &table);
        }
        Ok(())
    }

    /// Places one column. If it holds a part of an event, the native name is given, and whether the
    /// column has another name.
    fn place_one(
        &mut self,
        column: usize,
        name: &str,
        part: Option<(usize, &'static str, bool)>,
        table: &TableProfile,
    ) {
        let role = match part {
            Some((part::TIME, ..)) => CellRole::Time,
            Some((part::PROPERTIES, ..)) => CellRole::Object,
            Some((part::EVENT, ..)) => CellRole::Value,
            Some(_) => CellRole::Id,
            None => role_of(name),
        };
        let own = path_of(name);
        self.place_receipt(column, &own, table);
        let top = own.first().map_or("", String::as_str);
        match part {
            Some((place, native, true)) if !table.vendor => {
                self.placed.push((vec![native.to_owned()], column, role));
                // The reader of a vendor's format uses the original name.
                if !table.flat && place != part::PROPERTIES {
                    self.placed.push((own, column, role));
                }
            }
            Some(_) => self.placed.push((own, column, role)),
            None if table.vendor || self.is_model_field(top) || NATIVE_COLUMNS.contains(&top) => {
                self.placed.push((own, column, role))
            }
            None if table.flat && is_loader_column(top) && !self.is_asked(top) => {}
            None if table.flat && self.is_property_used(top, table) => {
                self.placed.push(([vec!["properties".to_owned()], own].concat(), column, CellRole::Value));
            }
            None if VENDOR_COLUMNS.contains(&top) || (table.of_record && self.is_property_used(top, table)) => {
                self.placed.push((own, column, role));
            }
            None => {}
        }
    }

    /// Places a column with the time of receipt where the decoder looks for it, beside the place that it has otherwise.
    fn place_receipt(&mut self, column: usize, own: &[String], table: &TableProfile) {
        for path in &self.naming.received {
            let below = path.split_first().filter(|(top, _)| table.flat && *top == "properties").map(|(_, rest)| rest);
            let length = if begins_with(path, own) {
                own.len()
            } else if below.is_some_and(|rest| begins_with(rest, own)) {
                own.len() + 1
            } else {
                continue;
            };
            self.placed.push((path[..length].to_vec(), column, CellRole::Value));
        }
    }

    /// True for lines of Mixpanel's raw export with a column for each of their two keys.
    fn is_mixpanel(&self) -> bool {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names == ["event", "properties"] && self.naming.fields.iter().all(Option::is_none)
    }

    /// Whether each row holds a record in one cell, as tables do that connectors write.
    fn is_enveloped(&self) -> bool {
        self.has_markers(&ENVELOPE_MARKERS)
    }

    /// Whether a column holds a whole record, by what stands beside it, and the model does not say otherwise.
    fn may_hold_records(&self) -> bool {
        self.naming.fields.iter().all(Option::is_none) && self.has_markers(&MESSAGE_MARKERS)
    }

    fn has_markers(&self, markers: &[(&str, &[&str])]) -> bool {
        markers.iter().any(|(record, beside)| {
            self.column(record).is_some() && beside.iter().any(|name| self.column(name).is_some())
        })
    }

    /// True if the model says that a part of an event is under this name. The column then stays
    /// where the model expects it.
    fn is_model_field(&self, top: &str) -> bool {
        self.naming.fields.iter().flatten().any(|path| path.first().is_some_and(|first| first == top))
    }

    /// Whether the model reads a property of this name.
    fn is_asked(&self, top: &str) -> bool {
        self.naming.properties.as_ref().is_some_and(|read| read.iter().any(|property| property == top))
    }

    /// True if a property of this name is used. If duplicates are detected, all properties are
    /// used, because duplicates agree in all of them.
    fn is_property_used(&self, top: &str, table: &TableProfile) -> bool {
        table.whole || self.naming.properties.as_ref().is_none_or(|read| read.iter().any(|property| property == top))
    }

    /// Fails if there is no column for a name, a time, or any id.
    fn check_required(&self, found: &[Option<(usize, bool)>]) -> Result<(), HeaderError> {
        let get = |place: usize| found.get(place).copied().flatten();
        let mut missing = Vec::new();
        // Lines of type identify, group and alias have no name.
        if get(part::EVENT).is_none() && self.column("type").is_none() {
            missing.push(part::EVENT);
        }
        if get(part::TIME).is_none() {
            missing.push(part::TIME);
        }
        if [part::USER, part::ANONYMOUS, part::ACCOUNT].into_iter().all(|place| get(place).is_none()) {
            missing.push(part::USER);
        }
        if missing.is_empty() {
            return Ok(());
        }
        let parts = missing.into_iter().filter_map(|place| EVENT_FIELDS.get(place));
        Err(HeaderError::MissingFields(parts.map(|part| (part.key, self.guess(part))).collect()))
    }

    /// A column whose name resembles a part. Column names are not personal data.
    fn guess(&self, part: &FieldAliases) -> Option<String> {
        let is_name = |name: &&String| {
            name.len() <= 64
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b' ' | b'$' | b'-'))
        };
        let sounds = |name: &str, hint: &str| name.to_ascii_lowercase().contains(hint);
        let hints = part.hints.iter();
        let mut found = hints.flat_map(|hint| self.names.iter().filter(move |name| sounds(name, hint)));
        found.find(is_name).cloned()
    }
}

/// Whether a path of the model leads to a column or into it. The column may be spelled as it is usual, and the path as the export writes it.
fn begins_with(path: &[String], own: &[String]) -> bool {
    let usual = |key: &String| key.to_lowercase().replace([' ', '-'], "_");
    own.len() <= path.len() && path.iter().zip(own).all(|(key, own)| key == own || usual(key) == *own)
}

/// The names as they are usual, where a database or an export for people spells all of them in its own way.
fn usual_names(names: &[String], naming: &ColumnMapping) -> Option<Vec<String>> {
    lowercase_names(names, naming).or_else(|| snake_case_names(names, naming))
}

/// The names in lower case, if all are in upper case, as Snowflake writes unquoted names. None if
/// the model uses one of them in upper case.
fn lowercase_names(names: &[String], naming: &ColumnMapping) -> Option<Vec<String>> {
    let asked = |name: &String| {
        let fields = naming.fields.iter().flatten().filter_map(|path| path.first());
        fields.chain(naming.properties.iter().flatten()).any(|known| known == name)
    };
    let capitals = |name: &String| !name.bytes().any(|byte| byte.is_ascii_lowercase()) && !asked(name);
    (names.iter().all(capitals) && names.iter().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase())))
        .then(|| names.iter().map(|name| name.to_ascii_lowercase()).collect())
}

/// The names with those of event parts in snake case, where exports for people write them as words
/// (`Event Name`, `Distinct ID`). None if no name is of this kind. A name that the model uses stays,
/// and so does one whose snake case is a column too.
fn snake_case_names(names: &[String], naming: &ColumnMapping) -> Option<Vec<String>> {
    let aliases: HashSet<&str> =
        EVENT_FIELDS.iter().flat_map(|part| part.others.iter().copied().chain([part.native])).collect();
    let used: HashSet<&str> =
        naming.fields.iter().flatten().filter_map(|path| path.first()).map(String::as_str).collect();
    let folded: Vec<String> = names.iter().map(|name| name.to_lowercase().replace([' ', '-'], "_")).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    folded.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let renamed = |(name, snake): (&String, &String)| {
        let known = aliases.contains(name.as_str()) || used.contains(name.as_str());
        let is_part = !known && aliases.contains(snake.as_str()) && counts.get(snake.as_str()) == Some(&1);
        if is_part { snake.clone() } else { name.clone() }
    };
    let result: Vec<String> = names.iter().zip(&folded).map(renamed).collect();
    (result != names).then_some(result)
}

/// The role of a column that is no field of the event.
fn role_of(name: &str) -> CellRole {
    let (is_group, last) = (name.starts_with("groups."), name.rsplit('.').next().unwrap_or(name));
    if is_group || OTHER_IDS.contains(&last) { CellRole::Id } else { CellRole::Value }
}

/// The path that the name of a column stands for.
fn path_of(name: &str) -> Vec<String> {
    name.splitn(DEPTH_MAX, '.').map(str::to_owned).collect()
}

/// The keys of an object during placement.
#[derive(Default)]
struct RecordKeys {
    keys: Vec<(Vec<u8>, PlacedKey)>,
    /// The first index of each key.
    places: HashMap<Vec<u8>, usize>,
}

/// The content of a key during placement.
enum PlacedKey {
    Object(RecordKeys),
    Cell(usize, CellRole),
}

impl RecordKeys {
    /// Puts a column at a path. If another column blocks the path, it goes beside that one under its
    /// full name.
    fn insert(&mut self, path: &[String], column: usize, role: CellRole) {
        let Some((first, rest)) = path.split_first() else { return };
        let key = key_of(first);
        let known = self.places.get(&key).and_then(|place| self.keys.get_mut(*place));
        match (known, rest.is_empty()) {
            (Some((_, PlacedKey::Object(below))), false) => below.insert(rest, column, role),
            (Some(_), false) => self.push(key_of(&path.join(".")), PlacedKey::Cell(column, role)),
            (_, true) => self.push(key, PlacedKey::Cell(column, role)),
            (None, false) => {
                let mut below = Self::default();
                below.insert(rest, column, role);
                self.push(key, PlacedKey::Object(below));
            }
        }
    }

    fn push(&mut self, key: Vec<u8>, placed: PlacedKey) {
        self.places.entry(key.clone()).or_insert(self.keys.len());
        self.keys.push((key, placed));
    }

    fn into_nodes(self) -> Vec<(Vec<u8>, RecordNode)> {
        let node = |placed| match placed {
            PlacedKey::Object(below) => RecordNode::Object(below.into_nodes()),
            PlacedKey::Cell(column, role) => RecordNode::Cell(column, role),
        };
        self.keys.into_iter().map(|(key, placed)| (key, node(placed))).collect()
    }
}

/// A key as JSON, with its colon.
fn key_of(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    super::json_record::write_text(&mut key, name.as_bytes());
    key.push(b':');
    key
}
