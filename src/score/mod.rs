//! Entities to facts in the order of their dependencies, points, tiers, milestones and routes.
//!
//! Takes [`Entities`], a [`Model`] and what enrichment files say; gives [`Scored`]. Everything that is printed of an entity is computed here
//! once, from the same programs.

mod base;
pub mod board;
mod measures;
pub mod milestones;
pub mod points;
mod rollups;
mod steps;
mod summary;
mod view;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

pub use summary::{LevelSummary, MilestoneSummary};

use self::{
    base::{About, Enriched},
    board::{AccountScope, Board, Piece, Table, UserScope},
    milestones::{Outcome, outcomes},
    view::View,
};
use crate::{
    clock::AsOf,
    entity::{Entities, NOBODY},
    expr::{Program, Scope, Type, Value},
    fold::{Interner, NO_ACCOUNT, NO_FIRST, NO_LAST},
    model::{
        Model,
        compiled::{Fact, FactSlot, Level, Milestone, Route, Source, Step, word},
    },
    units::Micros,
};

/// What is known of entities from enrichment files, by place; none where a file has no row.
#[derive(Debug, Default)]
pub struct Enrichment {
    /// By user, then by trait of the level.
    pub users: Vec<Option<Vec<Value<'static>>>>,
    /// By account, then by trait of the level.
    pub accounts: Vec<Option<Vec<Value<'static>>>>,
}

/// Every user and account with all that was computed of it.
#[derive(Debug)]
pub struct Scored<'s> {
    /// Who they are.
    pub entities: Entities<'s>,
    /// Their facts.
    pub board: Board,
    /// Users, the highest score first.
    pub user_order: Vec<u32>,
    /// Accounts, the highest score first.
    pub account_order: Vec<u32>,
    /// By user, a stride of the level's milestones.
    pub user_outcomes: Vec<Outcome>,
    /// By account, likewise.
    pub account_outcomes: Vec<Outcome>,
    /// By user: first and last event.
    pub user_seen: Vec<(Micros, Micros)>,
    /// By account, likewise.
    pub account_seen: Vec<(Micros, Micros)>,
    /// By account: the top-scoring member who may be one.
    champions: Vec<u32>,
    /// By account: the top-scoring member who decides.
    buyers: Vec<u32>,
    /// Tiers, routes and milestones of users.
    pub users: LevelSummary,
    /// Tiers, routes and milestones of accounts.
    pub accounts: LevelSummary,
    /// The instant looked from.
    pub as_of: AsOf,
}

impl Scored<'_> {
    /// The id of a user.
    pub fn user_id(&self, user: usize) -> &str {
        self.entities.users[user].id
    }

    /// The id of an account.
    pub fn account_id(&self, account: usize) -> &str {
        self.entities.account_ids.get(self.entities.accounts[account].id)
    }

    /// The id of a user's home account, whether or not it has any event.
    pub fn home_id(&self, user: usize) -> Option<&str> {
        let home = self.entities.users[user].home_id;
        (home != NO_ACCOUNT).then(|| self.entities.account_ids.get(home))
    }

    /// The champion of an account.
    pub fn champion(&self, account: usize) -> Option<usize> {
        Some(self.champions[account]).filter(|user| *user != NOBODY).map(|user| user as usize)
    }

    /// The buyer of an account.
    pub fn buyer(&self, account: usize) -> Option<usize> {
        Some(self.buyers[account]).filter(|user| *user != NOBODY).map(|user| user as usize)
    }

    /// A user as expressions see it.
    pub fn user_scope(&self, user: usize) -> UserScope<'_> {
        UserScope { board: &self.board, user, home: self.entities.users[user].home }
    }

    /// An account as expressions see it.
    pub fn account_scope(&self, account: usize) -> AccountScope<'_> {
        AccountScope { board: &self.board, account }
    }

    /// The first and the last event of anybody.
    pub fn time_range(&self) -> Option<(Micros, Micros)> {
        let seen = self.user_seen.iter().chain(&self.account_seen).copied();
        seen.reduce(|(first, last), (a, b)| (first.min(a), last.max(b)))
    }
}

/// A sum of a metric was too large to be had exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

impl std::fmt::Display for Overflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a sum over events or an amount of points cannot be had exactly: a value is beyond 7.9e22, or an amount beyond a hundred billion points; a `where` on the metric can leave such values out")
    }
}

impl std::error::Error for Overflow {}

