//! `pql check`: the problems of models, all of them.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    enrichment::{EnrichmentFiles, EventsAtHand},
    inspect, messages, model_file, paint, print_stderr,
    run_args::{RunArgs, current_time},
    score::{InputFormatArg, note_empty_files, note_skipped_inputs, parse_max_rejects, print_rejects},
    threads,
};
use crate::commands::check::{self, CheckScope, CheckedModel};
use pql_engine::{
    pipeline::{self, PipelineJob},
    read::{self, BlockLimits, ChangeGuard, InputSource},
};
use pql_model::{
    Model,
    diag::{Diagnostic, Severity, SourceDocument, escape_controls},
    lint::lint,
    parse_all_facts, parse_with_source,
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
    #[arg(short, long, value_enum, default_value_t = CheckFormat::Human)]
    format: CheckFormat,

    /// How bad a problem must be for exit code 1
    #[arg(long, value_enum, default_value_t = FailLevel::Error)]
    fail_level: FailLevel,

    /// Hold the models against these events: files, folders or patterns, plain or as gzip, zstd or zip; they are read twice for each model
    #[arg(long, value_name = "EVENTS", num_args = 1..)]
    events: Vec<OsString>,

    /// Read files as this format, whatever the models say [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT", requires = "events")]
    from: Option<InputFormatArg>,

    #[command(flatten)]
    view: RunArgs,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%", requires = "events")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::max_line::parse_max_line, requires = "events")]
    max_line: BlockLimits,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), requires = "events")]
    threads: Option<u16>,

    /// Say nothing but problems
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
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
enum FailLevel {
    /// Errors only
    Error,
    /// Errors and warnings
    Warning,
}

impl FailLevel {
    fn severity(self) -> Severity {
        match self {
            FailLevel::Error => Severity::Error,
            FailLevel::Warning => Severity::Warning,
        }
    }
}

pub(super) fn run(arguments: &CheckArguments) -> Result<ExitStatus, CommandError> {
    let events = events(arguments)?;
    let mut files = Vec::new();
    // How the program ends for models that could not be read.
    let mut unread = None;
    for path in &arguments.models {
        let checked = match model_file::read(path) {
            Ok(document) => check_document(arguments, document, events.as_ref())?,
            Err(CommandError::Error(error, exit)) => {
                // A check of fewer models than were named is none, whatever the others came to. What failed weighs more than what was not there.
                unread = unread.max(Some(exit));
                print_stderr(&escape_controls(&format!("error: {error:#}")));
                CheckedModel::unread(path.display().to_string(), format!("{error:#}"))
            }
            Err(failure) => return Err(failure),
        };
        if arguments.format == CheckFormat::Human {
            print_checked(&checked, arguments.quiet)?;
        }
        files.push(checked);
    }
    let report = match arguments.format {
        CheckFormat::Human => String::new(),
        CheckFormat::Json => pretty(&check::json(&files)),
        CheckFormat::Github => check::github(&files),
        CheckFormat::Sarif => pretty(&check::sarif(&files)),
        CheckFormat::Junit => check::junit(&files, arguments.fail_level.severity()),
    };
    io::stdout().lock().write_all(report.as_bytes()).map_err(CommandError::output)?;
    let fails = arguments.fail_level.severity();
    let failed = files.iter().flat_map(|file| &file.problems).any(|problem| problem.severity >= fails);
    Ok(unread.unwrap_or(if failed { ExitStatus::Negative } else { ExitStatus::Done }))
}

fn pretty(report: &serde_json::Value) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

/// Tells people what a model came to: problems go where messages go, that there are none is the result.
fn print_checked(checked: &CheckedModel, quiet: bool) -> Result<(), CommandError> {
    if checked.read_error.is_some() {
        return Ok(());
    }
    let summary = check::summary(checked);
    if checked.problems.is_empty() {
        let line = if quiet { String::new() } else { format!("{summary}\n") };
        return io::stdout().lock().write_all(line.as_bytes()).map_err(CommandError::output);
    }
    print_stderr(&format!("{}\n\n{summary}", check::render_problems(checked, paint())));
    Ok(())
}

