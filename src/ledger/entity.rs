//! A user or an account among what was scored, whichever it is.

use crate::{
    model::{EntityKind, Model},
    score::{
        Scored,
        board::EntityFacts,
        milestones::{Outcome, State},
    },
};

/// A user or an account, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity {
    /// Which.
    pub side: EntityKind,
    /// By place among the users or accounts.
    pub place: usize,
}

impl Entity {
    /// The entity of an id; a user's may be any that was joined to it. None if it has no event.
    pub fn find(scored: &Scored<'_>, side: EntityKind, id: &str) -> Option<Entity> {
        let place = match side {
            EntityKind::User => scored.entities.user_of(id)? as usize,
            EntityKind::Account => {
                let number = scored.entities.account_ids.find(id)?;
                scored.entities.accounts.iter().position(|account| account.id == number)?
            }
        };
        Some(Entity { side, place })
    }

    /// Every entity of a level.
    pub fn all(scored: &Scored<'_>, side: EntityKind) -> impl Iterator<Item = Entity> + use<> {
        let count = match side {
            EntityKind::User => scored.entities.users.len(),
            EntityKind::Account => scored.entities.accounts.len(),
        };
        (0..count).map(move |place| Entity { side, place })
    }

    /// As rows print it.
    pub fn id<'s>(self, scored: &'s Scored<'_>) -> &'s str {
        match self.side {
            EntityKind::User => scored.user_id(self.place),
            EntityKind::Account => scored.account_id(self.place),
        }
    }

    /// Of a user: the home account.
    pub fn home<'s>(self, scored: &'s Scored<'_>) -> Option<&'s str> {
        match self.side {
            EntityKind::User => scored.home_id(self.place),
            EntityKind::Account => None,
        }
    }

    /// As expressions see it.
    pub fn scope<'s>(self, scored: &'s Scored<'_>) -> EntityFacts<'s> {
        match self.side {
            EntityKind::User => scored.user_facts(self.place),
            EntityKind::Account => scored.account_facts(self.place),
        }
    }

    /// How its milestones stand, by name.
    pub fn milestones(self, scored: &Scored<'_>, model: &Model) -> Vec<(String, State)> {
        let milestones = &model.level(self.side).milestones;
        let outcomes: &[Outcome] = match self.side {
            EntityKind::User => &scored.user_outcomes,
            EntityKind::Account => &scored.account_outcomes,
        };
        let own = outcomes.iter().skip(self.place * milestones.len());
        milestones.iter().zip(own).map(|(milestone, outcome)| (milestone.name.clone(), outcome.state)).collect()
    }
}
