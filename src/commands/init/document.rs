//! A model as a tree of TOML whose entries keep their order, to be changed and written again.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::commands::toml_text::{toml_key, toml_string};

/// A value of a model.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum DocumentValue {
    Text(String),
    /// A number, a truth or a date, as it is written.
    Literal(String),
    List(Vec<DocumentValue>),
    Table(DocumentTable),
}

/// Entries in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DocumentTable {
    pub(super) entries: Vec<(String, DocumentValue)>,
}

impl DocumentTable {
    /// Reads a text without comments; a text that is no TOML gives what could be read.
    pub(super) fn read(text: &str) -> DocumentTable {
        let (root, _) = DeTable::parse_recoverable(text);
        table(root.get_ref())
    }

    pub(super) fn get(&self, key: &str) -> Option<&DocumentValue> {
        self.entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut DocumentValue> {
        self.entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(DocumentValue::text)
    }

    /// The texts of a key that takes one or a list of them.
    pub(super) fn texts(&self, key: &str) -> Vec<&str> {
        self.get(key).map(DocumentValue::texts).unwrap_or_default()
    }

    /// The table at a path.
    pub(super) fn at(&self, path: &[&str]) -> Option<&DocumentTable> {
        path.iter().try_fold(self, |table, key| table.get(key).and_then(DocumentValue::table))
    }

    pub(super) fn at_mut(&mut self, path: &[&str]) -> Option<&mut DocumentTable> {
        path.iter().try_fold(self, |table, key| match table.get_mut(key) {
            Some(DocumentValue::Table(below)) => Some(below),
            _ => None,
        })
    }

    /// Sets a key, which stays where it stands.
    pub(super) fn set(&mut self, key: &str, value: DocumentValue) {
        match self.get_mut(key) {
            Some(known) => *known = value,
            None => self.entries.push((key.to_owned(), value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.entries.retain(|(name, _)| name != key);
    }
}

impl DocumentValue {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            DocumentValue::Text(text) => Some(text),
            DocumentValue::Literal(_) | DocumentValue::List(_) | DocumentValue::Table(_) => None,
        }
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            DocumentValue::Text(text) => vec![text],
            DocumentValue::List(list) => list.iter().filter_map(DocumentValue::text).collect(),
            DocumentValue::Literal(_) | DocumentValue::Table(_) => Vec::new(),
        }
    }

    pub(super) fn table(&self) -> Option<&DocumentTable> {
        match self {
            DocumentValue::Table(table) => Some(table),
            DocumentValue::Text(_) | DocumentValue::Literal(_) | DocumentValue::List(_) => None,
        }
    }

    /// A text, or a list if there are several.
    pub(super) fn of_texts(texts: &[String]) -> DocumentValue {
        match texts {
            [only] => DocumentValue::Text(only.clone()),
            all => DocumentValue::List(all.iter().cloned().map(DocumentValue::Text).collect()),
        }
    }

    /// The value on one line.
    pub(super) fn to_toml(&self) -> String {
        match self {
            DocumentValue::Text(text) => toml_string(text),
            DocumentValue::Literal(text) => text.clone(),
            DocumentValue::List(list) => {
                let items: Vec<String> = list.iter().map(DocumentValue::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            DocumentValue::Table(table) if table.entries.is_empty() => "{}".to_owned(),
            DocumentValue::Table(table) => {
                let entry = |(key, value): &(String, DocumentValue)| format!("{} = {}", toml_key(key), value.to_toml());
                format!("{{ {} }}", table.entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn table(table: &DeTable<'_>) -> DocumentTable {
    let mut entries: Vec<_> = table.iter().map(|(key, found)| (key.span().start, key.get_ref(), found)).collect();
    entries.sort_by_key(|(at, ..)| *at);
    DocumentTable { entries: entries.into_iter().map(|(_, key, found)| (key.to_string(), value(found))).collect() }
}

fn value(found: &Spanned<DeValue<'_>>) -> DocumentValue {
    match found.get_ref() {
        DeValue::String(text) => DocumentValue::Text(on_one_line(text)),
        DeValue::Integer(number) => DocumentValue::Literal(number.to_string()),
        DeValue::Float(number) => DocumentValue::Literal(number.to_string()),
        DeValue::Boolean(truth) => DocumentValue::Literal(truth.to_string()),
        DeValue::Datetime(time) => DocumentValue::Literal(time.to_string()),
        DeValue::Array(list) => DocumentValue::List(list.iter().map(value).collect()),
        DeValue::Table(below) => DocumentValue::Table(table(below)),
    }
}

/// A text of several lines on one.
fn on_one_line(text: &str) -> String {
    if text.contains('\n') { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text.to_owned() }
}

/// A text for a comment, on one line.
pub(super) fn comment_text(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
