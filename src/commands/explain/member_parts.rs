//! Who speaks for an account, and how its members make up the points that are paid for a sum over them.

use pql_engine::{
    ledger::{EntityFacts, EntityRef, FactValue, fact_name, fact_value, referenced_facts, value_text},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind, FactKey,
    expr::Value,
    resolved::{FactDefinition, PersonRole, Rollup, RollupKind, SignalPayment},
    units::approx_equal,
};

use super::members::{SignalRollup, signal_rollups, value_added};

/// Facts of a person that are shown beside the id, where the model has them.
const SHOWN_FACTS: [&str; 5] = ["name", "first_name", "last_name", "role", "email"];

/// The champion or the buyer of an account.
#[derive(Debug)]
pub struct AccountPerson {
    /// `champion` or `buyer`.
    pub role: &'static str,
    /// The id of the user.
    pub id: String,
    /// What is known of name, role and e-mail, each with the name of its fact.
    pub facts: Vec<(&'static str, String)>,
}

/// The champion and the buyer of an account, as far as it has them.
pub(super) fn people_of((scored, model): (&ScoredEntities<'_>, &Model), account: usize) -> Vec<AccountPerson> {
    let person = |role: PersonRole| {
        let place = match role {
            PersonRole::Champion => scored.champion(account),
            PersonRole::Buyer => scored.buyer(account),
        };
        let entity = EntityRef { side: EntityKind::User, place: place? };
        let scope = entity.scope(scored);
        let known = |name: &'static str| {
            let value = fact_value(model, EntityKind::User, name, &scope)?;
            value.to_text().map(|text| (name, String::from(text)))
        };
        let facts = SHOWN_FACTS.into_iter().filter_map(known).collect();
        Some(AccountPerson { role: role.word(), id: entity.id(scored).to_owned(), facts })
    };
    PersonRole::ALL.into_iter().filter_map(person).collect()
}

/// A sum over the members that a signal pays for.
#[derive(Debug)]
pub struct MemberSumParts {
    /// The name of the roll-up.
    pub name: String,
    /// The sum.
    pub total: String,
    /// What is added up, as an expression over facts of users.
    pub value: String,
    /// The members that count, the largest part first, then by id.
    pub parts: Vec<MemberPart>,
}

/// What a member adds to a sum.
#[derive(Debug)]
pub struct MemberPart {
    /// The id of the user.
    pub id: String,
    /// The score of the user.
    pub score: f64,
    /// What it adds.
    pub adds: f64,
    /// The facts that this comes from.
    pub facts: Vec<FactValue>,
}

/// The sums over members for which an account is paid by the point, where some member adds something other than the score.
pub(super) fn sums_of((scored, model): (&ScoredEntities<'_>, &Model), account: EntityRef) -> Vec<MemberSumParts> {
    let mut rollups: Vec<SignalRollup> = Vec::new();
    for signal in &model.resolved.level(EntityKind::Account).signals {
        if matches!(signal.pay, SignalPayment::Per { .. }) {
            let new = signal_rollups(model, signal).into_iter();
            rollups.extend(new.filter(|one| rollups.iter().all(|known| known.slot != one.slot)).collect::<Vec<_>>());
        }
    }
    rollups.iter().filter_map(|rollup| sum_of((scored, model), account, rollup)).collect()
}

fn sum_of(
    (scored, model): (&ScoredEntities<'_>, &Model),
    account: EntityRef,
    known: &SignalRollup,
) -> Option<MemberSumParts> {
    let fact = model.resolved.fact(FactKey::new(EntityKind::Account, known.slot))?;
    let FactDefinition::Rollup(rollup) = &fact.definition else { return None };
    let value = rollup.value.as_ref().filter(|_| rollup.kind == RollupKind::Sum)?;
    let members = &scored.entities.accounts[account.place].members;
    let part = |member: &u32| part_of((scored, model), rollup, *member as usize);
    let mut parts: Vec<MemberPart> = members.iter().filter_map(part).collect();
    parts.sort_by(|a, b| b.adds.total_cmp(&a.adds).then_with(|| a.id.cmp(&b.id)));
    let is_other = |part: &MemberPart| !approx_equal(part.adds, part.score);
    let names = |slot: u32| fact_name(model, EntityKind::User, slot);
    let scope = account.scope(scored);
    let total = fact_value(model, EntityKind::Account, &known.name, &scope).as_ref().map(value_text);
    parts.iter().any(is_other).then(|| MemberSumParts {
        name: known.name.clone(),
        total: total.unwrap_or_default(),
        value: value.to_source(&names),
        parts,
    })
}

fn part_of((scored, model): (&ScoredEntities<'_>, &Model), rollup: &Rollup, member: usize) -> Option<MemberPart> {
    let entity = EntityRef { side: EntityKind::User, place: member };
    let scope: EntityFacts<'_> = entity.scope(scored);
    let adds = value_added(rollup, &scope).as_number()?;
    let facts = rollup.value.as_ref().map(|value| referenced_facts(model, EntityKind::User, &[value], &scope));
    let score = fact_value(model, EntityKind::User, "score", &scope).as_ref().and_then(Value::as_number);
    Some(MemberPart {
        id: entity.id(scored).to_owned(),
        score: score.unwrap_or(0.0),
        adds,
        facts: facts.unwrap_or_default(),
    })
}
