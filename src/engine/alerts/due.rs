//! When an alert is due, waits, or is dropped.

use crate::record::AlertStanding;
use pql_model::{
    resolved::{Alert, ExistingEntities},
    units::Day,
};

/// What is known of an entity when an alert is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct AlertSituation {
    /// Whether the condition holds now.
    pub(super) holds: bool,
    /// What the alert came to at the run before.
    pub(super) before: AlertStanding,
    /// Whether the run before had the alert.
    pub(super) is_known: bool,
    /// Since when it had been due, if it fired in the run that this one repeats.
    pub(super) fired_before: Option<Day>,
}

/// What becomes of an alert for an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlertVerdict {
    /// Nothing to do.
    Quiet(AlertStanding),
    /// It holds on the first run that knows it, and is noted.
    Noted(AlertStanding),
    /// It waited for too long.
    Dropped(AlertStanding),
    /// It is due, and its cooldown is not over.
    Cooling(AlertStanding),
    /// It may fire, unless a limit is reached.
    Ready(AlertStanding),
    /// It fired in the run that this one repeats, and stays fired.
    Fired(AlertStanding),
}

impl AlertSituation {
    /// Judges an alert on the date of a run.
    pub(super) fn verdict(&self, alert: &Alert, day: Day) -> AlertVerdict {
        let quiet = AlertStanding { held: self.holds, waits_since: None, fired_now: None, fired: self.before.fired };
        if let Some(since) = self.fired_before {
            return AlertVerdict::Fired(AlertStanding { fired: Some(day), fired_now: Some(since), ..quiet });
        }
        if !self.holds {
            return AlertVerdict::Quiet(quiet);
        }
        if !self.is_known && alert.existing == ExistingEntities::Note {
            return AlertVerdict::Noted(quiet);
        }
        let since = if self.is_known && self.before.held { self.before.waits_since } else { Some(day) };
        let Some(since) = since else { return AlertVerdict::Quiet(quiet) };
        if alert.expires_days.is_some_and(|days| i64::from(day) - i64::from(since) > i64::from(days)) {
            return AlertVerdict::Dropped(quiet);
        }
        let waiting = AlertStanding { waits_since: Some(since), ..quiet };
        let cools =
            self.before.fired.is_some_and(|fired| i64::from(day) < i64::from(fired) + i64::from(alert.cooldown_days));
        if cools { AlertVerdict::Cooling(waiting) } else { AlertVerdict::Ready(waiting) }
    }
}

impl AlertVerdict {
    /// What is kept, as long as nothing fires.
    pub(super) fn standing(self) -> AlertStanding {
        match self {
            AlertVerdict::Quiet(standing)
            | AlertVerdict::Noted(standing)
            | AlertVerdict::Dropped(standing)
            | AlertVerdict::Cooling(standing)
            | AlertVerdict::Ready(standing)
            | AlertVerdict::Fired(standing) => standing,
        }
    }
}
