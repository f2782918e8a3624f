//! `and`, `or` and `coalesce`: what is demanded of the whole, handed on to the parts.

use super::{BoxNarrower, EmptyBox, NarrowedBox, OutcomeSet, constant_outcome};
use crate::{EntityKind, expr::Program};

/// The largest number of facts of a list of ways that is narrowed as a whole.
const FEW_FACTS: usize = 2;

impl<'m> BoxNarrower<'_, 'm> {
    /// `or`: true if one part is, false if all are. `and` is `or` with everything negated.
    pub(super) fn and_or(
        &self,
        whole: &'m Program,
        parts: &'m [Program],
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let settled = match whole {
            Program::And(_) => self.connective(parts, side, outcomes.inverted(), OutcomeSet::inverted, within)?,
            _ => self.connective(parts, side, outcomes, |of_part| of_part, within)?,
        };
        if settled { Ok(()) } else { self.few_facts(whole, side, outcomes, within) }
    }

    /// Narrows alternatives as a whole if they are about one or two facts, such as a list of titles. Which alternative holds is open.
    fn few_facts(
        &self,
        whole: &'m Program,
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let (variables, scored) = self.facts_of(whole, side);
        if variables.len() > FEW_FACTS || !scored.is_empty() {
            return Ok(());
        }
        self.comparison(whole, side, outcomes, within)
    }

    /// An `or` of parts, each of them as `seen`. Returns whether it is settled which parts must hold.
    fn connective(
        &self,
        parts: &'m [Program],
        side: EntityKind,
        outcomes: OutcomeSet,
        seen: fn(OutcomeSet) -> OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<bool, EmptyBox> {
        if !outcomes.yes {
            // No part may be true; if the whole may not be unknown either, all are false.
            let each = OutcomeSet { yes: false, no: true, null: outcomes.null };
            parts.iter().try_for_each(|part| self.condition(part, side, seen(each), within))?;
            return Ok(true);
        }
        if outcomes.no {
            return Ok(outcomes.null);
        }
        // One part must be true, or unknown where the whole may be.
        let one = seen(OutcomeSet { yes: true, no: false, null: outcomes.null });
        let mut able = parts.iter().filter(|part| self.possible(part, side, within).meets(one));
        match (able.next(), able.next()) {
            (None, _) => Err(EmptyBox),
            (Some(only), None) => self.condition(only, side, one, within).map(|()| true),
            (Some(_), Some(_)) => Ok(false),
        }
    }

    /// `coalesce` of a condition and a constant, which stands for unknown; others are compared as a whole.
    pub(super) fn coalesce(
        &self,
        whole: &'m Program,
        parts: &'m [Program],
        side: EntityKind,
        outcomes: OutcomeSet,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let [first, last] = parts else { return self.comparison(whole, side, outcomes, within) };
        let Some(unknown) = constant_outcome(last) else { return self.comparison(whole, side, outcomes, within) };
        let of_first = OutcomeSet { null: unknown.meets(outcomes), ..outcomes };
        self.condition(first, side, of_first, within)
    }
}
