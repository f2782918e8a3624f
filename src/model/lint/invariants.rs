//! What facts have to do with each other, so that nobody is looked at who cannot exist: a count of seven days is at most that of thirty, a day
//! since the last is null where nothing was counted, a milestone is reached only with its events.
//!
//! Each link is a condition over facts that is true of everybody, or null. Links that could be wrong for odd data (events before the sign-up)
//! say what is so for anybody whose first event is the sign-up.

mod metrics;
mod milestones;

use self::{metrics::metric_invariants, milestones::milestone_invariants};
use super::{
    fact_index::{FactIndex, MeasuredFact},
    table::FactKeyMap,
};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    expr::{ArithmeticOp, ComparisonOp, Program, Value},
    resolved::{BuiltinFact, FactDefinition, Level, RecordFact, RollupKind},
};

/// A condition that holds of everybody who can exist. Its slots are keys.
type FactInvariant = Program;

/// Milestones are held against metrics only if there are not more pairs of them.
const MILESTONES_TIMES_METRICS_MAX: usize = 20_000;

/// The fact that a slot of an invariant stands for. Programs of users can name every fact, so invariants are written as such.
pub(super) fn fact_of(slot: u32) -> FactKey {
    FactKey::seen_from(EntityKind::User, slot)
}

/// A fact by itself.
fn fact(key: FactKey) -> Program {
    Program::Slot(key.in_program_of(EntityKind::User))
}

fn slot(key: FactKey) -> Box<Program> {
    Box::new(fact(key))
}

fn number(value: f64) -> Box<Program> {
    Box::new(Program::Constant(Value::Number(value)))
}

fn at_most(a: FactKey, b: FactKey) -> FactInvariant {
    Program::Compare(ComparisonOp::LessEqual, slot(a), slot(b))
}

fn compare_to(key: FactKey, comparison: ComparisonOp, value: f64) -> FactInvariant {
    Program::CompareNumber(comparison, key.in_program_of(EntityKind::User), value)
}

fn null(key: FactKey) -> FactInvariant {
    Program::IsNull(slot(key), false)
}

fn not(a: FactInvariant) -> FactInvariant {
    Program::Not(Box::new(a))
}

fn implies(a: FactInvariant, b: FactInvariant) -> FactInvariant {
    Program::Or(vec![not(a), b])
}

fn same(a: FactInvariant, b: FactInvariant) -> FactInvariant {
    Program::Compare(ComparisonOp::Equal, Box::new(a), Box::new(b))
}

/// Links, and which of them a fact has a part in.
#[derive(Debug, Default)]
pub(super) struct InvariantSet {
    pub(super) all: Vec<FactInvariant>,
    /// The facts of each.
    pub(super) keys: Vec<Vec<FactKey>>,
    by_key: FactKeyMap<Vec<usize>>,
}

impl InvariantSet {
    pub(super) fn new(model: &ResolvedModel, facts: &FactIndex<'_>) -> InvariantSet {
        let mut links = InvariantSet { all: collect_invariants(model, facts), ..InvariantSet::default() };
        for (at, link) in links.all.iter().enumerate() {
            let mut keys = Vec::new();
            link.visit_slots(&mut |slot| keys.push(fact_of(slot)));
            keys.sort_unstable();
            keys.dedup();
            keys.iter().for_each(|key| links.by_key.entry(*key).or_default().push(at));
            links.keys.push(keys);
        }
        links
    }

