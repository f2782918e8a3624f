//! Derives the plan of a run from a resolved model.
//!
//! The planner assigns places in the state in the order of [`ResolvedModel::order`]. Equal parts share
//! a place.

use super::{
    FactPlan, LevelPlan, Model, PredicateId, TraitPlan, ValueId,
    aggregation::{CellKind, ValueSource},
    builder::{AggregationBuilder, EventFilter, EventSelector},
};
use pql_model::{
    EntityKind, FactKey, PerKind,
    expr::Program,
    resolved::{
        ConditionId, EVENT_SLOT, EventBase, EventForm, EventSelection, EventValue, FactDefinition, ResolvedItem,
        ResolvedModel, Trait,
    },
};

/// Plans a run of a model.
pub(crate) fn plan(resolved: ResolvedModel) -> Model {
    let mut planner = Planner::new(&resolved);
    resolved.order.iter().for_each(|item| planner.item(*item));
    let emails = resolved.email_traits.iter().map(|one| planner.trait_plan(EntityKind::User, one)).collect();
    let ignored: Vec<EventSelector> = resolved.ignored.iter().map(|events| planner.selector(events)).collect();
    let start = planner.selector(&resolved.start);
    let Planner { builder, mut levels, .. } = planner;
    levels.user.emails = emails;
    let aggregation = builder.finish(&ignored, &start);
    Model { resolved, aggregation, levels }
}

/// A plan under construction.
pub(super) struct Planner<'m> {
    pub(super) resolved: &'m ResolvedModel,
    pub(super) builder: AggregationBuilder,
    levels: PerKind<LevelPlan>,
}

impl<'m> Planner<'m> {
    fn new(resolved: &'m ResolvedModel) -> Planner<'m> {
        let levels = PerKind::from_fn(|kind| LevelPlan::empty(resolved.level(kind)));
        Planner { resolved, builder: AggregationBuilder::new(), levels }
    }

    fn item(&mut self, item: ResolvedItem) {
        match item {
            ResolvedItem::EventName(place) => self.conditions(&self.resolved.events.entries()[place].conditions),
            ResolvedItem::Milestone(kind, place) => {
                let milestone = &self.resolved.level(kind).milestones[place];
                let (plan, occurrences) = (self.milestone(milestone), self.occurrences(milestone));
                self.levels[kind].milestones[place] = plan;
                self.levels[kind].occurrences[place] = occurrences;
            }
            ResolvedItem::Fact(key) => {
                let plan = self.fact(key);
                self.levels[key.kind()].facts[key.slot() as usize] = plan;
            }
        }
    }

    fn fact(&mut self, key: FactKey) -> FactPlan {
        let level = self.resolved.level(key.kind());
        match &level.facts[key.slot() as usize].definition {
            FactDefinition::Builtin(builtin) => FactPlan::Builtin(*builtin),
            FactDefinition::Trait(place) => FactPlan::Trait(self.trait_plan(key.kind(), &level.traits[*place])),
            FactDefinition::Metric(place) => FactPlan::Metric(self.metric(&self.resolved.metrics[*place])),
            FactDefinition::Milestone(place, part) => FactPlan::Milestone(*place, *part),
            FactDefinition::Expression(_)
            | FactDefinition::Rollup(_)
            | FactDefinition::Person(..)
            | FactDefinition::Record(_)
            | FactDefinition::Outcome(_)
            | FactDefinition::Scoring => FactPlan::Computed,
        }
    }

    fn trait_plan(&mut self, kind: EntityKind, one: &Trait) -> usize {
        let path = |from: &String| from.split('.').map(str::to_owned).collect::<Vec<String>>();
        let slots = one.from.iter().map(|from| self.builder.slots.property(path(from))).collect();
        let keys = one.from.iter().map(|from| self.builder.slots.trait_key(path(from))).collect();
        let filter = self.filter(&one.events, None);
        let value = self.builder.value(ValueSource::FirstOf(slots, one.format), one.kind);
        let edge = CellKind::Edge { last: !one.first, kind: one.kind };
        let cell = self.builder.cell(&filter, edge, false, Some(value));
        let (name, columns) = (one.name.name.clone(), one.from.clone());
        let traits = &mut self.levels[kind].traits;
        traits.push(TraitPlan { name, kind: one.kind, format: one.format, columns, keys, first: one.first, cell });
        traits.len() - 1
    }

    /// Returns the filter for some events under a condition.
    pub(super) fn filter(&mut self, events: &EventSelection, condition: Option<ConditionId>) -> EventFilter {
        let base = self.selector(events);
        EventFilter { base, predicate: condition.map(|condition| self.predicate(condition)) }
    }

    fn selector(&mut self, events: &EventSelection) -> EventSelector {
        for name in &events.names {
            if let Some(entry) = self.resolved.events.entry(&name.name) {
                self.conditions(&entry.conditions);
            }
        }
        match &events.set.base {
            EventBase::Every => EventSelector::Every,
            EventBase::Activity => EventSelector::Activity,
            EventBase::Named(forms) => {
                let mut all: Vec<(String, Vec<PredicateId>)> = forms.iter().map(|form| self.form(form)).collect();
                all.sort();
                all.dedup();
                EventSelector::Named(all)
            }
        }
    }

    fn form(&mut self, form: &EventForm) -> (String, Vec<PredicateId>) {
        (form.name.clone(), form.conditions.iter().map(|condition| self.predicate(*condition)).collect())
    }

    fn conditions(&mut self, conditions: &[ConditionId]) {
        for condition in conditions {
            self.predicate(*condition);
        }
    }

    fn predicate(&mut self, condition: ConditionId) -> PredicateId {
        let program = self.over_kept(&self.resolved.conditions[condition].expression.program);
        self.builder.predicate(program)
    }

    pub(super) fn value(&mut self, value: &EventValue) -> ValueId {
        let program = self.over_kept(&value.expression.program);
        self.builder.value(ValueSource::Program(program), value.kind)
    }

    /// Translates a program to the slots of the plan. A property gets its slot at its first use.
    fn over_kept(&mut self, program: &Program) -> Program {
        let (slots, properties) = (&mut self.builder.slots, &self.resolved.properties);
        program.map_slots(&mut |slot| match slot {
            EVENT_SLOT => EVENT_SLOT,
            slot => slots.property(properties[slot as usize - 1].clone()),
        })
    }
}
