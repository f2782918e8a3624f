//! Evaluates milestones: reached at an instant, still pending, missed, or not known from the data.

use super::{entity_view::EntityView, measures::moments, step_chains};
use crate::{
    entity::NOBODY,
    fold::{EventInstant, UNDATED},
    plan::MilestonePlan,
};
use pql_model::{
    expr::Value,
    resolved::{Level, Milestone, MilestonePart, UserQuorum},
    units::{Day, HOUR_US, Micros},
};

/// The result of a milestone for one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MilestoneResult {
    /// Reached, pending or missed. Never unknown: facts do not hang on the events of others.
    pub(crate) state: MilestoneState,
    /// True if the time that the milestone may take from the start is over. Only then the entity
    /// counts in rates.
    pub(crate) mature: bool,
}

/// The state of a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MilestoneState {
    /// Reached at an instant.
    Reached(Micros),
    /// Not reached, but still possible.
    Pending,
    /// Not reached by the deadline.
    Missed,
    /// The data has no events of its names, of anybody. A word of columns and reports only.
    Unknown,
}

impl MilestoneState {
    /// The instant at which it was reached.
    pub(crate) fn reached(self) -> Option<Micros> {
        match self {
            MilestoneState::Reached(at) => Some(at),
            MilestoneState::Pending | MilestoneState::Missed | MilestoneState::Unknown => None,
        }
    }

    /// The value in output columns.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MilestoneState::Reached(_) => "reached",
            MilestoneState::Pending => "pending",
            MilestoneState::Missed => "missed",
            MilestoneState::Unknown => "unknown",
        }
    }
}

/// A milestone and where it is read.
#[derive(Debug, Clone, Copy)]
struct PlannedMilestone<'m> {
    milestone: &'m Milestone,
    plan: &'m MilestonePlan,
}

/// Evaluates all milestones of one entity, in the order of the level. `counts` tests whether a user
/// counts towards `min_users`.
pub(crate) fn evaluate_milestones(
    level: &Level,
    plans: &[MilestonePlan],
    view: &EntityView<'_>,
    counts: &dyn Fn(&Milestone, u32) -> bool,
) -> Vec<MilestoneResult> {
    let clock = MilestoneClock { start: view.start(), as_of: view.as_of.instant };
    let mut outcomes: Vec<Option<MilestoneResult>> = vec![None; level.milestones.len()];
    for index in &level.milestone_order {
        let milestone = &level.milestones[*index];
        let planned = PlannedMilestone { milestone, plan: &plans[*index] };
        let outcome = match planned.plan {
            MilestonePlan::All(parts) => clock.combined(milestone, parts.iter().filter_map(|part| outcomes[*part])),
            MilestonePlan::Once { .. }
            | MilestonePlan::Times { .. }
            | MilestonePlan::Days { .. }
            | MilestonePlan::Steps { .. } => {
                let reached = match &milestone.min_users {
                    Some(users) => reached_by_users(users, planned, view, counts),
                    None => reached(planned, view),
                };
                clock.single(milestone, reached)
            }
        };
        outcomes[*index] = Some(outcome);
    }
    outcomes.into_iter().flatten().collect()
}

/// The start of an entity and the instant at which it is scored.
#[derive(Debug, Clone, Copy)]
struct MilestoneClock {
    start: Micros,
    as_of: Micros,
}

impl MilestoneClock {
    /// True if a time from the start is over; its end belongs to it.
    fn is_over(self, time: Option<Micros>) -> bool {
        time.is_none_or(|time| self.start.saturating_add(time) < self.as_of)
    }

    /// The result of a milestone of events, from the instant at which they reach it.
    fn single(self, milestone: &Milestone, reached: Option<Micros>) -> MilestoneResult {
        let state = self.state(milestone, reached);
        MilestoneResult { state, mature: self.is_over(milestone.deadline.or(milestone.within)) }
    }

    /// The result of a milestone of others: reached at the latest of them, missed if one is missed.
    fn combined(self, milestone: &Milestone, parts: impl Iterator<Item = MilestoneResult>) -> MilestoneResult {
        let mut latest = Some(Micros::MIN);
        let mut missed = false;
        let mut mature = self.is_over(milestone.deadline);
        for part in parts {
            mature &= part.mature;
            missed |= part.state == MilestoneState::Missed;
            latest = latest.zip(part.state.reached()).map(|(a, b)| a.max(b));
        }
        let state = if missed { MilestoneState::Missed } else { self.state(milestone, latest) };
        MilestoneResult { state, mature }
    }

