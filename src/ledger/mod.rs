//! One entity's result as an account of how it came about: a ledger of points that adds up line by line, milestones, and which rules held.
//!
//! Takes [`Scored`] and gives a [`Ledger`]. Nothing is scored here: every amount is one that [`crate::score::points`] gave, and every
//! condition is evaluated by the program that the scorer evaluates.

mod entity;
mod facts;
mod json;
mod text;

pub use crate::score::board::EntityFacts;
pub use entity::Entity;
pub use facts::{Known, Unmet, known_facts, name_of, owned, slot_of, unmet};
pub use json::{object, points as points_json, value as value_json};
pub use text::{FACTS_SHOWN, text, value as value_text};

use crate::{
    clock::AsOf,
    expr::{Scope, Value},
    model::{
        EntityKind, Model,
        compiled::{DecayCurve, Level, Payment, Signal, Tier},
    },
    score::{
        Scored,
        milestones::State,
        points::{Firing, Paid, Sum, passes, pay, sum},
    },
    units::Points,
};

/// Everything that is to be said of one entity.
#[derive(Debug)]
pub struct Ledger {
    /// User or account.
    pub side: EntityKind,
    /// As rows print it.
    pub id: String,
    /// Of a user: the home account.
    pub home: Option<String>,
    /// The instant looked from.
    pub as_of: AsOf,
    /// What adds up to the score, in the order of the model's categories and signals.
    pub lines: Vec<Line>,
    /// By signal, in the order of the model.
    pub signals: Vec<SignalNote>,
    /// Names of categories, in the order of the lines.
    pub categories: Vec<String>,
    /// The sum of the lines.
    pub score: Points,
    /// In the order of the model.
    pub milestones: Vec<(String, State)>,
    /// Of accounts: the kind of account. None if the model has no segments.
    pub segment: Option<Decision>,
    /// The band of the score; none if the model has no tiers.
    pub tier: Option<Decision>,
    /// What happens next; none if the model has no routes.
    pub route: Option<Decision>,
}

/// One amount, and the sum so far.
#[derive(Debug, Clone)]
pub struct Line {
    /// What gives or takes it.
    pub entry: Entry,
    /// What it adds. **Units**: points.
    pub points: Points,
    /// The sum of all lines up to this one.
    pub total: Points,
}

/// What gives or takes points.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A signal that fired, before anything is taken from it; by place.
    Signal(usize),
    /// The `max` of a signal.
    Max(usize),
    /// The decay of a signal.
    Decay(usize, DecayNote),
    /// An earlier signal of the same exclusive group pays; both by place.
    Superseded(usize, Option<usize>),
    /// The bounds of a category, by place.
    Category(usize),
    /// The bounds of the score.
    Score,
}

/// How far decay has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecayNote {
    /// The curve.
    pub curve: DecayCurve,
    /// What `since` was. **Units**: days.
    pub days: Option<f64>,
}

/// What one signal looked at and came to.
#[derive(Debug)]
pub struct SignalNote {
    /// Its name.
    pub name: String,
    /// The name of its category.
    pub category: String,
    /// Whether it pays.
    pub firing: Firing,
    /// What it saw: a number, or whether its condition held.
    pub seen: Value<'static>,
    /// When it pays, in the words of the model.
    pub rule: String,
    /// The facts that it looked at.
    pub facts: Vec<Known>,
    /// Of one that does not fire: the parts of its condition that do not hold.
    pub unmet: Vec<Unmet>,
    /// Before its `max`, before decay, and what it pays.
    pub points: [Points; 3],
}

/// The first entry of a list that held.
#[derive(Debug)]
pub struct Decision {
    /// Entries in the order of the model, up to the one that held.
    pub tried: Vec<Tried>,
}

/// An entry of a list of which the first that holds counts.
#[derive(Debug)]
pub struct Tried {
    /// Its name.
    pub name: String,
    /// For people.
    pub label: Option<String>,
    /// When it holds; empty if always.
    pub rule: String,
    /// Why it does not; empty if it does.
    pub unmet: Vec<Unmet>,
}

