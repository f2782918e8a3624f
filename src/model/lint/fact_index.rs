//! Facts by what they are: metrics, parts of milestones, built-in facts, facts of the record.

use std::collections::HashMap;

use super::table::FactKeyMap;
use crate::{
    EntityKind, FactKey,
    resolved::{BuiltinFact, EventSet, FactDefinition, Metric, MilestonePart, RecordFact, ResolvedModel},
};

/// A fact that counts or measures events.
#[derive(Debug)]
pub(super) struct MeasuredFact<'m> {
    pub(super) key: FactKey,
    pub(super) metric: &'m Metric,
}

impl<'m> MeasuredFact<'m> {
    /// The events that it is about.
    pub(super) fn events(&self) -> &'m EventSet {
        &self.metric.events.set
    }
}

/// Facts by what they are.
#[derive(Debug, Default)]
pub(super) struct FactIndex<'m> {
    pub(super) measured: Vec<MeasuredFact<'m>>,
    /// By fact, where it is among these.
    places: FactKeyMap<usize>,
    milestones: HashMap<(EntityKind, usize, MilestonePart), FactKey>,
    builtins: HashMap<(EntityKind, BuiltinFact), FactKey>,
    records: HashMap<(EntityKind, RecordFact), FactKey>,
}

impl<'m> FactIndex<'m> {
    pub(super) fn new(model: &'m ResolvedModel) -> FactIndex<'m> {
        let mut facts = FactIndex::default();
        for (kind, level) in model.levels.iter() {
            for (slot, fact) in (0..).zip(&level.facts) {
                facts.add(FactKey::new(kind, slot), &fact.definition, &model.metrics);
            }
        }
        facts
    }

    fn add(&mut self, key: FactKey, definition: &FactDefinition, metrics: &'m [Metric]) {
        match definition {
            FactDefinition::Metric(place) => {
                self.places.insert(key, self.measured.len());
                self.measured.push(MeasuredFact { key, metric: &metrics[*place] });
            }
            FactDefinition::Milestone(place, part) => {
                self.milestones.insert((key.kind(), *place, *part), key);
            }
            FactDefinition::Builtin(builtin) => {
                self.builtins.insert((key.kind(), *builtin), key);
            }
            FactDefinition::Record(fact) => {
                self.records.insert((key.kind(), *fact), key);
            }
            FactDefinition::Trait(_)
            | FactDefinition::Outcome(_)
            | FactDefinition::Expression(_)
            | FactDefinition::Rollup(_)
            | FactDefinition::Person(..)
            | FactDefinition::Scoring => {}
        }
    }

    pub(super) fn builtin(&self, kind: EntityKind, builtin: BuiltinFact) -> Option<FactKey> {
        self.builtins.get(&(kind, builtin)).copied()
    }

    pub(super) fn record(&self, kind: EntityKind, fact: RecordFact) -> Option<FactKey> {
        self.records.get(&(kind, fact)).copied()
    }

    pub(super) fn milestone(&self, kind: EntityKind, place: usize, part: MilestonePart) -> Option<FactKey> {
        self.milestones.get(&(kind, place, part)).copied()
    }

    pub(super) fn metric(&self, key: FactKey) -> Option<&MeasuredFact<'m>> {
        self.places.get(&key).map(|at| &self.measured[*at])
    }
}
