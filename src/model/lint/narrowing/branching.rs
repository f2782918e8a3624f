//! Where a box is cut in two: at a named condition if one is open, else at a variable.

use std::collections::BTreeMap;

use super::{BoxNarrower, GoalDemands, NarrowedBox, OutcomeSet, demands::ConditionDemand};
use crate::{EntityKind, FactKey, expr::Program};

/// Where a box is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum BranchPoint {
    /// A named condition: holding, and not holding.
    Name(FactKey),
    /// A variable, by place in the plan: its lower and its higher cells.
    Variable(usize),
}

impl<'m> BoxNarrower<'_, 'm> {
    /// Where demands are open: most is settled where few other facts share the demands of one.
    pub(in super::super) fn branch_point(
        &self,
        demands: &GoalDemands<'m>,
        within: &NarrowedBox,
    ) -> Option<BranchPoint> {
        let mut weights: BTreeMap<BranchPoint, f64> = BTreeMap::new();
        for ConditionDemand { program, side, outcomes } in self.all_demands(demands, within) {
            let mut open = Vec::new();
            self.collect_open(program, (side, outcomes), within, &mut open);
            open.sort_unstable();
            open.dedup();
            let share = 1.0 / open.len() as f64;
            open.iter().for_each(|at| *weights.entry(*at).or_default() += share);
        }
        // A name stands for several facts, so it is cut before any of them.
        let is_name = |at: &BranchPoint| matches!(at, BranchPoint::Name(_));
        let best = |(at, weight): &(&BranchPoint, &f64)| (is_name(at), **weight);
        let heavier = |a: &(&BranchPoint, &f64), b: &(&BranchPoint, &f64)| {
            let ((a_name, a_weight), (b_name, b_weight)) = (best(a), best(b));
            a_name.cmp(&b_name).then(a_weight.total_cmp(&b_weight)).then(b.0.cmp(a.0))
        };
        weights.iter().max_by(heavier).map(|(at, _)| *at)
    }

    /// Cuts a box at a name: first where it holds, then where it does not.
    pub(in super::super) fn cut_at_name(key: FactKey, within: NarrowedBox) -> [NarrowedBox; 2] {
        let (mut holds, mut fails) = (within.clone(), within);
        for (half, outcomes) in [(&mut holds, OutcomeSet::TRUE), (&mut fails, OutcomeSet::NOT_TRUE)] {
            let demanded = half.demanded.entry(key).or_insert(OutcomeSet::ANY);
            *demanded = demanded.and(outcomes);
        }
        [holds, fails]
    }

    /// Collects what is open in a condition.
    fn collect_open(
        &self,
        program: &'m Program,
        (side, outcomes): (EntityKind, OutcomeSet),
        within: &NarrowedBox,
        open: &mut Vec<BranchPoint>,
    ) {
        let possible = self.possible(program, side, within);
        if possible.is_within(outcomes) || !possible.meets(outcomes) {
            return;
        }
        match program {
            Program::Not(inner) => self.collect_open(inner, (side, outcomes.inverted()), within, open),
            Program::Or(parts) | Program::And(parts) => {
                parts.iter().for_each(|part| self.collect_open(part, (side, outcomes), within, open));
            }
            Program::Slot(slot) => {
                let key = FactKey::seen_from(side, *slot);
                match self.context.expression(key) {
                    // What is demanded of a name already is looked at by itself.
                    Some(_) if !within.demanded.contains_key(&key) => open.push(BranchPoint::Name(key)),
                    Some(inner) => self.collect_open(inner, (key.kind(), outcomes), within, open),
                    None => self.collect_wide(program, side, within, open),
                }
            }
            _ => self.collect_wide(program, side, within, open),
        }
    }

    /// Collects the variables behind a condition that have more than one cell.
    fn collect_wide(&self, program: &Program, side: EntityKind, within: &NarrowedBox, open: &mut Vec<BranchPoint>) {
        let wide = |at: &usize| within.cells[*at].0 < within.cells[*at].1;
        open.extend(self.facts_of(program, side).0.into_iter().filter(wide).map(BranchPoint::Variable));
    }
}
