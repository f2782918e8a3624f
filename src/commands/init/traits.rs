//! Where a dump has the traits that a model reads: in files of users and accounts, in records of them, on events.
//!
//! Names propose and values decide: a column of employees holds numbers, a column of e-mails addresses.

use std::collections::BTreeSet;

use super::{
    document::DocumentTable,
    lessons::ModelLessons,
    properties::{FoundProperty, PropertyFinder, find_trait},
    trait_words::{
        FieldPlace, TraitFamily, TraitValues, ends_as_name, family_of, has_family, is_name_of_anything,
        is_no_whole_name,
    },
};
use pql_engine::inspect::{
    TableColumns,
    dataset_profile::{DatasetProfile, EventProfile, PropertyProfile, PropertyProfiles},
};
use pql_model::{EntityKind, PerKind, units::plural};

/// A file of users or accounts, and what its columns hold.
#[derive(Debug, Clone, Default)]
pub struct EntityTable {
    /// As messages show it.
    pub name: String,
    /// The column of the ids.
    pub key: String,
    /// Its columns.
    pub columns: TableColumns,
}

/// Where a trait stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TraitPlace {
    /// In the file of `--users` or `--accounts`.
    Table,
    /// In records of users or accounts.
    Records,
    /// On events.
    Events,
}

/// A name under which the dump has a trait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TraitSource {
    pub(super) name: String,
    pub(super) place: TraitPlace,
    /// Rows, records or events that have it.
    pub(super) filled: u64,
}

/// Shapes of values that are no words.
const NO_WORDS: [&str; 12] = [
    "integer",
    "negative integer",
    "decimal",
    "Unix seconds",
    "Unix milliseconds",
    "true or false",
    "e-mail",
    "web address",
    "UUID",
    "date",
    "date and time",
    "number as text",
];

/// Shapes of values that no format of a number reads.
const NO_NUMBERS: [&str; 12] = [
    "true or false",
    "e-mail",
    "web address",
    "path",
    "domain",
    "UUID",
    "date",
    "date and time",
    "UPPER CASE",
    "snake_case word",
    "words",
    "JSON as text",
];

/// A property of fewer events than one in this number may be about somebody else, such as the e-mail of a person who was invited.
const OFTEN: u64 = 2;

/// The most values of a column that is known by them alone: a status has few.
const STATUSES_MAX: u64 = 20;

/// Shapes of names of people and companies.
const NAMES: [&str; 2] = ["words", "other text"];

/// Rows from which on it shows that a column has another value in nearly each.
const NAMES_MIN: u64 = 5;

/// Finds traits.
#[derive(Debug, Clone, Copy)]
pub(super) struct TraitFinder<'s> {
    pub(super) survey: &'s DatasetProfile,
    pub(super) tables: &'s PerKind<Option<EntityTable>>,
    pub(super) lessons: &'s ModelLessons,
    /// What the columns of ids call users and accounts.
    pub(super) stems: &'s PerKind<Vec<Vec<String>>>,
}

/// A trait that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct WantedTrait<'w> {
    pub(super) side: EntityKind,
    pub(super) name: &'w str,
    /// Its entry in the model.
    pub(super) entry: &'w DocumentTable,
    /// The events of the dump that it is read from, if the model names some.
    pub(super) events: Option<&'w [String]>,
    /// What the columns of ids call those whom it is of.
    pub(super) stems: &'w [Vec<String>],
}

impl WantedTrait<'_> {
    /// The names under which the model looks for it.
    pub(super) fn names(&self) -> Vec<String> {
        match self.entry.texts("from").as_slice() {
            [] => vec![self.name.to_owned()],
            from => from.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn family(&self) -> Option<&'static TraitFamily> {
        family_of(self.side, self.name)
    }

    fn is_number(&self) -> bool {
        self.entry.text("type") == Some("number")
    }
}

