//! Who names whom in a model: from a signal to the events and traits that it comes from.

use std::collections::{BTreeMap, BTreeSet};

use pql_model::{EntityKind, expr::names_of};

use super::{
    document::{DocumentTable, DocumentValue},
    templates::names_in,
};

/// Keys of expressions over facts.
const EXPRESSIONS: [&str; 3] = ["when", "value", "per"];

/// Keys of texts that print facts.
const TEXTS: [&str; 6] = ["say", "because", "message", "to", "action", "owner"];

/// Endings of the facts of a milestone.
const MILESTONE_ENDINGS: [&str; 3] = ["_pending", "_hours", "_days_ago"];

/// A name at a level.
pub(super) type LevelName = (EntityKind, String);

/// What an entry names.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedParts {
    pub(super) facts: Vec<LevelName>,
    /// Events and names of `[events]`.
    pub(super) events: Vec<String>,
}

/// Where something comes from in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NameRoots {
    /// Events of the model.
    pub(super) events: BTreeSet<String>,
    pub(super) traits: BTreeSet<LevelName>,
    /// Metrics and names of `[events]` on the way.
    pub(super) counted: BTreeSet<String>,
}

/// Who names whom.
#[derive(Debug, Default)]
pub(super) struct NameGraph {
    facts: BTreeMap<LevelName, NamedParts>,
    traits: BTreeSet<LevelName>,
    aliases: BTreeMap<String, Vec<String>>,
    signals: BTreeMap<LevelName, NamedParts>,
}

/// A name as an expression of a level writes it.
pub(super) fn leveled(side: EntityKind, path: &[String]) -> Option<LevelName> {
    match path {
        [name] => Some((side, name.clone())),
        [level, name] if level == "account" => Some((EntityKind::Account, name.clone())),
        [person, name] if matches!(person.as_str(), "champion" | "buyer") => Some((EntityKind::User, name.clone())),
        _ => None,
    }
}

/// The facts that an expression names.
pub(super) fn facts_of(side: EntityKind, text: &str) -> Vec<LevelName> {
    names_of(text).unwrap_or_default().iter().filter_map(|path| leveled(side, path)).collect()
}

/// The events that an entry names.
pub(super) fn events_of(entry: &DocumentTable) -> Vec<String> {
    let keys =
        ["event", "steps"].into_iter().chain(["from", "to"].into_iter().filter(|_| entry.get("measure").is_some()));
    keys.flat_map(|key| entry.texts(key)).map(str::to_owned).collect()
}

/// What an entry of a list names: a signal, a tier, a route, a segment, a milestone, an alert.
pub(super) fn parts_of(side: EntityKind, entry: &DocumentTable) -> NamedParts {
    let expressions = EXPRESSIONS.into_iter().filter_map(|key| entry.text(key)).flat_map(|text| facts_of(side, text));
    let texts = TEXTS.into_iter().filter_map(|key| entry.text(key)).flat_map(names_in);
    let texts = texts.filter_map(|name| leveled(side, &name.split('.').map(str::to_owned).collect::<Vec<_>>()));
    let since = entry.get("decay").and_then(DocumentValue::table).and_then(|decay| decay.text("since"));
    let single = since.into_iter().chain(entry.texts("all")).map(|name| (side, name.to_owned()));
    let order = entry.texts("order").into_iter().flat_map(|item| facts_of(side, item.trim_start_matches('=')));
    let who = entry.text("who").into_iter().flat_map(|text| facts_of(EntityKind::User, text));
    NamedParts {
        facts: expressions.chain(texts).chain(single).chain(order).chain(who).collect(),
        events: events_of(entry),
    }
}

/// The entries of a table of named ones.
pub(super) fn named<'d>(model: &'d DocumentTable, path: &[&str]) -> impl Iterator<Item = (&'d str, &'d DocumentValue)> {
    let entries = model.at(path).map(|table| table.entries.as_slice()).unwrap_or_default();
    entries.iter().map(|(key, value)| (key.as_str(), value))
}

/// The entries of a list of tables.
pub(super) fn listed<'d>(model: &'d DocumentTable, path: [&str; 2]) -> impl Iterator<Item = &'d DocumentTable> {
    let list = model.at(&path[..1]).and_then(|table| table.get(path[1]));
    let items = match list {
        Some(DocumentValue::List(list)) => list.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(DocumentValue::table)
}

