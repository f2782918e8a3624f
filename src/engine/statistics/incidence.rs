//! The Aalen-Johansen curve: the share that one kind of end has reached, where other kinds compete and some are not followed to their end.

use super::{
    follow_up::{FollowUp, SortedFollowUps, greenwood_term},
    interval::ShareEstimate,
    spread,
};

/// A time at which follow-ups end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IncidenceStep {
    /// In the unit of the follow-ups.
    pub time: f64,
    /// Subjects that were followed until this time or longer.
    pub at_risk: u64,
    /// Ends of any kind at this time.
    pub ended: u64,
    /// Ends of the kind of the curve at this time.
    pub of_kind: u64,
    /// The share without an end of any kind just before this time.
    pub survival_before: f64,
    /// The share that the kind has reached, from this time until the next step.
    pub incidence: f64,
}

/// The cumulative incidence of one kind of end: 0 before its first step, and constant from step to step.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidenceCurve {
    steps: Vec<IncidenceStep>,
}

/// The curve of the share that an end of `kind` has reached; ends of other kinds compete with it.
///
/// At ties all ends of all kinds happen at once, before the censorings, as the textbooks have it. lifelines instead moves tied ends of different
/// kinds apart at random, so it differs there; statsmodels' `CumIncidenceRight`, Stata's `stcompet` and R's `cmprsk` agree with this curve.
///
/// **Source**: Aalen and Johansen, An Empirical Transition Matrix for Non-Homogeneous Markov Chains, 1978; lifelines' `AalenJohansenFitter`.
pub fn aalen_johansen(follow_ups: &[FollowUp], kind: u32) -> IncidenceCurve {
    let (mut survival, mut incidence) = (1.0, 0.0);
    let sorted = SortedFollowUps::new(follow_ups);
    let steps = sorted.risk_sets().map(|set| {
        let (ended, of_kind) = (set.ended(), set.ended_as(kind));
        let survival_before = survival;
        incidence += survival_before * of_kind as f64 / set.at_risk as f64;
        survival = survival_before * (set.at_risk - ended) as f64 / set.at_risk as f64;
        IncidenceStep { time: set.time, at_risk: set.at_risk, ended, of_kind, survival_before, incidence }
    });
    IncidenceCurve { steps: steps.collect() }
}

/// The median time among those whom an end of `kind` reached, in the unit of the follow-ups; those not followed so long do not count. None if it
/// reached nobody.
///
/// This is what people call days to close. It flatters young cohorts, in which only fast ends are known yet: show it beside the curve.
pub fn median_time(follow_ups: &[FollowUp], kind: u32) -> Option<f64> {
    let times: Vec<f64> = follow_ups.iter().filter(|f| f.end == Some(kind)).map(|f| f.time).collect();
    spread::median(&times)
}

impl IncidenceCurve {
    /// All times at which follow-ups end, in order.
    pub fn steps(&self) -> &[IncidenceStep] {
        &self.steps
    }

    /// The share that the kind has reached up to and including a time, with its log-log interval. None if nobody was followed so long and some
    /// were left without an end: lifelines draws the curve on as a constant, which no data support.
    ///
    /// Cost: one pass over the steps up to that time.
    pub fn reached_by(&self, time: f64) -> Option<ShareEstimate> {
        let last = self.steps.last()?;
        if time > last.time && last.ended < last.at_risk {
            return None;
        }
        let passed = &self.steps[..self.steps.partition_point(|step| step.time <= time)];
        let share = passed.last().map_or(0.0, |step| step.incidence);
        Some(ShareEstimate::new(share, variance(passed, share)))
    }
}

/// The variance of the incidence `share` after these steps.
///
/// **Formula**, over the steps `i`, with `F` the incidence, `S` the survival just before, `n` at risk, `d` ends of any kind, `c` of the kind:
/// `Σ (F(t) - F(i))² d / (n (n - d)) + Σ S² c (n - c) / n³ - 2 Σ (F(t) - F(i)) S c / n²`.
/// Where all at risk end the first term is 0, since the curve ends there; lifelines gives NaN.
/// **Source**: the delta method in Collett, Modelling Survival Data in Medical Research, 3rd edition, page 411; SAS' LIFETEST, Stata's
/// `stcompet`, lifelines' `AalenJohansenFitter._bounds`.
fn variance(steps: &[IncidenceStep], share: f64) -> f64 {
    let sum = steps.iter().fold(0.0, |sum, step| sum + variance_term(step, share - step.incidence));
    // What is 0 may round below it.
    if sum < 0.0 { 0.0 } else { sum }
}

/// What one step adds to the variance of an incidence that lies `rise` above the step's own.
fn variance_term(step: &IncidenceStep, rise: f64) -> f64 {
    let (n, c) = (step.at_risk as f64, step.of_kind as f64);
    let survivors = rise * rise * greenwood_term(step.at_risk, step.ended);
    let reached = step.survival_before * step.survival_before * c * (n - c) / (n * n * n);
    let both = rise * step.survival_before * c / (n * n);
    survivors + reached - 2.0 * both
}
