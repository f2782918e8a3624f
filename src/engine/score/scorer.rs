//! Computes the facts of all entities, in the order of the model's steps.
//!
//! Base facts come first. Then consecutive steps of one level are fused: an entity runs all of them
//! before the next one starts, so its row is read once. Points are computed twice, here and for the
//! output row, because that is cheaper than storing the points of every signal.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;

use super::{
    EnrichmentTraits,
    base_facts::{self, EnrichmentRow, FactContext},
    domain_users::DomainUsers,
    entity_view::EntityView,
    fact_table::{EntityFacts, FactStore, FactTable},
    milestones::{MilestoneResult, evaluate_milestones},
    outcome_facts::RunOutcomes,
    outcome_keys::{OutcomeInputs, mapped_keys},
    standing::{PreviousStanding, StandingTable},
    step_run::{InternedNames, StepRun},
};
use crate::{
    entity::{Entities, NOBODY},
    fold::Interner,
    outcomes::AttachedOutcomes,
    plan::{FactPlan, LevelPlan, Model},
};
use pql_model::{
    EntityKind, FactSlot,
    clock::AsOf,
    expr::{Value, ValueType},
    resolved::{BuiltinFact, Milestone, PersonRole, ScoringStep, UserQuorum},
    units::Micros,
};

/// Results of a level's entities other than facts.
#[derive(Default)]
pub(super) struct LevelHistory {
    pub(super) starts: Vec<Micros>,
    /// One block of the level's milestones per entity.
    pub(super) milestones: Vec<MilestoneResult>,
    /// The first and last event of each entity.
    pub(super) event_spans: Vec<(Micros, Micros)>,
}

/// The champion and the buyer of each account.
#[derive(Debug, Default)]
pub(super) struct AccountPeople {
    /// Its top-scoring member who may be one.
    champions: Vec<u32>,
    /// Its top-scoring member who is a buyer.
    buyers: Vec<u32>,
}

impl AccountPeople {
    /// The user who has a role in an account.
    pub(super) fn of(&self, role: PersonRole, account: usize) -> Option<usize> {
        let people = match role {
            PersonRole::Champion => &self.champions,
            PersonRole::Buyer => &self.buyers,
        };
        people.get(account).filter(|user| **user != NOBODY).map(|user| *user as usize)
    }
}

/// What entities are scored by.
#[derive(Clone, Copy)]
pub(crate) struct ScoringInputs<'e> {
    pub(crate) model: &'e Model,
    pub(crate) enrichment: &'e EnrichmentTraits,
    /// What the run before said; none without a record.
    pub(crate) standings: Option<&'e StandingTable>,
    /// What became of everybody; none in a run without outcomes.
    pub(crate) outcomes: Option<OutcomeInputs<'e>>,
    pub(crate) as_of: AsOf,
}

/// Computes the facts of entities, step by step.
pub(super) struct Scorer<'e, 's> {
    pub(super) entities: &'e Entities<'s>,
    model: &'e Model,
    enrichment: &'e EnrichmentTraits,
    pub(super) standings: Option<&'e StandingTable>,
    outcomes: Option<OutcomeInputs<'e>>,
    /// Whose the outcomes are; none in a run without them, and before base facts are known.
    pub(super) attached: Option<AttachedOutcomes>,
    pub(super) as_of: AsOf,
    pub(super) board: FactStore,
    pub(super) users: LevelHistory,
    pub(super) accounts: LevelHistory,
    /// The champion and the buyer of each account; none before users and accounts have their tiers.
    pub(super) people: AccountPeople,
    pub(super) overflow: AtomicBool,
}

