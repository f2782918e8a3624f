//! Facts that are measured of events, with what they are measured of: the way from a fact of the compiled model back to events.

use std::collections::HashMap;

use super::table::FactKeyMap;
use crate::{
    EntityKind, FactKey, MeasureKind, Model, ModelSource,
    clock::DateWindow,
    plan::{self, BuiltinFact, MilestonePart},
    source::{EventSet, LevelSource, MetricSource},
};

/// A fact that counts or measures events.
#[derive(Debug)]
pub(super) struct MeasuredFact<'s> {
    pub(super) key: FactKey,
    pub(super) kind: MeasureKind,
    pub(super) events: &'s EventSet,
    pub(super) window: Option<DateWindow>,
    /// As the text has it.
    pub(super) metric: &'s MetricSource,
}

/// Slots of facts by what they are.
#[derive(Debug, Default)]
pub(super) struct FactIndex<'s> {
    pub(super) measured: Vec<MeasuredFact<'s>>,
    /// By fact, where it is among these.
    places: FactKeyMap<usize>,
    milestones: HashMap<(EntityKind, usize, u8), FactKey>,
    builtins: HashMap<(EntityKind, u8), FactKey>,
}

fn part(part: MilestonePart) -> u8 {
    part as u8
}

impl<'s> FactIndex<'s> {
    pub(super) fn new(model: &'s Model, source: &'s ModelSource) -> FactIndex<'s> {
        let mut facts = FactIndex::default();
        for (side, level) in model.levels.iter() {
            let metrics = metrics(source, source.level(side));
            for (slot, fact) in (0..).zip(&level.facts) {
                let key = FactKey::new(side, slot);
                match &fact.source {
                    plan::FactSource::Metric(_) => {
                        if let Some(metric) = metrics.get(fact.name.as_str()) {
                            let (kind, events, window) = (metric.kind, &metric.events, metric.window);
                            facts.places.insert(key, facts.measured.len());
                            facts.measured.push(MeasuredFact { key, kind, events, window, metric });
                        }
                    }
                    plan::FactSource::Milestone(place, of) => {
                        facts.milestones.insert((side, *place, part(*of)), key);
                    }
                    plan::FactSource::Builtin(builtin) => {
                        facts.builtins.insert((side, *builtin as u8), key);
                    }
                    _ => {}
                }
            }
        }
        facts
    }

    pub(super) fn builtin(&self, side: EntityKind, builtin: BuiltinFact) -> Option<FactKey> {
        self.builtins.get(&(side, builtin as u8)).copied()
    }

    pub(super) fn milestone(&self, side: EntityKind, place: usize, of: MilestonePart) -> Option<FactKey> {
        self.milestones.get(&(side, place, part(of))).copied()
    }

    pub(super) fn metric(&self, key: FactKey) -> Option<&MeasuredFact<'s>> {
        self.places.get(&key).map(|at| &self.measured[*at])
    }
}

/// Metrics by the names that their facts have in the compiled model.
fn metrics<'s>(source: &'s ModelSource, level: &'s LevelSource) -> HashMap<String, &'s MetricSource> {
    let named = source.metrics.iter().map(|metric| (metric.name.clone(), metric));
    let inline = level.signals.iter().filter_map(|signal| signal.inline.as_ref());
    named.chain(inline.map(|metric| (format!("signal {}", metric.name), metric))).collect()
}