impl Decision {
    /// The entry that held.
    pub fn chosen(&self) -> Option<&Tried> {
        self.tried.last().filter(|last| last.unmet.is_empty())
    }
}

impl Ledger {
    /// The name of a category, by place.
    pub fn category(&self, place: usize) -> &str {
        self.categories.get(place).map_or("", String::as_str)
    }
}

/// The ledger of an entity.
pub fn ledger(scored: &Scored<'_>, model: &Model, entity: Entity) -> Ledger {
    let level = model.level(entity.side);
    let scope = entity.scope(scored);
    let paid = pay(level, &scope);
    let total = sum(level, &paid);
    let names = |slot: u32| name_of(model, entity.side, slot);
    let noter = Noter { model, side: entity.side, level, scope: &scope, names: &names };
    let signals = level.signals.iter().zip(&paid).map(|(signal, paid)| noter.note(signal, paid)).collect();
    let rule = |when: Option<&crate::expr::Program>| when.map(|when| when.text(&names)).unwrap_or_default();
    let why = |when: Option<&crate::expr::Program>| {
        when.map(|when| unmet(model, entity.side, when, &scope)).unwrap_or_default()
    };
    let segment = level.segments.iter().map(|one| Tried {
        name: one.name.clone(),
        label: None,
        rule: rule(one.when.as_ref()),
        unmet: why(one.when.as_ref()),
    });
    let tier = level.tiers.iter().map(|one| tier(one, total.score, rule(one.when.as_ref()), why(one.when.as_ref())));
    let route = level.routes.iter().map(|one| Tried {
        name: one.name.clone(),
        label: one.action.clone(),
        rule: rule(one.when.as_ref()),
        unmet: why(one.when.as_ref()),
    });
    Ledger {
        side: entity.side,
        id: entity.id(scored).to_owned(),
        home: entity.home(scored).map(str::to_owned),
        as_of: scored.as_of,
        lines: lines(level, &paid, &total, &scope),
        signals,
        categories: level.categories.iter().map(|category| category.name.clone()).collect(),
        score: total.score,
        milestones: entity.milestones(scored, model),
        segment: decide(segment),
        tier: decide(tier),
        route: decide(route),
    }
}

/// The entries of a list up to the first that holds; none if the list is empty.
fn decide(all: impl Iterator<Item = Tried>) -> Option<Decision> {
    let mut tried: Vec<Tried> = Vec::new();
    for one in all {
        let holds = one.unmet.is_empty();
        tried.push(one);
        if holds {
            break;
        }
    }
    (!tried.is_empty()).then_some(Decision { tried })
}

/// A tier with its threshold as a condition like any other.
fn tier(tier: &Tier, score: Points, rule: String, mut unmet: Vec<Unmet>) -> Tried {
    let mut words = Vec::new();
    if let Some((threshold, strict)) = tier.threshold {
        let condition = threshold_text("score", threshold, strict);
        if !passes(score.to_f64(), threshold, strict) {
            let fact = Known { name: "score".to_owned(), value: Value::Number(score.to_f64()) };
            unmet.insert(0, Unmet { condition: condition.clone(), facts: vec![fact] });
        }
        words.push(condition);
    }
    if !rule.is_empty() {
        words.push(rule);
    }
    Tried { name: tier.name.clone(), label: tier.label.clone(), rule: words.join(" and "), unmet }
}

/// `score >= 80`
pub fn threshold_text(what: &str, threshold: f64, strict: bool) -> String {
    format!("{what} {} {}", if strict { ">" } else { ">=" }, crate::units::number_text(threshold))
}

/// What a signal pays for, in words.
fn rule(signal: &Signal, names: &dyn Fn(u32) -> String) -> String {
    let guard = signal.guard.as_ref().map(|guard| guard.text(names));
    let what = match &signal.pay {
        Payment::Flat(points) => format!("{points}"),
        Payment::Ladder { value, strict, rungs } => {
            let word = if *strict { "above" } else { "from" };
            let rung = |(threshold, points): &(f64, Points)| {
                format!("{points} {word} {}", crate::units::number_text(*threshold))
            };
            let rungs: Vec<String> = rungs.iter().map(rung).collect();
            format!("{}: {}", value.text(names), rungs.join(", "))
        }
        Payment::Per { value, points, max } => {
            let max = max.map(|max| format!(", at most {max}")).unwrap_or_default();
            format!("{points} for each of {}{max}", value.text(names))
        }
    };
    guard.map_or(what.clone(), |guard| format!("{what} if {guard}"))
}

