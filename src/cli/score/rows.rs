//! Rows of a finished run: to the standard output, or with the record of the run into a folder.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
};

use super::{ScoreArguments, ScoreFormat, ScoreLevel, outputs::OutputFiles};
use crate::{
    cli::{
        CommandError, ExitStatus,
        messages::{self, Verbosity},
        stdout::pretty_json,
    },
    commands::score::{FinishedRun, JudgedExpectation, run_facts},
};
use pql_engine::emit::{self, run_record};
use pql_model::{EntityKind, diag::escape_ci_commands};

/// Rows of one level, or the summary, to the standard output.
pub(super) fn write_output(arguments: &ScoreArguments, result: &FinishedRun<'_>) -> Result<(), CommandError> {
    let side = if arguments.level == ScoreLevel::User { EntityKind::User } else { EntityKind::Account };
    let stdout = io::stdout();
    let table = arguments.format == Some(ScoreFormat::Table) || (arguments.format.is_none() && stdout.is_terminal());
    let mut out = BufWriter::new(stdout.lock());
    if table {
        let summary = emit::level_summary_text(result.scored, result.model, side, terminal_width());
        out.write_all(escape_ci_commands(&summary).as_bytes()).map_err(CommandError::output)?;
    } else {
        let totals = emit::write_rows(result.scored, result.model, side, arguments.row_format(), &mut out)
            .map_err(CommandError::output)?;
        if arguments.verbosity() == Verbosity::Notes {
            messages::note_defused_cells(totals.guarded_cells);
        }
    }
    out.flush().map_err(CommandError::output)
}

/// Columns of the terminal, if the shell exports them.
fn terminal_width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| *columns >= 40)
        .unwrap_or(120)
}

/// Users, accounts, rejects and the record of the run, all of them or none.
pub(super) fn write_folder(
    arguments: &ScoreArguments,
    dir: &Path,
    (result, judged): (&FinishedRun<'_>, &[JudgedExpectation]),
    mut outputs: OutputFiles,
) -> Result<ExitStatus, CommandError> {
    let mut facts = run_facts(result);
    facts.expectations = judged.iter().map(JudgedExpectation::fact).collect();
    for (side, file) in &mut outputs.rows {
        file.write_with(|file| {
            let totals = emit::write_rows(result.scored, result.model, *side, arguments.row_format(), file)?;
            facts.formula_cells += totals.guarded_cells;
            Ok(())
        })?;
    }
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
        messages::note_stale_files(dir, &stale);
        messages::note_defused_cells(facts.formula_cells);
        messages::note_output_folder(dir, result.scored);
    }
    Ok(ExitStatus::Done)
}
