//! What changed between two runs, and why.
//!
//! Takes the [`LevelSnapshot`](crate::record::LevelSnapshot)s of the run before and of each step from there to now, gives [`EntityChange`]s. Between before and
//! now lie four steps: time (the events that counted before, seen now), events, traits, model. The points of a signal are computed after each step, so
//! that the differences of the steps add up to the difference of the scores.
//!
//! ```text
//!  before ─▶ time ─▶ events ─▶ traits ─▶ model = now      snapshots
//!    └─────────┴────────┴─────────┴────────┴─▶ compare_with_record ─▶ EntityChange ─▶ changes.csv
//!  rows of two runs ───────────────────────────▶ compare_lists ───────────┘
//! ```

mod advance;
mod change;
mod changed_rows;
mod comparison;
mod conditions;
mod digest;
mod history;
mod kept;
mod lists;
mod reasons;
mod table;
mod volume;

pub(crate) use self::digest::digest_heading;
pub use self::{
    advance::{ComparedRun, RunChanges, ScoreLog, compare_with_record},
    change::{ChangeCause, ChangeKind, ChangeStep, EntityChange, ScoreChange, StandingView},
    changed_rows::{ChangedRowsFormat, write_changed_rows},
    comparison::StepSnapshots,
    conditions::ConditionChange,
    digest::{changes_text, write_change_digest},
    history::{HistoryRow, StandingHistory, write_history},
    lists::{ComparedLists, ListChanges, compare_lists},
    reasons::ChangeReason,
    table::{ChangesWriter, RunStamp, list_changes_text, write_changes, write_list_changes},
    volume::{TierVolume, VolumeCounter, write_volumes},
};
