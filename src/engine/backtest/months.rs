//! Triggers by month: what the pipeline made of them, and the counter-metrics.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{share::ReportedShare, triggers::Trigger};
use crate::statistics::{mean, median};
use pql_model::{clock::format_day, resolved::OutcomeWord, units::DAY_US};

/// The triggers of a month, or of all months, whose horizon is over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthOfTriggers {
    /// Such as `2026-10`; `all` for all months.
    pub month: String,
    /// The number of triggers.
    pub triggers: u64,
    /// Triggers whose horizon is not over, which count nowhere else.
    pub not_mature: u64,
    /// Accepted by sales within the horizon: PQL to SQL.
    pub accepted: ReportedShare,
    /// Won within the horizon: PQL to close.
    pub won: ReportedShare,
    /// Neither won, lost, rejected nor self-served within the horizon.
    pub still_open: ReportedShare,
    /// Contacted within the horizon.
    pub contacted: ReportedShare,
    /// Of the contacted, who responded within the horizon.
    pub responded: ReportedShare,
    /// Of those not contacted, who bought without sales within the horizon.
    pub self_serve_of_not_contacted: ReportedShare,
    /// The median days from the trigger to the first contact.
    pub days_to_contact: Option<f64>,
    /// The mean answer of the contacted.
    pub nps_of_contacted: Option<f64>,
    /// The mean answer of those not contacted.
    pub nps_of_not_contacted: Option<f64>,
}

/// Each month with a trigger, and all together as the last.
pub(super) fn count_months(triggers: &[Trigger<'_>]) -> Vec<MonthOfTriggers> {
    let mut by_month: BTreeMap<String, Vec<&Trigger<'_>>> = BTreeMap::new();
    for trigger in triggers {
        let mut month = format_day(trigger.date.day);
        month.truncate("2026-10".len());
        by_month.entry(month).or_default().push(trigger);
    }
    let all: Vec<&Trigger<'_>> = triggers.iter().collect();
    let months = by_month.iter().map(|(month, triggers)| count_month(month, triggers));
    months.chain([count_month("all", &all)]).collect()
}

fn count_month(month: &str, triggers: &[&Trigger<'_>]) -> MonthOfTriggers {
    use OutcomeWord::{Accepted, Contacted, Responded, SelfServe, Won};
    let mature: Vec<&Trigger<'_>> = triggers.iter().copied().filter(|one| one.mature).collect();
    let (contacted, alone): (Vec<&Trigger<'_>>, Vec<&Trigger<'_>>) = mature.iter().partition(|one| one.had(Contacted));
    let waits = contacted.iter().filter_map(|one| days_to(one, Contacted)).collect::<Vec<f64>>();
    MonthOfTriggers {
        month: month.to_owned(),
        triggers: mature.len() as u64,
        not_mature: (triggers.len() - mature.len()) as u64,
        accepted: ReportedShare::among(&mature, |one| one.had(Accepted)),
        won: ReportedShare::among(&mature, |one| one.had(Won)),
        still_open: ReportedShare::among(&mature, |one| !has_ended(one)),
        contacted: ReportedShare::among(&mature, |one| one.had(Contacted)),
        responded: ReportedShare::among(&contacted, |one| one.had(Responded)),
        self_serve_of_not_contacted: ReportedShare::among(&alone, |one| one.had(SelfServe)),
        days_to_contact: median(&waits),
        nps_of_contacted: mean_answer(&contacted),
        nps_of_not_contacted: mean_answer(&alone),
    }
}

/// Whether the story of a trigger came to an end within its horizon.
fn has_ended(trigger: &Trigger<'_>) -> bool {
    [OutcomeWord::Won, OutcomeWord::Lost, OutcomeWord::Rejected, OutcomeWord::SelfServe]
        .into_iter()
        .any(|word| trigger.had(word))
}

/// The days from a trigger to the first outcome of a kind after it.
pub(super) fn days_to(trigger: &Trigger<'_>, word: OutcomeWord) -> Option<f64> {
    trigger.first(word).map(|one| (one.begins - trigger.date.instant) as f64 / DAY_US as f64)
}

/// The mean of all answers within the horizons.
fn mean_answer(triggers: &[&Trigger<'_>]) -> Option<f64> {
    let answers = triggers.iter().flat_map(|trigger| {
        let within = |at: i64| trigger.date.instant <= at && at < trigger.end;
        let answers =
            trigger.unit.outcomes.iter().filter(move |one| one.word == OutcomeWord::Nps && within(one.begins));
        answers.filter_map(|one| one.amount).map(|millionths| millionths as f64 / 1e6)
    });
    mean(&answers.collect::<Vec<f64>>())
}
