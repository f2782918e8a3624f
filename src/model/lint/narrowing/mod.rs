//! Narrows a box of facts to what conditions leave, by direct comparison: a fact loses the cells at its ends with which a condition cannot
//! come to what is demanded of it.
//!
//! **Law**: no entity is lost for whom everything that is demanded is so and every invariant holds. So a box of which nothing is left answers a
//! question; a narrow one is searched in fewer steps.

mod branching;
mod connectives;
mod demands;
mod fitting;
mod lists;
mod points;
mod scope;
#[cfg(test)]
mod tests;

use self::demands::ConditionDemand;
pub(super) use self::{
    branching::BranchPoint,
    demands::{GoalDemands, OutcomeSet},
    scope::{NarrowedBox, NarrowingContext, TierEntry, names_of},
};
use super::{
    bounds::CellBox,
    dependencies::{ScoringStage, visit_keys},
    interval::AbstractValue,
    invariants::InvariantSet,
    table::FactKeySet,
};
use crate::{
    EntityKind, FactKey,
    expr::{ComparisonOp, Program, Value},
};

/// The largest number of passes over everything that is demanded.
const PASSES_MAX: usize = 4;
/// The largest number of variables of a comparison that are narrowed.
const VARIABLES_MAX: usize = 8;

/// Nothing is left of a box.
#[derive(Debug)]
pub(super) struct EmptyBox;

/// Narrows the boxes of one plan.
#[derive(Debug)]
pub(super) struct BoxNarrower<'n, 'm> {
    context: NarrowingContext<'n, 'm>,
    links: &'m InvariantSet,
    /// The variables of each link of the plan, by place in the plan.
    link_variables: Vec<Vec<usize>>,
}

impl<'n, 'm> BoxNarrower<'n, 'm> {
    pub(super) fn new(context: NarrowingContext<'n, 'm>, links: &'m InvariantSet) -> BoxNarrower<'n, 'm> {
        let variables = |link: &usize| links.keys[*link].iter().filter_map(|key| context.variable(*key)).collect();
        BoxNarrower { link_variables: context.plan.links.iter().map(variables).collect(), context, links }
    }

