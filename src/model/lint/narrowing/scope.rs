//! Facts within a narrowed box. Named expressions are evaluated where they are asked for.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap};

use super::super::{
    bounds::{CellBox, WasHere},
    dependencies::{DependencyPlan, ScoringStage, scoring_stage, visit_keys},
    domains::{SearchSpace, fact},
    interval::{AbstractRef, AbstractScope, AbstractValue, NonNullValues, eval},
    table::{FactKeyMap, FactKeySet},
};
use super::demands::OutcomeSet;
use crate::{
    EntityKind, FactKey, PerKind, ResolvedModel,
    expr::Program,
    resolved::{FactDefinition, ScoringStep, Tier},
    units::EPSILON,
};

/// A box of facts, and what is left of the results of scoring.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct NarrowedBox {
    /// The cells of the plan's variables.
    pub(in super::super) cells: CellBox,
    /// The lowest and the highest score that are left.
    pub(super) scores: PerKind<(f64, f64)>,
    /// The tiers that are left.
    pub(super) tiers: PerKind<Vec<bool>>,
    /// The segments that are left.
    pub(super) segments: Vec<bool>,
    /// What is demanded of named facts that are conditions.
    pub(super) demanded: BTreeMap<FactKey, OutcomeSet>,
}

impl NarrowedBox {
    /// A box of cells in which scoring can give anything.
    pub(in super::super) fn new(model: &ResolvedModel, cells: CellBox) -> NarrowedBox {
        NarrowedBox {
            cells,
            scores: PerKind::from_fn(|_| (f64::NEG_INFINITY, f64::INFINITY)),
            tiers: PerKind::from_fn(|side| vec![true; model.level(side).tiers.len()]),
            segments: vec![true; model.levels.account.segments.len()],
            demanded: BTreeMap::new(),
        }
    }
}

/// The largest expression that is looked into, with all expressions that it names in their places: names of names may double at each step.
/// **Units**: names.
const EXPANDED_MAX: usize = 400;

/// The named expressions of a plan that are small enough to look into.
pub(in super::super) fn names_of(model: &ResolvedModel, plan: &DependencyPlan) -> FactKeySet {
    let mut sizes: FactKeyMap<usize> = FactKeyMap::default();
    // In the order of scoring each expression comes after those that it names.
    for step in &plan.steps {
        let key = match step {
            ScoringStep::UserFact(slot) => FactKey::new(EntityKind::User, *slot),
            ScoringStep::AccountFact(slot) => FactKey::new(EntityKind::Account, *slot),
            ScoringStep::Segment
            | ScoringStep::UserPoints
            | ScoringStep::UserTier
            | ScoringStep::AccountPoints
            | ScoringStep::AccountTier
            | ScoringStep::AccountPerson(_)
            | ScoringStep::UserRecord(_)
            | ScoringStep::AccountRecord(_)
            | ScoringStep::UserOutcome(_)
            | ScoringStep::AccountOutcome(_)
            | ScoringStep::UserRoute
            | ScoringStep::AccountRoute => continue,
        };
        let Some(FactDefinition::Expression(program)) = fact(model, key).map(|fact| &fact.definition) else { continue };
        let mut size = 1_usize;
        visit_keys(program, key.kind(), &mut |part| {
            size = size.saturating_add(sizes.get(&part).copied().unwrap_or(1));
        });
        sizes.insert(key, size);
    }
    sizes.into_iter().filter(|(_, size)| *size <= EXPANDED_MAX).map(|(key, _)| key).collect()
}

/// What every evaluation in a box needs.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct NarrowingContext<'n, 'm> {
    pub(in super::super) model: &'m ResolvedModel,
    pub(in super::super) space: &'m SearchSpace,
    pub(in super::super) plan: &'n DependencyPlan,
    /// Named expressions that are looked into.
    pub(in super::super) names: &'n FactKeySet,
    /// Facts that were looked at.
    pub(in super::super) work: &'n Cell<u64>,
}

impl<'n, 'm> NarrowingContext<'n, 'm> {
    /// The place of a variable in the plan.
    pub(super) fn variable(&self, key: FactKey) -> Option<usize> {
        self.plan.index.get(&key).copied().filter(|at| *at < self.plan.variables.len())
    }

