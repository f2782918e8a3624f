//! Computes the facts of all entities, in the order of the model's steps.
//!
//! Base facts come first. Then consecutive steps of one level are fused: an entity runs all of them
//! before the next one starts, so its row is read once. Points are computed twice, here and for the
//! output row, because that is cheaper than storing the points of every signal.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{
    EnrichmentTraits,
    base_facts::{self, EnrichmentRow, FactContext},
    entity_view::EntityView,
    fact_table::{EntityFacts, FactRow, FactRowMut, FactStore, FactTable},
    milestones::{MilestoneResult, evaluate_milestones},
    rollups,
};
use crate::{
    entity::{Entities, NOBODY},
    fold::Interner,
    plan::{FactPlan, LevelPlan, Model},
};
use pql_model::{
    EntityKind, FactSlot,
    clock::AsOf,
    expr::{EvalScope, Program, Value, ValueType},
    resolved::{FactDefinition, Level, Milestone, PersonRole, ScoringStep, UserQuorum},
    scoring,
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

/// Computes the facts of entities, step by step.
pub(super) struct Scorer<'e, 's> {
    entities: &'e Entities<'s>,
    model: &'e Model,
    enrichment: &'e EnrichmentTraits,
    as_of: AsOf,
    pub(super) board: FactStore,
    pub(super) users: LevelHistory,
    pub(super) accounts: LevelHistory,
    /// The champion and the buyer of each account; none before users and accounts have their tiers.
    pub(super) people: AccountPeople,
    pub(super) overflow: AtomicBool,
}

impl<'e, 's> Scorer<'e, 's> {
    pub(super) fn new(
        entities: &'e Entities<'s>,
        model: &'e Model,
        enrichment: &'e EnrichmentTraits,
        as_of: AsOf,
    ) -> Self {
        let board = FactStore {
            users: FactTable::new(&model.resolved.levels.user, entities.users.len(), 512),
            // Chunks are smaller for accounts, because some have many members and rows.
            accounts: FactTable::new(&model.resolved.levels.account, entities.accounts.len(), 32),
            pool: Interner::new(crate::decode::HashSeed::default()),
        };
        let overflow = AtomicBool::new(false);
        let (users, accounts) = (LevelHistory::default(), LevelHistory::default());
        let people = AccountPeople::default();
        Scorer { entities, model, enrichment, as_of, board, users, accounts, people, overflow }
    }

    /// Computes the base facts of users.
    pub(super) fn user_base(&mut self) {
        let (entities, rows, plan) = (self.entities, &self.enrichment.users, &self.model.levels.user);
        let mut table = std::mem::take(&mut self.board.users);
        let value = |fact: &FactPlan, about: &FactContext<'e, '_>, user: usize| {
            base_facts::user(fact, plan, about, entities, user)
        };
        let view = |user| self.view(entities.user_rows(user));
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
            champions: self.top_members(self.model.resolved.champion.as_ref(), true),
            buyers: self.top_members(self.model.resolved.buyer.as_ref(), false),
        };
        self.steps(after);
    }

    /// Runs consecutive steps.
    fn steps(&mut self, mut steps: &[ScoringStep]) {
        while let [first, ..] = steps {
            // A text has its pool number only after the pass, when the chunks are merged. Other
            // steps need that number, so a text ends a pass.
            let of_level = steps.iter().take_while(|step| is_of_users(**step) == is_of_users(*first)).count();
            let text = steps[..of_level].iter().position(|step| self.text(*step).is_some());
            let together = text.map_or(of_level, |at| at + 1);
            let (now, later) = steps.split_at(together);
            self.pass(is_of_users(*first), now);
            steps = later;
        }
    }

    /// The slot of the fact that a step computes, if that is free text.
    fn text(&self, step: ScoringStep) -> Option<FactSlot> {
        let (level, slot) = match step {
            ScoringStep::UserFact(slot) => (&self.model.resolved.levels.user, slot),
            ScoringStep::AccountFact(slot) => (&self.model.resolved.levels.account, slot),
            _ => return None,
        };
        level.facts.get(slot as usize).is_some_and(|fact| fact.kind == ValueType::Text).then_some(slot)
    }

    /// Runs some steps of a level for all of its entities.
    fn pass(&mut self, users: bool, steps: &[ScoringStep]) {
        let level = if users { &self.model.resolved.levels.user } else { &self.model.resolved.levels.account };
        let names = InternedNames::new(level, &mut self.board.pool);
        let own = if users { &mut self.board.users } else { &mut self.board.accounts };
        let mut table = std::mem::take(own);
        let texts: Vec<Interner> = table
            .par_chunks_mut()
            .map(|mut part| {
                let mut texts = self.board.pool.clone_empty();
                for (entity, mut row) in part.rows() {
                    for step in steps {
                        self.step(*step, level, &names, (entity, &mut row), &mut texts);
                    }
                }
                texts
            })
            .collect();
        let slots = steps.iter().filter_map(|step| self.text(*step)).collect::<Vec<FactSlot>>();
        table.renumber(slots.into_iter(), texts, &mut self.board.pool);
        *(if users { &mut self.board.users } else { &mut self.board.accounts }) = table;
    }

    /// Runs a step for one entity.
    fn step(
        &self,
        step: ScoringStep,
        level: &Level,
        names: &InternedNames,
        (entity, row): (usize, &mut FactRowMut<'_>),
        texts: &mut Interner,
    ) {
        match step {
            ScoringStep::UserFact(slot) | ScoringStep::AccountFact(slot) => {
                let own = row.facts();
                let value = match level.facts.get(slot as usize).map(|fact| &fact.definition) {
                    Some(FactDefinition::Expression(program)) => {
                        owned(program.eval(&self.partial_facts(step, entity, own)))
                    }
                    Some(FactDefinition::Rollup(rollup)) => {
                        let members = self.entities.accounts[entity].members.iter();
                        let members = members.map(|member| self.board.member(*member as usize, own));
                        rollups::roll_up(rollup, members, &self.overflow)
                    }
                    _ => return,
                };
                row.set(slot, &value, texts);
            }
            ScoringStep::Segment => {
                let facts = self.partial_facts(step, entity, row.facts());
                let place = level.segments.iter().position(|one| holds(one.when.as_ref(), &facts));
                row.set_text(level.slots.segment, place.map(|place| names.segments[place]));
            }
            ScoringStep::UserPoints | ScoringStep::AccountPoints => {
                let paid = scoring::evaluate_signals(level, &self.partial_facts(step, entity, row.facts()));
                if scoring::overflows(&paid) {
                    self.overflow.store(true, Ordering::Relaxed);
                }
                let sum = scoring::sum_points(level, &paid);
                for (slot, (_, held)) in level.slots.points.iter().zip(&sum.categories) {
                    row.set_plain(*slot, &Value::Number(held.to_f64()));
                }
                row.set_plain(level.slots.score, &Value::Number(sum.score.to_f64()));
            }
            ScoringStep::UserTier | ScoringStep::AccountTier if level.tiers.is_empty() => {}
            ScoringStep::UserTier | ScoringStep::AccountTier => {
                let facts = self.partial_facts(step, entity, row.facts());
                let score = facts.number(level.slots.score).unwrap_or(0.0);
                let place = scoring::find_tier(&level.tiers, score, &facts);
                row.set_text(level.slots.tier, place.map(|place| names.tiers[place]));
                let qualified = place.map_or(Value::Null, |place| Value::Boolean(level.tiers[place].qualified));
                row.set_plain(level.slots.qualified, &qualified);
            }
            ScoringStep::AccountPerson(slot) => {
                let Some(FactDefinition::Person(role, fact)) =
                    level.facts.get(slot as usize).map(|fact| &fact.definition)
                else {
                    return;
                };
                if let Some(person) = self.people.of(*role, entity) {
                    row.copy(slot, self.board.users.word(*fact, person));
                }
            }
            ScoringStep::UserRoute | ScoringStep::AccountRoute => {
                let facts = self.partial_facts(step, entity, row.facts());
                let place = level.routes.iter().position(|route| holds(route.when.as_ref(), &facts));
                row.set_text(level.slots.route, place.map(|place| names.routes[place]));
                // For a route without a motion the motion is null.
                row.set_text(level.slots.motion, place.and_then(|place| names.motions[place]));
                if let Some(slot) = level.slots.suppressed {
                    let facts = self.partial_facts(step, entity, row.facts());
                    let place = level.suppressions.iter().position(|one| one.when.holds(&facts));
                    row.set_text(slot, place.map(|place| names.suppressions[place]));
                }
            }
        }
    }

    /// The scope of a step: the facts that are complete.
    fn partial_facts<'b>(&'b self, step: ScoringStep, entity: usize, own: FactRow<'b>) -> EntityFacts<'b> {
        if is_of_users(step) {
            self.board.partial_user(own, self.entities.users[entity].home)
        } else {
            self.board.partial_account(own)
        }
    }

    fn user(&self, user: usize) -> EntityFacts<'_> {
        self.board.user(user, self.entities.users[user].home)
    }

    /// For each account the top-scoring member who passes the condition. Ties go to the more active
    /// member, then to the smaller id.
    fn top_members(&self, condition: Option<&Program>, anybody: bool) -> Vec<u32> {
        let eligible =
            |user: &&u32| condition.map_or(anybody, |condition| condition.holds(&self.user(**user as usize)));
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

/// True if a step belongs to the user level.
fn is_of_users(step: ScoringStep) -> bool {
    match step {
        ScoringStep::UserFact(_) | ScoringStep::UserPoints | ScoringStep::UserTier | ScoringStep::UserRoute => true,
        ScoringStep::AccountFact(_)
        | ScoringStep::Segment
        | ScoringStep::AccountPoints
        | ScoringStep::AccountTier
        | ScoringStep::AccountPerson(_)
        | ScoringStep::AccountRoute => false,
    }
}

/// The base facts of a level.
fn base_facts(plan: &LevelPlan) -> impl Iterator<Item = (FactSlot, &FactPlan)> {
    (0..).zip(&plan.facts).filter(|(_, fact)| !matches!(fact, FactPlan::Computed))
}

/// Names from the model that are values of facts, by their pool numbers.
struct InternedNames {
    segments: Vec<u32>,
    tiers: Vec<u32>,
    routes: Vec<u32>,
    motions: Vec<Option<u32>>,
    suppressions: Vec<u32>,
}

impl InternedNames {
    fn new(level: &Level, pool: &mut Interner) -> InternedNames {
        InternedNames {
            segments: level.segments.iter().map(|segment| pool.intern(&segment.name)).collect(),
            tiers: level.tiers.iter().map(|tier| pool.intern(&tier.name)).collect(),
            routes: level.routes.iter().map(|route| pool.intern(&route.name)).collect(),
            suppressions: level.suppressions.iter().map(|one| pool.intern(&one.name)).collect(),
            motions: level
                .routes
                .iter()
                .map(|route| route.motion.as_deref().map(|motion| pool.intern(motion)))
                .collect(),
        }
    }
}

fn holds(when: Option<&Program>, facts: &EntityFacts<'_>) -> bool {
    when.is_none_or(|when| when.holds(facts))
}

/// A copy of a value that does not borrow from the fact store.
fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null | Value::Digits(_) => Value::Null,
        Value::Number(number) => Value::Number(number),
        Value::Boolean(truth) => Value::Boolean(truth),
        Value::Date(day) => Value::Date(day),
        Value::Text(text) => Value::Text(text.into_owned().into()),
    }
}
