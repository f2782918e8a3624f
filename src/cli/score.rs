//! `pql score`: events to users and accounts.

mod outputs;

use std::{
    ffi::OsString,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use self::outputs::{OutputFile, OutputFiles, OutputPlan, run_folder};
use super::{
    CommandError, ExitStatus,
    enrichment::EventsAtHand,
    messages, model_file, print_stderr,
    run_args::{RunArgs, current_time},
    threads,
};
use pql_engine::{
    decode::misread::NotUnderstood,
    emit::{self, CsvDialect, FileFacts, RowFormat, RunFacts, run_record},
    pipeline::{
        self, AsOfRequest, EnrichmentCoverage, FoldedRun, MaxRejects, PipelineJob, RejectedLines, RunError, RunProgress,
    },
    read::{self, BlockLimits, InputSource},
    score::ScoredEntities,
};
use pql_model::{
    EXAMPLE, EntityKind, Model,
    clock::{LAST_DAY, parse_day, parse_rfc3339},
    diag::{escape_ci_commands, escape_controls},
    parse,
    units::{Micros, plural},
};

/// Score events: who is a product-qualified lead or account, and why.
///
/// Reads events (JSON lines or lists, CSV, Parquet) and writes a row for each user and account: score, tier, route and every reason. On a terminal it shows a
/// summary; into a pipe it writes CSV; with --out it writes users, accounts and a record of the run into a folder.
#[derive(Debug, clap::Args)]
pub(super) struct ScoreArguments {
    /// Files, folders or patterns of events, plain or as gzip, zstd or zip; `-` is the standard input
    #[arg(value_name = "EVENTS")]
    events: Vec<OsString>,

    /// The model [default: scoring.toml here, else the built-in example]
    #[arg(short, long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Read files as this format, whatever the model says [default: told by the first lines of each file]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<InputFormatArg>,

    #[command(flatten)]
    view: RunArgs,

    /// Write users, accounts, rejects and run.json into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Wait so many seconds for another run that writes to the folder of --out [default: do not wait]
    #[arg(long, value_name = "SECONDS", requires = "out")]
    wait: Option<u64>,

    /// Which rows to write to the standard output
    #[arg(long, value_enum, default_value_t = ScoreLevel::Account, conflicts_with = "out")]
    level: ScoreLevel,

    /// The form of rows [default: csv; on a terminal a table]
    #[arg(short, long, value_enum)]
    format: Option<ScoreFormat>,

    /// How text that a spreadsheet would run as a formula is written to CSV
    #[arg(long, value_enum, default_value_t = CsvDialectArg::Spreadsheet)]
    csv: CsvDialectArg,

    /// Write rejected lines to this file [default: rejects.ndjson in the folder of --out]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::max_line::parse_max_line)]
    max_line: BlockLimits,

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
pub(super) enum InputFormatArg {
    /// Told by the first lines of each file
    Auto,
    /// The format of this program, or any other lines of JSON with [input] fields
    Native,
    /// Segment, Jitsu
    Segment,
    /// RudderStack
    Rudderstack,
    /// Amplitude
    Amplitude,
    /// Mixpanel
    Mixpanel,
    /// PostHog
    Posthog,
    /// Snowplow
    Snowplow,
    /// GA4 from BigQuery
    Ga4,
}

impl InputFormatArg {
    /// As `[input] format` writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            InputFormatArg::Auto => "auto",
            InputFormatArg::Native => "native",
            InputFormatArg::Segment => "segment",
            InputFormatArg::Rudderstack => "rudderstack",
            InputFormatArg::Amplitude => "amplitude",
            InputFormatArg::Mixpanel => "mixpanel",
            InputFormatArg::Posthog => "posthog",
            InputFormatArg::Snowplow => "snowplow",
            InputFormatArg::Ga4 => "ga4",
        }
    }
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

/// All choices made, before anything is read.
struct ScoreSettings {
    inputs: Vec<InputSource>,
    when: AsOfRequest,
    max_rejects: MaxRejects,
    workers: usize,
    now: Micros,
}

pub(super) fn run(arguments: &ScoreArguments) -> Result<ExitStatus, CommandError> {
    if arguments.print_model {
        io::stdout().lock().write_all(EXAMPLE.as_bytes()).map_err(CommandError::output)?;
        return Ok(ExitStatus::Done);
    }
    let settings = settings(arguments)?;
    let source = model_file::find(arguments.model.as_ref())?;
    let model = parse(&source.document)
        .map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart))?;
    if let Some(note) = source.note.filter(|_| !arguments.quiet) {
        print_stderr(&note);
    }
    let format = arguments.from.map_or(model.input.format, InputFormatArg::as_str);
    let at_hand = EventsAtHand { inputs: &settings.inputs, format, limits: arguments.max_line };
    let [users, accounts] = arguments.view.enrichment(&model, at_hand, arguments.quiet)?;
    let planned = OutputPlan::new(arguments);
    planned.refuse_overwriting_inputs(arguments, &settings.inputs, Path::new(&source.document.name))?;
    let mut outputs = planned.open(arguments)?;
    let job = PipelineJob {
        model: &model,
        inputs: settings.inputs,
        format,
        when: settings.when,
        now: settings.now,
        workers: settings.workers,
        max_rejects: settings.max_rejects,
        keep_rejects: outputs.rejects.is_some(),
        limits: arguments.max_line,
    };
    let noted = (!arguments.quiet).then_some(job.format);
    let mut folded = match fold(&job, arguments.quiet) {
        Err(error) => return Err(publish_rejects_only(error, outputs.rejects, noted)),
        Ok(folded) => folded,
    };
    if !arguments.quiet {
        note_input(&folded, job.format, &model);
    }
    let (scored, without) =
        pipeline::score_state(&folded.state, folded.as_of, &model, users.as_ref(), accounts.as_ref())?;
    messages::warn_no_entities(&scored, None);
    let not_understood = messages::all_not_understood([users.as_ref(), accounts.as_ref()], &folded);
    messages::warn_not_understood(&not_understood);
    let rows_without_id = [&users, &accounts].map(|table| table.as_ref().map_or(0, |table| table.rows_without_id));
    if !arguments.quiet {
        note_result(&scored, &model, &arguments.view, without, folded.split_records);
    }
    if let Some(file) = &mut outputs.rejects {
        file.write_with(|file| folded.rejects.write(file))?;
    }
    if let Some(file) = &mut outputs.id_map {
        // Every raw id with its user, so that a warehouse can use the same joins.
        file.write_with(|file| emit::write_id_map(&scored.entities.id_map(), file))?;
    }
    let result =
        FinishedRun { model: &model, scored: &scored, without, folded: &folded, not_understood, rows_without_id };
    let exit = match &arguments.out {
        Some(dir) => write_folder(arguments, dir, &result, outputs),
        // Published first, because whoever reads the rows may go away before their end.
        None => outputs.commit().and_then(|()| write_output(arguments, &result)).map(|()| ExitStatus::Done),
    };
    // The program is about to end: giving back the memory of a million users piece by piece would only take time.
    std::mem::forget(scored);
    std::mem::forget(folded);
    exit
}