impl TraitFinder<'_> {
    /// The column of the file that holds a trait.
    pub(super) fn in_table(&self, wanted: &WantedTrait<'_>) -> Option<TraitSource> {
        let table = self.tables[wanted.side].as_ref()?;
        let columns = &table.columns.columns;
        let is_usable = |(path, profile): &(&str, &PropertyProfile)| {
            *path != table.key && self.is_usable(wanted, path) && fits(wanted, profile)
        };
        let all: Vec<(&str, &PropertyProfile)> = profiles(columns).into_iter().filter(is_usable).collect();
        let by_family = best_of_family(wanted, &all, FieldPlace::OfEntity);
        let by_words = || {
            let known: Vec<(&str, u64)> = all.iter().map(|(path, profile)| (*path, profile.filled())).collect();
            wanted.names().iter().find_map(|one| super::properties::found_name(&known, one))
        };
        let name = by_family.or_else(by_words).or_else(|| best_by_values(wanted, &all))?;
        let filled = columns.by_path.get(&name).map_or(0, PropertyProfile::filled);
        Some(TraitSource { name, place: TraitPlace::Table, filled })
    }

    /// The names of a trait in records of users or accounts.
    pub(super) fn in_records(&self, wanted: &WantedTrait<'_>) -> Vec<TraitSource> {
        let records = match wanted.side {
            EntityKind::User => &self.survey.user_traits,
            EntityKind::Account => &self.survey.account_traits,
        };
        let mut names: Vec<String> =
            wanted.names().iter().filter_map(|one| named(find_trait(records, one), one)).collect();
        if names.is_empty() {
            names.extend(best_of_family(wanted, &usable(wanted, records), FieldPlace::OfEntity));
        }
        names.retain(|name| self.is_usable(wanted, name));
        let filled = |name: &String| records.by_path.get(name).map_or(0, PropertyProfile::filled);
        sources(names, TraitPlace::Records, filled)
    }

    /// The names of a trait on events: on those that the model names, or on all.
    pub(super) fn on_events(&self, wanted: &WantedTrait<'_>) -> Vec<TraitSource> {
        let finder = PropertyFinder { survey: self.survey };
        let events = wanted.events.unwrap_or_default();
        let by_name = wanted.names();
        // A title of a person may stand on any event; a `name` is of something else on most.
        let is_own = |one: &&String| wanted.events.is_some() || !matches!(one.as_str(), "name" | "title" | "type");
        let found = by_name.iter().filter(is_own).filter_map(|one| named(finder.find(events, one), one));
        let mut names: Vec<String> = found.collect();
        if names.is_empty() && events.is_empty() {
            names.extend(self.on_events_by_family(wanted));
        }
        names.retain(|name| self.is_usable(wanted, name) && self.is_own_email(wanted, name));
        sources(names, TraitPlace::Events, |name| self.filled_on_events(name))
    }

    fn on_events_by_family(&self, wanted: &WantedTrait<'_>) -> Option<String> {
        let mut all: Vec<(&str, &PropertyProfile)> = Vec::new();
        for (_, profile) in self.survey.sorted_names() {
            for (path, property) in usable(wanted, &profile.properties) {
                if !all.iter().any(|(known, _)| *known == path) {
                    all.push((path, property));
                }
            }
        }
        let often = |(path, _): &(&str, &PropertyProfile)| self.filled_on_events(path) * OFTEN >= self.survey.events();
        let all: Vec<(&str, &PropertyProfile)> = all.into_iter().filter(often).collect();
        best_of_family(wanted, &all, FieldPlace::OfEvent)
    }

    fn filled_on_events(&self, path: &str) -> u64 {
        let of = |name: &str| self.survey.names.get(name).and_then(|profile| profile.properties.by_path.get(path));
        self.survey.names.keys().filter_map(|name| of(name)).map(PropertyProfile::filled).sum()
    }

    fn is_usable(&self, wanted: &WantedTrait<'_>, source: &str) -> bool {
        !self.lessons.unreadable.contains(&(wanted.side, source.to_owned()))
    }

    /// Whether an address on events is that of the person who did them.
    fn is_own_email(&self, wanted: &WantedTrait<'_>, path: &str) -> bool {
        let is_email = wanted.family().is_some_and(|family| family.values == TraitValues::Email);
        !is_email || wanted.events.is_some() || self.filled_on_events(path) * OFTEN >= self.survey.events()
    }

    /// An event that has none of the names which tell of something else on most events, so that a trait which records give reads nothing from them.
    pub(super) fn event_without(&self, names: &[String]) -> Option<String> {
        let bare: BTreeSet<&String> = names.iter().filter(|name| is_name_of_anything(name)).collect();
        let all = self.survey.sorted_names();
        let has = |profile: &EventProfile| bare.iter().any(|name| profile.properties.by_path.contains_key(*name));
        if !all.iter().any(|(_, profile)| has(profile)) {
            return None;
        }
        all.iter().find(|(name, profile)| !name.is_empty() && !has(profile)).map(|(name, _)| (*name).to_owned())
    }
}

fn named(found: FoundProperty, wanted: &str) -> Option<String> {
    match found {
        FoundProperty::Same => Some(wanted.to_owned()),
        FoundProperty::Other(other) => Some(other),
        FoundProperty::Missing => None,
    }
}

fn sources(names: Vec<String>, place: TraitPlace, filled: impl Fn(&String) -> u64) -> Vec<TraitSource> {
    names.into_iter().map(|name| TraitSource { filled: filled(&name), name, place }).collect()
}

/// Properties that have values, in the order of the alphabet.
fn profiles(properties: &PropertyProfiles) -> Vec<(&str, &PropertyProfile)> {
    let mut all: Vec<(&str, &PropertyProfile)> =
        properties.by_path.iter().map(|(path, one)| (path.as_str(), one)).filter(|(_, one)| one.filled() > 0).collect();
    all.sort_unstable_by_key(|(path, _)| *path);
    all
}

