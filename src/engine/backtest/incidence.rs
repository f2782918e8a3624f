//! How many triggers came to an end by some days, with those counted whose story is not over yet.

use serde::Serialize;

use super::triggers::Trigger;
use crate::statistics::{FollowUp, aalen_johansen, median_time};
use pql_model::{
    resolved::OutcomeWord,
    units::{DAY_US, Micros},
};

/// The days at which the share is read.
const DAYS: [u16; 3] = [30, 60, 90];

/// The share of triggers that came to one end by some days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShareByDays {
    /// Days since the trigger.
    pub days: u16,
    /// The cumulative incidence by Aalen and Johansen; none if no open story is known so long.
    pub share: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end of its 95 % interval.
    pub high: Option<f64>,
}

/// One end of the stories of triggers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndOfTriggers {
    /// `accepted` or `won`.
    pub outcome: &'static str,
    /// By 30, 60 and 90 days.
    pub by_days: Vec<ShareByDays>,
    /// The median days of those that got there.
    pub median_days: Option<f64>,
}

/// Shares accepted and won. A deal lost and a purchase without sales end a story too.
pub(super) fn count_ends(triggers: &[Trigger<'_>], known_to: Micros) -> Vec<EndOfTriggers> {
    [OutcomeWord::Accepted, OutcomeWord::Won].into_iter().map(|word| count_end(triggers, word, known_to)).collect()
}

fn count_end(triggers: &[Trigger<'_>], word: OutcomeWord, known_to: Micros) -> EndOfTriggers {
    let seen = triggers.iter().filter(|trigger| trigger.date.instant <= known_to);
    let stories: Vec<FollowUp> = seen.map(|trigger| story(trigger, word, known_to)).collect();
    let curve = aalen_johansen(&stories, 0);
    let by_days = DAYS.map(|days| {
        let reached = curve.reached_by(f64::from(days));
        let ends = reached.and_then(|reached| reached.interval);
        ShareByDays {
            days,
            share: reached.map(|reached| reached.share),
            low: ends.map(|ends| ends.low),
            high: ends.map(|ends| ends.high),
        }
    });
    EndOfTriggers { outcome: word.name(), by_days: by_days.into(), median_days: median_time(&stories, 0) }
}

/// The first end of a trigger: 0 is the one that is asked for, 1 and 2 compete with it.
fn story(trigger: &Trigger<'_>, word: OutcomeWord, known_to: Micros) -> FollowUp {
    let ends = [word, OutcomeWord::Lost, OutcomeWord::SelfServe];
    let known = |one: OutcomeWord| trigger.first(one).map(|one| one.begins).filter(|at| *at < known_to);
    let first = (0..).zip(ends).filter_map(|(number, one)| Some((known(one)?, number))).min();
    let days = |at: Micros| (at - trigger.date.instant) as f64 / DAY_US as f64;
    match first {
        Some((at, number)) => FollowUp { time: days(at), end: Some(number) },
        None => FollowUp { time: days(known_to), end: None },
    }
}
