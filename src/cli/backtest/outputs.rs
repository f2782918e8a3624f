//! The files of a back-test.

use std::path::{Path, PathBuf};

use super::BacktestArguments;
use crate::cli::{CommandError, output_file::OutputFile};
use pql_engine::{
    backtest::BacktestEvidence,
    emit::{CsvDialect, RowFormat},
    fs::publish::{FileAccess, commit},
};

/// Where rows and outcomes go, if they are asked for.
pub(super) struct BacktestOutputs {
    rows: Option<(OutputFile, RowFormat)>,
    outcomes: Option<(OutputFile, RowFormat)>,
}

impl BacktestOutputs {
    /// Begins the files, before an event is read.
    ///
    /// # Errors
    /// Endings that are none, and folders that cannot be written to.
    pub(super) fn new(arguments: &BacktestArguments) -> Result<BacktestOutputs, CommandError> {
        Ok(BacktestOutputs {
            rows: begin("--rows", &arguments.rows)?,
            outcomes: begin("--outcomes-out", &arguments.outcomes_out)?,
        })
    }

    /// Fills the files, and publishes both or none. Returns the number of text cells that a spreadsheet would have run as a formula.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn write(self, evidence: &BacktestEvidence) -> Result<u64, CommandError> {
        let mut guarded = 0;
        let mut staged = Vec::new();
        if let Some((mut file, format)) = self.rows {
            file.write_with(|file| evidence.write_rows(format, file).map(|count| guarded += count))?;
            staged.push(file.into_staged());
        }
        if let Some((mut file, format)) = self.outcomes {
            file.write_with(|file| evidence.write_outcomes(format, file).map(|count| guarded += count))?;
            staged.push(file.into_staged());
        }
        commit(staged)?;
        Ok(guarded)
    }
}

fn begin(option: &str, path: &Option<PathBuf>) -> Result<Option<(OutputFile, RowFormat)>, CommandError> {
    let Some(path) = path else { return Ok(None) };
    let format = format_of(option, path)?;
    Ok(Some((OutputFile::new(path.clone(), FileAccess::Shared, None)?, format)))
}

fn format_of(option: &str, path: &Path) -> Result<RowFormat, CommandError> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(RowFormat::Csv(CsvDialect::Spreadsheet)),
        Some("json") => Ok(RowFormat::Json),
        Some("ndjson") => Ok(RowFormat::Ndjson),
        _ => Err(CommandError::usage(format!(
            "{option} `{}` has no known ending; expected .csv, .json or .ndjson",
            path.display()
        ))),
    }
}
