//! Guesses which fields of rejected lines hold the parts of an event, for `[input] fields`.
//!
//! The guess goes by the names and values of the fields.

use std::collections::BTreeMap;

use super::record_envelope::{self, RecordEnvelope};
use crate::{
    decode::{
        for_each_leaf,
        json::{JsonKind, JsonSpan},
    },
    read::field_aliases,
};
use pql_model::clock::{Zone, parse_instant};

/// Lines at the beginning of a file that are inspected.
pub(super) const LINES_MAX: u64 = 200;

/// Paths that are counted.
const PATHS_MAX: usize = 500;

/// Fields that may hold the event name if no field is called an event or an action. Activity logs
/// use them (`type`, `actor`, `created_at`).
const EVENT_NAME_FIELDS: [&str; 6] = ["type", "kind", "verb", "activity", "operation", "metric"];

/// Fields that may hold the time if no field is called one.
const TIME_FIELDS: [&str; 3] = ["at", "when", "on"];

/// What a field is called, in lower case and with underscores, that names an event and nothing else.
const ALIASES_OF_EVENT: [&str; 5] = ["event", "event_name", "eventname", "event_type", "eventtype"];

/// Words in the names of stamps that a loader or receiver writes. They lose against any other time.
const LOADER_STAMPS: [&str; 9] =
    ["loaded_at", "ingested_at", "extracted_at", "emitted_at", "received_at", "synced", "sdc_", "dlt_", "ts_ms"];

/// The values at a path.
#[derive(Debug, Clone, Copy, Default)]
struct FieldStats {
    count: u64,
    texts: u64,
    ids: u64,
    times: u64,
}

impl FieldStats {
    /// Whether all its values are such as stand under a key of `[input] fields`.
    fn fits(&self, key: &str) -> bool {
        match key {
            "event" => self.texts == self.count && self.times == 0,
            "time" => self.times == self.count,
            "properties" => false,
            _ => self.ids == self.count,
        }
    }
}

/// The paths of rejected lines, with statistics of their values.
#[derive(Debug, Clone, Default)]
pub struct FieldCandidates {
    lines: u64,
    leaves: BTreeMap<String, FieldStats>,
}

impl FieldCandidates {
    /// Adds a line that was rejected because a part is missing.
    pub(super) fn add(&mut self, line: &str) {
        self.lines += 1;
        let mut embedded: Vec<(String, String)> = Vec::new();
        for_each_leaf(line, |path, raw: JsonSpan| match raw.text(line).filter(|text| is_object(text)) {
            Some(object) => embedded.push((path.to_owned(), object.into_owned())),
            None => self.add_leaf(path, line, raw),
        });
        for (above, object) in embedded {
            for_each_leaf(&object, |path, raw| self.add_leaf(&format!("{above}.{path}"), &object, raw));
        }
    }

    fn add_leaf(&mut self, path: &str, line: &str, raw: JsonSpan) {
        if !self.leaves.contains_key(path) && self.leaves.len() >= PATHS_MAX {
            return;
        }
        let leaf = self.leaves.entry(path.to_owned()).or_default();
        let value = raw.text(line).unwrap_or_else(|| raw.slice(line).into());
        let scalar =
            matches!(raw.kind, JsonKind::Text | JsonKind::EscapedText | JsonKind::Number) && !value.trim().is_empty();
        leaf.count += u64::from(!raw.is_null_or_missing());
        leaf.ids += u64::from(scalar);
        leaf.texts += u64::from(scalar && raw.kind != JsonKind::Number);
        leaf.times += u64::from(scalar && is_time(&value));
    }

    /// Adds other candidates.
    pub(super) fn merge(&mut self, other: FieldCandidates) {
        self.lines += other.lines;
        for (path, leaf) in other.leaves {
            let mine = self.leaves.entry(path).or_default();
            mine.count += leaf.count;
            mine.texts += leaf.texts;
            mine.ids += leaf.ids;
            mine.times += leaf.times;
        }
    }

    /// What lies around the record in each line, if it is known.
    pub(crate) fn envelope(&self) -> Option<RecordEnvelope> {
        record_envelope::of(self.leaves.iter().map(|(path, leaf)| (path.as_str(), leaf.count)), self.lines)
            .or_else(|| record_envelope::UNNAMED.into_iter().find(|envelope| self.is_around_record(envelope)))
    }

    /// Whether a whole event lies below a path, and its name is not known beside it.
    ///
    /// Calls of webhooks name the event beside the object that it is about, so a name beside it decides.
    fn is_around_record(&self, envelope: &RecordEnvelope) -> bool {
        let inner = self.below(envelope);
        let is_event = |path: &str| ALIASES_OF_EVENT.contains(&folded(path).as_str());
        let name = inner.guess_plain().into_iter().find(|(key, _)| *key == "event");
        name.is_some_and(|(_, path)| is_event(&path)) && !self.leaves.keys().any(|path| is_event(path))
    }

    /// The paths below that of an envelope, as the record has them.
    fn below(&self, envelope: &RecordEnvelope) -> FieldCandidates {
        let stripped = |(path, leaf): (&String, &FieldStats)| {
            Some((record_envelope::stripped(path, envelope.path)?.to_owned(), *leaf))
        };
        FieldCandidates { lines: self.lines, leaves: self.leaves.iter().filter_map(stripped).collect() }
    }

