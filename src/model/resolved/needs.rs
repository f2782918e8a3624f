//! The events, properties and trait keys that the computed facts of a model need.

use std::collections::BTreeSet;

use super::{
    ConditionId, EventExpression, EventSelection, FactDefinition, Metric, MilestoneRule, ResolvedItem, ResolvedModel,
    Trait,
};

/// The events, properties and trait keys that the computed facts need.
#[derive(Debug, Default)]
pub struct ModelNeeds<'m> {
    /// The event names of metrics, milestones and traits.
    pub events: BTreeSet<&'m str>,
    /// The paths, with dots, of properties that conditions, values and traits read.
    pub properties: BTreeSet<String>,
    /// The keys of traits, with dots.
    pub trait_keys: BTreeSet<String>,
}

impl ResolvedModel {
    /// Returns the events, properties and trait keys that the computed facts need.
    pub fn needs(&self) -> ModelNeeds<'_> {
        let mut needs = ModelNeeds::default();
        for item in &self.order {
            needs.item(self, *item);
        }
        self.email_traits.iter().for_each(|one| needs.one_trait(self, one));
        // For start events and ignored events only the conditions count.
        self.ignored.iter().chain([&self.start]).for_each(|events| needs.conditions_of(self, events));
        needs
    }
}

impl<'m> ModelNeeds<'m> {
    fn item(&mut self, model: &'m ResolvedModel, item: ResolvedItem) {
        match item {
            ResolvedItem::EventName(place) => {
                let conditions = &model.events.entries()[place].conditions;
                conditions.iter().for_each(|condition| self.condition(model, *condition));
            }
            ResolvedItem::Milestone(kind, place) => self.rule(model, &model.level(kind).milestones[place].rule),
            ResolvedItem::Fact(key) => {
                let level = model.level(key.kind());
                match &level.facts[key.slot() as usize].definition {
                    FactDefinition::Trait(place) => self.one_trait(model, &level.traits[*place]),
                    FactDefinition::Metric(place) => self.metric(model, &model.metrics[*place]),
                    FactDefinition::Builtin(_)
                    | FactDefinition::Milestone(..)
                    | FactDefinition::Expression(_)
                    | FactDefinition::Rollup(_)
                    | FactDefinition::Person(..)
                    | FactDefinition::Record(_)
                    | FactDefinition::Outcome(_)
                    | FactDefinition::Scoring => {}
                }
            }
        }
    }

    fn metric(&mut self, model: &'m ResolvedModel, metric: &'m Metric) {
        self.named(model, &metric.events);
        metric.measure.other_events().into_iter().for_each(|events| self.named(model, events));
        metric.filter.into_iter().for_each(|condition| self.condition(model, condition));
        for value in [metric.measure.value(), metric.measure.pairing()].into_iter().flatten() {
            self.expression(model, &value.expression);
        }
    }

    fn rule(&mut self, model: &'m ResolvedModel, rule: &'m MilestoneRule) {
        match rule {
            MilestoneRule::Times { events, filter, .. } => {
                self.named(model, events);
                filter.iter().for_each(|condition| self.condition(model, *condition));
            }
            MilestoneRule::Steps { steps, same, .. } => {
                steps.iter().for_each(|step| self.named(model, step));
                same.iter().for_each(|same| self.expression(model, &same.expression));
            }
            MilestoneRule::All(_) => {}
        }
    }

    /// The keys of a trait can also be properties of events.
    fn one_trait(&mut self, model: &'m ResolvedModel, one: &'m Trait) {
        self.named(model, &one.events);
        self.properties.extend(one.from.iter().cloned());
        self.trait_keys.extend(one.from.iter().cloned());
    }

    fn named(&mut self, model: &'m ResolvedModel, events: &'m EventSelection) {
        self.events.extend(events.set.base.event_names().into_iter().flatten());
        self.conditions_of(model, events);
    }

    fn conditions_of(&mut self, model: &'m ResolvedModel, events: &'m EventSelection) {
        let entries = events.names.iter().filter_map(|name| model.events.entry(&name.name));
        entries.flat_map(|entry| &entry.conditions).for_each(|condition| self.condition(model, *condition));
    }

    fn condition(&mut self, model: &'m ResolvedModel, condition: ConditionId) {
        self.expression(model, &model.conditions[condition].expression);
    }

    fn expression(&mut self, model: &'m ResolvedModel, expression: &'m EventExpression) {
        expression.program.visit_slots(&mut |slot| self.property(model, slot));
    }

    fn property(&mut self, model: &ResolvedModel, slot: u32) {
        if let Some(path) = slot.checked_sub(1).and_then(|place| model.properties.get(place as usize)) {
            self.properties.insert(path.join("."));
        }
    }
}
