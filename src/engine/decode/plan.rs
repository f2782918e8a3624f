//! The plan of a decoder: a layout combined with the fields that a model asks for.
//!
//! [`DecodePlan`] maps the parts of a record, the properties and the traits to slots of one
//! projection. [`VendorFixups`] holds what a format needs beyond paths.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{
    format::{SnowplowRowPlan, WantedColumns},
    json::Projection,
    layout::{DedupeContent, FieldPath, RecordKind, RecordLayout},
};
use crate::plan::Model;

/// The plan of a decoder for lines of one layout; made once and shared by the workers.
#[derive(Debug)]
pub struct DecodePlan {
    pub(super) projection: Projection,
    pub(super) event: Vec<u32>,
    pub(super) user: Vec<u32>,
    pub(super) visitor: Vec<u32>,
    pub(super) account: Vec<u32>,
    pub(super) group: Vec<u32>,
    pub(super) time: Vec<u32>,
    /// The time of receipt; empty if the run does not ask for it.
    pub(super) known_from: Vec<u32>,
    pub(super) id: Vec<u32>,
    pub(super) kind: Vec<u32>,
    pub(super) previous: Vec<u32>,
    /// The first slot of properties; the slots of traits follow.
    pub(super) values: usize,
    /// The first user trait, counted from `values`.
    pub(super) user_traits: usize,
    /// The first account trait, counted from `values`.
    pub(super) account_traits: usize,
    /// The slot after the last value.
    pub(super) values_end: usize,
    /// Known event names: the plan of each in the model, and the kind of its lines.
    pub(super) names: HashMap<String, (usize, RecordKind)>,
    /// The columns to read, for formats of columns.
    pub(super) columns: WantedColumns,
    /// The places of all fields in a row, if rows need not become JSON first.
    pub(super) row: Option<SnowplowRowPlan>,
    /// Work beyond paths; none for formats that need none.
    pub(super) extra: Option<Box<VendorFixups>>,
}

/// The needs of a format beyond the first of some paths.
#[derive(Debug)]
pub(super) struct VendorFixups {
    pub(super) kind_first: bool,
    pub(super) distinct: Vec<u32>,
    pub(super) identified: Vec<u32>,
    pub(super) groups: Option<u32>,
    pub(super) group_type: Vec<u32>,
    /// The group type that the model declares to be the account.
    pub(super) account_type: Option<String>,
    pub(super) wall_clock: bool,
    pub(super) more_id: Vec<u32>,
    /// If set, the content of an event is the values that the model reads.
    pub(super) agree_in_values: bool,
    pub(super) group_traits: Option<u32>,
    /// Keys of account traits, if events may carry them.
    pub(super) trait_keys: Vec<FieldPath>,
    pub(super) events_carry_traits: bool,
    pub(super) identify_user: Vec<u32>,
    pub(super) previous_visitor: bool,
    pub(super) merged: [Vec<u32>; 2],
    pub(super) pairs: Vec<PairListPlan>,
    pub(super) embedded: Vec<u32>,
    /// Slots of values, each with the slots to use if it is empty.
    pub(super) fallbacks: Vec<(u32, Vec<u32>)>,
    pub(super) placeholder_ids: &'static [&'static str],
    /// A bit for each length of a placeholder.
    pub(super) placeholder_lengths: u64,
    pub(super) placeholder_values: &'static [&'static str],
}

/// A list of pairs of a key and a value.
#[derive(Debug)]
pub(super) struct PairListPlan {
    /// The slot of the list.
    pub(super) list: u32,
    /// The slots that the value of a key fills.
    pub(super) by_key: HashMap<String, Vec<u32>, RandomState>,
}

/// An object that holds values.
#[derive(Clone, Copy)]
enum ObjectRoot<'l> {
    /// The object at a path.
    At(&'l [String]),
    /// The object at a top-level key with this prefix.
    Prefix(&'l str),
}

/// Collects paths into a projection.
struct DecodePlanBuilder<'l> {
    projection: Projection,
    layout: &'l RecordLayout,
    pairs: Vec<PairListPlan>,
    /// All paths with their slots.
    asked: Vec<(FieldPath, u32)>,
}

