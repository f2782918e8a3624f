//! The record on disk: a folder with what the lists of the last runs said, and a log of all changes.
//!
//! Takes a [`ListRecord`](crate::record::ListRecord) with the model and the tables of its run, gives it back to a later run. Invariants: at every
//! instant, a kill or a power cut included, the folder holds whole runs, and the head says which; each byte is under a checksum, so damage is an
//! error and never a wrong list; the same runs give the same bytes.
//!
//! ```text
//! DIR/head.json                   the runs, and which of them were published     head
//! DIR/run-000007/record.json      names, counts, checksums                       header, sealed
//! DIR/run-000007/users.ndjson     where everybody stands                         entity_lines
//! DIR/run-000007/users_table.ndjson    the rows of --users                       table_lines
//! DIR/run-000007/log.ndjson       what changed in this run                       log_entry
//! DIR/run-000007/lists.ndjson    files of which the next run writes changes     list_lines
//! DIR/run-000007/model.toml
//! DIR/log/2026-10.ndjson          what changed in all runs                       log_months
//! ```
//!
//! `docs/record-format.md` says the same for other programs.

mod entity_lines;
mod error;
mod folder;
mod head;
mod header;
mod history;
mod list_lines;
mod log_entry;
mod log_months;
mod outcome_lines;
mod recorded_run;
mod run_files;
mod sealed;
mod shown;
mod staged_past;
mod staged_run;
mod table_lines;
mod undo;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

pub use self::{
    error::{RecordDamage, RecordError},
    folder::{RecordFolder, RecordView},
    log_entry::{LogEntry, LogStanding, LoggedChange, StepPoints},
    recorded_run::RecordedRun,
    shown::{ShownAlert, ShownLevel, ShownMonth, ShownRecord, ShownRun},
    staged_past::{StagedPast, UnpublishedPast},
    staged_run::{RunToRecord, StagedRun, UnpublishedRun},
    table_lines::RecordedTable,
    undo::UndoneRun,
    verify::RecordCheck,
};
