//! Names of `[events]` and metrics: what reads events.

use std::collections::BTreeMap;

use pql_model::{
    EntityKind,
    expr::{ExprConstant, KnownName, ReducedExpression, ReductionGoal, names_of, reduce},
};

use super::{EntryFate, ExpressionFate, ModelPruner, reduce_key};
use crate::commands::init::{
    document::{DocumentTable, DocumentValue},
    properties::FoundProperty,
};
use pql_engine::inspect::name_similarity::split_words;

/// The shortest word that may be the beginning of a text of a condition.
const BEGINNING_MIN: usize = 5;

/// A text that no condition asks for.
const ANY_TEXT: &str = "\u{1}";

/// For each event of the tracking plan, its first property if the name of the event has its words: `feature` of `feature_used`.
pub(super) fn key_properties(model: &DocumentTable) -> BTreeMap<String, String> {
    let entries = model.at(&["events"]).map(|events| events.entries.as_slice()).unwrap_or_default();
    let key = |(event, value): &(String, DocumentValue)| {
        let first = value.table()?.texts("properties").first().map(|first| (*first).to_owned())?;
        let words = split_words(event);
        split_words(&first).iter().all(|word| words.contains(word)).then(|| (event.clone(), first))
    };
    entries.iter().filter_map(key).collect()
}

