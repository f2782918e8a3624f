//! Which events of a dump are which events of a model.
//!
//! Takes the events that a model asks for and those of a dump; gives for each of the first those of the second that mean the same. Words decide
//! ([`super::words`]); behaviour decides only between events whose words allow it.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    document::{DocumentTable, DocumentValue},
    lifetimes::{DumpLifetime, date_of},
    starts::StartFinder,
    words::{
        EventMeaning, MeaningRole, StepFrequency, added_word, begin_word, doing_word, has_word_of_interest, invitation,
        is_no_feature, is_set_up_step, is_sign_up, meaning_of, tells_of_invitee, work_word,
    },
};
use pql_engine::inspect::{
    dataset_profile::{DatasetProfile, EventProfile},
    name_similarity::{closest_names, split_words},
};
use pql_model::{
    diag::quoted_list,
    units::{Micros, plural},
};

/// The number of events that one name of a model may stand for.
const ALIASES_MAX: usize = 8;

/// The number of events that are features by their names.
const FEATURES_MAX: usize = 40;

/// The least number of events that are features by their names; fewer tell nobody apart.
const FEATURES_MIN: usize = 3;

/// Work that fewer people do, as a part of those who do the commonest thing, is no core job.
const WORK_REACH: u64 = 4;

/// Events of a user from which on something is a habit.
const RARELY: u64 = 3;

/// Events that may be meant where none was found.
const CANDIDATES_MAX: usize = 3;

/// How sure it is that an event is the one that a model asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It has the same name.
    Same,
    /// Somebody said so.
    Said,
    /// The words of its name say so.
    Words,
    /// Of the events whose words allow it, it is the one by what people do.
    Behaviour,
}

/// An event of the dump that stands for one of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiredEvent {
    /// Its name in the dump.
    pub name: String,
    /// What speaks for it.
    pub why: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// An event of a model that was said to be some events of the dump; none to say that there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventChoice {
    /// The event of the model.
    pub event: String,
    /// The events of the dump.
    pub names: Vec<String>,
}

/// The events of a model, each with those of the dump.
#[derive(Debug, Clone, Default)]
pub struct EventWiring {
    /// Events of the model that were found.
    pub found: BTreeMap<String, Vec<WiredEvent>>,
    /// Events of the model that were not found, with the nearest of the dump.
    pub missing: BTreeMap<String, Vec<String>>,
    /// Events that were considered for the core job, by the event of the model.
    others: BTreeMap<String, Vec<String>>,
    /// Guesses between events that are as common, as sentences.
    pub(super) alike: Vec<String>,
    /// Events of the model whose events have all stopped long before the end of the dump, as sentences.
    pub(super) stopped: Vec<String>,
    /// Events with which many users begin and that are none of the model, as sentences.
    pub(super) unnamed_firsts: Vec<String>,
    /// The event of the model whose names of events are features, if there is one.
    pub(super) features: Option<String>,
}

impl EventWiring {
    /// The event of the model whose features are the names of events, and how many these are.
    pub fn named_features(&self) -> Option<(&str, usize)> {
        let name = self.features.as_deref()?;
        Some((name, self.found.get(name)?.len()))
    }

    /// Other events of the dump that may be meant.
    pub fn others(&self, event: &str) -> Vec<String> {
        self.others.get(event).cloned().unwrap_or_default()
    }

    /// The names in the dump of an event of the model.
    pub(super) fn names(&self, event: &str) -> Vec<&str> {
        self.found.get(event).into_iter().flatten().map(|wired| wired.name.as_str()).collect()
    }
}

/// Keys whose texts name events.
const EVENT_KEYS: [&str; 5] = ["event", "from", "to", "steps", "ignore"];

