//! Finds the facts that show use of the product.
//!
//! **What is no use of the product**: what is known of people and companies (traits, domains, ages, how many members there are); the event that
//! starts an entity; events that `[activity] ignore` leaves out; and events whose names say that they are a sign-up, a visit or a page
//! view, an e-mail, or a step towards buying. Every other event is use. Facts over any activity (active days, active users) cannot tell one from
//! the other: without use they are what one day of looking around gives, at most 1.

use super::{
    dependencies::visit_keys,
    fact_index::{FactIndex, MeasuredFact},
    search::{CellLimits, ConstraintSolver},
    table::FactKeyMap,
};
use crate::{
    EntityKind, FactKey, ResolvedModel,
    resolved::{BuiltinFact, EventSet, FactDefinition, Measure, Milestone, MilestonePart, MilestoneRule, Rollup},
};

/// What a fact says of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UsageClass {
    /// It needs no use.
    Unrelated,
    /// It counts activity of any kind.
    Activity,
    /// It is there only with use.
    Use,
}

/// Words in names of events that are no use by themselves.
const NO_USE: [&str; 10] = [
    "signup",
    "signups",
    "registered",
    "registration",
    "pageview",
    "pageviews",
    "visit",
    "visited",
    "newsletter",
    "webinar",
];
/// Two words that are no use together.
const NO_USE_TOGETHER: [(&[&str], &[&str]); 3] = [
    (&["sign", "signed"], &["up"]),
    (
        &["page", "screen", "site", "website", "landing", "docs", "blog"],
        &["view", "viewed", "views", "opened", "loaded"],
    ),
    (&["email", "mail", "newsletter"], &["opened", "open", "clicked", "click", "delivered", "received", "bounced"]),
];
/// Words in names of events that are steps towards buying.
const BUYING: [&str; 14] = [
    "pricing",
    "billing",
    "checkout",
    "demo",
    "upgrade",
    "upgraded",
    "subscription",
    "subscribed",
    "purchase",
    "quote",
    "sales",
    "contract",
    "plans",
    "trial",
];

/// The words of a name: `$pageview`, `Page Viewed` and `pageViewed` have the words of `page_view`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() && before.is_lowercase() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the name of an event says that it is no use of the product.
pub(super) fn is_non_use_event(name: &str) -> bool {
    let words = words(name);
    let one_of = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    one_of(&NO_USE) || one_of(&BUYING) || NO_USE_TOGETHER.iter().any(|(a, b)| one_of(a) && one_of(b))
}

/// Whether the name of an event says that it is a step towards buying.
pub(super) fn is_buying_event(name: &str) -> bool {
    words(name).iter().any(|word| BUYING.contains(&word.as_str()))
}

/// What each fact shows.
#[derive(Debug)]
pub(super) struct UsageClassifier {
    shows: FactKeyMap<UsageClass>,
    /// Those who never used the product.
    pub(super) without_use: CellLimits,
}

impl UsageClassifier {
    pub(super) fn new(search: &ConstraintSolver<'_>, facts: &FactIndex<'_>) -> UsageClassifier {
        let mut evidence = UsageClassifier { shows: FactKeyMap::default(), without_use: CellLimits::default() };
        let space = search.space;
        // Roll-ups last: they are of use if what they gather is.
        let (rollups, others): (Vec<usize>, Vec<usize>) = (1..space.variables.len()).partition(|place| {
            let fact = search.model.fact(space.variables[*place].key);
            matches!(fact.map(|fact| &fact.definition), Some(FactDefinition::Rollup(_)))
        });
        for place in others.into_iter().chain(rollups) {
            let variable = &space.variables[place];
            let shows = evidence.classify(search, facts, variable.key);
            evidence.shows.insert(variable.key, shows);
            let last = (variable.cells.len() - 1) as u16;
            let zero = variable.cell_of(&crate::expr::Value::Null);
            let zero = zero.or_else(|| variable.cell_of(&crate::expr::Value::Number(0.0))).unwrap_or(0);
            let one = variable.cell_of(&crate::expr::Value::Number(1.0)).unwrap_or(zero);
            let limits = match shows {
                UsageClass::Unrelated => (0, last),
                UsageClass::Activity => (zero.min(one), one),
                UsageClass::Use => (zero, zero),
            };
            if limits != (0, last) {
                evidence.without_use.insert(place, limits);
            }
        }
        evidence
    }

    /// What a variable shows; what is no variable shows what its parts do.
    pub(super) fn usage_of(&self, key: FactKey) -> UsageClass {
        self.shows.get(&key).copied().unwrap_or(UsageClass::Unrelated)
    }

