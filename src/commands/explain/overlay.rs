//! What the scorer would give if some facts were others.
//!
//! Facts are laid over those of an entity, named expressions that build on them are evaluated anew by their own programs.

use std::collections::HashSet;

use pql_engine::{
    ledger::{EntityFacts, to_owned_value},
    plan::Model,
};
use pql_model::{
    EntityKind, FactKey,
    expr::{EvalScope, Program, Value},
    resolved::{Fact, FactDefinition},
};

/// A fact, and what it is taken to be.
pub(super) type FactOverride = (FactKey, Value<'static>);

/// The facts of an entity with some of them replaced.
pub(super) struct FactOverlay<'w> {
    model: &'w Model,
    side: EntityKind,
    base: &'w EntityFacts<'w>,
    changes: &'w [FactOverride],
    /// Named expressions that build on a changed fact.
    affected: HashSet<FactKey>,
}

impl<'w> FactOverlay<'w> {
    pub(super) fn new(
        model: &'w Model,
        side: EntityKind,
        base: &'w EntityFacts<'w>,
        changes: &'w [FactOverride],
    ) -> FactOverlay<'w> {
        let mut affected: HashSet<FactKey> = HashSet::new();
        if changes.is_empty() {
            return FactOverlay { model, side, base, changes, affected };
        }
        let kinds: &[EntityKind] = match side {
            EntityKind::User => &[EntityKind::Account, EntityKind::User],
            EntityKind::Account => &[EntityKind::Account],
        };
        loop {
            let before = affected.len();
            for kind in kinds {
                for (slot, fact) in (0..).zip(&model.resolved.level(*kind).facts) {
                    let FactDefinition::Expression(program) = &fact.definition else { continue };
                    let mut touched = false;
                    program.visit_slots(&mut |inner| {
                        let inner = FactKey::seen_from(*kind, inner);
                        touched |= affected.contains(&inner) || changes.iter().any(|(changed, _)| *changed == inner);
                    });
                    if touched {
                        affected.insert(FactKey::new(*kind, slot));
                    }
                }
            }
            if affected.len() == before {
                return FactOverlay { model, side, base, changes, affected };
            }
        }
    }
}

impl EvalScope for FactOverlay<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        let key = FactKey::seen_from(self.side, slot);
        if let Some((_, value)) = self.changes.iter().find(|(changed, _)| *changed == key) {
            return value.clone();
        }
        if self.affected.contains(&key)
            && let Some(Fact { definition: FactDefinition::Expression(program), .. }) = self.model.resolved.fact(key)
        {
            return evaluate(program, self, self.side, key.kind());
        }
        self.base.get(slot)
    }
}

/// Names inside a named expression of the home account are the account's.
struct OffsetScope<'i> {
    scope: &'i dyn EvalScope,
    side: EntityKind,
    program_of: EntityKind,
}

impl EvalScope for OffsetScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.scope.get(FactKey::seen_from(self.program_of, slot).in_program_of(self.side))
    }
}

/// The value of an expression for an entity of `side`; `program_of` says whose facts its names are.
fn evaluate(program: &Program, scope: &dyn EvalScope, side: EntityKind, program_of: EntityKind) -> Value<'static> {
    to_owned_value(&program.eval(&OffsetScope { scope, side, program_of }))
}
