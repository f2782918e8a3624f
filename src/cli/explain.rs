//! `pql explain`: why one user or account is what it is.

use std::{ffi::OsString, path::PathBuf};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    args::{LimitArgs, RunArgs, RunSettings},
    messages::{self, Verbosity},
    model_file,
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
    stdout::{pretty_json, print_stdout},
    threads,
};
use crate::commands::explain::{
    DAYS_MAX, EntityDirectory, EntityQuery, ExclusionSearch, Explanation, ExplanationRecord, ForecastStart,
    SecondReading, TierBasis, UnknownEntity, WaySearch, explain_unknown_entity, find_signal_events, forecast,
    guard_exclusions, report_members, signal_rollups,
};
use pql_engine::{ledger::build_ledger, pipeline, plan::parse_all_facts, read::ChangeGuard};
use pql_model::{
    EntityKind, PerKind,
    diag::{escape_ci_commands, suggest},
    resolved::{Level, Signal},
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
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    #[command(flatten)]
    run: RunArgs,

    /// List the events that counted for this signal, with file and line
    #[arg(long, value_name = "NAME")]
    signal: Option<String>,

    /// Look so many days ahead for a drop in tier; 0 does not look
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
        // The events of a signal are found in a second reading.
        let passes = if self.signal.is_some() { InputPasses::Several } else { InputPasses::Once };
        prepare(RunRequest {
            settings: RunSettings::new(&self.run, &self.limits)?,
            events: &self.events,
            passes,
            threads: None,
            verbosity: Verbosity::Quiet,
        })
    }
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, CommandError> {
    let query = query(&arguments.entity)?;
    let prepared = arguments.prepare()?;
    let source = model_file::find(arguments.model.as_ref())?;
    let model = parse_all_facts(&source.document).map_err(CommandError::document)?;
    // The members' events are counted in a second reading, if there can be one.
    let guard = ChangeGuard::begin(prepared.inputs()).ok();
    let exclusion_guard = guard_exclusions(&model, prepared.inputs());
    if let Some(side) = query.side {
        signal(arguments, model.resolved.level(side))?;
    }
    if let Some(note) = source.note.filter(|_| !arguments.quiet) {
        print_stderr(&note);
    }
    if !arguments.quiet {
        threads::note_missing_threads();
    }
    let enrichment =
        prepared.enrichment_files()?.for_model(&model, prepared.events_at_hand(&model), Verbosity::Quiet)?;
    let (users, accounts) = (enrichment.user.as_ref(), enrichment.account.as_ref());
    let job = prepared.job(&model, users);
    let mut folded = prepared.fold(&job)?;
    messages::warn_multiline_records(&folded.files);
    let (scored, _) = pipeline::score_state(&folded.state, folded.as_of, &model, users, accounts)?;
    messages::warn_not_understood(&messages::all_not_understood(&enrichment, &folded));
    let emails = pipeline::user_emails(users, folded.as_of, &model.levels.user.emails);
    let directory = EntityDirectory { scored: &scored, model: &model, emails: &emails };
    let found = query.find(&directory).map_err(|several| CommandError::usage(several.to_string()))?;
    let Some(entity) = found else {
        let unknown = UnknownEntity { query, directory, document: &source.document };
        let events = ExclusionSearch { job: &job, folded: &folded, users, guard: exclusion_guard.as_ref() };
        let message = explain_unknown_entity(unknown, &events)?;
        return Err(CommandError::Error(anyhow::anyhow!(message), ExitStatus::Negative));
    };
    let side = entity.side;
    let signal = signal(arguments, model.resolved.level(side))?;
    let ledger = build_ledger(&scored, &model, entity);
    let search = WaySearch::new(&scored, &model, entity);
    let start = ForecastStart {
        side,
        id: ledger.id.clone(),
        tier: ledger.tier.as_ref().and_then(|tier| tier.matched_rule()).map(|tier| tier.name.clone()),
        basis: TierBasis::new(&scored, &model, entity),
    };
    let again =
        || SecondReading { inputs: job.inputs.clone(), limits: prepared.limits(), model: &model, scored: &scored };
    let events = match signal {
        Some(signal) => Some(find_signal_events(again(), entity, signal)?),
        None => None,
    };
    let members = match side {
        EntityKind::User => None,
        EntityKind::Account => {
            let rollups = signal.map(|signal| signal_rollups(&model, signal)).unwrap_or_default();
            let members = report_members((&scored, &model), entity, guard.as_ref().map(|_| again()), &rollups)?;
            guard.as_ref().map_or(Ok(()), ChangeGuard::verify)?;
            Some(members)
        }
    };
    prepared.verify_unchanged()?;
    let enriched = PerKind { user: users, account: accounts };
    let next_tier = match search {
        Some(search) => {
            let mut plain = parse_all_facts(&source.document).map_err(CommandError::document)?;
            plain.resolved.input.forget_fields();
            Some(search.run(&mut folded, &plain, enriched)?)
        }
        None => None,
    };
    let forecast = match arguments.ahead {
        0 => None,
        days => forecast(&folded, &model, enriched, &start, days)?,
    };
    let explanation = Explanation { ledger, members, next_tier, forecast, events };
    match arguments.format {
        ExplainFormat::Human => print_stdout(&escape_ci_commands(&explanation.text()))?,
        ExplainFormat::Json => print_stdout(&pretty_json(&ExplanationRecord::new(&explanation)))?,
    }
    Ok(ExitStatus::Done)
}

/// The signal whose events are asked for.
fn signal<'l>(arguments: &ExplainArguments, level: &'l Level) -> Result<Option<&'l Signal>, CommandError> {
    let Some(name) = &arguments.signal else { return Ok(None) };
    if let Some(signal) = level.signals.iter().find(|signal| signal.name == *name) {
        return Ok(Some(signal));
    }
    let names: Vec<&str> = level.signals.iter().map(|signal| signal.name.as_str()).collect();
    let help = suggest(name, names).map(|help| format!("; {help}")).unwrap_or_default();
    Err(CommandError::usage(format!("--signal `{name}`: the model has no such signal on this level{help}")))
}