impl<'e, 's> Scorer<'e, 's> {
    pub(super) fn new(entities: &'e Entities<'s>, inputs: ScoringInputs<'e>) -> Self {
        let ScoringInputs { model, enrichment, standings, outcomes, as_of } = inputs;
        let board = FactStore {
            users: FactTable::new(&model.resolved.levels.user, entities.users.len(), 512),
            // Chunks are smaller for accounts, because some have many members and rows.
            accounts: FactTable::new(&model.resolved.levels.account, entities.accounts.len(), 32),
            pool: Interner::new(crate::decode::HashSeed::default()),
        };
        let overflow = AtomicBool::new(false);
        let (users, accounts) = (LevelHistory::default(), LevelHistory::default());
        let people = AccountPeople::default();
        Scorer {
            entities,
            model,
            enrichment,
            standings,
            outcomes,
            attached: None,
            as_of,
            board,
            users,
            accounts,
            people,
            overflow,
        }
    }

    /// Computes the base facts of users.
    pub(super) fn user_base(&mut self) {
        let (entities, rows, plan) = (self.entities, &self.enrichment.users, &self.model.levels.user);
        let mut table = std::mem::take(&mut self.board.users);
        let view = |user| self.view(entities.user_rows(user));
        let colleagues = DomainUsers::count(entities, plan, &view);
        let value = |fact: &FactPlan, about: &FactContext<'e, '_>, user: usize| match fact {
            FactPlan::Builtin(BuiltinFact::DomainUsers28) => colleagues.of_user(user),
            _ => base_facts::user(fact, plan, about, entities, user),
        };
        let (of_rows, texts) = self.base(EntityKind::User, &mut table, rows, &view, &|_, _| true, &value);
        table.renumber(base_facts(plan).map(|(slot, _)| slot), texts, &mut self.board.pool);
        (self.users, self.board.users) = (of_rows, table);
    }

    /// Computes the base facts of accounts, from the rows credited to them.
    pub(super) fn account_base(&mut self) {
        let (entities, rows, plan) = (self.entities, &self.enrichment.accounts, &self.model.levels.account);
        let mut table = std::mem::take(&mut self.board.accounts);
        let counts = |milestone: &Milestone, user: u32| match &milestone.min_users {
            // Facts of accounts are not yet known.
            Some(UserQuorum { who: Some(who), .. }) => {
                user != NOBODY && who.holds(&self.board.user(user as usize, None))
            }
            _ => true,
        };
        let value = |fact: &FactPlan, about: &FactContext<'e, '_>, account: usize| {
            base_facts::account(fact, plan, about, entities, account)
        };
        let view = |account| self.view(entities.account_rows(account));
        let (of_rows, texts) = self.base(EntityKind::Account, &mut table, rows, &view, &counts, &value);
        table.renumber(base_facts(plan).map(|(slot, _)| slot), texts, &mut self.board.pool);
        (self.accounts, self.board.accounts) = (of_rows, table);
    }

    /// Finds whose the outcomes are, by base facts.
    pub(super) fn attach_outcomes(&mut self) {
        let Some(outcomes) = self.outcomes else { return };
        let keys = mapped_keys(outcomes, self.entities, self.model, &self.board);
        self.attached = Some(AttachedOutcomes::new(outcomes.table, self.entities, &keys));
    }

