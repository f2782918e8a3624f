//! Traits, milestones, named facts and roll-ups.

use pql_model::{EntityKind, expr::ExprConstant};

use super::{DroppedKind, EntryFate, ExpressionFate, ModelPruner};
use crate::commands::init::{
    document::{DocumentTable, DocumentValue},
    traits::{TraitSource, WantedTrait},
};

/// Facts that are no more than a number of people without a trait: who is beyond the seats, where no seats are known.
const NEEDED_TRAITS: [(&str, &str); 1] = [("users_beyond_seats", "seats")];

impl ModelPruner<'_> {
    pub(super) fn prune_traits(&mut self, side: EntityKind) {
        let path = [side.word(), "traits"];
        let mut left = Vec::new();
        for (name, value) in self.take_named(&path) {
            let DocumentValue::Table(mut entry) = value else { continue };
            let key = (side, name.clone());
            let sources = match self.traits.get(&key) {
                Some(known) => known.clone(),
                None => self.trait_sources(side, &name, &mut entry),
            };
            if sources.is_empty() {
                self.known.learn_constant(side, &name, ExprConstant::Null);
                continue;
            }
            self.traits.insert(key, sources);
            left.push((name, DocumentValue::Table(entry)));
        }
        self.put_named(&path, left);
    }

    /// Where the dump has a trait; the entry is rewritten to read it from there.
    fn trait_sources(&self, side: EntityKind, name: &str, entry: &mut DocumentTable) -> Vec<TraitSource> {
        let is_restricted = entry.get("event").is_some();
        let events: Vec<String> = entry.texts("event").into_iter().flat_map(|event| self.real_events(event)).collect();
        let before = entry.clone();
        let finder = self.trait_finder;
        let wanted = WantedTrait { side, name, entry: &before, events: None, stems: &finder.stems[side] };
        if self.is_part_of_known_name(side, name) {
            return Vec::new();
        }
        let mut all: Vec<TraitSource> = finder.in_table(&wanted).into_iter().collect();
        all.extend(finder.in_records(&wanted));
        let mut of_events = match is_restricted {
            true if events.is_empty() => Vec::new(),
            true => finder.on_events(&WantedTrait { events: Some(&events), ..wanted }),
            false => finder.on_events(&wanted),
        };
        if !of_events.is_empty() {
            self.keep_live_events(entry, "event");
        } else {
            if is_restricted {
                of_events = finder.on_events(&wanted);
            }
            entry.remove("event");
            let names: Vec<String> = all.iter().map(|source| source.name.clone()).collect();
            if let Some(event) = finder.event_without(&names).filter(|_| of_events.is_empty()) {
                entry.set("event", DocumentValue::Text(event));
            }
        }
        all.extend(of_events);
        set_sources(entry, &wanted.names(), &all);
        if let Some(format) = finder.lessons.formats.get(&(side, name.to_owned())).and_then(|all| all.first()) {
            entry.set("format", DocumentValue::Text((*format).to_owned()));
        }
        all
    }

    /// Whether a trait is a part of a name that is known whole.
    fn is_part_of_known_name(&self, side: EntityKind, name: &str) -> bool {
        let whole = (EntityKind::User, "name".to_owned());
        side == EntityKind::User
            && matches!(name, "first_name" | "last_name")
            && self.traits.get(&whole).is_some_and(|sources| !sources.is_empty())
    }

    pub(super) fn prune_milestones(&mut self, side: EntityKind) {
        let path = [side.word(), "milestones"];
        let mut left: Vec<DocumentTable> = Vec::new();
        for mut entry in self.take_list(path) {
            let name = entry.text("name").unwrap_or_default().to_owned();
            if self.prune_milestone(side, &mut entry) == EntryFate::Stays {
                left.push(entry);
                continue;
            }
            self.drop_part(side, DroppedKind::Milestone, &name);
            for (ending, value) in [
                ("", ExprConstant::Boolean(false)),
                ("_pending", ExprConstant::Boolean(false)),
                ("_hours", ExprConstant::Null),
                ("_days_ago", ExprConstant::Null),
            ] {
                self.known.learn_constant(side, &format!("{name}{ending}"), value);
            }
        }
        self.put_list(path, left);
    }

    fn prune_milestone(&self, side: EntityKind, entry: &mut DocumentTable) -> EntryFate {
        let is_gone = |name: &str| {
            let known = self.known.get(side, &[name.to_owned()]);
            known == Some(pql_model::expr::KnownName::Constant(ExprConstant::Boolean(false)))
        };
        if entry.get("all").is_some() {
            let parts: Vec<String> =
                entry.texts("all").into_iter().filter(|part| !is_gone(part)).map(str::to_owned).collect();
            let list = parts.iter().cloned().map(DocumentValue::Text).collect();
            entry.set("all", DocumentValue::List(list));
            return if parts.is_empty() { EntryFate::Goes } else { EntryFate::Stays };
        }
        let steps: Vec<&str> = entry.texts("steps");
        if steps.iter().any(|step| self.real_events(step).is_empty()) {
            return EntryFate::Goes;
        }
        if entry.get("event").is_some() && self.keep_live_events(entry, "event") == EntryFate::Goes {
            return EntryFate::Goes;
        }
        let key = if entry.get("steps").is_some() { "steps" } else { "event" };
        let real: Vec<String> = entry.texts(key).into_iter().flat_map(|event| self.real_events(event)).collect();
        if self.prune_event_condition(entry, &real, &[]) == EntryFate::Goes {
            return EntryFate::Goes;
        }
        match self.reduce_facts(entry, "who", EntityKind::User) {
            ExpressionFate::Absent | ExpressionFate::Open => EntryFate::Stays,
            fate if fate.is(true) => {
                entry.remove("who");
                EntryFate::Stays
            }
            ExpressionFate::Constant(_) => EntryFate::Goes,
        }
    }

    pub(super) fn prune_facts(&mut self, side: EntityKind) {
        let path = [side.word(), "facts"];
        let mut left = Vec::new();
        for (name, value) in self.take_named(&path) {
            if let Some(nothing) = self.unset_fact(side, &name, &value) {
                self.known.learn_constant(side, &name, nothing);
                continue;
            }
            let mut entry = DocumentTable { entries: vec![(name.clone(), value)] };
            match self.reduce_facts(&mut entry, &name, side) {
                ExpressionFate::Constant(value) => self.known.learn_constant(side, &name, value),
                ExpressionFate::Absent | ExpressionFate::Open => left.append(&mut entry.entries),
            }
        }
        self.put_named(&path, left);
    }

    /// What a fact is that nobody has set, or that says nothing without a trait.
    fn unset_fact(&self, side: EntityKind, name: &str, value: &DocumentValue) -> Option<ExprConstant> {
        if value.text().is_some_and(|text| text.trim() == "0") {
            return Some(ExprConstant::Number(0.0));
        }
        let needed = NEEDED_TRAITS.iter().find(|(fact, _)| *fact == name).map(|(_, needed)| (*needed).to_owned())?;
        let is_missing =
            self.known.get(side, &[needed]) == Some(pql_model::expr::KnownName::Constant(ExprConstant::Null));
        is_missing.then_some(ExprConstant::Null)
    }

    pub(super) fn prune_rollups(&mut self, side: EntityKind) {
        let path = [side.word(), "rollups"];
        let mut left = Vec::new();
        for (name, value) in self.take_named(&path) {
            let DocumentValue::Table(mut entry) = value else { continue };
            let measure = entry.text("measure").unwrap_or_default().to_owned();
            let condition = self.reduce_facts(&mut entry, "where", EntityKind::User);
            let value = self.reduce_value(&mut entry, "value", EntityKind::User);
            if condition.is(true) {
                entry.remove("where");
            }
            if condition.is_nothing() || matches!(value, ExpressionFate::Constant(_)) {
                let nothing = match measure.as_str() {
                    "min" | "max" | "avg" => ExprConstant::Null,
                    _ => ExprConstant::Number(0.0),
                };
                self.known.learn_constant(side, &name, nothing);
            } else {
                left.push((name, DocumentValue::Table(entry)));
            }
        }
        self.put_named(&path, left);
    }
}

/// Writes the names under which a trait is read, if they are not those of the model.
fn set_sources(entry: &mut DocumentTable, before: &[String], sources: &[TraitSource]) {
    let mut names: Vec<String> = Vec::new();
    for source in sources {
        if !names.contains(&source.name) {
            names.push(source.name.clone());
        }
    }
    if !names.is_empty() && names != before {
        entry.set("from", DocumentValue::List(names.into_iter().map(DocumentValue::Text).collect()));
    }
}
