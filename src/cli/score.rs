//! `pql score`: events to users and accounts.

mod expected;
mod failed_run;
mod next_step;
mod outputs;
mod progress;
mod record;
mod rows;
mod several_models;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use self::{
    expected::{NUMBERS_HELP, expectations, judge, refuse},
    failed_run::publish_rejects_only,
    next_step::print_next_step,
    outputs::{OutputFiles, OutputPlan},
    progress::with_progress,
    record::{ModelToRecord, OpenRecord, RecordedFold, RecordedFoldError, RunToRecordFold},
    rows::{write_folder, write_output},
};
use super::{
    CommandError, ExitStatus,
    args::{LimitArgs, RunArgs, RunSettings, current_time},
    enrichment::EnrichmentFiles,
    messages::{self, OutcomeMessages, Verbosity},
    model_file,
    prepare::{InputPasses, PreparedRun, RunRequest, prepare},
    print_stderr,
};
use crate::commands::score::{FinishedRun, JudgedExpectation, MissingNames, RunValues};
use pql_engine::{
    emit::{self, CsvDialect, RowFormat},
    pipeline::{self, AsOfRequest, FoldedRun, PipelineJob, RejectedLines, RunTables},
    plan::parse_with_rows,
    runs::show_assignees,
};
use pql_model::{EXAMPLE, EntityKind, PerKind, RequestedRows};

