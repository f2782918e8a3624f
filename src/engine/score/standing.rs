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
    /// Its score.
    pub score: Points,
    /// The last day of the run that saw this tier first.
    pub tier_since: Day,
    /// The last day of the first run that saw a qualified tier.
    pub first_qualified: Option<Day>,
}

/// What the run before said of everybody, by printed id.
pub type PreviousStandings = PerKind<HashMap<String, PreviousStanding>>;

/// The same by index of the entities. Whoever the run before did not know has none.
pub(crate) type StandingTable<'p> = PerKind<Vec<Option<&'p PreviousStanding>>>;

/// Finds the standing of each entity.
pub(crate) fn standing_table<'p>(entities: &Entities<'_>, before: &'p PreviousStandings) -> StandingTable<'p> {
    let user = entities.users.iter().map(|user| before.user.get(user.id)).collect();
    let id = |number| entities.account_ids.get(number);
    let account = entities.accounts.iter().map(|account| before.account.get(id(account.id))).collect();
    PerKind { user, account }
}
