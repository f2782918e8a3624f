//! Why a tier is lost: the changes without which it would be kept.
//!
//! Between now and the day of the drop, signals pay something else and facts in the conditions of tiers change. Each change is undone by itself, and
//! the tier found anew; where no single change is enough, two are undone together.

use pql_engine::{
    ledger::{EntityRef, tier_facts, to_owned_value},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    FactKey,
    expr::{EvalScope, Value},
    scoring::{SignalPayout, evaluate_signals, find_tier, previous_tier, sum_points},
    units::Points,
};

use super::overlay::{FactOverlay, FactOverride};

/// What of an entity decides on its tier, at one time.
#[derive(Debug)]
pub struct TierBasis {
    paid: Vec<SignalPayout>,
    /// Facts that conditions of tiers name, also through named expressions.
    facts: Vec<FactOverride>,
}

/// A change without which a tier would be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum DropCause {
    /// A signal pays something else: its name, the points before and after.
    Signal(String, Points, Points),
    /// A fact in a condition of a tier is another: its name, the value before and after.
    Fact(String, Value<'static>, Value<'static>),
}

/// A change that can be undone.
#[derive(Clone)]
enum TierChange {
    Signal(usize),
    Fact(usize),
}

impl TierBasis {
    /// Notes what decides on the tier of an entity.
    pub fn new(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> TierBasis {
        let level = model.resolved.level(entity.side);
        let scope = entity.scope(scored);
        let keys = tier_facts(model, entity.side);
        let facts = keys.into_iter().map(|key| (key, to_owned_value(&scope.get(key.in_program_of(entity.side)))));
        TierBasis { paid: evaluate_signals(level, &scope), facts: facts.collect() }
    }
}

/// The causes of a drop below the tier `present`, by place: changes that would each have kept it, or pairs of changes that would have together.
/// Empty if none was found.
pub fn drop_causes(
    (scored, model): (&ScoredEntities<'_>, &Model),
    entity: EntityRef,
    before: &TierBasis,
    present: usize,
) -> Vec<Vec<DropCause>> {
    let after = TierBasis::new(scored, model, entity);
    let undo = UndoneChanges { scored, model, entity, before, after: &after };
    let changes = undo.changes();
    let keeps = |undone: &[&TierChange]| undo.tier(undone).is_some_and(|tier| tier <= present);
    let describe = |undone: &[&TierChange]| undone.iter().map(|change| undo.describe(change)).collect();
    let single: Vec<Vec<DropCause>> =
        changes.iter().filter(|change| keeps(&[*change])).map(|change| describe(&[change])).collect();
    if !single.is_empty() {
        return single;
    }
    let mut pairs = Vec::new();
    for (place, first) in changes.iter().enumerate() {
        pairs.extend(
            changes[place + 1..]
                .iter()
                .filter(|second| keeps(&[first, *second]))
                .map(|second| describe(&[first, second])),
        );
    }
    if pairs.is_empty() && keeps(&changes.iter().collect::<Vec<_>>()) {
        pairs.push(describe(&changes.iter().collect::<Vec<_>>()));
    }
    pairs
}

/// An entity at the day of a drop, with what it was before.
struct UndoneChanges<'u> {
    scored: &'u ScoredEntities<'u>,
    model: &'u Model,
    entity: EntityRef,
    before: &'u TierBasis,
    after: &'u TierBasis,
}

impl UndoneChanges<'_> {
    /// Everything that changed: signals first, in the order of the model.
    fn changes(&self) -> Vec<TierChange> {
        let paid = self.before.paid.iter().zip(&self.after.paid).enumerate();
        let signals =
            paid.filter(|(_, (before, after))| before.points != after.points || before.firing != after.firing);
        let facts = self.before.facts.iter().zip(&self.after.facts).enumerate();
        let facts = facts.filter(|(_, (before, after))| before.1 != after.1);
        signals
            .map(|(place, _)| TierChange::Signal(place))
            .chain(facts.map(|(place, _)| TierChange::Fact(place)))
            .collect()
    }

    /// The tier at the day of the drop if some changes had not been.
    fn tier(&self, undone: &[&TierChange]) -> Option<usize> {
        let UndoneChanges { model, entity, before, after, .. } = *self;
        let side = entity.side;
        let level = model.resolved.level(side);
        let mut paid = after.paid.clone();
        let mut facts: Vec<FactOverride> = Vec::new();
        for change in undone {
            match change {
                TierChange::Signal(place) => paid[*place] = before.paid[*place],
                TierChange::Fact(place) => facts.push(before.facts[*place].clone()),
            }
        }
        let total = sum_points(level, &paid);
        // Conditions of tiers may name points and the score.
        facts.push((FactKey::new(side, level.slots.score), Value::Number(total.score.to_f64())));
        let points = level.slots.points.iter().zip(&total.categories);
        facts.extend(points.map(|(slot, (_, held))| (FactKey::new(side, *slot), Value::Number(held.to_f64()))));
        let scope = entity.scope(self.scored);
        let overlay = FactOverlay::new(model, side, &scope, &facts);
        find_tier(&level.tiers, total.score.to_f64(), &overlay, previous_tier(level, &overlay))
    }

    fn describe(&self, change: &TierChange) -> DropCause {
        let UndoneChanges { model, entity, before, after, .. } = *self;
        match change {
            TierChange::Signal(place) => {
                let name = model.resolved.level(entity.side).signals[*place].name.clone();
                DropCause::Signal(name, before.paid[*place].points, after.paid[*place].points)
            }
            TierChange::Fact(place) => {
                let (key, from) = &before.facts[*place];
                let name = pql_engine::ledger::fact_name(model, entity.side, key.in_program_of(entity.side));
                DropCause::Fact(name, from.clone(), after.facts[*place].1.clone())
            }
        }
    }
}
