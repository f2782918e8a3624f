//! Generates a first model for a dump.
//!
//! [`FirstModel::of`] takes an [`InspectedInput`] and one of the shipped models, and gives a short model with the signals that the events of the dump can
//! pay. Every guess has a comment with its reason; what found no event is a list of comments at the end.
//!
//! ```text
//!  shipped model ─▶ DocumentTable ─▶ wire (events by words) ─▶ prune (what can never hold) ─▶ settle (until `check` has nothing to say) ─▶ text
//! ```

mod cases;
mod document;
mod graph;
mod guards;
mod input;
mod knowledge;
mod layout;
mod lessons;
mod lifetimes;
mod list;
mod matches;
mod notes;
mod outlook;
mod properties;
mod prune;
mod replaced;
mod settle;
mod shortfall;
mod starts;
mod targets;
mod templates;
mod trait_words;
mod traits;
mod wiring;
mod wording;
mod words;

#[cfg(test)]
pub use self::wiring::WiredEvent;
pub use self::{
    cases::cases_for,
    input::fields_table,
    lessons::ModelLessons,
    notes::{counts_of, values_of},
    outlook::LevelOutlook,
    prune::{DroppedKind, DroppedPart},
    replaced::replaced_features,
    shortfall::TierShortfall,
    traits::EntityTable,
    wiring::{Certainty, EventChoice, EventWiring, is_of_features, is_worth_asking, title_of},
};
use self::{
    document::{DocumentTable, DocumentValue},
    graph::{NameGraph, listed},
    layout::{EntryKey, EntryPlace, WrittenText},
    notes::{ModelNotes, with_properties_of},
    prune::{FoundTraits, PrunedModel},
    targets::{TargetGap, TargetValues},
    trait_words::stems_of_key,
    traits::{TraitFinder, TraitPlace, TraitSource},
    wiring::{asked_events, wire},
    wording::{adapt_texts, counted_from_beginning},
};
use std::{collections::BTreeSet, ops::Range};

use pql_engine::inspect::{InspectedInput, PartGuess};
use pql_model::{EntityKind, PerKind, ShippedModel, codes, diag::Diagnostic};

/// What a first model is made from.
#[derive(Debug, Clone, Copy)]
pub struct FirstModelJob<'j> {
    /// The dump.
    pub dump: &'j InspectedInput,
    /// The fields by which its lines were read, if a model has to name them.
    pub fields: &'j [PartGuess],
    /// The model that it is cut from.
    pub shipped: &'j ShippedModel,
    /// The events of that model, each with those of the dump.
    pub wiring: &'j EventWiring,
    /// The files of users and accounts.
    pub tables: &'j PerKind<Option<EntityTable>>,
    /// What scoring the dump has shown.
    pub lessons: &'j ModelLessons,
    /// What the model is called.
    pub name: &'j str,
}

/// A first model for a dump.
#[derive(Debug)]
pub struct FirstModel {
    /// Its text.
    pub text: String,
    /// The names of its signals.
    pub live: PerKind<Vec<String>>,
    /// What of the shipped model it does not have.
    pub dropped: Vec<DroppedPart>,
    /// Events of the shipped model that would be needed for those, with the nearest of the dump.
    pub missing: Vec<(String, Vec<String>)>,
    /// Traits of the shipped model that would be needed for those.
    pub missing_traits: Vec<(EntityKind, String)>,
    /// The names that it gives to events of the dump.
    pub wired: Vec<WiredName>,
    /// The traits that it reads from a file of users or accounts, each with its column.
    pub columns: Vec<(EntityKind, String, String)>,
    /// What its reader should look at, a sentence each.
    pub remarks: Vec<String>,
    /// Lists with words that never occur.
    gaps: Vec<TargetGap>,
    /// Its tree.
    document: DocumentTable,
    /// Where each entry stands.
    places: Vec<(Range<usize>, EntryPlace)>,
}

/// The tree of a shipped model.
pub fn events_asked_by(shipped: &ShippedModel) -> Vec<String> {
    asked_events(&DocumentTable::read(shipped.text))
}

/// The events of a shipped model among those of a dump.
pub fn wire_events(dump: &InspectedInput, shipped: &ShippedModel, choices: &[EventChoice]) -> EventWiring {
    wire(&DocumentTable::read(shipped.text), &dump.survey, choices)
}

