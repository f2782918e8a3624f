//! What a question demands of conditions, tiers and segments.

use super::super::interval::{AbstractValue, NonNullValues};
use crate::{EntityKind, FactKey, expr::Program, resolved::Route};

/// Some of the three outcomes of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct OutcomeSet {
    pub(super) yes: bool,
    pub(super) no: bool,
    pub(super) null: bool,
}

impl OutcomeSet {
    /// The condition holds.
    pub(in super::super) const TRUE: OutcomeSet = OutcomeSet { yes: true, no: false, null: false };
    /// The condition does not hold.
    pub(in super::super) const NOT_TRUE: OutcomeSet = OutcomeSet { yes: false, no: true, null: true };
    /// The condition is true or unknown, as every invariant is.
    pub(super) const NOT_FALSE: OutcomeSet = OutcomeSet { yes: true, no: false, null: true };

    /// Any outcome.
    pub(super) const ANY: OutcomeSet = OutcomeSet { yes: true, no: true, null: true };

    /// The outcomes of the negated condition.
    pub(super) fn inverted(self) -> OutcomeSet {
        OutcomeSet { yes: self.no, no: self.yes, null: self.null }
    }

    /// The outcomes that a condition can have.
    pub(super) fn possible(value: &AbstractValue<'_>) -> OutcomeSet {
        match value.known {
            NonNullValues::Truth { yes, no } => OutcomeSet { yes, no, null: value.null },
            NonNullValues::Empty => OutcomeSet { yes: false, no: false, null: value.null },
            NonNullValues::Number(..) | NonNullValues::Date(..) | NonNullValues::Text { .. } | NonNullValues::Any => {
                OutcomeSet { yes: true, no: true, null: true }
            }
        }
    }

    /// The outcomes in both sets.
    pub(super) fn and(self, other: OutcomeSet) -> OutcomeSet {
        OutcomeSet { yes: self.yes && other.yes, no: self.no && other.no, null: self.null && other.null }
    }

    /// A condition of which only these outcomes are left.
    pub(super) fn restrict<'v>(self, value: &AbstractValue<'_>) -> AbstractValue<'v> {
        let left = OutcomeSet::possible(value).and(self);
        AbstractValue::truth(left.yes, left.no, left.null)
    }

    /// True if both sets have an outcome in common.
    pub(super) fn meets(self, other: OutcomeSet) -> bool {
        self.yes && other.yes || self.no && other.no || self.null && other.null
    }

    /// True if every outcome is in the other set.
    pub(super) fn is_within(self, other: OutcomeSet) -> bool {
        (!self.yes || other.yes) && (!self.no || other.no) && (!self.null || other.null)
    }
}

/// A condition of a level, and the outcomes that a question admits.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct ConditionDemand<'m> {
    pub(super) program: &'m Program,
    pub(super) side: EntityKind,
    pub(super) outcomes: OutcomeSet,
}

/// Everything that a question demands.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct GoalDemands<'m> {
    pub(super) conditions: Vec<ConditionDemand<'m>>,
    /// Named conditions that do not hold.
    pub(super) failing_names: Vec<FactKey>,
    /// Tiers that are admitted, by level.
    pub(super) tiers: Vec<(EntityKind, Vec<bool>)>,
}

impl<'m> GoalDemands<'m> {
    /// Demands that a condition holds.
    pub(in super::super) fn holding(mut self, program: &'m Program, side: EntityKind) -> GoalDemands<'m> {
        self.conditions.push(ConditionDemand { program, side, outcomes: OutcomeSet::TRUE });
        self
    }

    /// Demands that a condition does not hold.
    pub(in super::super) fn failing(mut self, program: &'m Program, side: EntityKind) -> GoalDemands<'m> {
        self.conditions.push(ConditionDemand { program, side, outcomes: OutcomeSet::NOT_TRUE });
        self
    }

    /// Demands that a named condition does not hold.
    pub(in super::super) fn failing_name(mut self, key: FactKey) -> GoalDemands<'m> {
        self.failing_names.push(key);
        self
    }

    /// Demands that a rule is the first of a list that holds.
    pub(in super::super) fn first_match(
        self,
        rules: impl Iterator<Item = Option<&'m Program>>,
        place: usize,
        side: EntityKind,
    ) -> GoalDemands<'m> {
        let rules = rules.take(place + 1).enumerate();
        rules.fold(self, |demands, (at, when)| match when {
            Some(when) if at == place => demands.holding(when, side),
            Some(when) => demands.failing(when, side),
            None => demands,
        })
    }

    /// Demands that a route is taken.
    pub(in super::super) fn route(self, routes: &'m [Route], place: usize, side: EntityKind) -> GoalDemands<'m> {
        self.first_match(routes.iter().map(|route| route.when.as_ref()), place, side)
    }

    /// Demands a tier.
    pub(in super::super) fn tier(self, side: EntityKind, place: usize, count: usize) -> GoalDemands<'m> {
        self.one_of_tiers(side, (0..count).map(|at| at == place).collect())
    }

    /// Demands one of some tiers.
    pub(in super::super) fn one_of_tiers(mut self, side: EntityKind, admitted: Vec<bool>) -> GoalDemands<'m> {
        self.tiers.push((side, admitted));
        self
    }

    /// True if nothing is demanded.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.failing_names.is_empty() && self.tiers.is_empty()
    }
}
