//! `pql changes`: who changed between the lists of two earlier runs.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use super::{
    CommandError, ExitStatus, interrupt,
    output_file::OutputFile,
    print_stderr,
    stdout::{print_stdout, terminal_width},
};
use pql_engine::{
    changes::{ComparedLists, ListChanges, compare_lists, list_changes_text, write_list_changes},
    emit::{CsvDialect, RowFormat},
    fs::publish::FileAccess,
    read::{FileId, ReadError},
    row_files::{EarlierRun, RunSummary},
};
use pql_model::{
    EntityKind, PerKind,
    clock::format_instant,
    diag::{escape_ci_commands, escape_controls},
    units::plural,
};

/// Compare the lists of two earlier runs: who changed tier, route or suppression, and by which signals.
///
/// Reads what `pql score --out` wrote: two folders, or two files of users or of accounts. Needs no events, no model and no record. The table is that of
/// changes.csv; the columns that only a record can fill are empty. With run.json beside the later list, tiers are compared in their order. Else one that
/// qualifies is above one that does not, and a higher score above a lower one.
#[derive(Debug, clap::Args)]
pub(super) struct ChangesArguments {
    /// The earlier run: a folder of `pql score --out`, or its users or accounts as CSV, JSON or NDJSON
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The later run
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// The form of the list [default: csv; on a terminal a table]
    #[arg(short, long, value_enum)]
    format: Option<ChangesFormat>,

    /// Write the list into this file in place of the standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Say nothing but errors and warnings
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ChangesFormat {
    /// Comma-separated values
    Csv,
    /// One list of objects
    Json,
    /// An object a line
    Ndjson,
    /// Columns for people
    Table,
}

pub(super) fn run(arguments: &ChangesArguments) -> Result<ExitStatus, CommandError> {
    interrupt::watch();
    let [old, new] = [&arguments.old, &arguments.new].map(|path| read(path));
    let (old, new) = (old?, new?);
    refuse_overwriting(arguments, old.files.iter().chain(&new.files))?;
    let before = PerKind::from_fn(|kind| old.levels[kind].as_ref().filter(|_| new.levels[kind].is_some()));
    let now = PerKind::from_fn(|kind| new.levels[kind].as_ref().filter(|_| old.levels[kind].is_some()));
    if before.values().iter().all(|level| level.is_none()) {
        return Err(CommandError::usage(format!(
            "`{}` has {} and `{}` has {}; two lists of users or two of accounts can be compared",
            arguments.old.display(),
            levels_of(&old),
            arguments.new.display(),
            levels_of(&new)
        )));
    }
    let tiers = PerKind::from_fn(|kind| new.summary.as_ref().map_or(&[][..], |summary| &summary.tiers[kind]));
    let found = compare_lists(&ComparedLists { before, now, tiers });
    let guarded = write(arguments, &found, new.summary.as_ref())?;
    warn_of_order(&old, &new);
    if !arguments.quiet {
        note_guarded(guarded);
        note_changes(&found, new.summary.is_some());
    }
    Ok(ExitStatus::Done)
}

/// Reads a run.
fn read(path: &Path) -> Result<EarlierRun, CommandError> {
    if let Err(source) = path.metadata() {
        let path = path.to_path_buf();
        return Err(match source.kind() {
            io::ErrorKind::NotFound => CommandError::usage(format!(
                "`{}` does not exist; expected a folder of `pql score --out`, or its users or accounts",
                path.display()
            )),
            _ => ReadError::Inaccessible { path, source }.into(),
        });
    }
    Ok(EarlierRun::read(path)?)
}

/// Which lists a run has.
fn levels_of(run: &EarlierRun) -> &'static str {
    let level = EntityKind::ALL.into_iter().find(|kind| run.levels[*kind].is_some());
    level.map_or("no list", EntityKind::plural)
}

