//! What facts have to do with each other, so that nobody is looked at who cannot exist: a count of seven days is at most that of thirty, a day
//! since the last is null where nothing was counted, a milestone is reached only with its events.
//!
//! Each link is a condition over facts that is true of everybody, or null. Links that could be wrong for odd data (events before the sign-up)
//! say what is so for anybody whose first event is the sign-up.

use std::collections::HashMap;

use super::{
    measured::{Facts, Measured},
    space::Key,
    table::KeyMap,
};
use crate::{
    clock::Window,
    expr::{Arithmetic, Comparison, Program, Value},
    model::{
        MeasureKind, Model, Source,
        compiled::{ACCOUNT_BIT, Builtin, Form, Level, MilestonePart, RollupKind, Source as FactSource},
    },
};

/// A condition that holds of everybody who can exist. Its slots are keys.
type Link = Program;

/// Metrics of one event are held against each other only if there are not more of them.
const OF_ONE_EVENT_MAX: usize = 40;

/// Milestones are held against metrics only if there are not more pairs of them.
const MILESTONES_TIMES_METRICS_MAX: usize = 20_000;

fn slot(key: Key) -> Box<Program> {
    Box::new(Program::Slot(key))
}

fn number(value: f64) -> Box<Program> {
    Box::new(Program::Constant(Value::Number(value)))
}

fn at_most(a: Key, b: Key) -> Link {
    Program::Compare(Comparison::LessEqual, slot(a), slot(b))
}

fn against(key: Key, comparison: Comparison, value: f64) -> Link {
    Program::CompareNumber(comparison, key, value)
}

fn null(key: Key) -> Link {
    Program::IsNull(slot(key), false)
}

fn not(a: Link) -> Link {
    Program::Not(Box::new(a))
}

fn implies(a: Link, b: Link) -> Link {
    Program::Or(vec![not(a), b])
}

fn same(a: Link, b: Link) -> Link {
    Program::Compare(Comparison::Equal, Box::new(a), Box::new(b))
}

/// Links, and which of them a fact has a part in.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) all: Vec<Link>,
    /// The facts of each.
    pub(super) keys: Vec<Vec<Key>>,
    of: KeyMap<Vec<usize>>,
}

impl Links {
    pub(super) fn of(model: &Model, source: &Source, facts: &Facts<'_>) -> Links {
        let mut links = Links { all: links(model, source, facts), ..Links::default() };
        for (at, link) in links.all.iter().enumerate() {
            let mut keys = Vec::new();
            link.slots(&mut |key| keys.push(key));
            keys.sort_unstable();
            keys.dedup();
            keys.iter().for_each(|key| links.of.entry(*key).or_default().push(at));
            links.keys.push(keys);
        }
        links
    }

