//! Scores entities: facts in dependency order, points, tiers, milestones and routes.
//!
//! [`score()`] takes [`Entities`], a [`Model`] and the traits of enrichment files, and gives
//! [`ScoredEntities`]. Every printed value of an entity is computed here once, from the same
//! programs.
//!
//! ```text
//!  rows ─▶ base facts, milestones ─▶ steps of the model, in their order ─▶ FactStore ─▶ summaries
//!          (users, then accounts)    (facts, points, tiers, routes)
//! ```

mod base_facts;
mod domain_users;
mod entity_view;
pub(crate) mod fact_table;
mod holdout;
mod id_hash;
mod measures;
mod member_signals;
pub(crate) mod milestones;
mod occurrences;
mod outcome_facts;
mod outcome_keys;
mod pool;
mod record_facts;
mod rollups;
mod scorer;
mod standing;
mod stay_zone;
mod step_chains;
mod step_run;
mod summary;

use std::sync::atomic::Ordering;

use rayon::prelude::*;

pub(crate) use holdout::is_held_out;
pub(crate) use member_signals::bound_sources;
pub use member_signals::{MemberSource, MemberSum, paid_sources, sum_member_signals};
pub(crate) use outcome_keys::OutcomeInputs;
pub(crate) use pool::{chosen_member, member_wait};
pub(crate) use scorer::ScoringInputs;
pub use standing::{PreviousLists, PreviousStanding, PreviousStandings, StandingTable};
pub use summary::LevelSummary;
pub(crate) use summary::{MilestoneSummary, MomentStep};

use self::{
    fact_table::{EntityFacts, FactStore, FactTable},
    milestones::{MilestoneResult, MilestoneState},
    occurrences::AbsentEvents,
    outcome_facts::RunOutcomes,
    scorer::{AccountPeople, Scorer},
    summary::ScoredLevel,
};
use crate::{
    entity::Entities,
    fold::NO_ACCOUNT,
    outcomes::{AttachedOutcomes, OutcomeTable},
    plan::Model,
};
use pql_model::{EntityKind, FactSlot, PerKind, clock::AsOf, expr::Value, resolved::PersonRole, units::Micros};

/// Traits from enrichment files, by entity; none for an entity without a row.
#[derive(Debug, Default)]
pub(crate) struct EnrichmentTraits {
    /// By user, then by trait of the level.
    pub(crate) users: Vec<Option<Vec<Value<'static>>>>,
    /// By account, then by trait of the level.
    pub(crate) accounts: Vec<Option<Vec<Value<'static>>>>,
}

impl EnrichmentTraits {
    /// The rows of a level.
    pub(crate) fn rows_mut(&mut self, kind: EntityKind) -> &mut Vec<Option<Vec<Value<'static>>>> {
        match kind {
            EntityKind::User => &mut self.users,
            EntityKind::Account => &mut self.accounts,
        }
    }
}

/// All users and accounts with their results.
#[derive(Debug)]
pub struct ScoredEntities<'s> {
    /// The entities.
    pub entities: Entities<'s>,
    /// Their facts.
    pub facts: FactStore,
    /// Users, the highest score first.
    pub(crate) user_order: Vec<u32>,
    /// Accounts, the highest score first.
    pub(crate) account_order: Vec<u32>,
    /// Milestones of users, one block of the level's milestones per user.
    pub(crate) user_milestones: Vec<MilestoneResult>,
    /// Milestones of accounts, one block of the level's milestones per account.
    pub(crate) account_milestones: Vec<MilestoneResult>,
    /// The events that are absent, by milestone of each level. Columns and reports show such a
    /// milestone as unknown; facts do not.
    pub(crate) absent_events: PerKind<Vec<AbsentEvents>>,
    /// The first and last event of each user.
    pub(crate) user_event_spans: Vec<(Micros, Micros)>,
    /// The first and last event of each account.
    pub(crate) account_event_spans: Vec<(Micros, Micros)>,
    /// The champion and the buyer of each account.
    people: AccountPeople,
    /// Tiers, routes and milestones of users.
    pub users: LevelSummary,
    /// Tiers, routes and milestones of accounts.
    pub accounts: LevelSummary,
    /// The instant at which entities are scored.
    pub as_of: AsOf,
    /// Whose the outcomes of the run are; none in a run without outcomes.
    pub outcomes: Option<AttachedOutcomes>,
    /// Who of a pool has each entity by the record, by index; empty in a run without one.
    pub(crate) assignees: PerKind<Vec<Option<Box<str>>>>,
}

