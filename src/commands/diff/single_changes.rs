//! The old model with one change of the new one, for each change: which change alone moves whom?
//!
//! A change is an entry that differs, such as a signal or a tier, the order of entries, or a value outside of entries.

use toml::{Table, Value};

use super::{
    ScoreSnapshot,
    model_changes::{EntryWords, entry_name, entry_words, named_entries, toml_text, union},
};
use crate::commands::toml_text::toml_key;

/// The old model with one change.
#[derive(Debug)]
pub struct SingleChange {
    /// What changes, such as `user tier hot`.
    pub subject: String,
    /// The text of the model.
    pub text: String,
}

/// What the old model with one change came to.
#[derive(Debug)]
pub struct ChangeTrial {
    /// What changes.
    pub subject: String,
    /// What the model came to.
    pub snapshot: ScoreSnapshot,
}

/// The old model with each of the changes alone, in the order of the sections.
pub fn single_changes(old: &str, new: &str) -> Vec<SingleChange> {
    // Both texts were read before as models.
    let [old, new] = [old, new].map(|text| text.parse::<Table>().unwrap_or_default());
    let mut splitter = ChangeSplitter { old: &old, found: Vec::new() };
    for key in union(old.keys(), new.keys()) {
        splitter.section(&[key], [old.get(key), new.get(key)]);
    }
    splitter.found
}

/// Takes two models apart.
struct ChangeSplitter<'m> {
    old: &'m Table,
    found: Vec<SingleChange>,
}

impl ChangeSplitter<'_> {
    /// A section by its path: its entries if it has any, else the sections below it, else its value.
    fn section(&mut self, path: &[&str], values: [Option<&Value>; 2]) {
        if values[0] == values[1] {
            return;
        }
        if let Some(words) = entry_words(path) {
            return self.entries(path, words, values);
        }
        let [old, new] = values.map(|value| value.and_then(Value::as_table));
        match (old, new) {
            (Some(old), Some(new)) if path.len() == 1 => self.below(path, [old, new]),
            (Some(old), None) if path.len() == 1 => self.below(path, [old, &Table::new()]),
            (None, Some(new)) if path.len() == 1 => self.below(path, [&Table::new(), new]),
            _ => self.push(path.join(": "), path, values[1].cloned()),
        }
    }

    fn below(&mut self, path: &[&str], [old, new]: [&Table; 2]) {
        for key in union(old.keys(), new.keys()) {
            self.section(&[path, &[key]].concat(), [old.get(key), new.get(key)]);
        }
    }

    /// The entries of a section, by their names.
    fn entries(&mut self, path: &[&str], words: EntryWords, values: [Option<&Value>; 2]) {
        let [old, new] = values.map(|value| named_entries(value, words.name));
        let names = union(old.iter().map(|(name, _)| name), new.iter().map(|(name, _)| name));
        for wanted in names {
            let find = |(name, _): &&(String, &Value)| name == wanted;
            let [was, is] = [old.iter().find(find), new.iter().find(find)];
            if was.map(|(_, value)| *value) != is.map(|(_, value)| *value) {
                let section = with_entry(values, words.name, wanted);
                self.push(format!("{} {wanted}", words.subject), path, section);
            }
        }
        let [old, new] = values.map(|value| value.and_then(Value::as_array));
        let Some((old, new)) = old.zip(new).filter(|_| words.is_ordered) else { return };
        let section = reordered(old, new, words.name);
        if section != *old {
            self.push(format!("the order of {}", words.subject_of_all()), path, Some(Value::Array(section)));
        }
    }

    fn push(&mut self, subject: String, path: &[&str], value: Option<Value>) {
        let mut model = self.old.clone();
        set(&mut model, path, value);
        let line = |(key, value): (&String, &Value)| format!("{} = {}\n", toml_key(key), toml_text(value));
        self.found.push(SingleChange { subject, text: model.iter().map(line).collect() });
    }
}

/// The section of the old model with one entry as the new model has it.
fn with_entry([old, new]: [Option<&Value>; 2], key: &str, name: &str) -> Option<Value> {
    match (old, new) {
        (Some(Value::Table(_)), _) | (_, Some(Value::Table(_))) => {
            let mut table = old.and_then(Value::as_table).cloned().unwrap_or_default();
            match new.and_then(|new| new.get(name)) {
                Some(value) => table.insert(name.to_owned(), value.clone()),
                None => table.remove(name),
            };
            Some(Value::Table(table))
        }
        (old, new) => {
            let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
            Some(Value::Array(spliced(list(old), &list(new), key, name)))
        }
    }
}

/// A list with one entry as another list has it. A new entry comes behind the one that it follows there.
fn spliced(mut old: Vec<Value>, new: &[Value], key: &str, name: &str) -> Vec<Value> {
    let place = |list: &[Value], wanted: &str| {
        list.iter().enumerate().position(|(place, item)| entry_name(place, item, key) == wanted)
    };
    match (place(&old, name), place(new, name)) {
        (Some(at), Some(from)) => old[at] = new[from].clone(),
        (Some(at), None) => drop(old.remove(at)),
        (None, Some(from)) => {
            let known = new[..from].iter().enumerate().rev();
            let before = known.filter_map(|(place_of, item)| place(&old, &entry_name(place_of, item, key))).next();
            old.insert(before.map_or(0, |before| before + 1), new[from].clone());
        }
        (None, None) => {}
    }
    old
}

/// A list whose entries that another list has too come in the order of that one.
fn reordered(old: &[Value], new: &[Value], key: &str) -> Vec<Value> {
    let named = |list: &[Value]| -> Vec<String> {
        list.iter().enumerate().map(|(place, item)| entry_name(place, item, key)).collect()
    };
    let (old_names, new_names) = (named(old), named(new));
    let mut shared = new_names.iter().filter_map(|name| old_names.iter().position(|own| own == name));
    let place =
        |(own, name): (usize, &String)| if new_names.contains(name) { shared.next().unwrap_or(own) } else { own };
    old_names.iter().enumerate().map(place).map(|place| old[place].clone()).collect()
}

/// Sets or removes a value by its path.
fn set(table: &mut Table, path: &[&str], value: Option<Value>) {
    match (path, value) {
        ([], _) => {}
        ([key], Some(value)) => drop(table.insert((*key).to_owned(), value)),
        ([key], None) => drop(table.remove(*key)),
        ([key, rest @ ..], value) => {
            let inner = table.entry((*key).to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                set(inner, rest, value);
            }
        }
    }
}
