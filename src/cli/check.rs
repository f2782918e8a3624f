//! `pql check`: the problems of models, all of them.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    Exit, Failure,
    beside::Beside,
    inspect, model, notes,
    options::{View, present},
    paint,
    score::{FromName, max_rejects, tell_empty, tell_rejects, tell_resolved},
    tell, threads,
};
use crate::{
    check::{self, Checked, Scope},
    diag::{Diagnostic, Document, Severity, visible},
    lint::lint,
    model::{Model, parse_whole, parse_with_source},
    pipeline::{self, Job},
    read::{self, Input, Limits, Watch},
};

/// Check models: every problem, each with its place and a way out.
///
/// Reads nothing but the named files. Errors are what makes a model useless for a run; warnings are what is probably not meant. Ends with exit code 1
/// if any model has an error (with --fail-level warning: or a warning), with 2 if one does not exist, and with 3 if one cannot be read. With --events it also holds the models against
/// events: what they ask for that never occurs, the tracking plan, signals that never or always fire. `pql rule CODE` explains a code.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("as_of", |option| option.requires("events")),
    mut_arg("users", |option| option.requires("events")),
    mut_arg("accounts", |option| option.requires("events"))
)]
pub(super) struct CheckArguments {
    /// Model files
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = FormatName::Human)]
    format: FormatName,

    /// How bad a problem must be for exit code 1
    #[arg(long, value_enum, default_value_t = LevelName::Error)]
    fail_level: LevelName,

    /// Hold the models against these events: files, folders or patterns, plain or as gzip, zstd or zip; they are read twice for each model
    #[arg(long, value_name = "EVENTS", num_args = 1..)]
    events: Vec<OsString>,

    /// Read files as this format, whatever the models say [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "events")]
    from: Option<FromName>,

    #[command(flatten)]
    view: View,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%", requires = "events")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::limits::max_line, requires = "events")]
    max_line: Limits,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), requires = "events")]
    threads: Option<u16>,

    /// Say nothing but problems
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// For people
    Human,
    /// One list of problems, for programs
    Json,
    /// Annotations that GitHub shows beside the lines
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// For build servers
    Junit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelName {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
}

impl LevelName {
    fn severity(self) -> Severity {
        match self {
            LevelName::Error => Severity::Error,
            LevelName::Warning => Severity::Warning,
        }
    }
}

pub(super) fn run(arguments: &CheckArguments) -> Result<Exit, Failure> {
    let events = events(arguments)?;
    let mut files = Vec::new();
    // How the program ends for models that could not be read.
    let mut unread = None;
    for path in &arguments.models {
        let checked = match model::read(path) {
            Ok(document) => checked(arguments, document, events.as_ref())?,
            Err(Failure::Error(error, exit)) => {
                // A check of fewer models than were named is none, whatever the others came to. What failed weighs more than what was not there.
                unread = unread.max(Some(exit));
                tell(&visible(&format!("error: {error:#}")));
                Checked::unread(path.display().to_string(), format!("{error:#}"))
            }
            Err(failure) => return Err(failure),
        };
        if arguments.format == FormatName::Human {
            say(&checked, arguments.quiet)?;
        }
        files.push(checked);
    }
    let report = match arguments.format {
        FormatName::Human => String::new(),
        FormatName::Json => pretty(&check::json(&files)),
        FormatName::Github => check::github(&files),
        FormatName::Sarif => pretty(&check::sarif(&files)),
        FormatName::Junit => check::junit(&files, arguments.fail_level.severity()),
    };
    io::stdout().lock().write_all(report.as_bytes()).map_err(Failure::output)?;
    let fails = arguments.fail_level.severity();
    let failed = files.iter().flat_map(|file| &file.problems).any(|problem| problem.severity >= fails);
    Ok(unread.unwrap_or(if failed { Exit::No } else { Exit::Done }))
}

fn pretty(report: &serde_json::Value) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

/// Tells people what a model came to: problems go where messages go, that there are none is the result.
fn say(checked: &Checked, quiet: bool) -> Result<(), Failure> {
    if checked.unread.is_some() {
        return Ok(());
    }
    let summary = check::summary(checked);
    if checked.problems.is_empty() {
        let line = if quiet { String::new() } else { format!("{summary}\n") };
        return io::stdout().lock().write_all(line.as_bytes()).map_err(Failure::output);
    }
    tell(&format!("{}\n\n{summary}", check::drawn(checked, paint())));
    Ok(())
}

fn checked(arguments: &CheckArguments, document: Document, events: Option<&Events<'_>>) -> Result<Checked, Failure> {
    let (model, source) = match parse_with_source(&document) {
        Ok(both) => both,
        Err(problems) => return Ok(Checked::broken(problems.document, problems.list)),
    };
    let mut warnings = lint(&model, &source);
    let mut scope = Scope::Model;
    if let Some(events) = events {
        // Whole, since facts that nothing needs are to be held against the events too.
        let whole = match parse_whole(&document) {
            Ok(whole) => whole,
            Err(problems) => return Ok(Checked::broken(problems.document, problems.list)),
        };
        scope = Scope::Events;
        warnings.extend(of_events(arguments, &document, &whole, events)?);
    }
    Ok(Checked::usable(document, &model, warnings, scope))
}

/// What models are held against.
struct Events<'a> {
    inputs: Vec<Input>,
    watch: Watch,
    beside: Beside<'a>,
}

/// The files of events, if there are any.
fn events(arguments: &CheckArguments) -> Result<Option<Events<'_>>, Failure> {
    if arguments.events.is_empty() {
        return Ok(None);
    }
    let resolved = read::resolve(&arguments.events)?;
    let watch = Watch::begin(&resolved.inputs)?;
    if !arguments.quiet {
        tell_resolved(&resolved);
    }
    Ok(Some(Events { inputs: resolved.inputs, watch, beside: arguments.view.beside()? }))
}

/// Looks into the events, scores them, and holds the model against both.
fn of_events(
    arguments: &CheckArguments,
    document: &Document,
    model: &Model,
    Events { inputs, watch, beside }: &Events<'_>,
) -> Result<Vec<Diagnostic>, Failure> {
    let when = arguments.view.when()?;
    let format = arguments.from.map_or(model.input.format, FromName::as_str);
    let under = |failure| under(Path::new(&document.name), failure);
    let dump =
        inspect::look(model, inputs.to_vec(), (format, arguments.threads, false), arguments.max_line).map_err(under)?;
    let quiet = arguments.quiet;
    let [users, accounts] = beside.under(model, quiet)?;
    let job = Job {
        model,
        inputs: inputs.to_vec(),
        format,
        when,
        now: present(when),
        workers: threads::settle(arguments.threads, inputs),
        max_rejects: max_rejects(&arguments.max_rejects)?,
        keep_rejects: false,
        limits: arguments.max_line,
    };
    let folded = pipeline::fold(&job, None).map_err(|error| {
        notes::no_result(&error);
        under(error.into())
    })?;
    if !quiet {
        tell_empty(&folded.files);
        tell_rejects(&folded.rejects);
    }
    let evaluated = pipeline::evaluate(&folded.state, folded.as_of, model, users.as_ref(), accounts.as_ref());
    let (scored, _) = evaluated.map_err(|error| under(error.into()))?;
    watch.end()?;
    notes::nobody(&scored, Some(&document.name));
    Ok(check::data::warnings(document, model, &dump.survey, &scored))
}

/// Says under which model a run failed, since others may be fine.
fn under(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Error(error, exit) => {
            Failure::Error(error.context(format!("under the model {}", path.display())), exit)
        }
        other => other,
    }
}