/// Score events: who is a product-qualified lead or account, and why.
///
/// Reads events (JSON lines or lists, CSV, Parquet) and writes a row for each user and account: score, tier, route and every reason. On a terminal it shows a
/// summary; into a pipe it writes CSV; with --out it writes users, accounts and a record of the run into a folder.
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = NUMBERS_HELP)]
pub(super) struct ScoreArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(value_name = "EVENTS")]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    ///
    /// The option may be given more than once. Each model then writes into its own folder below --out, which has the name of the model.
    #[arg(short, long = "model", value_name = "FILE")]
    models: Vec<PathBuf>,

    #[command(flatten)]
    run: RunArgs,

    /// Write users, accounts, rejects and run.json into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seconds to wait for another run that writes to the folder of --out [default: do not wait]
    #[arg(long, value_name = "SECONDS", requires = "out")]
    wait: Option<u64>,

    /// Go on from the record in this folder: what changed since the run before, and whom to call
    ///
    /// The record says what the lists of the runs before said. With --out, the run adds changes.csv and alerts.csv, and is recorded when its lists are
    /// published. Without --out the record stays as it is.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,

    /// Begin a record in the folder of --record
    #[arg(long, requires = "record")]
    begin: bool,

    /// Allow an --as-of more than a day ahead, though a record never goes back before its newest run
    #[arg(long, requires = "record")]
    yes: bool,

    /// Which rows to write to the standard output
    #[arg(long, value_enum, default_value_t = ScoreLevel::Account, conflicts_with = "out")]
    level: ScoreLevel,

    /// Write only rows for which this condition over facts holds, such as `tier = 'hot' and invites > 2`
    #[arg(long = "where", value_name = "EXPR", conflicts_with = "out")]
    only: Option<String>,

    /// Write only the first N rows
    #[arg(long, value_name = "N", conflicts_with = "out", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,

    /// Write these columns or facts, in this order, such as `rank,account_id,score,say`
    #[arg(long, value_name = "NAMES", conflicts_with = "out")]
    columns: Option<String>,

    /// The form of rows [default: csv; on a terminal a table]
    #[arg(short, long, value_enum)]
    format: Option<ScoreFormat>,

    /// How text that a spreadsheet would run as a formula is written to CSV
    #[arg(long, value_enum, default_value_t = CsvDialectArg::Spreadsheet)]
    csv: CsvDialectArg,

    /// Write rejected lines to this file [default: rejects.ndjson in the folder of --out]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    #[command(flatten)]
    limits: LimitArgs,

    /// End with exit code 1, and publish nothing, if this condition holds, such as `events_last_day = 0`; may be given more than once
    #[arg(long, value_name = "EXPR")]
    fail_if: Vec<String>,

    /// Write which user each raw id belongs to: CSV with raw_id, kind (user or visitor) and user_id
    #[arg(long, value_name = "FILE")]
    id_map: Option<PathBuf>,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,

    /// Print the built-in example model and do nothing else
    #[arg(long, exclusive = true)]
    print_model: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScoreLevel {
    /// Accounts
    Account,
    /// Users
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScoreFormat {
    /// Comma-separated values
    Csv,
    /// One list of objects with the whole breakdown
    Json,
    /// The same, an object a line
    Ndjson,
    /// A summary for people (not with --out)
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CsvDialectArg {
    /// With a leading apostrophe
    Spreadsheet,
    /// As it is, for machines
    Exact,
}

impl CsvDialectArg {
    fn dialect(self) -> CsvDialect {
        match self {
            CsvDialectArg::Spreadsheet => CsvDialect::Spreadsheet,
            CsvDialectArg::Exact => CsvDialect::Exact,
        }
    }
}

impl ScoreLevel {
    fn kind(self) -> EntityKind {
        match self {
            ScoreLevel::Account => EntityKind::Account,
            ScoreLevel::User => EntityKind::User,
        }
    }
}

impl ScoreArguments {
    /// Whether the standard output gets other rows or columns than all.
    fn asks_for_rows(&self) -> bool {
        self.only.is_some() || self.top.is_some() || self.columns.is_some()
    }

    fn requested_rows(&self) -> RequestedRows {
        RequestedRows {
            kind: self.level.kind(),
            when: self.only.clone(),
            columns: self.columns.clone(),
            limit: self.top.map(|count| count as usize),
        }
    }

    fn verbosity(&self) -> Verbosity {
        Verbosity::of_flag(self.quiet)
    }

    /// The form of rows; on a terminal a table may take its place.
    fn row_format(&self) -> RowFormat {
        match self.format {
            Some(ScoreFormat::Json) => RowFormat::Json,
            Some(ScoreFormat::Ndjson) => RowFormat::Ndjson,
            Some(ScoreFormat::Csv | ScoreFormat::Table) | None => RowFormat::Csv(self.csv.dialect()),
        }
    }
}

pub(super) fn run(arguments: &ScoreArguments) -> Result<ExitStatus, CommandError> {
    if arguments.print_model {
        io::stdout().lock().write_all(EXAMPLE.as_bytes()).map_err(CommandError::output)?;
        return Ok(ExitStatus::Done);
    }
    if arguments.models.len() > 1 { several_models::run(arguments) } else { run_model(arguments) }
}

/// A run under one model at most.
fn run_model(arguments: &ScoreArguments) -> Result<ExitStatus, CommandError> {
    let verbosity = arguments.verbosity();
    let prepared = prepared(arguments)?;
    let source = model_file::find(arguments.models.first())?;
    let model = parse_with_rows(&source.document, &arguments.requested_rows())
        .map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart))?;
    let expected = expectations(&model, &source.document, &arguments.fail_if)?;
    if let Some(note) = source.note.filter(|_| verbosity == Verbosity::Notes) {
        print_stderr(&note);
    }
    let tables = prepared.enrichment_files()?;
    let enrichment = tables.for_model(&model, prepared.events_at_hand(&model), verbosity)?;
    let tables_now = enrichment.for_run();
    let planned = OutputPlan::new(arguments, &model.resolved.lists);
    planned.refuse_overwriting_inputs(arguments, prepared.inputs(), Path::new(&source.document.name))?;
    let record = OpenRecord::open(arguments)?;
    let mut outputs = planned.open(arguments)?;
    let job = PipelineJob { keep_rejects: outputs.rejects.is_some(), ..prepared.job(&model, tables_now.levels.user) };
    let fold = RunFold::new(arguments, (&prepared, &job, &tables), tables_now, &record);
    let mut fold = match fold {
        Err(RecordedFoldError::Run(error)) => {
            let noted = (verbosity == Verbosity::Notes).then_some(job.format);
            return Err(publish_rejects_only(error, outputs.rejects, noted));
        }
        Err(RecordedFoldError::Command(error)) => return Err(error),
        Ok(fold) => fold,
    };
    if let Some(file) = &mut outputs.rejects {
        let rejects = fold.rejects();
        file.write_with(|file| rejects.write(file))?;
    }
    let folded = fold.folded();
    let (mut scored, coverage) = match &fold {
        RunFold::Recorded(fold) => fold.followed.score(&model, tables_now, fold.before())?,
        RunFold::Alone(folded) => pipeline::score_state((&folded.state, folded.as_of), &model, tables_now)?,
    };
    let concluded = fold.recorded().map(|fold| fold.conclude(&scored, &model));
    if let Some(concluded) = &concluded {
        show_assignees(&mut scored, &concluded.list);
    }
    let recorded = fold.recorded().zip(concluded.as_ref()).map(|(fold, concluded)| fold.outcome(concluded, &model));
    let rows_without_id =
        PerKind::from_fn(|kind| enrichment.levels[kind].as_ref().map_or(0, |table| table.rows_without_id));
    let not_understood = &messages::all_not_understood(&enrichment, folded);
    let result = FinishedRun {
        model: &model,
        folded,
        scored: &scored,
        coverage,
        rows_without_id,
        not_understood,
        outcomes: tables_now.outcomes,
        recorded,
    };
    report_input(arguments, &result, &job);
    let values = RunValues { run: result, now: prepared.present() };
    let judged = judge(&expected, &values, &source.document.name, verbosity);
    let exit = if judged.iter().any(JudgedExpectation::fails) {
        refuse(outputs.rejects, &folded.rejects)
    } else {
        let to_record = ModelToRecord { text: &source.document.text, tables: tables_now };
        publish(arguments, (&values, &judged), outputs, (record, to_record))
    };
    if verbosity == Verbosity::Notes && matches!(exit, Ok(ExitStatus::Done)) {
        print_next_step(arguments, &scored);
    }
    // The program is about to end: giving back the memory of a million users piece by piece would only take time.
    std::mem::forget(scored);
    std::mem::forget(fold);
    exit
}