    /// The links that a fact has a part in.
    pub(super) fn of_key(&self, key: FactKey) -> &[usize] {
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// All links between facts of a model.
fn collect_invariants(model: &ResolvedModel, facts: &FactIndex<'_>) -> Vec<FactInvariant> {
    let mut links = Vec::new();
    for (side, level) in model.levels.iter() {
        built_in(side, facts, &mut links);
        of_record(side, level, facts, &mut links);
        let own: Vec<&MeasuredFact<'_>> = facts.measured.iter().filter(|one| one.key.kind() == side).collect();
        metric_invariants(side, &own, facts, model, &mut links);
        let few = own.len().saturating_mul(level.milestones.len()) <= MILESTONES_TIMES_METRICS_MAX;
        milestone_invariants(side, level, facts, if few { &own } else { &[] }, &mut links);
    }
    rollups(&model.levels.account, facts, &mut links);
    links
}

fn built_in(side: EntityKind, facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    let of = |builtin| facts.builtin(side, builtin);
    let (age, inactive, active) =
        (of(BuiltinFact::AgeDays), of(BuiltinFact::DaysInactive), of(BuiltinFact::ActiveDays28));
    if let (Some(age), Some(inactive)) = (age, inactive) {
        links.push(at_most(inactive, age));
    }
    if let (Some(active), Some(inactive)) = (active, inactive) {
        links.push(implies(
            compare_to(active, ComparisonOp::GreaterEqual, 1.0),
            compare_to(inactive, ComparisonOp::LessEqual, 27.0),
        ));
        links.push(implies(
            compare_to(inactive, ComparisonOp::LessEqual, 27.0),
            compare_to(active, ComparisonOp::GreaterEqual, 1.0),
        ));
    }
    if let (Some(active), Some(age)) = (active, age) {
        let days = Program::Arithmetic(ArithmeticOp::Add, slot(age), number(1.0));
        links.push(Program::Compare(ComparisonOp::LessEqual, slot(active), Box::new(days)));
    }
    if let (Some(colleagues), Some(active)) = (of(BuiltinFact::DomainUsers28), active) {
        let some = |key| compare_to(key, ComparisonOp::GreaterEqual, 1.0);
        links.push(implies(some(active), Program::Or(vec![null(colleagues), some(colleagues)])));
    }
    if let (Some(colleagues), Some(domain)) = (of(BuiltinFact::DomainUsers28), of(BuiltinFact::Domain)) {
        links.push(implies(null(domain), null(colleagues)));
    }
    let (users, active_users) = (of(BuiltinFact::Users), of(BuiltinFact::ActiveUsers28));
    if let (Some(users), Some(active_users)) = (users, active_users) {
        links.push(at_most(active_users, users));
    }
    if let (Some(active_users), Some(active)) = (active_users, active) {
        let any = |key| compare_to(key, ComparisonOp::GreaterEqual, 1.0);
        links.push(same(any(active_users), any(active)));
    }
    if let (Some(users), Some(events)) = (users, of(BuiltinFact::Events)) {
        links.push(at_most(users, events));
    }
}

/// Whoever was in a list before had a score there, and has a tier since some day.
fn of_record(side: EntityKind, level: &Level, facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    let of = |fact| facts.record(side, fact);
    let (tier, score) = (of(RecordFact::PreviousTier), of(RecordFact::PreviousScore));
    if let (Some(tier), Some(score)) = (tier, score) {
        links.push(implies(null(score), null(tier)));
    }
    if let (Some(before), Some(since)) = (tier.or(score), of(RecordFact::TierSince))
        && !level.tiers.is_empty()
    {
        links.push(implies(null(since), null(before)));
    }
}

/// A roll-up counts members, and has nothing to gather without any.
fn rollups(level: &Level, facts: &FactIndex<'_>, links: &mut Vec<FactInvariant>) {
    let Some(members) = facts.builtin(EntityKind::Account, BuiltinFact::Members) else { return };
    for (slot, fact) in (0..).zip(&level.facts) {
        let FactDefinition::Rollup(rollup) = &fact.definition else { continue };
        let key: FactKey = FactKey::new(EntityKind::Account, slot);
        let nobody = compare_to(members, ComparisonOp::Equal, 0.0);
        match rollup.kind {
            RollupKind::Count | RollupKind::Distinct => links.push(at_most(key, members)),
            RollupKind::Sum | RollupKind::TopSum(_) => {
                links.push(implies(nobody, compare_to(key, ComparisonOp::Equal, 0.0)));
            }
            RollupKind::Min | RollupKind::Max | RollupKind::Avg => links.push(implies(nobody, null(key))),
        }
    }
}
