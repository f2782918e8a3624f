//! What `pql score` says of a run beside its rows: the record of the run, and the names that no event has.

mod missing_names;
mod run_facts;

pub use self::{
    missing_names::MissingNames,
    run_facts::{FinishedRun, run_facts},
};
