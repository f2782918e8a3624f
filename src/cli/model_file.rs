//! Which model a command uses, and how it is read.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{CommandError, ExitStatus};
use pql_engine::read::read_whole_file;
use pql_model::{EXAMPLE, diag::SourceDocument};

/// The model that is used where none is given.
const DEFAULT_NAME: &str = "scoring.toml";

/// A model's text and where it came from.
pub(super) struct ChosenModel {
    pub(super) document: SourceDocument,
    /// What to tell people, where they did not choose the model.
    pub(super) note: Option<String>,
}

/// The model that was named, else `scoring.toml` here, else the built-in example.
pub(super) fn find(named: Option<&PathBuf>) -> Result<ChosenModel, CommandError> {
    if let Some(path) = named {
        return Ok(ChosenModel { document: read(path)?, note: None });
    }
    let here = Path::new(DEFAULT_NAME);
    if here.exists() {
        let note = format!("note: scored with {DEFAULT_NAME} of this folder; -m FILE names another model");
        return Ok(ChosenModel { document: read(here)?, note: Some(note) });
    }
    let document = SourceDocument { name: "scoring.example.toml (built in)".to_owned(), text: EXAMPLE.to_owned() };
    let note =
        "note: scored with the built-in example model; `pql score --print-model > scoring.toml` makes a copy to edit"
            .to_owned();
    Ok(ChosenModel { document, note: Some(note) })
}

/// No more of a file is read than shows that it is too large to be a model or a file of cases.
const MODEL_BYTES_READ_MAX: u64 = 5 * 1024 * 1024;

fn bounded(path: &Path) -> io::Result<String> {
    String::from_utf8(read_whole_file(path, MODEL_BYTES_READ_MAX)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads a model's text.
pub(super) fn read(path: &Path) -> Result<SourceDocument, CommandError> {
    read_named(path, "model")
}

/// Reads the text of a document that people wrote; `what` it is, for messages.
pub(super) fn read_named(path: &Path, what: &str) -> Result<SourceDocument, CommandError> {
    let name = path.display().to_string();
    let text = bounded(path).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::NotFound { ExitStatus::CannotStart } else { ExitStatus::Io };
        let message = match error.kind() {
            io::ErrorKind::InvalidData => format!("the {what} `{name}` is not UTF-8"),
            _ => format!("cannot read the {what} `{name}`"),
        };
        CommandError::Error(anyhow::Error::new(error).context(message), exit)
    })?;
    Ok(SourceDocument { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
}