/// Scores everything.
///
/// **Errors**: [`Overflow`]. **Cost**: a pass over rows for each metric, and a pass over entities for each fact.
pub fn score<'s>(
    entities: Entities<'s>,
    model: &'s Model,
    enrichment: &Enrichment,
    as_of: AsOf,
) -> Result<Scored<'s>, Overflow> {
    let mut scorer = Scorer::new(&entities, model, enrichment, as_of);
    scorer.user_base();
    scorer.account_base();
    for step in &model.steps {
        scorer.step(*step);
    }
    let champions = scorer.people(model.champion.as_ref(), true);
    let buyers = scorer.people(model.buyer.as_ref(), false);
    if scorer.overflow.load(Ordering::Relaxed) {
        return Err(Overflow);
    }
    let Scorer { board, user_outcomes, account_outcomes, user_starts, account_starts, .. } = scorer;
    let users = summary::summarise(&model.user, &board.users, &board.pool, &user_outcomes, &user_starts);
    let accounts = summary::summarise(&model.account, &board.accounts, &board.pool, &account_outcomes, &account_starts);
    let user_order =
        order(&board.users, model.user.slots.score, &board.pool, entities.users.len(), |user| entities.users[user].id);
    let account_order =
        order(&board.accounts, model.account.slots.score, &board.pool, entities.accounts.len(), |account| {
            entities.account_ids.get(entities.accounts[account].id)
        });
    let user_seen = (0..entities.users.len())
        .into_par_iter()
        .with_min_len(512)
        .map(|user| seen(&entities, model, as_of, entities.user_rows(user)))
        .collect();
    let account_seen = (0..entities.accounts.len())
        .map(|account| seen(&entities, model, as_of, entities.account_rows(account)))
        .collect();
    Ok(Scored {
        board,
        user_order,
        account_order,
        user_outcomes,
        account_outcomes,
        user_seen,
        account_seen,
        champions,
        buyers,
        users,
        accounts,
        as_of,
        entities,
    })
}

/// The first and last event of some rows.
fn seen(entities: &Entities<'_>, model: &Model, as_of: AsOf, rows: &[crate::entity::RowRef]) -> (Micros, Micros) {
    let view = View { model, state: entities.state, rows, as_of };
    let words = view.rows(false).map(|at| (view.word(at, word::FIRST_SEEN), view.word(at, word::LAST_SEEN)));
    words.fold((NO_FIRST, NO_LAST), |(first, last), (a, b)| (first.min(a), last.max(b)))
}

