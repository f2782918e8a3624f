//! The Kaplan-Meier curve: the share that no end has reached yet, where some are not followed to their end.

use super::{
    follow_up::{FollowUp, SortedFollowUps, greenwood_term},
    interval::ShareEstimate,
};

/// A share at or below this counts as half: products of fractions that are exactly one half may round above it.
const HALF: f64 = 0.5 + 1e-12;

/// A time at which follow-ups end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurvivalStep {
    /// In the unit of the follow-ups.
    pub time: f64,
    /// Subjects that were followed until this time or longer.
    pub at_risk: u64,
    /// Ends of any kind at this time.
    pub ended: u64,
    /// The share without an end, from this time until the next step.
    pub survival: f64,
    /// Greenwood's sum up to this time; times the square of `survival` it is the variance.
    pub greenwood: f64,
}

/// A Kaplan-Meier curve: 1 before its first step, and constant from step to step.
#[derive(Clone, Debug, PartialEq)]
pub struct SurvivalCurve {
    steps: Vec<SurvivalStep>,
}

/// The curve of the share without an end. Ends of any kind count; to follow one kind, give the others as censored, or use
/// [`aalen_johansen`](super::aalen_johansen).
///
/// **Source**: Kaplan and Meier, Nonparametric Estimation from Incomplete Observations, 1958, ends before censorings at ties; variance of
/// Greenwood, 1926; lifelines' `KaplanMeierFitter`.
pub fn kaplan_meier(follow_ups: &[FollowUp]) -> SurvivalCurve {
    let (mut survival, mut greenwood) = (1.0, 0.0);
    let sorted = SortedFollowUps::new(follow_ups);
    let steps = sorted.risk_sets().map(|set| {
        let ended = set.ended();
        survival = survival * (set.at_risk - ended) as f64 / set.at_risk as f64;
        greenwood += greenwood_term(set.at_risk, ended);
        SurvivalStep { time: set.time, at_risk: set.at_risk, ended, survival, greenwood }
    });
    SurvivalCurve { steps: steps.collect() }
}

impl SurvivalCurve {
    /// All times at which follow-ups end, in order.
    pub fn steps(&self) -> &[SurvivalStep] {
        &self.steps
    }

    /// The share without an end up to and including a time, with its log-log interval. None if nobody was followed so long and the curve is
    /// still above 0: lifelines draws it on as a constant, which no data support.
    pub fn survival_at(&self, time: f64) -> Option<ShareEstimate> {
        let last = self.steps.last()?;
        if time > last.time && last.survival > 0.0 {
            return None;
        }
        let passed = self.steps.partition_point(|step| step.time <= time);
        let (survival, greenwood) = match passed.checked_sub(1) {
            Some(step) => (self.steps[step].survival, self.steps[step].greenwood),
            None => (1.0, 0.0),
        };
        Some(ShareEstimate::new(survival, survival * survival * greenwood))
    }

    /// The share that an end has reached by a time, with its log-log interval. None as for [`survival_at`](Self::survival_at).
    pub fn reached_by(&self, time: f64) -> Option<ShareEstimate> {
        self.survival_at(time).map(ShareEstimate::complement)
    }

    /// The smallest time at which at most half are without an end, in the unit of the follow-ups. None if that is not reached.
    ///
    /// **Source**: lifelines' convention. R takes the middle where the curve is exactly one half over a stretch.
    pub fn median(&self) -> Option<f64> {
        self.steps.iter().find(|step| step.survival <= HALF).map(|step| step.time)
    }
}
