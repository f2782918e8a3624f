//! Signals, tiers, segments, routes and who may be named: what decides.

use std::collections::BTreeSet;

use pql_model::{
    EntityKind,
    expr::{ExprConstant, KnownName, ReducedExpression, ReductionGoal, names_of, reduce},
    units::plural,
};

use super::{DroppedKind, DroppedPart, EntryFate, ExpressionFate, ModelPruner};
use crate::commands::init::{
    document::{DocumentTable, DocumentValue},
    graph::{NameRoots, listed},
    templates::{FactInText, FallbackUse, without_dead},
};

/// Keys whose texts print facts, and whether a fallback may stand for one there.
const TEXTS: [(&str, FallbackUse); 6] = [
    ("say", FallbackUse::Drop),
    ("because", FallbackUse::Drop),
    ("message", FallbackUse::Keep),
    ("to", FallbackUse::Keep),
    ("action", FallbackUse::Keep),
    ("owner", FallbackUse::Keep),
];

/// Whether the last entry of a list stands for all that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListEnd {
    CatchAll,
    Open,
}

impl ModelPruner<'_> {
    fn prune_texts(&self, entry: &mut DocumentTable, side: EntityKind) {
        for (key, fallbacks) in TEXTS {
            let Some(text) = entry.text(key) else { continue };
            match without_dead(text, &|name| self.known.in_text(side, name), fallbacks) {
                Some(left) => entry.set(key, DocumentValue::Text(left)),
                None => entry.remove(key),
            }
        }
    }

    pub(super) fn prune_signals(&mut self, side: EntityKind) {
        let path = [side.word(), "signals"];
        let before = self.take_list(path);
        let categories: Vec<String> = categories_of(&before);
        let mut left: Vec<DocumentTable> = Vec::new();
        for mut entry in before {
            if self.prune_signal(&mut entry, side) == EntryFate::Stays {
                self.prune_texts(&mut entry, side);
                left.push(entry);
                continue;
            }
            let name = entry.text("name").unwrap_or_default().to_owned();
            self.drop_part(side, DroppedKind::Signal, &name);
            let lack = self.few_names(&entry).map(|all| format!("more than {}", plural(all, "feature", "features")));
            if let Some(dropped) = self.dropped.last_mut().filter(|dropped| dropped.lacks.is_empty()) {
                dropped.lacks.extend(lack);
            }
        }
        let live = categories_of(&left);
        for category in categories.iter().filter(|category| !live.contains(category)) {
            self.known.learn_constant(side, &format!("points_{category}"), ExprConstant::Number(0.0));
            if let Some(table) = self.document.at_mut(&[side.word(), "categories"]) {
                table.remove(category);
            }
        }
        self.put_list(path, left);
    }

    fn prune_signal(&self, entry: &mut DocumentTable, side: EntityKind) -> EntryFate {
        if entry.get("event").is_some() {
            if self.keep_live_events(entry, "event") == EntryFate::Goes {
                return EntryFate::Goes;
            }
            let real: Vec<String> =
                entry.texts("event").into_iter().flat_map(|event| self.real_events(event)).collect();
            return self.prune_event_condition(entry, &real, &[]);
        }
        let (value, per) = (self.reduce_value(entry, "value", side), self.reduce_value(entry, "per", side));
        let condition = self.reduce_facts(entry, "when", side);
        let is_constant = |fate: &ExpressionFate| matches!(fate, ExpressionFate::Constant(_));
        if is_constant(&value) || is_constant(&per) || condition.is_nothing() || self.few_names(entry).is_some() {
            return EntryFate::Goes;
        }
        if condition.is(true) {
            // What pays everybody tells nobody apart.
            if value == ExpressionFate::Absent && per == ExpressionFate::Absent {
                return EntryFate::Goes;
            }
            entry.remove("when");
        }
        let decays = entry.get("decay").and_then(DocumentValue::table).and_then(|decay| decay.text("since"));
        let faded = decays.is_some_and(|since| self.known.in_text(side, since) == FactInText::Dead);
        if faded { EntryFate::Goes } else { EntryFate::Stays }
    }

    /// Notes that an entry was taken out.
    /// The number of names of events, where a condition asks for more different ones than there are.
    fn few_names(&self, entry: &DocumentTable) -> Option<u64> {
        let condition = entry.text("when")?;
        let metrics = self.document.at(&["metrics"])?.entries.iter();
        let of_names = metrics.filter_map(|(name, value)| {
            let metric = value.table()?;
            let is_of_names = metric.text("measure") == Some("distinct") && metric.text("value") == Some("event");
            let events = metric.texts("event").into_iter().flat_map(|event| self.real_events(event));
            is_of_names.then(|| (name, events.collect::<BTreeSet<String>>().len() as u64))
        });
        let mut dead = of_names.filter(|(name, all)| (0..=*all).all(|count| is_false_for(condition, name, count)));
        dead.next().map(|(_, all)| all)
    }

    pub(super) fn drop_part(&mut self, side: EntityKind, kind: DroppedKind, name: &str) {
        let entries = |list| listed(self.whole, [side.word(), list]);
        let of_list = |list| entries(list).find(|entry| entry.text("name") == Some(name));
        let roots = |list| of_list(list).map(|entry| self.graph.roots_of_entry(side, entry)).unwrap_or_default();
        let roots = match kind {
            DroppedKind::Signal => self.graph.roots_of_signal(side, name),
            DroppedKind::Milestone => roots("milestones"),
            DroppedKind::Segment => roots("segments"),
            DroppedKind::Tier => roots("tiers"),
            DroppedKind::Route => roots("routes"),
            DroppedKind::Suppression => roots("suppress"),
            DroppedKind::Person => self.roots_of_key(side, name),
        };
        let lacks = self.lacking(&roots);
        self.dropped.push(DroppedPart { side, kind, name: name.to_owned(), lacks });
    }

    /// Where the condition at a key of a level comes from.
    fn roots_of_key(&self, side: EntityKind, key: &str) -> NameRoots {
        let text = self.whole.at(&[side.word()]).and_then(|level| level.text(key)).unwrap_or_default();
        let entry = DocumentTable { entries: vec![("when".to_owned(), DocumentValue::Text(text.to_owned()))] };
        self.graph.roots_of_entry(EntityKind::User, &entry)
    }

    /// What would be needed, and the dump does not have.
    fn lacking(&self, roots: &NameRoots) -> Vec<String> {
        let events = roots.events.iter().filter(|event| self.real_events(event).is_empty());
        let is_missing = |of: &EntityKind, name: &String| {
            self.known.get(*of, std::slice::from_ref(name)) == Some(KnownName::Constant(ExprConstant::Null))
        };
        let traits = roots.traits.iter().filter(|(of, name)| is_missing(of, name)).map(|(_, name)| name);
        let mut all: Vec<String> = events.chain(traits).cloned().collect();
        all.extend(roots.counted.iter().flat_map(|name| self.lacking_properties(name)));
        all.dedup();
        all
    }

    /// The properties that a metric or a name of `[events]` reads and its events do not have.
    fn lacking_properties(&self, name: &str) -> Vec<String> {
        let entries = [["metrics", name], ["events", name]].into_iter().filter_map(|path| self.whole.at(&path));
        let mut lacking = Vec::new();
        for entry in entries {
            let real: Vec<String> =
                entry.texts("event").into_iter().flat_map(|event| self.real_events(event)).collect();
            let texts = ["where", "value"].into_iter().filter_map(|key| entry.text(key));
            for path in texts.flat_map(|text| names_of(text).unwrap_or_default()) {
                let is_gone = real.is_empty() && entry.get("event").is_some();
                if !is_gone && self.property(&real, &path) == Some(KnownName::Constant(ExprConstant::Null)) {
                    lacking.push(format!("the property {}", path.join(".")));
                }
            }
        }
        lacking.sort();
        lacking.dedup();
        lacking
    }

    /// The entries of a list of which the first that holds counts.
    fn prune_first(
        &mut self,
        entries: Vec<DocumentTable>,
        (side, kind): (EntityKind, DroppedKind),
        end: ListEnd,
    ) -> Vec<DocumentTable> {
        let last = entries.len().saturating_sub(1);
        let mut left: Vec<DocumentTable> = Vec::new();
        for (place, mut entry) in entries.into_iter().enumerate() {
            let fate = self.reduce_facts(&mut entry, "when", side);
            let is_last = place == last && end == ListEnd::CatchAll;
            if fate.is_nothing() && !is_last {
                self.drop_part(side, kind, entry.text("name").unwrap_or_default());
                continue;
            }
            if matches!(fate, ExpressionFate::Constant(_)) {
                entry.remove("when");
            }
            self.prune_texts(&mut entry, side);
            let takes_all = ["when", "at_least", "above"].iter().all(|key| entry.get(key).is_none());
            left.push(entry);
            if takes_all {
                break;
            }
        }
        left
    }

    pub(super) fn prune_segments(&mut self) {
        let path = ["account", "segments"];
        let entries = self.take_list(path);
        if entries.is_empty() {
            return;
        }
        let left = self.prune_first(entries, (EntityKind::Account, DroppedKind::Segment), ListEnd::Open);
        let names = names_of_entries(&left);
        match names.as_slice() {
            [] => self.known.learn_constant(EntityKind::Account, "segment", ExprConstant::Null),
            [only] if left.iter().all(|entry| entry.get("when").is_none()) => {
                self.known.learn_constant(EntityKind::Account, "segment", ExprConstant::Text(only.clone()));
                return self.put_list(path, Vec::new());
            }
            all => self.known.learn(EntityKind::Account, "segment", KnownName::OneOf(all.to_vec())),
        }
        self.put_list(path, left);
    }

    pub(super) fn prune_tiers(&mut self, side: EntityKind) {
        let path = [side.word(), "tiers"];
        let entries = self.take_list(path);
        if entries.is_empty() {
            return;
        }
        let left = self.prune_first(entries, (side, DroppedKind::Tier), ListEnd::CatchAll);
        self.known.learn(side, "tier", KnownName::OneOf(names_of_entries(&left)));
        let is_qualified =
            |entry: &DocumentTable| entry.get("qualified") == Some(&DocumentValue::Literal("true".to_owned()));
        if !left.iter().any(is_qualified) {
            self.known.learn_constant(side, "qualified", ExprConstant::Boolean(false));
        }
        self.put_list(path, left);
    }

    pub(super) fn prune_routes(&mut self, side: EntityKind) {
        let path = [side.word(), "suppress"];
        let entries = self.take_list(path);
        if !entries.is_empty() {
            let left = self.prune_first(entries, (side, DroppedKind::Suppression), ListEnd::Open);
            self.put_list(path, left);
        }
        let path = [side.word(), "routes"];
        let entries = self.take_list(path);
        if entries.is_empty() {
            return;
        }
        let left = self.prune_first(entries, (side, DroppedKind::Route), ListEnd::CatchAll);
        self.known.learn(side, "route", KnownName::OneOf(names_of_entries(&left)));
        let motions = left.iter().filter_map(|entry| entry.text("motion")).map(str::to_owned).collect();
        self.known.learn(side, "motion", KnownName::OneOf(motions));
        self.put_list(path, left);
    }

    /// Alerts that can never fire go, and so do those that would hold for everybody.
    pub(super) fn prune_alerts(&mut self, side: EntityKind) {
        let path = [side.word(), "alerts"];
        let entries = self.take_list(path);
        if entries.is_empty() {
            return;
        }
        let mut left = Vec::new();
        for mut entry in entries {
            if matches!(self.reduce_facts(&mut entry, "when", side), ExpressionFate::Constant(_)) {
                continue;
            }
            self.prune_texts(&mut entry, side);
            self.prune_order(&mut entry, side);
            left.push(entry);
        }
        self.put_list(path, left);
    }

    /// The order of an alert or a file without facts that nobody will ever have.
    pub(super) fn prune_order(&self, entry: &mut DocumentTable, side: EntityKind) {
        if entry.get("order").is_none() {
            return;
        }
        let is_live = |item: &&str| {
            let goal = ReductionGoal::Value;
            let left = reduce(item.trim_start_matches('='), goal, &|path| self.known.get(side, path));
            !matches!(left, Ok(ReducedExpression::Constant(_)))
        };
        let left: Vec<DocumentValue> =
            entry.texts("order").into_iter().filter(is_live).map(|item| DocumentValue::Text(item.to_owned())).collect();
        if left.is_empty() {
            entry.remove("order");
        } else {
            entry.set("order", DocumentValue::List(left));
        }
    }

    /// Who may be named as champion and buyer.
    pub(super) fn prune_people(&mut self, side: EntityKind) {
        for key in ["champion", "buyer"] {
            let Some(mut table) = self.document.at(&[side.word()]).cloned() else { return };
            if matches!(self.reduce_facts(&mut table, key, EntityKind::User), ExpressionFate::Constant(_)) {
                table.remove(key);
                self.drop_part(side, DroppedKind::Person, key);
            }
            self.document.set(side.word(), DocumentValue::Table(table));
        }
    }

    /// Columns of facts that nobody will ever have.
    pub(super) fn prune_columns(&mut self) {
        for (key, side) in [("user_columns", EntityKind::User), ("account_columns", EntityKind::Account)] {
            let Some(output) = self.document.at(&["output"]) else { return };
            let is_live = |name: &&str| {
                let known = self.known.get(side, &name.split('.').map(str::to_owned).collect::<Vec<_>>());
                !matches!(known, Some(KnownName::Constant(_)))
            };
            if output.get(key).is_none() {
                continue;
            }
            let left = output.texts(key).into_iter().filter(is_live);
            let left = left.map(|name| DocumentValue::Text(name.to_owned())).collect();
            if let Some(output) = self.document.at_mut(&["output"]) {
                output.set(key, DocumentValue::List(left));
            }
        }
    }
}

fn categories_of(signals: &[DocumentTable]) -> Vec<String> {
    signals.iter().map(|entry| entry.text("category").unwrap_or("other").to_owned()).collect()
}

fn names_of_entries(entries: &[DocumentTable]) -> Vec<String> {
    entries.iter().filter_map(|entry| entry.text("name")).map(str::to_owned).collect()
}

/// Whether a condition does not hold where a metric is a number.
fn is_false_for(condition: &str, metric: &str, count: u64) -> bool {
    let number = KnownName::Constant(ExprConstant::Number(count as f64));
    let known = |path: &[String]| (path == [metric.to_owned()]).then(|| number.clone());
    let reduced = reduce(condition, ReductionGoal::Condition, &known);
    reduced == Ok(ReducedExpression::Constant(ExprConstant::Boolean(false)))
}