/// Refuses to write over what is read, under whatever name.
fn refuse_overwriting<'f>(
    arguments: &ChangesArguments,
    mut read: impl Iterator<Item = &'f PathBuf>,
) -> Result<(), CommandError> {
    let Some(out) = &arguments.out else { return Ok(()) };
    let Ok(written) = FileId::of(out) else { return Ok(()) };
    if read.any(|path| FileId::of(path).is_ok_and(|file| file == written)) {
        let message = format!("`{}` is one of the lists and would be written over; name another file", out.display());
        return Err(CommandError::usage(message));
    }
    Ok(())
}

/// Writes the list. Returns the number of text cells that a spreadsheet would have run as a formula.
fn write(arguments: &ChangesArguments, found: &ListChanges, summary: Option<&RunSummary>) -> Result<u64, CommandError> {
    let on_terminal = arguments.out.is_none() && io::stdout().is_terminal();
    let format = arguments.format.unwrap_or(if on_terminal { ChangesFormat::Table } else { ChangesFormat::Csv });
    let stamp = summary.map(|summary| &summary.stamp);
    let fill = |out: &mut dyn Write| match format.row_format() {
        Some(format) => write_list_changes(stamp, &found.changes, format, out),
        None => {
            let text = list_changes_text(&found.changes, terminal_width());
            out.write_all(escape_ci_commands(&text).as_bytes()).map(|()| 0)
        }
    };
    let mut guarded = 0;
    let Some(path) = &arguments.out else {
        let mut bytes = Vec::new();
        guarded += fill(&mut bytes).map_err(CommandError::output)?;
        print_stdout(&String::from_utf8_lossy(&bytes))?;
        return Ok(guarded);
    };
    let mut file = OutputFile::new(path.clone(), FileAccess::Shared, None)?;
    file.write_with(|file| {
        guarded += fill(file)?;
        Ok(())
    })?;
    file.commit()?;
    Ok(guarded)
}

impl ChangesFormat {
    /// The format of rows; none for a table.
    fn row_format(self) -> Option<RowFormat> {
        match self {
            ChangesFormat::Csv => Some(RowFormat::Csv(CsvDialect::Spreadsheet)),
            ChangesFormat::Json => Some(RowFormat::Json),
            ChangesFormat::Ndjson => Some(RowFormat::Ndjson),
            ChangesFormat::Table => None,
        }
    }
}

/// Warns of two runs that stand in the wrong order.
fn warn_of_order(old: &EarlierRun, new: &EarlierRun) {
    let Some((old, new)) = old.summary.as_ref().zip(new.summary.as_ref()) else { return };
    if old.stamp.as_of > new.stamp.as_of {
        let [old, new] = [old.stamp.as_of, new.stamp.as_of].map(format_instant);
        print_stderr(&format!(
            "warning: OLD looks from {old} and NEW from {new}, which is earlier; the list has the changes from OLD to NEW"
        ));
    }
}

/// Says how many texts got an apostrophe.
fn note_guarded(cells: u64) {
    if cells > 0 {
        let cells = plural(cells, "cell", "cells");
        print_stderr(&format!(
            "note: {cells} that a spreadsheet would run as a formula begin with an apostrophe; --format json writes texts as they are"
        ));
    }
}

/// Says how many changed, and who is not listed.
fn note_changes(found: &ListChanges, has_summary: bool) {
    let newly = found.changes.iter().filter(|change| change.newly_qualified()).count();
    let changes = plural(found.changes.len() as u64, "change", "changes");
    let mut text = format!("note: {changes}, {newly} newly qualified");
    for kind in EntityKind::ALL.into_iter().filter(|kind| found.unlisted[*kind] > 0) {
        let count = plural(found.unlisted[kind], kind.word(), kind.plural());
        let place = if has_summary { "in the last tier" } else { "not qualified" };
        text.push_str(&format!("; {count} new and {place}, not listed"));
    }
    print_stderr(&escape_controls(&text));
}
