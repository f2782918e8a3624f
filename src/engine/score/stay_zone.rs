//! Entities on which the run before would decide.

use super::ScoredEntities;
use crate::plan::Model;
use pql_model::{EntityKind, expr::EvalScope, resolved::Level, scoring::find_tier};

impl ScoredEntities<'_> {
    /// How many users or accounts of a run without a record are in a lower tier than they would be if they had been in a higher one before: their
    /// score is enough to stay in that one and not to enter it.
    pub fn below_entry(&self, model: &Model, kind: EntityKind) -> usize {
        let level = model.resolved.level(kind);
        if level.tiers.iter().all(|tier| tier.stay.is_none()) {
            return 0;
        }
        match kind {
            EntityKind::User => {
                (0..self.users.count as usize).filter(|place| stays_higher(level, &self.user_facts(*place))).count()
            }
            EntityKind::Account => (0..self.accounts.count as usize)
                .filter(|place| stays_higher(level, &self.account_facts(*place)))
                .count(),
        }
    }
}

/// Whether somebody who was in the highest tier before would be in another tier than somebody who was in none.
fn stays_higher(level: &Level, scope: &impl EvalScope) -> bool {
    let Some(score) = scope.get(level.slots.score).as_number() else { return false };
    find_tier(&level.tiers, score, scope, Some(0)) != find_tier(&level.tiers, score, scope, None)
}