    /// Narrows a box to what is demanded.
    ///
    /// # Errors
    ///
    /// Nothing is left of it.
    pub(super) fn narrow(&self, demands: &GoalDemands<'m>, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        for (side, admitted) in &demands.tiers {
            within.tiers[*side].iter_mut().zip(admitted).for_each(|(left, admitted)| *left &= admitted);
        }
        for key in &demands.failing_names {
            let demanded = within.demanded.entry(*key).or_insert(OutcomeSet::ANY);
            *demanded = demanded.and(OutcomeSet::NOT_TRUE);
        }
        // On everything, invariants leave everything.
        let space = self.context.space;
        let all = |place: &usize| (0, (space.variables[*place].cells.len() - 1) as u16);
        let mut known: CellBox = self.context.plan.variables.iter().map(all).collect();
        for _ in 0..PASSES_MAX {
            let before = within.clone();
            self.pass(demands, within)?;
            self.invariants(&known, within)?;
            known.clone_from(&within.cells);
            if before == *within {
                break;
            }
        }
        Ok(())
    }

    /// Goes through the invariants of variables that have changed.
    fn invariants(&self, known: &CellBox, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        for (link, variables) in self.context.plan.links.iter().zip(&self.link_variables) {
            if variables.iter().any(|at| within.cells[*at] != known[*at]) {
                self.condition(&self.links.all[*link], EntityKind::User, OutcomeSet::NOT_FALSE, within)?;
            }
        }
        Ok(())
    }

    /// Goes once through the conditions, and the lists that scoring takes from the top.
    fn pass(&self, demands: &GoalDemands<'m>, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        for ConditionDemand { program, side, outcomes } in self.all_demands(demands, within) {
            self.condition(program, side, outcomes, within)?;
        }
        for side in EntityKind::ALL {
            self.tiers(side, within)?;
            self.points(side, within)?;
        }
        self.segments(within)
    }

    /// What is demanded of conditions, and of the named facts in them.
    fn all_demands(&self, demands: &GoalDemands<'m>, within: &NarrowedBox) -> Vec<ConditionDemand<'m>> {
        let of_names = within.demanded.iter().filter_map(|(key, outcomes)| {
            let program = self.context.expression(*key)?;
            Some(ConditionDemand { program, side: key.kind(), outcomes: *outcomes })
        });
        demands.conditions.iter().copied().chain(of_names).collect()
    }

    /// Narrows a box to where a condition comes to some outcomes.
    fn condition(
        &self,
        program: &'m Program,
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        match program {
            Program::Not(inner) => self.condition(inner, side, outcomes.inverted(), within),
            Program::Or(parts) | Program::And(parts) => self.and_or(program, parts, side, outcomes, within),
            Program::Coalesce(parts) => self.coalesce(program, parts, side, outcomes, within),
            Program::Slot(slot) => self.name(program, FactKey::seen_from(side, *slot), side, outcomes, within),
            _ => self.comparison(program, side, outcomes, within),
        }
    }

    /// A name of a condition: narrowed through the expression behind it.
    fn name(
        &self,
        program: &'m Program,
        key: FactKey,
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let Some(inner) = self.context.expression(key) else {
            return self.comparison(program, side, outcomes, within);
        };
        if key.kind() == side {
            return self.named(key, inner, outcomes, within);
        }
        // Without an account the fact is unknown.
        if !outcomes.null {
            self.variable(FactKey::HAS_ACCOUNT, |cells| *cells = (1, 1), within)?;
        }
        match self.context.variable(FactKey::HAS_ACCOUNT) {
            Some(home) if within.cells[home].0 == 0 => Ok(()),
            Some(_) | None => self.named(key, inner, outcomes, within),
        }
    }

    /// A named fact of its own level. What is demanded of it is remembered, since other conditions name it too.
    fn named(
        &self,
        key: FactKey,
        inner: &'m Program,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let demanded = within.demanded.entry(key).or_insert(OutcomeSet::ANY);
        *demanded = demanded.and(outcomes);
        let demanded = *demanded;
        if !self.possible_name(key, within).meets(demanded) {
            return Err(EmptyBox);
        }
        self.condition(inner, key.kind(), demanded, within)
    }

    /// Changes the cells of a variable, if the plan has it.
    fn variable(
        &self,
        key: FactKey,
        change: impl FnOnce(&mut (u16, u16)),
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let Some(at) = self.context.variable(key) else { return Ok(()) };
        let (first, last) = within.cells[at];
        change(&mut within.cells[at]);
        let (narrowed_first, narrowed_last) = within.cells[at];
        within.cells[at] = (first.max(narrowed_first), last.min(narrowed_last));
        if within.cells[at].0 > within.cells[at].1 { Err(EmptyBox) } else { Ok(()) }
    }

    /// The outcomes that a condition can have in a box.
    fn possible(&self, program: &'m Program, side: EntityKind, within: &NarrowedBox) -> OutcomeSet {
        OutcomeSet::possible(&self.context.eval(program, side, within))
    }

    /// The outcomes that a named fact can have in a box.
    fn possible_name(&self, key: FactKey, within: &NarrowedBox) -> OutcomeSet {
        OutcomeSet::possible(self.context.value(key, within).get())
    }

    /// A condition without further conditions in it: its variables lose the ends with which it cannot come out so.
    fn comparison(
        &self,
        program: &'m Program,
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let now = self.possible(program, side, within);
        if !now.meets(outcomes) {
            return Err(EmptyBox);
        }
        if now.is_within(outcomes) {
            return Ok(());
        }
        self.score_compared(program, side, outcomes, within);
        let (variables, scored) = self.facts_of(program, side);
        for key in scored {
            self.scored_name(key, (program, side, outcomes), within)?;
        }
        for at in variables.into_iter().take(VARIABLES_MAX) {
            self.shave(at, (program, side, outcomes), within)?;
        }
        Ok(())
    }

    /// Takes cells from both ends of a variable.
    fn shave(
        &self,
        at: usize,
        (program, side, outcomes): (&'m Program, EntityKind, OutcomeSet),
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        self.shave_by(at, &|within| self.possible(program, side, within).meets(outcomes), within)
    }

    /// The same by any test of a box that is passed by every box of which something is left.
    fn shave_by(
        &self,
        at: usize,
        fits_in: &dyn Fn(&NarrowedBox) -> bool,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let (mut first, mut last) = within.cells[at];
        let mut fits = |cell: u16| {
            within.cells[at] = (cell, cell);
            fits_in(within)
        };
        while first <= last && !fits(first) {
            first += 1;
        }
        while first < last && !fits(last) {
            last -= 1;
        }
        if first > last {
            return Err(EmptyBox);
        }
        within.cells[at] = (first, last);
        Ok(())
    }

    /// Variables behind a condition by place in the plan, and results of scoring; both in a fixed order.
    fn facts_of(&self, program: &Program, side: EntityKind) -> (Vec<usize>, Vec<FactKey>) {
        let (mut variables, mut scored) = (Vec::new(), Vec::new());
        let mut open = Vec::new();
        let mut seen = FactKeySet::default();
        visit_keys(program, side, &mut |key| open.push((side, key)));
        while let Some((from, key)) = open.pop() {
            if from != key.kind() {
                variables.extend(self.context.variable(FactKey::HAS_ACCOUNT));
            }
            if !seen.insert(key) {
                continue;
            }
            if let Some(at) = self.context.variable(key) {
                variables.push(at);
            } else if let Some(inner) = self.context.expression(key) {
                visit_keys(inner, key.kind(), &mut |part| open.push((key.kind(), part)));
            } else {
                scored.push(key);
            }
        }
        variables.sort_unstable();
        variables.dedup();
        (variables, scored)
    }

    /// Narrows the score if it alone is compared with a number.
    fn score_compared(&self, program: &Program, side: EntityKind, outcomes: OutcomeSet, within: &mut NarrowedBox) {
        let Some((operator, slot, number)) = number_comparison(program) else { return };
        let key = FactKey::seen_from(side, slot);
        let level = self.context.model.level(key.kind());
        // Another level's score may be unknown, and then nothing is compared.
        if key.kind() != side
            || self.context.stage(key) != Some(ScoringStage::Points)
            || key.slot() != level.slots.score
        {
            return;
        }
        let operator = match (outcomes.yes, outcomes.no) {
            (true, false) => operator,
            (false, true) => opposite(operator),
            (true, true) | (false, false) => return,
        };
        let (low, high) = &mut within.scores[side];
        match operator {
            ComparisonOp::Equal => (*low, *high) = (low.max(number), high.min(number)),
            ComparisonOp::NotEqual => {}
            ComparisonOp::Less | ComparisonOp::LessEqual => *high = high.min(number),
            ComparisonOp::Greater | ComparisonOp::GreaterEqual => *low = low.max(number),
        }
    }
}

/// A comparison of one name with a number: the operator as if the name came first.
fn number_comparison(program: &Program) -> Option<(ComparisonOp, u32, f64)> {
    match program {
        Program::CompareNumber(operator, slot, number) => Some((*operator, *slot, *number)),
        Program::Compare(operator, a, b) => match (&**a, &**b) {
            (Program::Slot(slot), Program::Constant(Value::Number(number))) => Some((*operator, *slot, *number)),
            (Program::Constant(Value::Number(number)), Program::Slot(slot)) => {
                Some((mirrored(*operator), *slot, *number))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The operator with its sides exchanged.
fn mirrored(operator: ComparisonOp) -> ComparisonOp {
    match operator {
        ComparisonOp::Less => ComparisonOp::Greater,
        ComparisonOp::LessEqual => ComparisonOp::GreaterEqual,
        ComparisonOp::Greater => ComparisonOp::Less,
        ComparisonOp::GreaterEqual => ComparisonOp::LessEqual,
        ComparisonOp::Equal | ComparisonOp::NotEqual => operator,
    }
}

/// The operator that holds where this one does not.
fn opposite(operator: ComparisonOp) -> ComparisonOp {
    match operator {
        ComparisonOp::Less => ComparisonOp::GreaterEqual,
        ComparisonOp::LessEqual => ComparisonOp::Greater,
        ComparisonOp::Greater => ComparisonOp::LessEqual,
        ComparisonOp::GreaterEqual => ComparisonOp::Less,
        ComparisonOp::Equal => ComparisonOp::NotEqual,
        ComparisonOp::NotEqual => ComparisonOp::Equal,
    }
}

/// The value that a constant part of `coalesce` stands for.
fn constant_outcome(program: &Program) -> Option<OutcomeSet> {
    match program {
        Program::Constant(value) => Some(OutcomeSet::possible(&AbstractValue::truth(
            matches!(value, Value::Boolean(true)),
            matches!(value, Value::Boolean(false)),
            value.is_null(),
        ))),
        _ => None,
    }
}
