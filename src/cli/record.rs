//! `pql record`: the record of earlier runs, looked at, checked, and taken back by a run.

use std::{path::PathBuf, time::Duration};

use clap::{Subcommand, ValueEnum};

use super::{
    CommandError, ExitStatus, examples,
    folder_lock::LockRequest,
    interrupt,
    messages::Verbosity,
    stdout::{pretty_json, print_stdout},
};
use crate::commands::record::{RecordJson, check_text, shown_text, undone_text};
use pql_engine::record_folder::{RecordCheck, RecordFolder, ShownRecord};

/// Look into a record of earlier runs, check it, or go back to the run before.
///
/// A record is a folder with what the lists of the last runs said. Runs use it to say what changed and whom to alert. Its files are personal data.
#[derive(Debug, clap::Args)]
pub(super) struct RecordArguments {
    #[command(subcommand)]
    command: RecordCommand,
}

#[derive(Debug, Subcommand)]
enum RecordCommand {
    #[command(after_help = examples::RECORD_SHOW)]
    Show(ShowArguments),
    #[command(after_help = examples::RECORD_VERIFY)]
    Verify(VerifyArguments),
    #[command(after_help = examples::RECORD_UNDO)]
    Undo(UndoArguments),
}

/// Show the runs of a record: instants, models, tiers, alerts, sizes.
#[derive(Debug, clap::Args)]
struct ShowArguments {
    /// The folder of the record
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = ShowFormat::Human)]
    format: ShowFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    /// For people
    Human,
    /// One object, for programs
    Json,
}

/// Check every file of a record: checksums, lines, and whether its parts fit each other.
///
/// The exit code is 1 if anything is damaged. The record is not changed.
#[derive(Debug, clap::Args)]
struct VerifyArguments {
    /// The folder of the record
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Go back to the run before the newest one.
///
/// Alerts that the undone run fired stay noted, so that they do not fire again. The lists that it published stay as they are.
#[derive(Debug, clap::Args)]
struct UndoArguments {
    /// The folder of the record
    #[arg(value_name = "DIR")]
    dir: PathBuf,

    /// Seconds to wait for another run that writes to the record [default: do not wait]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

pub(super) fn run(arguments: &RecordArguments) -> Result<ExitStatus, CommandError> {
    match &arguments.command {
        RecordCommand::Show(arguments) => show(arguments),
        RecordCommand::Verify(arguments) => verify(arguments),
        RecordCommand::Undo(arguments) => undo(arguments),
    }
}

fn show(arguments: &ShowArguments) -> Result<ExitStatus, CommandError> {
    let record = ShownRecord::of_record(&arguments.dir)?;
    print_stdout(&match arguments.format {
        ShowFormat::Human => shown_text(&record),
        ShowFormat::Json => pretty_json(&RecordJson::new(&record)),
    })?;
    Ok(ExitStatus::Done)
}

fn verify(arguments: &VerifyArguments) -> Result<ExitStatus, CommandError> {
    let check = RecordCheck::of_record(&arguments.dir)?;
    print_stdout(&check_text(&check, &arguments.dir))?;
    Ok(if check.damage.is_empty() { ExitStatus::Done } else { ExitStatus::Negative })
}

fn undo(arguments: &UndoArguments) -> Result<ExitStatus, CommandError> {
    interrupt::watch();
    let patience = Duration::from_secs(arguments.wait.unwrap_or(0));
    let request = LockRequest { dir: &arguments.dir, patience, verbosity: Verbosity::Notes };
    let mut folder = request.acquire(RecordFolder::try_open)?;
    if !folder.is_exclusive() {
        request.note_without_locks();
    }
    let undone = folder.undo()?;
    print_stdout(&undone_text(&undone))?;
    Ok(ExitStatus::Done)
}
