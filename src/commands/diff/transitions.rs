//! How entities move between the entries of a list: tiers, or routes.

use std::collections::BTreeMap;

use super::{alignment::NameUnion, compare::StandingPair};

/// How entities move between the entries of a list. Suppressed entities count, as they have rows.
#[derive(Debug)]
pub struct ListTransitions {
    /// Entries of the old and the new model, in their order.
    pub names: [Vec<String>; 2],
    /// Entities from an entry of the old to one of the new model, by place; none where a model has no entries or no row. Zeros are left out.
    pub cells: BTreeMap<(Option<u32>, Option<u32>), u64>,
    /// By name, those of the new model first.
    pub turnover: Vec<EntryTurnover>,
}

/// How many came to a tier or route, and how many went.
#[derive(Debug)]
pub struct EntryTurnover {
    /// Its name.
    pub name: String,
    /// Whether the old, the new model has it.
    pub exists_in: [bool; 2],
    /// Entities under the old and the new model.
    pub counts: [u64; 2],
    /// Of them, those who are not suppressed.
    pub active: [u64; 2],
    /// Entities that are in it under the new model only.
    pub entered: u64,
    /// Entities that are in it under the old model only.
    pub left: u64,
}

/// Counts who moves between the entries of a list.
pub(super) struct TransitionCounter {
    names: [Vec<String>; 2],
    union: NameUnion,
    cells: BTreeMap<(Option<u32>, Option<u32>), u64>,
    turnover: Vec<EntryTurnover>,
}

impl TransitionCounter {
    pub(super) fn new(names: [Vec<String>; 2]) -> TransitionCounter {
        let union = NameUnion::new(names[0].iter().map(String::as_str), names[1].iter().map(String::as_str));
        let entry = |(name, origin): (&String, [Option<u32>; 2])| EntryTurnover {
            name: name.clone(),
            exists_in: origin.map(|own| own.is_some()),
            counts: [0; 2],
            active: [0; 2],
            entered: 0,
            left: 0,
        };
        let turnover = union.names.iter().zip(union.origins()).map(entry).collect();
        TransitionCounter { names, union, cells: BTreeMap::new(), turnover }
    }

    /// Adds an entity by its entries; gives whether they are called differently.
    pub(super) fn add(&mut self, own: [Option<u32>; 2], pair: StandingPair<'_>) -> bool {
        *self.cells.entry((own[0], own[1])).or_default() += 1;
        let place = |model: usize| own[model].map(|own| self.union.places[model][own as usize] as usize);
        let places = [place(0), place(1)];
        let is_other = places[0] != places[1];
        for (model, place) in places.into_iter().enumerate() {
            let Some(place) = place else { continue };
            let entry = &mut self.turnover[place];
            entry.counts[model] += 1;
            entry.active[model] += u64::from(pair[model].is_some_and(|standing| standing.suppressed.is_none()));
            let turned = if model == 1 { &mut entry.entered } else { &mut entry.left };
            *turned += u64::from(is_other);
        }
        is_other
    }

    pub(super) fn finish(self) -> ListTransitions {
        ListTransitions { names: self.names, cells: self.cells, turnover: self.turnover }
    }
}
