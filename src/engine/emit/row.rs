//! One user or account as a row: every column in the order that is never changed, and the breakdown behind the score.

use std::borrow::Cow;

use crate::score::{
    ScoredEntities,
    fact_table::EntityFacts,
    milestones::{MilestoneResult, MilestoneState},
};
use pql_model::{
    EntityKind, Model,
    clock::{push_day, push_instant},
    expr::{EvalScope, Value, ValueType},
    output_columns,
    resolved::{Level, Route, TemplatePart, TextTemplate},
    scoring::{ScoreTotals, SignalFiring, SignalPayout, evaluate_signals, sum_points},
    units::{Day, Micros, Points, push_number},
};

/// A cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OutputCell<'r> {
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

impl<'r> OutputCell<'r> {
    fn from_value(value: Value<'r>) -> OutputCell<'r> {
        match value {
            Value::Null => OutputCell::Null,
            Value::Number(number) => OutputCell::Number(number),
            Value::Text(text) => OutputCell::Text(text),
            Value::Digits(text) => OutputCell::Text(text.into()),
            Value::Boolean(truth) => OutputCell::Boolean(truth),
            Value::Date(day) => OutputCell::Date(day),
        }
    }

    fn from_text(text: Option<&'r str>) -> OutputCell<'r> {
        text.map_or(OutputCell::Null, |text| OutputCell::Text(text.into()))
    }

    /// As text, which is empty for null.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            OutputCell::Text(text) => Cow::Borrowed(text),
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
            OutputCell::Null => {}
            OutputCell::Text(own) => text.push_str(own),
            OutputCell::Points(points) => points.push_to(text),
            OutputCell::Number(number) => push_number(text, *number),
            OutputCell::Boolean(truth) => text.push_str(if *truth { "true" } else { "false" }),
            OutputCell::Date(day) => push_day(text, *day),
            OutputCell::Instant(at) => push_instant(text, *at),
        }
    }
}

/// A row and what is behind its score.
#[derive(Debug)]
pub(super) struct OutputRow<'r> {
    /// By column.
    pub(super) cells: Vec<OutputCell<'r>>,
    /// By signal, in the order of the model.
    pub(super) paid: Vec<SignalPayout>,
    /// By category, and in sum.
    pub(super) sum: ScoreTotals,
    /// The route, if the level has any.
    pub(super) route: Option<&'r Route>,
}

/// The header of a level's rows.
pub(super) fn header(model: &Model, side: EntityKind) -> Vec<String> {
    let level = model.resolved.level(side);
    let categories = level.categories.iter().map(|category| category.name.as_str());
    let milestones = level.milestones.iter().map(|milestone| milestone.name.as_str());
    let mut header = match side {
        EntityKind::User => output_columns::user_columns(categories, milestones),
        EntityKind::Account => output_columns::account_columns(categories, milestones),
    };
    header.extend(level.columns.iter().map(|column| column.header.clone()));
    header
}

/// Makes the row of an entity, by place, and hands it on.
pub(super) fn with<T>(
    scored: &ScoredEntities<'_>,
    model: &Model,
    side: EntityKind,
    place: usize,
    take: impl FnOnce(&OutputRow<'_>) -> T,
) -> T {
    match side {
        EntityKind::User => take(&user(scored, model, place, &scored.user_facts(place))),
        EntityKind::Account => take(&account(scored, model, place, &scored.account_facts(place))),
    }
}

/// The row of a user, by place, with its facts.
fn user<'r>(
    scored: &'r ScoredEntities<'_>,
    model: &'r Model,
    number: usize,
    scope: &'r EntityFacts<'r>,
) -> OutputRow<'r> {
    let home = scored.entities.users[number].home.map(|home| home as usize);
    let common = RowBuilder {
        level: &model.resolved.levels.user,
        scope,
        outcomes: slice(&scored.user_milestones, number, model.resolved.levels.user.milestones.len()),
        seen: scored.user_event_spans[number],
    };
    let first = [OutputCell::Text(scored.user_id(number).into()), OutputCell::from_text(scored.home_id(number))];
    let champion = home.and_then(|home| scored.champion(home)) == Some(number);
    let buyer = home.and_then(|home| scored.buyer(home)) == Some(number);
    let after_seen = vec![OutputCell::from_value(scope.get(model.resolved.levels.user.slots.active_days_28))];
    common.row(first, vec![OutputCell::Boolean(champion), OutputCell::Boolean(buyer)], after_seen)
}