/// Places by score, highest first, then by id.
fn order<'e>(
    table: &Table,
    slot: FactSlot,
    pool: &Interner,
    count: usize,
    id: impl Fn(usize) -> &'e str + Sync,
) -> Vec<u32> {
    // Most scores are shared by many, so the first bytes of the id are kept at hand too.
    let key = |entity: usize| {
        let score = table.value(slot, entity, pool).as_number().unwrap_or(0.0);
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

/// What the rows of a level give.
struct Computed<'e> {
    starts: Vec<Micros>,
    /// A stride of the level's milestones.
    outcomes: Vec<Outcome>,
    /// The first entity of each part, and what is known of it, by fact.
    parts: Vec<(usize, Vec<(FactSlot, Piece<'e>)>)>,
}

impl Computed<'_> {
    /// Writes the facts into a table; gives the starts and the outcomes.
    fn write(self, table: &mut Table, pool: &mut Interner) -> (Vec<Micros>, Vec<Outcome>) {
        for (first, pieces) in self.parts {
            for (slot, piece) in pieces {
                table.set_piece(first, slot, piece, pool);
            }
        }
        (self.starts, self.outcomes)
    }
}

struct Scorer<'e, 's> {
    entities: &'e Entities<'s>,
    model: &'e Model,
    enrichment: &'e Enrichment,
    as_of: AsOf,
    board: Board,
    user_outcomes: Vec<Outcome>,
    account_outcomes: Vec<Outcome>,
    user_starts: Vec<Micros>,
    account_starts: Vec<Micros>,
    overflow: AtomicBool,
}

impl<'e, 's> Scorer<'e, 's> {
    fn new(entities: &'e Entities<'s>, model: &'e Model, enrichment: &'e Enrichment, as_of: AsOf) -> Self {
        let board = Board {
            users: Table::new(&model.user, entities.users.len()),
            accounts: Table::new(&model.account, entities.accounts.len()),
            pool: Interner::new(crate::decode::Seed::default()),
        };
        Scorer {
            entities,
            model,
            enrichment,
            as_of,
            board,
            user_outcomes: Vec::new(),
            account_outcomes: Vec::new(),
            user_starts: Vec::new(),
            account_starts: Vec::new(),
            overflow: AtomicBool::new(false),
        }
    }

    fn user_view(&self, user: usize) -> View<'e> {
        View { model: self.model, state: self.entities.state, rows: self.entities.user_rows(user), as_of: self.as_of }
    }

    fn account_view(&self, account: usize) -> View<'e> {
        View {
            model: self.model,
            state: self.entities.state,
            rows: self.entities.account_rows(account),
            as_of: self.as_of,
        }
    }

    fn user_scope(&self, user: usize) -> UserScope<'_> {
        UserScope { board: &self.board, user, home: self.entities.users[user].home }
    }

    fn account_scope(&self, account: usize) -> AccountScope<'_> {
        AccountScope { board: &self.board, account }
    }

    /// Facts that users' own rows give.
    fn user_base(&mut self) {
        let (entities, rows, level) = (self.entities, &self.enrichment.users, &self.model.user);
        let value = |fact: &Fact, about: &About<'e, '_>, user: usize| base::user(fact, level, about, entities, user);
        let computed = self.base(level, entities.users.len(), rows, &|user| self.user_view(user), &|_, _| true, &value);
        (self.user_starts, self.user_outcomes) = computed.write(&mut self.board.users, &mut self.board.pool);
    }

    /// Facts that the rows credited to accounts give.
    fn account_base(&mut self) {
        let (entities, rows, level) = (self.entities, &self.enrichment.accounts, &self.model.account);
        let counts = |milestone: &Milestone, user: u32| match &milestone.min_users {
            Some((_, Some(who))) => user != NOBODY && who.eval(&self.user_scope(user as usize)).holds(),
            _ => true,
        };
        let value =
            |fact: &Fact, about: &About<'e, '_>, account: usize| base::account(fact, level, about, entities, account);
        let computed =
            self.base(level, entities.accounts.len(), rows, &|account| self.account_view(account), &counts, &value);
        (self.account_starts, self.account_outcomes) = computed.write(&mut self.board.accounts, &mut self.board.pool);
    }

    /// Reads the rows of all entities of a level, entity by entity, so that each one's memory is visited once.
    fn base(
        &self,
        level: &'e Level,
        count: usize,
        enriched: &'e [Option<Vec<Value<'static>>>],
        view: &(dyn Fn(usize) -> View<'e> + Sync),
        counts: &(dyn Fn(&Milestone, u32) -> bool + Sync),
        value: &(dyn Fn(&Fact, &About<'e, '_>, usize) -> Value<'e> + Sync),
    ) -> Computed<'e> {
        const AT_ONCE: usize = 512;
        let facts: Vec<(FactSlot, &Fact)> = (0..).zip(&level.facts).filter(|(_, fact)| base::is_base(fact)).collect();
        let part = |first: usize| {
            let entities = first..(first + AT_ONCE).min(count);
            let mut starts = Vec::with_capacity(entities.len());
            let mut all = Vec::with_capacity(entities.len() * level.milestones.len());
            let mut pieces: Vec<Piece<'e>> =
                facts.iter().map(|(_, fact)| Piece::new(fact.kind, entities.len())).collect();
            for entity in entities {
                let view = view(entity);
                let start = view.start();
                let outcomes = outcomes(level, &view, counts);
                let enriched = Enriched { rows: enriched, entity };
                let about = About { view, start, outcomes: &outcomes, enriched, overflow: &self.overflow };
                for (piece, (_, fact)) in pieces.iter_mut().zip(&facts) {
                    piece.push(value(fact, &about, entity));
                }
                starts.push(start);
                all.extend(outcomes);
            }
            let pieces = facts.iter().map(|(slot, _)| *slot).zip(pieces).collect();
            (starts, all, (first, pieces))
        };
        let firsts: Vec<usize> = (0..count).step_by(AT_ONCE).collect();
        let parts: Vec<_> = firsts.into_par_iter().map(part).collect();
        let mut computed = Computed { starts: Vec::new(), outcomes: Vec::new(), parts: Vec::new() };
        for (starts, outcomes, part) in parts {
            computed.starts.extend(starts);
            computed.outcomes.extend(outcomes);
            computed.parts.push(part);
        }
        computed
    }

    /// A column of users, computed from the board as it is.
    fn user_column<'x>(
        &'x self,
        kind: Type,
        pool: &mut Interner,
        value: impl Fn(&UserScope<'x>) -> Value<'x> + Sync,
    ) -> Vec<u64> {
        Table::compute(kind, self.entities.users.len(), pool, |user| {
            let scope = UserScope { board: &self.board, user, home: self.entities.users[user].home };
            value(&scope)
        })
    }

    fn step(&mut self, step: Step) {
        let model = self.model;
        match step {
            Step::UserFact(slot) => {
                if let Some(Source::Expression(program)) = model.user.facts.get(slot as usize).map(|fact| &fact.source)
                {
                    self.expression(true, slot, program);
                }
            }
            Step::AccountFact(slot) => match model.account.facts.get(slot as usize).map(|fact| &fact.source) {
                Some(Source::Expression(program)) => self.expression(false, slot, program),
                Some(Source::Rollup(rollup)) => {
                    let values = (0..self.entities.accounts.len()).into_par_iter().map(|account| {
                        let members = self.entities.accounts[account].members.iter();
                        rollups::roll_up(
                            rollup,
                            members.map(|member| self.user_scope(*member as usize)),
                            &self.overflow,
                        )
                    });
                    let values: Vec<Value<'static>> = values.collect();
                    let column = Table::compute(Type::Number, values.len(), &mut self.board.pool, |account| {
                        values[account].clone()
                    });
                    self.board.accounts.set(slot, &column);
                }
                _ => {}
            },
            Step::Segment => {
                let segments = &model.account.segments;
                let places: Vec<Option<u32>> = (0..self.entities.accounts.len())
                    .into_par_iter()
                    .map(|account| {
                        let scope = self.account_scope(account);
                        let holds = |when: &Option<Program>| when.as_ref().is_none_or(|when| when.eval(&scope).holds());
                        segments.iter().position(|segment| holds(&segment.when)).map(|place| place as u32)
                    })
                    .collect();
                let names: Vec<&str> = segments.iter().map(|segment| segment.name.as_str()).collect();
                self.names(false, model.account.slots.segment, &names, &places);
            }
            Step::UserPoints => self.points(true),
            Step::AccountPoints => self.points(false),
            Step::UserTier => self.tiers(true),
            Step::AccountTier => self.tiers(false),
            Step::UserRoute => self.routes(true),
            Step::AccountRoute => self.routes(false),
        }
    }

    fn level(&self, users: bool) -> (&'e Level, usize) {
        if users {
            (&self.model.user, self.entities.users.len())
        } else {
            (&self.model.account, self.entities.accounts.len())
        }
    }

    fn set(&mut self, users: bool, slot: FactSlot, column: &[u64]) {
        if users { self.board.users.set(slot, column) } else { self.board.accounts.set(slot, column) }
    }

    /// A column of a few texts, by the place of each among them.
    fn names(&mut self, users: bool, slot: FactSlot, names: &[&str], places: &[Option<u32>]) {
        let column = Table::of_names(names, places, &mut self.board.pool);
        self.set(users, slot, &column);
    }

    fn expression(&mut self, users: bool, slot: FactSlot, program: &Program) {
        let (level, count) = self.level(users);
        let kind = level.facts[slot as usize].kind;
        let mut pool = self.board.pool.clone_empty();
        let column = if users {
            self.user_column(kind, &mut pool, |scope| owned(program.eval(scope)))
        } else {
            Table::compute(kind, count, &mut pool, |account| {
                owned(program.eval(&AccountScope { board: &self.board, account }))
            })
        };
        let column = self.board.pool.adopt(kind == Type::Text, &pool, column);
        self.set(users, slot, &column);
    }

    /// Points of each category, and the score.
    fn points(&mut self, users: bool) {
        let (level, count) = self.level(users);
        let sums: Vec<points::Sum> = (0..count)
            .into_par_iter()
            .with_min_len(256)
            .map(|entity| {
                if users {
                    sum_of(level, &self.user_scope(entity), &self.overflow)
                } else {
                    sum_of(level, &self.account_scope(entity), &self.overflow)
                }
            })
            .collect();
        let mut write = |slot: FactSlot, points: &(dyn Fn(usize) -> crate::units::Points + Sync)| {
            let column = Table::compute(Type::Number, count, &mut self.board.pool, |entity| {
                Value::Number(points(entity).to_f64())
            });
            if users { self.board.users.set(slot, &column) } else { self.board.accounts.set(slot, &column) }
        };
        for (category, slot) in level.slots.points.iter().enumerate() {
            write(*slot, &|entity| sums[entity].categories[category].1);
        }
        write(level.slots.score, &|entity| sums[entity].score);
    }

    fn tiers(&mut self, users: bool) {
        let (level, count) = self.level(users);
        if level.tiers.is_empty() {
            return;
        }
        let places: Vec<Option<u32>> = (0..count)
            .into_par_iter()
            .with_min_len(512)
            .map(|entity| {
                let place = if users {
                    tier_of(level, &self.user_scope(entity))
                } else {
                    tier_of(level, &self.account_scope(entity))
                };
                place.map(|place| place as u32)
            })
            .collect();
        let names: Vec<&str> = level.tiers.iter().map(|tier| tier.name.as_str()).collect();
        self.names(users, level.slots.tier, &names, &places);
        let column = Table::compute(Type::Boolean, count, &mut self.board.pool, |entity| {
            let tier = places[entity].and_then(|place| level.tiers.get(place as usize));
            tier.map_or(Value::Null, |tier| Value::Boolean(tier.qualified))
        });
        self.set(users, level.slots.qualified, &column);
    }

    fn routes(&mut self, users: bool) {
        let (level, count) = self.level(users);
        let places: Vec<Option<u32>> = (0..count)
            .into_par_iter()
            .with_min_len(512)
            .map(|entity| {
                let place = if users {
                    route_place(level, &self.user_scope(entity))
                } else {
                    route_place(level, &self.account_scope(entity))
                };
                place.map(|place| place as u32)
            })
            .collect();
        let names: Vec<&str> = level.routes.iter().map(|route| route.name.as_str()).collect();
        self.names(users, level.slots.route, &names, &places);
        // Routes without a motion have none in that column either.
        let motion = |route: &'e Route| route.motion.as_deref();
        let motions: Vec<&str> = level.routes.iter().map(|route| motion(route).unwrap_or_default()).collect();
        let moved = |place: &Option<u32>| place.filter(|place| motion(&level.routes[*place as usize]).is_some());
        let places: Vec<Option<u32>> = places.iter().map(moved).collect();
        self.names(users, level.slots.motion, &motions, &places);
    }

    /// For each account the top-scoring member for whom a condition holds; by activity, then by the smaller id, where scores are equal.
    fn people(&self, condition: Option<&Program>, anybody: bool) -> Vec<u32> {
        let slots = &self.model.user.slots;
        let number = |slot: FactSlot, user: u32| {
            self.board.users.value(slot, user as usize, &self.board.pool).as_number().unwrap_or(0.0)
        };
        let eligible = |user: &&u32| {
            condition.map_or(anybody, |condition| condition.eval(&self.user_scope(**user as usize)).holds())
        };
        let better = |a: u32, b: u32| {
            number(slots.score, a)
                .total_cmp(&number(slots.score, b))
                .then(number(slots.active_days_28, a).total_cmp(&number(slots.active_days_28, b)))
                .then_with(|| self.entities.users[b as usize].id.cmp(self.entities.users[a as usize].id))
        };
        let top =
            |members: &[u32]| members.iter().filter(eligible).copied().max_by(|a, b| better(*a, *b)).unwrap_or(NOBODY);
        self.entities.accounts.iter().map(|account| top(&account.members)).collect()
    }
}

/// A value that does not borrow from the board.
fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null | Value::Digits(_) => Value::Null,
        Value::Number(number) => Value::Number(number),
        Value::Boolean(truth) => Value::Boolean(truth),
        Value::Date(day) => Value::Date(day),
        Value::Text(text) => Value::Text(text.into_owned().into()),
    }
}

fn sum_of<S: Scope>(level: &Level, scope: &S, overflow: &AtomicBool) -> points::Sum {
    let paid = points::pay(level, scope);
    if points::overflows(&paid) {
        overflow.store(true, Ordering::Relaxed);
    }
    points::sum(level, &paid)
}

fn tier_of<S: Scope>(level: &Level, scope: &S) -> Option<usize> {
    let score = scope.get(level.slots.score).as_number().unwrap_or(0.0);
    points::tier(&level.tiers, score, scope)
}

/// The place of the first route that holds.
fn route_place<S: Scope>(level: &Level, scope: &S) -> Option<usize> {
    level.routes.iter().position(|route| route.when.as_ref().is_none_or(|when| when.eval(scope).holds()))
}
