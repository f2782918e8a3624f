//! A model as text: its sections in the order in which they are read, each entry with a comment where there is one.

use std::{fmt::Write, ops::Range};

use super::document::{DocumentTable, DocumentValue, comment_text};
use crate::commands::toml_text::toml_key;

/// Tables of a level, in the order in which they are written. The scalars of the level stand where its own name does.
const USER_SECTIONS: [&str; 11] =
    ["milestones", "facts", "", "signals", "categories", "score", "tiers", "suppress", "routes", "alerts", "rollups"];

const ACCOUNT_SECTIONS: [&str; 12] = [
    "segments",
    "milestones",
    "rollups",
    "facts",
    "",
    "signals",
    "categories",
    "score",
    "tiers",
    "suppress",
    "routes",
    "alerts",
];

/// Sections of a model that are written elsewhere.
const PLACED: [&str; 7] = ["input", "identity", "activity", "events", "metrics", "user", "account"];

/// The place of an entry in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryPlace {
    /// The tables that lead to it.
    pub(super) path: Vec<String>,
    /// Its name, or of a list the number of the entry.
    pub(super) key: EntryKey,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntryKey {
    Name(String),
    Number(usize),
}

/// A text and where each entry of the tree stands in it.
#[derive(Debug, Default)]
pub(super) struct WrittenText {
    pub(super) text: String,
    pub(super) places: Vec<(Range<usize>, EntryPlace)>,
}

/// What stands above and beside the entries.
pub(super) trait LayoutNotes {
    /// Lines of comment above the whole model.
    fn header(&self) -> Vec<String>;
    /// Lines of a section that are written as they are, instead of what the tree has.
    fn section(&self, name: &str) -> Option<String>;
    /// Lines of comment above an entry.
    fn entry(&self, path: &[&str], name: &str) -> Vec<String>;
    /// Lines of comment at the end.
    fn footer(&self) -> Vec<String>;
}

impl WrittenText {
    /// Writes a model.
    pub(super) fn of(model: &DocumentTable, notes: &dyn LayoutNotes) -> WrittenText {
        let mut out = WrittenText::default();
        out.comments(&notes.header());
        out.text.push('\n');
        let is_scalar = |value: &DocumentValue| !is_section(value);
        for (key, value) in model.entries.iter().filter(|(_, value)| is_scalar(value)) {
            out.line(key, value);
        }
        for name in ["input", "identity", "activity"] {
            match notes.section(name) {
                Some(text) => out.text.push_str(&text),
                None => out.plain_section(model, &[name], notes),
            }
        }
        out.named_section(model, &["events"], notes);
        out.named_section(model, &["user", "traits"], notes);
        out.named_section(model, &["account", "traits"], notes);
        out.named_section(model, &["metrics"], notes);
        out.level(model, "user", &USER_SECTIONS, notes);
        out.level(model, "account", &ACCOUNT_SECTIONS, notes);
        let others = model.entries.iter().filter(|(key, value)| is_section(value) && !PLACED.contains(&key.as_str()));
        for (key, _) in others {
            out.plain_section(model, &[key], notes);
        }
        out.text.push('\n');
        out.comments(&notes.footer());
        out
    }

    /// The entry at a place of the text.
    pub(super) fn entry_at(&self, place: usize) -> Option<&EntryPlace> {
        self.places.iter().find(|(range, _)| range.contains(&place)).map(|(_, entry)| entry)
    }

    fn level(&mut self, model: &DocumentTable, level: &str, sections: &[&str], notes: &dyn LayoutNotes) {
        let Some(table) = model.at(&[level]) else { return };
        let known = |key: &str| key == "traits" || sections.contains(&key);
        let others = table.entries.iter().map(|(key, _)| key.as_str()).filter(|key| !known(key));
        let others: Vec<&str> = others.filter(|key| table.get(key).is_some_and(is_section)).collect();
        for section in sections.iter().copied().chain(others) {
            match table.get(section) {
                _ if section.is_empty() => self.scalars(table, level),
                Some(DocumentValue::List(list)) => self.list(list, &[level, section], notes),
                Some(DocumentValue::Table(below)) if section == "categories" => {
                    below.entries.iter().for_each(|(key, _)| self.plain_section(model, &[level, section, key], notes));
                }
                Some(DocumentValue::Table(_)) if section == "score" => {
                    self.plain_section(model, &[level, section], notes)
                }
                Some(DocumentValue::Table(_)) => self.named_section(model, &[level, section], notes),
                Some(DocumentValue::Text(_) | DocumentValue::Literal(_)) | None => {}
            }
        }
    }

