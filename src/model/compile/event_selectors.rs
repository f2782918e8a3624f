//! Names of events: what stands behind them, and the filters that are made of them.

use super::{
    ModelCompiler,
    aggregation::{EventFilter, EventSelector},
};
use crate::{codes, plan::PredicateId, toml_reader::SpannedText};

/// How deep names of `[events]` may stand for each other.
const EVENTS_DEEP_MAX: usize = 20;

/// How many forms of events one name may stand for.
const EVENT_FORMS_MAX: usize = 1000;

impl ModelCompiler<'_, '_> {
    /// The real events behind a name, each with the conditions it must meet.
    pub(super) fn selector(&mut self, name: &SpannedText) -> Vec<(String, Vec<PredicateId>)> {
        let entry = self.events.get(name.value.as_str()).copied();
        let inside = self.open_events.contains(&name.value);
        let Some(entry) = entry.filter(|entry| !inside && (entry.event.is_some() || entry.filter.is_some())) else {
            // Inside its own entry a name is the real event, unless the circle is a longer one.
            if inside && self.open_events.last() != Some(&name.value) {
                let circle = format!("{} → {}", self.open_events.join(" → "), name.value);
                self.error(codes::CIRCLE, &name.span, "events that stand for each other", circle, None);
            }
            return vec![(name.value.clone(), Vec::new())];
        };
        if let Some(known) = self.selectors.get(&name.value) {
            return known.clone();
        }
        if self.open_events.len() >= EVENTS_DEEP_MAX {
            let message = "events that stand for each other more than 20 deep";
            self.error(codes::CIRCLE, &name.span, message, "one more here", None);
            return Vec::new();
        }
        self.open_events.push(name.value.clone());
        let mut all: Vec<_> = match &entry.event {
            Some(names) => names.iter().flat_map(|name| self.selector(name)).collect(),
            None => vec![(name.value.clone(), Vec::new())],
        };
        self.open_events.pop();
        if let Some(filter) = &entry.filter
            && let Some(predicate) = self.predicate(filter)
        {
            all.iter_mut().for_each(|(_, conditions)| conditions.push(predicate));
        }
        all.sort();
        all.dedup();
        if all.len() > EVENT_FORMS_MAX {
            let message = format!("`{}` stands for more than {EVENT_FORMS_MAX} forms of events", name.value);
            self.error(codes::BAD_VALUE, &name.span, message, "too many", None);
            all.clear();
        }
        self.selectors.insert(name.value.clone(), all.clone());
        all
    }

    pub(super) fn base(&mut self, names: &[SpannedText]) -> EventSelector {
        let mut all: Vec<_> = names.iter().flat_map(|name| self.selector(name)).collect();
        all.sort();
        all.dedup();
        EventSelector::Named(all)
    }

    /// The filter of `event` and `where`; without an event, any activity.
    pub(super) fn filter(
        &mut self,
        event: Option<&Vec<SpannedText>>,
        filter: Option<&SpannedText>,
    ) -> Option<EventFilter> {
        let base = event.map_or(EventSelector::Activity, |names| self.base(names));
        let predicate = match filter {
            Some(filter) => Some(self.predicate(filter)?),
            None => None,
        };
        Some(EventFilter { base, predicate })
    }
}
