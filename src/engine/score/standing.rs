//! What the run before said of users and accounts: the input of facts of the record, and of staying in a tier.

use std::collections::HashMap;

use crate::entity::Entities;
use pql_model::{
    PerKind,
    units::{Day, Points},
};

/// What the run before said of one user or account.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviousStanding {
    /// The name of its tier, under the model of that run; none of a level without tiers.
    pub tier: Option<String>,
    /// Its score; none if the lists of that run did not have it.
    pub score: Option<Points>,
    /// The last day of the run that saw this tier first; none if the lists of that run did not have it.
    pub tier_since: Option<Day>,
    /// The last day of the first run that saw a qualified tier.
    pub first_qualified: Option<Day>,
}

/// What the run before said of everybody, by printed id.
pub type PreviousStandings = PerKind<HashMap<String, PreviousStanding>>;

/// The same by index of the entities. Whoever the run before did not know has none.
pub type StandingTable = PerKind<Vec<Option<PreviousStanding>>>;

/// What the lists of the run before said.
pub trait PreviousLists {
    /// The standing of each entity.
    fn standings(&self, entities: &Entities<'_>) -> StandingTable;
}

/// Each entity has the standing of its printed id.
impl PreviousLists for PreviousStandings {
    fn standings(&self, entities: &Entities<'_>) -> StandingTable {
        let user = entities.users.iter().map(|user| self.user.get(user.id).cloned()).collect();
        let id = |number| entities.account_ids.get(number);
        let account = entities.accounts.iter().map(|account| self.account.get(id(account.id)).cloned()).collect();
        PerKind { user, account }
    }
}
