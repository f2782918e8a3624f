//! Files of outcomes, opened once, whatever the number of models that ask of them.

use std::{collections::HashSet, path::PathBuf};

use super::{
    CommandError, ExitStatus,
    args::current_time,
    print_stderr,
    table_file::{TableFile, unusable},
};
use crate::commands::outcomes::{KeyChoice, MapFormats, outcomes_section, recognise_export};
use pql_engine::{
    decode::time_zones,
    enrich::EnrichError,
    outcomes::{OutcomeError, OutcomeReader, OutcomeRequest, OutcomeTable, column_values, outcome_columns},
    pipeline::AsOfRequest,
    plan::Model,
    read::BlockLimits,
};
use pql_model::{
    diag::{escape_controls, near_miss},
    units::Micros,
};

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

    /// The number of files.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// The name and the columns of a file.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn columns(&self, place: usize, limits: BlockLimits) -> Result<(String, Vec<String>), CommandError> {
        let file = &self.files[place];
        Ok((file.name.clone(), outcome_columns(&file.inputs, limits).map_err(unusable)?.names))
    }

    /// The ids in a column of a file.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn values(
        &self,
        place: usize,
        column: &str,
        limits: BlockLimits,
    ) -> Result<HashSet<String>, CommandError> {
        let found = column_values(&self.files[place].inputs, column, limits);
        found.map_err(|error| failure(error.into()))
    }

    /// The outcomes of one file under a model.
    ///
    /// # Errors
    /// Those of [`Self::for_model`].
    pub(super) fn read_one(
        &self,
        place: usize,
        model: &Model,
        limits: BlockLimits,
    ) -> Result<OutcomeTable, CommandError> {
        let mut reader = OutcomeReader::default();
        self.read(&self.files[place], model, limits, &mut reader)?;
        Ok(reader.finish(self.now))
    }

    /// The failure for a file that is neither native nor of a known form.
    pub(super) fn unknown_export(&self, place: usize, columns: Vec<String>) -> CommandError {
        failure(OutcomeError::NotNative { file: self.files[place].name.clone(), columns })
    }

    fn read(
        &self,
        file: &TableFile<'_>,
        model: &Model,
        limits: BlockLimits,
        reader: &mut OutcomeReader,
    ) -> Result<(), CommandError> {
        let map = model.resolved.outcomes.as_ref();
        let request = OutcomeRequest { inputs: &file.inputs, name: &file.name, map, zones: time_zones(model), limits };
        let read = reader.read(&request);
        // What was found wrong may be wrong only because somebody was writing.
        file.check_unchanged()?;
        read.map_err(failure)
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
        self.files.iter().try_for_each(|file| self.read(file, model, limits, &mut reader))?;
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
            print_section(&error);
            let advice = advice(&error);
            CommandError::usage(format!("{error}; {advice}"))
        }
    }
}

/// Prints the section for an export that is recognised, as it may be pasted into the model.
fn print_section(error: &OutcomeError) {
    let OutcomeError::NotNative { file, columns } = error else { return };
    let Some(export) = recognise_export(columns) else { return };
    let column = export.keys.first().map_or("", String::as_str);
    let section = outcomes_section(&export, column, &KeyChoice::Unknown, &MapFormats::default());
    let file = escape_controls(file);
    print_stderr(&format!("`{file}` looks like {}. To read it, add this to the model:\n", export.name));
    section.lines().for_each(|line| print_stderr(&escape_controls(line)));
    print_stderr(&format!(
        "\n`pql init EVENTS --outcomes {file} -o FILE` writes a model with it, and looks for the key that fits.\n"
    ));
}

/// Keys under which answers of programming interfaces hold their rows.
const LIST_NAMES: [&str; 3] = ["data", "results", "records"];

/// What else to do about a file that is not native.
fn other_advice(columns: &[String]) -> String {
    if recognise_export(columns).is_some() {
        return String::new();
    }
    let list = columns.iter().find(|name| LIST_NAMES.contains(&name.as_str()));
    list.map_or_else(
        || "; name its columns under [outcomes] of the model, such as fields = { key = \"Account ID\" } and won = { at = \"Close Date\" }".to_owned(),
        |list| format!("; if its rows lie in a list under `{list}`, `jq -c '.{list}[]' FILE` makes lines of them"),
    )
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
    let other = match error {
        OutcomeError::NotNative { columns, .. } => other_advice(columns),
        OutcomeError::Table(_) | OutcomeError::NoIds { .. } | OutcomeError::NoColumn { .. } => String::new(),
    };
    format!("{near}its columns are {}{more}{other}", shown.join(", "))
}
