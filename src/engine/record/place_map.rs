//! The tiers, routes and suppressions of one snapshot in another one, by name.

use super::{EntityStanding, LevelSnapshot};

/// For each tier, route and suppression of an earlier snapshot, its place in a later one.
#[derive(Debug)]
pub struct PlaceMap {
    tiers: Vec<Option<u32>>,
    routes: Vec<Option<u32>>,
    suppressions: Vec<Option<u32>>,
}

impl PlaceMap {
    /// Matches names. A tier that qualifies in one snapshot only is another one.
    pub fn new(before: &LevelSnapshot, now: &LevelSnapshot) -> PlaceMap {
        let place = |found: Option<usize>| found.map(|place| place as u32);
        let tiers = before.tiers.iter().map(|tier| place(now.tiers.iter().position(|other| other == tier)));
        let routes =
            before.routes.iter().map(|route| place(now.routes.iter().position(|other| other.name == route.name)));
        let suppressions =
            before.suppressions.iter().map(|name| place(now.suppressions.iter().position(|other| other == name)));
        PlaceMap { tiers: tiers.collect(), routes: routes.collect(), suppressions: suppressions.collect() }
    }

    /// Whether tier, route and suppression are the same.
    pub fn is_same(&self, before: &EntityStanding, now: &EntityStanding) -> bool {
        self.has_same_route(before, now) && is_mapped(&self.suppressions, before.suppressed, now.suppressed)
    }

    /// Whether tier and route are the same.
    pub fn has_same_route(&self, before: &EntityStanding, now: &EntityStanding) -> bool {
        is_mapped(&self.tiers, before.tier, now.tier) && is_mapped(&self.routes, before.route, now.route)
    }
}

fn is_mapped(map: &[Option<u32>], before: Option<u32>, now: Option<u32>) -> bool {
    match before {
        None => now.is_none(),
        Some(place) => map[place as usize].is_some() && map[place as usize] == now,
    }
}