    /// The links that a fact has a part in.
    pub(super) fn with(&self, key: Key) -> &[usize] {
        self.of.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// All links between facts of a model.
fn links(model: &Model, source: &Source, facts: &Facts<'_>) -> Vec<Link> {
    let mut links = Vec::new();
    for (bit, level) in [(0, &model.user), (ACCOUNT_BIT, &model.account)] {
        built_in(bit, facts, &mut links);
        let own: Vec<&Measured<'_>> = facts.measured.iter().filter(|one| one.key & ACCOUNT_BIT == bit).collect();
        metrics(bit, &own, facts, source, &mut links);
        let few = own.len().saturating_mul(level.milestones.len()) <= MILESTONES_TIMES_METRICS_MAX;
        milestones(bit, level, source, facts, if few { &own } else { &[] }, &mut links);
    }
    rollups(&model.account, facts, &mut links);
    links
}

fn built_in(bit: u32, facts: &Facts<'_>, links: &mut Vec<Link>) {
    let of = |builtin| facts.builtin(bit, builtin);
    let (age, inactive, active) = (of(Builtin::AgeDays), of(Builtin::DaysInactive), of(Builtin::ActiveDays28));
    if let (Some(age), Some(inactive)) = (age, inactive) {
        links.push(at_most(inactive, age));
    }
    if let (Some(active), Some(inactive)) = (active, inactive) {
        links.push(implies(
            against(active, Comparison::GreaterEqual, 1.0),
            against(inactive, Comparison::LessEqual, 27.0),
        ));
        links.push(implies(
            against(inactive, Comparison::LessEqual, 27.0),
            against(active, Comparison::GreaterEqual, 1.0),
        ));
    }
    if let (Some(active), Some(age)) = (active, age) {
        let days = Program::Arithmetic(Arithmetic::Add, slot(age), number(1.0));
        links.push(Program::Compare(Comparison::LessEqual, slot(active), Box::new(days)));
    }
    let (users, active_users) = (of(Builtin::Users), of(Builtin::ActiveUsers28));
    if let (Some(users), Some(active_users)) = (users, active_users) {
        links.push(at_most(active_users, users));
    }
    if let (Some(active_users), Some(active)) = (active_users, active) {
        let any = |key| against(key, Comparison::GreaterEqual, 1.0);
        links.push(same(any(active_users), any(active)));
    }
    if let (Some(users), Some(events)) = (users, of(Builtin::Events)) {
        links.push(at_most(users, events));
    }
}

/// Whether every date of the first window is in the second.
fn inside(a: Option<Window>, b: Option<Window>) -> bool {
    match (a, b) {
        (_, None) => true,
        (Some(Window::Last { days, ago }), Some(Window::Last { days: more, ago: since })) => {
            ago >= since && ago.saturating_add(days) <= since.saturating_add(more)
        }
        (Some(Window::First { days }), Some(Window::First { days: more })) => days <= more,
        (a, b) => a == b,
    }
}

fn counts(kind: MeasureKind) -> bool {
    use MeasureKind::{Count, Days, Distinct, Users};
    matches!(kind, Count | Days | Distinct | Users)
}

fn metrics(bit: u32, own: &[&Measured<'_>], facts: &Facts<'_>, source: &Source, links: &mut Vec<Link>) {
    // Two metrics have to do with each other only if they share an event.
    let mut by_event: HashMap<Option<&str>, Vec<&Measured<'_>>> = HashMap::new();
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
    // Of users every event that is not ignored is activity.
    let activity = |one: &&&Measured<'_>| {
        let named = one.events.named.as_ref();
        named.is_none_or(|named| bit == 0 && named.iter().all(|(name, _)| !source.ignored.contains(name)))
    };
    let any: Vec<&&Measured<'_>> = own
        .iter()
        .filter(|one| one.events.named.is_none() && one.events.condition.is_none())
        .take(OF_ONE_EVENT_MAX)
        .collect();
    for one in own.iter().filter(activity) {
        let recent = inside(one.window, Some(Window::Last { days: 28, ago: 0 }));
        if let (Some(active), true) = (facts.builtin(bit, Builtin::ActiveDays28), recent) {
            match one.kind {
                MeasureKind::Days => links.push(at_most(one.key, active)),
                MeasureKind::Count => links.push(implies(
                    against(one.key, Comparison::GreaterEqual, 1.0),
                    against(active, Comparison::GreaterEqual, 1.0),
                )),
                _ => {}
            }
        }
        if let (Some(inactive), Some(Window::Last { days, ago: 0 }), true) =
            (facts.builtin(bit, Builtin::DaysInactive), one.window, counts(one.kind))
        {
            let within = against(inactive, Comparison::LessEqual, f64::from(days - 1));
            links.push(implies(against(one.key, Comparison::GreaterEqual, 1.0), within));
        }
        for other in any.iter().filter(|other| other.key != one.key) {
            if one.events.named.is_some() && inside(one.window, other.window) {
                ordered(one, other, links);
            }
        }
    }
    for one in own.iter().filter(|one| one.kind == MeasureKind::Users) {
        if let Some(users) = facts.builtin(bit, Builtin::Users) {
            links.push(at_most(one.key, users));
        }
    }
    if let Some(events) = facts.builtin(bit, Builtin::Events) {
        own.iter().filter(|one| counts(one.kind)).for_each(|one| links.push(at_most(one.key, events)));
    }
    if let Some(age) = facts.builtin(bit, Builtin::AgeDays) {
        for one in own {
            let whole_days = |extra: f64| {
                let days = Program::Arithmetic(Arithmetic::Add, slot(age), number(extra));
                Program::Compare(Comparison::LessEqual, slot(one.key), Box::new(days))
            };
            match one.kind {
                MeasureKind::Days => links.push(whole_days(1.0)),
                MeasureKind::DaysSinceFirst | MeasureKind::DaysSinceLast => links.push(whole_days(0.0)),
                // So many rises take as many weeks and one.
                MeasureKind::RisingWeeks => {
                    let days = Program::Arithmetic(Arithmetic::Multiply, slot(one.key), number(7.0));
                    links.push(Program::Compare(Comparison::LessEqual, Box::new(days), slot(age)));
                }
                MeasureKind::Trend => {
                    links.push(implies(against(age, Comparison::Less, 14.0), null(one.key)));
                }
                _ => {}
            }
        }
    }
}

/// That one is at most the other, where all that the first counts the second counts too.
fn ordered(a: &Measured<'_>, b: &Measured<'_>, links: &mut Vec<Link>) {
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
fn pair(a: &Measured<'_>, b: &Measured<'_>, links: &mut Vec<Link>) {
    use MeasureKind::{Avg, Count, Days, DaysSinceFirst, DaysSinceLast, Earliest, Latest, Max, Min, Sum, Top};
    if a.events.within(b.events) && inside(a.window, b.window) {
        ordered(a, b, links);
    }
    if a.events != b.events {
        return;
    }
    let some = |key| against(key, Comparison::GreaterEqual, 1.0);
    let counted = matches!(a.kind, Count | Days);
    match b.kind {
        DaysSinceFirst | DaysSinceLast if counted && a.window == b.window => {
            links.push(same(null(b.key), not(some(a.key))));
        }
        // The last one lies in a window that ends today, or the window has none.
        DaysSinceLast if counted && b.window.is_none() => {
            if let Some(Window::Last { days, ago: 0 }) = a.window {
                let recent = against(b.key, Comparison::LessEqual, f64::from(days - 1));
                links.push(implies(some(a.key), recent.clone()));
                links.push(implies(Program::And(vec![not(null(b.key)), recent]), some(a.key)));
            }
        }
        Min | Max | Avg | Earliest | Latest | Top if counted && a.window == b.window => {
            links.push(implies(not(some(a.key)), null(b.key)));
        }
        Sum if counted && a.window == b.window => {
            links.push(implies(not(some(a.key)), against(b.key, Comparison::Equal, 0.0)));
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

fn milestones(
    bit: u32,
    level: &Level,
    source: &Source,
    facts: &Facts<'_>,
    own: &[&Measured<'_>],
    links: &mut Vec<Link>,
) {
    let written = if bit == 0 { &source.user } else { &source.account };
    for (place, (milestone, text)) in level.milestones.iter().zip(&written.milestones).enumerate() {
        let part = |of| facts.milestone(bit, place, of);
        let reached = part(MilestonePart::Reached);
        let yes = |key: Key| Program::Slot(key);
        if let (Some(reached), Some(hours)) = (reached, part(MilestonePart::Hours)) {
            links.push(implies(not(null(hours)), yes(reached)));
        }
        if let (Some(reached), Some(ago)) = (reached, part(MilestonePart::DaysAgo)) {
            links.push(same(null(ago), not(yes(reached))));
        }
        if let (Some(reached), Some(pending)) = (reached, part(MilestonePart::Pending)) {
            links.push(not(Program::And(vec![yes(reached), yes(pending)])));
        }
        if let (Some(ago), Some(age)) = (part(MilestonePart::DaysAgo), facts.builtin(bit, Builtin::AgeDays)) {
            links.push(at_most(ago, age));
        }
        // Reached, told by whichever of its parts is a fact.
        let told = reached.map(yes).or_else(|| part(MilestonePart::DaysAgo).map(|ago| not(null(ago))));
        let sooner = part(MilestonePart::Hours).map(|hours| not(null(hours)));
        let Some(told) = told.or(sooner) else { continue };
        if let Form::All(parts) = &milestone.form {
            for other in parts {
                if let Some(other) = facts.milestone(bit, *other, MilestonePart::Reached) {
                    links.push(implies(told.clone(), yes(other)));
                }
            }
            let all: Option<Vec<Link>> =
                parts.iter().map(|other| facts.milestone(bit, *other, MilestonePart::Reached).map(yes)).collect();
            if let (Some(all), Some(reached)) = (all, reached) {
                links.push(same(yes(reached), Program::And(all)));
            }
            continue;
        }
        let (times, alone) = match &milestone.form {
            Form::Once { .. } => (1, true),
            Form::Times { times, .. } => (*times, milestone.within.is_none()),
            Form::Days { times, span, .. } => (*times, span.is_none()),
            _ => (1, false),
        };
        let by_days = matches!(milestone.form, Form::Days { .. });
        let users = milestone.min_users.as_ref().map_or(1, |(n, _)| *n);
        for one in own {
            for step in &text.steps {
                let counted = matches!(one.kind, MeasureKind::Count | MeasureKind::Days) && one.window.is_none();
                if !counted || !step.within(one.events) {
                    continue;
                }
                let least = if by_days || one.kind == MeasureKind::Count { times } else { 1 };
                let least = if one.kind == MeasureKind::Count { least.saturating_mul(users) } else { least };
                let enough = against(one.key, Comparison::GreaterEqual, least as f64);
                links.push(implies(told.clone(), enough.clone()));
                let as_counted = by_days == (one.kind == MeasureKind::Days);
                let whole = alone && users == 1 && as_counted && step == one.events && milestone.min_users.is_none();
                if let (true, Some(reached)) = (whole, reached) {
                    links.push(implies(enough, yes(reached)));
                }
            }
        }
        if let (true, Some(all)) = (users > 1, facts.builtin(bit, Builtin::Users)) {
            links.push(implies(told, against(all, Comparison::GreaterEqual, users as f64)));
        }
    }
}

/// A roll-up counts members, and has nothing to gather without any.
fn rollups(level: &Level, facts: &Facts<'_>, links: &mut Vec<Link>) {
    let Some(members) = facts.builtin(ACCOUNT_BIT, Builtin::Members) else { return };
    for (slot, fact) in (0..).zip(&level.facts) {
        let FactSource::Rollup(rollup) = &fact.source else { continue };
        let key: Key = slot | ACCOUNT_BIT;
        let nobody = against(members, Comparison::Equal, 0.0);
        match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => links.push(at_most(key, members)),
            RollupKind::Sum | RollupKind::TopSum(_) => {
                links.push(implies(nobody, against(key, Comparison::Equal, 0.0)));
            }
            RollupKind::Min | RollupKind::Max | RollupKind::Avg => links.push(implies(nobody, null(key))),
        }
    }
}