/// What the comments of a model are made from.
struct NotesSource<'s> {
    job: &'s FirstModelJob<'s>,
    /// The shipped model.
    whole: &'s DocumentTable,
    traits: &'s FoundTraits,
    /// `[input]`, as it is written.
    input: String,
    /// Words of lists that the data never has.
    gaps: &'s [TargetGap],
}

impl NotesSource<'_> {
    /// Writes a model with its comments.
    fn write(&self, document: &DocumentTable, dropped: &[DroppedPart]) -> WrittenText {
        let notes = ModelNotes {
            dump: self.job.dump,
            wiring: self.job.wiring,
            graph: NameGraph::of(document),
            named: named_events(document),
            traits: self.traits,
            tables: self.job.tables,
            lessons: self.job.lessons,
            shipped: self.whole,
            dropped,
            input: self.input.clone(),
            gaps: self.gaps,
            begun: counted_from_beginning(document, self.whole),
            model: self.job.shipped.key,
        };
        WrittenText::of(document, &notes)
    }
}

impl FirstModel {
    /// Makes a model.
    pub fn of(job: &FirstModelJob<'_>) -> FirstModel {
        let whole = DocumentTable::read(job.shipped.text);
        let mut live = whole.clone();
        keep_live(&mut live, &whole, job.wiring);
        list::add_people(&mut live);
        live.set("name", DocumentValue::Text(job.name.to_owned()));
        let stems = PerKind::from_fn(|side| stems_of(side, job));
        let finder = TraitFinder { survey: &job.dump.survey, tables: job.tables, lessons: job.lessons, stems: &stems };
        let PrunedModel { mut document, dropped, traits } = prune::prune(&live, job.wiring, finder);
        write_events(&mut document, job);
        empty_lists(&mut document);
        shorten_reasons(&mut document);
        guards::add_expectations(&mut document, &job.dump.survey);
        adapt_texts(&mut document, &whole, job.wiring);
        let values = TargetValues { traits: &traits, table: job.tables.account.as_ref(), survey: &job.dump.survey };
        let gaps = values.gaps(&document);
        let notes = NotesSource { job, whole: &whole, traits: &traits, input: written_input(&whole, job), gaps: &gaps };
        let settled = settle::settle(document, &|document| notes.write(document, &[]));
        let all: Vec<DroppedPart> = dropped.into_iter().chain(settled.dropped).collect();
        let written = notes.write(&settled.document, &all);
        let live = PerKind::from_fn(|side| {
            let names = listed(&settled.document, [side.word(), "signals"]).filter_map(|entry| entry.text("name"));
            names.map(str::to_owned).collect()
        });
        let needed = |event: &String| all.iter().any(|dropped| dropped.lacks.contains(event));
        let missing = job.wiring.missing.iter().filter(|(event, _)| needed(event));
        let missing = missing.map(|(event, near)| (event.clone(), near.clone())).collect();
        FirstModel {
            text: written.text,
            live,
            missing,
            missing_traits: notes::missing_traits(&whole, &all, &unnamed(&traits, job.dump)),
            wired: wired_names(&settled.document, &whole, job.wiring),
            columns: columns_of(&traits),
            remarks: remarks(&settled.document, &whole, job.wiring),
            gaps: left_gaps(&settled.document, gaps),
            dropped: all,
            places: written.places,
            document: settled.document,
        }
    }
}

impl FirstModel {
    /// The lists with words that never occur, as sentences.
    pub fn gap_remarks(&self) -> Vec<String> {
        self.gaps.iter().map(|gap| format!("{}: {}", gap.fact, gap.text())).collect()
    }

    /// The metrics and names of `[events]` that count nothing, by what events show: nothing of what they ask for occurs.
    pub fn counting_nothing(&self, problems: &[Diagnostic]) -> BTreeSet<String> {
        let counts = |place: &EntryPlace| matches!(place.path.first().map(String::as_str), Some("metrics" | "events"));
        let mut all = BTreeSet::new();
        for (range, place) in self.places.iter().filter(|(_, place)| counts(place)) {
            let EntryKey::Name(name) = &place.key else { continue };
            let inside: Vec<&Diagnostic> =
                problems.iter().filter(|problem| range.contains(&problem.span.start)).collect();
            let values = inside.iter().filter(|problem| problem.code == codes::NO_SUCH_VALUE).count();
            // Of several texts that a property is compared with, some may never occur.
            let texts = self.text.get(range.clone()).map_or(0, |text| text.matches('\'').count() / 2);
            if inside.len() > values || (values > 0 && values >= texts) {
                all.insert(name.clone());
            }
        }
        all
    }
}

