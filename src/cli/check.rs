//! `pql check`: the problems of models, all of them.

use std::{ffi::OsString, path::PathBuf};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    args::{self, LimitArgs, RunArgs, RunSettings},
    enrichment::EnrichmentFiles,
    inspect::{InputSurvey, ValueSamples},
    messages::{self, OutcomeMessages, Verbosity},
    model_file, paint,
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
    stdout::{pretty_json, print_stdout},
};
use crate::commands::check::{self, CheckScope, CheckedModel};
use pql_engine::{
    pipeline,
    plan::{Model, parse_all_facts, parse_to_check},
};
use pql_model::{
    diag::{Diagnostic, Severity, SourceDocument, escape_controls},
    lint::lint,
};

/// Check models: every problem, each with its place and a way out.
///
/// Reads nothing but the named files. Errors are what makes a model useless for a run; warnings are what is probably not meant. Ends with exit code 1
/// if any model has an error (with --fail-level warning: or a warning), with 2 if one does not exist, and with 3 if one cannot be read. With --events it also holds the models against
/// events: what they ask for that never occurs, the tracking plan, signals that never or always fire. `pql rule CODE` explains a code.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("from", |option| option.help(args::FORMAT_WHATEVER_THE_MODELS_SAY).requires("events")),
    mut_arg("as_of", |option| option.requires("events")),
    mut_arg("users", |option| option.requires("events")),
    mut_arg("accounts", |option| option.requires("events")),
    mut_arg("max_rejects", |option| option.requires("events")),
    mut_arg("max_line", |option| option.requires("events")),
    mut_arg("max_table", |option| option.requires("events"))
)]
pub(super) struct CheckArguments {
    /// Model files
    #[arg(required = true, value_name = "MODEL")]
    models: Vec<PathBuf>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = CheckFormat::Human)]
    format: CheckFormat,

    /// Count the problems of each code in place of listing them; for people and JSON
    #[arg(long)]
    statistics: bool,

    /// How bad a problem must be for exit code 1
    #[arg(long, value_enum, default_value_t = FailLevel::Error)]
    fail_level: FailLevel,

    /// Hold the models against these events: files, folders or patterns, plain or as gzip, zstd or zip; they are read twice for each model
    #[arg(long, value_name = "EVENTS", num_args = 1..)]
    events: Vec<OsString>,

    #[command(flatten)]
    run: RunArgs,

    #[command(flatten)]
    limits: LimitArgs,

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
    let verbosity = Verbosity::of_flag(arguments.quiet);
    if arguments.statistics && !matches!(arguments.format, CheckFormat::Human | CheckFormat::Json) {
        return Err(CommandError::usage(
            "--statistics counts for people and as JSON; leave --format out, or write --format json",
        ));
    }
    let events = check_events(arguments)?;
    let mut files = Vec::new();
    // How the program ends for models that could not be read.
    let mut unread = None;
    for path in &arguments.models {
        let checked = match model_file::read(path) {
            Ok(document) => check_document(document, events.as_ref())?,
            Err(CommandError::Document(problems, _)) => CheckedModel::broken(problems.document, problems.list),
            Err(CommandError::Error(error, exit)) => {
                // A check of fewer models than were named is none, whatever the others came to. What failed weighs more than what was not there.
                unread = unread.max(Some(exit));
                print_stderr(&escape_controls(&format!("error: {error:#}")));
                CheckedModel::unread(path.display().to_string(), format!("{error:#}"))
            }
            Err(failure) => return Err(failure),
        };
        if arguments.format == CheckFormat::Human && !arguments.statistics {
            print_checked(&checked, verbosity)?;
        }
        files.push(checked);
    }
    print_stdout(&report(arguments, &files))?;
    let fails = arguments.fail_level.severity();
    let failed = files.iter().flat_map(|file| &file.problems).any(|problem| problem.severity >= fails);
    Ok(unread.unwrap_or(if failed { ExitStatus::Negative } else { ExitStatus::Done }))
}

/// The report on all models. People were told of each model already, unless they asked for counts.
fn report(arguments: &CheckArguments, files: &[CheckedModel]) -> String {
    let counts = arguments.statistics.then(|| check::statistics(files));
    match (arguments.format, counts) {
        (CheckFormat::Json, Some(counts)) => pretty_json(&counts),
        (_, Some(counts)) => check::statistics_text(&counts),
        (CheckFormat::Human, None) => String::new(),
        (CheckFormat::Json, None) => pretty_json(&check::json(files)),
        (CheckFormat::Github, None) => check::github(files),
        (CheckFormat::Sarif, None) => pretty_json(&check::sarif(files)),
        (CheckFormat::Junit, None) => check::junit(files, arguments.fail_level.severity()),
    }
}

