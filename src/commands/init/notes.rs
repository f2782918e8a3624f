//! What `pql init` says in a model: where each guess comes from, and what was not found.

use std::collections::{BTreeMap, BTreeSet};

use pql_engine::inspect::{InspectedInput, dataset_profile::EventProfile};
use pql_model::{EntityKind, clock::format_instant, units::plural};

use super::{
    document::{DocumentTable, DocumentValue},
    graph::{NameGraph, listed},
    layout::LayoutNotes,
    prune::DroppedSignal,
    wiring::{Certainty, EventWiring, WiredEvent},
};

/// Events that the evidence of a signal names.
const EVIDENCE_SHOWN: usize = 3;

/// Events of the dump that are listed at the end.
const REST_SHOWN: usize = 100;

/// What stands in a model beside its entries.
pub(super) struct ModelNotes<'n> {
    pub(super) dump: &'n InspectedInput,
    pub(super) wiring: &'n EventWiring,
    /// Who names whom in what is written.
    pub(super) graph: NameGraph,
    /// The names in the dump of the traits that were found.
    pub(super) traits: &'n BTreeMap<(EntityKind, String), Vec<String>>,
    /// The shipped model, whole.
    pub(super) shipped: &'n DocumentTable,
    /// Signals that were taken out.
    pub(super) dropped: &'n [DroppedSignal],
    /// `[input]`, as it is written.
    pub(super) input: String,
    /// What the shipped model is called on the command line.
    pub(super) model: &'n str,
}

/// Counts of an event of the dump.
pub fn counts_of(dump: &InspectedInput, name: &str) -> String {
    let Some(profile) = dump.survey.names.get(name) else { return String::new() };
    let last = format_instant(profile.last);
    format!(
        "{} of {}, the last on {}",
        plural(profile.count, "event", "events"),
        plural(profile.users.count(), "user", "users"),
        last.get(..10).unwrap_or(&last)
    )
}

impl ModelNotes<'_> {
    fn event(&self, event: &str) -> Vec<String> {
        let Some(wired) = self.wiring.found.get(event) else { return Vec::new() };
        if self.wiring.features.as_deref() == Some(event) {
            return vec![format!(
                "guess: no event of yours tells of features, so the names of {} are the features",
                plural(wired.len() as u64, "event", "events")
            )];
        }
        wired.iter().map(|one| self.guess(event, one)).collect()
    }

    fn guess(&self, event: &str, wired: &WiredEvent) -> String {
        let counts = counts_of(self.dump, &wired.name);
        match wired.certainty {
            Certainty::Same => counts,
            Certainty::Said => {
                format!("{} is {event}: said with --set or in answer to a question ({counts})", wired.name)
            }
            Certainty::Words | Certainty::Behaviour => {
                format!("guess: {} is {event}: {} ({counts})", wired.name, wired.why)
            }
        }
    }

    /// The events and traits that a signal pays for.
    fn evidence(&self, side: EntityKind, name: &str) -> Vec<String> {
        let roots = self.graph.roots_of_signal(side, name);
        let mut names: Vec<&str> = roots.events.iter().flat_map(|event| self.real(event)).collect();
        names.sort_unstable();
        names.dedup();
        let count = |name: &str| self.dump.survey.names.get(name).map_or(0, |profile| profile.count);
        names.sort_by_key(|name| std::cmp::Reverse(count(name)));
        let more = names.len().saturating_sub(EVIDENCE_SHOWN);
        let mut parts: Vec<String> =
            names.iter().take(EVIDENCE_SHOWN).map(|name| format!("{name}: {}", counts_of(self.dump, name))).collect();
        if more > 0 {
            parts.push(format!("{} more", plural(more as u64, "event", "events")));
        }
        parts.extend(roots.traits.iter().map(|key| {
            let sources = self.traits.get(key).map(|sources| sources.join(", ")).unwrap_or_default();
            format!("{} of {}, from {sources}", key.1, key.0.plural())
        }));
        if parts.is_empty() {
            parts.push("activity of any kind".to_owned());
        }
        vec![format!("evidence: {}", parts.join("; "))]
    }

    /// The names in the dump of an event of the model; one that is written by its own name is its own.
    fn real<'r>(&'r self, event: &'r str) -> Vec<&'r str> {
        let wired = self.wiring.names(event);
        if wired.is_empty() { vec![event] } else { wired }
    }

    /// Signals that were taken out, by what they lack.
    fn not_wired(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for dropped in self.dropped {
            let level = dropped.side.word();
            let entry =
                listed(self.shipped, [level, "signals"]).find(|entry| entry.text("name") == Some(&dropped.name));
            let say = entry.and_then(|entry| entry.text("say")).unwrap_or_default();
            let lacks = match dropped.lacks.as_slice() {
                [] => "a property or a value that your events do not have".to_owned(),
                lacks => lacks.join(", "),
            };
            lines.push(format!("  {level} {}: \"{say}\"; needs {lacks}", dropped.name));
        }
        lines
    }

    fn missing_events(&self) -> Vec<String> {
        let needed: BTreeSet<&String> = self.dropped.iter().flat_map(|dropped| &dropped.lacks).collect();
        let missing = self.wiring.missing.iter().filter(|(event, _)| needed.contains(event));
        missing.map(|(event, near)| nearest_line(event, near)).collect()
    }

    fn rest(&self) -> Vec<String> {
        let used: BTreeSet<&str> = self.wiring.found.values().flatten().map(|wired| wired.name.as_str()).collect();
        let all = self.dump.survey.sorted_names();
        let rest: Vec<_> = all.iter().filter(|(name, _)| !used.contains(name)).collect();
        let mut lines: Vec<String> =
            rest.iter().take(REST_SHOWN).map(|(name, profile)| rest_line(name, profile)).collect();
        if rest.len() > REST_SHOWN {
            lines.push(format!("  ... and {} more", rest.len() - REST_SHOWN));
        }
        lines
    }
}