/// The events that a model asks for: those of its tracking plan, and those that anything else names.
pub(super) fn asked_events(model: &DocumentTable) -> Vec<String> {
    let plan = model.at(&["events"]).map(|events| events.entries.as_slice()).unwrap_or_default();
    let is_alias = |value: &DocumentValue| value.table().is_some_and(|table| table.get("event").is_some());
    let aliases: Vec<&str> = plan.iter().filter(|(_, value)| is_alias(value)).map(|(key, _)| key.as_str()).collect();
    let mut all: Vec<String> = plan.iter().filter(|(_, value)| !is_alias(value)).map(|(key, _)| key.clone()).collect();
    let mut named = vec![model.text("start_event").unwrap_or("signup_completed").to_owned()];
    for (key, value) in &model.entries {
        match key.as_str() {
            "user" | "account" => collect_events(value, EventScope::Level, &mut named),
            "events" | "metrics" | "activity" => collect_events(value, EventScope::Counted, &mut named),
            _ => {}
        }
    }
    for name in named {
        if !aliases.contains(&name.as_str()) && !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Which part of a model names events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EventScope {
    /// A level: `from` and `to` are of traits and routes.
    Level,
    /// Metrics and the tracking plan.
    Counted,
}

/// Collects what the keys of events name.
fn collect_events(value: &DocumentValue, scope: EventScope, named: &mut Vec<String>) {
    match value {
        DocumentValue::Table(table) => {
            for (key, below) in &table.entries {
                let is_routed = scope == EventScope::Level && matches!(key.as_str(), "from" | "to");
                if EVENT_KEYS.contains(&key.as_str()) && !is_routed {
                    named.extend(below.texts().into_iter().map(str::to_owned));
                } else {
                    collect_events(below, scope, named);
                }
            }
        }
        DocumentValue::List(list) => list.iter().for_each(|below| collect_events(below, scope, named)),
        DocumentValue::Text(_) | DocumentValue::Literal(_) => {}
    }
}

/// An event of the dump and what its name says.
struct NamedEvent<'s> {
    name: &'s str,
    profile: &'s EventProfile,
    words: Vec<String>,
}

/// Finds the events of a model among those of a dump. What was said goes before any guess.
pub(super) fn wire(model: &DocumentTable, survey: &DatasetProfile, choices: &[EventChoice]) -> EventWiring {
    let asked = asked_events(model);
    let events: Vec<NamedEvent<'_>> = survey
        .sorted_names()
        .into_iter()
        .map(|(name, profile)| NamedEvent { name, profile, words: split_words(name) })
        .collect();
    let finder = StartFinder::new(survey);
    let lifetime = DumpLifetime::of(survey);
    let wiring = EventWiring::default();
    let people = survey.entity_counts.users.count();
    let mut wirer = EventWirer { asked: &asked, events: &events, finder: &finder, people, lifetime, wiring };
    wirer.take_choices(choices);
    wirer.take_same_names();
    wirer.take_starts();
    wirer.take_meanings();
    wirer.take_words();
    wirer.take_core();
    wirer.take_features();
    wirer.wiring.found.retain(|_, names| !names.is_empty());
    wirer.tell_last_start();
    wirer.tell_lifetimes();
    wirer.list_missing();
    wirer.tell_unnamed_firsts();
    wirer.wiring
}

struct EventWirer<'w, 's> {
    /// The events of the model, in its order.
    asked: &'w [String],
    /// The events of the dump, the most frequent first.
    events: &'w [NamedEvent<'s>],
    /// What people do first.
    finder: &'w StartFinder<'s>,
    /// The users of the dump.
    people: u64,
    lifetime: DumpLifetime,
    wiring: EventWiring,
}

/// What the name of an event of a model means.
fn asked_meaning(event: &str) -> Option<&'static EventMeaning> {
    meaning_of(&split_words(event)).map(|found| found.meaning)
}

impl<'w, 's> EventWirer<'w, 's> {
    fn take_choices(&mut self, choices: &[EventChoice]) {
        for choice in choices {
            let why = "said".to_owned();
            let wired = choice.names.iter().map(|name| WiredEvent {
                name: name.clone(),
                why: why.clone(),
                certainty: Certainty::Said,
            });
            self.wiring.found.insert(choice.event.clone(), wired.collect());
        }
    }