    /// The keys of a level that are no tables.
    fn scalars(&mut self, table: &DocumentTable, level: &str) {
        let scalars: Vec<&(String, DocumentValue)> =
            table.entries.iter().filter(|(_, value)| !is_section(value)).collect();
        if scalars.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "\n[{level}]");
        scalars.into_iter().for_each(|(key, value)| self.line(key, value));
    }

    /// A list of tables, with one key on a line.
    fn list(&mut self, list: &[DocumentValue], path: &[&str], notes: &dyn LayoutNotes) {
        for (number, entry) in list.iter().enumerate() {
            let Some(entry) = entry.table() else { continue };
            self.text.push('\n');
            let start = self.text.len();
            self.comments(&notes.entry(path, entry.text("name").unwrap_or_default()));
            let _ = writeln!(self.text, "[[{}]]", path.join("."));
            entry.entries.iter().for_each(|(key, value)| self.line(key, value));
            self.note(start, path, EntryKey::Number(number));
        }
    }

    /// A table whose keys are names, one on a line.
    fn named_section(&mut self, model: &DocumentTable, path: &[&str], notes: &dyn LayoutNotes) {
        let Some(table) = model.at(path).filter(|table| !table.entries.is_empty()) else { return };
        let _ = writeln!(self.text, "\n[{}]", path.join("."));
        for (key, value) in &table.entries {
            let start = self.text.len();
            self.comments(&notes.entry(path, key));
            self.line(key, value);
            self.note(start, path, EntryKey::Name(key.clone()));
        }
    }

    /// A table of settings.
    fn plain_section(&mut self, model: &DocumentTable, path: &[&str], notes: &dyn LayoutNotes) {
        if let Some((last, above)) = path.split_last()
            && let Some(DocumentValue::List(list)) = model.at(above).and_then(|table| table.get(last))
        {
            return self.list(list, path, notes);
        }
        let Some(table) = model.at(path).filter(|table| !table.entries.is_empty()) else { return };
        let _ = writeln!(self.text, "\n[{}]", path.join("."));
        let (lists, plain): (Vec<_>, Vec<_>) = table.entries.iter().partition(|(_, value)| is_list_of_tables(value));
        for (key, value) in plain {
            let start = self.text.len();
            self.line(key, value);
            self.note(start, path, EntryKey::Name(key.clone()));
        }
        for (key, value) in lists {
            let DocumentValue::List(list) = value else { continue };
            let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            if path == ["output", "files"] {
                self.list(list, &path, notes);
                continue;
            }
            let _ = writeln!(self.text, "{} = [", toml_key(key));
            for (number, entry) in list.iter().enumerate() {
                let start = self.text.len();
                let _ = writeln!(self.text, "    {},", entry.to_toml());
                self.note(start, &path, EntryKey::Number(number));
            }
            self.text.push_str("]\n");
        }
    }

    fn note(&mut self, start: usize, path: &[&str], key: EntryKey) {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        self.places.push((start..self.text.len(), EntryPlace { path, key }));
    }

    fn line(&mut self, key: &str, value: &DocumentValue) {
        let _ = writeln!(self.text, "{} = {}", toml_key(key), value.to_toml());
    }

    fn comments(&mut self, lines: &[String]) {
        for line in lines {
            let _ = writeln!(self.text, "{}", format!("# {}", comment_text(line)).trim_end());
        }
    }
}

/// Whether a value is written as a section of its own.
fn is_section(value: &DocumentValue) -> bool {
    matches!(value, DocumentValue::Table(_)) || is_list_of_tables(value)
}

fn is_list_of_tables(value: &DocumentValue) -> bool {
    matches!(value, DocumentValue::List(list) if list.iter().any(|item| item.table().is_some()))
}
