//! Which entities of the record each entity of this run was.

use std::collections::{BTreeMap, HashMap};

use super::{EntityStanding, ListRecord};
use crate::entity::Entities;
use pql_model::{EntityKind, PerKind};

/// For each entity of this run its entities in the record, by their places in the snapshot.
///
/// Mostly that is the one of its own id. A person who was joined of several ids has the records of all of them; so has an account to which all
/// members of another one moved.
#[derive(Debug, Default)]
pub struct EntityOrigins {
    places: PerKind<HashMap<Box<str>, Vec<u32>>>,
    /// Ids of the record that belong to another entity now.
    merged: PerKind<BTreeMap<Box<str>, Box<str>>>,
}

impl EntityOrigins {
    /// Matches the entities of a run with a record.
    pub fn find(record: &ListRecord, entities: &Entities<'_>) -> EntityOrigins {
        let mut origins = EntityOrigins::default();
        let mut user_now: HashMap<&str, u32> = HashMap::new();
        for (place, standing) in record.levels.user.snapshot.standings.iter().enumerate() {
            let Some(user) = entities.user_of(&standing.id) else { continue };
            user_now.insert(&standing.id, user);
            origins.add(EntityKind::User, (&standing.id, place), entities.users[user as usize].id);
        }
        let accounts = account_ids(entities);
        let lost = lost_accounts(record, &accounts, |member| {
            let user = &entities.users[*user_now.get(&*member.id)? as usize];
            let home = &entities.accounts[user.home? as usize];
            Some(entities.account_ids.get(home.id))
        });
        for (place, standing) in record.levels.account.snapshot.standings.iter().enumerate() {
            let now = if accounts.contains_key(&*standing.id) {
                Some(&*standing.id)
            } else {
                lost.get(&*standing.id).copied()
            };
            if let Some(now) = now {
                origins.add(EntityKind::Account, (&standing.id, place), now);
            }
        }
        origins
    }

    fn add(&mut self, kind: EntityKind, (id, place): (&str, usize), now: &str) {
        self.places[kind].entry(now.into()).or_default().push(place as u32);
        if id != now {
            self.merged[kind].insert(id.into(), now.into());
        }
    }

    /// The places of an entity in the snapshot of the record, by id.
    pub fn places(&self, kind: EntityKind, id: &str) -> &[u32] {
        self.places[kind].get(id).map_or(&[], Vec::as_slice)
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

/// Accounts of the record that this run lacks, and whose members are all in one other account now.
fn lost_accounts<'r, 'e>(
    record: &'r ListRecord,
    accounts: &HashMap<&str, u32>,
    account_now: impl Fn(&EntityStanding) -> Option<&'e str>,
) -> HashMap<&'r str, &'e str> {
    let mut common: HashMap<&str, Option<&'e str>> = HashMap::new();
    for member in &record.levels.user.snapshot.standings {
        let Some(account) = member.account.as_deref().filter(|account| !accounts.contains_key(account)) else {
            continue;
        };
        let now = account_now(member);
        common.entry(account).and_modify(|known| *known = known.filter(|known| Some(*known) == now)).or_insert(now);
    }
    common.into_iter().filter_map(|(account, now)| Some((account, now?))).collect()
}