/// Tells people what a model came to: problems go where messages go, that there are none is the result.
fn print_checked(checked: &CheckedModel, verbosity: Verbosity) -> Result<(), CommandError> {
    if checked.read_error.is_some() {
        return Ok(());
    }
    let summary = check::summary(checked);
    if checked.problems.is_empty() {
        return if verbosity == Verbosity::Quiet { Ok(()) } else { print_stdout(&format!("{summary}\n")) };
    }
    print_stderr(&format!("{}\n\n{summary}", check::render_problems(checked, paint())));
    Ok(())
}

fn check_document(document: SourceDocument, events: Option<&CheckEvents<'_>>) -> Result<CheckedModel, CommandError> {
    let model = match parse_to_check(&document) {
        Ok(model) => model,
        Err(problems) => return Ok(CheckedModel::broken(problems.document, problems.list)),
    };
    let mut warnings = lint(&model.resolved);
    let mut scope = CheckScope::Model;
    if let Some(events) = events {
        // Whole, since facts that nothing needs are to be held against the events too.
        let whole = match parse_all_facts(&document) {
            Ok(whole) => whole,
            Err(problems) => return Ok(CheckedModel::broken(problems.document, problems.list)),
        };
        scope = CheckScope::Events;
        warnings.extend(events.check(&document, &whole)?);
    }
    Ok(CheckedModel::usable(document, &model, warnings, scope))
}

/// The events that models are compared with.
struct CheckEvents<'a> {
    prepared: PreparedRun<'a>,
    enrichment: EnrichmentFiles<'a>,
    threads: Option<u16>,
    verbosity: Verbosity,
}

/// Finds the events, if `--events` names any.
fn check_events(arguments: &CheckArguments) -> Result<Option<CheckEvents<'_>>, CommandError> {
    if arguments.events.is_empty() {
        return Ok(None);
    }
    let (threads, verbosity) = (arguments.threads, Verbosity::of_flag(arguments.quiet));
    let prepared = prepare(RunRequest {
        settings: RunSettings::new(&arguments.run, &arguments.limits)?,
        events: &arguments.events,
        passes: InputPasses::Several,
        threads,
        verbosity,
    })?;
    let enrichment = prepared.enrichment_files()?;
    Ok(Some(CheckEvents { prepared, enrichment, threads, verbosity }))
}

impl CheckEvents<'_> {
    /// Profiles the events, scores them, and compares the model with both.
    fn check(&self, document: &SourceDocument, model: &Model) -> Result<Vec<Diagnostic>, CommandError> {
        let survey = InputSurvey {
            inputs: self.prepared.inputs().to_vec(),
            format: self.prepared.format(model),
            threads: self.threads,
            values: ValueSamples::Omitted,
            limits: self.prepared.limits(),
            now: jiff::Timestamp::now().as_microsecond(),
        };
        let fields = survey.fields();
        let dump = survey.profile(model, fields).map_err(|failure| failure.under_model(&document.name))?;
        let enrichment = self.enrichment.for_model(model, self.prepared.events_at_hand(model), self.verbosity)?;
        let job = self.prepared.job(model, enrichment.levels.user.as_ref());
        let folded = self.prepared.fold(&job).map_err(|failure| failure.under_model(&document.name))?;
        messages::warn_empty_files(&folded.files);
        if self.verbosity == Verbosity::Notes {
            messages::print_rejects(&folded.rejects);
        }
        let (scored, _) = pipeline::score_state((&folded.state, folded.as_of), model, enrichment.for_run())
            .map_err(|error| CommandError::from(error).under_model(&document.name))?;
        self.prepared.verify_unchanged()?;
        messages::warn_no_entities(&scored, Some(&document.name));
        messages::warn_not_understood(&messages::all_not_understood(&enrichment, &folded));
        if let Some(table) = &enrichment.outcomes {
            OutcomeMessages { table, scored: &scored, model }.warn();
        }
        Ok(check::data::warnings(model, &dump, &scored))
    }
}
