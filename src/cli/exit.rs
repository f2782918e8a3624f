//! The exit codes, and the conversion of every error to one.
//!
//! A command returns a [`CommandError`], made from the errors of the engine by `From`.
//! [`CommandError::report`] prints it and gives the [`ExitStatus`].

use std::{io, path::Path};

use super::{paint, print_stderr};
use crate::commands::explain::SearchError;
use pql_engine::{
    fs::publish::PublishError, pipeline::RunError, read::ReadError, record_folder::RecordError, row_files::RowFileError,
};
use pql_model::diag::{DocumentProblems, escape_controls, render};

/// The exit code of the program. The order is the severity: of several codes the highest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// The command succeeded. A closed pipe counts as success.
    Done = 0,
    /// The command ran, and its verdict is negative.
    Negative = 1,
    /// The command could not start.
    CannotStart = 2,
    /// Reading or writing failed.
    Io = 3,
}

/// The reason why a command ended early.
#[derive(Debug)]
pub enum CommandError {
    /// A document with problems, with the exit code for it.
    Document(Box<DocumentProblems>, ExitStatus),
    /// Several documents with problems, with the exit code for them.
    Documents(Vec<DocumentProblems>, ExitStatus),
    /// An error with its causes, with the exit code for it.
    Error(anyhow::Error, ExitStatus),
    /// The reader of the output closed the pipe.
    ClosedPipe,
}

impl CommandError {
    /// A document that cannot be used for a run.
    pub fn document(problems: DocumentProblems) -> CommandError {
        CommandError::Document(Box::new(problems), ExitStatus::CannotStart)
    }

    /// Documents that cannot be used for a run.
    pub fn documents(broken: Vec<DocumentProblems>) -> CommandError {
        CommandError::Documents(broken, ExitStatus::CannotStart)
    }

    /// An error in the arguments.
    pub fn usage(message: impl Into<String>) -> CommandError {
        CommandError::Error(anyhow::anyhow!(message.into()), ExitStatus::CannotStart)
    }

    /// An error of writing to the standard output.
    pub fn output(error: io::Error) -> CommandError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CommandError::ClosedPipe,
            _ => CommandError::Error(
                anyhow::Error::new(error).context("cannot write to the standard output"),
                ExitStatus::Io,
            ),
        }
    }

    /// An error of making or writing the bytes of a file.
    pub fn writing(error: io::Error, path: &Path) -> CommandError {
        match innermost(error).downcast::<PublishError>() {
            // This error names the file already.
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

    /// Says what is to be done where lists are published, and the record cannot be told so.
    pub fn with_lists_published(self) -> CommandError {
        match self {
            CommandError::Error(error, exit) => {
                let advice = "the lists are already in place, and the record may not know it; run the same command again, since the next run would fire their alerts a second time";
                CommandError::Error(error.context(advice), exit)
            }
            other => other,
        }
    }

    /// Prints the error and gives the exit code.
    pub fn report(self) -> ExitStatus {
        match self {
            CommandError::Document(problems, exit) => {
                print_stderr(&render(&problems.document, &problems.list, paint()));
                exit
            }
            CommandError::Documents(broken, exit) => {
                let all: Vec<String> =
                    broken.iter().map(|problems| render(&problems.document, &problems.list, paint())).collect();
                print_stderr(&all.join("\n\n"));
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

/// The error of the file, without the wrappers of the CSV writer.
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
            RunError::Enrich(_)
            | RunError::UnsupportedFormat { .. }
            | RunError::GroupTypes { .. }
            | RunError::NewestInternal { .. } => ExitStatus::CannotStart,
            RunError::Spool(_) | RunError::Stages(_) => ExitStatus::Io,
        };
        CommandError::Error(error.into(), exit)
    }
}

impl From<RecordError> for CommandError {
    fn from(error: RecordError) -> Self {
        let exit = match error {
            RecordError::Publish(error) => return error.into(),
            RecordError::NoFolder { .. }
            | RecordError::NoRecord { .. }
            | RecordError::Exists { .. }
            | RecordError::Foreign { .. }
            | RecordError::Newer { .. }
            | RecordError::Backward { .. }
            | RecordError::Undone { .. }
            | RecordError::NothingBefore { .. } => ExitStatus::CannotStart,
            RecordError::Damaged(_) | RecordError::Read { .. } | RecordError::Write { .. } => ExitStatus::Io,
        };
        CommandError::Error(error.into(), exit)
    }
}

impl From<RowFileError> for CommandError {
    fn from(error: RowFileError) -> Self {
        match error {
            RowFileError::Read(error) => error.into(),
            content @ RowFileError::Content { .. } => CommandError::Error(content.into(), ExitStatus::CannotStart),
        }
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
