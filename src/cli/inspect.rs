//! `pql inspect`: what is in a dump.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus, messages, model_file,
    score::{InputFormatArg, note_skipped_inputs, warn_skipped_inputs},
    threads,
};
use pql_engine::{
    inspect::{self, InspectJob, InspectedInput, NO_MODEL},
    read::{self, BlockLimits},
};
use pql_model::{
    Model,
    diag::{SourceDocument, escape_ci_commands},
    parse,
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

    /// Read files as this format, whatever the model says [default: told by the first lines of each file]
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
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::max_line::parse_max_line)]
    max_line: BlockLimits,

    /// End at a Parquet file that would take more memory than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = super::max_line::parse_max_table)]
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
    let inputs = inputs(&arguments.events, arguments.quiet)?;
    let model = match &arguments.model {
        Some(path) => parse_model(&model_file::read(path)?)?,
        None => empty_model("")?,
    };
    let format = arguments.from.map_or(model.resolved.input.format, InputFormatArg::as_str);
    let dump = survey_inputs(
        &model,
        inputs,
        (format, arguments.threads, arguments.values),
        arguments.max_line.with_table(arguments.max_table),
    )?;
    if !arguments.quiet {
        threads::note_missing_threads();
    }
    let asked = arguments.model.as_ref().map(|_| inspect::find_model_gaps(&dump.survey, &model.resolved));
    let report = match arguments.format {
        InspectFormat::Table => escape_ci_commands(&inspect::render_text(&dump, &model, asked.as_ref())).into_owned(),
        InspectFormat::Json => {
            let report = inspect::render_json(&dump, &model, asked.as_ref());
            serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
        }
    };
    io::stdout().lock().write_all(report.as_bytes()).map_err(CommandError::output)?;
    if dump.survey.events() == 0 {
        return Err(CommandError::Error(anyhow::anyhow!("no event among these records"), ExitStatus::Negative));
    }
    Ok(ExitStatus::Done)
}

/// The files behind arguments; what is left out is told.
pub(super) fn inputs(events: &[OsString], quiet: bool) -> Result<Vec<read::InputSource>, CommandError> {
    let resolved = read::resolve_inputs(events)?;
    warn_skipped_inputs(&resolved);
    if !quiet {
        note_skipped_inputs(&resolved);
    }
    Ok(resolved.inputs)
}

/// Looks at everything once; what to read the files as, threads, and whether values are kept.
pub(super) fn survey_inputs(
    model: &Model,
    inputs: Vec<read::InputSource>,
    (format, asked, keep_values): (&str, Option<u16>, bool),
    limits: BlockLimits,
) -> Result<InspectedInput, CommandError> {
    let now = jiff::Timestamp::now().as_microsecond();
    let workers = threads::configure_thread_pool(asked, &inputs);
    let dump = inspect::profile_inputs(&InspectJob { model, inputs, format, now, workers, keep_values, limits })?;
    messages::warn_multiline_records(&dump.files);
    Ok(dump)
}

/// A model that asks for nothing, with more lines.
pub(super) fn empty_model(more: &str) -> Result<Model, CommandError> {
    parse_model(&SourceDocument { name: "(no model)".to_owned(), text: format!("{NO_MODEL}{more}") })
}

fn parse_model(document: &SourceDocument) -> Result<Model, CommandError> {
    parse(document).map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart))
}