    fn take_same_names(&mut self) {
        for event in self.asked {
            if !self.wiring.found.contains_key(event) && self.events.iter().any(|known| known.name == event) {
                let wired =
                    WiredEvent { name: event.clone(), why: "the same name".to_owned(), certainty: Certainty::Same };
                self.wiring.found.insert(event.clone(), vec![wired]);
            }
        }
    }

    /// Whether an event of the dump is left for a guess. One that was said to be a feature may be something else too, as a guessed feature may.
    fn is_free(&self, event: &NamedEvent<'_>) -> bool {
        let others = self.wiring.found.iter().filter(|(asked, _)| !is_of_features(asked));
        !event.profile.noise && !others.flat_map(|(_, wired)| wired).any(|wired| wired.name == event.name)
    }

    /// The first event of the model with a meaning for which nothing was said or has the same name, unless that one has stopped.
    fn open_event(&self, meaning: &EventMeaning) -> Option<String> {
        let is_open = |wired: &WiredEvent| match wired.certainty {
            Certainty::Words => true,
            Certainty::Same => self.has_stopped(&wired.name),
            Certainty::Said | Certainty::Behaviour => false,
        };
        let open = |event: &&String| {
            let known = self.wiring.found.get(*event);
            known.is_none_or(|known| known.iter().all(is_open) && !known.is_empty())
        };
        let means = |event: &&String| asked_meaning(event).is_some_and(|known| known == meaning);
        self.asked.iter().find(means).filter(open).cloned()
    }

