//! The facts of all entities, in the order of the model's steps.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::{
    Enrichment,
    base::{self, About, Enriched},
    board::{AccountScope, Board, Piece, Table, UserScope},
    milestones::{Outcome, outcomes},
    points, rollups,
    view::View,
};
use crate::{
    clock::AsOf,
    entity::{Entities, NOBODY},
    expr::{Program, Scope, Type, Value},
    fold::Interner,
    model::{
        Model,
        compiled::{Fact, FactSlot, Level, Milestone, Route, Source, Step},
    },
    units::Micros,
};

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

/// Computes the facts of entities, step by step.
pub(super) struct Scorer<'e, 's> {
    entities: &'e Entities<'s>,
    model: &'e Model,
    enrichment: &'e Enrichment,
    as_of: AsOf,
    pub(super) board: Board,
    pub(super) user_outcomes: Vec<Outcome>,
    pub(super) account_outcomes: Vec<Outcome>,
    pub(super) user_starts: Vec<Micros>,
    pub(super) account_starts: Vec<Micros>,
    pub(super) overflow: AtomicBool,
}

impl<'e, 's> Scorer<'e, 's> {
    pub(super) fn new(entities: &'e Entities<'s>, model: &'e Model, enrichment: &'e Enrichment, as_of: AsOf) -> Self {
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
    pub(super) fn user_base(&mut self) {
        let (entities, rows, level) = (self.entities, &self.enrichment.users, &self.model.user);
        let value = |fact: &Fact, about: &About<'e, '_>, user: usize| base::user(fact, level, about, entities, user);
        let computed = self.base(level, entities.users.len(), rows, &|user| self.user_view(user), &|_, _| true, &value);
        (self.user_starts, self.user_outcomes) = computed.write(&mut self.board.users, &mut self.board.pool);
    }

    /// Facts that the rows credited to accounts give.
    pub(super) fn account_base(&mut self) {
        let (entities, rows, level) = (self.entities, &self.enrichment.accounts, &self.model.account);
        let counts = |milestone: &Milestone, user: u32| match &milestone.min_users {
            Some((_, Some(who))) => user != NOBODY && who.holds(&self.user_scope(user as usize)),
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

    pub(super) fn step(&mut self, step: Step) {
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
                        let holds = |when: &Option<Program>| when.as_ref().is_none_or(|when| when.holds(&scope));
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
    pub(super) fn people(&self, condition: Option<&Program>, anybody: bool) -> Vec<u32> {
        let slots = &self.model.user.slots;
        let number = |slot: FactSlot, user: u32| {
            self.board.users.value(slot, user as usize, &self.board.pool).as_number().unwrap_or(0.0)
        };
        let eligible =
            |user: &&u32| condition.map_or(anybody, |condition| condition.holds(&self.user_scope(**user as usize)));
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
    level.routes.iter().position(|route| route.when.as_ref().is_none_or(|when| when.holds(scope)))
}