/// What there is to say of the input.
fn note_input(folded: &FoldedRun, format: &str, model: &Model) {
    messages::note_formats(folded, format);
    note_empty_files(&folded.files);
    messages::note_more_pages(&folded.files);
    messages::note_grown_files(&folded.files);
    print_rejects(&folded.rejects);
    note_missing_names("the model", model, &folded.state.names);
}

/// What there is to say of users and accounts beside their rows.
fn note_result(
    scored: &ScoredEntities<'_>,
    model: &Model,
    view: &RunArgs,
    without: EnrichmentCoverage,
    split_records: u64,
) {
    let files = [(&view.users, "user", "users"), (&view.accounts, "account", "accounts")];
    for ((path, one, many), count) in files.into_iter().zip(without.without_row) {
        if let (Some(path), Some(count @ 1..)) = (path, count) {
            let path = escape_controls(&path.display().to_string());
            let have = if count == 1 { "has" } else { "have" };
            print_stderr(&format!("note: {} with events {have} no row in {path}", plural(count, one, many)));
        }
    }
    messages::note_no_accounts(scored, model);
    messages::note_refused_joins(&scored.entities.joins, split_records);
}

/// Publishes the rejected lines of a run that has nothing else to publish. What files were read as is noted where the format that was asked for is given.
fn publish_rejects_only(mut error: RunError, file: Option<OutputFile>, noted: Option<&str>) -> CommandError {
    if let (Some(asked), RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) =
        (noted, &error)
    {
        messages::note_formats_of_rejects(rejects, asked);
    }
    messages::note_failed_run(&error);
    let (RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) = &mut error else {
        return error.into();
    };
    if file.is_none() && !rejects.is_empty() {
        print_stderr("note: --rejects FILE keeps rejected lines for repair");
    }
    if let Some(mut file) = file.filter(|_| !rejects.is_empty()) {
        let path = file.path().to_path_buf();
        if let Err(failure) = file.write_with(|file| rejects.write(file)).and_then(|()| file.commit()) {
            return failure;
        }
        let others = run_folder(&path).map(|folder| {
            format!("; the other files in {} are of the run before", escape_controls(&folder.display().to_string()))
        });
        let path = escape_controls(&path.display().to_string());
        print_stderr(&format!("rejected lines are in {path}{}", others.unwrap_or_default()));
    }
    error.into()
}

