//! Which entities of the record each entity of this run was.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::{LevelSnapshot, ListRecord};
use crate::entity::Entities;
use pql_model::{EntityKind, PerKind};

/// Which entities of a record belong together now, as far as they are not just those of the same id.
///
/// A person who was joined of several ids has the records of all of them; so has an account to which all members of another one moved.
#[derive(Debug, Default)]
pub struct EntityOrigins {
    /// By the id now, the places of its ids in the snapshot of the record, in the order of the ids.
    joined: PerKind<HashMap<Box<str>, Vec<u32>>>,
    /// Ids of the record that belong to another entity now.
    merged: PerKind<BTreeMap<Box<str>, Box<str>>>,
}

/// The places in the snapshot of the record that belong to one entity now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OriginPlaces<'o> {
    /// That of its own id, if it is there.
    Own(Option<u32>),
    /// Those of several ids, or of another one.
    Joined(&'o [u32]),
}

impl EntityOrigins {
    /// Matches the entities of a run with a record.
    pub fn find(record: &ListRecord, entities: &Entities<'_>) -> EntityOrigins {
        let mut origins = EntityOrigins::default();
        let users = &record.levels.user.snapshot;
        let user_now: Vec<Option<u32>> =
            users.standings.par_iter().with_min_len(256).map(|standing| entities.user_of(&standing.id)).collect();
        for (standing, user) in users.standings.iter().zip(&user_now) {
            let Some(user) = user else { continue };
            origins.note(EntityKind::User, &standing.id, entities.users[*user as usize].id);
        }
        let accounts = &record.levels.account.snapshot;
        let present = account_ids(entities);
        let lost = lost_accounts(record, &present, |place| {
            let user = &entities.users[user_now[place]? as usize];
            let home = &entities.accounts[user.home? as usize];
            Some(entities.account_ids.get(home.id))
        });
        for standing in accounts.standings.iter() {
            if let Some(now) = lost.get(&*standing.id) {
                origins.note(EntityKind::Account, &standing.id, now);
            }
        }
        for kind in EntityKind::ALL {
            origins.gather(kind, &record.levels[kind].snapshot);
        }
        origins
    }

    /// Notes that an id of the record belongs to another one now.
    fn note(&mut self, kind: EntityKind, id: &str, now: &str) {
        if id != now {
            self.merged[kind].insert(id.into(), now.into());
        }
    }

    /// Gathers the places of each entity to which other ids belong, in the order of the ids.
    fn gather(&mut self, kind: EntityKind, snapshot: &LevelSnapshot) {
        let mut joined: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        for (id, now) in &self.merged[kind] {
            joined.entry(now.clone()).or_default().extend(snapshot.place(id));
        }
        for (now, places) in &mut joined {
            // The entity itself is one of them, unless its own id belongs to yet another one.
            if !self.merged[kind].contains_key(now) {
                places.extend(snapshot.place(now));
            }
            places.sort_unstable();
        }
        self.joined[kind] = joined;
    }

    /// The places of an entity in the snapshot of the record. `own` is that of its id.
    pub(crate) fn places(&self, kind: EntityKind, id: &str, own: Option<u32>) -> OriginPlaces<'_> {
        let joined = &self.joined[kind];
        match if joined.is_empty() { None } else { joined.get(id) } {
            Some(places) => OriginPlaces::Joined(places),
            None => OriginPlaces::Own(own.filter(|_| !self.merged[kind].contains_key(id))),
        }
    }

    /// The ids that have the records of others, with the places of all.
    pub(crate) fn joined(&self, kind: EntityKind) -> impl Iterator<Item = (&str, &[u32])> {
        self.joined[kind].iter().map(|(id, places)| (&**id, places.as_slice()))
    }

    /// The entity that an id of the record belongs to now, if that is another one.
    pub fn merged_into(&self, kind: EntityKind, id: &str) -> Option<&str> {
        self.merged[kind].get(id).map(|now| &**now)
    }
}

/// The accounts of a run, by id.
fn account_ids<'e>(entities: &'e Entities<'_>) -> HashMap<&'e str, u32> {
    let ids = entities.accounts.iter().enumerate();
    ids.map(|(place, account)| (entities.account_ids.get(account.id), place as u32)).collect()
}

/// Accounts of the record that this run lacks, and whose members are all in one other account now. `account_now` takes the place of a member.
fn lost_accounts<'r, 'e>(
    record: &'r ListRecord,
    accounts: &HashMap<&str, u32>,
    account_now: impl Fn(usize) -> Option<&'e str>,
) -> HashMap<&'r str, &'e str> {
    let mut lost: HashSet<&str> = HashSet::new();
    let standings = record.levels.account.snapshot.standings.iter();
    lost.extend(standings.map(|standing| &*standing.id).filter(|id| !accounts.contains_key(id)));
    if lost.is_empty() {
        return HashMap::new();
    }
    let mut common: HashMap<&str, Option<&'e str>> = HashMap::new();
    for (place, member) in record.levels.user.snapshot.standings.iter().enumerate() {
        let Some(account) = member.account.as_deref().filter(|account| lost.contains(account)) else {
            continue;
        };
        let now = account_now(place);
        common.entry(account).and_modify(|known| *known = known.filter(|known| Some(*known) == now)).or_insert(now);
    }
    common.into_iter().filter_map(|(account, now)| Some((account, now?))).collect()
}
