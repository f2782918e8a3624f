//! What the scorer would give if some facts were others.
//!
//! Facts are laid over those of an entity, named expressions that build on them are evaluated anew by their own programs, and points, sums and
//! tiers are those of [`crate::score::points`].

use std::collections::HashSet;

use crate::{
    expr::{Program, Scope, Value},
    ledger::{EntityFacts, owned},
    model::{
        EntityKind, Model,
        compiled::{ACCOUNT_BIT, Fact, Source},
    },
    score::points::{pay, sum, tier},
    units::Points,
};

/// A fact by slot, and what it is taken to be.
pub(super) type Change = (u32, Value<'static>);

/// What some changes come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Result {
    pub(super) score: Points,
    /// By place among the tiers.
    pub(super) tier: Option<usize>,
}

/// The fact in a slot, as a user or an account sees it.
pub(super) fn fact_in(model: &Model, side: EntityKind, slot: u32) -> Option<&Fact> {
    let of = if slot & ACCOUNT_BIT == 0 { side } else { EntityKind::Account };
    model.level(of).facts.get((slot & !ACCOUNT_BIT) as usize)
}

/// The facts of an entity with some of them replaced.
pub(super) struct WhatIf<'w> {
    model: &'w Model,
    side: EntityKind,
    base: &'w EntityFacts<'w>,
    changes: &'w [Change],
    /// Slots of named expressions that build on a changed fact.
    affected: HashSet<u32>,
}

impl<'w> WhatIf<'w> {
    pub(super) fn new(
        model: &'w Model,
        side: EntityKind,
        base: &'w EntityFacts<'w>,
        changes: &'w [Change],
    ) -> WhatIf<'w> {
        let mut affected: HashSet<u32> = HashSet::new();
        if changes.is_empty() {
            return WhatIf { model, side, base, changes, affected };
        }
        let bits: &[u32] = if side == EntityKind::User { &[ACCOUNT_BIT, 0] } else { &[0] };
        loop {
            let before = affected.len();
            for bit in bits {
                let of = if *bit == 0 { side } else { EntityKind::Account };
                for (slot, fact) in model.level(of).facts.iter().enumerate() {
                    let (slot, Source::Expression(program)) = (slot as u32 | bit, &fact.source) else { continue };
                    let mut touched = false;
                    program.slots(&mut |inner| {
                        let inner = inner | bit;
                        touched |= affected.contains(&inner) || changes.iter().any(|(changed, _)| *changed == inner);
                    });
                    if touched {
                        affected.insert(slot);
                    }
                }
            }
            if affected.len() == before {
                return WhatIf { model, side, base, changes, affected };
            }
        }
    }
}

impl Scope for WhatIf<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        if let Some((_, value)) = self.changes.iter().find(|(changed, _)| *changed == slot) {
            return value.clone();
        }
        if self.affected.contains(&slot)
            && let Some(Fact { source: Source::Expression(program), .. }) = fact_in(self.model, self.side, slot)
        {
            return evaluate(program, self, slot & ACCOUNT_BIT);
        }
        self.base.get(slot)
    }
}

/// Names inside a named expression of the home account are the account's.
struct Inside<'i> {
    scope: &'i dyn Scope,
    bit: u32,
}

impl Scope for Inside<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.scope.get(slot | self.bit)
    }
}

/// The value of an expression whose names are of the entity, or with the bit of its home account.
pub(super) fn evaluate(program: &Program, scope: &dyn Scope, bit: u32) -> Value<'static> {
    owned(&program.eval(&Inside { scope, bit }))
}

/// What the scorer gives under some changes.
pub(super) fn result(model: &Model, side: EntityKind, base: &EntityFacts<'_>, changes: &[Change]) -> Result {
    let level = model.level(side);
    let whatif = WhatIf::new(model, side, base, changes);
    let total = sum(level, &pay(level, &whatif));
    // Conditions of tiers may name points and the score.
    let mut after: Vec<Change> = changes.to_vec();
    after.push((level.slots.score, Value::Number(total.score.to_f64())));
    let points = level.slots.points.iter().zip(&total.categories);
    after.extend(points.map(|(slot, (_, held))| (*slot, Value::Number(held.to_f64()))));
    let scored = WhatIf::new(model, side, base, &after);
    Result { score: total.score, tier: tier(&level.tiers, total.score.to_f64(), &scored) }
}
