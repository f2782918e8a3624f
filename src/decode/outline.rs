//! What a record holds beside what a model asks for: every property and trait, the groups it names, when it was taken in.
//!
//! Takes the text of a record that a [`Decoder`](super::Decoder) took, and reads it once more; for commands that want to know what is in a dump.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use super::{
    Seed,
    format::Format,
    json::{Kind, Projection, Raw, Scanner},
    layout::{Layout, Path},
    skim,
};
use crate::model::compiled::Input;

/// How deep objects among properties are looked into; the keys are joined by dots.
const DEPTH_MAX: usize = 3;

/// Seeds hashes that choose samples: the same in every run, so that the same events give the same sample.
const SAMPLE_SEED: u64 = 0x7071_6c5f_6964_7321;

/// A hash that is the same in every run.
pub fn stable_hash(text: &str) -> u64 {
    FixedState::with_seed(SAMPLE_SEED).hash_one(text)
}

/// Where to look in records of one format; shared by all threads.
#[derive(Debug)]
pub struct OutlinePlan {
    projection: Projection,
    layout: Layout,
    properties: Vec<(Path, u32)>,
    user_traits: Vec<(Path, u32)>,
    account_traits: Vec<(Path, u32)>,
    groups: Option<u32>,
    group_type: Vec<u32>,
    taken_in: Vec<u32>,
    id: Vec<u32>,
    /// Paths of parts of a record, which are no properties.
    parts: Vec<Path>,
}

impl OutlinePlan {
    /// Where records of a format keep what a model may ask for.
    pub fn new(format: &Format, input: &Input) -> OutlinePlan {
        let layout = format.layout(input);
        let mut projection = Projection::new();
        // The record itself holds everything, so it counts only where there is no other place.
        let mut roots: Vec<&Path> = layout.properties.iter().filter(|path| !path.is_empty()).collect();
        if roots.is_empty() {
            roots = layout.properties.iter().collect();
        }
        let mut slots = |paths: &[&Path]| -> Vec<(Path, u32)> {
            paths.iter().map(|path| ((*path).clone(), projection.add(path))).collect()
        };
        let properties = slots(&roots);
        let user_traits = slots(&layout.user_traits.iter().collect::<Vec<_>>());
        let account_traits = slots(&layout.account_traits.iter().collect::<Vec<_>>());
        let mut plain = |paths: &[Path]| paths.iter().map(|path| projection.add(path)).collect::<Vec<u32>>();
        let groups = layout.groups.as_ref().map(|path| plain(std::slice::from_ref(path))[0]);
        let group_type = plain(&layout.group_type);
        let taken_in = plain(&layout.taken_in);
        let id = plain(&[layout.id.as_slice(), layout.more_id.as_slice()].concat());
        let lists: [&[Path]; 9] = [
            &layout.event,
            &layout.user,
            &layout.visitor,
            &layout.distinct,
            &layout.identified,
            &layout.time,
            &layout.taken_in,
            &layout.id,
            &layout.kind,
        ];
        let parts = lists.concat();
        OutlinePlan {
            projection,
            properties,
            user_traits,
            account_traits,
            groups,
            group_type,
            taken_in,
            id,
            parts,
            layout,
        }
    }
}

/// Reads outlines of records, one after another.
#[derive(Debug)]
pub struct Outline<'p> {
    plan: &'p OutlinePlan,
    scanner: Scanner<'p>,
}

