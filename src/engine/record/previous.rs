//! What the record says of each entity of the run that follows.

use super::{DepartedEntity, EntityOrigins, EntityStanding, KeptEntity, LevelRecord, ListRecord};
use crate::{
    entity::Entities,
    score::{PreviousLists, PreviousStanding, StandingTable},
};
use pql_model::{EntityKind, PerKind};

impl PreviousLists for ListRecord {
    fn standings(&self, entities: &Entities<'_>) -> StandingTable {
        let origins = EntityOrigins::find(self, entities);
        let of_id = |kind: EntityKind, id: &str| {
            let level = &self.levels[kind];
            let joined = level.previous(origins.places(kind, id));
            joined.map(|(standing, kept)| listed(level, &standing, &kept)).or_else(|| level.departed.get(id).map(gone))
        };
        PerKind {
            user: entities.users.iter().map(|user| of_id(EntityKind::User, user.id)).collect(),
            account: entities
                .accounts
                .iter()
                .map(|account| of_id(EntityKind::Account, entities.account_ids.get(account.id)))
                .collect(),
        }
    }
}

/// What the lists said of an entity.
fn listed(level: &LevelRecord, standing: &EntityStanding, kept: &KeptEntity) -> PreviousStanding {
    PreviousStanding {
        tier: level.snapshot.tier(standing).map(|tier| tier.name.clone()),
        score: Some(standing.score),
        tier_since: Some(kept.tier_since),
        first_qualified: kept.first_qualified,
    }
}

/// What is left of an entity that was in no list of the last run.
fn gone(departed: &DepartedEntity) -> PreviousStanding {
    PreviousStanding { tier: None, score: None, tier_since: None, first_qualified: departed.kept.first_qualified }
}
