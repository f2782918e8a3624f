//! A fact of users or of accounts, and how programs name it.

use super::EntityKind;

/// The place of a fact among those of its level.
pub type FactSlot = u32;

/// Set in slots of user programs that name a fact of the home account.
const ACCOUNT_BIT: u32 = 1 << 31;

/// A fact of users or of accounts.
///
/// **Order**: facts of users first, then by slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactKey(u32);

impl FactKey {
    /// Whether a user has a home account. Searches choose it like a fact of accounts, but no level has it and no expression can name it.
    pub const HAS_ACCOUNT: FactKey = FactKey(u32::MAX);

    /// The fact in a slot of a level.
    pub fn new(kind: EntityKind, slot: FactSlot) -> FactKey {
        match kind {
            EntityKind::User => FactKey(slot & !ACCOUNT_BIT),
            EntityKind::Account => FactKey(slot | ACCOUNT_BIT),
        }
    }

    /// The fact that a slot of a program stands for. Programs of users name facts of users and of the home account, those of accounts only
    /// facts of accounts.
    pub fn seen_from(kind: EntityKind, program_slot: u32) -> FactKey {
        match kind {
            EntityKind::User => FactKey(program_slot),
            EntityKind::Account => FactKey(program_slot | ACCOUNT_BIT),
        }
    }

    /// Whose fact it is.
    pub fn kind(self) -> EntityKind {
        if self.0 & ACCOUNT_BIT == 0 { EntityKind::User } else { EntityKind::Account }
    }

    /// Its place among the facts of its level.
    pub fn slot(self) -> FactSlot {
        self.0 & !ACCOUNT_BIT
    }

    /// The slot by which a program of users or of accounts names it.
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