/// What notes of signals are made from.
struct Noter<'n> {
    model: &'n Model,
    side: EntityKind,
    level: &'n Level,
    scope: &'n EntityFacts<'n>,
    names: &'n dyn Fn(u32) -> String,
}

impl Noter<'_> {
    fn note(&self, signal: &Signal, paid: &Paid) -> SignalNote {
        let Noter { model, side, level, scope, names } = *self;
        let mut programs = Vec::new();
        if let Payment::Ladder { value, .. } | Payment::Per { value, .. } = &signal.pay {
            programs.push(value);
        }
        programs.extend(&signal.guard);
        programs.extend(signal.decay.as_ref().map(|decay| &decay.since));
        let guard = signal.guard.as_ref().filter(|_| paid.firing == Firing::Not);
        let mut missing = guard.map(|guard| unmet(model, side, guard, scope)).unwrap_or_default();
        if let Payment::Ladder { value, strict, rungs } = &signal.pay
            && let Some((first, _)) = rungs.first()
            && !paid.seen.as_number().is_some_and(|seen| passes(seen, *first, *strict))
        {
            let condition = threshold_text(&value.text(names), *first, *strict);
            missing.push(Unmet { condition, facts: known_facts(model, side, &[value], scope) });
        }
        SignalNote {
            name: signal.name.clone(),
            category: level.categories[signal.category].name.clone(),
            firing: paid.firing,
            seen: paid.seen.value(),
            rule: rule(signal, names),
            facts: known_facts(model, side, &programs, scope),
            unmet: missing,
            points: [paid.unbounded, paid.full, paid.points],
        }
    }
}

/// Adds up what signals came to, category by category, so that each bound stands behind what it bounds.
fn lines(level: &Level, paid: &[Paid], total: &Sum, scope: &EntityFacts<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut running = Points::ZERO;
    let mut add = |entry: Entry, points: Points| {
        running = running + points;
        lines.push(Line { entry, points, total: running });
    };
    for (category, (raw, held)) in total.categories.iter().enumerate() {
        for (place, (signal, one)) in level.signals.iter().zip(paid).enumerate() {
            if signal.category != category || one.firing == Firing::Not {
                continue;
            }
            add(Entry::Signal(place), one.unbounded);
            if one.full != one.unbounded {
                add(Entry::Max(place), one.full - one.unbounded);
            }
            if one.firing == Firing::Superseded {
                // What decay would have left of it is nobody's business: it pays nothing.
                let same = |other: &usize| level.signals[*other].exclusive == signal.exclusive;
                let by = (0..place).filter(same).find(|other| paid[*other].firing == Firing::Fired);
                add(Entry::Superseded(place, by), Points::ZERO - one.full);
                continue;
            }
            if let Some(decay) = signal.decay.as_ref().filter(|_| one.points != one.full) {
                let days = decay.since.eval(scope).as_number();
                add(Entry::Decay(place, DecayNote { curve: decay.curve, days }), one.points - one.full);
            }
        }
        if raw != held {
            add(Entry::Category(category), *held - *raw);
        }
    }
    if total.raw != total.score {
        add(Entry::Score, total.score - total.raw);
    }
    lines
}

/// Whether a signal's rung is reached, and which: the highest whose threshold what was seen passes.
pub fn rung(signal: &Signal, seen: &Value<'_>) -> Option<usize> {
    let Payment::Ladder { strict, rungs, .. } = &signal.pay else { return None };
    let seen = seen.as_number()?;
    rungs.iter().rposition(|(threshold, _)| passes(seen, *threshold, *strict))
}

/// What a fact is for an entity; none if its level has no such fact.
pub fn fact<'s>(model: &Model, side: EntityKind, name: &str, scope: &'s EntityFacts<'_>) -> Option<Value<'s>> {
    slot_of(model, side, name).map(|(slot, _)| scope.get(slot))
}
