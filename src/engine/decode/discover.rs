//! Finds all fields of a record, not only those that the model asks for.
//!
//! `inspect` and `init` read each record a second time with [`FieldDiscovery`]. It takes the text
//! of a record that a [`LineDecoder`](super::LineDecoder) accepted, and gives every property, every
//! trait, the group types and the time of receipt.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use super::{
    HashSeed,
    format::EventFormat,
    id_of_json,
    json::walk,
    json::{JsonKind, JsonScanner, JsonSpan, Projection},
    layout::{FieldPath, RecordLayout},
};
use pql_model::resolved::InputSettings;

/// The deepest level of objects among properties; their keys are joined by dots.
const PROPERTY_DEPTH_MAX: usize = 3;

/// The seed of hashes that choose samples. It is constant, so that equal events give equal samples.
const SAMPLE_SEED: u64 = 0x7071_6c5f_6964_7321;

/// A hash that is the same in every run.
pub fn stable_hash(text: &str) -> u64 {
    FixedState::with_seed(SAMPLE_SEED).hash_one(text)
}

/// The places of fields in the records of one format; shared by all threads.
#[derive(Debug)]
pub struct DiscoveryPlan {
    projection: Projection,
    layout: RecordLayout,
    properties: Vec<(FieldPath, u32)>,
    user_traits: Vec<(FieldPath, u32)>,
    account_traits: Vec<(FieldPath, u32)>,
    groups: Option<u32>,
    group_type: Vec<u32>,
    received_at: Vec<u32>,
    id: Vec<u32>,
    /// Paths of parts of a record, which are not properties.
    parts: Vec<FieldPath>,
    /// For each of several roots, what below it is no property of its own: parts, and other roots. Joined by dots.
    inner: Vec<Vec<String>>,
}

impl DiscoveryPlan {
    /// A plan for records of a format.
    pub(crate) fn new(format: &EventFormat, input: &InputSettings) -> DiscoveryPlan {
        let layout = format.layout(input);
        let mut projection = Projection::new();
        // The record itself contains everything, so it is a root only if the layout names no other, or if the model says so.
        let mut roots: Vec<&FieldPath> = layout.properties.iter().filter(|path| !path.is_empty()).collect();
        let [.., said] = input.paths_for_format(format.name);
        if roots.is_empty() || said.len() > 1 {
            roots = layout.properties.iter().collect();
        }
        let mut slots = |paths: &[&FieldPath]| -> Vec<(FieldPath, u32)> {
            paths.iter().map(|path| ((*path).clone(), projection.add(path))).collect()
        };
        let properties = slots(&roots);
        let user_traits = slots(&layout.user_traits.iter().collect::<Vec<_>>());
        let account_traits = slots(&layout.account_traits.iter().collect::<Vec<_>>());
        let mut plain = |paths: &[FieldPath]| paths.iter().map(|path| projection.add(path)).collect::<Vec<u32>>();
        let groups = layout.groups.as_ref().map(|path| plain(std::slice::from_ref(path))[0]);
        let group_type = plain(&layout.group_type);
        let taken_in = plain(&layout.received_at);
        let id = plain(&[layout.id.as_slice(), layout.more_id.as_slice()].concat());
        let lists: [&[FieldPath]; 9] = [
            &layout.event,
            &layout.user,
            &layout.visitor,
            &layout.distinct,
            &layout.identified,
            &layout.time,
            &layout.received_at,
            &layout.id,
            &layout.kind,
        ];
        let parts = lists.concat();
        let inner = inner_paths(&roots, &[parts.as_slice(), &layout.account].concat());
        DiscoveryPlan {
            projection,
            properties,
            user_traits,
            account_traits,
            groups,
            group_type,
            received_at: taken_in,
            id,
            parts,
            inner,
            layout,
        }
    }
}