/// A folded run, with or without the run that it follows.
enum RunFold {
    Alone(Box<FoldedRun>),
    Recorded(Box<RecordedFold>),
}

impl RunFold {
    /// Folds the events.
    fn new(
        arguments: &ScoreArguments,
        (prepared, job, tables): (&PreparedRun<'_>, &PipelineJob<'_>, &EnrichmentFiles<'_>),
        tables_now: RunTables<'_>,
        record: &Option<OpenRecord>,
    ) -> Result<RunFold, RecordedFoldError> {
        let verbosity = arguments.verbosity();
        let Some(record) = record else {
            let folded = with_progress(verbosity, |report| pipeline::fold_inputs(job, report));
            return folded.map(Box::new).map(RunFold::Alone).map_err(RecordedFoldError::Run);
        };
        let now = current_time(AsOfRequest::Latest);
        let run = RunToRecordFold { prepared, job, tables, tables_now, verbosity, allows_future: arguments.yes, now };
        Ok(RunFold::Recorded(Box::new(record.fold(&run)?)))
    }

    fn folded(&self) -> &FoldedRun {
        match self {
            RunFold::Alone(folded) => folded,
            RunFold::Recorded(fold) => &fold.followed.folded,
        }
    }

    fn rejects(&mut self) -> &mut RejectedLines {
        match self {
            RunFold::Alone(folded) => &mut folded.rejects,
            RunFold::Recorded(fold) => &mut fold.followed.folded.rejects,
        }
    }

    fn recorded(&self) -> Option<&RecordedFold> {
        match self {
            RunFold::Alone(_) => None,
            RunFold::Recorded(fold) => Some(fold),
        }
    }
}

/// Writes what a run gives: into a folder, or to the standard output.
fn publish(
    arguments: &ScoreArguments,
    (values, judged): (&RunValues<'_>, &[JudgedExpectation]),
    mut outputs: OutputFiles,
    (record, to_record): (Option<OpenRecord>, ModelToRecord<'_>),
) -> Result<ExitStatus, CommandError> {
    let result = &values.run;
    if let Some(file) = &mut outputs.id_map {
        // Every raw id with its user, so that a warehouse can use the same joins.
        file.write_with(|file| emit::write_id_map(&result.scored.entities.id_map(), file))?;
    }
    match &arguments.out {
        Some(dir) => write_folder(arguments, dir, (values, judged), outputs, (record, to_record)),
        // The files are published first, because the reader of the rows may go away before their end.
        None => outputs.commit().and_then(|()| write_output(arguments, result)).map(|()| ExitStatus::Done),
    }
}

/// What was read, and what of it was not understood.
fn report_input(arguments: &ScoreArguments, result: &FinishedRun<'_>, job: &PipelineJob<'_>) {
    let FinishedRun { folded, scored, .. } = result;
    messages::warn_multiline_records(&folded.files);
    if arguments.verbosity() == Verbosity::Notes {
        note_input(folded, job);
    }
    messages::warn_no_entities(scored, None);
    messages::warn_unknown_milestones(scored, result.model);
    messages::warn_not_understood(result.not_understood);
    report_outcomes(result, arguments.verbosity());
    if arguments.verbosity() == Verbosity::Notes {
        messages::note_missing_rows(&arguments.run, &result.coverage);
        if arguments.out.is_some() && result.recorded.is_none() {
            messages::note_alerts(result.model);
        }
        if result.recorded.is_none() {
            messages::note_lower_tiers(scored, result.model);
        }
        messages::note_empty_traits(scored, result.model);
        messages::note_refused_joins(&scored.entities.joins, folded.split_records);
    }
}

/// What of the outcomes was not used.
fn report_outcomes(result: &FinishedRun<'_>, verbosity: Verbosity) {
    let Some(table) = result.outcomes else { return };
    OutcomeMessages { table, scored: result.scored, model: result.model }.tell(verbosity);
}

/// Checks the options, and finds the events.
fn prepared(arguments: &ScoreArguments) -> Result<PreparedRun<'_>, CommandError> {
    if arguments.out.is_some() && arguments.format == Some(ScoreFormat::Table) {
        return Err(CommandError::usage("--format table is for the terminal; with --out it is csv, json or ndjson"));
    }
    let settings = RunSettings::new(&arguments.run, &arguments.limits)?;
    if arguments.events.is_empty() {
        return Err(CommandError::usage(
            "no events to score: name files, folders or patterns, or `-` for the standard input",
        ));
    }
    prepare(RunRequest {
        settings,
        events: &arguments.events,
        passes: InputPasses::Once,
        threads: arguments.threads,
        verbosity: arguments.verbosity(),
    })
}

/// Notes on the input of a run that has a result.
fn note_input(folded: &FoldedRun, job: &PipelineJob<'_>) {
    messages::note_formats(folded, job.format);
    messages::note_more_pages(&folded.files);
    messages::note_grown_files(&folded.files);
    messages::print_rejects(&folded.rejects);
    messages::note_missing_names("the model", &MissingNames::find(job.model, &folded.state.names));
}
