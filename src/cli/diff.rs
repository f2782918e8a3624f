//! `pql diff`: what another model changes, on the same events.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{
    Exit, Failure,
    beside::Beside,
    model, notes,
    options::{View, present},
    paint,
    score::{FromName, max_rejects, tell_empty, tell_missing_names, tell_rejects, tell_resolved},
    tell, threads,
};
use crate::{
    diag::{Problems, no_commands, render, visible},
    diff::{Gate, Ids, Report, Snapshot, Vocabulary, compare},
    model::{Model, parse},
    pipeline::{self, Folded, Job, MaxRejects, When},
    read::{self, Input, Limits, Watch},
    units::Micros,
};

/// Compare two models on the same events: who changes tier and route, and why.
///
/// Scores the events under both models and shows how users and accounts move between tiers and routes, who enters and leaves each tier with the
/// signals that made the difference, and what each human route has to do before and after. With --fail-if it ends with exit code 1 if a condition
/// over these numbers holds.
#[derive(Debug, clap::Args)]
#[command(after_long_help = NAMES)]
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
    from: Option<FromName>,

    #[command(flatten)]
    view: View,

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
    #[arg(short, long, value_enum, default_value_t = FormatName::Human)]
    format: FormatName,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::limits::max_line)]
    max_line: Limits,

    /// Say nothing but errors, and a warning if no event counts
    #[arg(short, long)]
    quiet: bool,
}

const NAMES: &str = "Numbers that --fail-if knows:
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
enum FormatName {
    /// For people
    Human,
    /// One object with every number
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// A comment on GitHub may have so many characters.
const COMMENT_CHARS_MAX: usize = 65_536;

/// What both runs have in common.
struct Runs<'a> {
    arguments: &'a DiffArguments,
    inputs: Vec<Input>,
    beside: Beside<'a>,
    when: When,
    now: Micros,
    max_rejects: MaxRejects,
}

pub(super) fn run(arguments: &DiffArguments) -> Result<Exit, Failure> {
    let when = arguments.view.when()?;
    let max_rejects = max_rejects(&arguments.max_rejects)?;
    let (old, new) = models(arguments)?;
    let vocabulary = Vocabulary::new(&old, &new);
    let gates = gates(&arguments.fail_if, &vocabulary)?;
    let resolved = read::resolve(&arguments.events)?;
    let watch = Watch::begin(&resolved.inputs)?;
    if !arguments.quiet {
        tell_resolved(&resolved);
    }
    // Once for both models.
    let now = present(when);
    let beside = arguments.view.beside()?;
    let runs = Runs { arguments, inputs: resolved.inputs, beside, when, now, max_rejects };
    let mut told = String::new();
    let before = runs.run(&old, &arguments.old, &mut told)?;
    let after = runs.run(&new, &arguments.new, &mut told)?;
    watch.end()?;
    if !arguments.quiet {
        tell_heads(&before, &after);
    }
    let diff = compare(&before, &after, arguments.limit);
    let verdicts: Vec<_> = gates.iter().map(|gate| gate.decide(&diff)).collect();
    let ids = if arguments.no_ids { Ids::Hidden } else { Ids::Shown };
    let report = Report { diff: &diff, summary: vocabulary.numbers(&diff), verdicts: &verdicts, ids };
    let text = match arguments.format {
        FormatName::Human => no_commands(&report.text()).into_owned(),
        FormatName::Json => serde_json::to_string_pretty(&report.json()).unwrap_or_default() + "\n",
        FormatName::Markdown => report.markdown(),
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::output)?;
    let chars = text.chars().count();
    if arguments.format == FormatName::Markdown && chars > COMMENT_CHARS_MAX && !arguments.quiet {
        tell(&format!(
            "warning: the report has {chars} characters, and a comment on GitHub at most {COMMENT_CHARS_MAX}; a smaller --limit makes it shorter"
        ));
    }
    for verdict in verdicts.iter().filter(|verdict| verdict.holds == Some(true)) {
        let known: Vec<String> = verdict.known.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        tell(&visible(&format!("error: --fail-if `{}` holds: {}", verdict.text, known.join(", "))));
    }
    Ok(if report.failed() { Exit::No } else { Exit::Done })
}

