//! `pql explain`: why one user or account is what it is.

mod history;
mod scored_run;

use std::{ffi::OsString, path::PathBuf};

use clap::ValueEnum;

use self::scored_run::{PresentFindings, RunParts, ScoredRun};
use super::{
    CommandError, ExitStatus,
    args::{LimitArgs, RunArgs, RunSettings},
    messages::{self, Verbosity},
    model_file::{self, ChosenModel},
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
    replay::dates::ReplayStep,
    stdout::{pretty_json, print_stdout},
    threads,
};
use crate::commands::explain::{DAYS_MAX, EntityQuery, Explanation, ExplanationRecord, forecast};
use pql_engine::{
    ledger::{Ledger, RuleDecision},
    pipeline::{FoldedRun, LoadedTables},
    plan::{Model, parse_all_facts},
    read::{ChangeGuard, InputSource},
};
use pql_model::{
    EntityKind,
    diag::{escape_ci_commands, suggest},
    resolved::Signal,
    units::format_number,
};

/// Explain one user or account: the score line by line, the rules that held, the way up and the way down.
///
/// Scores all the events (what colleagues do counts too) and shows one user or account: a ledger that adds up to the score, milestones, why this
/// tier and route and not those before them, what would be enough for the tier above, and when it drops a tier if nothing further happens.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    /// An id, an e-mail address or the name of an account; `user:ID` or `account:ID` if both have the id
    #[arg(value_name = "ENTITY")]
    entity: String,

    /// Files, folders or patterns of events, plain or as gzip or zstd; `-` is the standard input
    #[arg(required_unless_present = "record", value_name = "EVENTS")]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    #[command(flatten)]
    run: RunArgs,

    /// List the events that counted for this signal, with file and line
    #[arg(long, value_name = "NAME")]
    signal: Option<String>,

    /// Show the dates on which the score or the tier changed, and the signals that changed it, as daily runs with a record would have said
    #[arg(long, conflicts_with = "signal")]
    history: bool,

    /// The time between two runs of --history: days such as 1d, weeks such as 1w, or `month` for the last date of each month
    #[arg(long, value_name = "STEP", default_value = "1d", requires = "history", value_parser = ReplayStep::parse)]
    every: ReplayStep,

    /// Take the history from the record in this folder, without events
    #[arg(long, value_name = "DIR", requires = "history", conflicts_with = "events")]
    record: Option<PathBuf>,

    /// Days to look ahead for a drop in tier; 0 does not look ahead
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_MAX, value_parser = clap::value_parser!(u16).range(0..=90))]
    ahead: u16,

    /// The form of the explanation
    #[arg(short, long, value_enum, default_value_t = ExplainFormat::Human)]
    format: ExplainFormat,

    #[command(flatten)]
    limits: LimitArgs,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// For people
    Human,
    /// One object
    Json,
}

/// Who is meant.
fn query(text: &str) -> Result<EntityQuery<'_>, CommandError> {
    EntityQuery::parse(text).ok_or_else(|| {
        CommandError::usage(format!(
            "`{text}` has no id: white space and words such as `null` are none; expected an id, user:ID or account:ID, such as user:u33"
        ))
    })
}

impl ExplainArguments {
    fn prepare(&self) -> Result<PreparedRun<'_>, CommandError> {
        prepare(RunRequest {
            settings: RunSettings::new(&self.run, &self.limits)?,
            events: &self.events,
            passes: InputPasses::Once,
            threads: None,
            verbosity: Verbosity::Quiet,
        })
    }

    /// Watches the events for changes, since some explanations read them a second time. None if they can be read only once.
    ///
    /// # Errors
    /// Events of a signal or a history are asked for, and there can be no second reading.
    fn guard(&self, inputs: &[InputSource]) -> Result<Option<ChangeGuard>, CommandError> {
        match ChangeGuard::begin(inputs) {
            Ok(guard) => Ok(Some(guard)),
            Err(error) if self.signal.is_some() || self.history => Err(error.into()),
            Err(_) => Ok(None),
        }
    }
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, CommandError> {
    let query = query(&arguments.entity)?;
    if let Some(record) = &arguments.record {
        return history::print_recorded(arguments, record, query);
    }
    let prepared = arguments.prepare()?;
    let chosen = ExplainModel::load(arguments)?;
    let guard = arguments.guard(prepared.inputs())?;
    if let Some(side) = query.side {
        chosen.signal(side)?;
    }
    chosen.print_notes(arguments);
    let at_hand = prepared.events_at_hand(&chosen.model);
    let enrichment = prepared.enrichment_files()?.for_model(&chosen.model, at_hand, Verbosity::Quiet)?;
    let job = prepared.job(&chosen.model, enrichment.levels.user.as_ref());
    let mut folded = prepared.fold(&job)?;
    messages::warn_multiline_records(&folded.files);
    let parts =
        RunParts { job: &job, chosen: &chosen, folded: &folded, enrichment: &enrichment, guard: guard.as_ref() };
    if let (true, Some(guard)) = (arguments.history, &guard) {
        return history::print_replayed(arguments, parts, guard, query);
    }
    let present = ScoredRun::of(parts)?.findings(query)?;
    if !arguments.quiet {
        note_tier_to_stay_in(&chosen.model, &present.ledger);
    }
    let explanation = look_ahead(arguments, &chosen, (&mut folded, &enrichment), present)?;
    print_explanation(arguments.format, &explanation)?;
    Ok(ExitStatus::Done)
}

