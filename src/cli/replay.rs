//! `pql replay`: what runs at the end of each of some dates would have said.

pub(in crate::cli) mod dates;
mod outputs;
mod past;

use std::{ffi::OsString, path::PathBuf};

pub(in crate::cli) use self::outputs::warn_of_receipts;

use self::{
    dates::{ReplayDates, ReplayStep},
    outputs::{ReplayOutputs, note_replay},
    past::{PastModel, ReplayPast},
};
use super::{
    CommandError, ExitStatus,
    args::{InputFormatArg, LimitArgs, RunArgs, RunSettings, TableArgs},
    messages::{self, OutcomeMessages, Verbosity},
    model_file,
    prepare::{InputPasses, RunRequest, prepare},
    print_stderr,
};
use pql_engine::{
    emit::RowFormat,
    plan::parse,
    runs::{ReplayJob, ReplayedRun, replay},
};

/// Replay a period: what runs at the end of each date would have said.
///
/// Reads the events once and scores them at the end of each date, as runs with a record would have done. Writes into a folder who changed and why
/// (changes.csv), which alerts fired (alerts.csv), how many entered and left each tier (volume.csv), and since when everybody stood where
/// (history.csv). An event counts from its own time on, or from the time of its receipt if
/// `[input] fields` of the model names `received` and it is later. Traits of tables without dates are those of today.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ReplayArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(value_name = "EVENTS", required = true)]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// The first date, such as 2026-10-01
    #[arg(long, value_name = "DATE")]
    from: String,

    /// The last date, such as 2026-10-31
    #[arg(long, value_name = "DATE")]
    to: String,

    /// The time between two runs: days such as 1d, weeks such as 1w, or `month` for the last date of each month
    #[arg(long, value_name = "STEP", default_value = "1d", value_parser = ReplayStep::parse)]
    every: ReplayStep,

    #[command(flatten)]
    tables: TableArgs,

    /// Read each file as this format, whatever the model says [default: the format that its first lines show]
    #[arg(long, value_enum, value_name = "FORMAT")]
    read_as: Option<InputFormatArg>,

    /// Write changes, alerts, volumes, history and run.json into this folder
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    /// Begin a record in this folder, as if these runs had been made with a record
    ///
    /// The folder is new or empty. After it, `pql score --record` of a later date goes on from the last run: who is there already is no news, and cooldowns
    /// of alerts count from the replayed dates.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// The form of the files
    #[arg(short, long, value_enum, default_value_t = ReplayFormat::Csv)]
    format: ReplayFormat,

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
enum ReplayFormat {
    /// Comma-separated values
    Csv,
    /// One list of objects
    Json,
    /// An object a line
    Ndjson,
}

impl ReplayFormat {
    fn row_format(self) -> RowFormat {
        match self {
            ReplayFormat::Csv => RowFormat::Csv(pql_engine::emit::CsvDialect::Spreadsheet),
            ReplayFormat::Json => RowFormat::Json,
            ReplayFormat::Ndjson => RowFormat::Ndjson,
        }
    }
}

pub(super) fn run(arguments: &ReplayArguments) -> Result<ExitStatus, CommandError> {
    let verbosity = Verbosity::of_flag(arguments.quiet);
    let dates = ReplayDates::new(&arguments.from, &arguments.to, arguments.every)?;
    let run_args = RunArgs::at(dates.last_text(), arguments.read_as, arguments.tables.clone());
    let settings = RunSettings::new(&run_args, &arguments.limits)?;
    let threads = arguments.threads;
    let request = RunRequest { settings, events: &arguments.events, passes: InputPasses::Once, threads, verbosity };
    let prepared = prepare(request)?;
    let source = model_file::find(arguments.model.as_ref())?;
    let model = parse(&source.document).map_err(CommandError::document)?;
    if let Some(note) = source.note.as_ref().filter(|_| verbosity == Verbosity::Notes) {
        print_stderr(note);
    }
    let enrichment = prepared.enrichment_files()?.for_model(&model, prepared.events_at_hand(&model), verbosity)?;
    let record = past::begin(arguments, verbosity)?;
    let mut outputs = ReplayOutputs::open(arguments, &prepared, &source.document.name, verbosity)?;
    let job = prepared.job(&model, enrichment.levels.user.as_ref());
    let (earlier, end) = dates.instants(&model.resolved.zone);
    let tables = enrichment.for_run();
    let replay_job = ReplayJob { last: &job, earlier: &earlier, end, tables, log: past::log(&record) };
    let past_model = PastModel { model: &model, text: &source.document.text, tables };
    let mut past = ReplayPast::new(record, earlier.len() + 1)?;
    let mut take = |run: &ReplayedRun<'_>| {
        if let Some(table) = tables.outcomes.filter(|_| run.scored.as_of.instant == end.instant) {
            OutcomeMessages { table, scored: run.scored, model: &model }.tell(verbosity);
        }
        past.add(run, past_model)?;
        outputs.add(run, (&model, tables))
    };
    let folded = replay(&replay_job, &mut take, None)?;
    warn_of_receipts(&model.resolved.input, folded.receipts);
    if verbosity == Verbosity::Notes {
        messages::note_formats(&folded, job.format);
        messages::print_rejects(&folded.rejects);
    }
    let guarded = outputs.write(&model, &folded, tables)?;
    past.publish(outputs)?;
    if verbosity == Verbosity::Notes {
        note_replay(&arguments.out, earlier.len() + 1, guarded);
        arguments.record.iter().for_each(|dir| past::note(dir, end));
    }
    Ok(ExitStatus::Done)
}
