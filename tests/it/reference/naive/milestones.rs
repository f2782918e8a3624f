//! Computes the state of each milestone of an entity, by trying all events and all combinations of
//! steps.

use super::clock::{DAY, days_between};
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
    /// True if everybody with this start has had the time that the milestone may take.
    pub mature: bool,
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

pub fn standing(world: &World, side: Side, id: &str, milestone: &Milestone) -> Standing {
    let scope = world.scope(side, id);
    let ends = milestone.deadline.map(|deadline| scope.start + deadline);
    let in_time = |at: &i64| ends.is_none_or(|end| *at <= end);
    let open = ends.is_none_or(|end| world.clock.as_of <= end);
    if let Form::All(parts) = &milestone.form {
        let all = world.level(side).milestones.iter().filter(|m| parts.contains(&m.name));
        let standings: Vec<Standing> = all.map(|m| standing(world, side, id, m)).collect();
        let instants: Option<Vec<i64>> = standings.iter().map(|s| s.reached).collect();
        let reached = instants.and_then(|instants| instants.into_iter().max()).filter(in_time);
        let lost = standings.iter().any(|s| s.word() == "missed");
        return Standing {
            reached,
            pending: reached.is_none() && !lost && open,
            mature: standings.iter().all(|s| s.mature) && ends.is_none_or(|end| end < world.clock.as_of),
        };
    }
    let instant = match milestone.min_users {
        None => alone(&scope, milestone, &scope.events),
        Some(n) => by_users(world, &scope, milestone, n),
    };
    let reached = instant.filter(in_time);
    let span = milestone.deadline.or(milestone.within).unwrap_or(0);
    Standing { reached, pending: reached.is_none() && open, mature: scope.start + span < world.clock.as_of }
}

/// True if no event of anybody has any of the milestone's names, or of the names of a step or part.
pub fn unknown(world: &World, side: Side, milestone: &Milestone) -> bool {
    let happens = |name: &String| {
        let own = vec![name.clone()];
        let real = world.model.filtered.get(name).and_then(|filter| filter.names.as_ref()).unwrap_or(&own);
        world.log.events.iter().any(|e| (e.user.is_some() || e.account.is_some()) && real.contains(&e.name))
    };
    match &milestone.form {
        Form::Times { events, .. } => events.names.as_ref().is_some_and(|names| !names.iter().any(happens)),
        Form::Steps { steps, .. } => !steps.iter().all(happens),
        Form::All(parts) => {
            let mut all = world.level(side).milestones.iter().filter(|m| parts.contains(&m.name));
            all.any(|part| unknown(world, side, part))
        }
    }
}

/// Reached at the instant of the n-th user who reaches it alone, those before lying close enough.
fn by_users(world: &World, scope: &Scope, milestone: &Milestone, n: usize) -> Option<i64> {
    let users: BTreeSet<&String> = scope.events.iter().filter_map(|e| e.user.as_ref()).collect();
    let mut instants = Vec::new();
    for user in users {
        if world.holds(Side::User, user, milestone.who.as_ref()) {
            let events: Vec<&Event> = scope.events.iter().copied().filter(|e| e.user.as_ref() == Some(user)).collect();
            instants.extend(alone(scope, milestone, &events));
        }
    }
    let near = |last: &&i64| {
        let before = |at: &&i64| **at <= **last && milestone.together.is_none_or(|span| **last - **at <= span);
        instants.iter().filter(before).count() >= n
    };
    instants.iter().filter(near).min().copied()
}

fn alone(scope: &Scope, milestone: &Milestone, events: &[&Event]) -> Option<i64> {
    let within = milestone.within;
    match &milestone.form {
        Form::Times { events: meant, times, by_days } => {
            let counted: Vec<&Event> = events.iter().copied().filter(|e| e.is_meant(meant, scope.model)).collect();
            if *by_days {
                return days_alone(&counted, *times, within.map(|within| within / DAY));
            }
            // The last of `times` events in a row, if the first lies within the span before it.
            let mut spans = counted.windows(*times).filter(|span| fits(span[0], span[*times - 1], within));
            spans.next().map(|span| span[*times - 1].time)
        }
        Form::Steps { steps, same, different_users } => {
            let able = |e: &&Event| {
                (same.is_none() || pairing(e, same.as_deref()).is_some()) && (!different_users || e.user.is_some())
            };
            let able: Vec<&Event> = events.iter().copied().filter(able).collect();
            let walk = Walk { scope, steps, same: same.as_deref(), different_users: *different_users, within };
            let mut reached = Vec::new();
            walk.go_on(&able, &mut Vec::new(), &mut reached);
            reached.into_iter().min()
        }
        Form::All(_) => panic!("milestones made of others have no events"),
    }
}

fn fits(first: &Event, last: &Event, within: Option<i64>) -> bool {
    within.is_none_or(|within| last.time - first.time <= within)
}

/// Counts distinct local dates, at most `span` in a row.
fn days_alone(counted: &[&Event], times: usize, span: Option<i64>) -> Option<i64> {
    let dates: BTreeSet<_> = counted.iter().map(|e| e.date).collect();
    let dates: Vec<_> = dates.into_iter().collect();
    let fits = |run: &&[jiff::civil::Date]| span.is_none_or(|span| days_between(run[0], run[times - 1]) < span);
    let mut runs = dates.windows(times).filter(fits);
    let day = runs.next().map(|run| run[times - 1])?;
    counted.iter().filter(|e| e.date == day).map(|e| e.time).min()
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