    fn profile(&self, name: &str) -> Option<&'s EventProfile> {
        self.events.iter().find(|event| event.name == name).map(|event| event.profile)
    }

    /// Whether an event of the dump stopped long before its end. A step of a set-up ends where no new users come.
    fn has_stopped(&self, name: &str) -> bool {
        let stopped = self.profile(name).is_some_and(|profile| self.lifetime.has_stopped(profile));
        stopped && !self.finder.is_set_up_step(name)
    }

    /// Whether an event is a step of a set-up that most people take, so that it tells nobody apart.
    fn is_step_of_most(&self, event: &NamedEvent<'_>) -> bool {
        event.profile.users.count() * 2 >= self.people && self.finder.is_set_up_step(event.name)
    }

    /// Puts living events before those that have stopped, and says of both what the dates show.
    fn tell_lifetimes(&mut self) {
        let last_start = self.last_start();
        let mut found = std::mem::take(&mut self.wiring.found);
        // Sign-ups end where a product has no new users for a while.
        let is_told = |asked: &String| !is_of_features(asked) && !is_sign_up(&split_words(asked));
        for (asked, all) in found.iter_mut().filter(|(asked, _)| is_told(asked)) {
            all.sort_by_key(|wired| self.has_stopped(&wired.name));
            let dead: Vec<&EventProfile> = all
                .iter()
                .filter(|wired| self.has_stopped(&wired.name))
                .filter_map(|wired| self.profile(&wired.name))
                .collect();
            let Some(last) = dead.iter().map(|profile| profile.last).max().map(date_of) else { continue };
            if dead.len() == all.len() && !self.ends_with_beginners(&dead, last_start) {
                self.wiring.stopped.push(format!(
                    "{}: its last event is of {last}, long before the end of the dump; if it was renamed, --set {asked}=\"Your Event\" names its successor",
                    title_of(asked)
                ));
            }
            let notes: Vec<Option<String>> = all.iter().map(|wired| self.lifetime_note(&wired.name, &dead)).collect();
            for (wired, note) in all.iter_mut().zip(notes) {
                wired.why.extend(note.map(|note| format!("; {note}")));
            }
        }
        self.wiring.found = found;
    }

    /// Whether events stopped because nobody began any more: people do them once, and they came as long as people began.
    fn ends_with_beginners(&self, dead: &[&EventProfile], last_start: Option<Micros>) -> bool {
        let Some(last) = last_start.filter(|last| !self.finder.begins_after(*last)) else { return false };
        dead.iter().all(|profile| is_one_off(profile) && self.lifetime.ends_about(profile, last))
    }

    /// The last sign-up, if all sign-ups have stopped.
    fn last_start(&self) -> Option<Micros> {
        let asked = self.asked.iter().find(|event| is_sign_up(&split_words(event)))?;
        let starts: Vec<&EventProfile> =
            self.wiring.names(asked).into_iter().filter_map(|name| self.profile(name)).collect();
        let have_stopped = starts.iter().all(|profile| self.lifetime.has_stopped(profile));
        starts.iter().map(|profile| profile.last).max().filter(|_| have_stopped)
    }

    /// Says since when nobody has signed up, if all sign-ups have stopped.
    fn tell_last_start(&mut self) {
        let asked = self.asked.iter().find(|event| is_sign_up(&split_words(event)));
        let Some((asked, last)) = asked.zip(self.last_start()) else { return };
        let date = date_of(last);
        let text = if self.finder.begins_after(last) {
            format!(
                "no user signed up after {date}, long before the end of the dump, but new users came; if the event was renamed, --set {asked}=\"Your Event\" names its successor"
            )
        } else {
            format!(
                "no user began after {date}, long before the end of the dump; if your product had new users since, the export lacks them"
            )
        };
        self.wiring.stopped.push(text);
    }

    /// Until or since when an event comes, if it has stopped or takes the place of one that has.
    fn lifetime_note(&self, name: &str, dead: &[&EventProfile]) -> Option<String> {
        let profile = self.profile(name)?;
        if self.lifetime.has_stopped(profile) {
            return Some(format!("it comes until {}, and then no more", date_of(profile.last)));
        }
        let is_successor = dead.iter().any(|old| self.lifetime.succeeds(profile, old));
        is_successor.then(|| format!("it comes since {}, about when the other one stopped", date_of(profile.first)))
    }

    fn push(&mut self, event: String, wired: WiredEvent) {
        let all = self.wiring.found.entry(event).or_default();
        if all.len() < ALIASES_MAX {
            all.push(wired);
        }
    }

    /// The events with which users or accounts begin: by what people do, by words, or by both.
    fn take_starts(&mut self) {
        let finder = self.finder;
        let asked = self.asked.iter().find(|event| is_sign_up(&split_words(event)));
        let Some(asked) = asked.filter(|event| !self.wiring.found.contains_key(*event)).cloned() else { return };
        let free: Vec<&NamedEvent<'_>> = self.events.iter().filter(|event| self.is_free(event)).collect();
        let begun = finder.starts().into_iter().filter(|start| free.iter().any(|event| event.name == start.name));
        let mut starts: Vec<WiredEvent> = Vec::new();
        for start in begun {
            let words = free.iter().find(|event| event.name == start.name && is_sign_up(&event.words));
            let told = words.and_then(|event| told_meaning(event, self.events));
            let (why, certainty) = match told {
                Some((_, words)) => (format!("{words}; {}", start.why), Certainty::Words),
                None => (start.why, Certainty::Behaviour),
            };
            starts.push(WiredEvent { name: start.name, why, certainty });
        }
        for event in free.iter().filter(|event| is_sign_up(&event.words)) {
            if !starts.iter().any(|start| start.name == event.name) && !finder.contradicts(event.name) {
                let why = told_meaning(event, self.events).map(|(_, why)| why).unwrap_or_default();
                starts.push(WiredEvent { name: event.name.to_owned(), why, certainty: Certainty::Words });
            }
        }
        for start in starts {
            self.push(asked.clone(), start);
        }
    }

    fn take_meanings(&mut self) {
        for event in self.events.iter().filter(|event| !event.name.is_empty()) {
            let told = told_meaning(event, self.events).filter(|_| self.is_free(event));
            // Of sign-ups it is decided by then.
            let Some((meaning, why)) = told.filter(|_| !is_sign_up(&event.words)) else { continue };
            if meaning.is_choice() && self.is_step_of_most(event) {
                continue;
            }
            if let Some(asked) = self.open_event(meaning) {
                self.push(asked, WiredEvent { name: event.name.to_owned(), why, certainty: Certainty::Words });
            }
        }
    }

    /// Events of the model that have no known meaning are looked for by all of their words.
    fn take_words(&mut self) {
        for asked in self.asked {
            if self.wiring.found.contains_key(asked) || asked_meaning(asked).is_some() {
                continue;
            }
            let wanted = split_words(asked);
            let has_all = |event: &&NamedEvent<'_>| wanted.iter().all(|word| has_stem(&event.words, word));
            let found: Vec<String> = self
                .events
                .iter()
                .filter(|event| self.is_free(event))
                .filter(has_all)
                .map(|event| event.name.to_owned())
                .collect();
            for name in found {
                let why = "its name has the same words".to_owned();
                self.push(asked.clone(), WiredEvent { name, why, certainty: Certainty::Words });
            }
        }
    }

    /// The core job: of the events that are work by their words and that people do again, the one that most people do.
    fn take_core(&mut self) {
        let of_role = |role: MeaningRole| {
            self.asked.iter().find(|event| asked_meaning(event).is_some_and(|meaning| meaning.role == role)).cloned()
        };
        let (done, begun) = (of_role(MeaningRole::CoreDone), of_role(MeaningRole::CoreBegun));
        let Some(done) = done.filter(|event| !self.wiring.found.contains_key(event)) else { return };
        let jobs = self.jobs();
        let Some((core, others)) = jobs.split_first() else { return };
        let before = others
            .iter()
            .find(|old| self.lifetime.succeeds(core.profile, old.profile) && share_word(&core.words, &old.words));
        let names = others.iter().take(CANDIDATES_MAX).map(|event| event.name.to_owned()).collect();
        self.wiring.others.insert(done.clone(), names);
        self.tell_alike(&done, core, others);
        let word = job_word(&core.words).unwrap_or_default().to_owned();
        let again = if core.profile.users.count() < USERS_MIN { "" } else { " and that people do again" };
        let why =
            format!("of the events whose names tell of work{again}, most people do this one; its name has `{word}`");
        self.push(done.clone(), WiredEvent { name: core.name.to_owned(), why, certainty: Certainty::Behaviour });
        if let Some(before) = before {
            let why = "its name shares a word with the core job, and tells of work".to_owned();
            self.push(done, WiredEvent { name: before.name.to_owned(), why, certainty: Certainty::Behaviour });
        }
        if let Some(begun) = begun.filter(|event| !self.wiring.found.contains_key(event)) {
            self.take_core_begun(begun, core.name, &subject(&core.words, &word));
        }
    }

    /// The events that may be the core job, the likeliest first. Words of work go before other doings, unless few people do that work.
    fn jobs(&self) -> Vec<&'w NamedEvent<'s>> {
        let is_job = |event: &&NamedEvent<'s>| {
            let is_other = meaning_of(&event.words).is_some_and(|found| found.meaning.role != MeaningRole::Use);
            self.is_free(event)
                && !is_one_off(event.profile)
                && !is_other
                && event.profile.with_user > 0
                && job_word(&event.words).is_some()
        };
        let events = self.events;
        let mut jobs: Vec<&'w NamedEvent<'s>> = events.iter().filter(is_job).collect();
        let most = jobs.iter().map(|event| event.profile.users.count()).max().unwrap_or_default();
        jobs.sort_by_key(|event| {
            let is_alive = !self.lifetime.has_stopped(event.profile);
            let users = event.profile.users.count();
            let is_work = work_word(&event.words).is_some() && users * WORK_REACH >= most;
            Reverse((is_alive, is_work, users, event.profile.count, Reverse(event.name)))
        });
        jobs
    }

    /// Says that other events are as common as the one that was taken for the core job.
    fn tell_alike(&mut self, asked: &str, core: &NamedEvent<'_>, others: &[&NamedEvent<'_>]) {
        let is_alike = |other: &&&NamedEvent<'_>| {
            other.profile.users.count() * 10 >= core.profile.users.count() * 9
                && other.profile.count * 10 >= core.profile.count * 8
        };
        let alike: Vec<&str> = others.iter().filter(is_alike).map(|other| other.name).take(CANDIDATES_MAX).collect();
        if !alike.is_empty() && core.profile.users.count() >= USERS_MIN {
            self.wiring.alike.push(format!(
                "{asked}: `{}` is taken for the core job, and {} {} about as common; --set {asked}=\"Your Event\" names another one",
                core.name,
                quoted_list(&alike),
                if alike.len() == 1 { "is" } else { "are" }
            ));
        }
    }

    /// The event that begins the core job: its name has the same subject, and a word of a beginning.
    fn take_core_begun(&mut self, begun: String, core: &str, subject: &[String]) {
        let same = |event: &&NamedEvent<'_>| {
            event.name != core
                && !subject.is_empty()
                && begin_word(&event.words).is_some_and(|word| self::subject(&event.words, word) == subject)
        };
        let found = self.events.iter().filter(|event| self.is_free(event)).find(same);
        if let Some(event) = found {
            let why = format!(
                "its name has `{}` and the subject of the core job",
                begin_word(&event.words).unwrap_or_default()
            );
            self.push(begun, WiredEvent { name: event.name.to_owned(), why, certainty: Certainty::Behaviour });
        }
    }

    /// Whether an event is the beginning of users or accounts, and no use of the product.
    fn is_start(&self, name: &str) -> bool {
        let starts = self.wiring.found.iter().filter(|(event, _)| is_sign_up(&split_words(event)));
        starts.flat_map(|(_, wired)| wired).any(|wired| wired.name == name)
    }

    /// Whether somebody said that an event of the dump is one of the model.
    fn is_said(&self, name: &str) -> bool {
        let wired = self.wiring.found.values().flatten();
        wired.filter(|wired| wired.name == name).any(|wired| wired.certainty == Certainty::Said)
    }

    /// Where no event tells of features, the names of events are the features.
    fn take_features(&mut self) {
        let Some(asked) = self.asked.iter().find(|event| is_of_features(event)) else { return };
        if let Some(said) = self.wiring.found.get(asked) {
            if said.iter().any(|wired| wired.certainty == Certainty::Said) && !self.says_feature(said) {
                self.wiring.features = Some(asked.clone());
            }
            return;
        }
        let used: Vec<WiredEvent> = self
            .events
            .iter()
            .filter(|event| !is_rare_interest(event))
            .filter(|event| event.profile.with_user > 0 && !event.profile.noise && !event.name.is_empty())
            .filter(|event| !self.is_said(event.name) && !self.is_start(event.name))
            .filter(|event| !is_no_feature(&event.words) && !self.sets_up(event))
            .filter(|event| invited(event, self.events).is_none())
            .filter(|event| is_use(event))
            .take(FEATURES_MAX)
            .map(|event| WiredEvent { name: event.name.to_owned(), why: String::new(), certainty: Certainty::Words })
            .collect();
        if used.len() >= FEATURES_MIN {
            self.wiring.features = Some(asked.clone());
            self.wiring.found.insert(asked.clone(), used);
        }
    }

    /// Whether a property of some events says which feature was used.
    fn says_feature(&self, wired: &[WiredEvent]) -> bool {
        let of = |name: &str| self.events.iter().find(|event| event.name == name);
        let mut paths = wired
            .iter()
            .filter_map(|one| of(&one.name))
            .flat_map(|event| event.profile.properties.sorted_paths().map(|(path, _)| split_words(path)));
        paths.any(|words| words.iter().any(|word| word.starts_with("feature")))
    }

    /// Whether an event sets the product up, and is no use of it by its name.
    fn sets_up(&self, event: &NamedEvent<'_>) -> bool {
        let is_use = meaning_of(&event.words).is_some_and(|found| found.meaning.role == MeaningRole::Use);
        let is_step = || is_set_up_step(&event.words, frequency(event.profile));
        let is_connection = meaning_of(&event.words).is_some_and(|found| found.meaning.is_connection());
        (!is_use && (is_step() || self.finder.is_set_up_step(event.name)))
            || (is_connection && self.is_step_of_most(event))
    }

    /// Says which events many users begin with that stand for no event of the model: a sign-up may be among them.
    fn tell_unnamed_firsts(&mut self) {
        let Some(asked) = self.asked.iter().find(|event| is_sign_up(&split_words(event))) else { return };
        for (name, firsts, all) in self.finder.common_firsts() {
            if self.wiring.found.values().flatten().any(|wired| wired.name == name) {
                continue;
            }
            let users = plural(all, "user", "users");
            let starts: Vec<&str> = self.wiring.names(asked).into_iter().chain([name.as_str()]).collect();
            self.wiring.unnamed_firsts.push(format!(
                "`{name}` is the first event of {firsts} of {users}, and is neither wired nor a feature; if people sign up by it, --set {asked}=\"{}\" says so",
                starts.join(",")
            ));
        }
    }

    fn list_missing(&mut self) {
        let free: Vec<&NamedEvent<'_>> =
            self.events.iter().filter(|event| !event.name.is_empty() && !event.profile.noise).collect();
        for asked in self.asked.iter().filter(|event| !self.wiring.found.contains_key(*event)) {
            // What nearly everybody does once says nothing of those who want to buy.
            let is_choice = asked_meaning(asked)
                .is_some_and(|meaning| meaning.is_choice() || meaning.role == MeaningRole::Around)
                && !is_sign_up(&split_words(asked));
            let unwired: Vec<&NamedEvent<'_>> = free
                .iter()
                .filter(|event| {
                    !self.wiring.found.values().flatten().any(|wired| wired.name == event.name && !wired.why.is_empty())
                })
                .filter(|event| !is_choice || !self.is_step_of_most(event))
                .copied()
                .collect();
            let mut near = candidates(asked, &unwired);
            if asked_meaning(asked).is_some_and(|meaning| meaning.role == MeaningRole::SetUp) {
                add_one_off(&mut near, &unwired);
            }
            self.wiring.missing.insert(asked.clone(), near);
        }
    }
}

