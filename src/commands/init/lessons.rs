//! What only scoring the dump shows of a first model.

use std::collections::{BTreeMap, BTreeSet};

use pql_model::EntityKind;

/// What was learnt from scoring the dump under a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelLessons {
    /// Names of metrics and of `[events]` that count nothing.
    pub nothing: BTreeSet<String>,
    /// For traits whose values are written otherwise than a program writes them, the formats that read them all.
    pub formats: BTreeMap<(EntityKind, String), Vec<&'static str>>,
    /// Columns and properties whose values the type of their trait does not read.
    pub unreadable: BTreeSet<(EntityKind, String)>,
}

impl ModelLessons {
    /// Adds others; says whether any was new.
    pub fn add(&mut self, other: ModelLessons) -> bool {
        let before = self.clone();
        self.nothing.extend(other.nothing);
        self.formats.extend(other.formats);
        self.unreadable.extend(other.unreadable);
        *self != before
    }
}
