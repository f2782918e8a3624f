//! Alerts: whom a person should act on today.
//!
//! Takes a scored run and the record of the run before, gives [`FiredAlert`]s, and notes in each [`KeptEntity`](crate::record::KeptEntity) what an alert came
//! to. An alert is due where its condition holds and did not at the run before. What is due waits for its cooldown and for room in the limits, and fires
//! once.
//!
//! ```text
//!  condition, record ─▶ due ─▶ cooldown, expiry ─▶ order ─▶ limits, pool ─▶ FiredAlert ─▶ alerts.csv
//! ```

mod digest;
mod due;
mod fire;
mod share;
mod table;

pub use self::{
    digest::write_alert_digest,
    fire::{AlertCount, AlertOutcome, AlertRun, FiredAlert, fire_alerts},
    table::write_alerts,
};
