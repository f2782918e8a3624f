//! Whose outcomes they are.
//!
//! Takes a table and the entities, gives the rows of each. A row of a user is a row of the account that is the user's home, too; a user sees the
//! rows of its account that name no other user.

use std::collections::HashMap;

use super::{CountedPlaces, OutcomeTable, RowKey};
use crate::entity::Entities;
use pql_model::{EntityKind, PerKind};

/// Entities by the value that rows of a map are matched by.
#[derive(Debug, Default)]
pub struct MappedKeys {
    entities: HashMap<String, Vec<(EntityKind, u32)>>,
    /// Whether upper and lower case are the same.
    folds_case: bool,
}

impl MappedKeys {
    /// No keys yet.
    pub(crate) fn new(folds_case: bool) -> MappedKeys {
        MappedKeys { entities: HashMap::new(), folds_case }
    }

    /// Adds the key of an entity.
    pub(crate) fn add(&mut self, key: &str, kind: EntityKind, entity: u32) {
        let known = self.entities.entry(self.folded(key)).or_default();
        if !known.contains(&(kind, entity)) {
            known.push((kind, entity));
        }
    }

    /// Whether an entity has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entities.contains_key(&self.folded(key))
    }

    fn folded(&self, key: &str) -> String {
        let key = key.trim();
        if self.folds_case { key.to_lowercase() } else { key.to_owned() }
    }

    /// The entities of a value, or of the values that it lists between semicolons.
    fn find(&self, value: &str) -> Vec<(EntityKind, u32)> {
        if let Some(found) = self.entities.get(&self.folded(value)) {
            return found.clone();
        }
        let parts = value.split(';').filter_map(|part| self.entities.get(&self.folded(part)));
        let mut found: Vec<(EntityKind, u32)> = parts.flatten().copied().collect();
        found.sort_unstable_by_key(|(kind, entity)| (*kind as u8, *entity));
        found.dedup();
        found
    }
}

/// The outcomes of each entity, as places in [`OutcomeTable::rows`].
#[derive(Debug, Default)]
pub struct AttachedOutcomes {
    /// Rows that are matched with a user or an account itself.
    own: PerKind<EntityRows>,
    /// By account, the rows of the users whose home it is.
    members: EntityRows,
    /// Rows without an entity.
    pub unmatched: CountedPlaces,
    /// Rows that several accounts have.
    pub shared: CountedPlaces,
}

impl AttachedOutcomes {
    /// Finds whose the rows of a table are.
    pub(crate) fn new(table: &OutcomeTable, entities: &Entities<'_>, keys: &MappedKeys) -> AttachedOutcomes {
        let accounts: HashMap<&str, u32> =
            (0..).zip(&entities.accounts).map(|(place, one)| (entities.account_ids.get(one.id), place)).collect();
        let mut attached = AttachedOutcomes::default();
        let mut own: PerKind<Vec<(u32, u32)>> = PerKind::default();
        let mut members = Vec::new();
        for (place, row) in (0..).zip(&table.rows) {
            let found = match &row.key {
                RowKey::Ids { user, account } => {
                    let user = user.as_deref().and_then(|id| entities.user_of(id)).map(|one| (EntityKind::User, one));
                    let account = || Some((EntityKind::Account, *accounts.get(account.as_deref()?)?));
                    user.or_else(account).into_iter().collect()
                }
                RowKey::Mapped(value) => keys.find(value),
            };
            if found.is_empty() {
                attached.unmatched.note(row.place);
            }
            let mut of_accounts = Vec::new();
            for (kind, entity) in found {
                own[kind].push((entity, place));
                let home = match kind {
                    EntityKind::User => entities.users[entity as usize].home,
                    EntityKind::Account => None,
                };
                members.extend(home.map(|home| (home, place)));
                of_accounts.extend(home.or((kind == EntityKind::Account).then_some(entity)));
            }
            of_accounts.sort_unstable();
            of_accounts.dedup();
            if of_accounts.len() > 1 {
                attached.shared.note(row.place);
            }
        }
        let (users, accounts) = (entities.users.len(), entities.accounts.len());
        attached.own =
            PerKind { user: EntityRows::new(users, own.user), account: EntityRows::new(accounts, own.account) };
        attached.members = EntityRows::new(accounts, members);
        attached
    }

    /// The rows that are matched with an entity itself, in the order of the table.
    pub fn own(&self, kind: EntityKind, entity: usize) -> &[u32] {
        self.own[kind].of(entity)
    }

    /// The rows of the users whose home an account is, in the order of the table; each once.
    pub fn of_members(&self, account: usize) -> &[u32] {
        self.members.of(account)
    }

    /// All rows of an account, in the order of the table: its own, and those of its members; each once.
    pub fn of_account(&self, account: usize) -> Vec<u32> {
        merged(self.own(EntityKind::Account, account), self.of_members(account))
    }

    /// All rows of a user, in the order of the table: its own, and those of its home account itself; each once.
    pub fn of_user(&self, user: usize, home: Option<u32>) -> Vec<u32> {
        let inherited = home.map_or(&[][..], |home| self.own(EntityKind::Account, home as usize));
        merged(self.own(EntityKind::User, user), inherited)
    }
}

fn merged(first: &[u32], second: &[u32]) -> Vec<u32> {
    let mut all = [first, second].concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// Rows by entity.
#[derive(Debug, Default)]
struct EntityRows {
    /// Where the rows of each entity begin, and the end of the last.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl EntityRows {
    fn new(count: usize, mut pairs: Vec<(u32, u32)>) -> EntityRows {
        pairs.sort_unstable();
        pairs.dedup();
        let start = |entity: usize| pairs.partition_point(|(of, _)| (*of as usize) < entity) as u32;
        EntityRows { starts: (0..=count).map(start).collect(), rows: pairs.into_iter().map(|(_, row)| row).collect() }
    }

    fn of(&self, entity: usize) -> &[u32] {
        let bounds = self.starts.get(entity).zip(self.starts.get(entity + 1));
        bounds.map_or(&[], |(start, end)| &self.rows[*start as usize..*end as usize])
    }
}