    /// The outcomes of the run; none without them.
    pub(super) fn run_outcomes(&self) -> Option<RunOutcomes<'_>> {
        let (outcomes, attached) = (self.outcomes?, self.attached.as_ref()?);
        Some(RunOutcomes { table: outcomes.table, attached, as_of: self.as_of })
    }

    fn view(&self, rows: &'e [crate::entity::RowRef]) -> EntityView<'e> {
        EntityView { model: self.model, state: self.entities.state, rows, as_of: self.as_of, known_start: None }
    }

    /// Reads the rows of all entities of a level. Each chunk interns its texts by itself.
    fn base(
        &self,
        kind: EntityKind,
        table: &mut FactTable,
        enriched: &'e [Option<Vec<Value<'static>>>],
        view: &(dyn Fn(usize) -> EntityView<'e> + Sync),
        counts: &(dyn Fn(&Milestone, u32) -> bool + Sync),
        value: &(dyn Fn(&FactPlan, &FactContext<'e, '_>, usize) -> Value<'e> + Sync),
    ) -> (LevelHistory, Vec<Interner>) {
        let (level, plan) = (self.model.resolved.level(kind), &self.model.levels[kind]);
        let facts: Vec<(FactSlot, &FactPlan)> = base_facts(plan).collect();
        let parts: Vec<(LevelHistory, Interner)> = table
            .par_chunks_mut()
            .map(|mut part| {
                let mut texts = self.board.pool.clone_empty();
                let mut of_part = LevelHistory {
                    starts: Vec::with_capacity(part.len()),
                    milestones: Vec::with_capacity(part.len() * level.milestones.len()),
                    event_spans: Vec::with_capacity(part.len()),
                };
                for (entity, mut row) in part.rows() {
                    let view = view(entity);
                    let start = view.start();
                    let view = EntityView { known_start: Some(start), ..view };
                    let outcomes = evaluate_milestones(level, &plan.milestones, &view, counts);
                    let enriched = EnrichmentRow { rows: enriched, entity };
                    let about = FactContext { view, milestones: &outcomes, enriched, overflow: &self.overflow };
                    for (slot, fact) in &facts {
                        row.set(*slot, &value(fact, &about, entity), &mut texts);
                    }
                    of_part.starts.push(start);
                    of_part.milestones.extend(outcomes);
                    of_part.event_spans.push(view.event_span());
                }
                (of_part, texts)
            })
            .collect();
        let mut all = LevelHistory::default();
        let mut texts = Vec::with_capacity(parts.len());
        for (of_part, of_texts) in parts {
            all.starts.extend(of_part.starts);
            all.milestones.extend(of_part.milestones);
            all.event_spans.extend(of_part.event_spans);
            texts.push(of_texts);
        }
        (all, texts)
    }

    /// Runs all steps of the model, and finds champions and buyers as soon as their facts are known.
    pub(super) fn all_steps(&mut self) {
        let steps = &self.model.resolved.steps;
        let of_people = |step: &ScoringStep| matches!(step, ScoringStep::AccountPerson(_));
        let (before, after) = steps.split_at(steps.iter().position(of_people).unwrap_or(steps.len()));
        self.steps(before);
        self.people = AccountPeople {
            champions: self.top_members(|user| self.may_be_champion(user)),
            buyers: self.top_members(|user| self.may_be_buyer(user)),
        };
        self.steps(after);
    }

    /// Runs consecutive steps.
    fn steps(&mut self, mut steps: &[ScoringStep]) {
        while let [first, ..] = steps {
            // A text has its pool number only after the pass, when the chunks are merged. Other
            // steps need that number, so a text ends a pass.
            let kind = level_of(*first);
            let of_level = steps.iter().take_while(|step| level_of(**step) == kind).count();
            let text = steps[..of_level].iter().position(|step| self.text(*step).is_some());
            let together = text.map_or(of_level, |at| at + 1);
            let (now, later) = steps.split_at(together);
            self.pass(kind, now);
            steps = later;
        }
    }

    /// The slot of the fact that a step computes, if that is free text.
    fn text(&self, step: ScoringStep) -> Option<FactSlot> {
        let (level, slot) = match step {
            ScoringStep::UserFact(slot) | ScoringStep::UserRecord(slot) | ScoringStep::UserOutcome(slot) => {
                (&self.model.resolved.levels.user, slot)
            }
            ScoringStep::AccountFact(slot) | ScoringStep::AccountRecord(slot) | ScoringStep::AccountOutcome(slot) => {
                (&self.model.resolved.levels.account, slot)
            }
            _ => return None,
        };
        level.facts.get(slot as usize).is_some_and(|fact| fact.kind == ValueType::Text).then_some(slot)
    }

    /// Runs some steps of a level for all of its entities.
    fn pass(&mut self, kind: EntityKind, steps: &[ScoringStep]) {
        let level = self.model.resolved.level(kind);
        let names = InternedNames::new(level, &mut self.board.pool);
        let mut table = std::mem::take(self.board.table_mut(kind));
        let texts: Vec<Interner> = table
            .par_chunks_mut()
            .map(|mut part| {
                let mut texts = self.board.pool.clone_empty();
                for (entity, row) in part.rows() {
                    let mut run = StepRun { scorer: self, kind, level, names: &names, entity, row, texts: &mut texts };
                    steps.iter().for_each(|step| run.step(*step));
                }
                texts
            })
            .collect();
        let slots = steps.iter().filter_map(|step| self.text(*step)).collect::<Vec<FactSlot>>();
        table.renumber(slots.into_iter(), texts, &mut self.board.pool);
        *self.board.table_mut(kind) = table;
    }

    /// What the run before said of an entity.
    pub(super) fn standing(&self, kind: EntityKind, entity: usize) -> Option<&'e PreviousStanding> {
        self.standings?[kind].get(entity)?.as_ref()
    }

    fn user(&self, user: usize) -> EntityFacts<'_> {
        self.board.user(user, self.entities.users[user].home)
    }

    /// Without a condition, anybody may be a champion.
    fn may_be_champion(&self, user: usize) -> bool {
        let condition = self.model.resolved.champion.as_ref();
        condition.is_none_or(|condition| condition.holds(&self.user(user)))
    }

    /// Without a condition nobody is a buyer, and who was not there for 28 days cannot be met.
    fn may_be_buyer(&self, user: usize) -> bool {
        let (condition, slots) = (self.model.resolved.buyer.as_ref(), &self.model.resolved.levels.user.slots);
        let is_active = || self.board.users.number(slots.active_days_28, user).is_some_and(|days| days > 0.0);
        condition.is_some_and(|condition| is_active() && condition.holds(&self.user(user)))
    }

    /// For each account the top-scoring member who is eligible. Ties go to the more active member, then to the smaller id.
    fn top_members(&self, is_eligible: impl Fn(usize) -> bool + Sync) -> Vec<u32> {
        let eligible = |user: &&u32| is_eligible(**user as usize);
        let top = |members: &[u32]| {
            members.iter().filter(eligible).copied().max_by(|a, b| self.compare_members(*a, *b)).unwrap_or(NOBODY)
        };
        self.entities.accounts.par_iter().with_min_len(128).map(|account| top(&account.members)).collect()
    }

    /// Orders users by score, then by activity, then by id. The smaller id is the greater.
    fn compare_members(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let slots = &self.model.resolved.levels.user.slots;
        let number = |slot: FactSlot, user: u32| self.board.users.number(slot, user as usize).unwrap_or(0.0);
        number(slots.score, a)
            .total_cmp(&number(slots.score, b))
            .then(number(slots.active_days_28, a).total_cmp(&number(slots.active_days_28, b)))
            .then_with(|| self.entities.users[b as usize].id.cmp(self.entities.users[a as usize].id))
    }
}

/// The level that a step belongs to.
fn level_of(step: ScoringStep) -> EntityKind {
    match step {
        ScoringStep::UserFact(_)
        | ScoringStep::UserPoints
        | ScoringStep::UserTier
        | ScoringStep::UserRecord(_)
        | ScoringStep::UserOutcome(_)
        | ScoringStep::UserRoute => EntityKind::User,
        ScoringStep::AccountFact(_)
        | ScoringStep::AccountRecord(_)
        | ScoringStep::AccountOutcome(_)
        | ScoringStep::Segment
        | ScoringStep::AccountPoints
        | ScoringStep::AccountTier
        | ScoringStep::AccountPerson(_)
        | ScoringStep::AccountRoute => EntityKind::Account,
    }
}

/// The base facts of a level.
fn base_facts(plan: &LevelPlan) -> impl Iterator<Item = (FactSlot, &FactPlan)> {
    (0..).zip(&plan.facts).filter(|(_, fact)| !matches!(fact, FactPlan::Computed))
}
