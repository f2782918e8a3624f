//! The layout of a format: where its records keep their parts, and how these are written.

use pql_model::resolved::InputSettings;

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
pub(crate) enum DedupeContent {
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
    pub(crate) only_paths: bool,
    /// The event's name.
    pub(crate) event: Vec<FieldPath>,
    /// The user's id.
    pub(crate) user: Vec<FieldPath>,
    /// The visitor's id.
    pub(crate) visitor: Vec<FieldPath>,
    /// An id of unknown kind. It is a visitor's if it equals the visitor's id, begins with
    /// `$device:`, or if [`RecordLayout::identified`] is false.
    pub(crate) distinct: Vec<FieldPath>,
    /// A flag: true if the id at [`RecordLayout::distinct`] is a user's.
    pub(crate) identified: Vec<FieldPath>,
    /// The account's id.
    pub(crate) account: Vec<FieldPath>,
    /// An object of ids (or lists of ids) by group type. One group is the account.
    pub(crate) groups: Option<FieldPath>,
    /// The account's id on lines of type group.
    pub(crate) group: Vec<FieldPath>,
    /// The group type on lines of type group.
    pub(crate) group_type: Vec<FieldPath>,
    /// The time of the event.
    pub(crate) time: Vec<FieldPath>,
    /// The time at which the vendor received the record.
    pub(crate) received_at: Vec<FieldPath>,
    /// The time from which on the record is known, if the model says where it is and the run asks for it.
    pub(crate) known_from: Vec<FieldPath>,
    /// If set, a time written as a number counts seconds of the wall clock in the zone of `[input]
    /// time_zone`.
    pub(crate) wall_clock: bool,
    /// The event's id.
    pub(crate) id: Vec<FieldPath>,
    /// Further fields that are part of the event's id.
    pub(crate) more_id: Vec<FieldPath>,
    /// Objects of properties; never empty.
    pub(crate) properties: Vec<FieldPath>,
    /// The content that two duplicates agree in.
    pub(crate) dedupe_content: DedupeContent,
    /// The type of the line: identify, group, alias, or else an event.
    pub(crate) kind: Vec<FieldPath>,
    /// If set, the type decides even if the line has an event name.
    pub(crate) kind_first: bool,
    /// The kinds of lines that are marked by their name.
    pub(crate) names: &'static [(&'static str, RecordKind)],
    /// Names of events that the vendor's own code sends by itself.
    pub(crate) noise: &'static [&'static str],
    /// Objects of user traits; never empty.
    pub(crate) user_traits: Vec<FieldPath>,
    /// Objects of account traits, on lines of type group; never empty.
    pub(crate) account_traits: Vec<FieldPath>,
    /// An object of account traits by group type and account.
    pub(crate) group_traits: Option<FieldPath>,
    /// If set, events carry traits too.
    pub(crate) events_carry_traits: bool,
    /// The user's id on identify lines, where it differs from the user of events.
    pub(crate) identify_user: Vec<FieldPath>,
    /// The id that an alias or identify line joins to the user's.
    pub(crate) previous: Vec<FieldPath>,
    /// If set, a previous id may be a visitor's.
    pub(crate) previous_visitor: bool,
    /// The two ids of a merge.
    pub(crate) merged: [Vec<FieldPath>; 2],
    /// Lists of pairs of a key and a value, read as if they were objects.
    pub(crate) pairs: Vec<FieldPath>,
    /// The prefix of a top-level key whose value holds the properties.
    pub(crate) body: Option<&'static str>,
    /// If set, a record is a row of columns. The paths then refer to the object that the row
    /// corresponds to.
    pub(crate) is_row: bool,
    /// Objects that may be written as text that holds JSON.
    pub(crate) embedded: Vec<FieldPath>,
    /// Further placeholder ids of the vendor.
    pub(crate) placeholder_ids: &'static [&'static str],
    /// Texts that stand for a missing value.
    pub(crate) placeholder_values: &'static [&'static str],
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
            known_from: Vec::new(),
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
    /// Applies the paths that the model gives for files of a format, but for the time of receipt.
    pub(crate) fn override_fields(&mut self, input: &InputSettings, format: &str) {
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