    /// Whether any event of a set is use.
    pub(super) fn is_product_use(model: &ResolvedModel, events: &EventSet) -> bool {
        let no = |name: &str| model.is_start(name) || model.is_ignored(name) || is_non_use_event(name);
        events.forms().is_none_or(|forms| forms.iter().any(|form| !no(&form.name)))
    }

    fn classify(&self, search: &ConstraintSolver<'_>, facts: &FactIndex<'_>, key: FactKey) -> UsageClass {
        let model = search.model;
        match model.fact(key).map(|fact| &fact.definition) {
            Some(FactDefinition::Builtin(builtin)) => of_builtin(*builtin),
            Some(FactDefinition::Metric(_)) => facts.metric(key).map_or(UsageClass::Use, |one| of_metric(model, one)),
            Some(FactDefinition::Milestone(_, MilestonePart::Pending)) => UsageClass::Unrelated,
            Some(FactDefinition::Milestone(place, _)) => {
                used_if(milestone_uses(model, &model.level(key.kind()).milestones, *place, 0))
            }
            Some(FactDefinition::Rollup(rollup)) => self.of_rollup(search, rollup),
            Some(FactDefinition::Person(_, slot)) => {
                self.classify(search, facts, FactKey::new(EntityKind::User, *slot))
            }
            // Whoever has never used the product was in no tier that use leads to.
            Some(FactDefinition::Record(_)) => UsageClass::Use,
            Some(
                FactDefinition::Trait(_)
                | FactDefinition::Expression(_)
                | FactDefinition::Outcome(_)
                | FactDefinition::Scoring,
            )
            | None => UsageClass::Unrelated,
        }
    }

    /// A roll-up is of use if what it gathers is.
    fn of_rollup(&self, search: &ConstraintSolver<'_>, rollup: &Rollup) -> UsageClass {
        let mut wanted = Vec::new();
        for program in rollup.value.iter().chain(&rollup.filter) {
            visit_keys(program, EntityKind::User, &mut |key| wanted.push(key));
        }
        let plan = search.plan(wanted);
        let of_use = |place: &usize| self.usage_of(search.space.variables[*place].key) != UsageClass::Unrelated;
        used_if(plan.variables[..plan.core].iter().any(of_use))
    }
}

fn used_if(used: bool) -> UsageClass {
    if used { UsageClass::Use } else { UsageClass::Unrelated }
}

fn of_builtin(builtin: BuiltinFact) -> UsageClass {
    match builtin {
        BuiltinFact::ActiveDays28 | BuiltinFact::ActiveUsers28 | BuiltinFact::DomainUsers28 | BuiltinFact::Events => {
            UsageClass::Activity
        }
        BuiltinFact::AgeDays
        | BuiltinFact::DaysInactive
        | BuiltinFact::Today
        | BuiltinFact::Domain
        | BuiltinFact::Users
        | BuiltinFact::Members
        | BuiltinFact::Holdout => UsageClass::Unrelated,
    }
}

/// A metric of any activity counts looking around too; one of named events is of use if one of the events is.
fn of_metric(model: &ResolvedModel, one: &MeasuredFact<'_>) -> UsageClass {
    if one.events().forms().is_some() {
        return used_if(UsageClassifier::is_product_use(model, one.events()));
    }
    match one.metric.measure {
        Measure::Count | Measure::Days | Measure::Users => UsageClass::Activity,
        Measure::DaysSince(_) => UsageClass::Unrelated,
        Measure::Distinct(_)
        | Measure::Number(..)
        | Measure::Edge(..)
        | Measure::SumLatest { .. }
        | Measure::Top(..)
        | Measure::Elapsed { .. }
        | Measure::Open { .. }
        | Measure::RisingWeeks(_)
        | Measure::Trend { .. } => UsageClass::Use,
    }
}

/// The largest depth of milestones within milestones that is examined.
const MILESTONES_DEEP_MAX: usize = 20;

/// Whether a milestone takes use of the product.
fn milestone_uses(model: &ResolvedModel, milestones: &[Milestone], place: usize, depth: usize) -> bool {
    match &milestones[place].rule {
        MilestoneRule::All(parts) => {
            depth < MILESTONES_DEEP_MAX && parts.iter().any(|part| milestone_uses(model, milestones, *part, depth + 1))
        }
        MilestoneRule::Times { events, .. } => UsageClassifier::is_product_use(model, &events.set),
        MilestoneRule::Steps { steps, .. } => {
            steps.iter().any(|step| UsageClassifier::is_product_use(model, &step.set))
        }
    }
}
