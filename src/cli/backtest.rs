//! `pql backtest`: what a model said at past dates, held against what became of everybody.

mod outputs;
mod question;

use std::{ffi::OsString, path::PathBuf};

use self::{
    outputs::BacktestOutputs,
    question::{AskedPeriod, known_to, parse_capacity, parse_goal, parse_horizon},
};
use super::{
    CommandError, ExitStatus,
    args::{InputFormatArg, LimitArgs, RunArgs, RunSettings, TableArgs},
    messages::{self, OutcomeMessages, Verbosity},
    model_file,
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
    replay::{dates::ReplayStep, warn_of_receipts},
    stdout::{pretty_json, print_stdout, terminal_width},
};
use crate::commands::backtest::{report_markdown, report_sections, report_text};
use pql_engine::{
    backtest::{
        BacktestEvidence, BacktestFigures, BacktestGoal, BacktestQuestion, BacktestReport, KeptDetails, KnownOutcomes,
        LeadCapacity, ObservationJob,
    },
    pipeline::{AsOfRequest, LoadedTables, PipelineJob, score_state},
    plan::{Model, parse},
};
use pql_model::{EntityKind, PerKind, clock::format_day, resolved::OutcomeWord};

/// Hold a model against what became of everybody: did high scores buy?
///
/// Scores the events at past dates, as if each were today, and compares what the model said with the outcomes that followed: who became a lead and
/// what became of it, whether a higher score means a better chance, which signals are worth their points, and which may be the outcome itself. A date
/// sees nothing that came after it; traits of tables without dates are those of today, and are named.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct BacktestArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; they are read twice, and once more for --against
    #[arg(value_name = "EVENTS", required = true)]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// The outcome that counts as success, such as won, accepted, self_serve or expansion
    #[arg(long, value_name = "OUTCOME", default_value = "won", value_parser = parse_goal)]
    goal: OutcomeWord,

    /// How long after a date the goal may come, in days such as 60d
    #[arg(long, value_name = "DAYS", default_value = "60d", value_parser = parse_horizon)]
    horizon: u16,

    /// The first date at which the model is asked [default: the date of the first event]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,

    /// The last date at which the model is asked [default: the date of the newest event]
    #[arg(long, value_name = "DATE")]
    to: Option<String>,

    /// The time between two dates: days such as 1d, weeks such as 1w, or `month` for the last date of each month
    #[arg(long, value_name = "STEP", default_value = "1w", value_parser = ReplayStep::parse)]
    every: ReplayStep,

    /// The last date of which all outcomes are known [default: the date of the newest outcome]
    #[arg(long, value_name = "DATE")]
    known_to: Option<String>,

    /// Whether users or accounts are judged
    #[arg(long, value_enum, default_value_t = BacktestLevel::Account)]
    level: BacktestLevel,

    /// Compare with another model on the same rows
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// How many new leads people can meet, such as 20/1w: shows the score that fits
    #[arg(long, value_name = "LEADS/WEEKS", value_parser = parse_capacity)]
    capacity: Option<LeadCapacity>,

    /// Leave out rows of --users and --accounts that have no dates
    #[arg(long)]
    dated_only: bool,

    #[command(flatten)]
    tables: TableArgs,

    /// Read each file as this format, whatever the model says [default: the format that its first lines show]
    #[arg(long, value_enum, value_name = "FORMAT")]
    read_as: Option<InputFormatArg>,

    /// Write each user or account at each date into this file, with what became of it; its ending says the form: .csv, .json or .ndjson
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,

    /// Write each outcome into this file, with score, tier and signals at the end of the day before
    #[arg(long, value_name = "FILE")]
    outcomes_out: Option<PathBuf>,

    /// The form of the report
    #[arg(short, long, value_enum, default_value_t = BacktestFormat::Text)]
    format: BacktestFormat,

    #[command(flatten)]
    limits: LimitArgs,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum BacktestLevel {
    /// Users
    User,
    /// Accounts
    Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum BacktestFormat {
    /// For a terminal
    Text,
    /// One object with every figure
    Json,
    /// For a page or a comment
    Markdown,
}

impl BacktestLevel {
    fn kind(self) -> EntityKind {
        match self {
            BacktestLevel::User => EntityKind::User,
            BacktestLevel::Account => EntityKind::Account,
        }
    }
}

pub(super) fn run(arguments: &BacktestArguments) -> Result<ExitStatus, CommandError> {
    let verbosity = Verbosity::of_flag(arguments.quiet);
    if arguments.tables.outcomes.is_empty() {
        return Err(CommandError::usage(
            "a back-test needs to know what became of users and accounts; name a file of outcomes with --outcomes"
                .to_owned(),
        ));
    }
    let run_args = RunArgs::at("latest".to_owned(), arguments.read_as, arguments.tables.clone());
    let settings = RunSettings::new(&run_args, &arguments.limits)?;
    let request = RunRequest {
        settings,
        events: &arguments.events,
        passes: InputPasses::Several,
        threads: arguments.threads,
        verbosity,
    };
    let prepared = prepare(request)?;
    let source = model_file::find(arguments.model.as_ref())?;
    let model = parse(&source.document).map_err(CommandError::document)?;
    if let Some(note) = source.note.as_ref().filter(|_| verbosity == Verbosity::Notes) {
        print_stderr(note);
    }
    let other = arguments.against.as_ref().map(|path| model_file::read(path)).transpose()?;
    let other = other.map(|document| parse(&document).map_err(CommandError::document)).transpose()?;
    let outputs = BacktestOutputs::new(arguments)?;
    let test = ModelTest::prepare(arguments, &prepared, &model, verbosity)?;
    let (evidence, figures) = test.ask()?;
    let against = match &other {
        Some(other) => {
            let other = ModelTest {
                period: test.period,
                goal: test.goal,
                ..ModelTest::prepare(arguments, &prepared, other, verbosity)?
            };
            Some(evidence.compare(&other.ask()?.0))
        }
        None => None,
    };
    prepared.verify_unchanged()?;
    let report = BacktestReport { question: test.question(&evidence), figures, against };
    let guarded = outputs.write(&evidence)?;
    if verbosity == Verbosity::Notes {
        messages::note_defused_cells(guarded, "a file with the ending .ndjson");
    }
    print_report(arguments, &report)?;
    Ok(ExitStatus::Done)
}

/// A model with what became of everybody, ready to be asked at past dates.
struct ModelTest<'t> {
    arguments: &'t BacktestArguments,
    prepared: &'t PreparedRun<'t>,
    model: &'t Model,
    tables: LoadedTables,
    /// Traits that the tables give without dates.
    undated: PerKind<Vec<String>>,
    known: KnownOutcomes,
    period: AskedPeriod,
    goal: BacktestGoal,
}

