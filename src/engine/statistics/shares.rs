//! Shares of counted cases: their intervals, their differences, and the order of rates.

use super::interval::{ConfidenceInterval, Z_95};

/// The normal quantile of 80 %, the power of [`smallest_difference`].
const Z_POWER_80: f64 = 0.8416212335729143;

/// Positives among cases. `positives <= cases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareCounts {
    pub positives: u64,
    pub cases: u64,
}

impl ShareCounts {
    /// Positives divided by cases. None without cases.
    pub fn share(self) -> Option<f64> {
        (self.cases > 0).then(|| self.positives as f64 / self.cases as f64)
    }

    /// The interval of the share; see [`wilson`].
    pub fn interval(self) -> Option<ConfidenceInterval> {
        wilson(self.positives, self.cases)
    }
}

/// Wilson's score interval of 95 % for `positives / n`, between 0 and 1. None for `n` = 0.
///
/// **Source**: Wilson, Probable Inference, 1927, without correction for continuity; statsmodels' `proportion_confint(method="wilson")`.
pub fn wilson(positives: u64, n: u64) -> Option<ConfidenceInterval> {
    assert!(positives <= n, "positives are some of the cases");
    let share = ShareCounts { positives, cases: n }.share()?;
    let cases = n as f64;
    let square = Z_95 * Z_95;
    let scale = 1.0 + square / cases;
    let centre = (share + square / (2.0 * cases)) / scale;
    let reach = Z_95 * (share * (1.0 - share) / cases + square / (4.0 * cases * cases)).sqrt() / scale;
    Some(ConfidenceInterval { low: (centre - reach).clamp(0.0, share), high: (centre + reach).clamp(share, 1.0) })
}

/// The difference of two shares, between -1 and 1, with its interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareDifference {
    /// The first share minus the second.
    pub difference: f64,
    pub interval: ConfidenceInterval,
}

/// The first share minus the second, of independent cases. None if one of them has no cases.
///
/// **Source**: the hybrid score interval, method 10 of Newcombe, Interval Estimation for the Difference between Independent Proportions, 1998:
/// the distances of each share from the ends of its Wilson interval, added as squares; statsmodels'
/// `confint_proportions_2indep(method="newcomb")`.
pub fn difference_of_shares(first: ShareCounts, second: ShareCounts) -> Option<ShareDifference> {
    let (share, other) = (first.share()?, second.share()?);
    let (around, around_other) = (first.interval()?, second.interval()?);
    let difference = share - other;
    let below = root_of_squares(share - around.low, around_other.high - other);
    let above = root_of_squares(around.high - share, other - around_other.low);
    let interval = ConfidenceInterval { low: difference - below, high: difference + above };
    Some(ShareDifference { difference, interval })
}

fn root_of_squares(a: f64, b: f64) -> f64 {
    (a * a + b * b).sqrt()
}

/// The smallest rise above `base_rate` that a comparison of `n1` cases with `n2` cases of the base would show: at 5 % two-sided, with a power of
/// 80 %. A difference of shares. None if either side has no cases, or if even a rise to 1 would not show. `base_rate` is from 0 to 1.
///
/// **Formula**: the `d` with `d = z(97.5 %) · sqrt(p (1-p) (1/n1 + 1/n2)) + z(80 %) · sqrt(p1 (1-p1) / n1 + p2 (1-p2) / n2)`, where `p2` is the
/// base rate, `p1 = p2 + d`, and `p` the rate of both together.
/// **Source**: Fleiss, Statistical Methods for Rates and Proportions, 1981, chapter 3, without correction for continuity; statsmodels'
/// `samplesize_proportions_2indep_onetail(d, p2, 0.8, ratio=n2 / n1)` gives `n1`.
pub fn smallest_difference(base_rate: f64, n1: u64, n2: u64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&base_rate), "a rate lies between 0 and 1");
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let comparison = PlannedComparison { base_rate, treated: n1 as f64, base: n2 as f64 };
    let most = 1.0 - base_rate;
    (most > 0.0 && comparison.shows(most)).then(|| comparison.smallest(most))
}

/// Two groups that are to be compared.
struct PlannedComparison {
    base_rate: f64,
    /// Cases in the group that may be higher.
    treated: f64,
    /// Cases in the group at the base rate.
    base: f64,
}

impl PlannedComparison {
    /// Whether a rise shows with the power asked for.
    fn shows(&self, rise: f64) -> bool {
        let raised = self.base_rate + rise;
        let pooled = (raised * self.treated + self.base_rate * self.base) / (self.treated + self.base);
        let without = spread_of(pooled, self.treated) + spread_of(pooled, self.base);
        let with = spread_of(raised, self.treated) + spread_of(self.base_rate, self.base);
        rise >= Z_95 * without.sqrt() + Z_POWER_80 * with.sqrt()
    }

    /// The smallest rise that shows, by halving. `most` shows.
    ///
    /// The right side of the formula is concave in the rise, so there is one place from which rises show.
    fn smallest(&self, most: f64) -> f64 {
        let (mut hidden, mut shown) = (0.0, most);
        loop {
            let middle = f64::midpoint(hidden, shown);
            if middle <= hidden || middle >= shown {
                return shown;
            }
            if self.shows(middle) {
                shown = middle;
            } else {
                hidden = middle;
            }
        }
    }
}

/// The variance of an observed share; of a rate that rounding put outside of 0 and 1, none.
fn spread_of(rate: f64, cases: f64) -> f64 {
    (rate * (1.0 - rate) / cases).max(0.0)
}

/// Two neighbouring tiers whose rates stand the wrong way round: places in the list given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateInversion {
    /// The better tier, whose rate is lower.
    pub better: usize,
    /// The next tier with cases, whose rate is higher.
    pub worse: usize,
}

/// Where the rates of tiers, best first, rise from a tier to the next one. Tiers without cases are passed over. Equal rates are in order. Rates
/// are compared exactly, as fractions.
pub fn rate_inversions(tiers: &[ShareCounts]) -> Vec<RateInversion> {
    let with_cases: Vec<usize> = (0..tiers.len()).filter(|&tier| tiers[tier].cases > 0).collect();
    let neighbours = with_cases.windows(2).map(|pair| RateInversion { better: pair[0], worse: pair[1] });
    neighbours.filter(|pair| is_lower(tiers[pair.better], tiers[pair.worse])).collect()
}

fn is_lower(rate: ShareCounts, than: ShareCounts) -> bool {
    u128::from(rate.positives) * u128::from(than.cases) < u128::from(than.positives) * u128::from(rate.cases)
}