/// Says in which higher tier a run with a record would have kept the entity, if it was there before.
fn note_tier_to_stay_in(model: &Model, ledger: &Ledger) {
    let matched = ledger.tier.as_ref().and_then(RuleDecision::matched_rule).map(|rule| rule.name.as_str());
    let tiers = &model.resolved.level(ledger.side).tiers;
    let higher = tiers.iter().take_while(|tier| Some(tier.name.as_str()) != matched);
    let score = ledger.score.to_f64();
    let stays = |at: f64, strict: bool| if strict { score > at } else { score >= at };
    let kept = higher.filter_map(|tier| Some((tier, tier.stay?))).find(|(_, (at, strict))| stays(*at, *strict));
    if let Some((tier, (at, strict))) = kept {
        let (name, from) = (&tier.name, if strict { "above" } else { "from" });
        print_stderr(&format!(
            "note: a run with a record keeps whom the run before had in `{name}` there {from} {} points; an explanation knows no run before",
            format_number(at)
        ));
    }
}

/// The model of an explanation, whole: facts that nothing needs can be asked for too.
struct ExplainModel {
    source: ChosenModel,
    model: Model,
    /// The signal whose events are asked for.
    signal: Option<String>,
}

impl ExplainModel {
    /// Reads the model.
    ///
    /// # Errors
    /// A model that cannot be read, or has problems.
    fn load(arguments: &ExplainArguments) -> Result<ExplainModel, CommandError> {
        let source = model_file::find(arguments.model.as_ref())?;
        let model = parse_all_facts(&source.document).map_err(CommandError::document)?;
        Ok(ExplainModel { source, model, signal: arguments.signal.clone() })
    }

    fn print_notes(&self, arguments: &ExplainArguments) {
        if arguments.quiet {
            return;
        }
        if let Some(note) = &self.source.note {
            print_stderr(note);
        }
        threads::note_missing_threads();
    }

    /// The signal whose events are asked for, on a level.
    ///
    /// # Errors
    /// The level has none of this name.
    fn signal(&self, side: EntityKind) -> Result<Option<&Signal>, CommandError> {
        let Some(name) = &self.signal else { return Ok(None) };
        let level = self.model.resolved.level(side);
        if let Some(signal) = level.signals.iter().find(|signal| signal.name == *name) {
            return Ok(Some(signal));
        }
        let other = match side {
            EntityKind::User => EntityKind::Account,
            EntityKind::Account => EntityKind::User,
        };
        if self.model.resolved.level(other).signals.iter().any(|signal| signal.name == *name) {
            let (of, place) = (other.plural(), other.word());
            return Err(CommandError::usage(format!(
                "--signal `{name}` is a signal of {of}; `pql explain {place}:ID ... --signal {name}` shows it for one of them"
            )));
        }
        let names: Vec<&str> = level.signals.iter().map(|signal| signal.name.as_str()).collect();
        let help = suggest(name, names).map(|help| format!("; {help}")).unwrap_or_default();
        Err(CommandError::usage(format!("--signal `{name}`: the model has no such signal on this level{help}")))
    }
}

/// Adds to the present what would lead up, and what comes next.
///
/// # Errors
/// Those of scoring.
fn look_ahead(
    arguments: &ExplainArguments,
    chosen: &ExplainModel,
    (folded, enrichment): (&mut FoldedRun, &LoadedTables),
    present: PresentFindings,
) -> Result<Explanation, CommandError> {
    let PresentFindings { ledger, members, outcomes, events, search, start } = present;
    let tables = enrichment.for_run();
    let next_tier = match search {
        Some(search) => {
            let mut plain = parse_all_facts(&chosen.source.document).map_err(CommandError::document)?;
            plain.resolved.input.forget_fields();
            Some(search.run(folded, &plain, tables)?)
        }
        None => None,
    };
    let forecast = match arguments.ahead {
        0 => None,
        days => forecast(folded, &chosen.model, tables, &start, days)?,
    };
    Ok(Explanation { ledger, members, outcomes, next_tier, forecast, events })
}

fn print_explanation(format: ExplainFormat, explanation: &Explanation) -> Result<(), CommandError> {
    match format {
        ExplainFormat::Human => print_stdout(&escape_ci_commands(&explanation.text())),
        ExplainFormat::Json => print_stdout(&pretty_json(&ExplanationRecord::new(explanation))),
    }
}
