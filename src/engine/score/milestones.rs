//! Evaluates milestones: reached at an instant, still pending, or missed.

use super::{entity_view::EntityView, measures::moments, step_chains};
use crate::{
    entity::NOBODY,
    fold::{EventInstant, UNDATED},
    plan::MilestonePlan,
};
use pql_model::{
    expr::Value,
    resolved::{Level, Milestone, MilestonePart},
    units::{Day, HOUR_US, Micros},
};

/// The result of a milestone for one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MilestoneResult {
    /// Reached, pending or missed.
    pub(crate) state: MilestoneState,
    /// True if the window that begins at the start is over. Only then the entity counts in rates.
    pub(crate) window_closed: bool,
}

/// Reached, pending or missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MilestoneState {
    /// Reached at an instant.
    Reached(Micros),
    /// Not reached, but still possible.
    Pending,
    /// No longer possible within its window.
    Missed,
}

impl MilestoneState {
    /// The value in output columns.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MilestoneState::Reached(_) => "reached",
            MilestoneState::Pending => "pending",
            MilestoneState::Missed => "missed",
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
    let start = view.start();
    let mut outcomes: Vec<Option<MilestoneResult>> = vec![None; level.milestones.len()];
    for index in &level.milestone_order {
        let milestone = &level.milestones[*index];
        let planned = PlannedMilestone { milestone, plan: &plans[*index] };
        let outcome = match planned.plan {
            MilestonePlan::All(parts) => combine_parts(parts.iter().filter_map(|part| outcomes[*part])),
            MilestonePlan::Once { .. }
            | MilestonePlan::Times { .. }
            | MilestonePlan::Days { .. }
            | MilestonePlan::Steps { .. } => {
                let closed = start_window_closed(planned, view, start);
                let progress = match &milestone.min_users {
                    Some(users) => users_progress(users.count, planned, view, counts),
                    None => progress(planned, view),
                };
                let state = match progress.reached {
                    Some(at) => MilestoneState::Reached(at),
                    None if milestone.within.is_none() || !closed || progress.open => MilestoneState::Pending,
                    None => MilestoneState::Missed,
                };
                MilestoneResult { state, window_closed: closed }
            }
        };
        outcomes[*index] = Some(outcome);
    }
    outcomes.into_iter().flatten().collect()
}

/// Combines parts: reached at the latest of them; missed if one is missed.
fn combine_parts(parts: impl Iterator<Item = MilestoneResult>) -> MilestoneResult {
    let mut whole = MilestoneResult { state: MilestoneState::Reached(Micros::MIN), window_closed: true };
    for part in parts {
        whole.window_closed &= part.window_closed;
        whole.state = match (whole.state, part.state) {
            (MilestoneState::Reached(a), MilestoneState::Reached(b)) => MilestoneState::Reached(a.max(b)),
            (MilestoneState::Missed, _) | (_, MilestoneState::Missed) => MilestoneState::Missed,
            _ => MilestoneState::Pending,
        };
    }
    whole
}

/// The progress of an entity without the other milestones.
#[derive(Debug, Clone, Copy, Default)]
struct MilestoneProgress {
    reached: Option<Micros>,
    /// True if a first step or counted event is still inside the window.
    open: bool,
}

/// True if the window that begins at the start is over; always true without a window.
fn start_window_closed(planned: PlannedMilestone<'_>, view: &EntityView<'_>, start: Micros) -> bool {
    match (planned.plan, planned.milestone.within) {
        (MilestonePlan::Days { span: Some(span), .. }, _) => view.day(start) + span - 1 <= view.as_of.day,
        (_, Some(within)) => view.as_of.instant > start + within,
        (_, None) => true,
    }
}

fn progress(planned: PlannedMilestone<'_>, view: &EntityView<'_>) -> MilestoneProgress {
    let PlannedMilestone { milestone, plan } = planned;
    let still_inside = |at: Micros| milestone.within.is_some_and(|within| at + within >= view.as_of.instant);
    match plan {
        MilestonePlan::Once { word, active } => MilestoneProgress { reached: view.first(*word, *active), open: false },
        MilestonePlan::Times { cell, times, active } => {
            let mut instants: Vec<Micros> = moments(view, *cell, *active).into_iter().map(|moment| moment.at).collect();
            instants.sort_unstable();
            let reached =
                span_of(&instants, *times, |first, last| milestone.within.is_none_or(|within| last - first <= within));
            MilestoneProgress { reached, open: instants.iter().any(|at| still_inside(*at)) }
        }
        MilestonePlan::Days { cell, times, span, active } => {
            let days = first_of_days(view, *cell, *active);
            let inside = |first: (Day, Micros), last: (Day, Micros)| span.is_none_or(|span| last.0 - first.0 < span);
            let reached = span_of(&days, *times, inside).map(|(_, at)| at);
            let open = span.is_some_and(|span| days.iter().any(|(day, _)| day + span - 1 > view.as_of.day));
            MilestoneProgress { reached, open }
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
            let open = events.iter().any(|event| event.steps & 1 != 0 && still_inside(event.at));
            MilestoneProgress {
                reached: step_chains::earliest_completion(&mut events, names, milestone.within, *different_users),
                open,
            }
        }
        MilestonePlan::All(_) => MilestoneProgress::default(),
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

/// Progress with `min_users`: reached when the n-th user has reached it alone.
fn users_progress(
    n: usize,
    planned: PlannedMilestone<'_>,
    view: &EntityView<'_>,
    counts: &dyn Fn(&Milestone, u32) -> bool,
) -> MilestoneProgress {
    let mut reached: Vec<Micros> = Vec::new();
    let mut open = 0;
    for user in view.by_user() {
        let number = user.rows.first().map_or(NOBODY, |at| at.user);
        if !counts(planned.milestone, number) {
            continue;
        }
        let alone = progress(planned, &user);
        match alone.reached {
            Some(at) => reached.push(at),
            None => open += usize::from(alone.open),
        }
    }
    reached.sort_unstable();
    MilestoneProgress { reached: reached.get(n - 1).copied(), open: reached.len() + open >= n }
}

/// The value of a milestone as a fact.
pub(crate) fn milestone_fact(
    outcome: MilestoneResult,
    part: MilestonePart,
    start: Micros,
    view: &EntityView<'_>,
) -> Value<'static> {
    let reached = match outcome.state {
        MilestoneState::Reached(at) => Some(at),
        _ => None,
    };
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
    match outcome.state {
        MilestoneState::Reached(at) if at >= start => Some(at - start),
        _ => None,
    }
}
