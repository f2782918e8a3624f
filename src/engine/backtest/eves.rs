//! The days before outcomes: what the model said when an outcome had not come yet.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::units::UnitOutcome;
use pql_model::units::{Day, Points};

/// An outcome, and what the model said at the end of the day before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OutcomeEve {
    /// The unit.
    pub(crate) id: Box<str>,
    /// The outcome.
    pub(crate) outcome: UnitOutcome,
    /// What the model said; none if the unit had no event yet, or if the day comes after the last date.
    pub(crate) said: Option<EveStanding>,
}

/// What the model said of a unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EveStanding {
    pub(crate) score: Points,
    pub(crate) tier: String,
    /// The signals that fired, as rows print them.
    pub(crate) signals: String,
}

/// The days on which units are looked at because an outcome follows.
#[derive(Debug, Default)]
pub(super) struct EveDays {
    /// Units whose goal comes on the day after, or on the same day with a time.
    pub(super) last_looks: BTreeMap<Day, Vec<Box<str>>>,
    /// Units that are looked at a day earlier, to know what fired already.
    pub(super) first_looks: BTreeMap<Day, Vec<Box<str>>>,
    /// Outcomes whose day before is asked for.
    pub(super) outcomes: BTreeMap<Day, Vec<(Box<str>, UnitOutcome)>>,
    /// What fired for a unit before its last look.
    pub(super) fired_before: HashMap<Box<str>, HashSet<u16>>,
}

impl EveDays {
    /// Notes the first goal of a unit, if both days before it lie within the dates.
    pub(super) fn add_goal(&mut self, id: &str, goal: &UnitOutcome, [first, last]: [Day; 2]) {
        let last_look = if goal.timed { goal.day } else { goal.day - 1 };
        let first_look = goal.day - 2;
        if first <= first_look && last_look <= last {
            self.last_looks.entry(last_look).or_default().push(id.into());
            self.first_looks.entry(first_look).or_default().push(id.into());
        }
    }

    /// Asks for the day before an outcome.
    pub(super) fn add_outcome(&mut self, id: &str, outcome: UnitOutcome) {
        self.outcomes.entry(outcome.day - 1).or_default().push((id.into(), outcome));
    }

    /// Outcomes on whose day before nobody looked, in order of time: it comes after the last date.
    pub(super) fn take_later(&mut self) -> impl Iterator<Item = OutcomeEve> {
        let later = std::mem::take(&mut self.outcomes).into_values().flatten();
        later.map(|(id, outcome)| OutcomeEve { id, outcome, said: None })
    }

    /// All days before a day.
    pub(super) fn days_before(&self, last: Day) -> BTreeSet<Day> {
        let looks = self.last_looks.keys().chain(self.first_looks.keys()).chain(self.outcomes.keys());
        looks.copied().filter(|day| *day < last).collect()
    }
}
