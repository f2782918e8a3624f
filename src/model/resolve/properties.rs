//! Names in expressions over events: the event's name, and properties, which get slots as they are asked for.

use std::{collections::HashMap, ops::Range};

use crate::{
    expr::{ExprError, NameResolver, ResolvedName, ValueType},
    resolved::EVENT_SLOT,
};

/// The properties that a model reads.
#[derive(Debug, Default)]
pub(super) struct EventProperties {
    pub(super) paths: Vec<Vec<String>>,
    known: HashMap<Vec<String>, u32>,
}

impl NameResolver for EventProperties {
    fn resolve(&mut self, path: &[String], _: &Range<usize>) -> Result<ResolvedName, ExprError> {
        if path == ["event"] {
            return Ok(ResolvedName { slot: EVENT_SLOT, kind: ValueType::Text });
        }
        let slot = match self.known.get(path) {
            Some(slot) => *slot,
            None => {
                self.paths.push(path.to_vec());
                self.known.insert(path.to_vec(), self.paths.len() as u32);
                self.paths.len() as u32
            }
        };
        Ok(ResolvedName { slot, kind: ValueType::Json })
    }
}
