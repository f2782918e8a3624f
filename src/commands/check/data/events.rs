//! What the events themselves show: names, properties and values that never occur, and a tracking plan that is not kept.

use std::collections::BTreeSet;

use super::{DataChecker, nearest, percent};
use crate::commands::check::spelling::spelling_variants;
use pql_engine::{
    decode::stable_hash,
    inspect::{dataset_profile::EventProfile, name_similarity::closest_names},
};
use pql_model::{
    ResolvedModel, codes,
    diag::Diagnostic,
    resolved::{ExpressionUse, SpannedName, TextComparison},
    units::plural,
};

impl<'s> DataChecker<'s> {
    /// Events that never occur, each reported at its first place.
    pub(super) fn events(&mut self, model: &ResolvedModel) {
        // A survey distinguishes a limited number of names. It says nothing about the others.
        if self.survey.other_names > 0 {
            return;
        }
        let mut reported = BTreeSet::new();
        for SpannedName { name, span } in model.event_references() {
            if self.survey.names.contains_key(name) || !reported.insert(name) {
                continue;
            }
            let near = closest_names(name, &self.names);
            let warning = Diagnostic::warning(
                codes::NO_SUCH_EVENT,
                span.clone(),
                format!("no event is called `{name}`"),
                format!("never among {}", plural(self.survey.events(), "event", "events")),
            );
            self.found.push(warning.help(nearest(&near, "`pql inspect` lists the events that there are")));
        }
    }

    /// Of some names those that occur, or of all if none is named.
    fn occurring(&self, names: Option<&[&str]>) -> Vec<(&'s str, &'s EventProfile)> {
        let known = &self.survey.names;
        match names {
            Some(names) => names
                .iter()
                .filter_map(|name| known.get_key_value(*name))
                .map(|(name, named)| (name.as_str(), named))
                .collect(),
            None => known.iter().map(|(name, named)| (name.as_str(), named)).collect(),
        }
    }

    /// The tracking plan: properties that some of the events lack, with the share.
    pub(super) fn check_tracking_plan(&mut self, model: &ResolvedModel) {
        for entry in model.events.entries() {
            let events = self.occurring(Some(&entry.event_names()));
            entry.properties.iter().for_each(|property| self.check_planned(&events, property));
        }
    }

    /// A property of the tracking plan, held against the events that should have it.
    fn check_planned(&mut self, events: &[(&'s str, &'s EventProfile)], planned: &SpannedName) {
        let property = planned.name.as_str();
        let known = events.iter().filter(|(_, named)| named.properties.dropped_values == 0);
        let lacking =
            known.map(|(name, named)| (*name, named.count - filled(named, property).min(named.count), named.count));
        let mut lacking: Vec<(&str, u64, u64)> = lacking.filter(|(_, lacking, _)| *lacking > 0).collect();
        lacking.sort_unstable();
        for (name, lacking, of) in lacking {
            let events = plural(of, "event", "events");
            let message = format!("`{property}` is missing on {} of the events `{name}`", percent(lacking, of));
            let label = format!("{lacking} of {events} do not have it, or have it empty");
            let near = self.near_property(property, Some(&[name]));
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            let help = nearest(&near, "mend the tracking, or take the property out of the plan");
            self.found.push(Diagnostic::warning(codes::UNPLANNED, planned.span.clone(), message, label).help(help));
        }
    }

    /// The properties of some events that come closest to a missing one.
    fn near_property(&self, wanted: &str, events: Option<&[&str]>) -> Vec<String> {
        let occurring = self.occurring(events);
        let paths: BTreeSet<&str> = occurring
            .iter()
            .flat_map(|(_, named)| &named.properties.by_path)
            .filter(|(_, property)| property.filled() > 0)
            .map(|(path, _)| path.as_str())
            .collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        closest_names(wanted, &paths).into_iter().filter(|path| *path != wanted).map(str::to_owned).collect()
    }

    /// Properties that events do not have, and texts that they never hold.
    pub(super) fn expression(&mut self, expression: &ExpressionUse<'_>) {
        let events = self.occurring(expression.events.as_deref());
        let known = events.iter().all(|(_, named)| named.properties.dropped_values == 0);
        if events.is_empty() || !known || self.survey.other_names > 0 {
            return;
        }
        let of = match expression.events.as_deref() {
            Some([one]) => format!("no event `{one}`"),
            Some(_) => "none of these events".to_owned(),
            None => "no event".to_owned(),
        };
        let mut missing: BTreeSet<&str> = BTreeSet::new();
        for (path, span) in expression.reads.iter().copied() {
            if events.iter().any(|(_, named)| filled(named, path) > 0) || !missing.insert(path) {
                continue;
            }
            let near = self.near_property(path, expression.events.as_deref());
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            let message = format!("{of} has a property `{path}`");
            let warning = Diagnostic::warning(codes::NO_SUCH_PROPERTY, span.clone(), message, "always null");
            self.found.push(warning.help(nearest(&near, "`pql inspect` lists the properties of each event")));
        }
        for TextComparison { name: path, text, span } in expression.comparisons {
            let properties: Vec<_> =
                events.iter().filter_map(|(_, named)| named.properties.by_path.get(path)).collect();
            if path == "event" || properties.is_empty() || !is_plain(text) {
                continue;
            }
            // Values are kept as hashes, and of many values a sample, so of some texts nothing is known.
            let held = |text: &str| -> Vec<Option<bool>> {
                properties.iter().map(|property| property.values.contains(stable_hash(text))).collect()
            };
            if held(text).iter().all(|held| *held == Some(false)) {
                let occurs = |other: &String| held(other).contains(&Some(true));
                let near: Vec<String> = spelling_variants(text).filter(occurs).take(3).collect();
                self.value(path, text, span.clone(), near);
            }
        }
    }
}

/// How many events hold anything at a path, or below it.
fn filled(named: &EventProfile, path: &str) -> u64 {
    if let Some(property) = named.properties.by_path.get(path) {
        return property.filled();
    }
    let below = format!("{path}.");
    let inner = named.properties.by_path.iter().filter(|(known, _)| known.starts_with(&below));
    inner.map(|(_, property)| property.filled()).max().unwrap_or(0)
}

/// Whether a text is written the same way by all writers of JSON.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| (c.is_ascii_graphic() || c == ' ') && !"\"\\/<>&'".contains(c))
}
