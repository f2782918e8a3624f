//! Keys of facts, and their slots in programs.

use super::EntityKind;

/// The index of a fact in its level.
pub type FactSlot = u32;

/// The bit in a slot of a user program that marks a fact of the home account.
const ACCOUNT_BIT: u32 = 1 << 31;

/// A fact of users or of accounts.
///
/// **Order**: facts of users first, then by slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactKey(u32);

impl FactKey {
    /// The key for the existence of a home account. Searches choose its value like that of a fact,
    /// but no level has it and no expression can name it.
    pub(crate) const HAS_ACCOUNT: FactKey = FactKey(u32::MAX);

    /// Makes the key of a slot in a level.
    pub fn new(kind: EntityKind, slot: FactSlot) -> FactKey {
        match kind {
            EntityKind::User => FactKey(slot & !ACCOUNT_BIT),
            EntityKind::Account => FactKey(slot | ACCOUNT_BIT),
        }
    }

    /// Makes the key for a slot of a program. A user program can name facts of the home account;
    /// an account program can only name facts of accounts.
    pub fn seen_from(kind: EntityKind, program_slot: u32) -> FactKey {
        match kind {
            EntityKind::User => FactKey(program_slot),
            EntityKind::Account => FactKey(program_slot | ACCOUNT_BIT),
        }
    }

    /// Returns the kind of entity that has the fact.
    pub fn kind(self) -> EntityKind {
        if self.0 & ACCOUNT_BIT == 0 { EntityKind::User } else { EntityKind::Account }
    }

    /// Returns the slot in the level.
    pub fn slot(self) -> FactSlot {
        self.0 & !ACCOUNT_BIT
    }

    /// Returns the slot in a program of users or of accounts.
    pub fn in_program_of(self, kind: EntityKind) -> u32 {
        match kind {
            EntityKind::User => self.0,
            EntityKind::Account => self.slot(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_of_a_program_names_one_fact() {
        for (program_of, fact) in [
            (EntityKind::User, FactKey::new(EntityKind::User, 3)),
            (EntityKind::User, FactKey::new(EntityKind::Account, 3)),
            (EntityKind::Account, FactKey::new(EntityKind::Account, 3)),
        ] {
            assert_eq!(FactKey::seen_from(program_of, fact.in_program_of(program_of)), fact);
            assert_eq!(fact.slot(), 3);
            assert!(fact < FactKey::HAS_ACCOUNT);
        }
    }
}