/// A name of a model for events of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiredName {
    /// The name in the model.
    pub name: String,
    /// What it stands for in words, with the name.
    pub title: String,
    /// The events of the dump.
    pub events: Vec<String>,
    /// What it does in the model.
    pub kind: WiredUse,
}

/// What a name for events does in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WiredUse {
    /// A signal pays for it.
    Pays,
    /// It is the start of users and accounts, from which ages count, and no activity.
    Start,
    /// No signal pays for it; milestones or conditions read it.
    Unpaid,
}

/// What a name for an event or a part of one is, in words.
fn title_of_part(whole: &DocumentTable, name: &str) -> String {
    let own = title_of(name);
    let events = whole.at(&["events", name]).map(|entry| entry.texts("event")).unwrap_or_default();
    match events.as_slice() {
        [event] if own == format!("`{name}`") => title_of(event).replace(&format!("`{event}`"), &own),
        _ => own,
    }
}

/// The names that a model gives to events, where these have other names.
fn wired_names(document: &DocumentTable, whole: &DocumentTable, wiring: &EventWiring) -> Vec<WiredName> {
    let graph = NameGraph::of(document);
    let mut paid: BTreeSet<String> = BTreeSet::new();
    for side in EntityKind::ALL {
        for name in listed(document, [side.word(), "signals"]).filter_map(|entry| entry.text("name")) {
            paid.extend(graph.roots_of_signal(side, name).counted);
        }
    }
    let ignored = document.at(&["activity"]).map(|activity| activity.texts("ignore")).unwrap_or_default();
    let is_start = |name: &String| document.text("start_event") == Some(name) && ignored.contains(&name.as_str());
    let entries = document.at(&["events"]).map(|events| events.entries.as_slice()).unwrap_or_default();
    let wired = entries.iter().filter_map(|(name, value)| {
        // What is said of another name of the model is told under that one.
        let is_feature = wiring.features.as_ref() == Some(name);
        let is_real = |event: &&str| is_feature || *event == name || !entries.iter().any(|(known, _)| known == event);
        let events = value.table()?.texts("event").into_iter().filter(is_real);
        let events: Vec<String> = events.map(str::to_owned).collect();
        let kind = match name {
            name if paid.contains(name) => WiredUse::Pays,
            name if is_start(name) => WiredUse::Start,
            _ => WiredUse::Unpaid,
        };
        let title = title_of_part(whole, name);
        (!events.is_empty()).then(|| WiredName { name: name.clone(), title, events, kind })
    });
    wired.collect()
}

/// What the reader of a model should look at.
fn remarks(document: &DocumentTable, whole: &DocumentTable, wiring: &EventWiring) -> Vec<String> {
    let begun = counted_from_beginning(document, whole);
    let of_begun = begun.iter().map(|(name, ends)| format!("{name}: {}", notes::begun_text(ends)));
    let firsts = wiring.unnamed_firsts.iter().cloned();
    let of_events = wiring.alike.iter().chain(&wiring.stopped).cloned();
    firsts.chain(of_begun).chain(of_events).collect()
}

/// The words that never occur, of the facts that a model still has.
fn left_gaps(document: &DocumentTable, gaps: Vec<TargetGap>) -> Vec<TargetGap> {
    let facts = document.at(&["account", "facts"]);
    gaps.into_iter().filter(|gap| facts.is_some_and(|facts| facts.get(&gap.fact).is_some())).collect()
}

/// The events of the dump that a model names.
fn named_events(document: &DocumentTable) -> BTreeSet<String> {
    let entries = document.at(&["events"]).map(|events| events.entries.as_slice()).unwrap_or_default();
    let names = entries.iter().filter_map(|(name, value)| Some((name, value.table()?.texts("event"))));
    names.flat_map(|(name, events)| events.into_iter().map(str::to_owned).chain([name.clone()])).collect()
}

/// What the file and the events call users or accounts, by their columns of ids.
fn stems_of(side: EntityKind, job: &FirstModelJob<'_>) -> Vec<Vec<String>> {
    let of_events = job.fields.iter().filter(|field| field.part == side.word()).flat_map(PartGuess::paths);
    let of_table = job.tables[side].as_ref().map(|table| table.key.as_str());
    of_table.into_iter().chain(of_events).flat_map(stems_of_key).collect()
}

