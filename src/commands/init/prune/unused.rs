//! What nothing that decides needs any more.

use std::collections::BTreeSet;

use pql_model::{EntityKind, expr::names_of};

use super::{ModelPruner, files::level_of};
use crate::commands::init::{
    document::{DocumentTable, DocumentValue},
    graph::{LevelName, NamedParts, events_of, facts_of, listed, named, parts_of},
};

/// Lists whose entries decide or are shown.
const DECIDING: [&str; 7] = ["signals", "tiers", "routes", "segments", "suppress", "milestones", "alerts"];

/// What the deciding parts of a model need.
#[derive(Default)]
struct NeededNames {
    facts: BTreeSet<LevelName>,
    events: BTreeSet<String>,
    open: Vec<LevelName>,
}

impl NeededNames {
    fn of(model: &DocumentTable) -> NeededNames {
        let mut needed = NeededNames::default();
        for side in EntityKind::ALL {
            for list in DECIDING {
                listed(model, [side.word(), list]).for_each(|entry| needed.add(parts_of(side, entry)));
            }
            let traits: Vec<LevelName> =
                named(model, &[side.word(), "traits"]).map(|(name, _)| (side, name.to_owned())).collect();
            let columns = model.at(&["output"]).map(|output| output.texts(&format!("{}_columns", side.word())));
            let shown = columns.unwrap_or_default().into_iter().map(|name| (side, name.to_owned()));
            let shown = shown.filter(|fact| traits.contains(fact)).collect();
            needed.add(NamedParts { facts: shown, events: Vec::new() });
        }
        for file in listed(model, ["output", "files"]) {
            needed.add(facts_of_file(file));
        }
        for text in ["champion", "buyer"].into_iter().filter_map(|key| model.at(&["user"])?.text(key)) {
            needed.add(NamedParts { facts: facts_in(text, EntityKind::User), events: Vec::new() });
        }
        let start = model.text("start_event").map(str::to_owned);
        needed.events.extend(start);
        needed
            .events
            .extend(model.at(&["activity"]).into_iter().flat_map(|one| one.texts("ignore")).map(str::to_owned));
        needed.close(model);
        needed
    }

    fn add(&mut self, parts: NamedParts) {
        self.open.extend(parts.facts);
        self.events.extend(parts.events);
    }

    /// Adds what is named by what is needed.
    fn close(&mut self, model: &DocumentTable) {
        while let Some((side, name)) = self.open.pop() {
            if !self.facts.insert((side, name.clone())) {
                continue;
            }
            let level = side.word();
            if let Some(text) = model.at(&[level, "facts"]).and_then(|facts| facts.text(&name)) {
                self.open.extend(facts_in(text, side));
            }
            if let Some(rollup) = model.at(&[level, "rollups", &name]) {
                let texts = ["value", "where"].into_iter().filter_map(|key| rollup.text(key));
                self.open.extend(texts.flat_map(|text| facts_in(text, EntityKind::User)));
            }
            for path in [["metrics", &name].as_slice(), &[level, "traits", &name]] {
                let events = model.at(path).map(|entry| entry.texts("event")).unwrap_or_default();
                self.events.extend(events.into_iter().map(str::to_owned));
                if path.len() == 2 {
                    self.events.extend(model.at(path).map(events_of).unwrap_or_default());
                }
            }
        }
        let mut open: Vec<String> = self.events.iter().cloned().collect();
        while let Some(event) = open.pop() {
            let below = model.at(&["events", &event]).map(|entry| entry.texts("event")).unwrap_or_default();
            let new: Vec<String> =
                below.into_iter().filter(|name| !self.events.contains(*name)).map(str::to_owned).collect();
            self.events.extend(new.iter().cloned());
            open.extend(new);
        }
    }
}

/// The facts that the rows, the order and the columns of a file name.
fn facts_of_file(file: &DocumentTable) -> NamedParts {
    let Some(side) = level_of(file) else { return NamedParts::default() };
    let columns = file.get("columns").and_then(DocumentValue::table).into_iter().flat_map(|columns| &columns.entries);
    let texts = columns.filter_map(|(_, value)| value.text()).chain(file.texts("order"));
    let texts = texts.map(|text| text.trim_start_matches(['=', ' ']));
    let facts = texts.chain(file.text("when")).flat_map(|text| facts_of(side, text)).collect();
    NamedParts { facts, events: Vec::new() }
}

fn facts_in(text: &str, side: EntityKind) -> Vec<LevelName> {
    let leveled = |path: &Vec<String>| match path.as_slice() {
        [name] => Some((side, name.clone())),
        [level, name] if level == "account" => Some((EntityKind::Account, name.clone())),
        _ => None,
    };
    names_of(text).unwrap_or_default().iter().filter_map(leveled).collect()
}

impl ModelPruner<'_> {
    /// Takes out what nothing needs.
    pub(super) fn drop_unused(&mut self) {
        let needed = NeededNames::of(&self.document);
        let is_needed = |side: EntityKind, name: &str| needed.facts.contains(&(side, name.to_owned()));
        let either = |name: &str| EntityKind::ALL.iter().any(|side| is_needed(*side, name));
        if let Some(metrics) = self.document.at_mut(&["metrics"]) {
            metrics.entries.retain(|(name, _)| either(name));
        }
        if let Some(events) = self.document.at_mut(&["events"]) {
            let has_events = |value: &DocumentValue| {
                value.table().is_none_or(|entry| entry.get("event").is_none() || !entry.texts("event").is_empty())
            };
            events.entries.retain(|(name, value)| needed.events.contains(name) && has_events(value));
        }
        for side in EntityKind::ALL {
            for table in ["facts", "rollups", "traits"] {
                if let Some(table) = self.document.at_mut(&[side.word(), table]) {
                    table.entries.retain(|(name, _)| is_needed(side, name));
                }
            }
        }
        self.drop_unknown_columns(&needed);
    }

    /// Columns of what was taken out; those of built-in facts and milestones stay.
    fn drop_unknown_columns(&mut self, needed: &NeededNames) {
        for side in EntityKind::ALL {
            let key = format!("{}_columns", side.word());
            let Some(output) = self.document.at(&["output"]).filter(|output| output.get(&key).is_some()) else {
                continue;
            };
            let was_named = |name: &str| self.graph.defines(side, name);
            let left: Vec<DocumentValue> = output
                .texts(&key)
                .into_iter()
                .filter(|name| needed.facts.contains(&(side, (*name).to_owned())) || !was_named(name))
                .map(|name| DocumentValue::Text(name.to_owned()))
                .collect();
            if let Some(output) = self.document.at_mut(&["output"]) {
                if left.is_empty() {
                    output.remove(&key);
                } else {
                    output.set(&key, DocumentValue::List(left));
                }
            }
        }
    }
}
