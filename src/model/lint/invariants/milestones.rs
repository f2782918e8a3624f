//! What the parts of milestones have to do with each other, with other milestones, and with metrics.

use super::{
    super::fact_index::{FactIndex, MeasuredFact},
    FactInvariant, at_most, compare_to, fact, implies, not, null, same,
};
use crate::{
    EntityKind, MeasureKind, ModelSource,
    expr::{ComparisonOp, Program},
    plan::{BuiltinFact, Level, Milestone, MilestonePart, MilestonePlan},
    source::MilestoneSource,
};

/// All links of the milestones of a level.
pub(super) fn milestone_invariants(
    side: EntityKind,
    level: &Level,
    source: &ModelSource,
    facts: &FactIndex<'_>,
    own: &[&MeasuredFact<'_>],
    links: &mut Vec<FactInvariant>,
) {
    let written = if side == EntityKind::User { &source.user } else { &source.account };
    for (place, (milestone, text)) in level.milestones.iter().zip(&written.milestones).enumerate() {
        parts_of_one(side, place, facts, links);
        let part = |of| facts.milestone(side, place, of);
        let reached = part(MilestonePart::Reached).map(fact);
        // Reached, told by whichever of its parts is a fact.
        let known = |of| part(of).map(|key| not(null(key)));
        let told = reached.clone().or_else(|| known(MilestonePart::DaysAgo)).or_else(|| known(MilestonePart::Hours));
        let Some(told) = told else { continue };
        match &milestone.form {
            MilestonePlan::All(parts) => {
                let others: Vec<Option<FactInvariant>> =
                    parts.iter().map(|other| facts.milestone(side, *other, MilestonePart::Reached).map(fact)).collect();
                of_others(&told, reached, others, links);
            }
            _ => {
                let users = milestone.min_users.as_ref().map_or(1, |(n, _)| *n);
                let own = own.iter().copied();
                own.for_each(|one| of_events(milestone, text, one, (&told, reached.as_ref()), links));
                if let (true, Some(all)) = (users > 1, facts.builtin(side, BuiltinFact::Users)) {
                    links.push(implies(told, compare_to(all, ComparisonOp::GreaterEqual, users as f64)));
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

/// A milestone of others is reached with the last of them; `told` says that it is reached, `others` that they are, as far as facts say so.
fn of_others(
    told: &FactInvariant,
    reached: Option<FactInvariant>,
    others: Vec<Option<FactInvariant>>,
    links: &mut Vec<FactInvariant>,
) {
    for other in others.iter().flatten() {
        links.push(implies(told.clone(), other.clone()));
    }
    let all: Option<Vec<FactInvariant>> = others.into_iter().collect();
    if let (Some(all), Some(reached)) = (all, reached) {
        links.push(same(reached, Program::And(all)));
    }
}

/// A milestone of events takes as many as it asks for; where the metric counts just these, as many are enough.
fn of_events(
    milestone: &Milestone,
    text: &MilestoneSource,
    one: &MeasuredFact<'_>,
    (told, reached): (&FactInvariant, Option<&FactInvariant>),
    links: &mut Vec<FactInvariant>,
) {
    if !matches!(one.kind, MeasureKind::Count | MeasureKind::Days) || one.window.is_some() {
        return;
    }
    let (times, alone) = match &milestone.form {
        MilestonePlan::Once { .. } => (1, true),
        MilestonePlan::Times { times, .. } => (*times, milestone.within.is_none()),
        MilestonePlan::Days { times, span, .. } => (*times, span.is_none()),
        MilestonePlan::Steps { .. } | MilestonePlan::All(_) => (1, false),
    };
    let by_days = matches!(milestone.form, MilestonePlan::Days { .. });
    let users = milestone.min_users.as_ref().map_or(1, |(n, _)| *n);
    let least = if by_days || one.kind == MeasureKind::Count { times } else { 1 };
    let least = if one.kind == MeasureKind::Count { least.saturating_mul(users) } else { least };
    let enough = compare_to(one.key, ComparisonOp::GreaterEqual, least as f64);
    for step in text.steps.iter().filter(|step| step.within(one.events)) {
        links.push(implies(told.clone(), enough.clone()));
        let as_counted = by_days == (one.kind == MeasureKind::Days);
        let whole = alone && users == 1 && as_counted && step == one.events && milestone.min_users.is_none();
        if let (true, Some(reached)) = (whole, reached) {
            links.push(implies(enough.clone(), reached.clone()));
        }
    }
}
