//! Files of outcomes, opened once, whatever the number of models that ask of them.

use std::path::PathBuf;

use super::{
    CommandError, ExitStatus,
    args::current_time,
    table_file::{TableFile, unusable},
};
use pql_engine::{
    decode::time_zones,
    enrich::EnrichError,
    outcomes::{OutcomeError, OutcomeReader, OutcomeRequest, OutcomeTable},
    pipeline::AsOfRequest,
    plan::Model,
    read::BlockLimits,
};
use pql_model::{diag::near_miss, units::Micros};

/// The files of `--outcomes`.
#[derive(Debug)]
pub(super) struct OutcomeFiles<'a> {
    files: Vec<TableFile<'a>>,
    /// The present: later outcomes are plans.
    now: Micros,
}

impl<'a> OutcomeFiles<'a> {
    /// Opens files.
    ///
    /// # Errors
    /// Paths that lead to no file.
    pub(super) fn open(paths: &'a [PathBuf]) -> Result<OutcomeFiles<'a>, CommandError> {
        let files = paths.iter().map(|path| TableFile::open(path, "outcomes")).collect::<Result<_, _>>()?;
        Ok(OutcomeFiles { files, now: current_time(AsOfRequest::Latest) })
    }

    /// The outcomes under a model; none without files.
    ///
    /// # Errors
    /// Files that cannot be read, or were written to meanwhile, or are no files of outcomes.
    pub(super) fn for_model(&self, model: &Model, limits: BlockLimits) -> Result<Option<OutcomeTable>, CommandError> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let mut reader = OutcomeReader::default();
        for file in &self.files {
            let map = model.resolved.outcomes.as_ref();
            let request =
                OutcomeRequest { inputs: &file.inputs, name: &file.name, map, zones: time_zones(model), limits };
            let read = reader.read(&request);
            // What was found wrong may be wrong only because somebody was writing.
            file.check_unchanged()?;
            read.map_err(failure)?;
        }
        Ok(Some(reader.finish(self.now)))
    }
}

/// The most columns that a message lists.
const COLUMNS_SHOWN: usize = 30;

fn failure(error: OutcomeError) -> CommandError {
    match error {
        OutcomeError::Table(EnrichError::Read(error)) => unusable(error),
        OutcomeError::Table(error) => CommandError::Error(error.into(), ExitStatus::CannotStart),
        OutcomeError::NotNative { .. } | OutcomeError::NoIds { .. } | OutcomeError::NoColumn { .. } => {
            let advice = advice(&error);
            CommandError::usage(format!("{error}; {advice}"))
        }
    }
}

/// What to do about a file whose columns do not fit.
fn advice(error: &OutcomeError) -> String {
    let columns = error.columns();
    let near = match error {
        OutcomeError::NoColumn { column, .. } => near_miss(column, columns.iter().map(String::as_str)),
        _ => None,
    };
    let near = near.map(|near| format!("`{near}` comes close; ")).unwrap_or_default();
    let shown: Vec<String> = columns.iter().take(COLUMNS_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = columns.len().saturating_sub(COLUMNS_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{near}its columns are {}{more}", shown.join(", "))
}
