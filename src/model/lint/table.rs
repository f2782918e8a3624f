//! Tables by fact, with a hash that takes less time than what is looked up for.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use crate::FactKey;

/// Values by something small.
pub(super) type LintMap<K, V> = HashMap<K, V, RandomState>;
/// Values by fact.
pub(super) type FactKeyMap<V> = LintMap<FactKey, V>;
/// Facts.
pub(super) type FactKeySet = HashSet<FactKey, RandomState>;
