//! Deals by where they came from.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{
    triggers::TriggerList,
    units::{BacktestUnit, Observations, UnitOutcome},
};
use crate::statistics::{mean, median};
use pql_model::{
    resolved::OutcomeWord,
    units::{DAY_US, Micros},
};

/// A deal is sourced by a trigger at most so many days before it.
const SOURCE_DAYS: i64 = 90;

/// Deals of one origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DealsOfOrigin {
    /// `pql`, `qualified_before`, `self_serve` or `other`.
    pub origin: &'static str,
    /// The number of deals.
    pub deals: u64,
    /// The sum of their amounts. **Units**: as in the file. None if no deal has one.
    pub amount: Option<f64>,
    /// The mean of their amounts.
    pub mean_amount: Option<f64>,
    /// The median days from the opportunity to the win, of those with an opportunity.
    pub median_cycle_days: Option<f64>,
}

/// Deals since the first date.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DealReport {
    /// By origin.
    pub origins: Vec<DealsOfOrigin>,
    /// The currencies of amounts. If there are several, nothing is added and all amounts are none.
    pub currencies: Vec<String>,
    /// The amount of expansions; none in several currencies.
    pub expansion_amount: Option<f64>,
    /// Expansion / (won + expansion), by amounts; none without amounts.
    pub expansion_share: Option<f64>,
}

/// A deal that was won.
struct WonDeal {
    origin: &'static str,
    amount: Option<i64>,
    cycle: Option<f64>,
}

/// When clusters became leads.
struct LeadTimes {
    triggers: HashMap<u32, Micros>,
    stock: HashSet<u32>,
}

/// Sorts the deals of all units by origin. A row that several units share counts once, with the first of them.
pub(super) fn count_deals(seen: &Observations, list: &TriggerList<'_>, currencies: &[String]) -> DealReport {
    let from = seen.dates.first().map_or(Micros::MIN, |date| date.instant);
    let leads = LeadTimes {
        triggers: list.triggers.iter().map(|trigger| (trigger.unit.cluster, trigger.date.instant)).collect(),
        stock: list.stock.iter().map(|unit| unit.cluster).collect(),
    };
    let mut counted: HashSet<u32> = HashSet::new();
    let mut deals = Vec::new();
    let mut expansion: i64 = 0;
    let mut units: Vec<&BacktestUnit> = seen.units.iter().collect();
    units.sort_by(|a, b| a.id.cmp(&b.id));
    for unit in units {
        for one in unit.outcomes.iter().filter(|one| one.begins >= from) {
            let is_deal = matches!(one.word, OutcomeWord::Won | OutcomeWord::SelfServe);
            if one.word == OutcomeWord::Expansion && counted.insert(one.row) {
                expansion = expansion.saturating_add(one.amount.unwrap_or(0));
            } else if is_deal && counted.insert(one.row) {
                deals.push(leads.deal(unit, one));
            }
        }
    }
    let won: i64 = deals.iter().filter_map(|deal| deal.amount).fold(0, i64::saturating_add);
    let whole = won.saturating_add(expansion);
    DealReport {
        origins: ["pql", "qualified_before", "self_serve", "other"].map(|origin| sum_origin(&deals, origin)).into(),
        expansion_amount: (currencies.len() < 2).then_some(expansion as f64 / 1e6),
        currencies: currencies.to_vec(),
        expansion_share: (whole > 0).then(|| expansion as f64 / whole as f64),
    }
}

impl LeadTimes {
    /// A deal of a unit with its origin.
    fn deal(&self, unit: &BacktestUnit, won: &UnitOutcome) -> WonDeal {
        let opportunity = unit.opportunity_of(won);
        let began = opportunity.unwrap_or(won.begins);
        let is_source = |at: &Micros| *at <= began && began - at <= SOURCE_DAYS * DAY_US;
        let origin = if won.word == OutcomeWord::SelfServe {
            "self_serve"
        } else if self.triggers.get(&unit.cluster).is_some_and(is_source) {
            "pql"
        } else if self.stock.contains(&unit.cluster) {
            "qualified_before"
        } else {
            "other"
        };
        let cycle = opportunity.map(|began| (won.begins - began) as f64 / DAY_US as f64);
        WonDeal { origin, amount: won.amount, cycle }
    }
}

fn sum_origin(deals: &[WonDeal], origin: &'static str) -> DealsOfOrigin {
    let of_origin: Vec<&WonDeal> = deals.iter().filter(|deal| deal.origin == origin).collect();
    let amounts: Vec<f64> = of_origin.iter().filter_map(|deal| deal.amount).map(|amount| amount as f64 / 1e6).collect();
    let cycles: Vec<f64> = of_origin.iter().filter_map(|deal| deal.cycle).collect();
    let sum: i64 = of_origin.iter().filter_map(|deal| deal.amount).fold(0, i64::saturating_add);
    DealsOfOrigin {
        origin,
        deals: of_origin.len() as u64,
        amount: (!amounts.is_empty()).then_some(sum as f64 / 1e6),
        mean_amount: mean(&amounts),
        median_cycle_days: median(&cycles),
    }
}
