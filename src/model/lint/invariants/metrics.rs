//! What metrics have to do with each other, with activity, and with the age.

use std::collections::HashMap;

use super::{
    super::fact_index::{FactIndex, MeasuredFact},
    FactInvariant, at_most, compare_to, implies, not, null, number, same, slot,
};
use crate::{
    EntityKind, FactKey, MeasureKind, ModelSource,
    clock::DateWindow,
    expr::{ArithmeticOp, ComparisonOp, Program},
    plan::BuiltinFact,
};

/// Metrics of one event are held against each other only if there are not more of them.
const OF_ONE_EVENT_MAX: usize = 40;

/// Whether every date of the first window is in the second.
fn inside(a: Option<DateWindow>, b: Option<DateWindow>) -> bool {
    match (a, b) {
        (_, None) => true,
        (Some(DateWindow::Last { days, ago }), Some(DateWindow::Last { days: more, ago: since })) => {
            ago >= since && ago.saturating_add(days) <= since.saturating_add(more)
        }
        (Some(DateWindow::First { days }), Some(DateWindow::First { days: more })) => days <= more,
        (a, b) => a == b,
    }
}

fn counts(kind: MeasureKind) -> bool {
    use MeasureKind::{Count, Days, Distinct, Users};
    matches!(kind, Count | Days | Distinct | Users)
}

