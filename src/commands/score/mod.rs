//! What `pql score` reports about a run beside its rows: its record, its expectations, and names that no event has.

mod expectations;
mod file_warnings;
mod missing_names;
mod recorded;
mod run_facts;
mod run_values;
mod run_warnings;

pub use self::{
    expectations::{ExpectationOutcome, JudgedExpectation, RunExpectations},
    missing_names::MissingNames,
    recorded::{RecordedOutcome, counts_of_replayed, counts_to_record, log_entries},
    run_facts::{FinishedRun, run_facts},
    run_values::RunValues,
    run_warnings::{RunWarning, empty_files, run_warnings},
};