    /// The expression behind a fact, unless it is too large to look into.
    pub(super) fn expression(&self, key: FactKey) -> Option<&'m Program> {
        if !self.names.contains(&key) {
            return None;
        }
        match fact(self.model, key).map(|fact| &fact.definition) {
            Some(FactDefinition::Expression(program)) => Some(program),
            _ => None,
        }
    }

    /// The part of scoring that writes a fact.
    pub(super) fn stage(&self, key: FactKey) -> Option<ScoringStage> {
        match fact(self.model, key).map(|fact| &fact.definition) {
            Some(FactDefinition::Scoring) => scoring_stage(self.model.level(key.kind()), key.slot()),
            _ => None,
        }
    }

    /// The possible values of a program in a box.
    pub(super) fn eval(&self, program: &'m Program, side: EntityKind, within: &NarrowedBox) -> AbstractValue<'m> {
        eval(program, &self.scope(within, side))
    }

    /// A narrowed box as a level sees it.
    pub(super) fn scope<'s>(&self, within: &'s NarrowedBox, side: EntityKind) -> NarrowedScope<'s, 'n, 'm> {
        NarrowedScope { context: *self, within, side }
    }

    /// The possible values of a fact, seen from its own level.
    pub(super) fn value(&self, key: FactKey, within: &NarrowedBox) -> AbstractRef<'m> {
        self.work.set(self.work.get() + 1);
        if let Some(at) = self.variable(key) {
            let (first, last) = within.cells[at];
            return self.space.variables[self.plan.variables[at]].between(first, last);
        }
        if key == FactKey::HAS_ACCOUNT {
            return AbstractRef::Owned(AbstractValue::truth(true, false, false));
        }
        if let Some(program) = self.expression(key) {
            let value = self.eval(program, key.kind(), within);
            let demanded = within.demanded.get(&key);
            return AbstractRef::Owned(demanded.map_or_else(|| value.clone(), |demanded| demanded.restrict(&value)));
        }
        AbstractRef::Owned(self.scored(key, within))
    }

    /// A result of scoring, as far as it is narrowed.
    fn scored(&self, key: FactKey, within: &NarrowedBox) -> AbstractValue<'m> {
        let Some(fact) = fact(self.model, key) else { return AbstractValue::NULL };
        let level = self.model.level(key.kind());
        let slots = &level.slots;
        match self.stage(key) {
            Some(ScoringStage::Points) if key.slot() == slots.score => {
                let (low, high) = within.scores[key.kind()];
                AbstractValue::number(low, high)
            }
            Some(ScoringStage::Tier) if key.slot() == slots.qualified => {
                let left = level.tiers.iter().zip(&within.tiers[key.kind()]).filter(|(_, left)| **left);
                let (yes, no) =
                    left.fold((false, false), |(yes, no), (tier, _)| (yes || tier.qualified, no || !tier.qualified));
                AbstractValue::truth(yes, no, level.tiers.is_empty())
            }
            Some(ScoringStage::Tier) => {
                names(level.tiers.iter().map(|tier| tier.name.as_str()), &within.tiers[key.kind()], false)
            }
            Some(ScoringStage::Segment) => {
                let open = level.segments.last().is_none_or(|last| last.when.is_some());
                names(level.segments.iter().map(|one| one.name.as_str()), &within.segments, open)
            }
            Some(ScoringStage::Points | ScoringStage::Route) | None => AbstractValue::any(fact.kind),
        }
    }
}

/// The names that are left, and null if a list may end without one.
fn names<'m>(names: impl Iterator<Item = &'m str>, left: &[bool], open: bool) -> AbstractValue<'m> {
    let of: Vec<Cow<'m, str>> =
        names.zip(left).filter(|(_, left)| **left).map(|(name, _)| Cow::Borrowed(name)).collect();
    let null = open || left.is_empty();
    let known = if of.is_empty() { NonNullValues::Empty } else { NonNullValues::Text { of, other: false } };
    AbstractValue { null, known }
}

/// A narrowed box as a level sees it.
pub(super) struct NarrowedScope<'s, 'n, 'm> {
    context: NarrowingContext<'n, 'm>,
    within: &'s NarrowedBox,
    side: EntityKind,
}

impl<'m> AbstractScope<'m> for NarrowedScope<'_, '_, 'm> {
    fn get(&self, slot: u32) -> Cow<'_, AbstractValue<'m>> {
        let key = FactKey::seen_from(self.side, slot);
        let abs = match self.context.value(key, self.within) {
            AbstractRef::Borrowed(abs) => Cow::Borrowed(abs),
            AbstractRef::Owned(abs) => Cow::Owned(abs),
        };
        if key.kind() == self.side {
            return abs;
        }
        let home = self.context.value(FactKey::HAS_ACCOUNT, self.within);
        if !home.get().can_hold() {
            return Cow::Owned(AbstractValue::NULL);
        }
        if home.get().can_be_false() && !abs.null {
            return Cow::Owned(AbstractValue { null: true, known: abs.into_owned().known });
        }
        abs
    }
}

/// From which scores on a tier takes people, as far as its condition lets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct TierEntry {
    /// The lowest score of anybody in the tier. **Units**: points.
    pub(in super::super) can: f64,
    /// The score from which on everybody is taken. **Units**: points.
    pub(in super::super) must: f64,
}

impl TierEntry {
    /// By the threshold to enter, and by the one to stay of whoever can have been, or must have been, in the tier or above it.
    pub(in super::super) fn new(tier: &Tier, was_here: WasHere) -> TierEntry {
        let enter = tier.threshold.map_or(f64::NEG_INFINITY, lowest_passing);
        let stay = tier.stay.map_or(enter, |stay| lowest_passing(stay).min(enter));
        TierEntry { can: if was_here.can { stay } else { enter }, must: if was_here.must { stay } else { enter } }
    }
}

/// The lowest score that passes a threshold.
pub(super) fn lowest_passing((at, strict): (f64, bool)) -> f64 {
    if strict { at + EPSILON } else { (at - EPSILON).next_up() }
}