    /// What comes after the deadline does not count.
    fn state(self, milestone: &Milestone, reached: Option<Micros>) -> MilestoneState {
        let last = milestone.deadline.map(|deadline| self.start.saturating_add(deadline));
        match reached {
            Some(at) if last.is_none_or(|last| at <= last) => MilestoneState::Reached(at),
            _ if last.is_none_or(|last| self.as_of <= last) => MilestoneState::Pending,
            _ => MilestoneState::Missed,
        }
    }
}

/// The instant at which the events of a view reach a milestone, whatever its deadline.
fn reached(planned: PlannedMilestone<'_>, view: &EntityView<'_>) -> Option<Micros> {
    let PlannedMilestone { milestone, plan } = planned;
    match plan {
        MilestonePlan::Once { word, active } => view.first(*word, *active),
        MilestonePlan::Times { cell, times, active } => {
            let mut instants: Vec<Micros> = moments(view, *cell, *active).into_iter().map(|moment| moment.at).collect();
            instants.sort_unstable();
            span_of(&instants, *times, |first, last| milestone.within.is_none_or(|within| last - first <= within))
        }
        MilestonePlan::Days { cell, times, span, active } => {
            let days = first_of_days(view, *cell, *active);
            let inside = |first: (Day, Micros), last: (Day, Micros)| span.is_none_or(|span| last.0 - first.0 < span);
            span_of(&days, *times, inside).map(|(_, at)| at)
        }
        MilestonePlan::Steps { cell, names, same, different_users } => {
            let mut events: Vec<step_chains::StepEvent> = Vec::new();
            for at in view.rows(*different_users) {
                let of_row = view.row(at).sparse.iter().flat_map(|rest| rest.moments.iter());
                let of_cell =
                    of_row.filter(|moment| moment.cell == *cell && (!same || moment.same != crate::fold::NO_TEXT));
                events.extend(of_cell.map(|moment: &EventInstant| step_chains::StepEvent {
                    at: moment.at,
                    user: at.user,
                    same: moment.same,
                    steps: moment.steps,
                }));
            }
            step_chains::earliest_completion(&mut events, names, milestone.within, *different_users)
        }
        MilestonePlan::All(_) => None,
    }
}

/// The last of the first `times` adjacent items that fit into a window.
fn span_of<T: Copy>(items: &[T], times: usize, fits: impl Fn(T, T) -> bool) -> Option<T> {
    items.windows(times).find(|span| fits(span[0], span[times - 1])).map(|span| span[times - 1])
}

/// The first instant of each date with an event, sorted.
fn first_of_days(view: &EntityView<'_>, cell: u16, active: bool) -> Vec<(Day, Micros)> {
    let mut days: Vec<(Day, Micros)> = Vec::new();
    for rest in view.rows(active).filter_map(|at| view.row(at).sparse.as_ref()) {
        let of_cell = rest.edges.iter().filter(|((known, day), _)| *known == cell && *day != UNDATED);
        days.extend(of_cell.map(|((_, day), edge)| (*day, edge.at)));
    }
    days.sort_unstable();
    days.dedup_by_key(|(day, _)| *day);
    days
}

/// With `min_users`: the instant of the n-th user who has got there alone; with `together`, of the
/// last of the first n users in a row whose instants lie within that span.
fn reached_by_users(
    users: &UserQuorum,
    planned: PlannedMilestone<'_>,
    view: &EntityView<'_>,
    counts: &dyn Fn(&Milestone, u32) -> bool,
) -> Option<Micros> {
    let mut instants: Vec<Micros> = Vec::new();
    for user in view.by_user() {
        let number = user.rows.first().map_or(NOBODY, |at| at.user);
        if counts(planned.milestone, number) {
            instants.extend(reached(planned, &user));
        }
    }
    instants.sort_unstable();
    span_of(&instants, users.count, |first, last| users.together.is_none_or(|together| last - first <= together))
}

/// The value of a milestone as a fact.
pub(crate) fn milestone_fact(
    outcome: MilestoneResult,
    part: MilestonePart,
    start: Micros,
    view: &EntityView<'_>,
) -> Value<'static> {
    let reached = outcome.state.reached();
    match part {
        MilestonePart::Reached => Value::Boolean(reached.is_some()),
        MilestonePart::Pending => Value::Boolean(outcome.state == MilestoneState::Pending),
        MilestonePart::Hours => {
            time_to(outcome, start).map_or(Value::Null, |time| Value::Number(time as f64 / HOUR_US as f64))
        }
        MilestonePart::DaysAgo => {
            reached.map_or(Value::Null, |at| Value::Number(f64::from(view.as_of.day - view.day(at))))
        }
    }
}

/// The time from the start; none if the milestone was not reached, or was reached before the start.
pub(crate) fn time_to(outcome: MilestoneResult, start: Micros) -> Option<Micros> {
    outcome.state.reached().filter(|at| *at >= start).map(|at| at - start)
}
