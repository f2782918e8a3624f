//! `pql inspect`: what is in a dump.

use std::{ffi::OsString, path::PathBuf};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    args::InputFormatArg,
    messages::{self, Verbosity},
    model_file,
    prepare::find_inputs,
    stdout::{pretty_json, print_stdout},
    threads,
};
use crate::commands::init;
use pql_engine::{
    inspect::{self, FieldSurvey, FieldsRecord, InspectJob, InspectRecord, InspectedInput, NO_MODEL},
    plan::{Model, parse},
    read::{BlockLimits, InputSource, keep_pipe_heads},
};
use pql_model::{
    diag::{SourceDocument, escape_ci_commands},
    units::Micros,
};

/// Look into a dump: formats, days, events, people, properties, duplicates, and what a model would find in it.
///
/// Reads everything once, in bounded memory. It names events and properties and shows what values look like, but not the values themselves,
/// unless --values is given.
#[derive(Debug, clap::Args)]
pub(super) struct InspectArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// Hold this model against the events: what it asks for that never occurs, and which events it does not use
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Read each file as this format, whatever the model says [default: the format that its first lines show]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = InspectFormat::Table)]
    format: InspectFormat,

    /// Show a few values of each property, which may be personal data
    #[arg(long)]
    values: bool,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::args::parse_max_line)]
    max_line: BlockLimits,

    /// End at a Parquet file that would take more memory than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = super::args::parse_max_table)]
    max_table: usize,

    /// Say nothing but errors beside the report
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InspectFormat {
    /// For people
    Table,
    /// One object, for programs
    Json,
}

pub(super) fn run(arguments: &InspectArguments) -> Result<ExitStatus, CommandError> {
    let inputs = keep_pipe_heads(find_inputs(&arguments.events, Verbosity::of_flag(arguments.quiet))?)?;
    let model = match &arguments.model {
        Some(path) => parse_model(&model_file::read(path)?)?,
        None => empty_model("")?,
    };
    let format = arguments.from.map_or(model.resolved.input.format, InputFormatArg::as_str);
    let values = if arguments.values { ValueSamples::Kept } else { ValueSamples::Omitted };
    let survey = InputSurvey {
        inputs,
        format,
        threads: arguments.threads,
        values,
        limits: arguments.max_line.with_table(arguments.max_table),
        now: jiff::Timestamp::now().as_microsecond(),
    };
    let mut fields = survey.fields();
    // Where a model says what is where, nothing is left to guess.
    fields.differs &= arguments.model.is_none();
    let Some(dump) = read_or_list(arguments, survey, &model, fields)? else { return Ok(ExitStatus::Negative) };
    if !arguments.quiet {
        threads::note_missing_threads();
    }
    let asked = arguments.model.as_ref().map(|_| inspect::find_model_gaps(&dump.survey, &model.resolved));
    let report = match arguments.format {
        InspectFormat::Table => escape_ci_commands(&inspect::render_text(&dump, &model, asked.as_ref())).into_owned(),
        InspectFormat::Json => pretty_json(&InspectRecord::new(&dump, &model, asked.as_ref())),
    };
    print_stdout(&report)?;
    if dump.survey.events() == 0 {
        return Err(CommandError::Error(anyhow::anyhow!("no event among these records"), ExitStatus::Negative));
    }
    Ok(ExitStatus::Done)
}

/// Reads the events. If no reader knows the columns of a table, it is read by the guess of its fields; without a guess its columns are listed.
fn read_or_list(
    arguments: &InspectArguments,
    survey: InputSurvey<'_>,
    model: &Model,
    fields: FieldSurvey,
) -> Result<Option<InspectedInput>, CommandError> {
    let by_guess = arguments.model.is_none() && fields.is_native && fields.is_table && fields.guess.is_complete();
    let again = survey.clone();
    let error = match survey.profile(model, fields.clone()) {
        Ok(dump) => return Ok(Some(dump)),
        Err(error) => error,
    };
    if by_guess {
        let model = empty_model(&init::fields_table(&fields.guess.parts))?;
        return Ok(Some(again.profile(&model, fields).map_err(|_| error)?));
    }
    let listed = match arguments.format {
        InspectFormat::Table => escape_ci_commands(&inspect::render_fields(&fields)).into_owned(),
        InspectFormat::Json => pretty_json(&FieldsRecord::new(&fields)),
    };
    if !fields.paths().is_empty() {
        print_stdout(&listed)?;
    }
    Err(error)
}

/// Whether a profile keeps samples of values, which may be personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueSamples {
    Kept,
    Omitted,
}

/// One reading of all events, for a profile of them.
#[derive(Clone)]
pub(super) struct InputSurvey<'s> {
    pub(super) inputs: Vec<InputSource>,
    pub(super) format: &'s str,
    pub(super) threads: Option<u16>,
    pub(super) values: ValueSamples,
    pub(super) limits: BlockLimits,
    /// The present. Fields and events are held against the same.
    pub(super) now: Micros,
}

impl InputSurvey<'_> {
    /// Looks at the fields of the first records.
    pub(super) fn fields(&self) -> FieldSurvey {
        inspect::survey_fields(&self.inputs, self.limits, self.now)
    }

    /// Reads the events where a model says that their parts are.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn profile(self, model: &Model, fields: FieldSurvey) -> Result<InspectedInput, CommandError> {
        let workers = threads::configure_thread_pool(self.threads, &self.inputs);
        let job = InspectJob {
            model,
            inputs: self.inputs,
            format: self.format,
            now: self.now,
            workers,
            keep_values: self.values == ValueSamples::Kept,
            limits: self.limits,
        };
        let dump = inspect::profile_inputs(&job, fields)?;
        messages::warn_multiline_records(&dump.files);
        Ok(dump)
    }
}

/// A model that asks for nothing, with more lines.
pub(super) fn empty_model(more: &str) -> Result<Model, CommandError> {
    parse_model(&SourceDocument { name: "(no model)".to_owned(), text: format!("{NO_MODEL}{more}") })
}

fn parse_model(document: &SourceDocument) -> Result<Model, CommandError> {
    parse(document).map_err(CommandError::document)
}