/// The row of an account, by place, with its facts.
fn account<'r>(
    scored: &'r ScoredEntities<'_>,
    model: &'r Model,
    number: usize,
    scope: &'r EntityFacts<'r>,
) -> OutputRow<'r> {
    let slots = &model.resolved.levels.account.slots;
    let person = |user: Option<usize>| OutputCell::from_text(user.map(|user| scored.user_id(user)));
    let common = RowBuilder {
        level: &model.resolved.levels.account,
        scope,
        outcomes: slice(&scored.account_milestones, number, model.resolved.levels.account.milestones.len()),
        seen: scored.account_event_spans[number],
    };
    let first = [OutputCell::Text(scored.account_id(number).into()), OutputCell::from_value(scope.get(slots.segment))];
    let counts =
        [slots.members, slots.users, slots.active_users_28].map(|slot| OutputCell::from_value(scope.get(slot)));
    let between = counts.into_iter().chain([person(scored.champion(number)), person(scored.buyer(number))]).collect();
    common.row(first, between, Vec::new())
}

fn slice(outcomes: &[MilestoneResult], entity: usize, stride: usize) -> &[MilestoneResult] {
    &outcomes[entity * stride..(entity + 1) * stride]
}

/// What rows of both levels have.
struct RowBuilder<'r> {
    level: &'r Level,
    scope: &'r EntityFacts<'r>,
    outcomes: &'r [MilestoneResult],
    seen: (Micros, Micros),
}

impl<'r> RowBuilder<'r> {
    fn row(
        &self,
        first: [OutputCell<'r>; 2],
        between: Vec<OutputCell<'r>>,
        after_seen: Vec<OutputCell<'r>>,
    ) -> OutputRow<'r> {
        let (level, scope) = (self.level, self.scope);
        let paid = evaluate_signals(level, scope);
        let sum = sum_points(level, &paid);
        let fact = |slot: u32| OutputCell::from_value(scope.get(slot));
        let name = scope.get(level.slots.route).to_text();
        let route = level.routes.iter().find(|route| Some(route.name.as_str()) == name.as_deref());
        let of_route = |text: fn(&'r Route) -> Option<&'r str>| OutputCell::from_text(route.and_then(text));
        // All columns, and few more.
        let more =
            between.len() + sum.categories.len() + 2 * self.outcomes.len() + after_seen.len() + level.columns.len();
        let mut cells: Vec<OutputCell<'r>> = Vec::with_capacity(15 + more);
        cells.extend(first);
        cells.push(OutputCell::Points(sum.score));
        cells.extend([level.slots.tier, level.slots.qualified, level.slots.route, level.slots.motion].map(fact));
        cells.extend([of_route(|route| route.to.as_deref()), of_route(|route| route.action.as_deref())]);
        cells.extend(between);
        cells.extend(sum.categories.iter().map(|(_, held)| OutputCell::Points(*held)));
        let ranked = ranked(&paid);
        cells.push(OutputCell::Text(signals(level, &paid, &ranked, &sum).into()));
        for outcome in self.outcomes {
            cells.push(OutputCell::Text(outcome.state.as_str().into()));
            cells.push(match outcome.state {
                MilestoneState::Reached(at) => OutputCell::Instant(at),
                _ => OutputCell::Null,
            });
        }
        cells.extend([OutputCell::Instant(self.seen.0), OutputCell::Instant(self.seen.1)]);
        cells.extend(after_seen);
        cells.push(signal_messages(level, &ranked, scope));
        let template = |template: Option<&TextTemplate>| {
            template.map_or(OutputCell::Null, |template| OutputCell::Text(render_template(template, scope).into()))
        };
        cells.push(template(route.and_then(|route| route.because.as_ref())));
        cells.push(template(route.and_then(|route| route.message.as_ref())));
        cells.extend(level.columns.iter().map(|column| fact(column.slot)));
        OutputRow { cells, paid, sum, route }
    }
}

/// Signals that fired by place, the largest first.
fn ranked(paid: &[SignalPayout]) -> Vec<usize> {
    let mut ranked = Vec::with_capacity(paid.len());
    ranked.extend((0..paid.len()).filter(|index| paid[*index].firing == SignalFiring::Fired));
    ranked.sort_by_key(|index| std::cmp::Reverse(paid[*index].points));
    ranked
}

/// `name:points` of all that fired, and what bounds took or gave, so that it adds up to the score.
fn signals(level: &Level, paid: &[SignalPayout], ranked: &[usize], sum: &ScoreTotals) -> String {
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
fn signal_messages<'r, S: EvalScope>(level: &Level, ranked: &[usize], scope: &S) -> OutputCell<'r> {
    let said: Vec<String> = ranked
        .iter()
        .filter_map(|index| level.signals[*index].say.as_ref())
        .map(|template| render_template(template, scope))
        .collect();
    if said.is_empty() { OutputCell::Null } else { OutputCell::Text(said.join("; ").into()) }
}

/// A template with its facts.
fn render_template<S: EvalScope>(template: &TextTemplate, scope: &S) -> String {
    let mut text = String::new();
    for piece in &template.0 {
        match piece {
            TemplatePart::Text(plain) => text.push_str(plain),
            TemplatePart::Fact { slot, fallback, kind } => {
                let value = if *kind == ValueType::Null { Value::Null } else { scope.get(*slot) };
                text.push_str(&value.to_text().unwrap_or(fallback.as_str().into()));
            }
        }
    }
    text
}
