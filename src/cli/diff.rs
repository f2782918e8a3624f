//! `pql diff`: what another model changes, on the same events.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    enrichment::{EnrichmentFiles, EventsAtHand},
    messages, model_file, paint, print_stderr,
    run_args::{RunArgs, current_time},
    score::{
        InputFormatArg, note_empty_files, note_missing_names, note_skipped_inputs, parse_max_rejects, print_rejects,
    },
    threads,
};
use crate::commands::diff::{DiffReport, DiffVocabulary, FailCondition, IdVisibility, ScoreSnapshot, compare};
use pql_engine::{
    decode::misread::NotUnderstood,
    pipeline::{self, AsOfRequest, FoldedRun, MaxRejects, PipelineJob},
    read::{self, BlockLimits, ChangeGuard, InputSource},
};
use pql_model::{
    Model,
    diag::{DocumentProblems, escape_ci_commands, escape_controls, render},
    parse,
    units::Micros,
};

/// Compare two models on the same events: who changes tier and route, and why.
///
/// Scores the events under both models and shows how users and accounts move between tiers and routes, who enters and leaves each tier with the
/// signals that made the difference, and what each human route has to do before and after. With --fail-if it ends with exit code 1 if a condition
/// over these numbers holds.
#[derive(Debug, clap::Args)]
#[command(after_long_help = FAIL_IF_HELP)]
pub(super) struct DiffArguments {
    /// The model as it was
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The model as it is to be
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; they are read once for each model
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// Read files as this format, whatever the models say [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    #[command(flatten)]
    view: RunArgs,

    /// End with exit code 1 if this condition over the summary holds, such as `hot_new > 2 * hot_old`; may be given more than once
    #[arg(long, value_name = "EXPR")]
    fail_if: Vec<String>,

    /// List so many of those who enter, and so many of those who leave a tier
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Leave ids out, which are personal data
    #[arg(long)]
    no_ids: bool,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = DiffFormat::Human)]
    format: DiffFormat,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::max_line::parse_max_line)]
    max_line: BlockLimits,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,
}

const FAIL_IF_HELP: &str = "Numbers that --fail-if knows:
  TIER_old, TIER_new        in the tier under the old, the new model
  TIER_entered, TIER_left   in it under the new, the old model only
  ROUTE_old, ...            the same of routes
  FROM_to_TO                from a tier (or route) of the old model to one of the new
  users_old, users_new      users; accounts_old, accounts_new: accounts
  pqls_old, pqls_new        users in a qualified tier; pqas_old, pqas_new: accounts
  user.moved                users in another tier; account.moved, and likewise for the rest:
  user.rerouted, user.rescored, user.unchanged
  user.only_old             rows that only the old model has; user.only_new
  user.human_old            on a route with the motion human; user.human_new
A name that is there more than once needs what is before it: user.hot_new, user.tier.hot_new.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people
    Human,
    /// One object with every number
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// A comment on GitHub may have so many characters.
const COMMENT_CHARS_MAX: usize = 65_536;

/// What was told of the input under one model, and need not be told again.
#[derive(Default)]
struct ToldInput {
    rejects: String,
    not_understood: Vec<NotUnderstood>,
}

/// What both runs have in common.
struct DiffInputs<'a> {
    arguments: &'a DiffArguments,
    inputs: Vec<InputSource>,
    enrichment: EnrichmentFiles<'a>,
    when: AsOfRequest,
    now: Micros,
    max_rejects: MaxRejects,
}

pub(super) fn run(arguments: &DiffArguments) -> Result<ExitStatus, CommandError> {
    let when = arguments.view.as_of_when()?;
    let max_rejects = parse_max_rejects(&arguments.max_rejects)?;
    let (old, new) = models(arguments)?;
    let vocabulary = DiffVocabulary::new(&old, &new);
    let gates = gates(&arguments.fail_if, &vocabulary)?;
    let resolved = read::resolve_inputs(&arguments.events)?;
    let watch = ChangeGuard::begin(&resolved.inputs)?;
    if !arguments.quiet {
        note_skipped_inputs(&resolved);
    }
    // Once for both models.
    let now = current_time(when);
    let beside = arguments.view.enrichment_files()?;
    let runs = DiffInputs { arguments, inputs: resolved.inputs, enrichment: beside, when, now, max_rejects };
    let mut told = ToldInput::default();
    let before = runs.score_snapshot(&old, &arguments.old, &mut told)?;
    let after = runs.score_snapshot(&new, &arguments.new, &mut told)?;
    watch.verify()?;
    if !arguments.quiet {
        warn_model_differences(&before, &after);
    }
    let diff = compare(&before, &after, arguments.limit);
    let verdicts: Vec<_> = gates.iter().map(|gate| gate.evaluate(&diff)).collect();
    let ids = if arguments.no_ids { IdVisibility::Hidden } else { IdVisibility::Shown };
    let report = DiffReport { diff: &diff, summary: vocabulary.numbers(&diff), verdicts: &verdicts, ids };
    let text = match arguments.format {
        DiffFormat::Human => escape_ci_commands(&report.text()).into_owned(),
        DiffFormat::Json => serde_json::to_string_pretty(&report.json()).unwrap_or_default() + "\n",
        DiffFormat::Markdown => report.markdown(),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(CommandError::output)?;
    let chars = text.chars().count();
    if arguments.format == DiffFormat::Markdown && chars > COMMENT_CHARS_MAX && !arguments.quiet {
        print_stderr(&format!(
            "warning: the report has {chars} characters, and a comment on GitHub at most {COMMENT_CHARS_MAX}; a smaller --limit makes it shorter"
        ));
    }
    for verdict in verdicts.iter().filter(|verdict| verdict.holds == Some(true)) {
        let known: Vec<String> = verdict.numbers.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        print_stderr(&escape_controls(&format!("error: --fail-if `{}` holds: {}", verdict.text, known.join(", "))));
    }
    Ok(if report.failed() { ExitStatus::Negative } else { ExitStatus::Done })
}

/// Reads both models; the problems of both are told.
fn models(arguments: &DiffArguments) -> Result<(Model, Model), CommandError> {
    let (old, new) = (model_file::read(&arguments.old)?, model_file::read(&arguments.new)?);
    let failure = |problems: DocumentProblems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart);
    match (parse(&old), parse(&new)) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(failure(problems)),
        (Err(first), Err(second)) => {
            print_stderr(&format!("{}\n", render(&first.document, &first.list, paint())));
            Err(failure(second))
        }
    }
}

