//! Rows of a finished run: to the standard output, or with the record of the run into a folder.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

use super::{
    ScoreArguments, ScoreFormat,
    outputs::{NewsFile, OutputFiles},
    record::{ModelToRecord, OpenRecord},
};
use crate::{
    cli::{
        CommandError, ExitStatus,
        messages::{self, Verbosity},
        print_stderr,
        stdout::{pretty_json, terminal_width},
    },
    commands::score::{
        FinishedRun, JudgedExpectation, RecordedOutcome, RunValues, counts_to_record, log_entries, run_facts,
    },
};
use pql_engine::{
    alerts::{FiredAlert, write_alert_digest, write_alerts},
    changes::{
        ChangedRowsFormat, EntityChange, RunStamp, changes_text, write_change_digest, write_changed_rows, write_changes,
    },
    emit::{self, LevelRows, RowFormat, RowTotals, RunFacts, run_record},
    record::PublishedList,
    record_folder::{RecordFolder, RunToRecord},
};
use pql_model::{
    EntityKind,
    diag::escape_ci_commands,
    resolved::{ListFile, ListFormat, ListLevel, ListRows, RowQuery},
};

/// Rows of one level, or the summary, to the standard output.
pub(super) fn write_output(arguments: &ScoreArguments, result: &FinishedRun<'_>) -> Result<(), CommandError> {
    let rows = LevelRows { scored: result.scored, model: result.model, kind: arguments.level.kind() };
    let query = arguments.asks_for_rows().then_some(&result.model.resolved.requested);
    let stdout = io::stdout();
    let table = arguments.format == Some(ScoreFormat::Table) || (arguments.format.is_none() && stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    let totals = if table {
        write_summary(result, (rows, query), &mut out)
    } else {
        emit::write_rows(rows, query, arguments.row_format(), &mut out)
    };
    let totals = totals.map_err(CommandError::output)?;
    out.flush().map_err(CommandError::output)?;
    if arguments.verbosity() == Verbosity::Notes {
        messages::note_defused_cells(totals.guarded_cells, "--csv exact");
        messages::note_suppressed_rows(rows.kind, totals.left_out);
        messages::note_cut_through_ties("--top", totals.left_out);
    }
    Ok(())
}

/// What is new in a level and its summary, or the rows of a query as a table.
fn write_summary(
    result: &FinishedRun<'_>,
    (rows, query): (LevelRows<'_>, Option<&RowQuery>),
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    let mut totals = RowTotals::default();
    if let Some(recorded) = result.recorded.as_ref().filter(|_| query.is_none()) {
        let changes = changes_text(&recorded.concluded.changes.changes, rows.kind, terminal_width());
        let between = if changes.is_empty() { "" } else { "\n" };
        let text = format!("{}\n{between}{changes}\n", recorded.news().join("\n"));
        out.write_all(escape_ci_commands(&text).as_bytes())?;
    }
    let text = match query {
        Some(query) => {
            let (text, left_out) = emit::query_table_text(rows, query, terminal_width());
            totals.left_out = left_out;
            text
        }
        None => emit::level_summary_text(rows.scored, rows.model, rows.kind, terminal_width()),
    };
    out.write_all(escape_ci_commands(&text).as_bytes())?;
    Ok(totals)
}

/// Users, accounts, files for others, rejects and the record of the run, all of them or none. Then the run is recorded as published.
pub(super) fn write_folder(
    arguments: &ScoreArguments,
    dir: &Path,
    (values, judged): (&RunValues<'_>, &[JudgedExpectation]),
    mut outputs: OutputFiles,
    (record, to_record): (Option<OpenRecord>, ModelToRecord<'_>),
) -> Result<ExitStatus, CommandError> {
    let result = &values.run;
    let mut facts = run_facts(result);
    facts.expectations = judged.iter().map(JudgedExpectation::fact).collect();
    for (kind, file) in &mut outputs.rows {
        file.write_with(|file| {
            let rows = level_rows(result, *kind);
            facts.formula_cells += emit::write_rows(rows, None, arguments.row_format(), file)?.guarded_cells;
            Ok(())
        })?;
    }
    write_news(arguments, result, &mut outputs, &mut facts)?;
    let (lists, published) = write_lists(arguments, result, &mut outputs, &mut facts)?;
    (facts.outputs, facts.outputs_elsewhere) = outputs.facts();
    facts.rejects = outputs.rejects_fact();
    if let Some(file) = &mut outputs.record {
        let record = run_record(result.scored, result.model, &facts);
        let text = pretty_json(&record);
        file.write_with(|file| file.write_all(text.as_bytes()))?;
    }
    let stale = outputs.stale(dir);
    match record.and_then(OpenRecord::into_folder) {
        Some(folder) => publish_recorded(folder, values, (to_record, published), outputs)?,
        None => outputs.commit()?,
    }
    if arguments.verbosity() == Verbosity::Notes {
        messages::note_lists(&result.model.resolved.lists, &lists, result.recorded.is_some());
        messages::note_stale_files(dir, &stale);
        messages::note_defused_cells(facts.formula_cells, "--csv exact");
        messages::note_output_folder(dir, result.scored);
        messages::note_sales_list(dir, &result.model.resolved.lists, &lists);
        if let Some(recorded) = &result.recorded {
            recorded.news().iter().for_each(|line| print_stderr(line));
        }
    }
    Ok(ExitStatus::Done)
}

/// Records a run and publishes its lists: first the record, then the lists, then the mark that they are published. A run that dies in between
/// publishes, when it is repeated, what it would have.
fn publish_recorded(
    mut folder: RecordFolder,
    values: &RunValues<'_>,
    (to_record, published): (ModelToRecord<'_>, Vec<PublishedList>),
    outputs: OutputFiles,
) -> Result<(), CommandError> {
    let FinishedRun { model, recorded, .. } = values.run;
    let Some(recorded) = recorded else { return outputs.commit() };
    let staged = folder.stage(&RunToRecord {
        list: &recorded.concluded.list,
        model,
        model_name: &model.resolved.name,
        model_hash: &model.resolved.fingerprint,
        model_text: to_record.text,
        tables: to_record.tables,
        log: &log_entries(&recorded.concluded.changes.moved),
        lists: &published,
        counts: &counts_to_record(values),
    })?;
    let unpublished = staged.commit()?;
    outputs.commit()?;
    unpublished.mark_published().map_err(|error| CommandError::from(error).with_lists_published())
}

/// Fills the files of changes and alerts.
fn write_news(
    arguments: &ScoreArguments,
    result: &FinishedRun<'_>,
    outputs: &mut OutputFiles,
    facts: &mut RunFacts,
) -> Result<(), CommandError> {
    let Some(recorded) = &result.recorded else { return Ok(()) };
    let (stamp, format) = (RunStamp::of(result.scored, result.model), arguments.row_format());
    let news = NewsOfRun { recorded, stamp, format, limit: usize::MAX };
    for (what, file) in &mut outputs.news {
        file.write_with(|file| {
            facts.formula_cells += news.write(*what, file)?;
            Ok(())
        })?;
    }
    Ok(())
}

/// What is new in a run, with the form in which it is written.
struct NewsOfRun<'r> {
    recorded: &'r RecordedOutcome<'r>,
    stamp: RunStamp,
    format: RowFormat,
    /// The most rows.
    limit: usize,
}

impl NewsOfRun<'_> {
    fn write(&self, what: NewsFile, out: &mut dyn Write) -> io::Result<u64> {
        let changes = self.changes().iter().map(|change| (&self.stamp, change));
        let alerts = self.alerts().iter().map(|alert| (&self.stamp, alert));
        match what {
            NewsFile::Changes => write_changes(changes, self.format, out),
            NewsFile::Alerts => write_alerts(alerts, self.format, out),
        }
    }

    fn write_digest(&self, what: NewsFile, out: &mut dyn Write) -> io::Result<u64> {
        let lines = self.recorded.news();
        match what {
            NewsFile::Changes => write_change_digest(&self.stamp, (self.changes(), &lines), out)?,
            NewsFile::Alerts => write_alert_digest(&self.stamp, (self.alerts(), &lines), out)?,
        }
        Ok(0)
    }

    fn changes(&self) -> &[EntityChange] {
        let all = &self.recorded.concluded.changes.changes;
        &all[..all.len().min(self.limit)]
    }

    fn alerts(&self) -> &[FiredAlert] {
        let all = &self.recorded.concluded.alerts.fired;
        &all[..all.len().min(self.limit)]
    }
}

/// Fills the files for others; gives what is known of each, with its place in the model.
fn write_lists(
    arguments: &ScoreArguments,
    result: &FinishedRun<'_>,
    outputs: &mut OutputFiles,
    facts: &mut RunFacts,
) -> Result<WrittenLists, CommandError> {
    let (mut written, mut published) = (Vec::new(), Vec::new());
    for (place, file) in &mut outputs.lists {
        let list: &ListFile = &result.model.resolved.lists[*place];
        file.write_with(|file| {
            let totals = match list.rows {
                ListRows::All => write_list(arguments, result, list, file)?,
                ListRows::Changed => {
                    let (totals, rows) = write_changed_list(arguments, result, list, file)?;
                    published.extend(rows);
                    totals
                }
            };
            facts.formula_cells += totals.guarded_cells;
            written.push((*place, totals));
            Ok(())
        })?;
    }
    Ok((written, published))
}

/// What is known of each file for others, with its place in the model; and the rows of those of which the next run writes only what changed.
type WrittenLists = (Vec<(usize, RowTotals)>, Vec<PublishedList>);

/// Writes what changed in a file for others since it was last published.
fn write_changed_list(
    arguments: &ScoreArguments,
    result: &FinishedRun<'_>,
    list: &ListFile,
    out: &mut dyn Write,
) -> io::Result<(RowTotals, Option<PublishedList>)> {
    let (ListLevel::Entities(kind), Some(recorded)) = (list.level, &result.recorded) else {
        return Ok((RowTotals::default(), None));
    };
    let format = match list.format {
        ListFormat::Csv => ChangedRowsFormat::Rows(RowFormat::Csv(arguments.csv.dialect())),
        ListFormat::Json => ChangedRowsFormat::Rows(RowFormat::Json),
        ListFormat::Ndjson => ChangedRowsFormat::Rows(RowFormat::Ndjson),
        ListFormat::Markdown => ChangedRowsFormat::Digest,
    };
    let before = recorded.lists_before.iter().find(|before| before.name == list.name);
    let (totals, rows) = write_changed_rows(level_rows(result, kind), (list, before), format, out)?;
    Ok((totals, Some(rows)))
}

/// Writes one file for others.
fn write_list(
    arguments: &ScoreArguments,
    result: &FinishedRun<'_>,
    list: &ListFile,
    out: &mut dyn Write,
) -> io::Result<RowTotals> {
    let dialect = arguments.csv.dialect();
    let what = match list.level {
        ListLevel::Entities(kind) => {
            let news = result.recorded.map(|recorded| recorded.news()).unwrap_or_default();
            return emit::write_list(level_rows(result, kind), (list, &news), dialect, out);
        }
        ListLevel::Changes => NewsFile::Changes,
        ListLevel::Alerts => NewsFile::Alerts,
    };
    let Some(recorded) = &result.recorded else { return Ok(RowTotals::default()) };
    let format = match list.format {
        ListFormat::Json => RowFormat::Json,
        ListFormat::Ndjson => RowFormat::Ndjson,
        ListFormat::Csv | ListFormat::Markdown => RowFormat::Csv(dialect),
    };
    let limit = list.query.limit.unwrap_or(usize::MAX);
    let news = NewsOfRun { recorded, stamp: RunStamp::of(result.scored, result.model), format, limit };
    let guarded_cells =
        if list.format == ListFormat::Markdown { news.write_digest(what, out)? } else { news.write(what, out)? };
    Ok(RowTotals { guarded_cells, ..RowTotals::default() })
}

fn level_rows<'r>(result: &FinishedRun<'r>, kind: EntityKind) -> LevelRows<'r> {
    LevelRows { scored: result.scored, model: result.model, kind }
}
