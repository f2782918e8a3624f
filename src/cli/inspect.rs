//! `pql inspect`: what is in a dump.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{Exit, Failure, model, score::FromName, tell, threads};
use crate::{
    diag::{Document, no_commands, visible},
    inspect::{self, Dump, Job, NO_MODEL},
    model::{Model, parse},
    read::{self, Limits},
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
    from: Option<FromName>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = FormatName::Table)]
    format: FormatName,

    /// Show a few values of each property, which may be personal data
    #[arg(long)]
    values: bool,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::limits::max_line)]
    max_line: Limits,

    /// Say nothing but errors beside the report
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// For people
    Table,
    /// One object, for programs
    Json,
}

pub(super) fn run(arguments: &InspectArguments) -> Result<Exit, Failure> {
    let inputs = inputs(&arguments.events, arguments.quiet)?;
    let model = match &arguments.model {
        Some(path) => parsed(&model::read(path)?)?,
        None => no_model("")?,
    };
    let format = arguments.from.map_or(model.input.format, FromName::as_str);
    let dump = look(&model, inputs, (format, arguments.threads, arguments.values), arguments.max_line)?;
    let asked = arguments.model.as_ref().map(|_| inspect::asked(&dump.survey, &model));
    let report = match arguments.format {
        FormatName::Table => no_commands(&inspect::text(&dump, &model, asked.as_ref())).into_owned(),
        FormatName::Json => {
            let report = inspect::json(&dump, &model, asked.as_ref());
            serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
        }
    };
    io::stdout().lock().write_all(report.as_bytes()).map_err(Failure::output)?;
    if dump.survey.events() == 0 {
        return Err(Failure::Error(anyhow::anyhow!("no event among these records"), Exit::No));
    }
    Ok(Exit::Done)
}

/// The files behind arguments; what is left out is told.
pub(super) fn inputs(events: &[OsString], quiet: bool) -> Result<Vec<read::Input>, Failure> {
    let resolved = read::resolve(events)?;
    if !quiet {
        for path in &resolved.skipped {
            let why = read::why_skipped(path);
            tell(&format!("note: {} is not read: {why}", visible(&path.display().to_string())));
        }
        for left_out in &resolved.left_out {
            tell(&visible(&format!("note: {left_out}")));
        }
        for repeated in &resolved.repeated {
            tell(&visible(&format!("note: {repeated}")));
        }
    }
    Ok(resolved.inputs)
}

/// Looks at everything once; what to read the files as, threads, and whether values are kept.
pub(super) fn look(
    model: &Model,
    inputs: Vec<read::Input>,
    (format, asked, keep_values): (&str, Option<u16>, bool),
    limits: Limits,
) -> Result<Dump, Failure> {
    let now = jiff::Timestamp::now().as_microsecond();
    let workers = threads::settle(asked, &inputs);
    Ok(inspect::look(&Job { model, inputs, format, now, workers, keep_values, limits })?)
}

/// A model that asks for nothing, with more lines.
pub(super) fn no_model(more: &str) -> Result<Model, Failure> {
    parsed(&Document { name: "(no model)".to_owned(), text: format!("{NO_MODEL}{more}") })
}

fn parsed(document: &Document) -> Result<Model, Failure> {
    parse(document).map_err(|problems| Failure::Document(Box::new(problems), Exit::CannotStart))
}
