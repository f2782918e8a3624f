//! A map that is a short list while it is small, and a table with a random seed once it is not.

use std::{collections::HashMap, hash::Hash};

use crate::decode::HashSeed;

/// So many entries are looked through one by one.
const LIST_LENGTH_MAX: usize = 32;

/// Makes room for one more in a list that is full, and stays short.
///
/// As the list would by itself, but without `realloc`: that waits for whichever thread is about to get or give back memory beside the list's, and lists
/// of the state may be grown by any worker. The C library keeps small blocks that were given back for the thread to take again, without a lock.
pub(super) fn reserve_one<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        let mut larger = Vec::with_capacity((2 * list.len()).max(4));
        larger.append(list);
        *list = larger;
    }
}

/// A map for state that mostly has few entries.
#[derive(Debug, Clone)]
pub enum SmallMap<K, V> {
    /// In no order.
    List(Vec<(K, V)>),
    /// For many entries.
    Table(Box<HashMap<K, V, HashSeed>>),
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap::List(Vec::new())
    }
}

impl<K: Eq + Hash + Copy, V> SmallMap<K, V> {
    /// Puts a value in, combined with the one that is there.
    pub fn merge(&mut self, key: K, value: V, combine: impl FnOnce(&mut V, V)) {
        match self {
            SmallMap::List(list) => {
                if let Some((_, known)) = list.iter_mut().find(|(known, _)| *known == key) {
                    combine(known, value);
                } else if list.len() < LIST_LENGTH_MAX {
                    reserve_one(list);
                    list.push((key, value));
                } else {
                    let mut table: HashMap<K, V, HashSeed> = std::mem::take(list).into_iter().collect();
                    table.insert(key, value);
                    *self = SmallMap::Table(Box::new(table));
                }
            }
            SmallMap::Table(table) => match table.entry(key) {
                std::collections::hash_map::Entry::Occupied(mut entry) => combine(entry.get_mut(), value),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(value);
                }
            },
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        match self {
            SmallMap::List(list) => list.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            SmallMap::Table(table) => table.get(key),
        }
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (list, table) = match self {
            SmallMap::List(list) => (Some(list.iter().map(|(key, value)| (key, value))), None),
            SmallMap::Table(table) => (None, Some(table.iter())),
        };
        list.into_iter().flatten().chain(table.into_iter().flatten())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        match self {
            SmallMap::List(list) => list.len(),
            SmallMap::Table(table) => table.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
