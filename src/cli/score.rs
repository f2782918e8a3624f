//! `pql score`: events to users and accounts.

mod outputs;

use std::{
    ffi::OsString,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use self::outputs::{Output, Outputs, Planned, folder_of_a_run};
use super::{
    Exit, Failure, model, notes,
    options::{View, present},
    tell, threads,
};
use crate::{
    clock::{LAST_DAY, parse_day, parse_rfc3339},
    diag::{no_commands, visible},
    emit::{self, Dialect, FileFacts, Format, RunFacts, run_record},
    model::{EXAMPLE, EntityKind, Model, parse},
    pipeline::{self, Folded, Job, MaxRejects, Progress, Rejects, RunError, When, WithoutEvents},
    read::{self, Input, Limits},
    score::Scored,
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
    from: Option<FromName>,

    #[command(flatten)]
    view: View,

    /// Write users, accounts, rejects and run.json into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Wait so many seconds for another run that writes to the folder of --out [default: do not wait]
    #[arg(long, value_name = "SECONDS", requires = "out")]
    wait: Option<u64>,

    /// Which rows to write to the standard output
    #[arg(long, value_enum, default_value_t = LevelName::Account, conflicts_with = "out")]
    level: LevelName,

    /// The form of rows [default: csv; on a terminal a table]
    #[arg(short, long, value_enum)]
    format: Option<FormatName>,

    /// How text that a spreadsheet would run as a formula is written to CSV
    #[arg(long, value_enum, default_value_t = CsvName::Spreadsheet)]
    csv: CsvName,

    /// Write rejected lines to this file [default: rejects.ndjson in the folder of --out]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// End without a result if more lines than this are rejected: a share such as 1% or a number of lines
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    max_rejects: String,

    /// Reject lines that are longer than this: bytes, or with KiB, MiB or GiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = super::limits::max_line)]
    max_line: Limits,

    /// Write which user each raw id belongs to: CSV with raw_id, kind (user or visitor) and user_id
    #[arg(long, value_name = "FILE")]
    id_map: Option<PathBuf>,

    /// Threads to use [default: as many as the machine has cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Say nothing but errors, and a warning if no event counts
    #[arg(short, long)]
    quiet: bool,

    /// Print the built-in example model and do nothing else
    #[arg(long, exclusive = true)]
    print_model: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelName {
    /// Accounts
    Account,
    /// Users
    User,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
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
pub(super) enum FromName {
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

impl FromName {
    /// As `[input] format` writes it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            FromName::Auto => "auto",
            FromName::Native => "native",
            FromName::Segment => "segment",
            FromName::Rudderstack => "rudderstack",
            FromName::Amplitude => "amplitude",
            FromName::Mixpanel => "mixpanel",
            FromName::Posthog => "posthog",
            FromName::Snowplow => "snowplow",
            FromName::Ga4 => "ga4",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CsvName {
    /// With a leading apostrophe
    Spreadsheet,
    /// As it is, for machines
    Exact,
}

impl CsvName {
    fn dialect(self) -> Dialect {
        match self {
            CsvName::Spreadsheet => Dialect::Spreadsheet,
            CsvName::Exact => Dialect::Exact,
        }
    }
}

/// All choices made, before anything is read.
struct Settings {
    inputs: Vec<Input>,
    when: When,
    max_rejects: MaxRejects,
    workers: usize,
    now: Micros,
}

pub(super) fn run(arguments: &ScoreArguments) -> Result<Exit, Failure> {
    if arguments.print_model {
        io::stdout().lock().write_all(EXAMPLE.as_bytes()).map_err(Failure::output)?;
        return Ok(Exit::Done);
    }
    let settings = settings(arguments)?;
    let source = model::find(arguments.model.as_ref())?;
    let model = parse(&source.document).map_err(|problems| Failure::Document(Box::new(problems), Exit::CannotStart))?;
    if let Some(note) = source.note.filter(|_| !arguments.quiet) {
        tell(&note);
    }
    let [users, accounts] = arguments.view.enrichment(&model, arguments.quiet)?;
    let planned = Planned::new(arguments);
    planned.spare_inputs(arguments, &settings.inputs, Path::new(&source.document.name))?;
    let mut outputs = planned.open(arguments)?;
    let job = Job {
        model: &model,
        inputs: settings.inputs,
        format: arguments.from.map_or(model.input.format, FromName::as_str),
        when: settings.when,
        now: settings.now,
        workers: settings.workers,
        max_rejects: settings.max_rejects,
        keep_rejects: outputs.rejects.is_some(),
        limits: arguments.max_line,
    };
    let noted = (!arguments.quiet).then_some(job.format);
    let mut folded = match fold(&job, arguments.quiet) {
        Err(error) => return Err(without_result(error, outputs.rejects, noted)),
        Ok(folded) => folded,
    };
    if !arguments.quiet {
        tell_input(&folded, job.format, &model);
    }
    let (scored, without) = pipeline::evaluate(&folded.state, folded.as_of, &model, users.as_ref(), accounts.as_ref())?;
    notes::nobody(&scored, None);
    if !arguments.quiet {
        tell_result(&scored, &model, &arguments.view, without, folded.split_records);
    }
    if let Some(file) = &mut outputs.rejects {
        file.write_with(|file| folded.rejects.write(file))?;
    }
    if let Some(file) = &mut outputs.id_map {
        // Every raw id with its user, so that a warehouse can use the same joins.
        file.write_with(|file| emit::id_map(&scored.entities.id_map(), file))?;
    }
    let result = Finished { model: &model, scored: &scored, without, folded: &folded };
    let exit = match &arguments.out {
        Some(dir) => write_folder(arguments, dir, &result, outputs),
        // Published first, because whoever reads the rows may go away before their end.
        None => outputs.commit().and_then(|()| write_output(arguments, &result)).map(|()| Exit::Done),
    };
    // The program is about to end: giving back the memory of a million users piece by piece would only take time.
    std::mem::forget(scored);
    std::mem::forget(folded);
    exit
}

/// What there is to say of the input.
fn tell_input(folded: &Folded, format: &str, model: &Model) {
    notes::formats(folded, format);
    tell_empty(&folded.files);
    notes::pages(&folded.files);
    notes::grown(&folded.files);
    tell_rejects(&folded.rejects);
    tell_missing_names("the model", model, &folded.state.names);
}

/// What there is to say of users and accounts beside their rows.
fn tell_result(scored: &Scored<'_>, model: &Model, view: &View, without: WithoutEvents, split_records: u64) {
    let files = [(&view.users, "user", "users"), (&view.accounts, "account", "accounts")];
    for ((path, one, many), count) in files.into_iter().zip(without.without_row) {
        if let (Some(path), Some(count @ 1..)) = (path, count) {
            let path = visible(&path.display().to_string());
            let have = if count == 1 { "has" } else { "have" };
            tell(&format!("note: {} with events {have} no row in {path}", plural(count, one, many)));
        }
    }
    notes::accounts(scored, model);
    notes::joins(&scored.entities.joins, split_records);
}

/// Publishes the rejected lines of a run that has nothing else to publish. What files were read as is noted where the format that was asked for is given.
fn without_result(mut error: RunError, file: Option<Output>, noted: Option<&str>) -> Failure {
    if let (Some(asked), RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) =
        (noted, &error)
    {
        notes::formats_of_rejects(rejects, asked);
    }
    notes::no_result(&error);
    let (RunError::TooManyRejects { rejects, .. } | RunError::NoEvents { rejects, .. }) = &mut error else {
        return error.into();
    };
    if file.is_none() && !rejects.is_empty() {
        tell("note: --rejects FILE keeps rejected lines for repair");
    }
    if let Some(mut file) = file.filter(|_| !rejects.is_empty()) {
        let path = file.path().to_path_buf();
        if let Err(failure) = file.write_with(|file| rejects.write(file)).and_then(|()| file.commit()) {
            return failure;
        }
        let others = folder_of_a_run(&path).map(|folder| {
            format!("; the other files in {} are of the run before", visible(&folder.display().to_string()))
        });
        let path = visible(&path.display().to_string());
        tell(&format!("rejected lines are in {path}{}", others.unwrap_or_default()));
    }
    error.into()
}

/// What a run came to.
struct Finished<'f> {
    model: &'f Model,
    scored: &'f Scored<'f>,
    without: WithoutEvents,
    folded: &'f Folded,
}

fn settings(arguments: &ScoreArguments) -> Result<Settings, Failure> {
    if arguments.out.is_some() && arguments.format == Some(FormatName::Table) {
        return Err(Failure::usage("--format table is for the terminal; with --out it is csv, json or ndjson"));
    }
    let when = arguments.view.when()?;
    let max_rejects = max_rejects(&arguments.max_rejects)?;
    if arguments.events.is_empty() {
        return Err(Failure::usage(
            "no events to score: name files, folders or patterns, or `-` for the standard input",
        ));
    }
    let resolved = read::resolve(&arguments.events)?;
    if !arguments.quiet {
        tell_resolved(&resolved);
    }
    let now = present(when);
    let workers = threads::settle(arguments.threads, &resolved.inputs);
    Ok(Settings { inputs: resolved.inputs, when, max_rejects, workers, now })
}

/// Files that are not read, or were named twice.
pub(super) fn tell_resolved(resolved: &read::Resolved) {
    for path in &resolved.skipped {
        let why = read::why_skipped(path);
        tell(&format!("note: {} is not read: {why}", visible(&path.display().to_string())));
    }
    for left_out in &resolved.left_out {
        tell(&visible(&format!("note: {left_out}")));
    }
    for repeated in &resolved.repeated {
        tell(&visible(&format!("note: {repeated}")));
    }
}

pub(super) fn when(text: &str) -> Result<When, Failure> {
    match text {
        "latest" => Ok(When::Latest),
        "yesterday" => Ok(When::Yesterday),
        _ if parse_day(text).is_some_and(|day| day > LAST_DAY) => Err(Failure::usage(format!(
            "--as-of `{text}` is later than times are read; expected a date up to 9999-12-28"
        ))),
        _ => parse_day(text).map(When::EndOf).or_else(|| parse_rfc3339(text).map(When::At)).ok_or_else(|| {
            Failure::usage(format!(
                "--as-of `{text}` is no point in time; expected a date such as 2026-10-31, an instant such as 2026-10-31T12:00:00Z, `yesterday` or `latest`"
            ))
        }),
    }
}

pub(super) fn max_rejects(text: &str) -> Result<MaxRejects, Failure> {
    let share = |text: &str| text.trim().parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
    let limit = match text.strip_suffix('%') {
        Some(percent) => share(percent).map(|percent| MaxRejects::Share(percent / 100.0)),
        None if text.contains('.') => share(text).filter(|share| *share <= 1.0).map(MaxRejects::Share),
        None => text.parse().ok().map(MaxRejects::Count),
    };
    limit.ok_or_else(|| {
        Failure::usage(format!(
            "--max-rejects `{text}` is no limit; expected a share such as 1% or 0.01, or a number of lines such as 100"
        ))
    })
}

/// Reads and folds, showing progress where somebody is looking and it takes a while.
fn fold(job: &Job<'_>, quiet: bool) -> Result<Folded, RunError> {
    if quiet || !io::stderr().is_terminal() {
        return pipeline::fold(job, None);
    }
    let started = std::time::Instant::now();
    let shown = std::sync::atomic::AtomicBool::new(false);
    let report = |progress: &Progress| {
        if started.elapsed().as_secs() < 1 {
            return;
        }
        shown.store(true, std::sync::atomic::Ordering::Relaxed);
        let share =
            progress.total.filter(|total| *total > 0).map(|total| format!("{:3} %  ", progress.bytes * 100 / total));
        let text = format!("\r{}{} lines", share.unwrap_or_default(), progress.lines);
        let _ = io::stderr().lock().write_all(text.as_bytes());
    };
    let folded = pipeline::fold(job, Some(&report));
    if shown.load(std::sync::atomic::Ordering::Relaxed) {
        let _ = io::stderr().lock().write_all(b"\r\x1b[K");
    }
    folded
}

/// Files without a byte, which an export that failed may have left.
pub(super) fn tell_empty(files: &[read::FileStats]) {
    let mut empty = files.iter().filter(|file| file.bytes == 0).map(|file| visible(&file.name));
    let Some(first) = empty.next() else { return };
    match empty.count() {
        0 => tell(&format!("note: {first} is empty")),
        more => tell(&format!("note: {} are empty, the first is {first}", plural(more as u64 + 1, "file", "files"))),
    }
}

/// How many lines were rejected for what, and where the first of each is.
pub(super) fn tell_rejects(rejects: &Rejects) {
    for (reason, count) in rejects.by_reason() {
        let place = rejects.first_of(reason).map(|(file, line)| format!(", the first is {}:{line}", visible(file)));
        let lines = plural(count, "line", "lines");
        tell(&format!("rejected: {lines} ({}): {}{}", reason.code(), reason.explanation(), place.unwrap_or_default()));
    }
}

fn format(arguments: &ScoreArguments) -> Format {
    match arguments.format {
        Some(FormatName::Json) => Format::Json,
        Some(FormatName::Ndjson) => Format::Ndjson,
        Some(FormatName::Csv | FormatName::Table) | None => Format::Csv(arguments.csv.dialect()),
    }
}

/// Rows of one level, or the summary, to the standard output.
fn write_output(arguments: &ScoreArguments, result: &Finished<'_>) -> Result<(), Failure> {
    let side = if arguments.level == LevelName::User { EntityKind::User } else { EntityKind::Account };
    let stdout = io::stdout();
    let table = arguments.format == Some(FormatName::Table) || (arguments.format.is_none() && stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    if table {
        let width = width();
        let summary = emit::summary(result.scored, result.model, side, width);
        out.write_all(no_commands(&summary).as_bytes()).map_err(Failure::output)?;
    } else {
        let defused =
            emit::rows(result.scored, result.model, side, format(arguments), &mut out).map_err(Failure::output)?;
        tell_defused(defused, arguments.quiet);
    }
    out.flush().map_err(Failure::output)
}

/// Columns of the terminal, as far as the shell tells.
fn width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| *columns >= 40)
        .unwrap_or(120)
}

fn tell_defused(defused: u64, quiet: bool) {
    if defused > 0 && !quiet {
        let cells = plural(defused, "cell", "cells");
        tell(&format!(
            "note: {cells} that a spreadsheet would run as a formula begin with an apostrophe; --csv exact writes them as they are"
        ));
    }
}

/// Users, accounts, rejects and the record of the run, all of them or none.
fn write_folder(
    arguments: &ScoreArguments,
    dir: &Path,
    result: &Finished<'_>,
    mut outputs: Outputs,
) -> Result<Exit, Failure> {
    let mut facts = run_facts(result);
    for (side, file) in &mut outputs.rows {
        file.write_with(|file| {
            facts.formula_cells += emit::rows(result.scored, result.model, *side, format(arguments), file)?;
            Ok(())
        })?;
    }
    (facts.outputs, facts.outputs_elsewhere) = outputs.facts();
    facts.rejects = outputs.rejects_fact();
    if let Some(file) = &mut outputs.record {
        let record = run_record(result.scored, result.model, &facts);
        let text = serde_json::to_string_pretty(&record).unwrap_or_default() + "\n";
        file.write_with(|file| file.write_all(text.as_bytes()))?;
    }
    let stale = outputs.stale(dir);
    outputs.commit()?;
    if !arguments.quiet {
        tell_stale(dir, &stale);
        tell_defused(facts.formula_cells, false);
        tell_folder(dir, result.scored);
    }
    Ok(Exit::Done)
}

/// Files of an earlier run that this one did not replace.
fn tell_stale(dir: &Path, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        tell(&visible(&format!(
            "note: {} in {} is of an earlier run and not of this one; remove what nobody reads",
            crate::diag::list(&names),
            dir.display()
        )));
    }
}

/// Says what is in the folder.
fn tell_folder(dir: &Path, scored: &Scored<'_>) {
    let (users, accounts) = (&scored.users, &scored.accounts);
    tell(&format!(
        "{} ({} qualified) and {} ({} qualified) as of {}{} are in {}",
        plural(users.count, "user", "users"),
        users.qualified,
        plural(accounts.count, "account", "accounts"),
        accounts.qualified,
        crate::clock::instant_text(scored.as_of.instant),
        if scored.as_of.partial { " (in the middle of a day)" } else { "" },
        visible(&dir.display().to_string())
    ));
}

/// Events of each name that the model asks for.
fn by_name(model: &Model, names: &[u64]) -> Vec<(String, u64)> {
    model.intake.names.iter().cloned().zip(names.iter().skip(1).copied()).collect()
}

/// Names that the model asks for and no event has: the commonest reason for a list of zeros.
pub(super) fn tell_missing_names(who: &str, model: &Model, names: &[u64]) {
    // A name that only starts an entity may well be the default one, which nobody asked for.
    let plans = &model.intake.plans;
    let asked = |place: usize| {
        plans.get(place + 1).zip(plans.first()).is_some_and(|(plan, other)| plan.tries.len() > other.tries.len())
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
    let list = crate::diag::list(&shown);
    tell(&visible(&format!(
        "note: {who} asks for {list}{more}, and no event has such a name; {other} that it does not ask for{help}"
    )));
}

fn run_facts(result: &Finished<'_>) -> RunFacts {
    let files = result.folded.files.iter().zip(&result.folded.formats).map(|(stats, format)| FileFacts {
        name: stats.name.clone(),
        compression: stats.compression.as_str(),
        bytes: stats.bytes,
        format: format.map(|known| [known.format.name, known.format.title, known.sign]),
    });
    RunFacts {
        free_mail_list: crate::entity::FREE_MAIL_DATE,
        files: files.collect(),
        rejected: result.folded.rejects.by_reason().into_iter().map(|(reason, count)| (reason.code(), count)).collect(),
        events_by_name: by_name(result.model, &result.folded.state.names),
        events_of_other_names: result.folded.state.names.first().copied().unwrap_or(0),
        id_conflict: result.folded.id_conflict,
        split_records: result.folded.split_records,
        users_without_events: result.without.users,
        accounts_without_events: result.without.accounts,
        without_row: result.without.without_row,
        formula_cells: 0,
        outputs: Vec::new(),
        outputs_elsewhere: Vec::new(),
        rejects: None,
    }
}