/// For each root, the parts and other roots that lie below it; nothing for a single root.
fn inner_paths(roots: &[&FieldPath], parts: &[FieldPath]) -> Vec<Vec<String>> {
    let others = |root: &FieldPath| -> Vec<String> {
        let all = parts.iter().chain(roots.iter().copied()).filter(|path| path.len() > root.len());
        all.filter_map(|path| path.strip_prefix(root.as_slice())).map(|rest| rest.join(".")).collect()
    };
    roots.iter().map(|root| if roots.len() > 1 { others(root) } else { Vec::new() }).collect()
}

/// Whether a path is another one, or lies below it.
fn is_at_or_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Finds the fields of records, one record after another.
#[derive(Debug)]
pub struct FieldDiscovery<'p> {
    plan: &'p DiscoveryPlan,
    scanner: JsonScanner<'p>,
}

impl<'p> FieldDiscovery<'p> {
    /// A finder with a plan.
    pub(crate) fn new(plan: &'p DiscoveryPlan, seed: HashSeed) -> FieldDiscovery<'p> {
        FieldDiscovery { plan, scanner: JsonScanner::new(&plan.projection, seed) }
    }

    /// Scans a record; the other functions then report on it. `text` comes from
    /// [`Record::text`](super::Record::text).
    pub(crate) fn read(&mut self, text: &str) {
        // The decoder has checked the text. If it were not JSON after all, no fields would be
        // found.
        let _ = self.scanner.scan(text);
    }

    fn found(&self, slot: u32) -> JsonSpan {
        *self.scanner.found.get(slot as usize).expect("a slot of the plan that the scanner was made for")
    }

    fn first(&self, slots: &[u32]) -> JsonSpan {
        slots.iter().map(|slot| self.found(*slot)).find(|raw| !raw.is_null_or_missing()).unwrap_or_default()
    }

    /// Calls `each` with the dotted path and the value of every property.
    pub(crate) fn for_each_property(&self, text: &str, mut each: impl FnMut(&str, JsonSpan)) {
        if let Some(prefix) = self.plan.layout.body {
            let top = walk::first_value(text).unwrap_or_default();
            for (_, body) in walk::members(text, top).filter(|(key, _)| key.slice(text).starts_with(prefix)) {
                walk(text, body, &mut String::new(), 1, &mut each);
            }
            return;
        }
        for ((path, slot), inner) in self.plan.properties.iter().zip(&self.plan.inner) {
            let is_inner = |path: &str| inner.iter().any(|one| is_at_or_below(path, one));
            let mut each = |path: &str, value: JsonSpan| {
                if !is_inner(path) {
                    each(path, value)
                }
            };
            let object = self.found(*slot);
            if object.kind == JsonKind::Array {
                pairs(text, object, &mut each);
                continue;
            }
            for (key, value) in walk::members(text, object) {
                let Some(key) = key.text(text) else { continue };
                let is_part = |part: &FieldPath| {
                    part.len() == path.len() + 1 && part.starts_with(path) && part.last().is_some_and(|l| *l == *key)
                };
                if !self.plan.parts.iter().any(is_part) {
                    visit(text, value, &mut key.into_owned(), 1, &mut each);
                }
            }
        }
    }

    /// Calls `each` with the dotted path and the value of every user trait.
    pub(crate) fn for_each_user_trait(&self, text: &str, mut each: impl FnMut(&str, JsonSpan)) {
        self.traits(text, &self.plan.user_traits, &mut each);
    }

    /// Calls `each` with every account trait, for formats that keep them in one object.
    pub(crate) fn for_each_account_trait(&self, text: &str, mut each: impl FnMut(&str, JsonSpan)) {
        self.traits(text, &self.plan.account_traits, &mut each);
    }

    fn traits(&self, text: &str, roots: &[(FieldPath, u32)], each: &mut impl FnMut(&str, JsonSpan)) {
        for (_, slot) in roots {
            match self.found(*slot) {
                list if list.kind == JsonKind::Array => pairs(text, list, each),
                object => walk(text, object, &mut String::new(), 1, each),
            }
        }
    }

    /// Calls `each` with every group type of the record. One of them may be the account. Entities
    /// of Snowplow are named as `[input] group_type` names them.
    pub(crate) fn for_each_group_type(&self, text: &str, mut each: impl FnMut(&str)) {
        if let Some(slot) = self.plan.groups {
            for (key, id) in walk::members(text, self.found(slot)) {
                let empty = id.is_null_or_missing() || id.start == id.end || id.slice(text) == "[]";
                if let Some(key) = key.text(text).filter(|_| !empty) {
                    each(&key);
                }
            }
        }
        if let Some(of_type) = self.first(&self.plan.group_type).text(text) {
            each(&of_type);
        }
        if self.plan.layout.body.is_some() {
            let top = walk::first_value(text).unwrap_or_default();
            for (key, list) in walk::members(text, top) {
                let Some(entity) = key.slice(text).strip_prefix("contexts_") else { continue };
                let first = walk::items(text, list).next().unwrap_or_default();
                if matches!(walk::member(text, first, "id").kind, JsonKind::Text | JsonKind::Number) {
                    each(entity);
                }
            }
        }
    }

    /// The time at which the vendor received the record, as written.
    pub(crate) fn received_at<'l>(&self, text: &'l str) -> Option<&'l str> {
        let raw = self.first(&self.plan.received_at);
        matches!(raw.kind, JsonKind::Text | JsonKind::Number).then(|| raw.slice(text))
    }

    /// A hash of the event's id that is the same in every run; none without an id.
    pub(crate) fn id_hash(&self, text: &str) -> Option<u64> {
        let mut slots =
            self.plan.id.iter().map(|slot| self.found(*slot)).filter(|raw| !raw.is_null_or_missing()).peekable();
        slots.peek()?;
        let mut hasher = FixedState::with_seed(SAMPLE_SEED).build_hasher();
        slots.for_each(|raw| {
            let id = id_of_json(text, raw);
            hasher.write(id.as_deref().unwrap_or(raw.slice(text)).as_bytes());
            hasher.write_u8(0xff);
        });
        Some(hasher.finish())
    }
}

