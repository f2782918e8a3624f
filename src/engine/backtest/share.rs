//! Shares with their intervals, as reports print them.

use serde::Serialize;

use crate::statistics::wilson;

/// A share of a number, with its 95 % interval by Wilson.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReportedShare {
    /// How many have it.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// `count / of`; none of nobody.
    pub share: Option<f64>,
    /// The lower end of the interval; none of nobody.
    pub low: Option<f64>,
    /// The upper end of the interval; none of nobody.
    pub high: Option<f64>,
}

impl ReportedShare {
    /// A count of a number.
    pub(crate) fn new(count: u64, of: u64) -> ReportedShare {
        let interval = wilson(count, of);
        ReportedShare {
            count,
            of,
            share: (of > 0).then(|| count as f64 / of as f64),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    }

    /// Those of some who hold a condition.
    pub(crate) fn among<T>(all: &[T], holds: impl Fn(&T) -> bool) -> ReportedShare {
        ReportedShare::new(all.iter().filter(|one| holds(one)).count() as u64, all.len() as u64)
    }
}
