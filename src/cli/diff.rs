//! `pql diff`: what another model changes, on the same events.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    args::{self, LimitArgs, RunArgs, RunSettings},
    enrichment::EnrichmentFiles,
    messages::{self, OutcomeMessages, Verbosity},
    model_file,
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
    stdout::{pretty_json, print_stdout},
};
use crate::commands::{
    diff::{
        ChangeTrial, DiffRecord, DiffReport, DiffVocabulary, IdVisibility, ScoreSnapshot, SingleChange, compare,
        model_changes, single_changes,
    },
    fail_if,
    score::MissingNames,
};
use pql_engine::{
    decode::{RejectReason, misread::NotUnderstood},
    pipeline::{self, FoldedRun, PipelineJob},
    plan::{Model, parse},
};
use pql_model::{
    clock::format_instant,
    diag::{SourceDocument, escape_ci_commands, escape_controls},
};

/// Compare two models on the same events: who changes tier and route, and why.
///
/// Shows what changed in the model. Then it scores the events under both models and shows how users and accounts move between tiers and routes, each
/// mover with the signals that made the difference, and what each human route has to do before and after. With --fail-if it ends with exit code 1 if a
/// condition over these numbers holds.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = FAIL_IF_HELP,
    mut_arg("from", |option| option.help(args::FORMAT_WHATEVER_THE_MODELS_SAY))
)]
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

    #[command(flatten)]
    run: RunArgs,

    /// End with exit code 1 if this condition over the summary holds, such as `hot_new > 2 * hot_old`; may be given more than once
    #[arg(long, value_name = "EXPR")]
    fail_if: Vec<String>,

    /// The most users or accounts to list of each move, from tier to tier or from route to route
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,

    /// Leave ids out, which are personal data, and count the movers by signal
    #[arg(long)]
    no_ids: bool,

    /// Say of each mover which change of the model moves it alone; reads the events once more for each change, up to 8
    #[arg(long)]
    by_change: bool,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = DiffFormat::Human)]
    format: DiffFormat,

    #[command(flatten)]
    limits: LimitArgs,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,
}

const FAIL_IF_HELP: &str = "Examples:
  Show who moves under a changed model:
    pql diff old.toml scoring.toml events.ndjson
  Fail if the tier `hot` doubles, and write a comment for a pull request:
    pql diff old.toml scoring.toml events.ndjson --format markdown --fail-if 'hot_new > 2 * hot_old'

Numbers that --fail-if knows:
  TIER_old, TIER_new        in the tier under the old, the new model
  TIER_entered, TIER_left   in it under the new, the old model only
  ROUTE_old, ...            the same of routes
  FROM_to_TO                from a tier (or route) of the old model to one of the new
  users_old, users_new      users; accounts_old, accounts_new: accounts
  pqls_old, pqls_new        users in a qualified tier and not suppressed
  pqas_old, pqas_new        the same of accounts
  user.moved                users in another tier; account.moved, and likewise for the rest:
  user.rerouted, user.rescored, user.unchanged
  user.only_old             rows that only the old model has; user.only_new
  user.rerouted_alone       in the same tier on another route or motion, and not suppressed
  user.suppressed_old       suppressed; user.suppressed_new
  user.newly_suppressed     suppressed under the new model only; user.no_longer_suppressed
  user.human_old            on a route with the motion human and not suppressed; user.human_new
A name that stands for several numbers needs its front parts: user.hot_new, user.tier.hot_new.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people
    Human,
    /// One object with every number
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// The largest length of a comment on GitHub; characters.
const COMMENT_CHARS_MAX: usize = 65_536;

