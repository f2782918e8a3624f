//! Evaluates base facts, which need only an entity's rows: built-ins, traits, metrics, milestones.

use std::sync::atomic::AtomicBool;

use super::{
    entity_view::EntityView,
    holdout::is_held_out,
    measures::{self, trait_edge},
    milestones::{self, MilestoneResult},
};
use crate::{
    entity::{DOMAIN_PREFIX, Entities},
    fold::{NO_ACCOUNT, TimedValue, unpack},
    plan::{ACTIVITY_DAYS, FactPlan, LevelPlan, TraitPlan, word},
};
use pql_model::{expr::Value, resolved::BuiltinFact, units::Day};

/// The sources of one entity's base facts.
pub(super) struct FactContext<'v, 'o> {
    pub(super) view: EntityView<'v>,
    pub(super) milestones: &'o [MilestoneResult],
    pub(super) enriched: EnrichmentRow<'v>,
    pub(super) overflow: &'o AtomicBool,
}

/// An entity's row of the enrichment file.
#[derive(Clone, Copy)]
pub(super) struct EnrichmentRow<'v> {
    pub(super) rows: &'v [Option<Vec<Value<'static>>>],
    pub(super) entity: usize,
}

impl<'v> EnrichmentRow<'v> {
    fn value(&self, index: usize) -> Option<Value<'v>> {
        let value = self.rows.get(self.entity)?.as_ref()?.get(index)?;
        (!value.is_null()).then(|| value.clone())
    }
}

/// A base fact of a user.
pub(super) fn user<'v>(
    fact: &FactPlan,
    level: &'v LevelPlan,
    about: &FactContext<'v, '_>,
    entities: &'v Entities<'_>,
    user: usize,
) -> Value<'v> {
    match fact {
        FactPlan::Builtin(BuiltinFact::Domain) => {
            entities.users[user].domain.as_deref().map_or(Value::Null, |domain| Value::Text(domain.into()))
        }
        FactPlan::Builtin(BuiltinFact::Holdout) => {
            let home = entities.users[user].home_id;
            let id = if home == NO_ACCOUNT { entities.users[user].id } else { entities.account_ids.get(home) };
            holdout_fact(about, id)
        }
        FactPlan::Trait(index) => {
            let plan = &level.traits[*index];
            about
                .enriched
                .value(*index)
                .or_else(|| identify_trait(*index, plan, entities, user))
                .unwrap_or_else(|| trait_edge(&about.view, plan.cell, plan.kind))
        }
        FactPlan::Builtin(_) | FactPlan::Metric(_) | FactPlan::Milestone(..) | FactPlan::Computed => {
            shared_fact(fact, about)
        }
    }
}

/// A base fact of an account.
pub(super) fn account<'v>(
    fact: &FactPlan,
    level: &'v LevelPlan,
    about: &FactContext<'v, '_>,
    entities: &'v Entities<'_>,
    account: usize,
) -> Value<'v> {
    let id = entities.accounts[account].id;
    match fact {
        FactPlan::Builtin(BuiltinFact::Domain) => match entities.account_ids.get(id).strip_prefix(DOMAIN_PREFIX) {
            Some(domain) => Value::Text(domain.into()),
            None => Value::Null,
        },
        FactPlan::Builtin(BuiltinFact::Holdout) => holdout_fact(about, entities.account_ids.get(id)),
        FactPlan::Builtin(BuiltinFact::Members) => Value::Number(entities.accounts[account].members.len() as f64),
        FactPlan::Trait(index) => {
            let plan = &level.traits[*index];
            let of_group = || {
                let edge = entities.account_trait(id, *index as u16, plan)?;
                Some(unpack(edge.value, plan.kind, &entities.state.texts))
            };
            about
                .enriched
                .value(*index)
                .or_else(of_group)
                .unwrap_or_else(|| trait_edge(&about.view, plan.cell, plan.kind))
        }
        FactPlan::Builtin(_) | FactPlan::Metric(_) | FactPlan::Milestone(..) | FactPlan::Computed => {
            shared_fact(fact, about)
        }
    }
}

/// A trait of a user from identify lines, over all of its raw ids.
fn identify_trait<'v>(index: usize, plan: &TraitPlan, entities: &'v Entities<'_>, user: usize) -> Option<Value<'v>> {
    let folks = entities.raw_ids(user).iter().filter_map(|raw| entities.id_state(*raw));
    let edges = folks.filter_map(|folk| folk.details.as_ref()?.traits.get(&(index as u16)));
    let mut best: Option<TimedValue> = None;
    for edge in edges {
        best.get_or_insert(*edge).merge(*edge, !plan.first, plan.kind, &entities.state.texts);
    }
    best.map(|edge| unpack(edge.value, plan.kind, &entities.state.texts))
}

/// Whether an id is held out; null in a model that holds nobody out.
fn holdout_fact<'v>(about: &FactContext<'_, '_>, id: &str) -> Value<'v> {
    let holdout = about.view.model.resolved.holdout.as_ref();
    holdout.map_or(Value::Null, |holdout| Value::Boolean(is_held_out(holdout, id)))
}

/// Facts that users and accounts have in common.
fn shared_fact<'v>(fact: &FactPlan, about: &FactContext<'v, '_>) -> Value<'v> {
    match fact {
        FactPlan::Builtin(builtin) => built_in(*builtin, about),
        FactPlan::Metric(metric) => measures::read(metric, &about.view, about.overflow),
        FactPlan::Milestone(index, part) => about.milestones.get(*index).map_or(Value::Null, |outcome| {
            milestones::milestone_fact(*outcome, *part, about.view.start(), &about.view)
        }),
        FactPlan::Trait(_) | FactPlan::Computed => Value::Null,
    }
}

fn built_in<'v>(builtin: BuiltinFact, about: &FactContext<'_, '_>) -> Value<'v> {
    let view = &about.view;
    let today = view.as_of.day;
    let last_28 = (today - 27, today);
    let number = |value: Day| Value::Number(f64::from(value));
    match builtin {
        BuiltinFact::AgeDays => number(today - view.day(view.start())),
        BuiltinFact::DaysInactive => {
            let last = view.activity().last_between(Day::MIN, Day::MAX);
            number(today - last.unwrap_or_else(|| view.day(view.start())))
        }
        BuiltinFact::ActiveDays28 => Value::Number(f64::from(view.activity().count_between(last_28.0, last_28.1))),
        BuiltinFact::Events => {
            Value::Number(view.rows(false).map(|at| view.word(at, word::EVENTS)).sum::<i64>() as f64)
        }
        BuiltinFact::Today => Value::Date(today),
        BuiltinFact::Users => Value::Number(f64::from(view.users_where(|_| true))),
        BuiltinFact::ActiveUsers28 => Value::Number(f64::from(
            view.users_where(|at| view.days(at, ACTIVITY_DAYS).any_between(last_28.0, last_28.1)),
        )),
        // These need more than the rows of the entity.
        BuiltinFact::Domain | BuiltinFact::DomainUsers28 | BuiltinFact::Members | BuiltinFact::Holdout => Value::Null,
    }
}
