//! What a run must look like: read before the events, judged before anything is published.

use super::failed_run::publish_rejects;
use crate::{
    cli::{
        CommandError, ExitStatus,
        messages::{self, Verbosity},
        output_file::OutputFile,
        print_stderr,
    },
    commands::score::{JudgedExpectation, RunExpectations, RunValues, run_warnings},
};
use pql_engine::{pipeline::RejectedLines, plan::Model};
use pql_model::diag::SourceDocument;

/// Examples, and the names of numbers, for `--help`.
pub(super) const NUMBERS_HELP: &str = "Examples:
  Write the lists of users and accounts into the folder out:
    pql score export.zip --out out
  Print the users at the end of a day, with what a CRM knows of them:
    pql score events.ndjson --users users.csv --level user --as-of 2026-10-31 --format table
  Write the lists of a day, unless the export stopped:
    pql score events.ndjson --as-of 2026-10-31 --out out --fail-if 'events_last_day = 0'

Numbers that --fail-if and [[expect]] of a model know:
  stale_hours               from the newest event to --as-of; with `latest`, to the present
  events, events_last_day   events that count, in all and on the last date
  id_conflict               events that share an id with an event of other content
  duplicate, rejected       copies of events; rejected records
  rejected_share            rejected records, of all records
  empty_files               files of events without a byte
  users, accounts           users and accounts with events
  qualified_users           users in a qualified tier; qualified_accounts
  TIER_users                users in a tier, by its name; TIER_accounts
  qualified_users_share     the same as a share of all, from 0 to 1; TIER_users_share, ...
                            (with 20 users or more, over a third always gives a warning)
  matched_accounts_share    rows of --accounts whose account has events; matched_users_share
  enriched_accounts_share   accounts with a row in --accounts; enriched_users_share
With --record:
  previous_NAME             the number NAME of the run before, such as previous_qualified_users
  signals_silent            signals that paid somebody in the run before and pay nobody now";

/// Reads the expectations of the model and of the command line.
///
/// # Errors
/// Conditions that cannot be read; the problems of all of them are reported.
pub(super) fn expectations<'m>(
    model: &'m Model,
    document: &SourceDocument,
    fail_if: &[String],
) -> Result<RunExpectations<'m>, CommandError> {
    RunExpectations::new(model, document, fail_if).map_err(CommandError::documents)
}

/// Judges the expectations, and reports the failed ones with their probable cause.
pub(super) fn judge(
    expected: &RunExpectations<'_>,
    values: &RunValues<'_>,
    model: &str,
    verbosity: Verbosity,
) -> Vec<JudgedExpectation> {
    let judged = expected.judge(values);
    messages::warn_of_run(&run_warnings(values, &judged));
    if verbosity == Verbosity::Notes {
        messages::note_unjudged_expectations(&judged, model);
    }
    messages::report_unmet_expectations(&judged, model);
    judged
}

/// Ends a run that is not as expected: its rejected lines are published, and nothing else.
///
/// # Errors
/// Those of writing the rejected lines.
pub(super) fn refuse(file: Option<OutputFile>, rejects: &RejectedLines) -> Result<ExitStatus, CommandError> {
    let file = file.filter(|_| !rejects.is_empty());
    let exception = if file.is_some() { " but rejected lines" } else { "" };
    print_stderr(&format!("nothing is published{exception}, since an expectation is not met"));
    file.map_or(Ok(()), publish_rejects)?;
    Ok(ExitStatus::Negative)
}