pub(super) fn run(arguments: &DiffArguments) -> Result<ExitStatus, CommandError> {
    let verbosity = Verbosity::of_flag(arguments.quiet);
    let settings = RunSettings::new(&arguments.run, &arguments.limits)?;
    let documents = [model_file::read(&arguments.old)?, model_file::read(&arguments.new)?];
    let (old, new) = models(&documents)?;
    let changes = model_changes(&documents[0].text, &documents[1].text);
    let vocabulary = DiffVocabulary::new(&old, &new);
    let gates = fail_if::parse_all(&arguments.fail_if, &vocabulary).map_err(CommandError::documents)?;
    let prepared = prepare(RunRequest {
        settings,
        events: &arguments.events,
        passes: InputPasses::Several,
        threads: None,
        verbosity,
    })?;
    let enrichment = prepared.enrichment_files()?;
    let mut runs = ComparedRuns {
        prepared: &prepared,
        enrichment: &enrichment,
        verbosity,
        noted_rejects: None,
        warned: Vec::new(),
        warned_outcomes: Vec::new(),
    };
    let before = runs.score_snapshot(&old, &arguments.old)?;
    let after = runs.score_snapshot(&new, &arguments.new)?;
    let trials = runs.trials(arguments.by_change, &documents)?;
    prepared.verify_unchanged()?;
    if verbosity == Verbosity::Notes && before.model.fingerprint == after.model.fingerprint {
        print_stderr("note: the two models are the same text");
    }
    warn_model_differences(&before, &after);
    let diff = compare([&before, &after], &trials.found, arguments.limit);
    let verdicts: Vec<_> = gates.iter().map(|gate| gate.judge(|metric| Some(metric.value(&diff)))).collect();
    let ids = if arguments.no_ids { IdVisibility::Hidden } else { IdVisibility::Shown };
    let report = DiffReport {
        diff: &diff,
        changes: &changes,
        change_notes: &trials.notes,
        summary: vocabulary.numbers(&diff),
        verdicts: &verdicts,
        ids,
    };
    print_report(arguments, &report)?;
    for verdict in verdicts.iter().filter(|verdict| verdict.holds == Some(true)) {
        print_stderr(&escape_controls(&format!(
            "error: --fail-if `{}` holds: {}",
            verdict.text,
            verdict.numbers_text()
        )));
    }
    Ok(if report.failed() { ExitStatus::Negative } else { ExitStatus::Done })
}

/// Prints the report; warns if it is too long for the comment that Markdown is meant for.
fn print_report(arguments: &DiffArguments, report: &DiffReport<'_>) -> Result<(), CommandError> {
    let text = match arguments.format {
        DiffFormat::Human => escape_ci_commands(&report.text()).into_owned(),
        DiffFormat::Json => pretty_json(&DiffRecord::new(report)),
        DiffFormat::Markdown => report.markdown(),
    };
    print_stdout(&text)?;
    let chars = text.chars().count();
    if arguments.format == DiffFormat::Markdown && chars > COMMENT_CHARS_MAX && !arguments.quiet {
        print_stderr(&format!(
            "warning: the report has {chars} characters, and a comment on GitHub at most {COMMENT_CHARS_MAX}; a smaller --limit makes it shorter"
        ));
    }
    Ok(())
}

/// Both models.
///
/// # Errors
/// The problems of both.
fn models([old, new]: &[SourceDocument; 2]) -> Result<(Model, Model), CommandError> {
    match (parse(old), parse(new)) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(CommandError::document(problems)),
        (Err(first), Err(second)) => Err(CommandError::documents(vec![first, second])),
    }
}

/// What the two runs have not in common, and should.
fn warn_model_differences(old: &ScoreSnapshot, new: &ScoreSnapshot) {
    if old.model.as_of.instant != new.model.as_of.instant {
        print_stderr(
            "warning: the models have different time zones and look from different instants; an instant for --as-of, such as 2026-10-31T12:00:00Z, makes them the same",
        );
    }
    if new.levels.values().into_iter().chain(old.levels.values()).all(|level| level.standings.is_empty()) {
        let as_of = format_instant(new.model.as_of.instant);
        print_stderr(&format!("warning: no event of anybody lies before {as_of}, so there is nothing to compare"));
    }
}

/// The most changes that are tried alone: each of them reads the events once.
const SINGLE_CHANGES_MAX: usize = 8;

/// What single changes came to.
#[derive(Default)]
struct ChangeTrials {
    found: Vec<ChangeTrial>,
    /// Sentences about changes that were not tried.
    notes: Vec<String>,
}

/// The runs of both models on the same input.
struct ComparedRuns<'a> {
    prepared: &'a PreparedRun<'a>,
    enrichment: &'a EnrichmentFiles<'a>,
    verbosity: Verbosity,
    /// The rejected lines, by reason, that the last run noted; none before the first run.
    noted_rejects: Option<Vec<(RejectReason, u64)>>,
    /// The values that became null and were warned of.
    warned: Vec<NotUnderstood>,
    /// The warnings about outcomes.
    warned_outcomes: Vec<String>,
}

