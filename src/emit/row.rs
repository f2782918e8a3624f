//! One user or account as a row: every column in the order that is never changed, and the breakdown behind the score.

use std::borrow::Cow;

use crate::{
    clock::{push_day, push_instant},
    expr::{Scope, Type, Value},
    model::{
        EntityKind, Model, columns,
        compiled::{Level, Piece, Route, Template},
    },
    score::{
        Scored,
        board::EntityFacts,
        milestones::{Outcome, State},
        points::{Firing, Paid, Sum, pay, sum},
    },
    units::{Day, Micros, Points, push_number},
};

/// A cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'r> {
    /// Nothing known.
    Null,
    /// As it is.
    Text(Cow<'r, str>),
    /// To the thousandth.
    Points(Points),
    /// At most six decimals.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// `YYYY-MM-DD`.
    Date(Day),
    /// RFC 3339 in UTC.
    Instant(Micros),
}

impl<'r> Cell<'r> {
    fn from_value(value: Value<'r>) -> Cell<'r> {
        match value {
            Value::Null => Cell::Null,
            Value::Number(number) => Cell::Number(number),
            Value::Text(text) => Cell::Text(text),
            Value::Digits(text) => Cell::Text(text.into()),
            Value::Boolean(truth) => Cell::Boolean(truth),
            Value::Date(day) => Cell::Date(day),
        }
    }

    fn from_text(text: Option<&'r str>) -> Cell<'r> {
        text.map_or(Cell::Null, |text| Cell::Text(text.into()))
    }

    /// As text, which is empty for null.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Text(text) => Cow::Borrowed(text),
            other => {
                let mut text = String::new();
                other.push_to(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Writes the text at the end of another.
    pub(super) fn push_to(&self, text: &mut String) {
        match self {
            Cell::Null => {}
            Cell::Text(own) => text.push_str(own),
            Cell::Points(points) => points.push_to(text),
            Cell::Number(number) => push_number(text, *number),
            Cell::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
            Cell::Date(day) => push_day(text, *day),
            Cell::Instant(at) => push_instant(text, *at),
        }
    }
}

/// A row and what is behind its score.
#[derive(Debug)]
pub(super) struct Row<'r> {
    /// By column.
    pub(super) cells: Vec<Cell<'r>>,
    /// By signal, in the order of the model.
    pub(super) paid: Vec<Paid>,
    /// By category, and in sum.
    pub(super) sum: Sum,
    /// The route, if the level has any.
    pub(super) route: Option<&'r Route>,
}

/// The header of a level's rows.
pub(super) fn header(model: &Model, side: EntityKind) -> Vec<String> {
    let level = model.level(side);
    let categories = level.categories.iter().map(|category| category.name.as_str());
    let milestones = level.milestones.iter().map(|milestone| milestone.name.as_str());
    let mut header = match side {
        EntityKind::User => columns::of_users(categories, milestones),
        EntityKind::Account => columns::of_accounts(categories, milestones),
    };
    header.extend(level.columns.iter().map(|column| column.header.clone()));
    header
}

/// Makes the row of an entity, by place, and hands it on.
pub(super) fn with<T>(
    scored: &Scored<'_>,
    model: &Model,
    side: EntityKind,
    place: usize,
    take: impl FnOnce(&Row<'_>) -> T,
) -> T {
    match side {
        EntityKind::User => take(&user(scored, model, place, &scored.user_facts(place))),
        EntityKind::Account => take(&account(scored, model, place, &scored.account_facts(place))),
    }
}

/// The row of a user, by place, with its facts.
fn user<'r>(scored: &'r Scored<'_>, model: &'r Model, number: usize, scope: &'r EntityFacts<'r>) -> Row<'r> {
    let home = scored.entities.users[number].home.map(|home| home as usize);
    let common = Common {
        level: &model.levels.user,
        scope,
        outcomes: slice(&scored.user_outcomes, number, model.levels.user.milestones.len()),
        seen: scored.user_seen[number],
    };
    let first = [Cell::Text(scored.user_id(number).into()), Cell::from_text(scored.home_id(number))];
    let champion = home.and_then(|home| scored.champion(home)) == Some(number);
    let buyer = home.and_then(|home| scored.buyer(home)) == Some(number);
    let after_seen = vec![Cell::from_value(scope.get(model.levels.user.slots.active_days_28))];
    common.row(first, vec![Cell::Boolean(champion), Cell::Boolean(buyer)], after_seen)
}

/// The row of an account, by place, with its facts.
fn account<'r>(scored: &'r Scored<'_>, model: &'r Model, number: usize, scope: &'r EntityFacts<'r>) -> Row<'r> {
    let slots = &model.levels.account.slots;
    let person = |user: Option<usize>| Cell::from_text(user.map(|user| scored.user_id(user)));
    let common = Common {
        level: &model.levels.account,
        scope,
        outcomes: slice(&scored.account_outcomes, number, model.levels.account.milestones.len()),
        seen: scored.account_seen[number],
    };
    let first = [Cell::Text(scored.account_id(number).into()), Cell::from_value(scope.get(slots.segment))];
    let counts = [slots.members, slots.users, slots.active_users_28].map(|slot| Cell::from_value(scope.get(slot)));
    let between = counts.into_iter().chain([person(scored.champion(number)), person(scored.buyer(number))]).collect();
    common.row(first, between, Vec::new())
}