/// What an event means by its name, or by its name and its properties, and what speaks for it.
fn told_meaning(event: &NamedEvent<'_>, all: &[NamedEvent<'_>]) -> Option<(&'static EventMeaning, String)> {
    let Some(found) = meaning_of(&event.words) else {
        let (word, property) = invited(event, all)?;
        return Some((invitation()?, format!("its name has `{word}`, and it has the property `{property}`")));
    };
    let words: Vec<String> = found.words.iter().map(|word| format!("`{word}`")).collect();
    Some((found.meaning, format!("its name has {}", words.join(" and "))))
}

/// The word and the property by which an event tells of somebody who was added, such as the role in `Night Crew Added`. What most events have is
/// said of who did them.
fn invited<'e>(event: &'e NamedEvent<'_>, all: &[NamedEvent<'_>]) -> Option<(&'e str, &'e str)> {
    let word = added_word(&event.words)?;
    let often = |filled: u64| filled * 2 >= event.profile.count && filled > 0;
    let has = |path: &str, one: &NamedEvent<'_>| one.profile.properties.by_path.contains_key(path);
    let is_own = |path: &str| all.iter().filter(|one| has(path, one)).count() * 2 > all.len();
    let mut paths = event.profile.properties.sorted_paths();
    let (path, _) = paths.find(|(path, filled)| often(*filled) && tells_of_invitee(path) && !is_own(path))?;
    Some((word, path))
}

