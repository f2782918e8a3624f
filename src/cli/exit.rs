//! Exit codes, and failures on their way to one.

use std::{io, path::Path};

use super::{paint, print_stderr};
use crate::commands::explain::SearchError;
use pql_engine::{fs::publish::PublishError, pipeline::RunError, read::ReadError};
use pql_model::diag::{DocumentProblems, escape_controls, render};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// Done; a closed pipe counts as done.
    Done = 0,
    /// It ran, and the answer is no.
    Negative = 1,
    /// It could not start.
    CannotStart = 2,
    /// Reading or writing failed.
    Io = 3,
}

/// Why a command ended early.
#[derive(Debug)]
pub enum CommandError {
    /// A document with problems, and how the program ends for it.
    Document(Box<DocumentProblems>, ExitStatus),
    /// One sentence with its causes, and how the program ends for it.
    Error(anyhow::Error, ExitStatus),
    /// Whoever read the output went away.
    ClosedPipe,
}

impl CommandError {
    /// A document that cannot be used for a run.
    pub fn document(problems: DocumentProblems) -> CommandError {
        CommandError::Document(Box::new(problems), ExitStatus::CannotStart)
    }

    /// A failure of usage.
    pub fn usage(message: impl Into<String>) -> CommandError {
        CommandError::Error(anyhow::anyhow!(message.into()), ExitStatus::CannotStart)
    }

    /// A failure to write to the standard output.
    pub fn output(error: io::Error) -> CommandError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CommandError::ClosedPipe,
            _ => CommandError::Error(
                anyhow::Error::new(error).context("cannot write to the standard output"),
                ExitStatus::Io,
            ),
        }
    }

    /// A failure to make or write the bytes of a file.
    pub fn writing(error: io::Error, path: &Path) -> CommandError {
        match innermost(error).downcast::<PublishError>() {
            // It names the file already.
            Ok(error) => error.into(),
            Err(error) => CommandError::Error(
                anyhow::Error::new(error).context(format!("cannot write `{}`", path.display())),
                ExitStatus::Io,
            ),
        }
    }

    /// Says under which model a run failed, where there are several.
    pub fn under_model(self, name: &str) -> CommandError {
        match self {
            CommandError::Error(error, exit) => {
                CommandError::Error(error.context(format!("under the model {name}")), exit)
            }
            other => other,
        }
    }

    /// Tells people, and gives the exit code.
    pub fn report(self) -> ExitStatus {
        match self {
            CommandError::Document(problems, exit) => {
                print_stderr(&render(&problems.document, &problems.list, paint()));
                exit
            }
            CommandError::Error(error, exit) => {
                print_stderr(&escape_controls(&format!("error: {error:#}")));
                exit
            }
            CommandError::ClosedPipe => ExitStatus::Done,
        }
    }
}

/// The error of the file itself, where the writer of CSV has wrapped it.
fn innermost(error: io::Error) -> io::Error {
    let is_csv = |inner: &(dyn std::error::Error + Send + Sync + 'static)| {
        inner.downcast_ref::<csv::Error>().is_some_and(csv::Error::is_io_error)
    };
    if !error.get_ref().is_some_and(is_csv) {
        return error;
    }
    match error.downcast::<csv::Error>().map(csv::Error::into_kind) {
        Ok(csv::ErrorKind::Io(inner)) => innermost(inner),
        Err(error) => error,
        Ok(kind) => io::Error::other(format!("{kind:?}")),
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        let exit = if error.is_start() { ExitStatus::CannotStart } else { ExitStatus::Io };
        CommandError::Error(error.into(), exit)
    }
}

impl From<PublishError> for CommandError {
    fn from(error: PublishError) -> Self {
        let exit = match error {
            PublishError::SameTarget { .. } | PublishError::Exists { .. } => ExitStatus::CannotStart,
            _ => ExitStatus::Io,
        };
        CommandError::Error(error.into(), exit)
    }
}

impl From<RunError> for CommandError {
    fn from(error: RunError) -> Self {
        let exit = match error {
            RunError::Read(error) => return error.into(),
            RunError::NoEvents { .. } | RunError::TooManyRejects { .. } | RunError::Overflow(_) => ExitStatus::Negative,
            RunError::Enrich(_) | RunError::UnsupportedFormat { .. } | RunError::GroupTypes { .. } => {
                ExitStatus::CannotStart
            }
            RunError::Spool(_) => ExitStatus::Io,
        };
        CommandError::Error(error.into(), exit)
    }
}

impl From<SearchError> for CommandError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Model(problems) => CommandError::document(problems),
            SearchError::Run(error) => error.into(),
            SearchError::Changed(error) => error.into(),
        }
    }
}
