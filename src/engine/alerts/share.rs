//! Who of a pool gets an alert: whoever had the entity before, else the one with the fewest alerts for the weight.

use std::collections::BTreeMap;

use crate::score::member_wait;
use pql_model::{
    resolved::{PoolMember, RepresentativePool},
    units::Day,
};

/// Dates whose alerts count for fairness, the date of the run included.
const FAIR_DAYS: Day = 30;

/// Alerts by date and member.
pub(super) type AssignedAlerts = BTreeMap<Day, BTreeMap<String, u64>>;

/// What members have, in this run and in the days before it.
#[derive(Debug)]
pub(super) struct PoolLoads {
    day: Day,
    assigned: AssignedAlerts,
}

/// The part of one alert.
#[derive(Debug, Default)]
pub(super) struct AlertLoads {
    of_run: BTreeMap<String, u32>,
}

impl AlertLoads {
    fn of_member(&self, name: &str) -> u32 {
        self.of_run.get(name).copied().unwrap_or(0)
    }
}

impl PoolLoads {
    /// Those of the record, without dates that no longer count.
    pub(super) fn new(day: Day, recorded: Option<&AssignedAlerts>) -> PoolLoads {
        let recent = recorded.into_iter().flatten().filter(|(date, _)| **date > day - FAIR_DAYS && **date <= day);
        PoolLoads { day, assigned: recent.map(|(date, members)| (*date, members.clone())).collect() }
    }

    /// Those that the record of this run keeps.
    pub(super) fn into_assigned(self) -> AssignedAlerts {
        self.assigned
    }

    fn of_member(&self, name: &str) -> u64 {
        self.assigned.values().filter_map(|members| members.get(name)).sum()
    }

    /// Counts an alert for a member.
    pub(super) fn count(&mut self, loads: &mut AlertLoads, name: &str) {
        *self.assigned.entry(self.day).or_default().entry(name.to_owned()).or_default() += 1;
        *loads.of_run.entry(name.to_owned()).or_default() += 1;
    }

    /// The member who gets an entity; none if everybody who may have it has as many as the limit allows.
    pub(super) fn choose<'p>(
        &self,
        pool: &'p RepresentativePool,
        loads: &AlertLoads,
        limit_each: Option<u32>,
        (assignee, account): (Option<&str>, &str),
    ) -> Option<&'p str> {
        let has_room = |member: &PoolMember| limit_each.is_none_or(|limit| loads.of_member(&member.name) < limit);
        if let Some(member) = pool.present().find(|member| Some(member.name.as_str()) == assignee) {
            return has_room(member).then_some(member.name.as_str());
        }
        let load = |member: &PoolMember| self.of_member(&member.name) as f64 / member.weight;
        let by_hash = |member: &PoolMember| member_wait(member, account);
        let fewest = pool
            .present()
            .filter(|member| has_room(member))
            .min_by(|a, b| load(a).total_cmp(&load(b)).then_with(|| by_hash(a).total_cmp(&by_hash(b))));
        fewest.map(|member| member.name.as_str())
    }
}
