//! What the parts of milestones have to do with each other, with other milestones, and with metrics.

use super::{
    super::fact_index::{FactIndex, MeasuredFact},
    FactInvariant, at_most, compare_to, fact, implies, not, null, same,
};
use crate::{
    EntityKind,
    expr::{ComparisonOp, Program},
    resolved::{BuiltinFact, CountedUnit, Level, Measure, Milestone, MilestonePart, MilestoneRule, NumberPart},
    units::{DAY_US, HOUR_US},
};

/// All links of the milestones of a level.
pub(super) fn milestone_invariants(
    side: EntityKind,
    level: &Level,
    facts: &FactIndex<'_>,
    own: &[&MeasuredFact<'_>],
    links: &mut Vec<FactInvariant>,
) {
    for (place, milestone) in level.milestones.iter().enumerate() {
        parts_of_one(side, place, facts, links);
        times_of_one((side, place), level, facts, links);
        let part = |of| facts.milestone(side, place, of);
        let reached = part(MilestonePart::Reached).map(fact);
        // Any part that is a fact shows whether the milestone is reached.
        let known = |of| part(of).map(|key| not(null(key)));
        let reported =
            reached.clone().or_else(|| known(MilestonePart::DaysAgo)).or_else(|| known(MilestonePart::Hours));
        let Some(reported) = reported else { continue };
        match &milestone.rule {
            MilestoneRule::All(parts) => {
                let others: Vec<Option<FactInvariant>> =
                    parts.iter().map(|other| facts.milestone(side, *other, MilestonePart::Reached).map(fact)).collect();
                // Parts that are all reached may be so after the deadline of the whole.
                let reached = reached.filter(|_| milestone.deadline.is_none());
                of_others(&reported, reached, others, links);
            }
            MilestoneRule::Times { .. } | MilestoneRule::Steps { .. } => {
                let users = milestone.users_needed();
                own.iter().for_each(|one| takes_events(milestone, one, &reported, links));
                if let Some(reached) = &reached {
                    let enough = own.iter().filter_map(|one| shows_enough(milestone, one));
                    links.extend(enough.map(|enough| implies(enough, reached.clone())));
                }
                if let (true, Some(all)) = (users > 1, facts.builtin(side, BuiltinFact::Users)) {
                    links.push(implies(reported, compare_to(all, ComparisonOp::GreaterEqual, users as f64)));
                }
            }
        }
    }
}

/// What the parts of one milestone have to do with each other, and with the age.
fn parts_of_one(side: EntityKind, place: usize, facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    let part = |of| facts.milestone(side, place, of);
    let reached = part(MilestonePart::Reached);
    if let (Some(reached), Some(hours)) = (reached, part(MilestonePart::Hours)) {
        links.push(implies(not(null(hours)), fact(reached)));
    }
    if let (Some(reached), Some(ago)) = (reached, part(MilestonePart::DaysAgo)) {
        links.push(same(null(ago), not(fact(reached))));
    }
    if let (Some(reached), Some(pending)) = (reached, part(MilestonePart::Pending)) {
        links.push(not(Program::And(vec![fact(reached), fact(pending)])));
    }
    if let (Some(ago), Some(age)) = (part(MilestonePart::DaysAgo), facts.builtin(side, BuiltinFact::AgeDays)) {
        links.push(at_most(ago, age));
    }
}

/// What the parts of a milestone have to do with its deadline.
fn times_of_one(
    (side, place): (EntityKind, usize),
    level: &Level,
    facts: &FactIndex<'_>,
    links: &mut Vec<FactInvariant>,
) {
    let part = |of| facts.milestone(side, place, of);
    let (reached, pending) = (part(MilestonePart::Reached), part(MilestonePart::Pending));
    if let (Some(reached), Some(pending), false) = (reached, pending, can_be_missed(level, place)) {
        links.push(same(fact(pending), not(fact(reached))));
    }
    let Some(deadline) = level.milestones[place].deadline else { return };
    let days = deadline as f64 / DAY_US as f64;
    if let Some(hours) = part(MilestonePart::Hours) {
        links.push(compare_to(hours, ComparisonOp::LessEqual, deadline as f64 / HOUR_US as f64));
    }
    let age = facts.builtin(side, BuiltinFact::AgeDays);
    if let (Some(pending), Some(age)) = (pending, age) {
        // A day on which the clocks change may move the date by one.
        links.push(implies(fact(pending), compare_to(age, ComparisonOp::LessEqual, days.ceil() + 1.0)));
    }
}

/// True if somebody may miss a milestone: it has a deadline, or one of its parts has.
fn can_be_missed(level: &Level, place: usize) -> bool {
    let mut open = vec![place];
    let mut seen = Vec::new();
    while let Some(place) = open.pop() {
        if seen.contains(&place) {
            continue;
        }
        seen.push(place);
        let milestone = &level.milestones[place];
        if milestone.deadline.is_some() {
            return true;
        }
        open.extend(milestone.rule.parts());
    }
    false
}

/// A milestone of others is reached with the last of them; `reported` says that it is reached, `others` that they are, as far as facts say so.
fn of_others(
    reported: &FactInvariant,
    reached: Option<FactInvariant>,
    others: Vec<Option<FactInvariant>>,
    links: &mut Vec<FactInvariant>,
) {
    for other in others.iter().flatten() {
        links.push(implies(reported.clone(), other.clone()));
    }
    let all: Option<Vec<FactInvariant>> = others.into_iter().collect();
    if let (Some(all), Some(reached)) = (all, reached) {
        links.push(same(reached, Program::And(all)));
    }
}

/// A milestone of events takes as many as it asks for.
fn takes_events(
    milestone: &Milestone,
    one: &MeasuredFact<'_>,
    reported: &FactInvariant,
    links: &mut Vec<FactInvariant>,
) {
    let counts_days = match one.metric.measure.counted() {
        Some(CountedUnit::Events) => false,
        Some(CountedUnit::Dates) => true,
        Some(CountedUnit::Users | CountedUnit::Values) | None => return,
    };
    if one.metric.window.is_some() {
        return;
    }
    let (times, by_days) = match &milestone.rule {
        MilestoneRule::Times { times, by_days, .. } => (*times, *by_days),
        MilestoneRule::Steps { .. } | MilestoneRule::All(_) => (1, false),
    };
    let least = if by_days || !counts_days { times } else { 1 };
    let least = if counts_days { least } else { least.saturating_mul(milestone.users_needed()) };
    let enough = compare_to(one.key, ComparisonOp::GreaterEqual, least as f64);
    let steps = milestone.rule.event_sets();
    let all_count = steps.into_iter().filter(|step| step.within(one.events()));
    links.extend(all_count.map(|_| implies(reported.clone(), enough.clone())));
}

/// What a metric is where its events are enough for a milestone, if that asks for nothing but their number. Its window does not matter: what
/// happened in it happened.
fn shows_enough(milestone: &Milestone, one: &MeasuredFact<'_>) -> Option<FactInvariant> {
    let MilestoneRule::Times { events, times, by_days, .. } = &milestone.rule else { return None };
    let is_single = *times == 1;
    let in_time = milestone.deadline.is_none() && (milestone.within.is_none() || is_single && !by_days);
    if !in_time || milestone.min_users.is_some() || !one.events().within(&events.set) {
        return None;
    }
    let at_least = |times: usize| compare_to(one.key, ComparisonOp::GreaterEqual, times as f64);
    match &one.metric.measure {
        Measure::Days => Some(at_least(*times)),
        Measure::Count | Measure::Users | Measure::Distinct(_) => (!by_days || is_single).then(|| at_least(*times)),
        Measure::RisingWeeks(_) => is_single.then(|| at_least(1)),
        Measure::Number(NumberPart::Sum, _) => is_single.then(|| not(compare_to(one.key, ComparisonOp::Equal, 0.0))),
        Measure::Number(NumberPart::Min | NumberPart::Max | NumberPart::Avg, _)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
        | Measure::DaysSince(_) => is_single.then(|| not(null(one.key))),
        // These pair events, or compare weeks without any.
        Measure::Elapsed { .. } | Measure::Open { .. } | Measure::Trend { .. } => None,
    }
}
