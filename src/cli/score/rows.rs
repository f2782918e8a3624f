//! Rows of a finished run: to the standard output, or with the record of the run into a folder.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

use super::{ScoreArguments, ScoreFormat, outputs::OutputFiles};
use crate::{
    cli::{
        CommandError, ExitStatus,
        messages::{self, Verbosity},
        stdout::pretty_json,
    },
    commands::score::{FinishedRun, JudgedExpectation, run_facts},
};
use pql_engine::emit::{self, LevelRows, RowTotals, RunFacts, run_record};
use pql_model::{
    EntityKind,
    diag::escape_ci_commands,
    resolved::{ListFile, ListLevel, RowQuery},
};

/// Rows of one level, or the summary, to the standard output.
pub(super) fn write_output(arguments: &ScoreArguments, result: &FinishedRun<'_>) -> Result<(), CommandError> {
    let rows = LevelRows { scored: result.scored, model: result.model, kind: arguments.level.kind() };
    let query = arguments.asks_for_rows().then_some(&result.model.resolved.requested);
    let stdout = io::stdout();
    let table = arguments.format == Some(ScoreFormat::Table) || (arguments.format.is_none() && stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    let totals = if table {
        write_table(rows, query, &mut out)
    } else {
        emit::write_rows(rows, query, arguments.row_format(), &mut out)
    };
    let totals = totals.map_err(CommandError::output)?;
    out.flush().map_err(CommandError::output)?;
    if arguments.verbosity() == Verbosity::Notes {
        messages::note_defused_cells(totals.guarded_cells);
        messages::note_cut_through_ties("--top", totals.left_out);
    }
    Ok(())
}

/// The summary of a level, or the rows of a query as a table.
fn write_table(rows: LevelRows<'_>, query: Option<&RowQuery>, out: &mut dyn Write) -> io::Result<RowTotals> {
    let mut totals = RowTotals::default();
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

/// Columns of the terminal, if the shell exports them.
fn terminal_width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| *columns >= 40)
        .unwrap_or(120)
}

/// Users, accounts, files for others, rejects and the record of the run, all of them or none.
pub(super) fn write_folder(
    arguments: &ScoreArguments,
    dir: &Path,
    (result, judged): (&FinishedRun<'_>, &[JudgedExpectation]),
    mut outputs: OutputFiles,
) -> Result<ExitStatus, CommandError> {
    let mut facts = run_facts(result);
    facts.expectations = judged.iter().map(JudgedExpectation::fact).collect();
    for (kind, file) in &mut outputs.rows {
        file.write_with(|file| {
            let rows = level_rows(result, *kind);
            facts.formula_cells += emit::write_rows(rows, None, arguments.row_format(), file)?.guarded_cells;
            Ok(())
        })?;
    }
    let lists = write_lists(arguments, result, &mut outputs, &mut facts)?;
    (facts.outputs, facts.outputs_elsewhere) = outputs.facts();
    facts.rejects = outputs.rejects_fact();
    if let Some(file) = &mut outputs.record {
        let record = run_record(result.scored, result.model, &facts);
        let text = pretty_json(&record);
        file.write_with(|file| file.write_all(text.as_bytes()))?;
    }
    let stale = outputs.stale(dir);
    outputs.commit()?;
    if arguments.verbosity() == Verbosity::Notes {
        messages::note_lists(&result.model.resolved.lists, &lists);
        messages::note_stale_files(dir, &stale);
        messages::note_defused_cells(facts.formula_cells);
        messages::note_output_folder(dir, result.scored);
    }
    Ok(ExitStatus::Done)
}

/// Fills the files for others; gives what is known of each, with its place in the model.
fn write_lists(
    arguments: &ScoreArguments,
    result: &FinishedRun<'_>,
    outputs: &mut OutputFiles,
    facts: &mut RunFacts,
) -> Result<Vec<(usize, RowTotals)>, CommandError> {
    let mut written = Vec::new();
    for (place, file) in &mut outputs.lists {
        let list: &ListFile = &result.model.resolved.lists[*place];
        let ListLevel::Entities(kind) = list.level else { continue };
        file.write_with(|file| {
            let totals = emit::write_list(level_rows(result, kind), list, arguments.csv.dialect(), file)?;
            facts.formula_cells += totals.guarded_cells;
            written.push((*place, totals));
            Ok(())
        })?;
    }
    Ok(written)
}

fn level_rows<'r>(result: &FinishedRun<'r>, kind: EntityKind) -> LevelRows<'r> {
    LevelRows { scored: result.scored, model: result.model, kind }
}
