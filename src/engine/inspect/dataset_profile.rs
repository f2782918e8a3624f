//! What was seen so far: a monoid, so that threads see apart and are put together at the end.

use std::collections::{BTreeMap, HashMap};

pub use super::event_profile::{EventProfile, PropertyProfiles};
use super::{
    event_order::{EventOrder, LatenessStats},
    field_candidates::FieldCandidates,
    sketches::{DistinctSketch, DuplicateSketch},
};
use crate::decode::{Record, RejectReason, stable_hash};
use pql_model::units::{Day, Micros};

/// Names of events that are told apart; events of further names are counted together.
pub const NAMES_MAX: usize = 5_000;

/// Properties that are told apart, over all names of events.
pub const PROPERTIES_MAX: usize = 20_000;

/// Users, visitors and accounts that are counted exactly.
const ENTITIES_EXACT: usize = 1 << 18;

/// Ids of events that are looked at for copies.
const IDS_EXACT: usize = 1 << 20;

/// Lines and records of a file.
#[derive(Debug, Clone, Default)]
pub struct FileRecordCounts {
    /// Records, and lines that are none; in most files the lines.
    pub records: u64,
    /// Blank ones.
    pub blank: u64,
    /// Events.
    pub events: u64,
    /// Lines about users or accounts, and lines that join ids.
    pub identity: u64,
    /// Of internal users, whom the model sets aside.
    pub excluded: u64,
    /// No records.
    pub rejected: u64,
}

/// Who events are of.
#[derive(Debug, Clone)]
pub struct EntityCounts {
    /// Events that name a user.
    pub user: u64,
    /// Events that name a visitor and no user.
    pub visitor: u64,
    /// Events that name neither.
    pub unidentified: u64,
    /// Events that name an account.
    pub account: u64,
    /// Different users.
    pub users: DistinctSketch,
    /// Different visitors.
    pub visitors: DistinctSketch,
    /// Different visitors of events that name no user.
    pub lone_visitors: DistinctSketch,
    /// Different visitors that a record names together with a user.
    pub known_visitors: DistinctSketch,
    /// Different accounts.
    pub accounts: DistinctSketch,
}

/// Lines that are no events.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdentityLineCounts {
    /// What is known of users.
    pub identify: u64,
    /// What is known of accounts.
    pub group: u64,
    /// Ids that are one.
    pub joins: u64,
}

/// Where something was met first: file, block, line of the block from 0 or of the file from 1.
pub type RejectLocation = (u32, u32, u64, Option<u64>);

/// Everything that was seen.
#[derive(Debug, Clone)]
pub struct DatasetProfile {
    /// By file.
    pub files: Vec<FileRecordCounts>,
    /// Events by local date.
    pub days: BTreeMap<Day, u64>,
    /// The first and the last event.
    pub range: Option<(Micros, Micros)>,
    /// Events more than a day ahead of the present.
    pub future: u64,
    /// Events by name.
    pub names: HashMap<String, EventProfile>,
    /// Events of names beyond [`NAMES_MAX`].
    pub other_names: u64,
    /// Room for further properties.
    pub property_budget: usize,
    /// Who events are of.
    pub entity_counts: EntityCounts,
    /// Lines that are no events.
    pub identity: IdentityLineCounts,
    /// Traits of users.
    pub user_traits: PropertyProfiles,
    /// Traits of accounts.
    pub account_traits: PropertyProfiles,
    /// Records that name a group of a type, by type.
    pub group_types: BTreeMap<String, u64>,
    /// Events that have an id.
    pub events_with_id: u64,
    /// Copies of events.
    pub duplicates: DuplicateSketch,
    /// How late events came.
    pub lateness: LatenessStats,
    /// The order of lines.
    pub order: EventOrder,
    /// Rejected lines by reason, and where the first of each is.
    pub rejects: BTreeMap<RejectReason, (u64, RejectLocation)>,
    /// Records that a line end had broken in two.
    pub split_records: u64,
    /// What rejected lines hold instead of what was looked for.
    pub candidates: FieldCandidates,
}

/// Group types that are told apart; entities of records may be named freely.
const GROUP_TYPES_MAX: usize = 200;

impl DatasetProfile {
    /// Nothing seen yet, of so many files.
    pub fn new(files: usize) -> DatasetProfile {
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
            candidates: FieldCandidates::default(),
        }
    }

    /// Events in all files.
    pub fn events(&self) -> u64 {
        self.files.iter().map(|file| file.events).sum()
    }

    /// Records in all files, blank lines left out.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records - file.blank).sum()
    }

    /// Rejected lines in all files.
    pub fn rejected(&self) -> u64 {
        self.files.iter().map(|file| file.rejected).sum()
    }

    /// Names in the order of how frequent they are.
    pub fn sorted_names(&self) -> Vec<(&str, &EventProfile)> {
        let mut all: Vec<(&str, &EventProfile)> = self.names.iter().map(|(name, one)| (name.as_str(), one)).collect();
        all.sort_by(|(a, one), (b, other)| other.count.cmp(&one.count).then(a.cmp(b)));
        all
    }

    /// Counts who a record is of.
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

    /// The events of a name; none if there are too many names.
    pub(super) fn event_profile_mut(&mut self, name: &str) -> Option<(&mut EventProfile, &mut usize)> {
        if !self.names.contains_key(name) {
            if self.names.len() >= NAMES_MAX {
                return None;
            }
            self.names.insert(name.to_owned(), EventProfile::default());
        }
        self.names.get_mut(name).map(|named| (named, &mut self.property_budget))
    }

    /// Notes that a record names a group of a type.
    pub(super) fn add_group_type(&mut self, of_type: &str) {
        if let Some(count) = self.group_types.get_mut(of_type) {
            *count += 1;
        } else if self.group_types.len() < GROUP_TYPES_MAX {
            self.group_types.insert(of_type.to_owned(), 1);
        }
    }

    /// Counts a rejected line.
    pub(super) fn reject(&mut self, reason: RejectReason, place: RejectLocation) {
        let known = self.rejects.entry(reason).or_insert((0, place));
        known.0 += 1;
        known.1 = known.1.min(place);
        self.files[place.0 as usize].rejected += 1;
    }

    /// Adds a value to properties that have room for it.
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

    /// Adds all of another one. **Law**: the order of merges never shows, unless there are more names or properties than are told apart.
    pub fn merge(&mut self, other: DatasetProfile) {
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
        for (reason, (count, place)) in other.rejects {
            let known = self.rejects.entry(reason).or_insert((0, place));
            known.0 += count;
            known.1 = known.1.min(place);
        }
        self.split_records += other.split_records;
        self.candidates.merge(other.candidates);
    }
}
