//! Alerts: what a person should act on today.

use super::{RepresentativePool, TextSpan, TextTemplate};
use crate::{expr::Program, output_columns::ColumnSource};

/// An alert. It is due where its condition holds and did not at the run before, so only a run with a record fires it.
#[derive(Debug)]
pub struct Alert {
    /// The name, unique among the alerts of the level.
    pub name: String,
    /// The condition, over all facts.
    pub when: Program,
    /// The time after which it may fire again for the same entity. **Unit**: local dates; 0 without a cooldown.
    pub cooldown_days: u32,
    /// The most that fire in one run.
    pub limit: Option<u32>,
    /// The most that one member of the pool gets in one run.
    pub limit_each: Option<u32>,
    /// The time after which what waits is dropped. **Unit**: local dates.
    pub expires_days: Option<u32>,
    /// Who fires first where a limit leaves some waiting, the largest and latest first. Then come the longest wait and the id.
    pub order: Vec<AlertOrder>,
    /// Who gets it.
    pub to: Option<TextTemplate>,
    /// The people of whom one gets it, if `to` names nobody.
    pub pool: Option<RepresentativePool>,
    /// The message to whoever gets it.
    pub message: Option<TextTemplate>,
    /// What becomes of those for whom it holds on the first run that knows it.
    pub existing: ExistingEntities,
    /// The places in the text.
    pub spans: AlertSpans,
}

/// By what alerts are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertOrder {
    /// The time that it has waited; it can only stand first.
    WaitingDays,
    /// A column, a fact or an expression of the level.
    Column(ColumnSource),
}

/// What becomes of those for whom a new alert holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingEntities {
    /// They are noted, and the alert does not fire for them.
    Note,
    /// They are due.
    Fire,
}

/// The places of an alert in the text.
#[derive(Debug, Clone)]
pub struct AlertSpans {
    /// The name.
    pub name: TextSpan,
    /// The value of `when`.
    pub when: TextSpan,
    /// The value of `cooldown`.
    pub cooldown: Option<TextSpan>,
}
