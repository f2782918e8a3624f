//! Facts that are measured of events, with what they are measured of: the way from a fact of the compiled model back to events.

use std::collections::HashMap;

use super::{space::Key, table::KeyMap};
use crate::{
    clock::Window,
    model::{
        MeasureKind, Model, Source,
        compiled::{self, ACCOUNT_BIT, Builtin, MilestonePart},
        source::{EventSet, LevelSource, MetricSource},
    },
};

/// A fact that counts or measures events.
#[derive(Debug)]
pub(super) struct Measured<'s> {
    pub(super) key: Key,
    pub(super) kind: MeasureKind,
    pub(super) events: &'s EventSet,
    pub(super) window: Option<Window>,
    /// As the text has it.
    pub(super) metric: &'s MetricSource,
}

/// Slots of facts by what they are.
#[derive(Debug, Default)]
pub(super) struct Facts<'s> {
    pub(super) measured: Vec<Measured<'s>>,
    /// By fact, where it is among these.
    places: KeyMap<usize>,
    milestones: HashMap<(u32, usize, u8), Key>,
    builtins: HashMap<(u32, u8), Key>,
}

fn part(part: MilestonePart) -> u8 {
    part as u8
}

impl<'s> Facts<'s> {
    pub(super) fn of(model: &'s Model, source: &'s Source) -> Facts<'s> {
        let mut facts = Facts::default();
        for (bit, level, written) in
            [(0, &model.levels.user, &source.user), (ACCOUNT_BIT, &model.levels.account, &source.account)]
        {
            let metrics = metrics(source, written);
            for (slot, fact) in (0..).zip(&level.facts) {
                let key: Key = slot | bit;
                match &fact.source {
                    compiled::Source::Metric(_) => {
                        if let Some(metric) = metrics.get(fact.name.as_str()) {
                            let (kind, events, window) = (metric.kind, &metric.events, metric.window);
                            facts.places.insert(key, facts.measured.len());
                            facts.measured.push(Measured { key, kind, events, window, metric });
                        }
                    }
                    compiled::Source::Milestone(place, of) => {
                        facts.milestones.insert((bit, *place, part(*of)), key);
                    }
                    compiled::Source::Builtin(builtin) => {
                        facts.builtins.insert((bit, *builtin as u8), key);
                    }
                    _ => {}
                }
            }
        }
        facts
    }

    pub(super) fn builtin(&self, bit: u32, builtin: Builtin) -> Option<Key> {
        self.builtins.get(&(bit, builtin as u8)).copied()
    }

    pub(super) fn milestone(&self, bit: u32, place: usize, of: MilestonePart) -> Option<Key> {
        self.milestones.get(&(bit, place, part(of))).copied()
    }

    pub(super) fn metric(&self, key: Key) -> Option<&Measured<'s>> {
        self.places.get(&key).map(|at| &self.measured[*at])
    }
}

/// Metrics by the names that their facts have in the compiled model.
fn metrics<'s>(source: &'s Source, level: &'s LevelSource) -> HashMap<String, &'s MetricSource> {
    let named = source.metrics.iter().map(|metric| (metric.name.clone(), metric));
    let inline = level.signals.iter().filter_map(|signal| signal.inline.as_ref());
    named.chain(inline.map(|metric| (format!("signal {}", metric.name), metric))).collect()
}