/// Reads the conditions; the problems of all of them are told.
fn gates(texts: &[String], vocabulary: &DiffVocabulary) -> Result<Vec<FailCondition>, CommandError> {
    let mut gates = Vec::new();
    let mut broken: Option<DocumentProblems> = None;
    for text in texts {
        match FailCondition::parse(text, vocabulary) {
            Ok(gate) => gates.push(gate),
            Err(problems) => {
                if let Some(earlier) = broken.replace(problems) {
                    print_stderr(&format!("{}\n", render(&earlier.document, &earlier.list, paint())));
                }
            }
        }
    }
    match broken {
        Some(problems) => Err(CommandError::Document(Box::new(problems), ExitStatus::CannotStart)),
        None => Ok(gates),
    }
}

/// What the two runs have not in common, and should.
fn warn_model_differences(old: &ScoreSnapshot, new: &ScoreSnapshot) {
    if old.model.fingerprint == new.model.fingerprint {
        print_stderr("note: the two models are the same text");
    }
    if old.model.as_of.instant != new.model.as_of.instant {
        print_stderr(
            "warning: the models have different time zones and look from different instants; an instant for --as-of, such as 2026-10-31T12:00:00Z, makes them the same",
        );
    }
    if new.levels.iter().chain(&old.levels).all(|level| level.standings.is_empty()) {
        let as_of = pql_model::clock::format_instant(new.model.as_of.instant);
        print_stderr(&format!("warning: no event of anybody lies before {as_of}, so there is nothing to compare"));
    }
}

impl DiffInputs<'_> {
    /// Scores the events under one model and keeps what is compared; what was `told` of rejected lines is not told again.
    fn score_snapshot(
        &self,
        model: &Model,
        path: &std::path::Path,
        told: &mut ToldInput,
    ) -> Result<ScoreSnapshot, CommandError> {
        let arguments = self.arguments;
        let quiet = arguments.quiet;
        let format = arguments.from.map_or(model.input.format, InputFormatArg::as_str);
        let at_hand = EventsAtHand { inputs: &self.inputs, format, limits: arguments.max_line };
        let [users, accounts] = self.enrichment.for_model(model, at_hand, true)?;
        let job = PipelineJob {
            model,
            inputs: self.inputs.clone(),
            format,
            when: self.when,
            now: self.now,
            workers: threads::configure_thread_pool(None, &self.inputs),
            max_rejects: self.max_rejects,
            keep_rejects: false,
            limits: arguments.max_line,
        };
        let name = path.display().to_string();
        let folded = pipeline::fold_inputs(&job, None).map_err(|error| {
            messages::note_failed_run(&error);
            with_model_context(&name, error.into())
        })?;
        let not_understood = messages::all_not_understood([users.as_ref(), accounts.as_ref()], &folded);
        messages::warn_not_understood(not_understood.iter().filter(|one| !told.not_understood.contains(*one)));
        told.not_understood.extend(not_understood);
        if !quiet {
            self.note_input(&folded, format, model, &name, &mut told.rejects);
        }
        let (scored, _) = pipeline::score_state(&folded.state, folded.as_of, model, users.as_ref(), accounts.as_ref())
            .map_err(|error| with_model_context(&name, error.into()))?;
        messages::warn_no_entities(&scored, Some(&name));
        Ok(ScoreSnapshot::take(&scored, model, name))
    }

    /// What there is to say of the input under a model. Of what was already said under the other one, nothing.
    fn note_input(&self, folded: &FoldedRun, format: &str, model: &Model, name: &str, told: &mut String) {
        let rejected: Vec<_> =
            folded.rejects.by_reason().iter().map(|(reason, count)| (reason.code(), *count)).collect();
        let this = format!("{rejected:?}");
        if told.is_empty() {
            messages::note_formats(folded, format);
            note_empty_files(&folded.files);
        }
        if *told != this {
            print_rejects(&folded.rejects);
        }
        *told = this;
        note_missing_names(&format!("the model {name}"), model, &folded.state.names);
    }
}

/// Says under which model a run failed, since the other one may be fine.
fn with_model_context(name: &str, failure: CommandError) -> CommandError {
    match failure {
        CommandError::Error(error, exit) => CommandError::Error(error.context(format!("under the model {name}")), exit),
        other => other,
    }
}