impl ComparedRuns<'_> {
    /// Scores the events under one model, and keeps what is compared.
    fn score_snapshot(&mut self, model: &Model, path: &Path) -> Result<ScoreSnapshot, CommandError> {
        let name = path.display().to_string();
        let enrichment = self.enrichment.for_model(model, self.prepared.events_at_hand(model), Verbosity::Quiet)?;
        let job = self.prepared.job(model, enrichment.levels.user.as_ref());
        let folded = self.prepared.fold(&job).map_err(|failure| failure.under_model(&name))?;
        self.warn_not_understood(messages::all_not_understood(&enrichment, &folded));
        messages::warn_empty_files(&folded.files);
        if self.verbosity == Verbosity::Notes {
            self.note_input(&folded, &job, &name);
        }
        let (scored, _) = pipeline::score_state((&folded.state, folded.as_of), model, enrichment.for_run())
            .map_err(|error| CommandError::from(error).under_model(&name))?;
        messages::warn_no_entities(&scored, Some(&name));
        if let Some(table) = &enrichment.outcomes {
            self.warn_outcomes(OutcomeMessages { table, scored: &scored, model }.warnings());
        }
        Ok(ScoreSnapshot::take(&scored, model, name))
    }

    /// Scores the old model with each change alone, if that is asked for and there are several.
    fn trials(&self, is_asked: bool, [old, new]: &[SourceDocument; 2]) -> Result<ChangeTrials, CommandError> {
        let mut trials = ChangeTrials::default();
        let changes = if is_asked { single_changes(&old.text, &new.text) } else { Vec::new() };
        if changes.len() > SINGLE_CHANGES_MAX {
            let count = changes.len();
            trials
                .notes
                .push(format!("{count} entries change, and --by-change tries at most {SINGLE_CHANGES_MAX} alone"));
            return Ok(trials);
        }
        for SingleChange { subject, text } in changes {
            match parse(&SourceDocument { name: old.name.clone(), text }) {
                Ok(model) => {
                    let snapshot = self.score_trial(&model, &subject)?;
                    trials.found.push(ChangeTrial { subject, snapshot });
                }
                Err(_) => trials.notes.push(format!("{subject} alone is no valid model, so it is not tried alone")),
            }
        }
        Ok(trials)
    }

    /// Scores the events under a model with one change; what there is to say of the input was said before.
    fn score_trial(&self, model: &Model, subject: &str) -> Result<ScoreSnapshot, CommandError> {
        let name = format!("with the change of {subject} alone");
        let enrichment = self.enrichment.for_model(model, self.prepared.events_at_hand(model), Verbosity::Quiet)?;
        let folded = self
            .prepared
            .fold(&self.prepared.job(model, enrichment.levels.user.as_ref()))
            .map_err(|failure| failure.under_model(&name))?;
        let (scored, _) = pipeline::score_state((&folded.state, folded.as_of), model, enrichment.for_run())
            .map_err(|error| CommandError::from(error).under_model(&name))?;
        Ok(ScoreSnapshot::take(&scored, model, name))
    }

    /// Warns of outcomes that were not used, except as the other model was warned of already.
    fn warn_outcomes(&mut self, found: Vec<String>) {
        let new: Vec<String> = found.into_iter().filter(|text| !self.warned_outcomes.contains(text)).collect();
        new.iter().for_each(|text| print_stderr(text));
        self.warned_outcomes.extend(new);
    }

    /// Warns of values that became null, except values that the other model was warned of already.
    fn warn_not_understood(&mut self, found: Vec<NotUnderstood>) {
        messages::warn_not_understood(found.iter().filter(|one| !self.warned.contains(*one)));
        self.warned.extend(found);
    }

    /// Prints the notes on the input under a model, except notes that the other model printed already.
    fn note_input(&mut self, folded: &FoldedRun, job: &PipelineJob<'_>, name: &str) {
        let rejects = folded.rejects.by_reason();
        if self.noted_rejects.is_none() {
            messages::note_formats(folded, job.format);
        }
        if self.noted_rejects.as_ref() != Some(&rejects) {
            messages::print_rejects(&folded.rejects);
        }
        self.noted_rejects = Some(rejects);
        let missing = MissingNames::find(job.model, &folded.state.names);
        messages::note_missing_names(&format!("the model {name}"), &missing);
    }
}