/// Reads both models; the problems of both are told.
fn models(arguments: &DiffArguments) -> Result<(Model, Model), Failure> {
    let (old, new) = (model::read(&arguments.old)?, model::read(&arguments.new)?);
    let failure = |problems: Problems| Failure::Document(Box::new(problems), Exit::CannotStart);
    match (parse(&old), parse(&new)) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (Err(problems), Ok(_)) | (Ok(_), Err(problems)) => Err(failure(problems)),
        (Err(first), Err(second)) => {
            tell(&format!("{}\n", render(&first.document, &first.list, paint())));
            Err(failure(second))
        }
    }
}

/// Reads the conditions; the problems of all of them are told.
fn gates(texts: &[String], vocabulary: &Vocabulary) -> Result<Vec<Gate>, Failure> {
    let mut gates = Vec::new();
    let mut broken: Option<Problems> = None;
    for text in texts {
        match Gate::parse(text, vocabulary) {
            Ok(gate) => gates.push(gate),
            Err(problems) => {
                if let Some(earlier) = broken.replace(problems) {
                    tell(&format!("{}\n", render(&earlier.document, &earlier.list, paint())));
                }
            }
        }
    }
    match broken {
        Some(problems) => Err(Failure::Document(Box::new(problems), Exit::CannotStart)),
        None => Ok(gates),
    }
}

/// What the two runs have not in common, and should.
fn tell_heads(old: &Snapshot, new: &Snapshot) {
    if old.head.fingerprint == new.head.fingerprint {
        tell("note: the two models are the same text");
    }
    if old.head.as_of.instant != new.head.as_of.instant {
        tell(
            "warning: the models have different time zones and look from different instants; an instant for --as-of, such as 2026-10-31T12:00:00Z, makes them the same",
        );
    }
    if new.levels.iter().chain(&old.levels).all(|level| level.standings.is_empty()) {
        let as_of = crate::clock::instant_text(new.head.as_of.instant);
        tell(&format!("warning: no event of anybody lies before {as_of}, so there is nothing to compare"));
    }
}

impl Runs<'_> {
    /// Scores the events under one model and keeps what is compared; what was `told` of rejected lines is not told again.
    fn run(&self, model: &Model, path: &std::path::Path, told: &mut String) -> Result<Snapshot, Failure> {
        let arguments = self.arguments;
        let quiet = arguments.quiet;
        let [users, accounts] = self.beside.under(model, true)?;
        let format = arguments.from.map_or(model.input.format, FromName::as_str);
        let job = Job {
            model,
            inputs: self.inputs.clone(),
            format,
            when: self.when,
            now: self.now,
            workers: threads::settle(None, &self.inputs),
            max_rejects: self.max_rejects,
            keep_rejects: false,
            limits: arguments.max_line,
        };
        let name = path.display().to_string();
        let folded = pipeline::fold(&job, None).map_err(|error| {
            notes::no_result(&error);
            under(&name, error.into())
        })?;
        if !quiet {
            self.tell(&folded, format, model, &name, told);
        }
        let (scored, _) = pipeline::evaluate(&folded.state, folded.as_of, model, users.as_ref(), accounts.as_ref())
            .map_err(|error| under(&name, error.into()))?;
        notes::nobody(&scored, Some(&name));
        Ok(Snapshot::take(&scored, model, name))
    }

    /// What there is to say of the input under a model. Of what was already said under the other one, nothing.
    fn tell(&self, folded: &Folded, format: &str, model: &Model, name: &str, told: &mut String) {
        let rejected: Vec<_> =
            folded.rejects.by_reason().iter().map(|(reason, count)| (reason.code(), *count)).collect();
        let this = format!("{rejected:?}");
        if told.is_empty() {
            notes::formats(folded, format);
            tell_empty(&folded.files);
        }
        if *told != this {
            tell_rejects(&folded.rejects);
        }
        *told = this;
        tell_missing_names(&format!("the model {name}"), model, &folded.state.names);
    }
}

/// Says under which model a run failed, since the other one may be fine.
fn under(name: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Error(error, exit) => Failure::Error(error.context(format!("under the model {name}")), exit),
        other => other,
    }
}