/// The word that makes an event a job: one of work, or one of any doing that people repeat.
fn job_word(words: &[String]) -> Option<&str> {
    work_word(words).or_else(|| doing_word(words))
}

/// Whether an event that people seldom do tells of plans, prices or limits, so that it may be an interest which was not understood.
fn is_rare_interest(event: &NamedEvent<'_>) -> bool {
    has_word_of_interest(&event.words) && event.profile.count < event.profile.users.count() * RARELY
}

/// Whether an event of a model tells of its features.
pub fn is_of_features(event: &str) -> bool {
    asked_meaning(event).is_some_and(|meaning| meaning.role == MeaningRole::Feature)
}

/// Whether an event may be a use of the product: what is called a registration and happens again is one.
fn is_use(event: &NamedEvent<'_>) -> bool {
    let is_again = frequency(event.profile) == StepFrequency::Again && event.profile.users.count() >= USERS_MIN;
    meaning_of(&event.words).is_none_or(|found| !found.meaning.is_around()) || (is_sign_up(&event.words) && is_again)
}

/// How often people do an event.
fn frequency(profile: &EventProfile) -> StepFrequency {
    let users = profile.users.count();
    if profile.count * 2 >= users * 3 {
        return StepFrequency::Again;
    }
    if users < USERS_MIN { StepFrequency::Unknown } else { StepFrequency::Once }
}

