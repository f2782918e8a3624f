//! What a model asks for, held against what is in a dump.

use std::collections::BTreeMap;

use super::{
    dataset_profile::{DatasetProfile, EventProfile},
    name_similarity::closest_names,
};
use pql_model::{ResolvedModel, resolved::ModelNeeds};

/// Something that a model asks for and that never occurs, and what comes closest to it.
#[derive(Debug)]
pub struct MissingReference {
    /// Its name.
    pub name: String,
    /// What there is instead, the best first.
    pub closest: Vec<String>,
}

/// A model held against a dump.
#[derive(Debug)]
pub struct ModelGaps {
    /// Names of events that metrics, signals and milestones ask for.
    pub events: u64,
    /// Those that never occur.
    pub missing_events: Vec<MissingReference>,
    /// Properties that conditions and values read, and that no event has.
    pub missing_properties: Vec<MissingReference>,
    /// Traits that neither a user nor an account has, nor an event as a property.
    pub missing_traits: Vec<MissingReference>,
    /// Frequent events that nothing asks for, and how many of each there are.
    pub unused: Vec<(String, u64)>,
    /// Events that nothing asks for.
    pub unused_events: u64,
}

/// So many events that nothing asks for are listed.
const UNUSED_MAX: usize = 20;

/// Holds a model against what was seen.
pub fn find_model_gaps(survey: &DatasetProfile, model: &ResolvedModel) -> ModelGaps {
    let names: Vec<&str> = survey.sorted_names().iter().map(|(name, _)| *name).collect();
    let ModelNeeds { events: wanted, properties: asked_for, trait_keys: of_traits } = model.needs();
    let missing = |name: &str, among: &[&str]| MissingReference {
        name: name.to_owned(),
        closest: closest_names(name, among).into_iter().map(str::to_owned).collect(),
    };
    let missing_events: Vec<MissingReference> =
        wanted.iter().filter(|name| !survey.names.contains_key(**name)).map(|name| missing(name, &names)).collect();
    let properties = filled(survey);
    let paths: Vec<&str> = properties.keys().copied().collect();
    let has = |path: &str| {
        let below = format!("{path}.");
        properties.keys().any(|known| *known == path || known.starts_with(&below))
    };
    let traits: Vec<&str> = [&survey.user_traits, &survey.account_traits]
        .iter()
        .flat_map(|all| all.by_path.keys())
        .map(String::as_str)
        .collect();
    // Traits are looked for among properties too, and need not be there.
    let missing_properties =
        asked_for.difference(&of_traits).filter(|path| !has(path)).map(|path| missing(path, &paths)).collect();
    let everywhere: Vec<&str> = paths.iter().chain(&traits).copied().collect();
    let missing_traits = of_traits
        .iter()
        .filter(|path| !has(path) && !traits.contains(&path.as_str()))
        .map(|path| missing(path, &everywhere))
        .collect();
    let unused = |(name, named): &(&str, &EventProfile)| !wanted.contains(name) && !named.noise;
    let all_unused: Vec<(&str, &EventProfile)> = survey.sorted_names().into_iter().filter(unused).collect();
    ModelGaps {
        events: wanted.len() as u64,
        missing_events,
        missing_properties,
        missing_traits,
        unused_events: all_unused.iter().map(|(_, named)| named.count).sum(),
        unused: all_unused.iter().take(UNUSED_MAX).map(|(name, named)| ((*name).to_owned(), named.count)).collect(),
    }
}

/// Properties that hold anything on any event, with how often.
fn filled(survey: &DatasetProfile) -> BTreeMap<&str, u64> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for named in survey.names.values() {
        for (path, property) in named.properties.by_path.iter().filter(|(_, property)| property.filled() > 0) {
            *all.entry(path).or_default() += property.filled();
        }
    }
    all
}
