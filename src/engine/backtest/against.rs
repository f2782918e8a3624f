//! Two models on the same rows.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    ranking::{JudgedRows, draws_over, interval_of},
    units::{Observations, UnitRow},
};
use pql_model::units::Day;

/// How two models order the rows that both have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelComparison {
    /// Rows that both models have and that can be judged.
    pub rows: u64,
    /// Rows that only one of them has, or can judge.
    pub left_out: u64,
    /// The mean over the dates of the area under the curve, of this model.
    pub auc: Option<f64>,
    /// The same of the other model.
    pub other_auc: Option<f64>,
    /// The area of this model less that of the other one.
    pub difference: Option<f64>,
    /// Its 95 % interval, over accounts.
    pub difference_interval: Option<[f64; 2]>,
}

/// A row by what both models know of it: the local date, and the id.
type RowKey<'o> = (Day, &'o str);

/// Compares two models.
pub(super) fn compare(ours: &Observations, theirs: &Observations) -> ModelComparison {
    let [of_ours, of_theirs] = [ours, theirs].map(judged_keys);
    let is_shared = |key: RowKey<'_>| of_ours.get(&key).is_some_and(|positive| of_theirs.get(&key) == Some(positive));
    let rows = of_ours.keys().filter(|key| is_shared(**key)).count();
    let keeps = |seen: &Observations, row: &UnitRow| is_shared(key_of(seen, row));
    let our_rows = JudgedRows::of(ours, |row| keeps(ours, row));
    let mut their_rows = JudgedRows::of(theirs, |row| keeps(theirs, row));
    their_rows.renumber(&cluster_numbers(ours, theirs));
    let (auc, other_auc) = (our_rows.auc(&|_| 1).0, their_rows.auc(&|_| 1).0);
    let draws = draws_over(ours.clusters, |weights| {
        let weight = |cluster: u32| weights[cluster as usize];
        our_rows.auc(&weight).0.zip(their_rows.auc(&weight).0).map(|(ours, theirs)| ours - theirs)
    });
    ModelComparison {
        rows: rows as u64,
        left_out: (of_ours.len() + of_theirs.len() - 2 * rows) as u64,
        auc,
        other_auc,
        difference: auc.zip(other_auc).map(|(ours, theirs)| ours - theirs),
        difference_interval: interval_of(&draws, |draw| *draw),
    }
}

fn key_of<'o>(seen: &'o Observations, row: &UnitRow) -> RowKey<'o> {
    (seen.dates[row.date as usize].day, &seen.unit(row).id)
}

fn judged_keys(seen: &Observations) -> HashMap<RowKey<'_>, bool> {
    seen.rows.iter().filter_map(|row| Some((key_of(seen, row), row.judged()?))).collect()
}

/// For each cluster of the other model the number of the same cluster here. Rows are compared only if both have the unit.
fn cluster_numbers(ours: &Observations, theirs: &Observations) -> Vec<u32> {
    let of_ids: HashMap<&str, u32> = ours.units.iter().map(|unit| (&*unit.id, unit.cluster)).collect();
    let mut numbers = vec![0; theirs.clusters as usize];
    for unit in &theirs.units {
        if let Some(cluster) = of_ids.get(&*unit.id) {
            numbers[unit.cluster as usize] = *cluster;
        }
    }
    numbers
}
