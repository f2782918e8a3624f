//! Computes roll-ups: facts of members aggregated into a fact of their account.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use super::fact_table::EntityFacts;
use crate::fold::NumberStats;
use pql_model::{
    expr::Value,
    resolved::{Rollup, RollupKind},
    units::to_millionths,
};

/// Aggregates over the members of one account.
pub(super) fn roll_up<'b>(
    rollup: &Rollup,
    members: impl Iterator<Item = EntityFacts<'b>>,
    overflow: &AtomicBool,
) -> Value<'static> {
    let mut count = 0_u64;
    let mut number = NumberStats::ZERO;
    let mut distinct: HashSet<String> = HashSet::new();
    let mut largest: Vec<f64> = Vec::new();
    for member in members {
        if rollup.filter.as_ref().is_some_and(|filter| !filter.holds(&member)) {
            continue;
        }
        let value = match &rollup.value {
            Some(program) => program.eval(&member),
            None => Value::Boolean(true),
        };
        if value.is_null() {
            continue;
        }
        count += 1;
        match rollup.kind {
            RollupKind::Count => {}
            RollupKind::Distinct => distinct.extend(value.to_text().map(|text| text.into_owned())),
            RollupKind::TopSum(_) => largest.extend(value.as_number()),
            _ => value.as_number().into_iter().for_each(|value| number.merge(NumberStats::one(value))),
        }
    }
    let sum = |number: &NumberStats| sum_or_overflow(number, overflow);
    match rollup.kind {
        RollupKind::Count => Value::Number(count as f64),
        RollupKind::Distinct => Value::Number(distinct.len() as f64),
        RollupKind::Sum => Value::Number(sum(&number)),
        RollupKind::TopSum(k) => {
            largest.sort_unstable_by(|a, b| b.total_cmp(a));
            let top = largest.into_iter().take(k).fold(NumberStats::ZERO, |mut all, value| {
                all.merge(NumberStats { sum: to_millionths(value), ..NumberStats::one(value) });
                all
            });
            Value::Number(sum(&top))
        }
        _ if number.count == 0 => Value::Null,
        RollupKind::Min => Value::Number(number.min),
        RollupKind::Max => Value::Number(number.max),
        RollupKind::Avg => Value::Number(sum(&number) / number.count as f64),
    }
}

/// The sum as a number; notes where it cannot be had exactly.
fn sum_or_overflow(number: &NumberStats, overflow: &AtomicBool) -> f64 {
    let sum = number.sum.unwrap_or_else(|| {
        overflow.store(true, Ordering::Relaxed);
        0
    });
    sum as f64 / 1e6
}
