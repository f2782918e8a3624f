//! Makes somebody in a box fit what is demanded: of each condition that does not come out so, one fact is changed.
//!
//! Nothing is proved here; whoever is made is judged by the scorer.

use super::{
    super::{assignment::owned, dependencies::ScoringStage},
    BoxNarrower, GoalDemands, NarrowedBox, OutcomeSet,
    demands::ConditionDemand,
    scope::NarrowingContext,
};
use crate::{
    EntityKind, FactKey,
    expr::{EvalScope, Program, Value},
};

/// Facts of one member of a box, as a level sees them.
struct MemberScope<'s, 'n, 'm> {
    context: NarrowingContext<'n, 'm>,
    within: &'s NarrowedBox,
    chosen: &'s [u16],
    side: EntityKind,
}

impl<'m> MemberScope<'_, '_, 'm> {
    fn variable(&self, key: FactKey) -> Option<Value<'m>> {
        let at = self.context.variable(key)?;
        let variable = &self.context.space.variables[self.context.plan.variables[at]];
        Some(variable.cells[usize::from(self.chosen[at])].value())
    }

    /// A result of scoring, if it follows from what is left of it.
    fn scored(&self, key: FactKey) -> Value<'m> {
        let level = self.context.model.level(key.kind());
        let mut left = level.tiers.iter().zip(&self.within.tiers[key.kind()]).filter(|(_, left)| **left);
        match self.context.stage(key) {
            Some(ScoringStage::Segment) => self.segment(),
            Some(ScoringStage::Tier) if key.slot() == level.slots.tier => match (left.next(), left.next()) {
                (Some((tier, _)), None) => Value::Text(tier.name.as_str().into()),
                _ => Value::Null,
            },
            Some(ScoringStage::Tier) => Value::Boolean(left.all(|(tier, _)| tier.qualified)),
            Some(ScoringStage::Points | ScoringStage::Route) | None => Value::Null,
        }
    }

    fn segment(&self) -> Value<'m> {
        let scope = MemberScope { side: EntityKind::Account, ..*self };
        let segments = &self.context.model.levels.account.segments;
        let first = segments.iter().find(|one| one.when.as_ref().is_none_or(|when| when.holds(&scope)));
        first.map_or(Value::Null, |one| Value::Text(one.name.as_str().into()))
    }
}

impl EvalScope for MemberScope<'_, '_, '_> {
    fn get(&self, slot: u32) -> Value<'_> {
        self.context.work.set(self.context.work.get() + 1);
        let key = FactKey::seen_from(self.side, slot);
        if key.kind() != self.side && self.variable(FactKey::HAS_ACCOUNT) == Some(Value::Boolean(false)) {
            return Value::Null;
        }
        if let Some(value) = self.variable(key) {
            return value;
        }
        match self.context.expression(key) {
            Some(program) => owned(&program.eval(&MemberScope { side: key.kind(), ..*self })),
            None => self.scored(key),
        }
    }
}

impl<'m> BoxNarrower<'_, 'm> {
    /// Changes facts within a box so that what is demanded is so, as far as single facts bring it about.
    pub(in super::super) fn fit(&self, demands: &GoalDemands<'m>, within: &NarrowedBox, chosen: &mut [u16]) {
        for ConditionDemand { program, side, outcomes } in &demands.conditions {
            self.fit_condition(program, (*side, *outcomes), within, chosen);
        }
    }

    /// Whether a condition comes out as demanded for one member of a box.
    fn comes_out(
        &self,
        program: &Program,
        (side, outcomes): (EntityKind, OutcomeSet),
        within: &NarrowedBox,
        chosen: &[u16],
    ) -> bool {
        let scope = MemberScope { context: self.context, within, chosen, side };
        match program.eval_condition(&scope) {
            Some(true) => outcomes.yes,
            Some(false) => outcomes.no,
            None => outcomes.null,
        }
    }

    /// Changes facts until a condition comes out as demanded; returns whether it does.
    fn fit_condition(
        &self,
        program: &'m Program,
        (side, outcomes): (EntityKind, OutcomeSet),
        within: &NarrowedBox,
        chosen: &mut [u16],
    ) -> bool {
        if self.comes_out(program, (side, outcomes), within, chosen) {
            return true;
        }
        match program {
            Program::Not(inner) => self.fit_condition(inner, (side, outcomes.inverted()), within, chosen),
            Program::Or(parts) | Program::And(parts) => {
                let one_is_enough = if matches!(program, Program::Or(_)) { outcomes.yes } else { !outcomes.yes };
                let mut fits = parts.iter().map(|part| self.fit_condition(part, (side, outcomes), within, chosen));
                // Every part is fitted, also after one that does not fit: the next attempt begins nearer.
                if one_is_enough { fits.any(|fits| fits) } else { fits.filter(|fits| !fits).count() == 0 }
            }
            Program::Slot(slot) => {
                let key = FactKey::seen_from(side, *slot);
                match self.context.expression(key) {
                    Some(inner) => self.fit_condition(inner, (key.kind(), outcomes), within, chosen),
                    None => self.fit_fact(program, (side, outcomes), within, chosen),
                }
            }
            _ => self.fit_fact(program, (side, outcomes), within, chosen),
        }
    }

    /// Changes one fact of a comparison.
    fn fit_fact(
        &self,
        program: &'m Program,
        demand: (EntityKind, OutcomeSet),
        within: &NarrowedBox,
        chosen: &mut [u16],
    ) -> bool {
        for at in self.facts_of(program, demand.0).0 {
            let before = chosen[at];
            let (first, last) = within.cells[at];
            let mut cells: Vec<u16> = (first..=last).collect();
            cells.sort_by_key(|cell| cell.abs_diff(before));
            for cell in cells {
                chosen[at] = cell;
                if self.comes_out(program, demand, within, chosen) {
                    return true;
                }
            }
            chosen[at] = before;
        }
        false
    }
}