/// What a run came to.
struct FinishedRun<'f> {
    model: &'f Model,
    scored: &'f ScoredEntities<'f>,
    without: EnrichmentCoverage,
    folded: &'f FoldedRun,
    not_understood: Vec<NotUnderstood>,
    /// Of the tables of users and of accounts.
    rows_without_id: [u64; 2],
}

fn settings(arguments: &ScoreArguments) -> Result<ScoreSettings, CommandError> {
    if arguments.out.is_some() && arguments.format == Some(ScoreFormat::Table) {
        return Err(CommandError::usage("--format table is for the terminal; with --out it is csv, json or ndjson"));
    }
    let when = arguments.view.as_of_when()?;
    let max_rejects = parse_max_rejects(&arguments.max_rejects)?;
    if arguments.events.is_empty() {
        return Err(CommandError::usage(
            "no events to score: name files, folders or patterns, or `-` for the standard input",
        ));
    }
    let resolved = read::resolve_inputs(&arguments.events)?;
    if !arguments.quiet {
        note_skipped_inputs(&resolved);
    }
    let now = current_time(when);
    let workers = threads::configure_thread_pool(arguments.threads, &resolved.inputs);
    Ok(ScoreSettings { inputs: resolved.inputs, when, max_rejects, workers, now })
}

/// Files that are not read, or were named twice.
pub(super) fn note_skipped_inputs(resolved: &read::ResolvedInputs) {
    for path in &resolved.skipped {
        let why = read::skip_reason(path);
        print_stderr(&format!("note: {} is not read: {why}", escape_controls(&path.display().to_string())));
    }
    for left_out in &resolved.skipped_members {
        print_stderr(&escape_controls(&format!("note: {left_out}")));
    }
    for repeated in &resolved.duplicates {
        print_stderr(&escape_controls(&format!("note: {repeated}")));
    }
}

pub(super) fn parse_as_of(text: &str) -> Result<AsOfRequest, CommandError> {
    match text {
        "latest" => Ok(AsOfRequest::Latest),
        "yesterday" => Ok(AsOfRequest::Yesterday),
        _ if parse_day(text).is_some_and(|day| day > LAST_DAY) => Err(CommandError::usage(format!(
            "--as-of `{text}` is later than times are read; expected a date up to 9999-12-28"
        ))),
        _ => parse_day(text).map(AsOfRequest::EndOf).or_else(|| parse_rfc3339(text).map(AsOfRequest::At)).ok_or_else(|| {
            CommandError::usage(format!(
                "--as-of `{text}` is no point in time; expected a date such as 2026-10-31, an instant such as 2026-10-31T12:00:00Z, `yesterday` or `latest`"
            ))
        }),
    }
}

pub(super) fn parse_max_rejects(text: &str) -> Result<MaxRejects, CommandError> {
    let share = |text: &str| text.trim().parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
    let limit = match text.strip_suffix('%') {
        Some(percent) => share(percent).map(|percent| MaxRejects::Share(percent / 100.0)),
        None if text.contains('.') => share(text).filter(|share| *share <= 1.0).map(MaxRejects::Share),
        None => text.parse().ok().map(MaxRejects::Count),
    };
    limit.ok_or_else(|| {
        CommandError::usage(format!(
            "--max-rejects `{text}` is no limit; expected a share such as 1% or 0.01, or a number of lines such as 100"
        ))
    })
}

