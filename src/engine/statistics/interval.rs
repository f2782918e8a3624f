//! Intervals of 95 %, and estimates that have one.

/// The normal quantile of 97.5 %: two-sided intervals of 95 %.
pub const Z_95: f64 = 1.959963984540054;

/// The ends of an interval of 95 %, in the unit of the estimate. `low <= high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConfidenceInterval {
    pub low: f64,
    pub high: f64,
}

impl ConfidenceInterval {
    /// The interval of one minus the estimate.
    pub(super) fn complement(self) -> Self {
        Self { low: 1.0 - self.high, high: 1.0 - self.low }
    }
}

/// A share between 0 and 1 that a curve gives at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareEstimate {
    pub share: f64,
    /// The variance of the share: the square of its standard error.
    pub variance: f64,
    /// None where the share is 0 or 1: the formula has no value there.
    pub interval: Option<ConfidenceInterval>,
}

impl ShareEstimate {
    /// An estimate with its log-log interval.
    pub(super) fn new(share: f64, variance: f64) -> Self {
        Self { share, variance, interval: log_log_interval(share, variance.sqrt()) }
    }

    /// The estimate of one minus the share.
    pub(super) fn complement(self) -> Self {
        let interval = self.interval.map(ConfidenceInterval::complement);
        Self { share: 1.0 - self.share, variance: self.variance, interval }
    }
}

/// The interval that is symmetric on the scale `ln(-ln(share))`, so it stays between 0 and 1. None where the share is 0 or 1.
///
/// **Formula**: `share ^ exp(±z · se / (share · |ln share|))`, by the delta method.
/// **Source**: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980; lifelines' `_bounds` of both curves.
fn log_log_interval(share: f64, standard_error: f64) -> Option<ConfidenceInterval> {
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let log = libm::log(share);
    let reach = Z_95 * standard_error / (share * log.abs());
    Some(ConfidenceInterval { low: libm::exp(log * libm::exp(reach)), high: libm::exp(log * libm::exp(-reach)) })
}
