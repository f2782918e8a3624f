//! Counts active users by the domain of their e-mail, over all accounts.
//!
//! People of one company may sit in several accounts, or in none. Their domain tells that they belong together.

use std::collections::HashMap;

use rayon::prelude::*;

use super::entity_view::EntityView;
use crate::{
    entity::Entities,
    plan::{ACTIVITY_DAYS, FactPlan, LevelPlan},
};
use pql_model::{expr::Value, resolved::BuiltinFact};

/// Active users by domain.
pub(super) struct DomainUsers<'e> {
    /// The domain of each user, if it is of a company; empty if no fact asks for it.
    domains: Vec<Option<&'e str>>,
    /// The users of each domain with activity in the last 28 days.
    active: HashMap<&'e str, u32>,
}

impl<'e> DomainUsers<'e> {
    /// Counts the users of all accounts, if a fact of the level asks for it.
    ///
    /// **Cost**: one pass over the rows of users.
    pub(super) fn count<'v>(
        entities: &'e Entities<'_>,
        level: &LevelPlan,
        view: &(dyn Fn(usize) -> EntityView<'v> + Sync),
    ) -> DomainUsers<'e> {
        let is_asked = |fact: &FactPlan| matches!(fact, FactPlan::Builtin(BuiltinFact::DomainUsers28));
        let mut found = DomainUsers { domains: Vec::new(), active: HashMap::new() };
        if !level.facts.iter().any(is_asked) {
            return found;
        }
        let of_company =
            |user: &'e crate::entity::UserEntity<'_>| user.domain.as_deref().filter(|_| user.has_company_domain);
        found.domains = entities.users.iter().map(of_company).collect();
        let active: Vec<bool> = (0..entities.users.len()).into_par_iter().map(|user| is_active(&view(user))).collect();
        for (domain, _) in found.domains.iter().zip(active).filter(|(_, active)| *active) {
            domain.iter().for_each(|domain| *found.active.entry(domain).or_default() += 1);
        }
        found
    }

    /// The number of active users with the domain of a user; null if that is of no company.
    pub(super) fn of_user<'v>(&self, user: usize) -> Value<'v> {
        let domain = self.domains.get(user).copied().flatten();
        domain.map_or(Value::Null, |domain| {
            Value::Number(f64::from(self.active.get(domain).copied().unwrap_or_default()))
        })
    }
}

/// Whether a user has activity in the last 28 days.
fn is_active(view: &EntityView<'_>) -> bool {
    let today = view.as_of.day;
    view.rows(true).any(|at| view.days(at, ACTIVITY_DAYS).any_between(today - 27, today))
}