/// What a list for sales needs to know of accounts and does not.
fn unnamed(traits: &FoundTraits, dump: &InspectedInput) -> Vec<(EntityKind, String)> {
    let company = (EntityKind::Account, "company".to_owned());
    let is_unnamed = dump.survey.entity_counts.account > 0 && !traits.contains_key(&company);
    Some(company).filter(|_| is_unnamed).into_iter().collect()
}

/// The traits that a model reads from files, each with its column.
fn columns_of(traits: &FoundTraits) -> Vec<(EntityKind, String, String)> {
    let of_table = |sources: &Vec<TraitSource>| {
        sources.iter().find(|source| source.place == TraitPlace::Table).map(|source| source.name.clone())
    };
    traits.iter().filter_map(|((side, name), sources)| Some((*side, name.clone(), of_table(sources)?))).collect()
}

/// Writes the events of the dump into the tracking plan.
fn write_events(document: &mut DocumentTable, job: &FirstModelJob<'_>) {
    let start = document.text("start_event");
    let ignored = document.at(&["activity"]).into_iter().flat_map(|one| one.texts("ignore"));
    // The start may be among the ignored events.
    let ignored = ignored.filter(|name| Some(*name) != start);
    let named: Vec<String> = start.into_iter().chain(ignored).map(str::to_owned).collect();
    let before = document.at(&["events"]).cloned().unwrap_or_default();
    let mut entries = Vec::new();
    let extra = named.into_iter().filter(|name| before.get(name).is_none());
    let extra = extra.map(|name| (name, DocumentValue::Table(DocumentTable::default())));
    for (name, value) in before.entries.iter().cloned().chain(extra) {
        let names = job.wiring.names(&name);
        let is_alias = value.table().is_some_and(|entry| entry.get("event").is_some());
        if is_alias || names.is_empty() {
            entries.push((name, value));
            continue;
        }
        let wanted = value.table().map(|entry| entry.texts("properties")).unwrap_or_default();
        let entry = match names.as_slice() {
            [only] if *only == name => ("properties", with_properties_of(job.dump, &names, &wanted)),
            all => ("event", DocumentValue::of_texts(&all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())),
        };
        let entry = DocumentTable { entries: vec![(entry.0.to_owned(), entry.1)] };
        entries.push((name, DocumentValue::Table(entry)));
    }
    document.set("events", DocumentValue::Table(DocumentTable { entries }));
}

/// Leaves of the start event and the ignored events those that occur.
fn keep_live(document: &mut DocumentTable, whole: &DocumentTable, wiring: &EventWiring) {
    let is_live = |name: &str| !wiring.missing.contains_key(name);
    if document.text("start_event").is_some_and(|name| !is_live(name)) {
        document.remove("start_event");
    }
    let ignored: Vec<DocumentValue> = whole
        .at(&["activity"])
        .into_iter()
        .flat_map(|activity| activity.texts("ignore"))
        .filter(|name| is_live(name))
        .map(|name| DocumentValue::Text(name.to_owned()))
        .collect();
    if ignored.is_empty() {
        document.remove("activity");
    } else if let Some(activity) = document.at_mut(&["activity"]) {
        activity.set("ignore", DocumentValue::List(ignored));
    }
}

/// Empties the lists of domains and ids, which are those of an example.
fn empty_lists(document: &mut DocumentTable) {
    let Some(identity) = document.at_mut(&["identity"]) else { return };
    for (_, value) in &mut identity.entries {
        if let DocumentValue::List(list) = value {
            list.clear();
        }
    }
}

/// Reasons of `[check] ignore` without what they say of other places of the shipped model.
fn shorten_reasons(document: &mut DocumentTable) {
    let Some(DocumentValue::List(list)) = document.at_mut(&["check"]).and_then(|check| check.get_mut("ignore")) else {
        return;
    };
    for entry in list {
        let DocumentValue::Table(entry) = entry else { continue };
        let short = entry.text("because").and_then(|text| text.split_once("; see ")).map(|(short, _)| short.to_owned());
        if let Some(short) = short {
            entry.set("because", DocumentValue::Text(short));
        }
    }
}

/// `[input]` with the settings of the shipped model that are not about where parts stand.
fn written_input(whole: &DocumentTable, job: &FirstModelJob<'_>) -> String {
    let mut out = "\n[input]\n".to_owned();
    input::input(&mut out, job.dump, job.fields);
    for (key, value) in whole.at(&["input"]).map(|input| input.entries.as_slice()).unwrap_or_default() {
        if key != "format" {
            out.push_str(&format!("{key} = {}\n", value.to_toml()));
        }
    }
    out
}