fn check_document(
    arguments: &CheckArguments,
    document: SourceDocument,
    events: Option<&CheckEvents<'_>>,
) -> Result<CheckedModel, CommandError> {
    let (model, source) = match parse_with_source(&document) {
        Ok(both) => both,
        Err(problems) => return Ok(CheckedModel::broken(problems.document, problems.list)),
    };
    let mut warnings = lint(&model, &source);
    let mut scope = CheckScope::Model;
    if let Some(events) = events {
        // Whole, since facts that nothing needs are to be held against the events too.
        let whole = match parse_all_facts(&document) {
            Ok(whole) => whole,
            Err(problems) => return Ok(CheckedModel::broken(problems.document, problems.list)),
        };
        scope = CheckScope::Events;
        warnings.extend(check_against_events(arguments, &document, &whole, events)?);
    }
    Ok(CheckedModel::usable(document, &model, warnings, scope))
}

/// What models are held against.
struct CheckEvents<'a> {
    inputs: Vec<InputSource>,
    watch: ChangeGuard,
    enrichment: EnrichmentFiles<'a>,
}

/// The files of events, if there are any.
fn events(arguments: &CheckArguments) -> Result<Option<CheckEvents<'_>>, CommandError> {
    if arguments.events.is_empty() {
        return Ok(None);
    }
    let resolved = read::resolve_inputs(&arguments.events)?;
    let watch = ChangeGuard::begin(&resolved.inputs)?;
    if !arguments.quiet {
        note_skipped_inputs(&resolved);
    }
    Ok(Some(CheckEvents { inputs: resolved.inputs, watch, enrichment: arguments.view.enrichment_files()? }))
}

/// Looks into the events, scores them, and holds the model against both.
fn check_against_events(
    arguments: &CheckArguments,
    document: &SourceDocument,
    model: &Model,
    CheckEvents { inputs, watch, enrichment: beside }: &CheckEvents<'_>,
) -> Result<Vec<Diagnostic>, CommandError> {
    let when = arguments.view.as_of_when()?;
    let format = arguments.from.map_or(model.input.format, InputFormatArg::as_str);
    let under = |failure| with_model_context(Path::new(&document.name), failure);
    let dump = inspect::survey_inputs(model, inputs.to_vec(), (format, arguments.threads, false), arguments.max_line)
        .map_err(under)?;
    let quiet = arguments.quiet;
    let at_hand = EventsAtHand { inputs, format, limits: arguments.max_line };
    let [users, accounts] = beside.for_model(model, at_hand, quiet)?;
    let job = PipelineJob {
        model,
        inputs: inputs.to_vec(),
        format,
        when,
        now: current_time(when),
        workers: threads::configure_thread_pool(arguments.threads, inputs),
        max_rejects: parse_max_rejects(&arguments.max_rejects)?,
        keep_rejects: false,
        limits: arguments.max_line,
    };
    let folded = pipeline::fold_inputs(&job, None).map_err(|error| {
        messages::note_failed_run(&error);
        under(error.into())
    })?;
    if !quiet {
        note_empty_files(&folded.files);
        print_rejects(&folded.rejects);
    }
    let evaluated = pipeline::score_state(&folded.state, folded.as_of, model, users.as_ref(), accounts.as_ref());
    let (scored, _) = evaluated.map_err(|error| under(error.into()))?;
    watch.verify()?;
    messages::warn_no_entities(&scored, Some(&document.name));
    messages::warn_not_understood(&messages::all_not_understood([users.as_ref(), accounts.as_ref()], &folded));
    Ok(check::data::warnings(document, model, &dump.survey, &scored))
}

/// Says under which model a run failed, since others may be fine.
fn with_model_context(path: &Path, failure: CommandError) -> CommandError {
    match failure {
        CommandError::Error(error, exit) => {
            CommandError::Error(error.context(format!("under the model {}", path.display())), exit)
        }
        other => other,
    }
}