/// All links of the metrics of a level.
pub(super) fn metric_invariants(
    side: EntityKind,
    own: &[&MeasuredFact<'_>],
    facts: &FactIndex<'_>,
    source: &ModelSource,
    links: &mut Vec<FactInvariant>,
) {
    of_one_event(own, links);
    of_activity(side, own, facts, source, links);
    of_all_events(side, own, facts, links);
    if let Some(age) = facts.builtin(side, BuiltinFact::AgeDays) {
        own.iter().for_each(|one| of_age(one, age, links));
    }
}

/// Two metrics have to do with each other only if they share an event.
fn of_one_event(own: &[&MeasuredFact<'_>], links: &mut Vec<FactInvariant>) {
    let mut by_event: HashMap<Option<&str>, Vec<&MeasuredFact<'_>>> = HashMap::new();
    for one in own {
        match &one.events.named {
            None => by_event.entry(None).or_default().push(one),
            Some(named) => {
                let mut names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
                names.dedup();
                names.into_iter().for_each(|name| by_event.entry(Some(name)).or_default().push(one));
            }
        }
    }
    let mut groups: Vec<_> = by_event.into_iter().filter(|(_, group)| group.len() <= OF_ONE_EVENT_MAX).collect();
    groups.sort_by_key(|(name, _)| *name);
    for (name, group) in &groups {
        for (a, b) in group.iter().flat_map(|a| group.iter().map(move |b| (a, b))).filter(|(a, b)| a.key != b.key) {
            // Each pair once, at the first event that they share.
            let first = a.events.named.iter().flatten().map(|(name, _)| name.as_str()).next();
            if first == *name {
                pair(a, b, links);
            }
        }
    }
}

/// Of users every event that is not ignored is activity.
fn of_activity(
    side: EntityKind,
    own: &[&MeasuredFact<'_>],
    facts: &FactIndex<'_>,
    source: &ModelSource,
    links: &mut Vec<FactInvariant>,
) {
    let activity = |one: &&&MeasuredFact<'_>| {
        let named = one.events.named.as_ref();
        named.is_none_or(|named| {
            side == EntityKind::User && named.iter().all(|(name, _)| !source.ignored.contains(name))
        })
    };
    let any: Vec<&&MeasuredFact<'_>> = own
        .iter()
        .filter(|one| one.events.named.is_none() && one.events.condition.is_none())
        .take(OF_ONE_EVENT_MAX)
        .collect();
    for one in own.iter().filter(activity) {
        let recent = inside(one.window, Some(DateWindow::Last { days: 28, ago: 0 }));
        if let (Some(active), true) = (facts.builtin(side, BuiltinFact::ActiveDays28), recent) {
            match one.kind {
                MeasureKind::Days => links.push(at_most(one.key, active)),
                MeasureKind::Count => links.push(implies(
                    compare_to(one.key, ComparisonOp::GreaterEqual, 1.0),
                    compare_to(active, ComparisonOp::GreaterEqual, 1.0),
                )),
                _ => {}
            }
        }
        if let (Some(inactive), Some(DateWindow::Last { days, ago: 0 }), true) =
            (facts.builtin(side, BuiltinFact::DaysInactive), one.window, counts(one.kind))
        {
            let within = compare_to(inactive, ComparisonOp::LessEqual, f64::from(days - 1));
            links.push(implies(compare_to(one.key, ComparisonOp::GreaterEqual, 1.0), within));
        }
        for other in any.iter().filter(|other| other.key != one.key) {
            if one.events.named.is_some() && inside(one.window, other.window) {
                ordered(one, other, links);
            }
        }
    }
}

/// No metric counts more than there is.
fn of_all_events(side: EntityKind, own: &[&MeasuredFact<'_>], facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    if let Some(users) = facts.builtin(side, BuiltinFact::Users) {
        let of_users = own.iter().filter(|one| one.kind == MeasureKind::Users);
        of_users.for_each(|one| links.push(at_most(one.key, users)));
    }
    if let Some(events) = facts.builtin(side, BuiltinFact::Events) {
        own.iter().filter(|one| counts(one.kind)).for_each(|one| links.push(at_most(one.key, events)));
    }
}

/// Nothing happened before the start.
fn of_age(one: &MeasuredFact<'_>, age: FactKey, links: &mut Vec<FactInvariant>) {
    let whole_days = |extra: f64| {
        let days = Program::Arithmetic(ArithmeticOp::Add, slot(age), number(extra));
        Program::Compare(ComparisonOp::LessEqual, slot(one.key), Box::new(days))
    };
    match one.kind {
        MeasureKind::Days => links.push(whole_days(1.0)),
        MeasureKind::DaysSinceFirst | MeasureKind::DaysSinceLast => links.push(whole_days(0.0)),
        // So many rises take as many weeks and one.
        MeasureKind::RisingWeeks => {
            let days = Program::Arithmetic(ArithmeticOp::Multiply, slot(one.key), number(7.0));
            links.push(Program::Compare(ComparisonOp::LessEqual, Box::new(days), slot(age)));
        }
        MeasureKind::Trend => {
            links.push(implies(compare_to(age, ComparisonOp::Less, 14.0), null(one.key)));
        }
        _ => {}
    }
}

/// That one is at most the other, where all that the first counts the second counts too.
fn ordered(a: &MeasuredFact<'_>, b: &MeasuredFact<'_>, links: &mut Vec<FactInvariant>) {
    use MeasureKind::{Count, Days, Distinct, Users};
    let smaller = match (a.kind, b.kind) {
        (Count, Count) | (Days, Days | Count) | (Users, Users | Count) | (Distinct, Count) => true,
        (Distinct, Distinct) => a.metric.value == b.metric.value,
        _ => false,
    };
    if smaller {
        links.push(at_most(a.key, b.key));
    }
}

/// Links of two metrics that share an event.
fn pair(a: &MeasuredFact<'_>, b: &MeasuredFact<'_>, links: &mut Vec<FactInvariant>) {
    use MeasureKind::{Avg, Count, Days, DaysSinceFirst, DaysSinceLast, Earliest, Latest, Max, Min, Sum, Top};
    if a.events.within(b.events) && inside(a.window, b.window) {
        ordered(a, b, links);
    }
    if a.events != b.events {
        return;
    }
    let some = |key| compare_to(key, ComparisonOp::GreaterEqual, 1.0);
    let counted = matches!(a.kind, Count | Days);
    match b.kind {
        DaysSinceFirst | DaysSinceLast if counted && a.window == b.window => {
            links.push(same(null(b.key), not(some(a.key))));
        }
        // The last one lies in a window that ends today, or the window has none.
        DaysSinceLast if counted && b.window.is_none() => {
            if let Some(DateWindow::Last { days, ago: 0 }) = a.window {
                let recent = compare_to(b.key, ComparisonOp::LessEqual, f64::from(days - 1));
                links.push(implies(some(a.key), recent.clone()));
                links.push(implies(Program::And(vec![not(null(b.key)), recent]), some(a.key)));
            }
        }
        Min | Max | Avg | Earliest | Latest | Top if counted && a.window == b.window => {
            links.push(implies(not(some(a.key)), null(b.key)));
        }
        Sum if counted && a.window == b.window => {
            links.push(implies(not(some(a.key)), compare_to(b.key, ComparisonOp::Equal, 0.0)));
        }
        Days if a.kind == Count && a.window == b.window => {
            links.push(same(some(a.key), some(b.key)));
        }
        _ => {}
    }
    if a.kind == DaysSinceLast && b.kind == DaysSinceFirst && a.window == b.window {
        links.push(at_most(a.key, b.key));
    }
}
