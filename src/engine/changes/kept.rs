//! What is kept of an entity from run to run.

use crate::record::{AlertStanding, EntityStanding, KeptEntity, LevelSnapshot};
use pql_model::units::Day;

/// What is kept of an entity that was never in the lists.
pub(super) fn fresh_kept(level: &LevelSnapshot, standing: &EntityStanding, day: Day) -> KeptEntity {
    let qualified = level.tier(standing).is_some_and(|tier| tier.qualified);
    KeptEntity { tier_since: day, first_qualified: qualified.then_some(day), assignee: None, alerts: Box::default() }
}

impl KeptEntity {
    /// What is kept after a run on a date.
    pub(super) fn at(
        &self,
        record: &LevelSnapshot,
        before: &EntityStanding,
        (level, now): (&LevelSnapshot, &EntityStanding),
        day: Day,
    ) -> KeptEntity {
        let fresh = fresh_kept(level, now, day);
        let name =
            |level: &LevelSnapshot, standing: &EntityStanding| level.tier(standing).map(|tier| tier.name.clone());
        let same = name(record, before) == name(level, now);
        KeptEntity {
            tier_since: if same { self.tier_since } else { day },
            first_qualified: self.first_qualified.or(fresh.first_qualified),
            ..self.clone()
        }
    }

    /// What is kept of an entity that is gone: nothing waits for it.
    pub(super) fn without_waiting(&self) -> KeptEntity {
        let alerts = self.alerts.iter().map(|(place, alert)| {
            (*place, AlertStanding { held: false, waits_since: None, fired_now: None, ..*alert })
        });
        KeptEntity { alerts: alerts.collect(), ..self.clone() }
    }
}
