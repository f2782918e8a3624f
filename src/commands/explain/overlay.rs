//! What the scorer would give if some facts were others.
//!
//! Facts are laid over those of an entity, named expressions that build on them are evaluated anew by their own programs, and points, sums and
//! tiers are those of [`pql_model::scoring`].

use std::collections::HashSet;

use pql_engine::ledger::{EntityFacts, to_owned_value};
use pql_model::{
    EntityKind, Model,
    expr::{EvalScope, Program, Value},
    plan::{ACCOUNT_BIT, Fact, FactSource},
    scoring::{evaluate_signals, find_tier, sum_points},
    units::Points,
};

/// A fact by slot, and what it is taken to be.
pub(super) type FactOverride = (u32, Value<'static>);

/// What some changes come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct OverlayScore {
    pub(super) score: Points,
    /// By place among the tiers.
    pub(super) tier: Option<usize>,
}

/// The fact in a slot, as a user or an account sees it.
pub(super) fn fact_at_slot(model: &Model, side: EntityKind, slot: u32) -> Option<&Fact> {
    let of = if slot & ACCOUNT_BIT == 0 { side } else { EntityKind::Account };
    model.level(of).facts.get((slot & !ACCOUNT_BIT) as usize)
}

/// The facts of an entity with some of them replaced.
pub(super) struct FactOverlay<'w> {
    model: &'w Model,
    side: EntityKind,
    base: &'w EntityFacts<'w>,
    changes: &'w [FactOverride],
    /// Slots of named expressions that build on a changed fact.
    affected: HashSet<u32>,
}

impl<'w> FactOverlay<'w> {
    pub(super) fn new(
        model: &'w Model,
        side: EntityKind,
        base: &'w EntityFacts<'w>,
        changes: &'w [FactOverride],
    ) -> FactOverlay<'w> {
        let mut affected: HashSet<u32> = HashSet::new();
        if changes.is_empty() {
            return FactOverlay { model, side, base, changes, affected };
        }
        let bits: &[u32] = if side == EntityKind::User { &[ACCOUNT_BIT, 0] } else { &[0] };
        loop {
            let before = affected.len();
            for bit in bits {
                let of = if *bit == 0 { side } else { EntityKind::Account };
                for (slot, fact) in model.level(of).facts.iter().enumerate() {
                    let (slot, FactSource::Expression(program)) = (slot as u32 | bit, &fact.source) else { continue };
                    let mut touched = false;
                    program.visit_slots(&mut |inner| {
                        let inner = inner | bit;
                        touched |= affected.contains(&inner) || changes.iter().any(|(changed, _)| *changed == inner);
                    });
                    if touched {
                        affected.insert(slot);
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
        if let Some((_, value)) = self.changes.iter().find(|(changed, _)| *changed == slot) {
            return value.clone();
        }
        if self.affected.contains(&slot)
            && let Some(Fact { source: FactSource::Expression(program), .. }) =
                fact_at_slot(self.model, self.side, slot)
        {
            return evaluate(program, self, slot & ACCOUNT_BIT);
        }
        self.base.get(slot)
    }
}

/// Names inside a named expression of the home account are the account's.
struct OffsetScope<'i> {
    scope: &'i dyn EvalScope,
    bit: u32,
}

impl EvalScope for OffsetScope<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.scope.get(slot | self.bit)
    }
}

/// The value of an expression whose names are of the entity, or with the bit of its home account.
pub(super) fn evaluate(program: &Program, scope: &dyn EvalScope, bit: u32) -> Value<'static> {
    to_owned_value(&program.eval(&OffsetScope { scope, bit }))
}

/// What the scorer gives under some changes.
pub(super) fn score_with_overrides(
    model: &Model,
    side: EntityKind,
    base: &EntityFacts<'_>,
    changes: &[FactOverride],
) -> OverlayScore {
    let level = model.level(side);
    let whatif = FactOverlay::new(model, side, base, changes);
    let total = sum_points(level, &evaluate_signals(level, &whatif));
    // Conditions of tiers may name points and the score.
    let mut after: Vec<FactOverride> = changes.to_vec();
    after.push((level.slots.score, Value::Number(total.score.to_f64())));
    let points = level.slots.points.iter().zip(&total.categories);
    after.extend(points.map(|(slot, (_, held))| (*slot, Value::Number(held.to_f64()))));
    let scored = FactOverlay::new(model, side, base, &after);
    OverlayScore { score: total.score, tier: find_tier(&level.tiers, total.score.to_f64(), &scored) }
}