impl ScoredEntities<'_> {
    /// The traits of a level that are null for everybody, in the order of the model; none in a level without entities.
    pub fn empty_traits<'m>(&self, model: &'m Model, kind: EntityKind) -> Vec<&'m str> {
        let (count, table) = match kind {
            EntityKind::User => (self.users.count, &self.facts.users),
            EntityKind::Account => (self.accounts.count, &self.facts.accounts),
        };
        let level = model.resolved.level(kind);
        let place = |name: &str| level.facts.iter().position(|fact| fact.name == name);
        let is_empty = |slot: u32| (0..count).all(|entity| table.word(slot, entity as usize).is_none());
        let names = level.traits.iter().map(|one| one.name.name.as_str());
        let known = names.filter_map(|name| Some((name, u32::try_from(place(name)?).ok()?)));
        known.filter(|(_, slot)| count > 0 && is_empty(*slot)).map(|(name, _)| name).collect()
    }

    /// How many accounts have won amounts in several currencies, as far as the run sees them.
    pub fn accounts_in_several_currencies(&self, table: &OutcomeTable) -> u64 {
        let Some(attached) = &self.outcomes else { return 0 };
        let outcomes = RunOutcomes { table, attached, as_of: self.as_of };
        (0..self.entities.accounts.len()).filter(|account| outcomes.has_several_currencies(*account)).count() as u64
    }

    /// The id of a user.
    pub(crate) fn user_id(&self, user: usize) -> &str {
        self.entities.users[user].id
    }

    /// The id of an account.
    pub(crate) fn account_id(&self, account: usize) -> &str {
        self.entities.account_ids.get(self.entities.accounts[account].id)
    }

    /// The id of the first row of a level: the highest score, then the smallest id.
    pub fn first_id(&self, kind: EntityKind) -> Option<&str> {
        match kind {
            EntityKind::User => self.user_order.first().map(|user| self.user_id(*user as usize)),
            EntityKind::Account => self.account_order.first().map(|account| self.account_id(*account as usize)),
        }
    }

    /// The id of a user's home account, which may have no events.
    pub(crate) fn home_id(&self, user: usize) -> Option<&str> {
        let home = self.entities.users[user].home_id;
        (home != NO_ACCOUNT).then(|| self.entities.account_ids.get(home))
    }

    /// The state of a milestone as columns and reports show it.
    pub(crate) fn shown_state(&self, kind: EntityKind, milestone: usize, state: MilestoneState) -> MilestoneState {
        let known = self.absent_events[kind].get(milestone).is_none_or(Vec::is_empty);
        if known { state } else { MilestoneState::Unknown }
    }

    /// The milestones that the data cannot tell, each with the names of the events that are absent.
    pub fn unknown_milestones<'m>(&'m self, model: &'m Model, kind: EntityKind) -> Vec<(&'m str, &'m [String])> {
        let milestones = model.resolved.level(kind).milestones.iter().zip(&self.absent_events[kind]);
        let unknown = milestones.filter(|(_, absent)| !absent.is_empty());
        unknown.map(|(milestone, absent)| (milestone.name.as_str(), absent.as_slice())).collect()
    }

    /// The champion of an account.
    pub fn champion(&self, account: usize) -> Option<usize> {
        self.people.of(PersonRole::Champion, account)
    }

    /// The buyer of an account.
    pub fn buyer(&self, account: usize) -> Option<usize> {
        self.people.of(PersonRole::Buyer, account)
    }

    /// The scope of a user for expressions.
    pub(crate) fn user_facts(&self, user: usize) -> EntityFacts<'_> {
        self.facts.user(user, self.entities.users[user].home)
    }

    /// The scope of an account for expressions.
    pub(crate) fn account_facts(&self, account: usize) -> EntityFacts<'_> {
        self.facts.account(account)
    }

    /// The place of an entity in the order of scores, the highest first.
    pub fn place_in_order(&self, side: EntityKind, place: usize) -> Option<usize> {
        let order = match side {
            EntityKind::User => &self.user_order,
            EntityKind::Account => &self.account_order,
        };
        order.iter().position(|one| *one as usize == place)
    }

    /// Events that count, of the last local date before `as_of`.
    pub fn events_last_day(&self) -> u64 {
        let newest = self.entities.newest_day;
        if newest.day == self.as_of.day { newest.events } else { 0 }
    }

    /// The first and the last event of all entities.
    pub fn time_range(&self) -> Option<(Micros, Micros)> {
        let seen = self.user_event_spans.iter().chain(&self.account_event_spans).copied();
        seen.reduce(|(first, last), (a, b)| (first.min(a), last.max(b)))
    }
}