fn slice(outcomes: &[Outcome], entity: usize, stride: usize) -> &[Outcome] {
    &outcomes[entity * stride..(entity + 1) * stride]
}

/// What rows of both levels have.
struct Common<'r> {
    level: &'r Level,
    scope: &'r EntityFacts<'r>,
    outcomes: &'r [Outcome],
    seen: (Micros, Micros),
}

impl<'r> Common<'r> {
    fn row(&self, first: [Cell<'r>; 2], between: Vec<Cell<'r>>, after_seen: Vec<Cell<'r>>) -> Row<'r> {
        let (level, scope) = (self.level, self.scope);
        let paid = pay(level, scope);
        let sum = sum(level, &paid);
        let fact = |slot: u32| Cell::from_value(scope.get(slot));
        let name = scope.get(level.slots.route).to_text();
        let route = level.routes.iter().find(|route| Some(route.name.as_str()) == name.as_deref());
        let of_route = |text: fn(&'r Route) -> Option<&'r str>| Cell::from_text(route.and_then(text));
        // All columns, and few more.
        let more =
            between.len() + sum.categories.len() + 2 * self.outcomes.len() + after_seen.len() + level.columns.len();
        let mut cells: Vec<Cell<'r>> = Vec::with_capacity(15 + more);
        cells.extend(first);
        cells.push(Cell::Points(sum.score));
        cells.extend([level.slots.tier, level.slots.qualified, level.slots.route, level.slots.motion].map(fact));
        cells.extend([of_route(|route| route.to.as_deref()), of_route(|route| route.action.as_deref())]);
        cells.extend(between);
        cells.extend(sum.categories.iter().map(|(_, held)| Cell::Points(*held)));
        let ranked = ranked(&paid);
        cells.push(Cell::Text(signals(level, &paid, &ranked, &sum).into()));
        for outcome in self.outcomes {
            cells.push(Cell::Text(outcome.state.word().into()));
            cells.push(match outcome.state {
                State::Reached(at) => Cell::Instant(at),
                _ => Cell::Null,
            });
        }
        cells.extend([Cell::Instant(self.seen.0), Cell::Instant(self.seen.1)]);
        cells.extend(after_seen);
        cells.push(say(level, &ranked, scope));
        let template = |template: Option<&Template>| {
            template.map_or(Cell::Null, |template| Cell::Text(fill(template, scope).into()))
        };
        cells.push(template(route.and_then(|route| route.because.as_ref())));
        cells.push(template(route.and_then(|route| route.message.as_ref())));
        cells.extend(level.columns.iter().map(|column| fact(column.slot)));
        Row { cells, paid, sum, route }
    }
}

/// Signals that fired by place, the largest first.
fn ranked(paid: &[Paid]) -> Vec<usize> {
    let mut ranked = Vec::with_capacity(paid.len());
    ranked.extend((0..paid.len()).filter(|index| paid[*index].firing == Firing::Fired));
    ranked.sort_by_key(|index| std::cmp::Reverse(paid[*index].points));
    ranked
}

/// `name:points` of all that fired, and what bounds took or gave, so that it adds up to the score.
fn signals(level: &Level, paid: &[Paid], ranked: &[usize], sum: &Sum) -> String {
    let mut text = String::with_capacity(16 * ranked.len());
    let mut part = |names: &[&str], points: Points| {
        if !text.is_empty() {
            text.push(';');
        }
        for name in names {
            text.push_str(name);
            text.push(':');
        }
        points.push_to(&mut text);
    };
    ranked.iter().for_each(|index| part(&[&level.signals[*index].name], paid[*index].points));
    for (category, (raw, held)) in level.categories.iter().zip(&sum.categories) {
        if raw != held {
            part(&["cap", &category.name], *held - *raw);
        }
    }
    if sum.raw != sum.score {
        part(&["cap", "score"], sum.score - sum.raw);
    }
    text
}

/// What the signals that fired say, the largest first.
fn say<'r, S: Scope>(level: &Level, ranked: &[usize], scope: &S) -> Cell<'r> {
    let said: Vec<String> = ranked
        .iter()
        .filter_map(|index| level.signals[*index].say.as_ref())
        .map(|template| fill(template, scope))
        .collect();
    if said.is_empty() { Cell::Null } else { Cell::Text(said.join("; ").into()) }
}

/// A template with its facts.
fn fill<S: Scope>(template: &Template, scope: &S) -> String {
    let mut text = String::new();
    for piece in &template.0 {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Fact { slot, fallback, kind } => {
                let value = if *kind == Type::Null { Value::Null } else { scope.get(*slot) };
                text.push_str(&value.to_text().unwrap_or(fallback.as_str().into()));
            }
        }
    }
    text
}
