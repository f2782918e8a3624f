//! Where a format keeps the parts of a record, and how it says them.

use pql_model::resolved::InputSettings;

/// A path of keys from the top of a record; empty for the record itself.
pub(super) type FieldPath = Vec<String>;

/// What a line is, as far as its name or kind tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordKind {
    /// Something that happened.
    #[default]
    Event,
    /// Something that the vendor's own code reports by itself: an event, but no activity.
    Noise,
    /// What is known of a user; it may name one more id of the same person.
    Identify,
    /// What is known of an account, and who belongs to it.
    Group,
    /// Two ids that are one person, the user's and a previous one.
    Alias,
    /// Two ids that are one person, each of which may be a user's or a visitor's.
    Merge,
}

/// What two copies of an event must agree in beside its id, name, user, account and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DedupeContent {
    /// All that is at a path.
    Path(FieldPath),
    /// The values that the model reads; for formats that mix properties with what every delivery writes anew.
    Values,
    /// The object that [`Layout::body`] names.
    Body,
}

/// Paths to the parts of a record; of a list of paths the first that holds anything counts, and an empty list means that the format has no such
/// part.
#[derive(Debug, Clone)]
pub struct RecordLayout {
    /// Whether paths say all there is to say, and nothing below that is more than a path is looked at.
    pub only_paths: bool,
    /// The event's name.
    pub event: Vec<FieldPath>,
    /// The user's id.
    pub user: Vec<FieldPath>,
    /// The visitor's id.
    pub visitor: Vec<FieldPath>,
    /// An id that is a user's or a visitor's; it is a visitor's if it equals the visitor's id, begins with `$device:`, or if what is at
    /// [`Layout::identified`] is false.
    pub distinct: Vec<FieldPath>,
    /// Whether the id at [`Layout::distinct`] is a known one.
    pub identified: Vec<FieldPath>,
    /// The account's id.
    pub account: Vec<FieldPath>,
    /// An object of ids (or lists of ids) by group type, one of which is the account.
    pub groups: Option<FieldPath>,
    /// The account's id on lines of type group.
    pub group: Vec<FieldPath>,
    /// The group type on lines of type group.
    pub group_type: Vec<FieldPath>,
    /// The time.
    pub time: Vec<FieldPath>,
    /// When the vendor took the record in, which tells how late it came.
    pub received_at: Vec<FieldPath>,
    /// Whether numbers of the time count seconds of the wall clock in the zone of `[input] time_zone`.
    pub wall_clock: bool,
    /// The event's id.
    pub id: Vec<FieldPath>,
    /// What else makes up the event's id.
    pub more_id: Vec<FieldPath>,
    /// Objects of properties; never none.
    pub properties: Vec<FieldPath>,
    /// What two copies of an event agree in.
    pub dedupe_content: DedupeContent,
    /// What kind of line it is: identify, group, alias, or else an event.
    pub kind: Vec<FieldPath>,
    /// Whether the kind decides even where there is a name.
    pub kind_first: bool,
    /// What lines of some names are.
    pub names: &'static [(&'static str, RecordKind)],
    /// Names of events that the vendor's own code sends by itself.
    pub noise: &'static [&'static str],
    /// Objects of traits of users; never none.
    pub user_traits: Vec<FieldPath>,
    /// Objects of traits of accounts, on lines of type group; never none.
    pub account_traits: Vec<FieldPath>,
    /// An object by group type of objects by account of traits.
    pub group_traits: Option<FieldPath>,
    /// Whether events carry traits too.
    pub events_carry_traits: bool,
    /// The user's id on lines that identify, where it is not the user of events.
    pub identify_user: Vec<FieldPath>,
    /// The id that an alias line joins to the user's, or that an identify line does.
    pub previous: Vec<FieldPath>,
    /// Whether a previous id may be a visitor's.
    pub previous_visitor: bool,
    /// The two ids of a merge.
    pub merged: [Vec<FieldPath>; 2],
    /// Lists of pairs of a key and a value, read as if they were objects.
    pub pairs: Vec<FieldPath>,
    /// The beginning of a top-level key whose value holds the properties.
    pub body: Option<&'static str>,
    /// Whether a record is a row of columns, of which the paths are those of the object that can be made of it.
    pub is_row: bool,
    /// Objects that may be written as text that is JSON.
    pub embedded: Vec<FieldPath>,
    /// Words that are no ids, beside those that never are.
    pub placeholder_ids: &'static [&'static str],
    /// Texts that stand for no value.
    pub placeholder_values: &'static [&'static str],
}

/// Paths written with dots.
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
    /// Takes over the paths that the model gives for files of a format.
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
            // A key of a group of any type is no account once the model says where accounts are.
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
        // Where the name of the event is read from the field of the kind, there are no lines but events.
        if event_moved {
            self.kind.retain(|kind| !self.event.contains(kind));
        }
    }
}
