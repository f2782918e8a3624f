//! What commands print to the standard error output beside their result: notes, warnings and rejected lines.
//!
//! A function here has the words of one message. The caller decides whether it is printed, by the [`Verbosity`].

mod expectations;
mod inputs;
mod not_understood;
mod outcomes;
mod outputs;
mod record;
mod results;

pub(super) use self::{
    expectations::{note_unjudged_expectations, report_unmet_expectations, warn_of_run},
    inputs::{
        note_failed_run, note_formats, note_formats_of_rejects, note_grown_files, note_missing_names, note_more_pages,
        note_rows_without_id, note_skipped_inputs, note_unused_columns, print_rejects, warn_empty_files,
        warn_empty_table, warn_multiline_records, warn_skipped_inputs,
    },
    not_understood::{all_not_understood, warn_not_understood},
    outcomes::OutcomeMessages,
    outputs::{
        note_cut_through_ties, note_defused_cells, note_lists, note_output_folder, note_sales_list, note_stale_files,
        note_suppressed_rows,
    },
    record::{note_repeated_latest, note_unreadable_base},
    results::{
        note_alerts, note_empty_traits, note_lower_tiers, note_missing_rows, note_refused_joins, warn_no_entities,
        warn_unknown_milestones,
    },
};

/// Whether a command prints notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Errors, and the few warnings without which a result would mislead.
    Quiet,
    /// All notes.
    Notes,
}

impl Verbosity {
    /// As the flag `--quiet` says.
    pub(super) fn of_flag(quiet: bool) -> Verbosity {
        if quiet { Verbosity::Quiet } else { Verbosity::Notes }
    }
}