/// Users from which on it shows whether people do something again.
const USERS_MIN: u64 = 5;

/// Whether nearly nobody does it a second time: fewer than three events of two users.
fn is_one_off(profile: &EventProfile) -> bool {
    frequency(profile) == StepFrequency::Once
}

/// Adds what people do once, such as an import or a first connection, to the events that may end a set-up.
fn add_one_off(near: &mut Vec<String>, events: &[&NamedEvent<'_>]) {
    let is_step = |event: &&&NamedEvent<'_>| {
        let is_around = meaning_of(&event.words).is_some_and(|found| found.meaning.is_around());
        is_one_off(event.profile)
            && !is_around
            && !is_no_feature(&event.words)
            && !near.contains(&event.name.to_owned())
    };
    let mut steps: Vec<&&NamedEvent<'_>> = events.iter().filter(is_step).collect();
    steps.sort_by_key(|event| Reverse((event.profile.users.count(), Reverse(event.name))));
    near.extend(steps.into_iter().map(|event| event.name.to_owned()));
    near.truncate(CANDIDATES_MAX);
}

/// The names that may be meant: those spelt alike, then those that share a word.
fn candidates(asked: &str, events: &[&NamedEvent<'_>]) -> Vec<String> {
    let names: Vec<&str> = events.iter().map(|event| event.name).collect();
    let wanted: Vec<String> = split_words(asked).into_iter().filter(|word| !super::words::is_common(word)).collect();
    let mut found: Vec<&str> = closest_names(asked, &names);
    let shares = |event: &&&NamedEvent<'_>| {
        wanted.iter().any(|word| has_stem(&event.words, word) || super::words::are_related(word, &event.words))
    };
    found.extend(events.iter().filter(shares).map(|event| event.name));
    let mut all: Vec<String> = Vec::new();
    for name in found {
        if !all.iter().any(|known| known == name) {
            all.push(name.to_owned());
        }
    }
    all.truncate(CANDIDATES_MAX);
    all
}

/// Whether a name has a word, whatever its ending.
fn has_stem(words: &[String], wanted: &str) -> bool {
    let stem = wanted.get(..wanted.len().min(5)).unwrap_or(wanted);
    words.iter().any(|word| word.starts_with(stem) || (word.len() >= 4 && wanted.starts_with(word.as_str())))
}

/// Whether two names have a word of their own in common.
fn share_word(words: &[String], others: &[String]) -> bool {
    words.iter().any(|word| !super::words::is_common(word) && others.contains(word))
}

/// The words of a name without one.
fn subject(words: &[String], without: &str) -> Vec<String> {
    words.iter().filter(|word| *word != without).cloned().collect()
}

/// What an event of a model is, in words, with its name.
pub fn title_of(event: &str) -> String {
    match asked_meaning(event) {
        Some(meaning) => format!("{} (`{event}`)", meaning.title),
        None => format!("`{event}`"),
    }
}

/// Whether a person can tell better than words: not of what machines and mails report.
pub fn is_worth_asking(event: &str) -> bool {
    asked_meaning(event)
        .is_none_or(|meaning| meaning.role != MeaningRole::Feature && !meaning.title.contains("machine"))
}
