//! The values by which rows of a map of outcomes are matched: ids, a trait, domains, or e-mails.

use std::collections::HashMap;

use super::fact_table::FactStore;
use crate::{
    entity::{DOMAIN_PREFIX, Entities},
    outcomes::{MappedKeys, OutcomeTable, RowKey},
    plan::Model,
};
use pql_model::{EntityKind, FactKey, expr::Value, resolved::OutcomeKey, units::format_number};

/// Outcomes for a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutcomeInputs<'o> {
    /// The outcomes.
    pub(crate) table: &'o OutcomeTable,
    /// E-mails of the enrichment file, by raw user id.
    pub(crate) emails: &'o HashMap<String, String>,
}

/// Collects the keys of everybody, if the table has rows of a map.
pub(super) fn mapped_keys(
    outcomes: OutcomeInputs<'_>,
    entities: &Entities<'_>,
    model: &Model,
    facts: &FactStore,
) -> MappedKeys {
    let is_mapped = outcomes.table.rows.iter().any(|row| matches!(row.key, RowKey::Mapped(_)));
    let Some(map) = model.resolved.outcomes.as_ref().filter(|_| is_mapped) else { return MappedKeys::default() };
    match &map.key {
        OutcomeKey::Id => by_id(entities),
        OutcomeKey::Trait { fact, .. } => by_trait(*fact, entities, facts),
        OutcomeKey::Domain => by_domain(entities),
        OutcomeKey::Email => by_email(outcomes, entities, model),
    }
}

fn account_id<'e>(entities: &'e Entities<'_>, account: usize) -> &'e str {
    entities.account_ids.get(entities.accounts[account].id)
}

/// Accounts by id, and users by every id that no account has.
fn by_id(entities: &Entities<'_>) -> MappedKeys {
    let mut keys = MappedKeys::new(false);
    for account in 0..entities.accounts.len() {
        keys.add(account_id(entities, account), EntityKind::Account, account as u32);
    }
    let of_users = 0..entities.users.len() as u32;
    let named: Vec<(u32, &str)> =
        of_users.flat_map(|user| entities.known_ids(user).into_iter().map(move |id| (user, id))).collect();
    for (user, id) in named.into_iter().filter(|(_, id)| !keys.has(id)).collect::<Vec<(u32, &str)>>() {
        keys.add(id, EntityKind::User, user);
    }
    keys
}

/// Entities of a level by a trait. A number is the digits that it prints with.
fn by_trait(fact: FactKey, entities: &Entities<'_>, facts: &FactStore) -> MappedKeys {
    let mut keys = MappedKeys::new(false);
    let (table, count) = match fact.kind() {
        EntityKind::User => (&facts.users, entities.users.len()),
        EntityKind::Account => (&facts.accounts, entities.accounts.len()),
    };
    for entity in 0..count {
        match table.value(fact.slot(), entity, &facts.pool) {
            Value::Text(text) => keys.add(&text, fact.kind(), entity as u32),
            Value::Number(number) => keys.add(&format_number(number), fact.kind(), entity as u32),
            Value::Null | Value::Boolean(_) | Value::Date(_) | Value::Digits(_) => {}
        }
    }
    keys
}

/// Accounts by the domain that they are made of and by the domains of their members, and users without an account by theirs. Domains of free mail
/// are nobody's.
fn by_domain(entities: &Entities<'_>) -> MappedKeys {
    let mut keys = MappedKeys::new(true);
    for account in 0..entities.accounts.len() {
        if let Some(domain) = account_id(entities, account).strip_prefix(DOMAIN_PREFIX) {
            keys.add(domain, EntityKind::Account, account as u32);
        }
    }
    for (user, one) in (0..).zip(&entities.users) {
        let Some(domain) = one.domain.as_deref().filter(|_| one.has_company_domain) else { continue };
        match one.home {
            Some(home) => keys.add(domain, EntityKind::Account, home),
            None => keys.add(domain, EntityKind::User, user),
        }
    }
    keys
}

fn by_email(outcomes: OutcomeInputs<'_>, entities: &Entities<'_>, model: &Model) -> MappedKeys {
    let mut keys = MappedKeys::new(true);
    for user in 0..entities.users.len() as u32 {
        if let Some(email) = entities.email(user, model, outcomes.emails) {
            keys.add(&email, EntityKind::User, user);
        }
    }
    keys
}
