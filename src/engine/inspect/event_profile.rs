//! The profile of one event name, and of the properties that its events carry.

use std::collections::HashMap;

use super::{property_profile::PropertyProfile, sketches::DistinctSketch};
use pql_model::units::Micros;

/// Properties that are profiled per event name.
const PROPERTIES_OF_NAME_MAX: usize = 300;

/// The largest number of users or accounts per event name that is counted exactly.
const ENTITIES_OF_NAME_EXACT: usize = 1 << 10;

/// Property profiles by path.
#[derive(Debug, Clone, Default)]
pub struct PropertyProfiles {
    /// Properties that are profiled.
    pub by_path: HashMap<String, PropertyProfile>,
    /// Values of further properties, for which the table had no room.
    pub dropped_values: u64,
}

impl PropertyProfiles {
    /// The profile of a property; none if there are too many.
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
                // The profile has already counted its first value itself.
                None => self.dropped_values += filled.saturating_sub(1),
            }
        }
    }

    /// The paths of properties with their numbers of values, in the order of the alphabet.
    pub fn sorted_paths(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.by_path.iter().map(|(path, one)| (path.as_str(), one.filled())).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// Properties, those with the most values first.
    pub(crate) fn sorted(&self) -> Vec<(&str, &PropertyProfile)> {
        let mut all: Vec<(&str, &PropertyProfile)> =
            self.by_path.iter().map(|(path, one)| (path.as_str(), one)).collect();
        all.sort_by(|(a, one), (b, other)| other.filled().cmp(&one.filled()).then(a.cmp(b)));
        all
    }
}

/// The profile of one event name.
#[derive(Debug, Clone)]
pub struct EventProfile {
    /// The number of events.
    pub count: u64,
    /// Events that name a user.
    pub with_user: u64,
    /// Events that name an account.
    pub with_account: u64,
    /// Distinct users.
    pub users: DistinctSketch,
    /// Distinct accounts.
    pub accounts: DistinctSketch,
    /// The first event.
    pub first: Micros,
    /// The last event.
    pub last: Micros,
    /// True if the vendor's own code sends these events.
    pub noise: bool,
    /// The properties of the events.
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
