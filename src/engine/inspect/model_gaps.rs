//! Compares a model with a dataset.

use std::collections::BTreeMap;

use super::{
    dataset_profile::{DatasetProfile, EventProfile},
    name_similarity::closest_names,
};
use pql_model::{ResolvedModel, resolved::ModelNeeds};

/// A name in the model that never occurs, and the most similar names that do.
#[derive(Debug)]
pub struct MissingReference {
    /// The name in the model.
    pub(crate) name: String,
    /// Similar names in the dataset, the best first.
    pub(crate) closest: Vec<String>,
}

/// The differences between a model and a dataset.
#[derive(Debug)]
pub struct ModelGaps {
    /// Event names that metrics, signals and milestones use.
    pub events: u64,
    /// Event names that never occur.
    pub missing_events: Vec<MissingReference>,
    /// Properties that conditions and values use and that no event has.
    pub(crate) missing_properties: Vec<MissingReference>,
    /// Traits that no user and no account has, and no event as a property.
    pub(crate) missing_traits: Vec<MissingReference>,
    /// Frequent events that the model does not use, with their counts.
    pub(crate) unused: Vec<(String, u64)>,
    /// Events that the model does not use.
    pub(crate) unused_events: u64,
}

/// Unused event names that are listed.
const UNUSED_MAX: usize = 20;

/// Compares a model with a profile.
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
    // Traits are also looked up among properties and may be missing there.
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

/// Properties with a value on any event, and the number of values.
fn filled(survey: &DatasetProfile) -> BTreeMap<&str, u64> {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for named in survey.names.values() {
        for (path, property) in named.properties.by_path.iter().filter(|(_, property)| property.filled() > 0) {
            *all.entry(path).or_default() += property.filled();
        }
    }
    all
}
