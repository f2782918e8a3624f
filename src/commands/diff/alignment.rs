//! The same entity under two models, and names that two models may share.

use std::{cmp::Ordering, collections::HashMap};

use pql_engine::record::EntityStanding;
use pql_model::units::Points;

/// Pairs two lists that are sorted by id; each entity comes once, with what it is under either model.
pub(super) fn pairs<'p>(
    old: &'p [EntityStanding],
    new: &'p [EntityStanding],
) -> impl Iterator<Item = [Option<&'p EntityStanding>; 2]> + use<'p> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (old.peek(), new.peek()) {
            (Some(a), Some(b)) => a.id.cmp(&b.id),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        Some([if order.is_le() { old.next() } else { None }, if order.is_ge() { new.next() } else { None }])
    })
}

/// Names of two models as one list: those of the new model in its order, then those that only the old one has.
#[derive(Debug)]
pub(super) struct NameUnion {
    /// Each name once.
    pub(super) names: Vec<String>,
    /// For the names of the old and of the new model, the place in the list.
    pub(super) places: [Vec<u32>; 2],
}

impl NameUnion {
    pub(super) fn new<'n>(old: impl Iterator<Item = &'n str>, new: impl Iterator<Item = &'n str>) -> NameUnion {
        let mut names: Vec<String> = Vec::new();
        let mut known: HashMap<&str, u32> = HashMap::new();
        let new: Vec<u32> = new.map(|name| place_of(name, &mut names, &mut known)).collect();
        let old: Vec<u32> = old.map(|name| place_of(name, &mut names, &mut known)).collect();
        NameUnion { names, places: [old, new] }
    }

    /// The place of each name in the old and the new model.
    pub(super) fn origins(&self) -> Vec<[Option<u32>; 2]> {
        let mut origins = vec![[None; 2]; self.names.len()];
        for (model, places) in self.places.iter().enumerate() {
            for (own, place) in (0..).zip(places) {
                origins[*place as usize][model] = Some(own);
            }
        }
        origins
    }
}

/// The place of a name, which is added to the list if it is new.
fn place_of<'n>(name: &'n str, names: &mut Vec<String>, known: &mut HashMap<&'n str, u32>) -> u32 {
    *known.entry(name).or_insert_with(|| {
        names.push(name.to_owned());
        names.len() as u32 - 1
    })
}

/// What each part gave before and after, where that differs, by its place in the union.
pub(super) fn points_changes(
    pair: [Option<&EntityStanding>; 2],
    parts: &NameUnion,
    into: &mut Vec<(u32, [Points; 2])>,
) {
    into.clear();
    for (model, standing) in pair.into_iter().enumerate() {
        for (part, points) in standing.into_iter().flat_map(|standing| &standing.amounts) {
            let mut both = [Points::ZERO; 2];
            both[model] = *points;
            into.push((parts.places[model][*part as usize], both));
        }
    }
    into.sort_unstable_by_key(|(part, _)| *part);
    into.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 = [earlier.1[0] + later.1[0], earlier.1[1] + later.1[1]];
        }
        same
    });
    into.retain(|(_, [old, new])| old != new);
}
