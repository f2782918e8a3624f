//! A reference to a scored user or account.

use crate::{
    ids::{id_of_cell, id_of_text},
    plan::Model,
    score::{
        ScoredEntities,
        fact_table::EntityFacts,
        milestones::{MilestoneResult, MilestoneState},
    },
};
use pql_model::{
    EntityKind,
    resolved::Milestone,
    scoring::{evaluate_signals, sum_points},
    units::Points,
};

/// A user or an account, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityRef {
    /// User or account.
    pub side: EntityKind,
    /// The index among the users or accounts.
    pub place: usize,
}

impl EntityRef {
    /// Finds an entity by id; for a user any of the joined ids. None if it has no events.
    pub fn find(scored: &ScoredEntities<'_>, side: EntityKind, id: &str) -> Option<EntityRef> {
        let exact = id_of_text(id).and_then(|id| EntityRef::find_exact(scored, side, id));
        // An id that was copied from a table may be spelled as a number.
        exact.or_else(|| EntityRef::find_exact(scored, side, &id_of_cell(id)?))
    }

    fn find_exact(scored: &ScoredEntities<'_>, side: EntityKind, id: &str) -> Option<EntityRef> {
        let place = match side {
            EntityKind::User => scored.entities.user_of(id)? as usize,
            EntityKind::Account => {
                let number = scored.entities.account_ids.find(id)?;
                scored.entities.accounts.iter().position(|account| account.id == number)?
            }
        };
        Some(EntityRef { side, place })
    }

    /// Every entity of a level.
    pub fn all(scored: &ScoredEntities<'_>, side: EntityKind) -> impl Iterator<Item = EntityRef> + use<> {
        let count = match side {
            EntityKind::User => scored.entities.users.len(),
            EntityKind::Account => scored.entities.accounts.len(),
        };
        (0..count).map(move |place| EntityRef { side, place })
    }

    /// The printed id.
    pub fn id<'s>(self, scored: &'s ScoredEntities<'_>) -> &'s str {
        match self.side {
            EntityKind::User => scored.user_id(self.place),
            EntityKind::Account => scored.account_id(self.place),
        }
    }

    /// The score.
    pub(crate) fn score(self, scored: &ScoredEntities<'_>, model: &Model) -> Points {
        let level = model.resolved.level(self.side);
        sum_points(level, &evaluate_signals(level, &self.scope(scored))).score
    }

    /// The home account, for a user.
    pub fn home_account<'s>(self, scored: &'s ScoredEntities<'_>) -> Option<&'s str> {
        match self.side {
            EntityKind::User => scored.home_id(self.place),
            EntityKind::Account => None,
        }
    }

    /// The scope of the entity for expressions.
    pub fn scope<'s>(self, scored: &'s ScoredEntities<'_>) -> EntityFacts<'s> {
        match self.side {
            EntityKind::User => scored.user_facts(self.place),
            EntityKind::Account => scored.account_facts(self.place),
        }
    }

    /// The states of its milestones, by name.
    pub(crate) fn milestones(self, scored: &ScoredEntities<'_>, model: &Model) -> Vec<(String, MilestoneState)> {
        let milestones = &model.resolved.level(self.side).milestones;
        let outcomes: &[MilestoneResult] = match self.side {
            EntityKind::User => &scored.user_milestones,
            EntityKind::Account => &scored.account_milestones,
        };
        let own = outcomes.iter().skip(self.place * milestones.len());
        let shown = |(place, (milestone, outcome)): (usize, (&Milestone, &MilestoneResult))| {
            (milestone.name.clone(), scored.shown_state(self.side, place, outcome.state))
        };
        milestones.iter().zip(own).enumerate().map(shown).collect()
    }
}