impl ModelPruner<'_> {
    /// The names in the dump of an event or alias of the model.
    pub(super) fn real_events(&self, name: &str) -> Vec<String> {
        let alias = self.document.at(&["events", name]).filter(|entry| entry.get("event").is_some());
        match alias {
            Some(entry) => entry.texts("event").into_iter().flat_map(|event| self.real_events(event)).collect(),
            None => {
                let wired = self.wiring.names(name);
                let is_real = self.finder.survey.names.contains_key(name) && !self.wiring.missing.contains_key(name);
                let own = (wired.is_empty() && is_real).then_some(name);
                wired.into_iter().chain(own).map(str::to_owned).collect()
            }
        }
    }

    /// Leaves of the events at a key those that occur; says if any is left.
    pub(super) fn keep_live_events(&self, entry: &mut DocumentTable, key: &str) -> EntryFate {
        let live: Vec<String> =
            entry.texts(key).into_iter().filter(|name| !self.real_events(name).is_empty()).map(str::to_owned).collect();
        if live.len() < entry.texts(key).len() && !live.is_empty() {
            entry.set(key, DocumentValue::of_texts(&live));
        }
        if live.is_empty() { EntryFate::Goes } else { EntryFate::Stays }
    }

    /// What is known of a property of some events.
    pub(super) fn property(&self, real: &[String], path: &[String]) -> Option<KnownName> {
        let name = path.join(".");
        if name == "event" {
            return (!real.is_empty()).then(|| KnownName::OneOf(real.to_vec()));
        }
        match self.finder.find(real, &name) {
            FoundProperty::Same => None,
            FoundProperty::Other(other) => Some(KnownName::Expression(property_name(&other))),
            FoundProperty::Missing => Some(self.named_property(real, &name)),
        }
    }

    /// A property that events lack, if their names say what it would.
    fn named_property(&self, real: &[String], name: &str) -> KnownName {
        let features = self.wiring.features.as_deref();
        let is_key = features.and_then(|event| self.key_properties.get(event)).is_some_and(|key| key == name);
        let of_features = features.map(|event| self.wiring.names(event)).unwrap_or_default();
        if is_key && !real.is_empty() && real.iter().all(|event| of_features.contains(&event.as_str())) {
            return KnownName::Expression("event".to_owned());
        }
        let said: Option<Vec<(&String, &String)>> =
            real.iter().map(|event| Some((event, self.named_parts.get(&(event.clone(), name.to_owned()))?))).collect();
        match said.filter(|said| !said.is_empty()) {
            Some(said) => {
                let arms: String = said
                    .iter()
                    .map(|(event, part)| format!(" when event = {} then {}", sql_text(event), sql_text(part)))
                    .collect();
                KnownName::Expression(format!("case{arms} end"))
            }
            None => KnownName::Constant(ExprConstant::Null),
        }
    }

    /// Names for a part of an event: without the events that do not occur, and without a condition that their names already say.
    pub(super) fn prune_aliases(&mut self) {
        let entries = self.document.at(&["events"]).map(|events| events.entries.clone()).unwrap_or_default();
        for (name, value) in entries {
            let Some(mut entry) = value.table().filter(|entry| entry.get("event").is_some()).cloned() else { continue };
            let fate = if self.nothing.contains(&name) { EntryFate::Goes } else { self.prune_alias(&mut entry) };
            let Some(events) = self.document.at_mut(&["events"]) else { return };
            match fate {
                EntryFate::Stays => events.set(&name, DocumentValue::Table(entry)),
                EntryFate::Goes => {
                    // An entry without events stays until the end, so that its name is known to stand for nothing.
                    let nothing =
                        DocumentTable { entries: vec![("event".to_owned(), DocumentValue::List(Vec::new()))] };
                    events.set(&name, DocumentValue::Table(nothing));
                }
            }
        }
    }

    fn prune_alias(&mut self, entry: &mut DocumentTable) -> EntryFate {
        if self.keep_live_events(entry, "event") == EntryFate::Goes {
            return EntryFate::Goes;
        }
        let real: Vec<String> = entry.texts("event").into_iter().flat_map(|event| self.real_events(event)).collect();
        let written = entry.text("where").unwrap_or_default().to_owned();
        match reduce_key(entry, ("where", ReductionGoal::Condition), &|path| self.property(&real, path)) {
            ExpressionFate::Absent | ExpressionFate::Open => EntryFate::Stays,
            fate if fate.is(true) => {
                entry.remove("where");
                EntryFate::Stays
            }
            ExpressionFate::Constant(_) => {
                let said = self.said_by_names(&real, &written);
                if said.is_empty() {
                    return EntryFate::Goes;
                }
                let names: Vec<String> = said.iter().map(|((event, _), _)| event.clone()).collect();
                self.named_parts.extend(said);
                entry.set("event", DocumentValue::of_texts(&names));
                entry.remove("where");
                EntryFate::Stays
            }
        }
    }

    /// The events whose names say what a condition asks of a property that they lack, with the words that say so.
    fn said_by_names(&self, real: &[String], condition: &str) -> Vec<((String, String), String)> {
        let lacks = |path: &Vec<String>| self.finder.find(real, &path.join(".")) == FoundProperty::Missing;
        let names: Vec<Vec<String>> = names_of(condition).unwrap_or_default().into_iter().filter(lacks).collect();
        let Some(first) = names.first().filter(|first| names.iter().all(|name| name == *first)) else {
            return Vec::new();
        };
        // A condition that any text meets, such as `audience <> 'internal'`, is said by no name.
        if holds_for(condition, first, ANY_TEXT) {
            return Vec::new();
        }
        // A word with which one of the texts of the condition begins says as much: `audit` of `audit_log%`.
        let texts: Vec<&str> = condition.split('\'').skip(1).step_by(2).collect();
        let begins = |word: &str| word.len() >= BEGINNING_MIN && texts.iter().any(|text| text.starts_with(word));
        let said = |event: &String| {
            let words = split_words(event);
            let phrase = phrases(&words).into_iter().find(|phrase| holds_for(condition, first, phrase));
            let phrase = phrase.or_else(|| words.iter().find(|word| begins(word)).cloned());
            let otherwise = || SAID_OTHERWISE.iter().find(|(word, ..)| words.iter().any(|known| known == word));
            let phrase = phrase.or_else(|| {
                let (_, known, said) = otherwise()?;
                holds_for(condition, first, known).then(|| (*said).to_owned())
            })?;
            Some(((event.clone(), first.join(".")), phrase))
        };
        real.iter().filter_map(said).collect()
    }

    pub(super) fn prune_metrics(&mut self) {
        let mut left = Vec::new();
        for (name, value) in self.take_named(&["metrics"]) {
            let DocumentValue::Table(mut entry) = value else { continue };
            let fate = if self.nothing.contains(&name) { EntryFate::Goes } else { self.prune_metric(&mut entry) };
            match fate {
                EntryFate::Stays => left.push((name, DocumentValue::Table(entry))),
                EntryFate::Goes => {
                    let value = nothing_of(entry.text("measure").unwrap_or_default());
                    EntityKind::ALL.iter().for_each(|side| self.known.learn_constant(*side, &name, value.clone()));
                }
            }
        }
        self.put_named(&["metrics"], left);
    }

    fn prune_metric(&self, entry: &mut DocumentTable) -> EntryFate {
        self.count_what_is_begun(entry);
        let asks: Vec<&str> = ["event", "from", "to"].into_iter().filter(|key| entry.get(key).is_some()).collect();
        if asks.iter().any(|key| self.keep_live_events(entry, key) == EntryFate::Goes) {
            return EntryFate::Goes;
        }
        let main = if entry.get("event").is_some() { "event" } else { "from" };
        let real: Vec<String> = entry.texts(main).into_iter().flat_map(|event| self.real_events(event)).collect();
        self.fold_named_value(entry, &real);
        self.prune_event_condition(entry, &real, &["value", "key"])
    }

    /// Where no event ends what others begin, each beginning counts.
    fn count_what_is_begun(&self, entry: &mut DocumentTable) {
        let begun = entry.get("from").cloned();
        let is_endless = entry.text("measure") == Some("open")
            && entry.texts("to").into_iter().all(|event| self.real_events(event).is_empty());
        let Some(begun) = begun.filter(|_| is_endless) else { return };
        entry.set("measure", DocumentValue::Text("count".to_owned()));
        entry.set("event", begun);
        ["from", "to", "timeout", "same"].iter().for_each(|key| entry.remove(key));
    }

    /// Writes a value that the names of events say out for each of them.
    fn fold_named_value(&self, entry: &mut DocumentTable, real: &[String]) {
        let Some(value) = entry.text("value").map(str::to_owned) else { return };
        let is_named = |path: &Vec<String>| {
            let name = path.join(".");
            real.iter().any(|event| self.named_parts.contains_key(&(event.clone(), name.clone())))
        };
        if !names_of(&value).unwrap_or_default().iter().any(is_named) {
            return;
        }
        let texts: Option<Vec<String>> = real.iter().map(|event| self.value_of_name(event, &value)).collect();
        let Some(texts) = texts else { return };
        let arm =
            |(event, text): (&String, &String)| format!(" when event = {} then {}", sql_text(event), sql_text(text));
        let arms: String = real.iter().zip(&texts).map(arm).collect();
        entry.set("value", DocumentValue::Text(format!("case{arms} end")));
    }

    /// The text of an expression over the properties of an event, where its name says all of them.
    fn value_of_name(&self, event: &str, value: &str) -> Option<String> {
        let known = |path: &[String]| match self.named_parts.get(&(event.to_owned(), path.join("."))) {
            Some(part) => Some(KnownName::Constant(ExprConstant::Text(part.clone()))),
            None => self.property(&[event.to_owned()], path),
        };
        match reduce(value, ReductionGoal::Value, &known) {
            Ok(ReducedExpression::Constant(ExprConstant::Text(text))) => Some(text),
            Ok(_) | Err(_) => None,
        }
    }

    /// The condition on events of an entry and its values; an entry whose condition is never true goes.
    pub(super) fn prune_event_condition(
        &self,
        entry: &mut DocumentTable,
        real: &[String],
        values: &[&str],
    ) -> EntryFate {
        let known = |path: &[String]| self.property(real, path);
        match reduce_key(entry, ("where", ReductionGoal::Condition), &known) {
            ExpressionFate::Absent | ExpressionFate::Open => {}
            fate if fate.is(true) => entry.remove("where"),
            ExpressionFate::Constant(_) => return EntryFate::Goes,
        }
        if values
            .iter()
            .any(|key| matches!(reduce_key(entry, (key, ReductionGoal::Value), &known), ExpressionFate::Constant(_)))
        {
            return EntryFate::Goes;
        }
        // Events that lack the property that pairs them would all be alone.
        if matches!(reduce_key(entry, ("same", ReductionGoal::Value), &known), ExpressionFate::Constant(_)) {
            entry.remove("same");
        }
        EntryFate::Stays
    }
}

