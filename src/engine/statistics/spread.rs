//! Mean, median and quantiles.

/// The arithmetic mean. None of no values.
///
/// The sum runs from the first value to the last, so the order of the slice is part of the result's last bits.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The median: the middle value, or the mean of the two in the middle. None of no values. Values in any order; none may be NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value under which a share `q` of the values lies. None of no values. Values in any order; none may be NaN. `q` is from 0 to 1.
///
/// **Formula**: linear between the two values around the place `q · (n - 1)` in their order, counted from 0.
/// **Source**: numpy's default, `method="linear"`; type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "a quantile lies between 0 and 1");
    let last = values.len().checked_sub(1)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = q * last as f64;
    let below = (place.floor() as usize).min(last);
    Some(between(sorted[below], sorted[(below + 1).min(last)], place - below as f64))
}

/// The point at a share of the way from one value to a second. Reckoned from the nearer end, as numpy does, so both ends are met exactly.
fn between(low: f64, high: f64, way: f64) -> f64 {
    if way < 0.5 { low + (high - low) * way } else { high - (high - low) * (1.0 - way) }
}
