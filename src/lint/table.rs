//! Tables by fact, with a hash that takes less time than what is looked up for.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::space::Key;

/// Values by something small.
pub(super) type Map<K, V> = HashMap<K, V, RandomState>;
/// Values by fact.
pub(super) type KeyMap<V> = Map<Key, V>;
/// Facts.
pub(super) type KeySet = HashSet<Key, RandomState>;
