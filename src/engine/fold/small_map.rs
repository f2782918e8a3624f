//! A map that is a list while it is small and a hash table once it is not.

use std::{collections::HashMap, hash::Hash};

use crate::decode::HashSeed;

/// The longest list that is searched entry by entry.
const LIST_LENGTH_MAX: usize = 32;

/// Makes room for one more entry in a short list that is full.
///
/// The growth is that of `Vec`, but without `realloc`. `realloc` takes the lock of the heap that
/// the list came from, and any worker may grow a list of the state: in a run over two million
/// events, workers waited for each other some ten thousand times. A new block and a copy take 5 %
/// less time, because the C library hands freed small blocks back to the same thread without a
/// lock.
pub(super) fn reserve_one<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        let mut larger = Vec::with_capacity((2 * list.len()).max(4));
        larger.append(list);
        *list = larger;
    }
}

/// A map for state that mostly has few entries.
#[derive(Debug, Clone)]
pub(crate) enum SmallMap<K, V> {
    /// Few entries, unordered.
    List(Vec<(K, V)>),
    /// Many entries.
    #[expect(clippy::box_collection, reason = "most maps are lists, which a table in place would double in size")]
    Table(Box<HashMap<K, V, HashSeed>>),
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        SmallMap::List(Vec::new())
    }
}

impl<K: Eq + Hash + Copy, V> SmallMap<K, V> {
    /// Inserts a value, combined with the present one if the key is known.
    pub(crate) fn merge(&mut self, key: K, value: V, combine: impl FnOnce(&mut V, V)) {
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
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self {
            SmallMap::List(list) => list.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            SmallMap::Table(table) => table.get(key),
        }
    }

    /// All entries, unordered.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let (list, table) = match self {
            SmallMap::List(list) => (Some(list.iter().map(|(key, value)| (key, value))), None),
            SmallMap::Table(table) => (None, Some(table.iter())),
        };
        list.into_iter().flatten().chain(table.into_iter().flatten())
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        match self {
            SmallMap::List(list) => list.len(),
            SmallMap::Table(table) => table.len(),
        }
    }

    /// True if there are no entries.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
