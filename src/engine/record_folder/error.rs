//! Why a record cannot be begun, read or written.
//!
//! Takes the place and what was found there, gives one sentence with what to do. Invariant: the text has positions and names of files, and no
//! id of a user or an account.

use std::{fmt, io, path::PathBuf};

use crate::fs::publish::PublishError;
use pql_model::{clock::format_instant, units::Micros};

/// Why a record cannot be used.
///
/// The text leaves out the cause, which [`std::error::Error::source`] returns.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is no folder.
    #[error(
        "the folder `{}` of the record does not exist; check the path and whether its disk is mounted, or add --begin to begin a record there",
        .dir.display()
    )]
    NoFolder { dir: PathBuf },
    /// The folder has no record.
    #[error(
        "the folder `{}` holds no record; check the path and whether its disk is mounted, or add --begin to begin a record in an empty folder",
        .dir.display()
    )]
    NoRecord { dir: PathBuf },
    /// A record would be begun where one is.
    #[error(
        "the folder `{}` holds a record already; leave out --begin to go on from it, or name another folder",
        .dir.display()
    )]
    Exists { dir: PathBuf },
    /// A record would be begun among other files.
    #[error(
        "the folder `{}` holds `{name}`, and a record is begun in an empty folder; name an empty or a new folder",
        .dir.display()
    )]
    Foreign { dir: PathBuf, name: String },
    /// A later version of the program wrote the record.
    #[error(
        "`{}` has the format {format}, which pql {needs} and later versions read; this is pql {}, which reads the format {FORMAT}",
        .path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    Newer { path: PathBuf, format: u32, needs: String },
    /// The instant of the run lies before that of the record.
    #[error(
        "the record has a run as of {}, and --as-of {} lies before it; score a later instant, or go back with `pql record undo`",
        format_instant(*.newest),
        format_instant(*.as_of)
    )]
    Backward { as_of: Micros, newest: Micros },
    /// The run before the present one was removed by `undo`, and the present one would be repeated.
    #[error(
        "the run as of {} cannot be repeated, since the record was taken back to it and no longer has the run before; score a later instant",
        format_instant(*.as_of)
    )]
    Undone { as_of: Micros },
    /// There is no run to go back to.
    #[error(
        "the record `{}` has no run to go back to; to begin anew, give --begin and another folder",
        .dir.display()
    )]
    NothingBefore { dir: PathBuf },
    /// Bytes that are not those that were written.
    #[error("{0}")]
    Damaged(RecordDamage),
    /// A file or folder that could not be read.
    #[error("`{}` could not be read; check the disk and who may read it", .path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file or folder that could not be written.
    #[error("`{}` could not be written; check free space, quota and who may write there", .path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A file that could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// The format that this program reads and writes.
pub(super) const FORMAT: u32 = 1;
/// The first version of the program that reads [`FORMAT`].
pub(super) const NEEDS: &str = "0.1.0";

/// A damaged file, and the ways out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordDamage {
    /// The folder of the record.
    pub dir: PathBuf,
    /// The file.
    pub path: PathBuf,
    /// The run that the file belongs to.
    pub run: Option<u32>,
    /// What was found and what was expected, as the rest of a sentence about the file.
    pub found: String,
}

impl RecordDamage {
    /// What was found, as a sentence without the ways out.
    pub fn finding(&self) -> String {
        let of_run = self.run.map(|run| format!(" of run {run}")).unwrap_or_default();
        format!("`{}`{of_run} {}", self.path.display(), self.found)
    }
}

impl fmt::Display for RecordDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, dir) = (self.finding(), self.dir.display());
        write!(f, "{found}, so the record cannot be used; `pql record verify {dir}` lists all damage, ")?;
        if self.run.is_some() {
            write!(f, "`pql record undo {dir}` goes back to the run before, if it is whole, ")?;
        }
        f.write_str("a backup replaces the whole folder, and --begin begins anew in another folder")
    }
}

/// Why a file of the record cannot be used, before its place is known.
#[derive(Debug)]
pub(super) enum FileFault {
    /// It could not be read.
    Io(io::Error),
    /// Its bytes are not those that were written: the rest of a sentence about the file.
    Damage(String),
    /// A later version wrote it.
    Newer { format: u32, needs: String },
}

impl FileFault {
    /// Damage at a line, counted from 1.
    pub(super) fn at_line(line: usize, found: impl fmt::Display) -> FileFault {
        FileFault::Damage(format!("has a line {line} that {found}"))
    }

    /// Damage of the whole file.
    pub(super) fn damage(found: impl Into<String>) -> FileFault {
        FileFault::Damage(found.into())
    }
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> FileFault {
        match error.kind() {
            io::ErrorKind::NotFound => FileFault::damage("is missing"),
            io::ErrorKind::IsADirectory => FileFault::damage("is a folder, not a file"),
            _ => FileFault::Io(error),
        }
    }
}

/// The place of a file of the record.
#[derive(Debug, Clone)]
pub(super) struct RecordPlace {
    /// The folder of the record.
    pub(super) dir: PathBuf,
    /// The file.
    pub(super) path: PathBuf,
    /// The run that it belongs to.
    pub(super) run: Option<u32>,
}

impl RecordPlace {
    /// The error for a fault of the file.
    pub(super) fn error(&self, fault: FileFault) -> RecordError {
        let RecordPlace { dir, path, run } = self.clone();
        match fault {
            FileFault::Io(source) => RecordError::Read { path, source },
            FileFault::Newer { format, needs } => RecordError::Newer { path, format, needs },
            FileFault::Damage(found) => RecordError::Damaged(RecordDamage { dir, path, run, found }),
        }
    }
}