fn usable<'p>(wanted: &WantedTrait<'_>, properties: &'p PropertyProfiles) -> Vec<(&'p str, &'p PropertyProfile)> {
    profiles(properties).into_iter().filter(|(_, profile)| fits(wanted, profile)).collect()
}

/// The property whose name says best that it is the trait; of several the one with the most values.
fn best_of_family(wanted: &WantedTrait<'_>, all: &[(&str, &PropertyProfile)], place: FieldPlace) -> Option<String> {
    let family = wanted.family()?;
    let ranked = all.iter().filter_map(|(path, profile)| {
        Some((family.rank(path, (place, wanted.stems))?, std::cmp::Reverse(profile.filled()), *path))
    });
    ranked.min().map(|(.., path)| path.to_owned())
}

/// The column whose values alone say that it is the trait, whatever it is called; of several the one with the most values.
fn best_by_values(wanted: &WantedTrait<'_>, all: &[(&str, &PropertyProfile)]) -> Option<String> {
    match wanted.family()?.values {
        TraitValues::OneOf(_) => {
            let few = all.iter().filter(|(_, profile)| profile.values.count() <= STATUSES_MAX);
            few.max_by_key(|(path, profile)| (profile.filled(), std::cmp::Reverse(*path)))
                .map(|(path, _)| (*path).to_owned())
        }
        TraitValues::Words if matches!(wanted.name, "company" | "name") => only_name(wanted, all),
        TraitValues::Email | TraitValues::Words | TraitValues::OfType => None,
    }
}

/// The one column whose words are different in nearly every row: one that is called a name, or, of accounts, any.
fn only_name(wanted: &WantedTrait<'_>, all: &[(&str, &PropertyProfile)]) -> Option<String> {
    let is_name = |(path, profile): &&(&str, &PropertyProfile)| {
        let (filled, distinct) = (profile.filled(), profile.values.count());
        filled >= NAMES_MIN
            && distinct * 10 >= filled * 9
            && profile.is_mostly(&NAMES)
            && !has_family(wanted.side, path)
            && !is_no_whole_name(path)
    };
    let names: Vec<&str> = all.iter().filter(is_name).map(|(path, _)| *path).collect();
    let called: Vec<&str> = names.iter().copied().filter(|path| ends_as_name(path)).collect();
    let chosen = if called.is_empty() && wanted.side == EntityKind::Account { names } else { called };
    match chosen.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

/// Whether values can be those of a trait.
fn fits(wanted: &WantedTrait<'_>, profile: &PropertyProfile) -> bool {
    match wanted.family().map_or(TraitValues::OfType, |family| family.values) {
        TraitValues::Email => profile.is_mostly(&["e-mail"]),
        TraitValues::Words => !profile.is_mostly(&NO_WORDS) && !is_flag(profile),
        TraitValues::OneOf(texts) => texts.iter().any(|text| has_in_any_case(profile, text)),
        TraitValues::OfType => !wanted.is_number() || !profile.is_mostly(&NO_NUMBERS),
    }
}

/// Whether values only say yes or no.
fn is_flag(profile: &PropertyProfile) -> bool {
    profile.values.count() <= 2 && ["true", "false", "yes", "no"].iter().any(|text| has_in_any_case(profile, text))
}

/// Whether a text is among the values in small letters, in capitals, or with capitals at the beginning of the first or of all words.
fn has_in_any_case(profile: &PropertyProfile, text: &str) -> bool {
    spellings(text).iter().any(|text| profile.has_text(text))
}

/// Whether a text is certainly not among the values, in none of these spellings.
pub(super) fn lacks_in_any_case(profile: &PropertyProfile, text: &str) -> bool {
    spellings(text).iter().all(|text| profile.lacks_text(text))
}

fn spellings(text: &str) -> [String; 4] {
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    let words: Vec<String> = text.split(' ').map(capital).collect();
    [text.to_owned(), text.to_uppercase(), capital(text), words.join(" ")]
}

impl TraitSource {
    /// What speaks for it.
    pub(super) fn reason(&self, (side, table): (EntityKind, Option<&EntityTable>)) -> String {
        match self.place {
            TraitPlace::Table => {
                let rows = plural(self.filled, "row has", "rows have");
                format!(
                    "the column {} of {}; {rows} it",
                    self.name,
                    table.map_or("the file", |table| table.name.as_str())
                )
            }
            TraitPlace::Records => {
                let records = plural(self.filled, "record", "records");
                format!("the trait {} of {records} of {}", self.name, side.plural())
            }
            TraitPlace::Events => format!("the property {} of {}", self.name, plural(self.filled, "event", "events")),
        }
    }
}
