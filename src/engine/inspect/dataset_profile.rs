//! The profile of a dataset: counts, bounded tables and samples.
//!
//! Each thread fills a [`DatasetProfile`]; they are merged at the end.

use std::collections::{BTreeMap, HashMap};

use super::{
    event_order::{EventOrder, LatenessStats},
    first_steps::{FirstStep, FirstSteps, name_hash},
    sketches::{DistinctSketch, DuplicateSketch},
};
pub use super::{
    event_profile::{EventProfile, PropertyProfiles},
    property_profile::PropertyProfile,
};
use crate::{
    decode::{Record, RejectReason, stable_hash},
    pipeline::{ReasonRejects, RejectEntry},
};
use pql_model::{
    PerKind,
    units::{Day, Micros},
};

/// Event names that are profiled separately; events of further names are counted together.
pub(crate) const NAMES_MAX: usize = 5_000;

/// Properties that are profiled, over all event names.
pub(crate) const PROPERTIES_MAX: usize = 20_000;

/// The largest number of users, visitors or accounts that is counted exactly.
const ENTITIES_EXACT: usize = 1 << 18;

/// Dates that say whether events come every day: as many as there are, of these.
const DAYS_MIN: Day = 7;
const DAYS_MAX: Day = 28;

/// The largest number of event ids that is checked for duplicates exactly.
const IDS_EXACT: usize = 1 << 20;

/// Counts of lines and records of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileRecordCounts {
    /// Records and rejected lines; in most files this is the number of lines.
    pub(crate) records: u64,
    /// Blank lines.
    pub(crate) blank: u64,
    /// Events.
    pub(crate) events: u64,
    /// Lines about users or accounts, and lines that join ids.
    pub(crate) identity: u64,
    /// Lines of users that the model excludes.
    pub(crate) excluded: u64,
    /// Rejected lines.
    pub(crate) rejected: u64,
}

/// Counts of events and entities by kind of id.
#[derive(Debug, Clone)]
pub struct EntityCounts {
    /// Events that name a user.
    pub(crate) user: u64,
    /// Events that name a visitor and no user.
    pub(crate) visitor: u64,
    /// Events that name neither.
    pub(crate) unidentified: u64,
    /// Events that name an account.
    pub account: u64,
    /// Distinct users.
    pub users: DistinctSketch,
    /// Distinct visitors.
    pub(crate) visitors: DistinctSketch,
    /// Distinct visitors of events that name no user.
    pub(crate) lone_visitors: DistinctSketch,
    /// Distinct visitors that a record names together with a user.
    pub(crate) known_visitors: DistinctSketch,
    /// Distinct accounts.
    pub(crate) accounts: DistinctSketch,
}

/// Counts of lines that are not events.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdentityLineCounts {
    /// Lines with traits of users.
    pub(crate) identify: u64,
    /// Lines with traits of accounts.
    pub(crate) group: u64,
    /// Lines that join ids.
    pub(crate) joins: u64,
}

/// The profile of all records.
///
/// **Law**: the profile of no records is the zero; [`DatasetProfile::merge`] is associative, and
/// commutative as far as the tables have room.
#[derive(Debug, Clone)]
pub struct DatasetProfile {
    /// Counts by file.
    pub(crate) files: Vec<FileRecordCounts>,
    /// Events by local date.
    pub(crate) days: BTreeMap<Day, u64>,
    /// The first and the last event.
    pub range: Option<(Micros, Micros)>,
    /// Events more than a day ahead of the present.
    pub(crate) future: u64,
    /// Events by name.
    pub names: HashMap<String, EventProfile>,
    /// Events of names beyond [`NAMES_MAX`].
    pub other_names: u64,
    /// The number of further properties that the tables may hold.
    pub(crate) property_budget: usize,
    /// Counts by kind of id.
    pub entity_counts: EntityCounts,
    /// The first events of users and of accounts.
    pub first_steps: PerKind<FirstSteps>,
    /// Lines that are not events.
    pub(crate) identity: IdentityLineCounts,
    /// Traits of users.
    pub user_traits: PropertyProfiles,
    /// Traits of accounts.
    pub account_traits: PropertyProfiles,
    /// Records that name a group, by group type.
    pub group_types: BTreeMap<String, u64>,
    /// Events that have an id.
    pub(crate) events_with_id: u64,
    /// Duplicates of events.
    pub(crate) duplicates: DuplicateSketch,
    /// The lateness of events.
    pub(crate) lateness: LatenessStats,
    /// The order of lines.
    pub(crate) order: EventOrder,
    /// Rejected lines by reason.
    pub(crate) rejects: BTreeMap<RejectReason, ReasonRejects>,
    /// Records that a line end had split in two.
    pub(crate) split_records: u64,
}

