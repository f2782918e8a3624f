//! Expectations about users and accounts, and their comparison with the scores.

use std::ops::Range;

use crate::{
    emit,
    ledger::{EntityFacts, EntityRef, FactValue, Ledger, fact_name},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    clock::format_instant,
    expr::{EvalScope, Program, Value},
    scoring::SignalFiring,
    units::{Micros, Points, approx_equal, format_number},
};

/// The state of a milestone that the events of a case cannot tell.
pub(super) const UNKNOWN: &str = "unknown";

/// The expectations about one user or account.
#[derive(Debug)]
pub(super) struct EntityExpectation {
    pub(super) span: Range<usize>,
    pub(super) side: EntityKind,
    pub(super) id: String,
    /// If set, the entity must have no row.
    pub(super) absent: bool,
    pub(super) checks: Vec<ExpectationCheck>,
}

/// One expectation.
#[derive(Debug)]
pub(super) struct ExpectationCheck {
    pub(super) span: Range<usize>,
    /// Its subject, for people.
    pub(super) what: String,
    pub(super) expected: ExpectedResult,
}

impl ExpectationCheck {
    pub(super) fn new(span: &Range<usize>, what: impl Into<String>, expected: ExpectedResult) -> Self {
        Self { span: span.clone(), what: what.into(), expected }
    }
}

/// The expected result.
#[derive(Debug)]
pub(super) enum ExpectedResult {
    Score(Points),
    /// The tier, route or segment.
    Name(&'static str, String),
    /// The outcome of a signal, by index: true if it must pay.
    Fires(usize, bool),
    /// The points of a signal, by index.
    Pays(usize, Points),
    /// The state of a milestone and, if given, the instant at which it was reached.
    Milestone(usize, String, Option<Micros>),
    Fact(u32, Value<'static>),
    Holds(Program),
    /// A column and its text.
    Column(String, String),
    /// A column that shows the state of a milestone, and its text.
    MilestoneColumn(String, String),
}

/// An expectation that failed.
#[derive(Debug, Clone)]
pub(crate) struct CaseFailure {
    /// The place of the expectation in the case file.
    pub(crate) span: Range<usize>,
    /// The day, as the file writes it; none in a case of one run.
    pub(crate) day: Option<String>,
    /// `user u1`; empty for the case as a whole.
    pub(crate) entity: String,
    /// The subject of the comparison.
    pub(crate) what: String,
    /// The expected result.
    pub(crate) expected: String,
    /// The result of scoring.
    pub(crate) got: String,
}

/// A value, formatted for a sentence.
fn display_value(value: &Value<'_>) -> String {
    value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
}

/// What became of a signal, in a sentence.
fn firing_text(firing: SignalFiring) -> &'static str {
    match firing {
        SignalFiring::Fired | SignalFiring::Superseded => firing.as_str(),
        SignalFiring::NotFired => "did not fire",
    }
}

/// True if two values print alike.
fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => approx_equal(*a, *b) || format_number(*a) == format_number(*b),
        (a, b) => display_value(a) == display_value(b) && a.is_null() == b.is_null(),
    }
}

/// The results that expectations are compared with.
pub(super) struct CheckContext<'s> {
    pub(super) scored: &'s ScoredEntities<'s>,
    pub(super) model: &'s Model,
    pub(super) entity: EntityRef,
    pub(super) scope: EntityFacts<'s>,
    pub(super) ledger: &'s Ledger,
}

impl ExpectationCheck {
    /// True if it expects a milestone that the data cannot tell.
    pub(super) fn expects_unknown(&self) -> bool {
        match &self.expected {
            ExpectedResult::Milestone(_, word, _) | ExpectedResult::MilestoneColumn(_, word) => word == UNKNOWN,
            ExpectedResult::Score(_)
            | ExpectedResult::Name(..)
            | ExpectedResult::Fires(..)
            | ExpectedResult::Pays(..)
            | ExpectedResult::Fact(..)
            | ExpectedResult::Holds(_)
            | ExpectedResult::Column(..) => false,
        }
    }
}

impl CheckContext<'_> {
    /// The failure of a check, if it fails.
    pub(super) fn check(&self, check: &ExpectationCheck) -> Option<CaseFailure> {
        let (expected, got) = match &check.expected {
            ExpectedResult::Score(points) => (points.to_string(), self.ledger.score.to_string()),
            ExpectedResult::Name(key, name) => (name.clone(), self.name(key)),
            ExpectedResult::Fires(place, fires) => {
                let firing = self.ledger.signals.get(*place).map_or(SignalFiring::NotFired, |signal| signal.firing);
                if (firing == SignalFiring::Fired) == *fires {
                    return None;
                }
                (if *fires { "fired" } else { "did not fire" }.to_owned(), firing_text(firing).to_owned())
            }
            ExpectedResult::Pays(place, points) => {
                let paid = self.ledger.signals.get(*place).map_or(Points::ZERO, |signal| signal.points[2]);
                (points.to_string(), paid.to_string())
            }
            ExpectedResult::Milestone(place, state, at) => {
                let got = self.ledger.milestones.get(*place).map(|(_, state)| *state)?;
                let text = |word: &str, at: Option<Micros>| match at {
                    Some(at) => format!("{word} {}", format_instant(at)),
                    None => word.to_owned(),
                };
                (text(state, *at), text(got.as_str(), got.reached().filter(|_| at.is_some())))
            }
            ExpectedResult::Fact(slot, value) => {
                let got = self.scope.get(*slot);
                if same(value, &got) {
                    return None;
                }
                (display_value(value), display_value(&got))
            }
            ExpectedResult::Holds(program) => {
                if program.holds(&self.scope) {
                    return None;
                }
                ("holds".to_owned(), self.facts_of(program))
            }
            ExpectedResult::Column(name, text) | ExpectedResult::MilestoneColumn(name, text) => {
                let EntityRef { side, place } = self.entity;
                let got = emit::column_text(self.scored, self.model, side, place, name);
                (text.clone(), got.expect("binding a case finds the column"))
            }
        };
        let entity = format!("{} {}", self.entity.side.word(), self.ledger.id);
        (expected != got).then(|| CaseFailure {
            span: check.span.clone(),
            day: None,
            entity,
            what: check.what.clone(),
            expected,
            got,
        })
    }

    fn name(&self, key: &str) -> String {
        let level = self.model.resolved.level(self.entity.side);
        let slot = match key {
            "tier" => level.slots.tier,
            "route" => level.slots.route,
            _ => level.slots.segment,
        };
        display_value(&self.scope.get(slot))
    }

    /// The facts that a condition names, with their values.
    fn facts_of(&self, program: &Program) -> String {
        let mut known: Vec<FactValue> = Vec::new();
        program.visit_slots(&mut |slot| {
            let name = fact_name(self.model, self.entity.side, slot);
            if !known.iter().any(|fact| fact.name == name) {
                let value =
                    self.scope.get(slot).to_text().map_or(Value::Null, |text| Value::Text(text.into_owned().into()));
                known.push(FactValue { name, value });
            }
        });
        let shown: Vec<String> =
            known.iter().map(|fact| format!("{} = {}", fact.name, display_value(&fact.value))).collect();
        if shown.is_empty() { "does not hold".to_owned() } else { shown.join(", ") }
    }
}
