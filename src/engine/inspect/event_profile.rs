//! Events of one name, and the properties that they carry.

use std::collections::HashMap;

use super::{property_profile::PropertyProfile, sketches::DistinctSketch};
use pql_model::units::Micros;

/// Properties that are told apart on one name of events.
const PROPERTIES_OF_NAME_MAX: usize = 300;

/// Users and accounts of one name of events that are counted exactly.
const ENTITIES_OF_NAME_EXACT: usize = 1 << 10;

/// Properties by their path.
#[derive(Debug, Clone, Default)]
pub struct PropertyProfiles {
    /// Those that are told apart.
    pub by_path: HashMap<String, PropertyProfile>,
    /// Values of properties that are not, since there are too many.
    pub dropped_values: u64,
}

impl PropertyProfiles {
    /// The property at a path, unless there are too many.
    pub(super) fn get_or_insert(&mut self, path: &str, room: &mut usize) -> Option<&mut PropertyProfile> {
        if !self.by_path.contains_key(path) {
            if self.by_path.len() >= PROPERTIES_OF_NAME_MAX || *room == 0 {
                self.dropped_values += 1;
                return None;
            }
            *room -= 1;
            self.by_path.insert(path.to_owned(), PropertyProfile::default());
        }
        self.by_path.get_mut(path)
    }

    pub(super) fn merge(&mut self, other: PropertyProfiles, room: &mut usize) {
        self.dropped_values += other.dropped_values;
        let mut others: Vec<(String, PropertyProfile)> = other.by_path.into_iter().collect();
        others.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (path, property) in others {
            let filled = property.filled();
            match self.get_or_insert(&path, room) {
                Some(known) => known.merge(property),
                // It has counted itself as one value.
                None => self.dropped_values += filled.saturating_sub(1),
            }
        }
    }

    /// In the order of how often they hold anything.
    pub fn sorted(&self) -> Vec<(&str, &PropertyProfile)> {
        let mut all: Vec<(&str, &PropertyProfile)> =
            self.by_path.iter().map(|(path, one)| (path.as_str(), one)).collect();
        all.sort_by(|(a, one), (b, other)| other.filled().cmp(&one.filled()).then(a.cmp(b)));
        all
    }
}

/// Events of one name.
#[derive(Debug, Clone)]
pub struct EventProfile {
    /// How many.
    pub count: u64,
    /// How many name a user.
    pub with_user: u64,
    /// How many name an account.
    pub with_account: u64,
    /// Different users.
    pub users: DistinctSketch,
    /// Different accounts.
    pub accounts: DistinctSketch,
    /// The first.
    pub first: Micros,
    /// The last.
    pub last: Micros,
    /// Whether the vendor's own code sends them.
    pub noise: bool,
    /// What they carry.
    pub properties: PropertyProfiles,
}

impl Default for EventProfile {
    fn default() -> EventProfile {
        EventProfile {
            count: 0,
            with_user: 0,
            with_account: 0,
            users: DistinctSketch::new(ENTITIES_OF_NAME_EXACT),
            accounts: DistinctSketch::new(ENTITIES_OF_NAME_EXACT),
            first: Micros::MAX,
            last: Micros::MIN,
            noise: false,
            properties: PropertyProfiles::default(),
        }
    }
}

impl EventProfile {
    pub(super) fn merge(&mut self, other: EventProfile, room: &mut usize) {
        self.count += other.count;
        self.with_user += other.with_user;
        self.with_account += other.with_account;
        self.users.merge(other.users);
        self.accounts.merge(other.accounts);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.noise |= other.noise;
        self.properties.merge(other.properties, room);
    }
}
