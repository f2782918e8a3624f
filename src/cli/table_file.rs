//! A table that an option names: opened once, whatever the number of models that ask of it.

use std::{fs, io, path::Path};

use super::{CommandError, ExitStatus};
use pql_engine::{
    fs::retry::retry_interrupted,
    read::{FileState, InputKind, InputSource, ReadError, read_whole_file, table_inputs},
};

/// The largest input from a pipe; bytes. It is kept, since several models may ask for it.
const PIPE_BYTES_MAX: u64 = 1 << 30;

/// A table and where its bytes come from.
#[derive(Debug)]
pub(super) struct TableFile<'a> {
    /// As messages show it.
    pub(super) name: String,
    path: &'a Path,
    /// Its parts; several in an archive.
    pub(super) inputs: Vec<InputSource>,
    /// The file as it was when it was opened; none of what came through a pipe.
    opened: Option<FileState>,
}

impl<'a> TableFile<'a> {
    /// Opens a table of what `plural` names.
    ///
    /// # Errors
    /// A path that leads to no file.
    pub(super) fn open(path: &'a Path, plural: &str) -> Result<TableFile<'a>, CommandError> {
        let name = path.display().to_string();
        let meta = retry_interrupted(|| fs::metadata(path)).map_err(|error| cannot_read(&name, error))?;
        if meta.is_file() {
            let opened = FileState::of(path)?;
            return Ok(TableFile { name, path, inputs: table_inputs(path).map_err(unusable)?, opened });
        }
        if meta.is_dir() || is_device(&meta) {
            let what = if meta.is_dir() { "a folder" } else { "a device, which has no end" };
            return Err(CommandError::usage(format!("`{name}` is {what}; name the file of {plural}")));
        }
        let bytes = read_whole_file(path, PIPE_BYTES_MAX + 1).map_err(|error| cannot_read(&name, error))?;
        if bytes.len() as u64 > PIPE_BYTES_MAX {
            return Err(CommandError::usage(format!(
                "`{name}` is a pipe that holds more than 1 GiB; save it as a file and name that"
            )));
        }
        let input = InputSource { name: name.clone(), kind: InputKind::Memory(bytes.into()) };
        Ok(TableFile { name, path, inputs: vec![input], opened: None })
    }

    /// Fails if the file is no longer as it was: of a table that grows, the last row may be half there.
    pub(super) fn check_unchanged(&self) -> Result<(), CommandError> {
        let Some(opened) = &self.opened else { return Ok(()) };
        let is_same = FileState::of(self.path).ok().flatten().is_some_and(|now| now == *opened);
        if is_same {
            return Ok(());
        }
        let reason = "it was written to while it was read; run again when nothing writes to it";
        Err(cannot_read(&self.name, io::Error::other(reason)))
    }
}

fn cannot_read(name: &str, error: io::Error) -> CommandError {
    let exit = if error.kind() == io::ErrorKind::NotFound { ExitStatus::CannotStart } else { ExitStatus::Io };
    CommandError::Error(anyhow::Error::new(error).context(format!("cannot read `{name}`")), exit)
}

/// The failure for a file that could not be read: what stands in it is to blame, or the machine.
pub(super) fn unusable(error: ReadError) -> CommandError {
    let is_machine = matches!(
        error,
        ReadError::Open { .. } | ReadError::Read { .. } | ReadError::Changed { .. } | ReadError::Rewritten { .. }
    );
    let exit = if is_machine { ExitStatus::Io } else { ExitStatus::CannotStart };
    CommandError::Error(error.into(), exit)
}

#[cfg(unix)]
fn is_device(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    meta.file_type().is_char_device() || meta.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &fs::Metadata) -> bool {
    false
}