impl<'t> ModelTest<'t> {
    /// Reads the tables, and all events once: to know who is who, and what became of everybody.
    fn prepare(
        arguments: &'t BacktestArguments,
        prepared: &'t PreparedRun<'t>,
        model: &'t Model,
        verbosity: Verbosity,
    ) -> Result<ModelTest<'t>, CommandError> {
        let mut tables = prepared.enrichment_files()?.for_model(model, prepared.events_at_hand(model), verbosity)?;
        let job = prepared.job(model, tables.levels.user.as_ref());
        let folded = prepared.fold(&job)?;
        if verbosity == Verbosity::Notes {
            messages::note_formats(&folded, job.format);
            messages::print_rejects(&folded.rejects);
        }
        let (scored, _) = score_state((&folded.state, folded.as_of), model, tables.for_run())?;
        let table = tables.outcomes.as_ref().expect("--outcomes is given");
        OutcomeMessages { table, scored: &scored, model }.tell(verbosity);
        let zone = &model.resolved.zone;
        let (first, last) = scored.time_range().unwrap_or((folded.as_of.instant, folded.as_of.instant));
        let period = AskedPeriod::new(arguments, [first, last].map(|at| zone.day(at)))?;
        let goal = BacktestGoal {
            word: arguments.goal,
            horizon_days: arguments.horizon,
            known_to: known_to(arguments, table, zone)?,
        };
        let known = KnownOutcomes::of(&scored, table);
        drop(scored);
        let undated = PerKind::from_fn(|kind| undated_traits(model, &tables, kind));
        if arguments.dated_only {
            tables.keep_dated_rows();
        }
        Ok(ModelTest { arguments, prepared, model, tables, undated, known, period, goal })
    }

    /// What the model said at all dates.
    fn ask(&self) -> Result<(BacktestEvidence, BacktestFigures), CommandError> {
        let arguments = self.arguments;
        let dates = self.period.instants(arguments, &self.model.resolved.zone)?;
        let last = dates.last().expect("there is at least one date").instant;
        let job = self.prepared.job(self.model, self.tables.levels.user.as_ref());
        let events = PipelineJob { when: AsOfRequest::At(last), ..job };
        let job = ObservationJob {
            events: &events,
            dates: &dates,
            tables: self.tables.for_run(),
            known: &self.known,
            level: arguments.level.kind(),
            goal: self.goal,
            keeps: KeptDetails { paid: arguments.rows.is_some(), eves: arguments.outcomes_out.is_some() },
        };
        let (evidence, folded) = BacktestEvidence::gather(&job)?;
        warn_of_receipts(&self.model.resolved.input, folded.receipts);
        let figures = evidence.figures(&job, arguments.capacity);
        Ok((evidence, figures))
    }

    /// The question, for the report.
    fn question(&self, evidence: &BacktestEvidence) -> BacktestQuestion {
        let resolved = &self.model.resolved;
        BacktestQuestion {
            model: resolved.name.clone(),
            model_hash: resolved.fingerprint.clone(),
            level: self.arguments.level.kind().word(),
            goal: self.goal.word.name(),
            horizon_days: self.goal.horizon_days,
            dates: evidence.first_and_last().map(format_day),
            date_count: evidence.date_count(),
            known_to: format_day(resolved.zone.day(self.goal.known_to - 1)),
            traits_of_today: [self.undated.user.clone(), self.undated.account.clone()],
            dated_only: self.arguments.dated_only,
        }
    }
}

fn undated_traits(model: &Model, tables: &LoadedTables, kind: EntityKind) -> Vec<String> {
    let table = tables.levels[kind].as_ref();
    let names = table.map(|table| table.undated_traits(&model.levels[kind].traits)).unwrap_or_default();
    names.into_iter().map(str::to_owned).collect()
}

fn print_report(arguments: &BacktestArguments, report: &BacktestReport) -> Result<(), CommandError> {
    let text = match arguments.format {
        BacktestFormat::Text => report_text(&report_sections(report), terminal_width()),
        BacktestFormat::Json => pretty_json(report),
        BacktestFormat::Markdown => report_markdown(&report_sections(report)),
    };
    print_stdout(&text)
}
