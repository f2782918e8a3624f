//! What is expected of users and accounts, and how it compares with what was scored.

use std::ops::Range;

use crate::{
    clock::instant_text,
    emit,
    expr::{Program, Scope, Value},
    ledger::{Entity, EntityFacts, Known, Ledger, name_of},
    model::{EntityKind, Model},
    score::{Scored, milestones::State, points::Firing},
    units::{Micros, Points, number_text, same_number},
};

/// What is expected of one user or account.
#[derive(Debug)]
pub(super) struct Expect {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: String,
    /// No row.
    pub(super) absent: bool,
    pub(super) checks: Vec<Check>,
}

/// One thing that is expected.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) span: Range<usize>,
    /// What it is about, for people.
    pub(super) what: String,
    pub(super) wanted: Wanted,
}

/// What something should be.
#[derive(Debug)]
pub(super) enum Wanted {
    Score(Points),
    /// The tier, route or segment.
    Name(&'static str, String),
    /// Whether a signal pays, by place.
    Fires(usize, bool),
    /// What a signal pays.
    Pays(usize, Points),
    /// How a milestone stands, and when it was reached if that is asked.
    Milestone(usize, String, Option<Micros>),
    Fact(u32, Value<'static>),
    Holds(Program),
    /// A column and its text.
    Column(String, String),
}

/// An expectation that was not met.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Where it stands in the file of cases.
    pub span: Range<usize>,
    /// `user u1`; empty if it is about the case as a whole.
    pub entity: String,
    /// What was compared.
    pub what: String,
    /// What the case says.
    pub expected: String,
    /// What was scored.
    pub got: String,
}

/// A value as it reads in a sentence.
fn words(value: &Value<'_>) -> String {
    value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
}

/// Whether two values are the same as far as they are printed.
fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(*a, *b) || number_text(*a) == number_text(*b),
        (a, b) => words(a) == words(b) && a.is_null() == b.is_null(),
    }
}

/// What an expectation is held against.
pub(super) struct Subject<'s> {
    pub(super) scored: &'s Scored<'s>,
    pub(super) model: &'s Model,
    pub(super) entity: Entity,
    pub(super) scope: EntityFacts<'s>,
    pub(super) ledger: &'s Ledger,
}

impl Subject<'_> {
    /// The failure of a check, if it fails.
    pub(super) fn hold(&self, check: &Check) -> Option<Failure> {
        let (expected, got) = match &check.wanted {
            Wanted::Score(points) => (points.to_string(), self.ledger.score.to_string()),
            Wanted::Name(key, name) => (name.clone(), self.name(key)),
            Wanted::Fires(place, fires) => {
                let firing = self.ledger.signals.get(*place).map_or(Firing::Not, |signal| signal.firing);
                if (firing == Firing::Fired) == *fires {
                    return None;
                }
                let got = match firing {
                    Firing::Fired => "fired",
                    Firing::Superseded => "superseded",
                    Firing::Not => "did not fire",
                };
                (if *fires { "fired" } else { "did not fire" }.to_owned(), got.to_owned())
            }
            Wanted::Pays(place, points) => {
                let paid = self.ledger.signals.get(*place).map_or(Points::ZERO, |signal| signal.points[2]);
                (points.to_string(), paid.to_string())
            }
            Wanted::Milestone(place, state, at) => {
                let got = self.ledger.milestones.get(*place).map(|(_, state)| *state)?;
                let reached = match got {
                    State::Reached(at) => Some(at),
                    State::Pending | State::Missed => None,
                };
                let text = |word: &str, at: Option<Micros>| match at {
                    Some(at) => format!("{word} {}", instant_text(at)),
                    None => word.to_owned(),
                };
                (text(state, *at), text(got.word(), reached.filter(|_| at.is_some())))
            }
            Wanted::Fact(slot, value) => {
                let got = self.scope.get(*slot);
                if same(value, &got) {
                    return None;
                }
                (words(value), words(&got))
            }
            Wanted::Holds(program) => {
                if program.holds(&self.scope) {
                    return None;
                }
                ("holds".to_owned(), self.facts_of(program))
            }
            Wanted::Column(name, text) => {
                let columns = emit::columns(self.scored, self.model, self.entity.side, self.entity.place);
                let got = columns.into_iter().find(|(known, _)| known == name).map(|(_, text)| text);
                (text.clone(), got.unwrap_or_default())
            }
        };
        let entity = format!("{} {}", self.entity.side.word(), self.ledger.id);
        (expected != got).then(|| Failure { span: check.span.clone(), entity, what: check.what.clone(), expected, got })
    }

    fn name(&self, key: &str) -> String {
        let level = self.model.level(self.entity.side);
        let slot = match key {
            "tier" => level.slots.tier,
            "route" => level.slots.route,
            _ => level.slots.segment,
        };
        words(&self.scope.get(slot))
    }

    /// The facts that a condition names.
    fn facts_of(&self, program: &Program) -> String {
        let mut known: Vec<Known> = Vec::new();
        program.slots(&mut |slot| {
            let name = name_of(self.model, self.entity.side, slot);
            if !known.iter().any(|fact| fact.name == name) {
                let value =
                    self.scope.get(slot).to_text().map_or(Value::Null, |text| Value::Text(text.into_owned().into()));
                known.push(Known { name, value });
            }
        });
        let shown: Vec<String> = known.iter().map(|fact| format!("{} = {}", fact.name, words(&fact.value))).collect();
        if shown.is_empty() { "does not hold".to_owned() } else { shown.join(", ") }
    }
}
