//! Statistics of the back-test and of reports: shares, survival, incidence, ranking, bootstrap.
//!
//! Every function is pure, takes slices of numbers and knows no type of the engine. What it returns depends on its arguments alone: sums run in
//! one order whatever the number of threads, `sqrt` is exact by IEEE 754, and `exp` and `ln` come from the crate `libm`, so all platforms agree
//! to the last bit.
//!
//! Intervals hold 95 %. A figure that the data cannot give is `None`: a share of nobody, a curve after its last follow-up. Arguments that break
//! what an item asks for (more positives than cases, a time that is no number) are bugs of the caller and panic.
//!
//! Figures equal those of scikit-learn, lifelines, statsmodels and numpy to six decimals where these define the same. Each item names the source
//! of its formula, and where it differs.

mod bootstrap;
mod follow_up;
mod incidence;
mod interval;
mod ranking;
mod shares;
mod spread;
mod survival;
#[cfg(test)]
mod tests;

pub use bootstrap::{BootstrapInterval, ClusterBootstrap, percentile_interval};
pub use follow_up::FollowUp;
pub use incidence::{IncidenceCurve, IncidenceStep, aalen_johansen, median_time};
pub use interval::{ConfidenceInterval, ShareEstimate, Z_95};
pub use ranking::{ScoreRanking, ShareAtCapacity, TieGroup, TieTable};
pub use shares::{
    RateInversion, ShareCounts, ShareDifference, difference_of_shares, rate_inversions, smallest_difference, wilson,
};
pub use spread::{mean, median, quantile};
pub use survival::{SurvivalCurve, SurvivalStep, kaplan_meier};