impl<'p> Outline<'p> {
    /// A reader of outlines.
    pub fn new(plan: &'p OutlinePlan, seed: Seed) -> Outline<'p> {
        Outline { plan, scanner: Scanner::new(&plan.projection, seed) }
    }

    /// Looks at a record; the other functions then tell of it. `text` is as [`Record::text`](super::Record::text) gives it.
    pub fn read(&mut self, text: &str) {
        // It was checked before; if it were no JSON after all, nothing would be found in it.
        let _ = self.scanner.scan(text);
    }

    fn found(&self, slot: u32) -> Raw {
        self.scanner.found.get(slot as usize).copied().unwrap_or_default()
    }

    fn first(&self, slots: &[u32]) -> Raw {
        slots.iter().map(|slot| self.found(*slot)).find(|raw| !raw.is_nothing()).unwrap_or_default()
    }

    /// Every property: its path with dots, and its value.
    pub fn properties(&self, text: &str, mut each: impl FnMut(&str, Raw)) {
        if let Some(prefix) = self.plan.layout.body {
            let top = skim::whole(text).unwrap_or_default();
            for (_, body) in skim::members(text, top).filter(|(key, _)| key.of(text).starts_with(prefix)) {
                walk(text, body, &mut String::new(), 1, &mut each);
            }
            return;
        }
        for (path, slot) in &self.plan.properties {
            let object = self.found(*slot);
            if object.kind == Kind::Array {
                pairs(text, object, &mut each);
                continue;
            }
            for (key, value) in skim::members(text, object) {
                let Some(key) = key.text(text) else { continue };
                let is_part = |part: &Path| {
                    part.len() == path.len() + 1 && part.starts_with(path) && part.last().is_some_and(|l| *l == *key)
                };
                if !self.plan.parts.iter().any(is_part) {
                    visit(text, value, &mut key.into_owned(), 1, &mut each);
                }
            }
        }
    }

    /// Every trait that the record tells of its user: its path with dots, and its value.
    pub fn user_traits(&self, text: &str, mut each: impl FnMut(&str, Raw)) {
        self.traits(text, &self.plan.user_traits, &mut each);
    }

    /// Every trait that the record tells of its account, where they stand in one object.
    pub fn account_traits(&self, text: &str, mut each: impl FnMut(&str, Raw)) {
        self.traits(text, &self.plan.account_traits, &mut each);
    }

    fn traits(&self, text: &str, roots: &[(Path, u32)], each: &mut impl FnMut(&str, Raw)) {
        for (_, slot) in roots {
            match self.found(*slot) {
                list if list.kind == Kind::Array => pairs(text, list, each),
                object => walk(text, object, &mut String::new(), 1, each),
            }
        }
    }

    /// Types of groups that the record names, one of which may be the account; entities of Snowplow are named as `[input] group_type` names them.
    pub fn group_types(&self, text: &str, mut each: impl FnMut(&str)) {
        if let Some(slot) = self.plan.groups {
            for (key, id) in skim::members(text, self.found(slot)) {
                let empty = id.is_nothing() || id.start == id.end || id.of(text) == "[]";
                if let Some(key) = key.text(text).filter(|_| !empty) {
                    each(&key);
                }
            }
        }
        if let Some(of_type) = self.first(&self.plan.group_type).text(text) {
            each(&of_type);
        }
        if self.plan.layout.body.is_some() {
            let top = skim::whole(text).unwrap_or_default();
            for (key, list) in skim::members(text, top) {
                let Some(entity) = key.of(text).strip_prefix("contexts_") else { continue };
                let first = skim::items(text, list).next().unwrap_or_default();
                if matches!(skim::member(text, first, "id").kind, Kind::Text | Kind::Number) {
                    each(entity);
                }
            }
        }
    }

    /// When the vendor took the record in, as it is written.
    pub fn taken_in<'l>(&self, text: &'l str) -> Option<&'l str> {
        let raw = self.first(&self.plan.taken_in);
        matches!(raw.kind, Kind::Text | Kind::Number).then(|| raw.of(text))
    }

    /// A hash of the id that copies of the event share, the same in every run; none if it has none.
    pub fn id_hash(&self, text: &str) -> Option<u64> {
        let mut slots = self.plan.id.iter().map(|slot| self.found(*slot)).filter(|raw| !raw.is_nothing()).peekable();
        slots.peek()?;
        let mut hasher = FixedState::with_seed(SAMPLE_SEED).build_hasher();
        slots.for_each(|raw| {
            hasher.write(raw.of(text).as_bytes());
            hasher.write_u8(0xff);
        });
        Some(hasher.finish())
    }
}

/// Leaves of a record that no decoder took: the path of each with dots, and its value.
pub fn leaves(text: &str, mut each: impl FnMut(&str, Raw)) {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        walk(text, skim::whole(text).unwrap_or_default(), &mut String::new(), 1, &mut each);
    }
}

/// Parameters as pairs of a key and a value with one of several typed members.
fn pairs(text: &str, list: Raw, each: &mut impl FnMut(&str, Raw)) {
    for pair in skim::items(text, list) {
        let Some(key) = skim::member(text, pair, "key").text(text) else { continue };
        let value = skim::member(text, pair, "value");
        let said = skim::members(text, value).map(|(_, value)| value).find(|value| !value.is_nothing());
        each(&key, said.unwrap_or_default());
    }
}

fn walk(text: &str, object: Raw, path: &mut String, depth: usize, each: &mut impl FnMut(&str, Raw)) {
    let length = path.len();
    for (key, value) in skim::members(text, object) {
        let Some(key) = key.text(text) else { continue };
        if length > 0 {
            path.push('.');
        }
        path.push_str(&key);
        visit(text, value, path, depth, each);
        path.truncate(length);
    }
}

/// A value, or what is in it if it is an object that is not too deep.
fn visit(text: &str, value: Raw, path: &mut String, depth: usize, each: &mut impl FnMut(&str, Raw)) {
    let empty = || skim::members(text, value).next().is_none();
    if value.kind == Kind::Object && depth < DEPTH_MAX && !empty() {
        walk(text, value, path, depth + 1, each);
    } else {
        each(path, value);
    }
}
