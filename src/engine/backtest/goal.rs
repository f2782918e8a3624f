//! The goal of a back-test, and what became of one unit by it.

use super::units::{RowLabel, UnitOutcome};
use pql_model::{
    clock::{AsOf, Zone},
    resolved::OutcomeWord,
    units::{DAY_US, Day, Micros},
};

/// A goal that comes again counts anew after so many days without one.
const QUIET_DAYS: i64 = 90;

/// What units are held against.
#[derive(Debug, Clone, Copy)]
pub struct BacktestGoal {
    /// The outcome.
    pub word: OutcomeWord,
    /// How many local dates after a date it may come.
    pub horizon_days: u16,
    /// The first instant of which nothing is known any more.
    pub known_to: Micros,
}

impl BacktestGoal {
    /// The first instant after the horizon of a date.
    pub(super) fn end(&self, date: AsOf, zone: &Zone) -> Micros {
        AsOf::end_of_day(date.day + Day::from(self.horizon_days), zone).instant
    }

    /// Whether all that can happen within the horizon is known.
    pub(super) fn is_mature(&self, date: AsOf, zone: &Zone) -> bool {
        self.end(date, zone) <= self.known_to
    }

    /// What became of a unit after a date.
    pub(super) fn label(&self, outcomes: &[UnitOutcome], date: AsOf, zone: &Zone) -> RowLabel {
        if !self.is_open(outcomes, date.instant) {
            return RowLabel::ReachedBefore;
        }
        if !self.is_mature(date, zone) {
            return RowLabel::Immature;
        }
        let end = self.end(date, zone);
        let is_reached = self.instants(outcomes).any(|at| date.instant <= at && at < end);
        if is_reached { RowLabel::Positive } else { RowLabel::Negative }
    }

    /// Whether a unit could still reach the goal at an instant: it has not before. A goal of customers asks for a win before, and
    /// for a quiet time since the last one.
    pub(super) fn is_open(&self, outcomes: &[UnitOutcome], at: Micros) -> bool {
        let before = |word: OutcomeWord| outcomes.iter().filter(move |one| one.word == word && one.begins < at);
        if !self.comes_again() {
            return before(self.word).next().is_none();
        }
        let quiet_since = at - QUIET_DAYS * DAY_US;
        before(OutcomeWord::Won).next().is_some() && before(self.word).all(|one| one.begins < quiet_since)
    }

    /// Whether a customer may reach it several times.
    pub(super) fn comes_again(&self) -> bool {
        matches!(self.word, OutcomeWord::Expansion | OutcomeWord::Churned)
    }

    /// The instants at which a unit reached the goal, in order.
    pub(super) fn instants<'o>(&self, outcomes: &'o [UnitOutcome]) -> impl Iterator<Item = Micros> + use<'o> {
        let word = self.word;
        outcomes.iter().filter(move |one| one.word == word).map(|one| one.begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(word: OutcomeWord, day: i64) -> UnitOutcome {
        UnitOutcome { word, begins: day * DAY_US, day: day as Day, timed: false, amount: None, row: 0, deal: None }
    }

    fn date(day: Day) -> AsOf {
        AsOf::end_of_day(day, &Zone::utc())
    }

    fn goal(word: OutcomeWord, known_to: i64) -> BacktestGoal {
        BacktestGoal { word, horizon_days: 10, known_to: known_to * DAY_US }
    }

    /// The label of a unit at the end of day 100, by the days of its outcomes.
    fn label(word: OutcomeWord, known_to: i64, days: &[(OutcomeWord, i64)]) -> RowLabel {
        let outcomes: Vec<UnitOutcome> = days.iter().map(|(word, day)| outcome(*word, *day)).collect();
        goal(word, known_to).label(&outcomes, date(100), &Zone::utc())
    }

    #[test]
    fn a_goal_counts_from_the_date_to_the_end_of_the_horizon() {
        use OutcomeWord::Won;
        let cases = [
            (100, RowLabel::ReachedBefore),
            (101, RowLabel::Positive),
            (110, RowLabel::Positive),
            (111, RowLabel::Negative),
        ];
        for (day, expected) in cases {
            assert_eq!(label(Won, 111, &[(Won, day)]), expected, "won on day {day}");
        }
        assert_eq!(label(Won, 110, &[(Won, 105)]), RowLabel::Immature);
    }

    #[test]
    fn a_goal_of_customers_asks_for_a_win_and_for_quiet() {
        use OutcomeWord::{Expansion, Won};
        assert_eq!(label(Expansion, 200, &[(Expansion, 105)]), RowLabel::ReachedBefore, "never won");
        assert_eq!(label(Expansion, 200, &[(Won, 5), (Expansion, 105)]), RowLabel::Positive);
        assert_eq!(label(Expansion, 200, &[(Won, 5), (Expansion, 80), (Expansion, 105)]), RowLabel::ReachedBefore);
        assert_eq!(label(Expansion, 200, &[(Won, 5), (Expansion, 10), (Expansion, 105)]), RowLabel::Positive);
    }
}