/// A sum of a metric or of points was too large to be exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sum over events or an amount of points cannot be had exactly: a value is beyond 7.9e22, \
     or an amount beyond a hundred billion points; a `where` on the metric can leave such values out"
)]
pub struct SumOverflow;

/// Scores all entities.
///
/// # Errors
///
/// [`SumOverflow`].
///
/// **Cost**: one pass over the rows, and one pass over the entities for each run of steps of one
/// level.
pub(crate) fn score<'s>(entities: Entities<'s>, inputs: ScoringInputs<'_>) -> Result<ScoredEntities<'s>, SumOverflow> {
    let ScoringInputs { model, as_of, .. } = inputs;
    let mut scorer = Scorer::new(&entities, inputs);
    scorer.user_base();
    scorer.account_base();
    scorer.attach_outcomes();
    scorer.all_steps();
    if scorer.overflow.load(Ordering::Relaxed) {
        return Err(SumOverflow);
    }
    let Scorer { board, users: of_users, accounts: of_accounts, people, attached, .. } = scorer;
    let absent_events = PerKind::from_fn(|kind| occurrences::absent_events(&entities, model, kind));
    let summarise = |kind, table, history| {
        let absent = &absent_events[kind];
        let report = &model.resolved.report;
        summary::summarise(
            model.resolved.level(kind),
            ScoredLevel { table, pool: &board.pool, history, report, absent },
        )
    };
    let users = summarise(EntityKind::User, &board.users, &of_users);
    let accounts = summarise(EntityKind::Account, &board.accounts, &of_accounts);
    let user_order = order(&board.users, model.resolved.levels.user.slots.score, entities.users.len(), |user| {
        entities.users[user].id
    });
    let account_order =
        order(&board.accounts, model.resolved.levels.account.slots.score, entities.accounts.len(), |account| {
            entities.account_ids.get(entities.accounts[account].id)
        });
    Ok(ScoredEntities {
        facts: board,
        user_order,
        account_order,
        user_milestones: of_users.milestones,
        account_milestones: of_accounts.milestones,
        absent_events,
        user_event_spans: of_users.event_spans,
        account_event_spans: of_accounts.event_spans,
        people,
        users,
        accounts,
        as_of,
        entities,
        outcomes: attached,
        assignees: PerKind::default(),
    })
}

/// Entity indexes by score, highest first, then by id.
fn order<'e>(table: &FactTable, slot: FactSlot, count: usize, id: impl Fn(usize) -> &'e str + Sync) -> Vec<u32> {
    // Many entities share a score, so the key includes the first bytes of the id.
    let key = |entity: usize| {
        let score = table.number(slot, entity).unwrap_or(0.0);
        let mut front = [0; 8];
        front.iter_mut().zip(id(entity).bytes()).for_each(|(to, from)| *to = from);
        (score, u64::from_be_bytes(front), entity as u32)
    };
    let mut order: Vec<(f64, u64, u32)> = (0..count).into_par_iter().with_min_len(512).map(key).collect();
    order.par_sort_unstable_by(|a, b| {
        let by_id = || id(a.2 as usize).cmp(id(b.2 as usize));
        b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then_with(by_id)
    });
    order.into_iter().map(|(_, _, entity)| entity).collect()
}
