//! The object that holds what is no part of an event: its properties.

use std::collections::BTreeMap;

use super::{
    facts::FieldFacts,
    judge::{FieldGuess, PartGuess},
    words::{ACCOUNT_WORDS, USER_WORDS, ends_in},
};

/// Usual names of the object of properties, the commonest first.
const USUAL_NAMES: [&str; 13] = [
    "properties",
    "event_properties",
    "props",
    "payload",
    "data",
    "attributes",
    "attrs",
    "metadata",
    "meta",
    "params",
    "details",
    "context",
    "daten",
];

/// Last words of what is known of people and companies.
const KNOWN_OF_SOMEBODY: [&str; 16] = [
    "email",
    "mail",
    "name",
    "title",
    "role",
    "position",
    "department",
    "company",
    "plan",
    "industry",
    "sector",
    "employees",
    "headcount",
    "size",
    "seats",
    "owner",
];

/// Parts of an event that say that its record lies in the object that holds them.
const ROOT_PARTS_MIN: usize = 3;

/// The first key of a path below another one; `.` if it has only one.
fn root_below<'p>(path: &'p str, within: &str) -> &'p str {
    let inner = if within.is_empty() { path } else { path.get(within.len() + 1..).unwrap_or_default() };
    inner.split_once('.').map_or(".", |(root, _)| root)
}

/// The object in which all parts of the event lie, if it is one.
fn root_of_parts(guess: &FieldGuess) -> Option<&str> {
    let mut roots = guess.parts.iter().map(|one| (root_below(&one.path, ""), &one.path));
    let (first, path) = roots.next()?;
    let is_one = first != "." && guess.parts.len() >= ROOT_PARTS_MIN && roots.all(|(root, _)| root == first);
    is_one.then(|| path.get(..first.len())).flatten()
}

/// The field that holds the rest: an object with most of the values that are no part, or the record itself. In an envelope, `within` is the path of the
/// record.
pub(super) fn holds_rest(fields: &[FieldFacts<'_>], guess: &FieldGuess, within: &str) -> Option<PartGuess> {
    if let Some(around) = root_of_parts(guess).filter(|_| within.is_empty()) {
        let begins =
            |facts: &&FieldFacts<'_>| facts.path().strip_prefix(around).is_some_and(|rest| rest.starts_with('.'));
        let inner: Vec<FieldFacts<'_>> = fields.iter().filter(begins).cloned().collect();
        return holds_rest(&inner, guess, around);
    }
    let mut values: BTreeMap<&str, u64> = BTreeMap::new();
    for facts in fields.iter().filter(|facts| guess.part(facts.path()).is_none()) {
        *values.entry(root_below(facts.path(), within)).or_default() += facts.filled;
    }
    let is_of_part = |root: &str| root != "." && guess.parts.iter().any(|part| root_below(&part.path, within) == root);
    let usual = USUAL_NAMES.iter().find_map(|name| values.keys().find(|root| root.to_lowercase() == *name));
    let most = values.iter().filter(|(root, _)| !is_of_part(root));
    let most = most.max_by_key(|(root, count)| (**count, std::cmp::Reverse(**root))).map(|(root, _)| root);
    let root = *usual.or(most)?;
    let (held, all) = (values.get(root).copied().unwrap_or_default(), values.values().sum::<u64>());
    let why = match root {
        "." => "the values beside the parts stand in the record itself".to_owned(),
        _ => format!("it holds {held} of the {all} values beside the parts"),
    };
    let path = match (within, root) {
        ("", root) => root.to_owned(),
        (within, ".") => within.to_owned(),
        (within, root) => format!("{within}.{root}"),
    };
    // Records of users and accounts have their traits in an object that a reader knows.
    let is_read = |facts: &FieldFacts<'_>| within.is_empty() && root_below(facts.path(), within) == "traits";
    let is_beside = |facts: &&FieldFacts<'_>| {
        root_below(facts.path(), within) != root && guess.part(facts.path()).is_none() && !is_read(facts)
    };
    let told = fields.iter().filter(|_| root != ".").filter(is_beside).find(|facts| tells_of_somebody(facts));
    let also = told.map(|_| if within.is_empty() { ".".to_owned() } else { within.to_owned() });
    let why = match told {
        Some(told) => format!("{why}; the record itself tells more, such as {}", told.path()),
        None => why,
    };
    Some(PartGuess { part: "properties", path, also, why, considered: Vec::new() })
}

/// Whether a field is known of a person or a company: their e-mail, name, title, size or plan.
fn tells_of_somebody(facts: &FieldFacts<'_>) -> bool {
    let is_of = |list: &[&str]| facts.words.iter().any(|word| list.contains(&word.as_str()));
    facts.is_plain() && ends_in(&facts.leaf, &KNOWN_OF_SOMEBODY) && (is_of(USER_WORDS) || is_of(ACCOUNT_WORDS))
}
