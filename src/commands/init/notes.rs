//! What `pql init` says in a model: where each guess comes from, and what was not found.

use std::collections::BTreeSet;

use pql_engine::inspect::{InspectedInput, dataset_profile::EventProfile};
use pql_model::{EntityKind, PerKind, clock::format_instant, diag::quoted_list, units::plural};

use super::{
    document::{DocumentTable, DocumentValue},
    graph::{NameGraph, listed},
    layout::LayoutNotes,
    lessons::ModelLessons,
    prune::{DroppedKind, DroppedPart, FoundTraits},
    targets::TargetGap,
    trait_words::{TraitValues, family_of},
    traits::{EntityTable, TraitSource},
    wiring::{Certainty, EventWiring, WiredEvent},
};

/// Events that the evidence of a signal names.
const EVIDENCE_SHOWN: usize = 3;

/// Values of a trait that are named.
const VALUES_SHOWN: usize = 3;

/// Events of the dump that are listed at the end.
const REST_SHOWN: usize = 100;

/// What stands in a model beside its entries.
pub(super) struct ModelNotes<'n> {
    pub(super) dump: &'n InspectedInput,
    pub(super) wiring: &'n EventWiring,
    /// Who names whom in what is written.
    pub(super) graph: NameGraph,
    /// Where the traits that were found stand.
    pub(super) traits: &'n FoundTraits,
    /// The files of users and accounts.
    pub(super) tables: &'n PerKind<Option<EntityTable>>,
    /// What scoring the dump has shown.
    pub(super) lessons: &'n ModelLessons,
    /// The shipped model, whole.
    pub(super) shipped: &'n DocumentTable,
    /// What was taken out.
    pub(super) dropped: &'n [DroppedPart],
    /// The events that it names.
    pub(super) named: BTreeSet<String>,
    /// `[input]`, as it is written.
    pub(super) input: String,
    /// Words of lists that the data never has.
    pub(super) gaps: &'n [TargetGap],
    /// Metrics of which every beginning counts, with the events that would end it.
    pub(super) begun: Vec<(String, Vec<String>)>,
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

/// Properties of an event that are shown, and events from which on their values say something.
const PROPERTIES_SHOWN: usize = 3;
const FILLED_MIN: u64 = 5;

/// The properties of an event that few other events have, with their values if these are few words: `topic` is always `howto`.
pub fn values_of(dump: &InspectedInput, name: &str) -> Vec<String> {
    let names = &dump.survey.names;
    let Some(profile) = names.get(name) else { return Vec::new() };
    let has = |path: &str| names.values().filter(|other| other.properties.by_path.contains_key(path)).count();
    let own = profile.properties.sorted_paths().filter(|(path, filled)| {
        has(path) * 2 <= names.len().max(2) && *filled >= FILLED_MIN && filled * 2 >= profile.count
    });
    let told = own.filter_map(|(path, filled)| {
        let words = profile.properties.by_path.get(path)?.few_words()?;
        Some(match words.as_slice() {
            [only] if filled == profile.count => format!("`{path}` is always `{only}`"),
            [only] => format!("`{path}` is `{only}` where it is given"),
            several => format!("`{path}` is one of {}", quoted_list(several)),
        })
    });
    told.take(PROPERTIES_SHOWN).collect()
}