/// Words for what a condition calls otherwise: the word, what the condition may call it, and how it is told.
const SAID_OTHERWISE: [(&str, &str, &str); 4] = [
    ("rights", "roles", "access rights"),
    ("permission", "roles", "permissions"),
    ("permissions", "roles", "permissions"),
    ("role", "roles", "roles"),
];

/// Whether a condition holds wherever a property is some text.
fn holds_for(condition: &str, property: &[String], text: &str) -> bool {
    let known = |path: &[String]| (path == property).then(|| KnownName::Constant(ExprConstant::Text(text.to_owned())));
    reduce(condition, ReductionGoal::Condition, &known) == Ok(ReducedExpression::Constant(ExprConstant::Boolean(true)))
}

/// What a measure is over no events.
fn nothing_of(measure: &str) -> ExprConstant {
    match measure {
        "count" | "days" | "distinct" | "sum" | "users" | "open" | "rising_weeks" => ExprConstant::Number(0.0),
        _ => ExprConstant::Null,
    }
}

/// The words of a name by themselves, in pairs and in threes, as a property may write them.
fn phrases(words: &[String]) -> Vec<String> {
    let several = [2, 3].into_iter().flat_map(|length| words.windows(length));
    let joined = several.flat_map(|phrase| [phrase.join(" "), phrase.join("_"), phrase.concat()]);
    words.iter().cloned().chain(joined).collect()
}

/// A property in an expression.
fn property_name(path: &str) -> String {
    let is_plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let part = |part: &str| {
        if is_plain(part) && part.len() > 4 { part.to_owned() } else { format!("\"{}\"", part.replace('"', "\"\"")) }
    };
    path.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// A text in an expression.
fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