/// Reads and folds, showing progress where somebody is looking and it takes a while.
fn fold(job: &PipelineJob<'_>, quiet: bool) -> Result<FoldedRun, RunError> {
    if quiet || !io::stderr().is_terminal() {
        return pipeline::fold_inputs(job, None);
    }
    let started = std::time::Instant::now();
    let shown = std::sync::atomic::AtomicBool::new(false);
    let report = |progress: &RunProgress| {
        if started.elapsed().as_secs() < 1 {
            return;
        }
        shown.store(true, std::sync::atomic::Ordering::Relaxed);
        let share =
            progress.total.filter(|total| *total > 0).map(|total| format!("{:3} %  ", progress.bytes * 100 / total));
        let text = format!("\r{}{} lines", share.unwrap_or_default(), progress.lines);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    };
    let folded = pipeline::fold_inputs(job, Some(&report));
    if shown.load(std::sync::atomic::Ordering::Relaxed) {
        let _ = io::stderr().lock().write_all(b"\r\x1b[K");
    }
    folded
}

/// Files without a byte, which an export that failed may have left.
pub(super) fn note_empty_files(files: &[read::FileStats]) {
    let mut empty = files.iter().filter(|file| file.bytes == 0).map(|file| escape_controls(&file.name));
    let Some(first) = empty.next() else { return };
    match empty.count() {
        0 => print_stderr(&format!("note: {first} is empty")),
        more => {
            print_stderr(&format!("note: {} are empty, the first is {first}", plural(more as u64 + 1, "file", "files")))
        }
    }
}

/// How many lines were rejected for what, and where the first of each is.
pub(super) fn print_rejects(rejects: &RejectedLines) {
    for (reason, count) in rejects.by_reason() {
        let place =
            rejects.first_of(reason).map(|(file, line)| format!(", the first is {}:{line}", escape_controls(file)));
        let lines = plural(count, "line", "lines");
        print_stderr(&format!(
            "rejected: {lines} ({}): {}{}",
            reason.code(),
            reason.explanation(),
            place.unwrap_or_default()
        ));
    }
}

fn format(arguments: &ScoreArguments) -> RowFormat {
    match arguments.format {
        Some(ScoreFormat::Json) => RowFormat::Json,
        Some(ScoreFormat::Ndjson) => RowFormat::Ndjson,
        Some(ScoreFormat::Csv | ScoreFormat::Table) | None => RowFormat::Csv(arguments.csv.dialect()),
    }
}

/// Rows of one level, or the summary, to the standard output.
fn write_output(arguments: &ScoreArguments, result: &FinishedRun<'_>) -> Result<(), CommandError> {
    let side = if arguments.level == ScoreLevel::User { EntityKind::User } else { EntityKind::Account };
    let stdout = io::stdout();
    let table = arguments.format == Some(ScoreFormat::Table) || (arguments.format.is_none() && stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    if table {
        let width = width();
        let summary = emit::level_summary_text(result.scored, result.model, side, width);
        out.write_all(escape_ci_commands(&summary).as_bytes()).map_err(CommandError::output)?;
    } else {
        let defused = emit::write_rows(result.scored, result.model, side, format(arguments), &mut out)
            .map_err(CommandError::output)?;
        note_defused_cells(defused, arguments.quiet);
    }
    out.flush().map_err(CommandError::output)
}

/// Columns of the terminal, as far as the shell tells.
fn width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| *columns >= 40)
        .unwrap_or(120)
}

fn note_defused_cells(defused: u64, quiet: bool) {
    if defused > 0 && !quiet {
        let cells = plural(defused, "cell", "cells");
        print_stderr(&format!(
            "note: {cells} that a spreadsheet would run as a formula begin with an apostrophe; --csv exact writes them as they are"
        ));
    }
}

/// Users, accounts, rejects and the record of the run, all of them or none.
fn write_folder(
    arguments: &ScoreArguments,
    dir: &Path,
    result: &FinishedRun<'_>,
    mut outputs: OutputFiles,
) -> Result<ExitStatus, CommandError> {
    let mut facts = run_facts(result);
    for (side, file) in &mut outputs.rows {
        file.write_with(|file| {
            facts.formula_cells += emit::write_rows(result.scored, result.model, *side, format(arguments), file)?;
            Ok(())
        })?;
    }
    (facts.outputs, facts.outputs_elsewhere) = outputs.digests();
    facts.rejects = outputs.rejects_digest();
    if let Some(file) = &mut outputs.record {
        let record = run_record(result.scored, result.model, &facts);
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        file.write_with(|file| file.write_all(text.as_bytes()))?;
    }
    let stale = outputs.stale(dir);
    outputs.commit()?;
    if !arguments.quiet {
        note_stale_files(dir, &stale);
        note_defused_cells(facts.formula_cells, false);
        note_output_folder(dir, result.scored);
    }
    Ok(ExitStatus::Done)
}

