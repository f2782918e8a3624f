//! Computes the state of each milestone of an entity, by trying all events and all combinations of
//! steps.

use super::clock::{Clock, DAY, days_between, plus_days};
use super::event::Event;
use super::facts::{Side, World};
use super::measures::{Scope, pairing};
use super::model::{Form, Milestone};
use std::collections::BTreeSet;

/// The state of an entity's milestone.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub reached: Option<i64>,
    /// True if the milestone is not reached but can still be.
    pub pending: bool,
    /// True if the window from the entity's start is over.
    pub closed: bool,
}

impl Standing {
    pub fn word(&self) -> &'static str {
        match self {
            Standing { reached: Some(_), .. } => "reached",
            Standing { pending: true, .. } => "pending",
            _ => "missed",
        }
    }
}

/// The result for a set of events without the start window.
struct Alone {
    reached: Option<i64>,
    /// True if a first step or a counted event is still within the span.
    open: bool,
}

pub fn standing(world: &World, side: Side, id: &str, milestone: &Milestone) -> Standing {
    let scope = world.scope(side, id);
    if let Form::All(parts) = &milestone.form {
        let all = world.level(side).milestones.iter().filter(|m| parts.contains(&m.name));
        let standings: Vec<Standing> = all.map(|m| standing(world, side, id, m)).collect();
        let instants: Option<Vec<i64>> = standings.iter().map(|s| s.reached).collect();
        let reached = instants.and_then(|instants| instants.into_iter().max());
        return Standing {
            reached,
            pending: reached.is_none() && standings.iter().all(|s| s.word() != "missed"),
            closed: standings.iter().all(|s| s.closed),
        };
    }
    let start_open = match milestone.within {
        None => true,
        Some(within) if by_days(milestone) => plus_days(scope.start_date(), within / DAY - 1) > world.clock.today,
        Some(within) => world.clock.as_of <= scope.start + within,
    };
    let (reached, still_open) = match milestone.min_users {
        None => {
            let alone = alone(&scope, milestone, &scope.events);
            (alone.reached, alone.open)
        }
        Some(n) => by_users(world, &scope, milestone, n),
    };
    Standing {
        reached,
        pending: reached.is_none() && (start_open || still_open),
        closed: milestone.within.is_none() || !start_open,
    }
}

fn by_days(milestone: &Milestone) -> bool {
    matches!(milestone.form, Form::Times { by_days: true, .. })
}

/// Reached at the instant of the n-th user who reaches it alone. Open if n users have reached it or
/// still can.
fn by_users(world: &World, scope: &Scope, milestone: &Milestone, n: usize) -> (Option<i64>, bool) {
    let users: BTreeSet<&String> = scope.events.iter().filter_map(|e| e.user.as_ref()).collect();
    let mut instants = Vec::new();
    let mut hopeful = 0;
    for user in users {
        if !world.holds(Side::User, user, milestone.who.as_ref()) {
            continue;
        }
        let events: Vec<&Event> = scope.events.iter().copied().filter(|e| e.user.as_ref() == Some(user)).collect();
        let alone = alone(scope, milestone, &events);
        instants.extend(alone.reached);
        hopeful += usize::from(alone.reached.is_some() || alone.open);
    }
    instants.sort();
    (instants.get(n - 1).copied(), hopeful >= n)
}

fn alone(scope: &Scope, milestone: &Milestone, events: &[&Event]) -> Alone {
    let within = milestone.within;
    let inside = |time: i64| within.is_some_and(|within| time + within >= scope.clock.as_of);
    match &milestone.form {
        Form::Times { events: meant, times, by_days } => {
            let counted: Vec<&Event> = events.iter().copied().filter(|e| e.is_meant(meant, scope.model)).collect();
            if *by_days {
                return days_alone(scope.clock, &counted, *times, within.expect("a span of days") / DAY);
            }
            // The last of `times` events in a row, if the first lies within the span before it.
            let mut spans = counted.windows(*times).filter(|span| fits(span[0], span[*times - 1], within));
            Alone {
                reached: spans.next().map(|span| span[*times - 1].time),
                open: counted.iter().any(|e| inside(e.time)),
            }
        }
        Form::Steps { steps, same, different_users } => {
            let able = |e: &&Event| {
                (same.is_none() || pairing(e, same.as_deref()).is_some()) && (!different_users || e.user.is_some())
            };
            let able: Vec<&Event> = events.iter().copied().filter(able).collect();
            let walk = Walk { scope, steps, same: same.as_deref(), different_users: *different_users, within };
            let mut reached = Vec::new();
            walk.go_on(&able, &mut Vec::new(), &mut reached);
            let first_step = |e: &&&Event| e.is_named(&steps[0], scope.model);
            Alone { reached: reached.into_iter().min(), open: able.iter().filter(first_step).any(|e| inside(e.time)) }
        }
        Form::All(_) => panic!("milestones made of others have no events"),
    }
}

fn fits(first: &Event, last: &Event, within: Option<i64>) -> bool {
    within.is_none_or(|within| last.time - first.time <= within)
}

/// Counts distinct local dates within a span of days.
fn days_alone(clock: &Clock, counted: &[&Event], times: usize, span: i64) -> Alone {
    let dates: BTreeSet<_> = counted.iter().map(|e| e.date).collect();
    let dates: Vec<_> = dates.into_iter().collect();
    let mut runs = dates.windows(times).filter(|run| days_between(run[0], run[times - 1]) < span);
    let day = runs.next().map(|run| run[times - 1]);
    Alone {
        reached: day.and_then(|day| counted.iter().filter(|e| e.date == day).map(|e| e.time).min()),
        open: dates.iter().any(|date| plus_days(*date, span - 1) > clock.today),
    }
}

/// The search over all combinations of steps.
struct Walk<'a> {
    scope: &'a Scope<'a>,
    steps: &'a [String],
    same: Option<&'a str>,
    different_users: bool,
    within: Option<i64>,
}

impl Walk<'_> {
    /// Tries every event as the next step, and collects the instants of the last steps.
    fn go_on<'e>(&self, events: &[&'e Event], taken: &mut Vec<&'e Event>, reached: &mut Vec<i64>) {
        if taken.len() == self.steps.len() {
            reached.extend(taken.last().map(|last| last.time));
            return;
        }
        for event in events {
            if event.is_named(&self.steps[taken.len()], self.scope.model) && self.may_follow(event, taken) {
                taken.push(event);
                self.go_on(events, taken, reached);
                taken.pop();
            }
        }
    }

    fn may_follow(&self, event: &Event, taken: &[&Event]) -> bool {
        let (Some(first), Some(previous)) = (taken.first(), taken.last()) else {
            return true;
        };
        let name = &self.steps[taken.len()];
        let repeats_later = taken.iter().zip(self.steps).all(|(e, step)| step != name || event.time > e.time);
        let another_user = !self.different_users || taken.iter().all(|e| e.user != event.user);
        event.time >= previous.time
            && repeats_later
            && fits(first, event, self.within)
            && !taken.iter().any(|e| std::ptr::eq(*e, event))
            && pairing(first, self.same) == pairing(event, self.same)
            && another_user
    }
}
