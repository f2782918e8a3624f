//! A user or an account among what was scored, whichever it is.

use crate::{
    emit::Side,
    model::Model,
    score::{
        Scored,
        board::EntityFacts,
        milestones::{Outcome, State},
    },
};

/// Both levels, users first.
pub const SIDES: [Side; 2] = [Side::User, Side::Account];

/// `user` or `account`.
pub fn word(side: Side) -> &'static str {
    match side {
        Side::User => "user",
        Side::Account => "account",
    }
}

/// A user or an account, by place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity {
    /// Which.
    pub side: Side,
    /// By place among the users or accounts.
    pub place: usize,
}

impl Entity {
    /// The entity of an id; a user's may be any that was joined to it. None if it has no event.
    pub fn find(scored: &Scored<'_>, side: Side, id: &str) -> Option<Entity> {
        let place = match side {
            Side::User => scored.entities.user_of(id)? as usize,
            Side::Account => {
                let number = scored.entities.account_ids.find(id)?;
                scored.entities.accounts.iter().position(|account| account.id == number)?
            }
        };
        Some(Entity { side, place })
    }

    /// Every entity of a level.
    pub fn all(scored: &Scored<'_>, side: Side) -> impl Iterator<Item = Entity> + use<> {
        let count = match side {
            Side::User => scored.entities.users.len(),
            Side::Account => scored.entities.accounts.len(),
        };
        (0..count).map(move |place| Entity { side, place })
    }

    /// As rows print it.
    pub fn id<'s>(self, scored: &'s Scored<'_>) -> &'s str {
        match self.side {
            Side::User => scored.user_id(self.place),
            Side::Account => scored.account_id(self.place),
        }
    }

    /// Of a user: the home account.
    pub fn home<'s>(self, scored: &'s Scored<'_>) -> Option<&'s str> {
        match self.side {
            Side::User => scored.home_id(self.place),
            Side::Account => None,
        }
    }

    /// As expressions see it.
    pub fn scope<'s>(self, scored: &'s Scored<'_>) -> EntityFacts<'s> {
        match self.side {
            Side::User => scored.user_facts(self.place),
            Side::Account => scored.account_facts(self.place),
        }
    }

    /// How its milestones stand, by name.
    pub fn milestones(self, scored: &Scored<'_>, model: &Model) -> Vec<(String, State)> {
        let milestones = &self.side.level(model).milestones;
        let outcomes: &[Outcome] = match self.side {
            Side::User => &scored.user_outcomes,
            Side::Account => &scored.account_outcomes,
        };
        let own = outcomes.iter().skip(self.place * milestones.len());
        milestones.iter().zip(own).map(|(milestone, outcome)| (milestone.name.clone(), outcome.state)).collect()
    }
}
