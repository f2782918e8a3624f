//! What the record says of each entity of the run that follows.

use std::collections::HashMap;

use super::{DepartedEntity, EntityOrigins, EntityStanding, KeptEntity, LevelRecord, ListRecord};
use crate::{
    entity::Entities,
    score::{PreviousLists, PreviousStanding, StandingTable},
};
use pql_model::{EntityKind, PerKind};

impl PreviousLists for ListRecord {
    fn standings(&self, entities: &Entities<'_>) -> StandingTable {
        let origins = EntityOrigins::find(self, entities);
        let accounts: HashMap<&str, u32> =
            (0..).zip(&entities.accounts).map(|(place, one)| (entities.account_ids.get(one.id), place)).collect();
        let user = self.levels.user.standings((EntityKind::User, &origins), entities.users.len(), |id| {
            entities.user_of(id).filter(|user| entities.users[*user as usize].id == id)
        });
        let account = self
            .levels
            .account
            .standings((EntityKind::Account, &origins), entities.accounts.len(), |id| accounts.get(id).copied());
        PerKind { user, account }
    }
}

impl LevelRecord {
    /// The standing of each entity of a level; `index` is that of the entity with an id.
    fn standings(
        &self,
        (kind, origins): (EntityKind, &EntityOrigins),
        count: usize,
        index: impl Fn(&str) -> Option<u32>,
    ) -> Vec<Option<PreviousStanding>> {
        let mut table: Vec<Option<PreviousStanding>> = vec![None; count];
        for (standing, kept) in self.snapshot.standings.iter().zip(&self.kept) {
            if let Some(place) = index(&standing.id) {
                table[place as usize] = Some(listed(self, standing, kept));
            }
        }
        for (id, places) in origins.joined(kind) {
            if let (Some(place), Some((standing, kept))) = (index(id), self.previous(places)) {
                table[place as usize] = Some(listed(self, &standing, &kept));
            }
        }
        for (id, departed) in &self.departed {
            if let Some(place) = index(id) {
                table[place as usize].get_or_insert_with(|| gone(departed));
            }
        }
        table
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
