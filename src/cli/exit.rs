//! Exit codes, and failures on their way to one.

use std::{io, path::Path};

use super::{paint, tell};
use crate::{
    diag::{Problems, render, visible},
    pipeline::RunError,
    publish::PublishError,
    read::ReadError,
};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done; a closed pipe counts as done.
    Done = 0,
    /// It ran, and the answer is no.
    No = 1,
    /// It could not start.
    CannotStart = 2,
    /// Reading or writing failed.
    Io = 3,
}

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// A document with problems, and how the program ends for it.
    Document(Box<Problems>, Exit),
    /// One sentence with its causes, and how the program ends for it.
    Error(anyhow::Error, Exit),
    /// Whoever read the output went away.
    ClosedPipe,
}

impl Failure {
    /// A failure of usage.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Error(anyhow::anyhow!(message.into()), Exit::CannotStart)
    }

    /// A failure to write to the standard output.
    pub fn output(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Error(anyhow::Error::new(error).context("cannot write to the standard output"), Exit::Io),
        }
    }

    /// A failure to make or write the bytes of a file.
    pub fn writing(error: io::Error, path: &Path) -> Failure {
        match innermost(error).downcast::<PublishError>() {
            // It names the file already.
            Ok(error) => error.into(),
            Err(error) => Failure::Error(
                anyhow::Error::new(error).context(format!("cannot write `{}`", path.display())),
                Exit::Io,
            ),
        }
    }

    /// Tells people, and gives the exit code.
    pub fn report(self) -> Exit {
        match self {
            Failure::Document(problems, exit) => {
                tell(&render(&problems.document, &problems.list, paint()));
                exit
            }
            Failure::Error(error, exit) => {
                tell(&visible(&format!("error: {error:#}")));
                exit
            }
            Failure::ClosedPipe => Exit::Done,
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

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = if error.is_start() { Exit::CannotStart } else { Exit::Io };
        Failure::Error(error.into(), exit)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let exit = match error {
            PublishError::SameTarget { .. } | PublishError::Exists { .. } => Exit::CannotStart,
            _ => Exit::Io,
        };
        Failure::Error(error.into(), exit)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let exit = match error {
            RunError::Read(error) => return error.into(),
            RunError::NoEvents { .. } | RunError::TooManyRejects { .. } | RunError::Overflow(_) => Exit::No,
            RunError::Enrich(_) | RunError::Foreign { .. } | RunError::GroupTypes { .. } => Exit::CannotStart,
            RunError::Spool(_) => Exit::Io,
        };
        Failure::Error(error.into(), exit)
    }
}
