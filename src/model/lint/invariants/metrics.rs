//! What metrics have to do with each other, with activity, and with the age.

use std::collections::HashMap;

use super::{
    super::fact_index::{FactIndex, MeasuredFact},
    FactInvariant, at_most, compare_to, implies, not, null, number, same, slot,
};
use crate::{
    EntityKind, FactKey,
    clock::DateWindow,
    expr::{ArithmeticOp, ComparisonOp, Program},
    resolved::{BuiltinFact, CountedUnit, EventBase, Measure, NumberPart, ResolvedModel, WindowEnd},
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

/// All invariants of the metrics of a level.
pub(super) fn metric_invariants(
    kind: EntityKind,
    own: &[&MeasuredFact<'_>],
    facts: &FactIndex<'_>,
    model: &ResolvedModel,
    links: &mut Vec<FactInvariant>,
) {
    of_one_event(own, links);
    of_activity(kind, own, facts, model, links);
    of_all_events(kind, own, facts, links);
    if let Some(age) = facts.builtin(kind, BuiltinFact::AgeDays) {
        own.iter().for_each(|one| of_age(one, age, links));
    }
}

/// Two metrics have to do with each other only if they share an event.
fn of_one_event(own: &[&MeasuredFact<'_>], links: &mut Vec<FactInvariant>) {
    let mut by_event: HashMap<Option<&str>, Vec<&MeasuredFact<'_>>> = HashMap::new();
    for one in own {
        match one.events().base.event_names() {
            None => by_event.entry(None).or_default().push(one),
            Some(names) => names.into_iter().for_each(|name| by_event.entry(Some(name)).or_default().push(one)),
        }
    }
    let mut groups: Vec<_> = by_event.into_iter().filter(|(_, group)| group.len() <= OF_ONE_EVENT_MAX).collect();
    groups.sort_by_key(|(name, _)| *name);
    for (name, group) in &groups {
        for (a, b) in group.iter().flat_map(|a| group.iter().map(move |b| (a, b))).filter(|(a, b)| a.key != b.key) {
            // Each pair once, at the first event that they share.
            let first = a.events().forms().and_then(|forms| forms.first()).map(|form| form.name.as_str());
            if first == *name {
                pair(a, b, links);
            }
        }
    }
}

/// Of users every event that is not ignored is activity.
fn of_activity(
    kind: EntityKind,
    own: &[&MeasuredFact<'_>],
    facts: &FactIndex<'_>,
    model: &ResolvedModel,
    links: &mut Vec<FactInvariant>,
) {
    let any: Vec<&&MeasuredFact<'_>> = own
        .iter()
        .filter(|one| one.events().base == EventBase::Activity && one.events().condition.is_none())
        .take(OF_ONE_EVENT_MAX)
        .collect();
    for one in own.iter().filter(|one| is_activity(kind, one, model)) {
        let window = one.metric.window;
        let recent = inside(window, Some(DateWindow::Last { days: 28, ago: 0 }));
        if let (Some(active), true) = (facts.builtin(kind, BuiltinFact::ActiveDays28), recent) {
            match one.metric.measure.counted() {
                Some(CountedUnit::Dates) => links.push(at_most(one.key, active)),
                Some(CountedUnit::Events) => links.push(implies(
                    compare_to(one.key, ComparisonOp::GreaterEqual, 1.0),
                    compare_to(active, ComparisonOp::GreaterEqual, 1.0),
                )),
                Some(CountedUnit::Users | CountedUnit::Values) | None => {}
            }
        }
        if let (Some(inactive), Some(DateWindow::Last { days, ago: 0 }), true) =
            (facts.builtin(kind, BuiltinFact::DaysInactive), window, one.metric.measure.counted().is_some())
        {
            let within = compare_to(inactive, ComparisonOp::LessEqual, f64::from(days - 1));
            links.push(implies(compare_to(one.key, ComparisonOp::GreaterEqual, 1.0), within));
        }
        for other in any.iter().filter(|other| other.key != one.key) {
            if one.events().forms().is_some() && inside(window, other.metric.window) {
                ordered(one, other, links);
            }
        }
    }
}

/// Whether all that a metric is about is activity of the level for sure.
fn is_activity(kind: EntityKind, one: &MeasuredFact<'_>, model: &ResolvedModel) -> bool {
    let Some(forms) = one.events().forms() else { return true };
    kind == EntityKind::User && forms.iter().all(|form| !model.is_ignored(&form.name))
}

/// No metric counts more than there is.
fn of_all_events(kind: EntityKind, own: &[&MeasuredFact<'_>], facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    if let Some(users) = facts.builtin(kind, BuiltinFact::Users) {
        let of_users = own.iter().filter(|one| one.metric.measure.counted() == Some(CountedUnit::Users));
        of_users.for_each(|one| links.push(at_most(one.key, users)));
    }
    if let Some(events) = facts.builtin(kind, BuiltinFact::Events) {
        let counts = own.iter().filter(|one| one.metric.measure.counted().is_some());
        counts.for_each(|one| links.push(at_most(one.key, events)));
    }
}

/// Nothing happened before the start.
fn of_age(one: &MeasuredFact<'_>, age: FactKey, links: &mut Vec<FactInvariant>) {
    match &one.metric.measure {
        Measure::Days => links.push(at_most_days(one.key, age, 1.0)),
        Measure::DaysSince(_) => links.push(at_most_days(one.key, age, 0.0)),
        // A number of rises takes one week more.
        Measure::RisingWeeks(_) => {
            let days = Program::Arithmetic(ArithmeticOp::Multiply, slot(one.key), number(7.0));
            links.push(Program::Compare(ComparisonOp::LessEqual, Box::new(days), slot(age)));
        }
        Measure::Trend { .. } => {
            links.push(implies(compare_to(age, ComparisonOp::Less, 14.0), null(one.key)));
        }
        Measure::Count
        | Measure::Users
        | Measure::Distinct(_)
        | Measure::Number(..)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
        | Measure::Elapsed { .. }
        | Measure::Open { .. } => {}
    }
}

/// That a number of dates is at most the age and some more.
fn at_most_days(key: FactKey, age: FactKey, extra: f64) -> FactInvariant {
    let days = Program::Arithmetic(ArithmeticOp::Add, slot(age), number(extra));
    Program::Compare(ComparisonOp::LessEqual, slot(key), Box::new(days))
}

/// That one is at most the other, where all that the first counts the second counts too.
fn ordered(a: &MeasuredFact<'_>, b: &MeasuredFact<'_>, links: &mut Vec<FactInvariant>) {
    use CountedUnit::{Dates, Events, Users, Values};
    let (Some(first), Some(second)) = (a.metric.measure.counted(), b.metric.measure.counted()) else { return };
    let smaller = match (first, second) {
        (Events | Dates | Users | Values, Events) | (Dates, Dates) | (Users, Users) => true,
        (Values, Values) => a.metric.measure.value_text() == b.metric.measure.value_text(),
        (Events | Users | Values, Dates) | (Events | Dates | Values, Users) | (Events | Dates | Users, Values) => false,
    };
    if smaller {
        links.push(at_most(a.key, b.key));
    }
}

/// Invariants of two metrics that share an event.
fn pair(a: &MeasuredFact<'_>, b: &MeasuredFact<'_>, links: &mut Vec<FactInvariant>) {
    let (first, second) = (&a.metric.measure, &b.metric.measure);
    if a.events().within(b.events()) && inside(a.metric.window, b.metric.window) {
        ordered(a, b, links);
    }
    if a.events() != b.events() {
        return;
    }
    let unit = first.counted();
    if matches!(unit, Some(CountedUnit::Events | CountedUnit::Dates)) {
        with_count(a, b, unit, links);
    }
    let same_window = a.metric.window == b.metric.window;
    if first.since() == Some(WindowEnd::Last) && second.since() == Some(WindowEnd::First) && same_window {
        links.push(at_most(a.key, b.key));
    }
}

/// Invariants of a count of events or dates and another metric of the same events.
fn with_count(a: &MeasuredFact<'_>, b: &MeasuredFact<'_>, unit: Option<CountedUnit>, links: &mut Vec<FactInvariant>) {
    let some = compare_to(a.key, ComparisonOp::GreaterEqual, 1.0);
    let same_window = a.metric.window == b.metric.window;
    match &b.metric.measure {
        Measure::DaysSince(_) if same_window => links.push(same(null(b.key), not(some))),
        // The last one lies in a window that ends today, or the window has none.
        Measure::DaysSince(WindowEnd::Last) if b.metric.window.is_none() => {
            if let Some(DateWindow::Last { days, ago: 0 }) = a.metric.window {
                let recent = compare_to(b.key, ComparisonOp::LessEqual, f64::from(days - 1));
                links.push(implies(some.clone(), recent.clone()));
                links.push(implies(Program::And(vec![not(null(b.key)), recent]), some));
            }
        }
        Measure::Number(NumberPart::Min | NumberPart::Max | NumberPart::Avg, _)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
            if same_window =>
        {
            links.push(implies(not(some), null(b.key)));
        }
        Measure::Number(NumberPart::Sum, _) if same_window => {
            links.push(implies(not(some), compare_to(b.key, ComparisonOp::Equal, 0.0)));
        }
        Measure::Days if unit == Some(CountedUnit::Events) && same_window => {
            links.push(same(some, compare_to(b.key, ComparisonOp::GreaterEqual, 1.0)));
        }
        Measure::DaysSince(_)
        | Measure::Number(..)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
        | Measure::Days
        | Measure::Count
        | Measure::Users
        | Measure::Distinct(_)
        | Measure::Elapsed { .. }
        | Measure::Open { .. }
        | Measure::RisingWeeks(_)
        | Measure::Trend { .. } => {}
    }
}