/// An event of the dump that the model does not name.
fn rest_line(name: &str, profile: &EventProfile) -> String {
    let noise = if profile.noise { ", sent by the vendor's own code and no activity" } else { "" };
    let (events, users) = (plural(profile.count, "event", "events"), plural(profile.users.count(), "user", "users"));
    format!("  {name} ({events} of {users}{noise})")
}

/// An event that was not found, and what may be meant.
fn nearest_line(event: &str, near: &[String]) -> String {
    match near {
        [] => format!("  {event}: nothing of yours is near it"),
        near => format!("  {event}: maybe {}", near.join(", ")),
    }
}

/// Adds a headline and lines to a list, if there are lines.
fn add_block(out: &mut Vec<String>, headline: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(String::new());
    }
    out.push(headline.to_owned());
    out.extend(lines);
}

impl LayoutNotes for ModelNotes<'_> {
    fn header(&self) -> Vec<String> {
        let events = plural(self.dump.survey.events(), "event", "events");
        let files = plural(self.dump.files.len() as u64, "file", "files");
        let mut lines = vec![
            format!("A first model for {events} in {files}, written by `pql init`."),
            format!("It has what these events can pay of the shipped model `{}`.", self.model),
            "Every guess has its reason above it; what was not wired stands at the end.".to_owned(),
        ];
        if self.model == "sales" {
            lines.push("`pql score --print-model` prints the model `sales` with all its explanations.".to_owned());
        }
        lines
    }

    fn section(&self, name: &str) -> Option<String> {
        (name == "input").then(|| self.input.clone())
    }

    fn entry(&self, path: &[&str], name: &str) -> Vec<String> {
        match path {
            ["events"] => self.event(name),
            ["user", "signals"] => self.evidence(EntityKind::User, name),
            ["account", "signals"] => self.evidence(EntityKind::Account, name),
            _ => Vec::new(),
        }
    }

    fn footer(&self) -> Vec<String> {
        let mut out = Vec::new();
        let headline = "Not wired: signals of the shipped model that nothing in these events can pay.";
        add_block(&mut out, headline, self.not_wired());
        let headline = "Events that they need. If you have one, run `pql init` again with --set NAME=\"Your Event\".";
        add_block(&mut out, headline, self.missing_events());
        let headline =
            "Events of yours that nothing above names. Those that are activity count as days of use all the same.";
        add_block(&mut out, headline, self.rest());
        out
    }
}

/// The properties of an event of the tracking plan that the events of the dump have.
pub(super) fn with_properties_of(dump: &InspectedInput, names: &[&str], wanted: &[&str]) -> DocumentValue {
    let has = |property: &&&str| {
        names.iter().all(|name| {
            let profile = dump.survey.names.get(*name);
            profile.is_some_and(|profile| {
                profile.properties.sorted_paths().any(|(path, filled)| path == **property && filled == profile.count)
            })
        })
    };
    DocumentValue::List(wanted.iter().filter(has).map(|name| DocumentValue::Text((*name).to_owned())).collect())
}