    /// Keys of `[input] fields` with likely paths. Empty unless a name, a time and an id are found.
    ///
    /// In an envelope only the record is looked at: what stands beside it tells of the transfer.
    pub fn guess_fields(&self) -> Vec<(&'static str, String)> {
        let Some(envelope) = self.envelope() else { return self.guess_plain() };
        let record = self.below(&envelope);
        let whole =
            |path: String| if path == "." { envelope.path.to_owned() } else { format!("{}.{path}", envelope.path) };
        record.guess_plain().into_iter().map(|(key, path)| (key, whole(path))).collect()
    }

    fn guess_plain(&self) -> Vec<(&'static str, String)> {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let mut taken: Vec<String> = Vec::new();
        for (key, names, hints) in field_aliases() {
            // A field that only some lines have is neither the name nor the time.
            let often = |leaf: &FieldStats| {
                leaf.count * 100 >= self.lines * if matches!(key, "event" | "time") { 90 } else { 1 }
            };
            let ranked =
                self.leaves.iter().filter(|(path, leaf)| leaf.fits(key) && often(leaf) && !taken.contains(path));
            let rank = |path: &str| match key {
                "event" if is_id_name(path) => None,
                "event" => rank(path, &names, hints).or_else(|| last_resort(path, &EVENT_NAME_FIELDS)),
                "time" => {
                    let rank = rank(path, &names, hints).or_else(|| last_resort(path, &TIME_FIELDS));
                    rank.map(|rank| if is_loader_stamp(path) { rank + 2 * RANK_MAX } else { rank })
                }
                _ => rank(path, &names, hints),
            };
            let best = ranked.filter_map(|(path, leaf)| Some((rank(path)?, path, leaf)));
            let best = best.min_by(|(rank, path, leaf), (other, b, of_b)| {
                rank.cmp(other).then(of_b.count.cmp(&leaf.count)).then(path.len().cmp(&b.len())).then(path.cmp(b))
            });
            if let Some((_, path, _)) = best {
                taken.push(path.clone());
                found.push((key, path.clone()));
            }
        }
        let has = |key: &str| found.iter().any(|(known, _)| *known == key);
        if !has("event") || !has("time") || !["user", "anonymous", "account"].into_iter().any(has) {
            return Vec::new();
        }
        // The object that holds the most values beside the parts, else the record itself.
        let mut objects: BTreeMap<&str, u64> = BTreeMap::new();
        for (path, leaf) in self.leaves.iter().filter(|(path, _)| !taken.contains(path)) {
            let root = path.split_once('.').map_or(".", |(root, _)| root);
            if !taken.iter().any(|path| path.split_once('.').is_some_and(|(other, _)| other == root)) {
                *objects.entry(root).or_default() += leaf.count;
            }
        }
        let usual = ["properties", "props", "payload", "data", "attributes", "metadata", "params", "event_properties"];
        let named = usual.into_iter().find(|name| objects.contains_key(name));
        if let Some(root) = named.or_else(|| objects.contains_key(".").then_some(".")) {
            found.push(("properties", root.to_owned()));
        }
        found
    }
}

/// Whether a text holds a JSON object.
fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// A rank worse than that of any name or hint.
const RANK_MAX: usize = 1000;

/// The rank of a path that fits only if no better name is there.
fn last_resort(path: &str, words: &[&str]) -> Option<usize> {
    words.iter().position(|word| *word == path).map(|place| RANK_MAX + place)
}

/// A path in lower case, with underscores between its words.
fn folded(path: &str) -> String {
    path.to_lowercase().replace(['-', '.', ' '], "_")
}

/// Whether a loader or receiver writes the stamp at a path.
fn is_loader_stamp(path: &str) -> bool {
    let folded = folded(path);
    LOADER_STAMPS.iter().any(|word| folded.contains(word)) || folded.contains("receivedat")
}

/// Whether a path is called an id, which no name of an event is.
fn is_id_name(path: &str) -> bool {
    let folded = folded(path);
    let last = folded.rsplit('_').next().unwrap_or_default();
    matches!(last, "id" | "uuid" | "key") || path.ends_with("Id") || path.ends_with("ID")
}

/// The rank of a path for the names of a part: 0 is best; none if no name fits.
fn rank(path: &str, names: &[&str], hints: &[&str]) -> Option<usize> {
    let folded = folded(path);
    let last = folded.rsplit('_').next().unwrap_or_default();
    if let Some(place) = names.iter().position(|name| name.to_lowercase() == folded) {
        return Some(place);
    }
    // `actor.id`, `team.id`, `customerName`: a hint in the path.
    let hint = hints.iter().position(|hint| folded.contains(hint))?;
    let is_id = last.ends_with("id") || last.ends_with("key") || last.ends_with("uuid");
    Some(100 + hint * 2 + usize::from(!is_id) + path.matches('.').count() * 10)
}

/// True if a value is an instant: text with a date and time of day, or a number that counts from
/// 1970 to a time after 2000.
fn is_time(value: &str) -> bool {
    let plausible = |at: i64| (978_307_200_000_000..4_102_444_800_000_000).contains(&at);
    parse_instant(value, &Zone::utc()).is_ok_and(plausible)
}