impl ModelNotes<'_> {
    fn event(&self, event: &str) -> Vec<String> {
        let Some(wired) = self.wiring.found.get(event) else { return self.part_of_event(event) };
        let is_guess = wired.iter().all(|one| one.certainty != Certainty::Said);
        if self.wiring.features.as_deref() == Some(event) && is_guess {
            return vec![format!(
                "guess: no event of yours tells of features, so the names of {} are the features",
                plural(wired.len() as u64, "event", "events")
            )];
        }
        wired.iter().map(|one| self.guess(event, one)).collect()
    }

    /// The guesses of a name for a part of an event, where the event itself has no entry.
    fn part_of_event(&self, name: &str) -> Vec<String> {
        let whole = self.shipped.at(&["events", name]).map(|entry| entry.texts("event")).unwrap_or_default();
        let unwritten = whole.into_iter().filter(|event| !self.named.contains(*event));
        let wired = unwritten.filter_map(|event| self.wiring.found.get(event)).flatten();
        wired.filter(|one| self.named.contains(&one.name)).map(|one| self.guess(name, one)).collect()
    }

    fn guess(&self, event: &str, wired: &WiredEvent) -> String {
        let counts = counts_of(self.dump, &wired.name);
        match wired.certainty {
            Certainty::Same => match wired.why.split_once("; ") {
                Some((_, since)) => format!("{}: {since} ({counts})", wired.name),
                None => counts,
            },
            Certainty::Said => {
                let since = wired.why.split_once("; ").map(|(_, since)| format!("; {since}")).unwrap_or_default();
                format!("{} is {event}: said with --set or in answer to a question{since} ({counts})", wired.name)
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
            let names = |sources: &Vec<TraitSource>| {
                sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ")
            };
            let sources = self.traits.get(key).map(names).unwrap_or_default();
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

    /// Where a trait of the dump stands, if it has another name than the model asks for, and how it is written.
    fn trait_notes(&self, side: EntityKind, name: &str) -> Vec<String> {
        let Some(sources) = self.traits.get(&(side, name.to_owned())) else { return Vec::new() };
        let asked = self.shipped.at(&[side.word(), "traits", name]);
        let asked: Vec<&str> = asked.map(|entry| entry.texts("from")).unwrap_or_default();
        let is_other = |source: &&TraitSource| source.name != name && !asked.contains(&source.name.as_str());
        let guess =
            |source: &TraitSource| format!("guess: {name} is {}", source.reason((side, self.tables[side].as_ref())));
        let mut lines: Vec<String> = sources.iter().filter(is_other).map(guess).collect();
        if let Some([format, others @ ..]) = self.lessons.formats.get(&(side, name.to_owned())).map(Vec::as_slice) {
            let others = if others.is_empty() { String::new() } else { format!("; {} would too", quoted_list(others)) };
            lines.push(format!("guess: `{format}` reads its values{others}"));
        }
        lines
    }

    /// What was taken out, by what it lacks: signals first, then what else decides.
    fn not_wired(&self) -> Vec<String> {
        let (signals, others): (Vec<_>, Vec<_>) =
            self.dropped.iter().partition(|dropped| dropped.kind == DroppedKind::Signal);
        let is_told = |dropped: &&&DroppedPart| dropped.kind == DroppedKind::Route || !dropped.lacks.is_empty();
        signals.into_iter().chain(others.iter().filter(is_told).copied()).map(|one| self.not_wired_line(one)).collect()
    }

    fn not_wired_line(&self, dropped: &DroppedPart) -> String {
        let level = dropped.side.word();
        let entry = listed(self.shipped, [level, "signals"])
            .find(|entry| dropped.kind == DroppedKind::Signal && entry.text("name") == Some(&dropped.name));
        let say = entry.and_then(|entry| entry.text("say")).map(|say| format!(" \"{say}\";")).unwrap_or_default();
        let lacks = match dropped.lacks.as_slice() {
            // What a route asks for is above: the tier, the segment, the signals.
            _ if dropped.kind == DroppedKind::Route => {
                return format!("  {level} route {}: nobody can get it", dropped.name);
            }
            [] => "a property or a value that your events do not have".to_owned(),
            lacks => lacks.join(", "),
        };
        format!("  {level} {}{}:{say} needs {lacks}", dropped.kind.word(), dropped.name)
    }

    /// The traits that something would need and the dump does not have.
    fn missing_traits(&self) -> Vec<String> {
        missing_traits(self.shipped, self.dropped, &super::unnamed(self.traits, self.dump))
            .into_iter()
            .map(|(side, name)| {
                let values = match family_of(side, &name).map(|family| family.values) {
                    Some(TraitValues::OneOf(texts)) => {
                        format!(", with values such as {}", quoted_list(&texts[..texts.len().min(VALUES_SHOWN)]))
                    }
                    Some(TraitValues::Email | TraitValues::Words | TraitValues::OfType) | None => String::new(),
                };
                let option = match side {
                    EntityKind::User => "--users",
                    EntityKind::Account => "--accounts",
                };
                format!("  {name} of {} ({option}){values}", side.plural())
            })
            .collect()
    }

    fn missing_events(&self) -> Vec<String> {
        let needed: BTreeSet<&String> = self.dropped.iter().flat_map(|dropped| &dropped.lacks).collect();
        let missing = self.wiring.missing.iter().filter(|(event, _)| needed.contains(event));
        missing.map(|(event, near)| nearest_line(event, near)).collect()
    }

    fn rest(&self) -> Vec<String> {
        let all = self.dump.survey.sorted_names();
        let rest: Vec<_> = all.iter().filter(|(name, _)| !self.named.contains(*name)).collect();
        let mut lines: Vec<String> =
            rest.iter().take(REST_SHOWN).map(|(name, profile)| rest_line(name, profile)).collect();
        if rest.len() > REST_SHOWN {
            lines.push(format!("  ... and {} more", rest.len() - REST_SHOWN));
        }
        lines
    }
}

/// The traits of a shipped model that a list needs, or that what was taken out would need.
pub(super) fn missing_traits(
    shipped: &DocumentTable,
    dropped: &[DroppedPart],
    unnamed: &[(EntityKind, String)],
) -> Vec<(EntityKind, String)> {
    let mut all: Vec<(EntityKind, String)> = unnamed.to_vec();
    for side in EntityKind::ALL {
        let traits = shipped.at(&[side.word(), "traits"]).map(|traits| traits.entries.as_slice()).unwrap_or_default();
        let is_needed = |name: &String| dropped.iter().any(|one| one.lacks.contains(name));
        let needed = traits.iter().filter(|(name, _)| is_needed(name)).map(|(name, _)| (side, name.clone()));
        all.extend(needed.filter(|one| !unnamed.contains(one)));
    }
    all
}

/// Why every beginning counts, and what would change that.
pub(super) fn begun_text(ends: &[String]) -> String {
    let example = ends.first().map_or("NAME", String::as_str);
    format!(
        "no event of yours says that it was completed, so each one begun counts; --set {example}=\"Your Event\" names one"
    )
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
            ["user", "traits"] => self.trait_notes(EntityKind::User, name),
            ["account", "traits"] => self.trait_notes(EntityKind::Account, name),
            ["user", "signals"] => self.evidence(EntityKind::User, name),
            ["account", "signals"] => self.evidence(EntityKind::Account, name),
            ["account", "facts"] => self.gaps.iter().filter(|gap| gap.fact == name).map(TargetGap::text).collect(),
            ["metrics"] => {
                self.begun.iter().filter(|(metric, _)| metric == name).map(|(_, ends)| begun_text(ends)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn footer(&self) -> Vec<String> {
        let mut out = Vec::new();
        let headline = "Not wired: what of the shipped model nothing here can ever make true.";
        add_block(&mut out, headline, self.not_wired());
        let headline = "Events that they need. If you have one, run `pql init` again with --set NAME=\"Your Event\".";
        add_block(&mut out, headline, self.missing_events());
        let headline = "Traits that they need. A column of the file of `pql init --users` or `--accounts` can give them, or a field of your records.";
        add_block(&mut out, headline, self.missing_traits());
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
