//! The two kinds of entities: users and accounts.

use std::ops::{Index, IndexMut};

/// The kind of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A person.
    User,
    /// A company, team or workspace.
    Account,
}

impl EntityKind {
    /// Both kinds, users first.
    pub const ALL: [EntityKind; 2] = [EntityKind::User, EntityKind::Account];

    /// Returns `user` or `account`, the word in model files and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            EntityKind::User => "user",
            EntityKind::Account => "account",
        }
    }

    /// Returns `users` or `accounts`.
    pub fn plural(self) -> &'static str {
        match self {
            EntityKind::User => "users",
            EntityKind::Account => "accounts",
        }
    }
}

/// A value for users and one for accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerKind<T> {
    /// The value for users.
    pub user: T,
    /// The value for accounts.
    pub account: T,
}

impl<T> PerKind<T> {
    /// Makes the value of each kind, users first.
    pub fn from_fn(mut make: impl FnMut(EntityKind) -> T) -> PerKind<T> {
        PerKind { user: make(EntityKind::User), account: make(EntityKind::Account) }
    }

    /// Returns both values with their kinds, users first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (EntityKind, &T)> {
        EntityKind::ALL.into_iter().map(|kind| (kind, &self[kind]))
    }

    /// Returns both values, users first.
    pub fn values(&self) -> [&T; 2] {
        [&self.user, &self.account]
    }
}

impl<T> Index<EntityKind> for PerKind<T> {
    type Output = T;

    fn index(&self, kind: EntityKind) -> &T {
        match kind {
            EntityKind::User => &self.user,
            EntityKind::Account => &self.account,
        }
    }
}

impl<T> IndexMut<EntityKind> for PerKind<T> {
    fn index_mut(&mut self, kind: EntityKind) -> &mut T {
        match kind {
            EntityKind::User => &mut self.user,
            EntityKind::Account => &mut self.account,
        }
    }
}

impl<T> IntoIterator for PerKind<T> {
    type Item = (EntityKind, T);
    type IntoIter = std::array::IntoIter<(EntityKind, T), 2>;

    fn into_iter(self) -> Self::IntoIter {
        [(EntityKind::User, self.user), (EntityKind::Account, self.account)].into_iter()
    }
}