/// Group types that are profiled; records may name any number.
const GROUP_TYPES_MAX: usize = 200;

impl DatasetProfile {
    /// Whether each of the last dates has events, of enough dates to say so.
    pub fn has_events_every_day(&self) -> bool {
        let Some(last) = self.days.last_key_value().map(|(day, _)| *day) else { return false };
        let shown = self.days.range(last - (DAYS_MAX - 1)..).count();
        let first = self.days.first_key_value().map_or(last, |(day, _)| *day);
        let all = DAYS_MAX.min(last - first + 1);
        all >= DAYS_MIN && shown as i32 == all
    }

    /// Whether few ids of events have several contents.
    pub fn has_few_conflicts(&self) -> bool {
        self.duplicates.conflicts() * 100 <= self.events_with_id
    }

    /// An empty profile for a number of files.
    pub(crate) fn new(files: usize) -> DatasetProfile {
        DatasetProfile {
            files: vec![FileRecordCounts::default(); files],
            days: BTreeMap::new(),
            range: None,
            future: 0,
            names: HashMap::new(),
            other_names: 0,
            property_budget: PROPERTIES_MAX,
            entity_counts: EntityCounts {
                user: 0,
                visitor: 0,
                unidentified: 0,
                account: 0,
                users: DistinctSketch::new(ENTITIES_EXACT),
                visitors: DistinctSketch::new(ENTITIES_EXACT),
                lone_visitors: DistinctSketch::new(ENTITIES_EXACT),
                known_visitors: DistinctSketch::new(ENTITIES_EXACT),
                accounts: DistinctSketch::new(ENTITIES_EXACT),
            },
            first_steps: PerKind { user: FirstSteps::default(), account: FirstSteps::default() },
            identity: IdentityLineCounts::default(),
            user_traits: PropertyProfiles::default(),
            account_traits: PropertyProfiles::default(),
            group_types: BTreeMap::new(),
            events_with_id: 0,
            duplicates: DuplicateSketch::new(IDS_EXACT),
            lateness: LatenessStats::default(),
            order: EventOrder::default(),
            rejects: BTreeMap::new(),
            split_records: 0,
        }
    }

    /// Events in all files.
    pub fn events(&self) -> u64 {
        self.files.iter().map(|file| file.events).sum()
    }

