//! The layout of a format: where its records keep their parts, and how these are written.

use pql_model::plan::InputSettings;

/// A path of keys from the top of a record; empty for the record itself.
pub(super) type FieldPath = Vec<String>;

/// The kind of a line, as far as its name or type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordKind {
    /// A user action.
    #[default]
    Event,
    /// An event that the vendor's own code sends by itself. It is not activity.
    Noise,
    /// Traits of a user; it may name one more id of the same person.
    Identify,
    /// Traits of an account, and the membership of a user.
    Group,
    /// Two ids of one person, the user's and a previous one.
    Alias,
    /// Two ids of one person, each of them a user's or a visitor's.
    Merge,
}

/// The content that two duplicates agree in, beside id, name, user, account and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DedupeContent {
    /// Everything at a path.
    Path(FieldPath),
    /// The values that the model reads. For formats that mix properties with fields that change
    /// with every delivery.
    Values,
    /// The object that [`RecordLayout::body`] names.
    Body,
}

/// Paths to the parts of a record. Of several paths the first with a value counts; an empty list
/// means that the format has no such part.
#[derive(Debug, Clone)]
pub struct RecordLayout {
    /// If set, paths describe the format completely, and the vendor settings below are ignored.
    pub only_paths: bool,
    /// The event's name.
    pub event: Vec<FieldPath>,
    /// The user's id.
    pub user: Vec<FieldPath>,
    /// The visitor's id.
    pub visitor: Vec<FieldPath>,
    /// An id of unknown kind. It is a visitor's if it equals the visitor's id, begins with
    /// `$device:`, or if [`RecordLayout::identified`] is false.
    pub distinct: Vec<FieldPath>,
    /// A flag: true if the id at [`RecordLayout::distinct`] is a user's.
    pub identified: Vec<FieldPath>,
    /// The account's id.
    pub account: Vec<FieldPath>,
    /// An object of ids (or lists of ids) by group type, one of which is the account.
    pub groups: Option<FieldPath>,
    /// The account's id on lines of type group.
    pub group: Vec<FieldPath>,
    /// The group type on lines of type group.
    pub group_type: Vec<FieldPath>,
    /// The time of the event.
    pub time: Vec<FieldPath>,
    /// The time at which the vendor received the record.
    pub received_at: Vec<FieldPath>,
    /// If set, a time written as a number counts seconds of the wall clock in the zone of `[input]
    /// time_zone`.
    pub wall_clock: bool,
    /// The event's id.
    pub id: Vec<FieldPath>,
    /// Further fields that are part of the event's id.
    pub more_id: Vec<FieldPath>,
    /// Objects of properties; never empty.
    pub properties: Vec<FieldPath>,
    /// The content that two duplicates agree in.
    pub dedupe_content: DedupeContent,
    /// The type of the line: identify, group, alias, or else an event.
    pub kind: Vec<FieldPath>,
    /// If set, the type decides even if the line has an event name.
    pub kind_first: bool,
    /// The kinds of lines that are marked by their name.
    pub names: &'static [(&'static str, RecordKind)],
    /// Names of events that the vendor's own code sends by itself.
    pub noise: &'static [&'static str],
    /// Objects of user traits; never empty.
    pub user_traits: Vec<FieldPath>,
    /// Objects of account traits, on lines of type group; never empty.
    pub account_traits: Vec<FieldPath>,
    /// An object of account traits by group type and account.
    pub group_traits: Option<FieldPath>,
    /// If set, events carry traits too.
    pub events_carry_traits: bool,
    /// The user's id on identify lines, where it differs from the user of events.
    pub identify_user: Vec<FieldPath>,
    /// The id that an alias or identify line joins to the user's.
    pub previous: Vec<FieldPath>,
    /// If set, a previous id may be a visitor's.
    pub previous_visitor: bool,
    /// The two ids of a merge.
    pub merged: [Vec<FieldPath>; 2],
    /// Lists of pairs of a key and a value, read as if they were objects.
    pub pairs: Vec<FieldPath>,
    /// The prefix of a top-level key whose value holds the properties.
    pub body: Option<&'static str>,
    /// If set, a record is a row of columns. The paths then refer to the object that the row
    /// corresponds to.
    pub is_row: bool,
    /// Objects that may be written as text that holds JSON.
    pub embedded: Vec<FieldPath>,
    /// Further placeholder ids of the vendor.
    pub placeholder_ids: &'static [&'static str],
    /// Texts that stand for a missing value.
    pub placeholder_values: &'static [&'static str],
}

/// Splits paths written with dots.
pub(super) fn paths(all: &[&str]) -> Vec<FieldPath> {
    all.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect()
}

impl Default for RecordLayout {
    fn default() -> RecordLayout {
        RecordLayout {
            only_paths: false,
            event: Vec::new(),
            user: Vec::new(),
            visitor: Vec::new(),
            distinct: Vec::new(),
            identified: Vec::new(),
            account: Vec::new(),
            groups: None,
            group: Vec::new(),
            group_type: Vec::new(),
            time: Vec::new(),
            received_at: Vec::new(),
            wall_clock: false,
            id: Vec::new(),
            more_id: Vec::new(),
            properties: paths(&["properties"]),
            dedupe_content: DedupeContent::Path(vec!["properties".to_owned()]),
            kind: Vec::new(),
            kind_first: false,
            names: &[],
            noise: &[],
            user_traits: paths(&["traits"]),
            account_traits: paths(&["traits"]),
            group_traits: None,
            events_carry_traits: false,
            identify_user: Vec::new(),
            previous: Vec::new(),
            previous_visitor: false,
            merged: [Vec::new(), Vec::new()],
            pairs: Vec::new(),
            body: None,
            is_row: false,
            embedded: Vec::new(),
            placeholder_ids: &[],
            placeholder_values: &[],
        }
    }
}

impl RecordLayout {
    /// Applies the paths that the model gives for files of a format.
    pub fn override_fields(&mut self, input: &InputSettings, format: &str) {
        let [event, user, visitor, account, time, id, properties] = input.paths_for_format(format);
        let event_moved = !event.is_empty();
        for (part, paths) in [(&mut self.event, event), (&mut self.visitor, visitor), (&mut self.time, time)] {
            if !paths.is_empty() {
                *part = paths;
            }
        }
        if !user.is_empty() {
            self.user = user;
            self.distinct.clear();
        }
        if !id.is_empty() {
            self.id = id;
            self.more_id.clear();
        }
        if !account.is_empty() {
            // Once the model says where accounts are, the id of a group of any type is not an
            // account.
            if !self.group_type.is_empty() && input.group_type.is_none() {
                self.group.clear();
            }
            self.group = account.iter().chain(&self.group).cloned().collect();
            self.account = account;
            self.groups = None;
        }
        if let Some(first) = properties.first() {
            self.dedupe_content = DedupeContent::Path(first.clone());
            self.properties = properties;
            self.body = None;
        }
        // If the event name is read from the field of the type, all lines are events.
        if event_moved {
            self.kind.retain(|kind| !self.event.contains(kind));
        }
    }
}
