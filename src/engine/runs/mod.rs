//! Runs that follow one another: what a run says after the one before it, and what the next one needs.
//!
//! Takes events, a model, tables, and the [`ListRecord`](crate::record::ListRecord) of the run before. Gives the scored run with its changes and alerts, and the
//! record for the next run. [`follow_run`] is one run with a record on disk; [`replay()`] is many runs from one reading.
//!
//! ```text
//!  events ─▶ fold up to the instant of the run before ─▶ restated, time      StepSnapshots
//!                         └─▶ fold up to now ─▶ events, traits, model ──┐
//!  ListRecord of the run before ────────────────────────────────────────┴─▶ conclude ─▶ changes, alerts, ListRecord
//! ```

mod conclude;
mod follow;
mod replay;

pub use self::{
    conclude::{ConcludedRun, RunToConclude, conclude, show_assignees},
    follow::{FollowError, FollowedRun, PreviousModel, PreviousRun, follow_run},
    replay::{ReplayJob, ReplayedRun, replay},
};

#[cfg(test)]
mod tests;
