//! What changed between the texts of two models, in their own words: `user tier hot: at_least 80 → 60`.
//!
//! Takes two models as TOML, gives a [`ModelChange`] for each value that differs. Entries are the same if their names are, and rungs of a ladder if their
//! thresholds are. Comments, layout and the order of keys are no changes. The order of entries is one, since the first rule that holds counts.

mod sections;
mod toml_text;

use toml::{Table, Value};

use self::sections::section_rank;
pub(super) use self::{
    sections::{EntryWords, entry_words},
    toml_text::toml_text,
};

/// A value that the new model has changed, added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChange {
    /// What it belongs to: `user tier hot`; empty for keys outside of every section.
    pub subject: String,
    /// The key below it, with dots; empty if it is the whole entry.
    pub key: String,
    /// The value under the old and the new model as TOML writes it; none where the model has none.
    pub values: [Option<String>; 2],
}

/// The changes between two models that were read before, in the order of the sections.
pub fn model_changes(old: &str, new: &str) -> Vec<ModelChange> {
    // Neither text can be broken here, and a table without keys says nothing about one that is.
    let [old, new] = [old, new].map(|text| text.parse::<Table>().unwrap_or_default());
    let mut changes = Changes::default();
    let mut keys = union(old.keys(), new.keys());
    keys.sort_by_key(|key| section_rank(key));
    for key in keys {
        changes.section(&[key], [old.get(key), new.get(key)]);
    }
    changes.found
}

/// The words of two lists, those of the new one first, each once.
pub(super) fn union<'k>(old: impl Iterator<Item = &'k String>, new: impl Iterator<Item = &'k String>) -> Vec<&'k str> {
    let mut all: Vec<&str> = Vec::new();
    for key in new.chain(old) {
        if !all.contains(&key.as_str()) {
            all.push(key);
        }
    }
    all
}

/// A value under the old and the new model.
type ValuePair<'v> = [Option<&'v Value>; 2];

/// The changes so far.
#[derive(Default)]
struct Changes {
    found: Vec<ModelChange>,
}

impl Changes {
    /// A section by its path: its entries if it has any, else the sections below it, else its value.
    fn section(&mut self, path: &[&str], values: ValuePair<'_>) {
        if let Some(words) = entry_words(path) {
            return self.entries(words, values);
        }
        let tables = values.map(|value| value.and_then(Value::as_table));
        let are_tables = values.iter().zip(&tables).all(|(value, table)| value.is_none() || table.is_some());
        if !are_tables || path.len() > 1 {
            let (subject, key) = if path.len() > 1 { (path[0], path[1..].join(".")) } else { ("", path[0].to_owned()) };
            return self.value(subject, &key, values);
        }
        let empty = Table::new();
        let [old, new] = tables.map(|table| table.unwrap_or(&empty));
        for key in union(old.keys(), new.keys()) {
            self.section(&[path, &[key]].concat(), [old.get(key), new.get(key)]);
        }
    }

