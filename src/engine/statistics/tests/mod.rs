//! The statistics against published answers, against other libraries, and against their own definitions.

mod laws;
mod peers;
mod published;

use super::{ConfidenceInterval, FollowUp};

/// What "to six decimals" allows.
const SIX_DECIMALS: f64 = 5e-7;

/// Holds a figure against its answer to six decimals.
#[track_caller]
fn same(figure: f64, answer: f64) {
    assert!((figure - answer).abs() <= SIX_DECIMALS, "{figure} is not {answer}");
}

/// Holds both ends of an interval.
#[track_caller]
fn same_ends(interval: Option<ConfidenceInterval>, low: f64, high: f64) {
    let interval = interval.expect("an interval");
    same(interval.low, low);
    same(interval.high, high);
}

/// Follow-ups that all end, at these times.
fn ended_at(times: &[u32]) -> Vec<FollowUp> {
    times.iter().map(|&time| FollowUp { time: f64::from(time), end: Some(1) }).collect()
}

/// Follow-ups without an end, of these times.
fn censored_at(times: &[u32]) -> Vec<FollowUp> {
    times.iter().map(|&time| FollowUp { time: f64::from(time), end: None }).collect()
}

/// Follow-ups of times and ends, where 0 is no end.
fn followed(times: &[u32], ends: &[u32]) -> Vec<FollowUp> {
    let pairs = times.iter().zip(ends);
    pairs.map(|(&time, &end)| FollowUp { time: f64::from(time), end: (end > 0).then_some(end) }).collect()
}
