//! Which properties of a dump are those that a model reads.

use std::collections::BTreeMap;

use pql_engine::inspect::{
    dataset_profile::{DatasetProfile, PropertyProfiles},
    name_similarity::split_words,
};

/// Words of a name that say nothing of what it holds.
const FILLERS: [&str; 16] = [
    "id", "name", "key", "type", "value", "code", "to", "new", "target", "current", "selected", "number", "of",
    "count", "total", "user",
];

/// Of the events that a property is asked of, one in this number must have it.
const RARE: u64 = 20;

/// A property or trait of the dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FoundProperty {
    /// It has the name that the model asks for.
    Same,
    /// It has another name.
    Other(String),
    Missing,
}

/// Finds properties of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct PropertyFinder<'s> {
    pub(super) survey: &'s DatasetProfile,
}

impl PropertyFinder<'_> {
    /// How many events of some names have each property; of all names if there are none.
    fn filled(&self, events: &[String]) -> (BTreeMap<&str, u64>, u64) {
        let (mut filled, mut all) = (BTreeMap::new(), 0);
        for (name, profile) in self.survey.sorted_names() {
            if events.is_empty() || events.iter().any(|event| event == name) {
                all += profile.count;
                for (path, property) in profile.properties.sorted_paths() {
                    *filled.entry(path).or_insert(0) += property;
                }
            }
        }
        (filled, all)
    }

    /// The property that a model calls by a name, on some events.
    pub(super) fn find(&self, events: &[String], wanted: &str) -> FoundProperty {
        let (filled, all) = self.filled(events);
        let often = filled.into_iter().filter(|(_, count)| *count > 0 && *count * RARE >= all);
        found_among(often.collect(), wanted)
    }
}

/// The trait that a model calls by a name.
pub(super) fn find_trait(traits: &PropertyProfiles, wanted: &str) -> FoundProperty {
    found_among(traits.sorted_paths().filter(|(_, filled)| *filled > 0).collect(), wanted)
}

/// The name among some that a model calls otherwise; `paths` have their numbers of values.
pub(super) fn found_name(paths: &[(&str, u64)], wanted: &str) -> Option<String> {
    match found_among(paths.to_vec(), wanted) {
        FoundProperty::Same => Some(wanted.to_owned()),
        FoundProperty::Other(other) => Some(other),
        FoundProperty::Missing => None,
    }
}

fn found_among(mut paths: Vec<(&str, u64)>, wanted: &str) -> FoundProperty {
    let below = format!("{wanted}.");
    if paths.iter().any(|(path, _)| *path == wanted || path.starts_with(&below)) {
        return FoundProperty::Same;
    }
    paths.sort_by(|(a, one), (b, other)| other.cmp(one).then(a.cmp(b)));
    let words = split_words(wanted);
    let alike = |test: &dyn Fn(&[String]) -> bool| {
        paths
            .iter()
            .find(|(path, _)| !path.starts_with('$') && test(&split_words(path)))
            .map(|(path, _)| (*path).to_owned())
    };
    let same = alike(&|other| other.concat() == words.concat());
    let core = without_fillers(&words);
    let near = || if core.is_empty() { None } else { alike(&|other| without_fillers(other) == core) };
    same.or_else(near).map_or(FoundProperty::Missing, FoundProperty::Other)
}

/// The words of a name that say what it holds, in the singular.
fn without_fillers(words: &[String]) -> Vec<String> {
    let own = words.iter().filter(|word| !FILLERS.contains(&word.as_str()));
    own.map(|word| word.strip_suffix('s').filter(|stem| stem.len() > 2).unwrap_or(word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_found_by_their_words() {
        let all = || vec![("jobTitle", 9), ("# Employees", 9), ("planName", 5), ("workspaceKey", 3), ("title.text", 1)];
        for (wanted, found) in [
            ("job_title", FoundProperty::Other("jobTitle".to_owned())),
            ("employees", FoundProperty::Other("# Employees".to_owned())),
            ("plan", FoundProperty::Other("planName".to_owned())),
            ("workspace_id", FoundProperty::Other("workspaceKey".to_owned())),
            ("title", FoundProperty::Same),
            ("tier", FoundProperty::Missing),
        ] {
            assert_eq!(found_among(all(), wanted), found, "{wanted}");
        }
    }
}