    /// The entries of a section, by their names.
    fn entries(&mut self, words: EntryWords, values: ValuePair<'_>) {
        let [old, new] = values.map(|value| named_entries(value, words.name));
        let names = union(old.iter().map(|(name, _)| name), new.iter().map(|(name, _)| name));
        let find = |list: &NamedEntries<'_>, wanted: &str| {
            list.iter().find(|(name, _)| name == wanted).map(|(_, value)| (*value).clone())
        };
        for name in names {
            let both = [find(&old, name), find(&new, name)];
            self.value(&format!("{} {name}", words.subject), "", both.each_ref().map(Option::as_ref));
        }
        if words.is_ordered {
            self.order(&words, [&old, &new]);
        }
    }

    /// The order of the entries that both models have.
    fn order(&mut self, words: &EntryWords, [old, new]: [&NamedEntries<'_>; 2]) {
        let shared = |own: &NamedEntries<'_>, other: &NamedEntries<'_>| -> Vec<String> {
            let known = |name: &String| other.iter().any(|(theirs, _)| theirs == name);
            own.iter().map(|(name, _)| name.clone()).filter(known).collect()
        };
        let orders = [shared(old, new), shared(new, old)];
        if orders[0] != orders[1] {
            self.push(&words.subject_of_all(), "order", orders.map(|names| Some(names.join(", "))));
        }
    }

    /// A value, down to what differs in it.
    fn value(&mut self, subject: &str, key: &str, values: ValuePair<'_>) {
        match values {
            [Some(Value::Table(old)), Some(Value::Table(new))] => {
                for inner in union(old.keys(), new.keys()) {
                    self.value(subject, &joined(key, inner), [old.get(inner), new.get(inner)]);
                }
            }
            [Some(Value::Array(old)), Some(Value::Array(new))] => self.list(subject, key, [old, new]),
            [Some(old), Some(new)] if is_same(old, new) => {}
            [None, None] => {}
            [old, new] => self.push(subject, key, [old, new].map(|value| value.map(toml_text))),
        }
    }

    /// A list: rungs by their thresholds, else the items that only one model has, else the order.
    fn list(&mut self, subject: &str, key: &str, [old, new]: [&[Value]; 2]) {
        if old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new)) {
            return;
        }
        let (gone, come) = (without(old, new), without(new, old));
        let [gone, come] = self.rungs(subject, key, [gone, come]);
        let paired = gone.len().max(come.len());
        for place in 0..paired {
            let values = [gone.get(place), come.get(place)].map(|value| value.map(|value| toml_text(value)));
            self.push(subject, key, values);
        }
        if without(old, new).is_empty() && without(new, old).is_empty() {
            let whole = |list: &[Value]| Some(toml_text(&Value::Array(list.to_vec())));
            self.push(subject, key, [whole(old), whole(new)]);
        }
    }

    /// Tells the changes of rungs that both models have, by their thresholds; gives the items that are left.
    fn rungs<'v>(&mut self, subject: &str, key: &str, [gone, come]: [Vec<&'v Value>; 2]) -> [Vec<&'v Value>; 2] {
        let mut left: [Vec<&Value>; 2] = [Vec::new(), come];
        for old in gone {
            let same = threshold(old).and_then(|wanted| {
                let place = left[1].iter().position(|new| threshold(new).as_ref() == Some(&wanted))?;
                Some((wanted, left[1].remove(place)))
            });
            match same {
                Some((rung, new)) => self.value(subject, &format!("{key} {rung}"), [Some(old), Some(new)]),
                None => left[0].push(old),
            }
        }
        left
    }

    fn push(&mut self, subject: &str, key: &str, values: [Option<String>; 2]) {
        self.found.push(ModelChange { subject: subject.to_owned(), key: key.to_owned(), values });
    }
}

/// `fields.account`; `ladder at_least 3 points` below a rung.
fn joined(key: &str, inner: &str) -> String {
    match key {
        "" => inner.to_owned(),
        rung if rung.contains(' ') => format!("{rung} {inner}"),
        outer => format!("{outer}.{inner}"),
    }
}

/// The items of a list that another one lacks.
fn without<'v>(own: &'v [Value], other: &[Value]) -> Vec<&'v Value> {
    own.iter().filter(|item| !other.iter().any(|theirs| is_same(item, theirs))).collect()
}

/// Whether two values mean the same; `10` and `10.0` do.
fn is_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Integer(whole), Value::Float(number)) | (Value::Float(number), Value::Integer(whole)) => {
            *whole as f64 == *number
        }
        (old, new) => old == new,
    }
}

/// `at_least 3`: the threshold that tells a rung of a ladder from the others.
fn threshold(item: &Value) -> Option<String> {
    let table = item.as_table()?;
    ["at_least", "above"].into_iter().find_map(|key| Some(format!("{key} {}", toml_text(table.get(key)?))))
}

/// Entries by their names, in the order of the model.
pub(super) type NamedEntries<'v> = Vec<(String, &'v Value)>;

/// The entries of a table by their keys, or of a list by the key that names them; those without one by their numbers.
pub(super) fn named_entries<'v>(section: Option<&'v Value>, name: &str) -> NamedEntries<'v> {
    match section {
        Some(Value::Table(table)) => table.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Some(Value::Array(list)) => {
            let name_of = |(place, item): (usize, &'v Value)| (entry_name(place, item, name), item);
            list.iter().enumerate().map(name_of).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// The name of an entry of a list, else its number.
pub(super) fn entry_name(place: usize, item: &Value, key: &str) -> String {
    item.get(key).and_then(Value::as_str).map_or_else(|| format!("{}", place + 1), str::to_owned)
}
