//! When a unit became a lead, and what followed.
//!
//! A trigger is the first date at which an account, or a user of it, is qualified. Who is qualified at the first date already is the stock: nobody
//! knows since when, so it is shown apart.

use super::{
    goal::BacktestGoal,
    units::{BacktestUnit, Observations, UnitOutcome, UnitRow},
};
use pql_model::{
    clock::{AsOf, Zone},
    resolved::OutcomeWord,
    units::Micros,
};

/// A unit that became a lead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trigger<'o> {
    /// The unit.
    pub(crate) unit: &'o BacktestUnit,
    /// The date at which it was first a lead.
    pub(crate) date: AsOf,
    /// Whether all within the horizon is known.
    pub(crate) mature: bool,
    /// The first instant after the horizon.
    pub(crate) end: Micros,
}

/// Leads by how they came.
#[derive(Debug, Default)]
pub(crate) struct TriggerList<'o> {
    /// Those that became leads after the first date, in order of date, then id, and had not reached the goal.
    pub(crate) triggers: Vec<Trigger<'o>>,
    /// Those that were leads at the first date.
    pub(crate) stock: Vec<&'o BacktestUnit>,
    /// Those that became leads when they had reached the goal.
    pub(crate) after_goal: u64,
}

impl Trigger<'_> {
    /// The first outcome of a kind from the trigger on.
    pub(crate) fn first(&self, word: OutcomeWord) -> Option<&UnitOutcome> {
        self.unit.outcomes.iter().find(|one| one.word == word && one.begins >= self.date.instant)
    }

    /// Whether an outcome of a kind came within the horizon.
    pub(crate) fn had(&self, word: OutcomeWord) -> bool {
        self.first(word).is_some_and(|one| one.begins < self.end)
    }
}

/// Finds the triggers of all units. Of units that share their outcomes, only the first to become a lead counts: their account has one story.
pub(super) fn find_triggers<'o>(seen: &'o Observations, goal: &BacktestGoal, zone: &Zone) -> TriggerList<'o> {
    let mut list = TriggerList::default();
    let stories = if seen.share_outcomes { seen.clusters as usize } else { seen.units.len() };
    let mut leads_known = vec![false; stories];
    let story = |row: &UnitRow| if seen.share_outcomes { seen.unit(row).cluster } else { row.unit };
    for rows in seen.by_date() {
        let mut new: Vec<&UnitRow> = rows.iter().filter(|row| row.lead).collect();
        // The highest score speaks for its cluster.
        new.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| seen.unit(a).id.cmp(&seen.unit(b).id)));
        new.retain(|row| !std::mem::replace(&mut leads_known[story(row) as usize], true));
        new.sort_by_key(|row| &seen.unit(row).id);
        for row in new {
            let (unit, date) = (seen.unit(row), seen.dates[row.date as usize]);
            if row.date == 0 {
                list.stock.push(unit);
            } else if goal.is_open(&unit.outcomes, date.instant) {
                let (mature, end) = (goal.is_mature(date, zone), goal.end(date, zone));
                list.triggers.push(Trigger { unit, date, mature, end });
            } else {
                list.after_goal += 1;
            }
        }
    }
    list
}
