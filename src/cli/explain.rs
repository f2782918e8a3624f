//! `pql explain`: why one user or account is what it is.

mod unknown_entity;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
};

use clap::ValueEnum;

use super::{
    CommandError, ExitStatus,
    enrichment::EventsAtHand,
    messages, model_file, print_stderr,
    run_args::{RunArgs, current_time},
    score::{InputFormatArg, parse_max_rejects},
    threads,
};
use crate::commands::explain::{DAYS_MAX, Explanation, find_signal_events, find_tier_paths, forecast};
use pql_engine::{
    ledger::{EntityRef, build_ledger},
    pipeline::{self, PipelineJob},
    read::{self, BlockLimits, ChangeGuard},
};
use pql_model::{
    EntityKind,
    diag::{escape_ci_commands, suggest},
    parse_all_facts,
};

/// Explain one user or account: the score line by line, the rules that held, the way up and the way down.
///
/// Scores all the events (what colleagues do counts too) and shows one user or account: a ledger that adds up to the score, milestones, why this
/// tier and route and not those before them, what would be enough for the tier above, and when it drops a tier if nothing further happens.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArguments {
    /// `user:ID` or `account:ID`
    #[arg(value_name = "ENTITY")]
    entity: String,

    /// Files, folders or patterns of events, plain or as gzip or zstd; `-` is the standard input
    #[arg(required = true, value_name = "EVENTS")]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Read files as this format, whatever the model says [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    #[command(flatten)]
    view: RunArgs,

    /// List the events that counted for this signal, with file and line
    #[arg(long, value_name = "NAME")]
    signal: Option<String>,

    /// Look so many days ahead for a drop in tier; 0 does not look
    #[arg(long, value_name = "DAYS", default_value_t = DAYS_MAX, value_parser = clap::value_parser!(u16).range(0..=90))]
    ahead: u16,

    /// The form of the explanation
    #[arg(short, long, value_enum, default_value_t = ExplainFormat::Human)]
    format: ExplainFormat,

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// For people
    Human,
    /// One object
    Json,
}

/// The level and id of `user:ID` or `account:ID`.
fn entity(text: &str) -> Result<(EntityKind, &str), CommandError> {
    let found = match text.split_once(':') {
        Some(("user", id)) => Some((EntityKind::User, id)),
        Some(("account", id)) => Some((EntityKind::Account, id)),
        _ => None,
    };
    found.filter(|(_, id)| !id.is_empty()).ok_or_else(|| {
        CommandError::usage(format!("`{text}` names nobody; expected user:ID or account:ID, such as user:u33"))
    })
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, CommandError> {
    let (side, id) = entity(&arguments.entity)?;
    let when = arguments.view.as_of_when()?;
    let max_rejects = parse_max_rejects(&arguments.max_rejects)?;
    let inputs = read::resolve_inputs(&arguments.events)?.inputs;
    // The events of a signal are looked for in a second reading.
    let watch = arguments.signal.as_ref().map(|_| ChangeGuard::begin(&inputs)).transpose()?;
    let source = model_file::find(arguments.model.as_ref())?;
    let model = parse_all_facts(&source.document)
        .map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart))?;
    let again = unknown_entity::watch(&model, &inputs);
    let signal = signal(arguments, model.level(side))?;
    if let Some(note) = source.note.filter(|_| !arguments.quiet) {
        print_stderr(&note);
    }
    let format = arguments.from.map_or(model.input.format, InputFormatArg::as_str);
    let at_hand = EventsAtHand { inputs: &inputs, format, limits: arguments.max_line };
    let [users, accounts] = arguments.view.enrichment(&model, at_hand, true)?;
    let now = current_time(when);
    let workers = threads::configure_thread_pool(None, &inputs);
    let limits = arguments.max_line;
    let job =
        PipelineJob { model: &model, inputs, format, when, now, workers, max_rejects, keep_rejects: false, limits };
    let folded = pipeline::fold_inputs(&job, None).map_err(|error| {
        messages::note_failed_run(&error);
        CommandError::from(error)
    })?;
    let (scored, _) = pipeline::score_state(&folded.state, folded.as_of, &model, users.as_ref(), accounts.as_ref())?;
    messages::warn_not_understood(&messages::all_not_understood([users.as_ref(), accounts.as_ref()], &folded));
    let Some(entity) = EntityRef::find(&scored, side, id) else {
        let message = unknown_entity::explain_unknown_entity(
            &job,
            (&folded, users.as_ref()),
            &source.document,
            (side, id),
            again.as_ref(),
        )?;
        return Err(CommandError::Error(anyhow::anyhow!(message), ExitStatus::Negative));
    };
    let ledger = build_ledger(&scored, &model, entity);
    let climb = find_tier_paths(&scored, &model, entity);
    let events = match signal {
        Some(place) => Some(find_signal_events(
            (job.inputs.clone(), limits),
            &model,
            &scored,
            entity,
            &model.level(side).signals[place],
        )?),
        None => None,
    };
    watch.as_ref().map_or(Ok(()), ChangeGuard::verify)?;
    let forecast = match arguments.ahead {
        0 => None,
        days => forecast(&folded, &model, [users.as_ref(), accounts.as_ref()], &ledger, days)?,
    };
    let explanation = Explanation { ledger, next_tier: climb, forecast, events };
    let text = match arguments.format {
        ExplainFormat::Human => escape_ci_commands(&explanation.text()).into_owned(),
        ExplainFormat::Json => serde_json::to_string_pretty(&explanation.json()).unwrap_or_default() + "\n",
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(CommandError::output)?;
    Ok(ExitStatus::Done)
}

/// The signal whose events are asked for, by place.
fn signal(arguments: &ExplainArguments, level: &pql_model::plan::Level) -> Result<Option<usize>, CommandError> {
    let Some(name) = &arguments.signal else { return Ok(None) };
    let names: Vec<&str> = level.signals.iter().map(|signal| signal.name.as_str()).collect();
    match names.iter().position(|known| known == name) {
        Some(place) => Ok(Some(place)),
        None => {
            let help = suggest(name, names).map(|help| format!("; {help}")).unwrap_or_default();
            Err(CommandError::usage(format!("--signal `{name}`: the model has no such signal on this level{help}")))
        }
    }
}