/// Calls `each` with the dotted path and the value of every leaf of a record of unknown format.
pub fn for_each_leaf(text: &str, mut each: impl FnMut(&str, JsonSpan)) {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        walk(text, walk::first_value(text).unwrap_or_default(), &mut String::new(), 1, &mut each);
    }
}

/// Calls `each` with parameters written as pairs of a key and a value with one of several typed
/// members.
fn pairs(text: &str, list: JsonSpan, each: &mut impl FnMut(&str, JsonSpan)) {
    for pair in walk::items(text, list) {
        let Some(key) = walk::member(text, pair, "key").text(text) else { continue };
        let value = walk::member(text, pair, "value");
        let said = walk::members(text, value).map(|(_, value)| value).find(|value| !value.is_null_or_missing());
        each(&key, said.unwrap_or_default());
    }
}

fn walk(text: &str, object: JsonSpan, path: &mut String, depth: usize, each: &mut impl FnMut(&str, JsonSpan)) {
    let length = path.len();
    for (key, value) in walk::members(text, object) {
        let Some(key) = key.text(text) else { continue };
        if length > 0 {
            path.push('.');
        }
        path.push_str(&key);
        visit(text, value, path, depth, each);
        path.truncate(length);
    }
}

/// Calls `each` with a value, or with the leaves of an object that is not too deep.
fn visit(text: &str, value: JsonSpan, path: &mut String, depth: usize, each: &mut impl FnMut(&str, JsonSpan)) {
    let empty = || walk::members(text, value).next().is_none();
    if value.kind == JsonKind::Object && depth < PROPERTY_DEPTH_MAX && !empty() {
        walk(text, value, path, depth + 1, each);
    } else {
        each(path, value);
    }
}
