//! The records of several ids as that of one entity.

use std::borrow::Cow;

use super::{AlertStanding, EntityStanding, KeptEntity, LevelRecord};

impl LevelRecord {
    /// The records of an entity together: the highest tier with its date, the score of the smallest id, the earliest date of being qualified, the latest of
    /// each alert. `places` are those of its ids in the snapshot, the smallest id first.
    pub(crate) fn previous(&self, places: &[u32]) -> Option<(Cow<'_, EntityStanding>, Cow<'_, KeptEntity>)> {
        let standings = &self.snapshot.standings;
        let (first, others) = places.split_first()?;
        let smallest = &standings[*first as usize];
        if others.is_empty() {
            return Some(self.listed(*first));
        }
        let all = places.iter().map(|place| *place as usize);
        let highest = all.clone().min_by_key(|place| standings[*place].tier.unwrap_or(u32::MAX))?;
        let EntityStanding { tier, route, suppressed, .. } = standings[highest];
        let all = all.map(|place| &self.kept[place]);
        let kept = KeptEntity {
            first_qualified: all.clone().filter_map(|kept| kept.first_qualified).min(),
            assignee: all.clone().find_map(|kept| kept.assignee.clone()),
            alerts: (0..self.alerts.len() as u32).filter_map(|place| joined_alert(place, all.clone())).collect(),
            ..self.kept[highest].clone()
        };
        Some((Cow::Owned(EntityStanding { tier, route, suppressed, ..smallest.clone() }), Cow::Owned(kept)))
    }

    /// The record of one id, by its place in the snapshot.
    pub(crate) fn listed(&self, place: u32) -> (Cow<'_, EntityStanding>, Cow<'_, KeptEntity>) {
        let place = place as usize;
        (Cow::Borrowed(&self.snapshot.standings[place]), Cow::Borrowed(&self.kept[place]))
    }
}

/// One alert of several records together.
fn joined_alert<'r>(place: u32, all: impl Iterator<Item = &'r KeptEntity>) -> Option<(u32, AlertStanding)> {
    let joined = all.map(|kept| kept.alert(place)).reduce(|a, b| AlertStanding {
        held: a.held || b.held,
        waits_since: a.waits_since.into_iter().chain(b.waits_since).min(),
        fired: a.fired.max(b.fired),
        fired_now: a.fired_now.into_iter().chain(b.fired_now).min(),
    })?;
    (joined != AlertStanding::default()).then_some((place, joined))
}