impl NameGraph {
    pub(super) fn of(model: &DocumentTable) -> NameGraph {
        let mut graph = NameGraph::default();
        for (name, value) in named(model, &["events"]) {
            let events = value.table().map(|entry| entry.texts("event")).unwrap_or_default();
            if !events.is_empty() {
                graph.aliases.insert(name.to_owned(), events.into_iter().map(str::to_owned).collect());
            }
        }
        for (name, value) in named(model, &["metrics"]) {
            let events = value.table().map(events_of).unwrap_or_default();
            for side in EntityKind::ALL {
                let parts = NamedParts { facts: Vec::new(), events: events.clone() };
                graph.facts.insert((side, name.to_owned()), parts);
            }
        }
        EntityKind::ALL.into_iter().for_each(|side| graph.add_level(model, side));
        graph
    }

    fn add_level(&mut self, model: &DocumentTable, side: EntityKind) {
        let level = side.word();
        for (name, value) in named(model, &[level, "facts"]) {
            let facts = value.text().map(|text| facts_of(side, text)).unwrap_or_default();
            self.facts.insert((side, name.to_owned()), NamedParts { facts, events: Vec::new() });
        }
        for (name, value) in named(model, &[level, "rollups"]) {
            let texts = value.table().into_iter().flat_map(|entry| ["value", "where"].map(|key| entry.text(key)));
            let facts = texts.flatten().flat_map(|text| facts_of(EntityKind::User, text)).collect();
            self.facts.insert((side, name.to_owned()), NamedParts { facts, events: Vec::new() });
        }
        self.traits.extend(named(model, &[level, "traits"]).map(|(name, _)| (side, name.to_owned())));
        for entry in listed(model, [level, "milestones"]) {
            let parts = parts_of(side, entry);
            let name = entry.text("name").unwrap_or_default();
            for ending in MILESTONE_ENDINGS.into_iter().chain([""]) {
                self.facts.insert((side, format!("{name}{ending}")), parts.clone());
            }
        }
        for entry in listed(model, [level, "signals"]) {
            let name = entry.text("name").unwrap_or_default().to_owned();
            // What is only told of a signal pays nothing.
            let parts = parts_of(side, &without_texts(entry));
            self.signals.insert((side, name), parts);
        }
    }

    /// Whether a model says itself what a name of a level means.
    pub(super) fn defines(&self, side: EntityKind, name: &str) -> bool {
        let key = (side, name.to_owned());
        self.facts.contains_key(&key) || self.traits.contains(&key)
    }

    /// Where a signal comes from.
    pub(super) fn roots_of_signal(&self, side: EntityKind, name: &str) -> NameRoots {
        self.signals.get(&(side, name.to_owned())).map(|parts| self.roots_of(parts)).unwrap_or_default()
    }

    /// Where what decides of an entry comes from: a tier, a route, a segment, a milestone.
    pub(super) fn roots_of_entry(&self, side: EntityKind, entry: &DocumentTable) -> NameRoots {
        self.roots_of(&parts_of(side, &without_texts(entry)))
    }

    fn roots_of(&self, parts: &NamedParts) -> NameRoots {
        let mut roots = NameRoots::default();
        parts.events.iter().for_each(|event| self.add_event(event, &mut roots));
        let (mut open, mut seen) = (parts.facts.clone(), BTreeSet::new());
        while let Some(fact) = open.pop() {
            if !seen.insert(fact.clone()) {
                continue;
            }
            if self.traits.contains(&fact) {
                roots.traits.insert(fact);
                continue;
            }
            // Other facts are built in.
            if let Some(parts) = self.facts.get(&fact) {
                if parts.facts.is_empty() {
                    roots.counted.insert(fact.1.clone());
                }
                parts.events.iter().for_each(|event| self.add_event(event, &mut roots));
                open.extend(parts.facts.iter().cloned());
            }
        }
        roots
    }

    fn add_event(&self, name: &str, roots: &mut NameRoots) {
        match self.aliases.get(name) {
            // The alias of an event may have the name of the event.
            Some(events) if !events.iter().any(|event| event == name) => {
                if roots.counted.insert(name.to_owned()) {
                    events.iter().for_each(|event| self.add_event(event, roots));
                }
            }
            Some(_) | None => {
                roots.events.insert(name.to_owned());
            }
        }
    }
}

/// An entry without the texts that it prints.
fn without_texts(entry: &DocumentTable) -> DocumentTable {
    let pays = |(key, _): &&(String, DocumentValue)| !TEXTS.contains(&key.as_str());
    DocumentTable { entries: entry.entries.iter().filter(pays).cloned().collect() }
}