/// Files of an earlier run that this one did not replace.
fn note_stale_files(dir: &Path, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        print_stderr(&escape_controls(&format!(
            "note: {} in {} is of an earlier run and not of this one; remove what nobody reads",
            pql_model::diag::quoted_list(&names),
            dir.display()
        )));
    }
}

/// Says what is in the folder.
fn note_output_folder(dir: &Path, scored: &ScoredEntities<'_>) {
    let (users, accounts) = (&scored.users, &scored.accounts);
    print_stderr(&format!(
        "{} ({} qualified) and {} ({} qualified) as of {}{} are in {}",
        plural(users.count, "user", "users"),
        users.qualified,
        plural(accounts.count, "account", "accounts"),
        accounts.qualified,
        pql_model::clock::format_instant(scored.as_of.instant),
        if scored.as_of.partial { " (in the middle of a day)" } else { "" },
        escape_controls(&dir.display().to_string())
    ));
}

/// Events of each name that the model asks for.
fn by_name(model: &Model, names: &[u64]) -> Vec<(String, u64)> {
    model.aggregation.names.iter().cloned().zip(names.iter().skip(1).copied()).collect()
}

/// Names that the model asks for and no event has: the commonest reason for a list of zeros.
pub(super) fn note_missing_names(who: &str, model: &Model, names: &[u64]) {
    // A name that only starts an entity may well be the default one, which nobody asked for.
    let plans = &model.aggregation.plans;
    let asked = |place: usize| {
        plans.get(place + 1).zip(plans.first()).is_some_and(|(plan, other)| plan.filters.len() > other.filters.len())
    };
    let counts = by_name(model, names).into_iter().enumerate();
    let missing: Vec<String> =
        counts.filter(|(place, (_, count))| *count == 0 && asked(*place)).map(|(_, (name, _))| name).collect();
    if missing.is_empty() {
        return;
    }
    let shown: Vec<&str> = missing.iter().map(String::as_str).take(12).collect();
    let more =
        if missing.len() > shown.len() { format!(" and {} more", missing.len() - shown.len()) } else { String::new() };
    let others = names.first().copied().unwrap_or(0);
    let other = plural(others, "event has a name", "events have names");
    let none = others > 0 && names.iter().skip(1).all(|count| *count == 0);
    let help = if none { "; `pql init` writes a model with these events in it" } else { "" };
    let list = pql_model::diag::quoted_list(&shown);
    print_stderr(&escape_controls(&format!(
        "note: {who} asks for {list}{more}, and no event has such a name; {other} that it does not ask for{help}"
    )));
}

fn run_facts(result: &FinishedRun<'_>) -> RunFacts {
    let files = result.folded.files.iter().zip(&result.folded.formats).map(|(stats, format)| FileFacts {
        name: stats.name.clone(),
        compression: stats.compression.as_str(),
        bytes: stats.bytes,
        format: format.map(|known| [known.format.name, known.format.title, known.sign]),
    });
    RunFacts {
        free_mail_list: pql_engine::entity::FREE_MAIL_DATE,
        files: files.collect(),
        rejected: result.folded.rejects.by_reason().into_iter().map(|(reason, count)| (reason.code(), count)).collect(),
        events_by_name: by_name(result.model, &result.folded.state.names),
        events_of_other_names: result.folded.state.names.first().copied().unwrap_or(0),
        id_conflict: result.folded.id_conflict,
        split_records: result.folded.split_records,
        users_without_events: result.without.users,
        accounts_without_events: result.without.accounts,
        without_row: result.without.without_row,
        rows_without_id: result.rows_without_id,
        not_understood: result.not_understood.clone(),
        formula_cells: 0,
        outputs: Vec::new(),
        outputs_elsewhere: Vec::new(),
        rejects: None,
    }
}
