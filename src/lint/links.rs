//! What facts have to do with each other, so that nobody is looked at who cannot exist: a count of seven days is at most that of thirty, a day
//! since the last is null where nothing was counted, a milestone is reached only with its events.
//!
//! Each link is a condition over facts that is true of everybody, or null. Links that could be wrong for odd data (events before the sign-up)
//! say what is so for anybody whose first event is the sign-up.

mod metrics;
mod milestones;

use self::{metrics::metrics, milestones::milestones};
use super::{
    measured::{Facts, Measured},
    space::Key,
    table::KeyMap,
};
use crate::{
    expr::{Arithmetic, Comparison, Program, Value},
    model::{
        Model, Source,
        compiled::{ACCOUNT_BIT, Builtin, Level, RollupKind, Source as FactSource},
    },
};

/// A condition that holds of everybody who can exist. Its slots are keys.
type Link = Program;

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
    for (bit, level) in [(0, &model.levels.user), (ACCOUNT_BIT, &model.levels.account)] {
        built_in(bit, facts, &mut links);
        let own: Vec<&Measured<'_>> = facts.measured.iter().filter(|one| one.key & ACCOUNT_BIT == bit).collect();
        metrics(bit, &own, facts, source, &mut links);
        let few = own.len().saturating_mul(level.milestones.len()) <= MILESTONES_TIMES_METRICS_MAX;
        milestones(bit, level, source, facts, if few { &own } else { &[] }, &mut links);
    }
    rollups(&model.levels.account, facts, &mut links);
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