impl DecodePlanBuilder<'_> {
    /// The slot of a path. A path into a list of pairs is filled from the list.
    fn slot(&mut self, path: &[String]) -> u32 {
        let slot = self.projection.add(path);
        self.asked.push((path.to_vec(), slot));
        let Some((root, key)) = path.split_first().filter(|(_, key)| !key.is_empty()) else { return slot };
        for (at, list) in self.layout.pairs.iter().enumerate() {
            // The first list holds the properties, so paths may also start with `properties`.
            if list.as_slice() == std::slice::from_ref(root) || (at == 0 && root == "properties") {
                self.pairs[at].by_key.entry(key.join(".")).or_default().push(slot);
            }
        }
        slot
    }

    fn slots(&mut self, paths: &[FieldPath]) -> Vec<u32> {
        paths.iter().map(|path| self.slot(path)).collect()
    }

    /// Adds slots for keys below the first of some roots.
    fn values(&mut self, places: &[ObjectRoot<'_>], keys: &[FieldPath]) {
        for place in places.iter().take(1) {
            for key in keys {
                self.slot_at(*place, key);
            }
        }
    }

    /// Adds slots for the same keys below the other roots, to use where the first root has no
    /// value.
    fn fallbacks(&mut self, first: usize, places: &[ObjectRoot<'_>], keys: &[FieldPath]) -> Vec<(u32, Vec<u32>)> {
        let others = places.get(1..).unwrap_or_default();
        let mut all = Vec::new();
        for (at, key) in keys.iter().enumerate().filter(|_| !others.is_empty()) {
            let slots = others.iter().map(|place| self.slot_at(*place, key)).collect();
            all.push(((first + at) as u32, slots));
        }
        all
    }

    fn slot_at(&mut self, place: ObjectRoot<'_>, key: &[String]) -> u32 {
        match place {
            ObjectRoot::At(root) => self.slot(&below(root, key)),
            ObjectRoot::Prefix(beginning) => self.projection.add_prefixed(beginning, key),
        }
    }
}

fn below(root: &[String], path: &[String]) -> FieldPath {
    root.iter().chain(path).cloned().collect()
}

impl DecodePlan {
    /// Combines a layout with the fields that a model asks for.
    pub(crate) fn new(layout: &RecordLayout, model: &Model) -> DecodePlan {
        let mut ask = DecodePlanBuilder { projection: Projection::new(), layout, pairs: Vec::new(), asked: Vec::new() };
        for list in &layout.pairs {
            let list = ask.projection.add(list);
            ask.pairs.push(PairListPlan { list, by_key: HashMap::default() });
        }
        let (event, user, visitor) = (ask.slots(&layout.event), ask.slots(&layout.user), ask.slots(&layout.visitor));
        let (account, group, time) = (ask.slots(&layout.account), ask.slots(&layout.group), ask.slots(&layout.time));
        let (id, kind, previous) = (ask.slots(&layout.id), ask.slots(&layout.kind), ask.slots(&layout.previous));
        let known_from = ask.slots(&layout.known_from);
        let (properties, keys) = (&model.aggregation.properties, &model.aggregation.traits);
        let values = ask.projection.slots();
        let bodies = bodies(layout, properties);
        let of_properties = property_roots(layout, &bodies);
        let [of_users, of_accounts] = [&layout.user_traits, &layout.account_traits]
            .map(|roots| roots.iter().map(|root| ObjectRoot::At(root)).collect::<Vec<ObjectRoot<'_>>>());
        ask.values(&of_properties, properties);
        ask.values(&of_users, keys);
        let user_traits = properties.len();
        // If user and account traits share a root, they share their slots.
        let apart = layout.user_traits != layout.account_traits;
        let account_traits = if apart { user_traits + keys.len() } else { user_traits };
        if apart {
            ask.values(&of_accounts, keys);
        }
        match (&layout.dedupe_content, layout.body) {
            _ if !model.resolved.input.dedupe => {}
            (DedupeContent::Path(path), _) => ask.projection.hash_at(path),
            (DedupeContent::Body, Some(beginning)) => {
                ask.projection.hash_prefixed(beginning);
                bodies.iter().for_each(|body| ask.projection.hash_at(std::slice::from_ref(body)));
            }
            _ => {}
        }
        let mut fallbacks = ask.fallbacks(values, &of_properties, properties);
        fallbacks.extend(ask.fallbacks(values + user_traits, &of_users, keys));
        let extra = VendorFixups::new(layout, model, &mut ask, fallbacks);
        let names = name_meanings(layout, model);
        let columns =
            WantedColumns::new(|name| ask.asked.iter().any(|(path, _)| path.first().is_some_and(|top| *top == *name)));
        let in_body = layout.is_row && layout.body.is_some();
        let row = in_body.then(|| SnowplowRowPlan::new(&ask.asked, properties, model.resolved.input.dedupe));
        let needed = !layout.only_paths || !extra.fallbacks.is_empty();
        let (projection, extra) = (ask.projection, needed.then(|| Box::new(extra)));
        DecodePlan {
            projection,
            event,
            user,
            visitor,
            account,
            group,
            time,
            known_from,
            id,
            kind,
            previous,
            values,
            user_traits,
            account_traits,
            values_end: values + account_traits + keys.len(),
            names,
            columns,
            row,
            extra,
        }
    }
}

/// Top-level keys that hold the properties of one kind of event and that the model asks for by
/// their full name.
fn bodies(layout: &RecordLayout, properties: &[FieldPath]) -> Vec<String> {
    let Some(beginning) = layout.body else { return Vec::new() };
    let parts =
        [&layout.event, &layout.user, &layout.visitor, &layout.account, &layout.group, &layout.time, &layout.id];
    let tops = parts.into_iter().flatten().chain(&layout.user_traits).chain(&layout.account_traits).chain(properties);
    let mut keys: Vec<String> =
        tops.filter_map(|path| path.first()).filter(|top| top.starts_with(beginning)).cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The roots of properties, those with precedence first.
fn property_roots<'l>(layout: &'l RecordLayout, bodies: &'l [String]) -> Vec<ObjectRoot<'l>> {
    let begun = layout.body.map(ObjectRoot::Prefix);
    let bodies = bodies.iter().map(|body| ObjectRoot::At(std::slice::from_ref(body)));
    begun.into_iter().chain(bodies).chain(layout.properties.iter().map(|root| ObjectRoot::At(root))).collect()
}

/// The meaning of event names to the model and to the format.
fn name_meanings(layout: &RecordLayout, model: &Model) -> HashMap<String, (usize, RecordKind)> {
    let asked =
        model.aggregation.names.iter().enumerate().map(|(at, name)| (name.clone(), (at + 1, RecordKind::Event)));
    let mut names: HashMap<String, (usize, RecordKind)> = asked.collect();
    let noise =
        layout.noise.iter().filter(|_| model.resolved.input.ignore_noise).map(|name| (*name, RecordKind::Noise));
    for (name, what) in noise.chain(layout.names.iter().copied()) {
        names.entry(name.to_owned()).or_default().1 = what;
    }
    names
}

impl VendorFixups {
    /// True for a placeholder id of the vendor, in any case.
    pub(super) fn is_vendor_placeholder(&self, id: &str) -> bool {
        id.len() < 64
            && self.placeholder_lengths >> id.len() & 1 == 1
            && self.placeholder_ids.iter().any(|word| id.eq_ignore_ascii_case(word))
    }

    fn new(
        layout: &RecordLayout,
        model: &Model,
        ask: &mut DecodePlanBuilder<'_>,
        fallbacks: Vec<(u32, Vec<u32>)>,
    ) -> VendorFixups {
        VendorFixups {
            kind_first: layout.kind_first,
            distinct: ask.slots(&layout.distinct),
            identified: ask.slots(&layout.identified),
            groups: layout.groups.as_ref().map(|path| ask.slot(path)),
            group_type: ask.slots(&layout.group_type),
            account_type: model.resolved.input.group_type.clone(),
            wall_clock: layout.wall_clock && !model.resolved.input.zone.is_utc(),
            more_id: ask.slots(&layout.more_id),
            agree_in_values: !matches!(layout.dedupe_content, DedupeContent::Path(_)),
            group_traits: layout.group_traits.as_ref().map(|path| ask.slot(path)),
            trait_keys: if model.levels.account.traits.is_empty() {
                Vec::new()
            } else {
                model.aggregation.traits.clone()
            },
            events_carry_traits: layout.events_carry_traits && !model.aggregation.traits.is_empty(),
            identify_user: ask.slots(&layout.identify_user),
            previous_visitor: layout.previous_visitor,
            merged: [ask.slots(&layout.merged[0]), ask.slots(&layout.merged[1])],
            embedded: ask.slots(&layout.embedded),
            pairs: std::mem::take(&mut ask.pairs).into_iter().filter(|list| !list.by_key.is_empty()).collect(),
            fallbacks,
            placeholder_ids: layout.placeholder_ids,
            placeholder_lengths: layout.placeholder_ids.iter().fold(0, |bits, word| bits | 1 << word.len()),
            placeholder_values: layout.placeholder_values,
        }
    }
}