    /// Records in all files, without blank lines.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records - file.blank).sum()
    }

    /// Rejected lines in all files.
    pub fn rejected(&self) -> u64 {
        self.files.iter().map(|file| file.rejected).sum()
    }

    /// Event names, the most frequent first.
    pub fn sorted_names(&self) -> Vec<(&str, &EventProfile)> {
        let mut all: Vec<(&str, &EventProfile)> = self.names.iter().map(|(name, one)| (name.as_str(), one)).collect();
        all.sort_by(|(a, one), (b, other)| other.count.cmp(&one.count).then(a.cmp(b)));
        all
    }

    /// Counts the ids that a record names.
    pub(super) fn count_entities(&mut self, record: &Record<'_>, is_event: bool) {
        let hash = |id: &std::borrow::Cow<'_, str>| stable_hash(id);
        let (user, visitor) = (record.user.as_ref().map(hash), record.visitor.as_ref().map(hash));
        let account = record.account.as_ref().map(hash);
        if is_event {
            match (user, visitor) {
                (Some(_), _) => self.entity_counts.user += 1,
                (None, Some(_)) => self.entity_counts.visitor += 1,
                (None, None) => self.entity_counts.unidentified += 1,
            }
            self.entity_counts.account += u64::from(account.is_some());
        }
        user.into_iter().for_each(|user| self.entity_counts.users.add(user));
        account.into_iter().for_each(|account| self.entity_counts.accounts.add(account));
        if let Some(visitor) = visitor {
            self.entity_counts.visitors.add(visitor);
            match user {
                Some(_) => self.entity_counts.known_visitors.add(visitor),
                None if is_event => self.entity_counts.lone_visitors.add(visitor),
                None => {}
            }
        }
    }

    /// Adds an event to the first ones of its user and its account.
    pub(super) fn add_first_steps(&mut self, record: &Record<'_>) {
        let step = FirstStep { at: record.at, name: name_hash(&record.name) };
        if let Some(user) = &record.user {
            self.first_steps.user.add(stable_hash(user), step);
        }
        if let Some(account) = &record.account {
            self.first_steps.account.add(stable_hash(account), step);
        }
    }

    /// The profile of an event name; none if there are too many names.
    pub(super) fn event_profile_mut(&mut self, name: &str) -> Option<(&mut EventProfile, &mut usize)> {
        if !self.names.contains_key(name) {
            if self.names.len() >= NAMES_MAX {
                return None;
            }
            self.names.insert(name.to_owned(), EventProfile::default());
        }
        self.names.get_mut(name).map(|named| (named, &mut self.property_budget))
    }

    /// Counts a record that names a group of a type.
    pub(super) fn add_group_type(&mut self, of_type: &str) {
        if let Some(count) = self.group_types.get_mut(of_type) {
            *count += 1;
        } else if self.group_types.len() < GROUP_TYPES_MAX {
            self.group_types.insert(of_type.to_owned(), 1);
        }
    }

    /// Counts a rejected line; what is wrong with it is asked only of the first.
    pub(super) fn reject(&mut self, reject: &RejectEntry, bytes: &[u8]) {
        self.rejects.entry(reject.reason).or_insert(ReasonRejects::NONE).add(reject, bytes);
        let file = &mut self.files[reject.file as usize];
        (file.records, file.rejected) = (file.records + 1, file.rejected + 1);
    }

    /// Adds a value to the profile of a property, if the table has room.
    pub(super) fn add_value(
        (properties, room): (&mut PropertyProfiles, &mut usize),
        path: &str,
        (text, raw): (&str, crate::decode::json::JsonSpan),
        keep: bool,
    ) {
        if let Some(property) = properties.get_or_insert(path, room) {
            property.add(text, raw, keep);
        }
    }

    /// Adds another profile.
    ///
    /// **Law**: the order of merges does not matter, unless there are more names or properties than
    /// the tables hold.
    pub(crate) fn merge(&mut self, other: DatasetProfile) {
        for (mine, theirs) in self.files.iter_mut().zip(other.files) {
            mine.records += theirs.records;
            mine.blank += theirs.blank;
            mine.events += theirs.events;
            mine.identity += theirs.identity;
            mine.excluded += theirs.excluded;
            mine.rejected += theirs.rejected;
        }
        for (day, count) in other.days {
            *self.days.entry(day).or_default() += count;
        }
        self.range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, theirs) => mine.or(theirs),
        };
        self.future += other.future;
        self.other_names += other.other_names;
        let mut names: Vec<(String, EventProfile)> = other.names.into_iter().collect();
        names.sort_by(|(a, one), (b, other)| other.count.cmp(&one.count).then(a.cmp(b)));
        for (name, named) in names {
            let count = named.count;
            match self.event_profile_mut(&name) {
                Some((mine, room)) => mine.merge(named, room),
                None => self.other_names += count,
            }
        }
        let who = other.entity_counts;
        self.entity_counts.user += who.user;
        self.entity_counts.visitor += who.visitor;
        self.entity_counts.unidentified += who.unidentified;
        self.entity_counts.account += who.account;
        self.entity_counts.users.merge(who.users);
        self.entity_counts.visitors.merge(who.visitors);
        self.entity_counts.lone_visitors.merge(who.lone_visitors);
        self.entity_counts.known_visitors.merge(who.known_visitors);
        self.entity_counts.accounts.merge(who.accounts);
        self.first_steps.user.merge(other.first_steps.user);
        self.first_steps.account.merge(other.first_steps.account);
        self.identity.identify += other.identity.identify;
        self.identity.group += other.identity.group;
        self.identity.joins += other.identity.joins;
        self.user_traits.merge(other.user_traits, &mut self.property_budget);
        self.account_traits.merge(other.account_traits, &mut self.property_budget);
        for (of_type, count) in other.group_types {
            *self.group_types.entry(of_type).or_default() += count;
        }
        self.events_with_id += other.events_with_id;
        self.duplicates.merge(other.duplicates);
        self.lateness.merge(&other.lateness);
        self.order.merge(other.order);
        for (reason, theirs) in other.rejects {
            self.rejects.entry(reason).or_insert(ReasonRejects::NONE).merge(theirs);
        }
        self.split_records += other.split_records;
    }
}
