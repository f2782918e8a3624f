//! Which model a command uses, and how it is read.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{Exit, Failure};
use crate::{diag::Document, model::EXAMPLE, read::whole};

/// The model that is used where none is given.
const DEFAULT_NAME: &str = "scoring.toml";

/// A model's text and where it came from.
pub(super) struct Source {
    pub(super) document: Document,
    /// What to tell people, where they did not choose the model.
    pub(super) note: Option<String>,
}

/// The model that was named, else `scoring.toml` here, else the built-in example.
pub(super) fn find(named: Option<&PathBuf>) -> Result<Source, Failure> {
    if let Some(path) = named {
        return Ok(Source { document: read(path)?, note: None });
    }
    let here = Path::new(DEFAULT_NAME);
    if here.exists() {
        let note = format!("note: scored with {DEFAULT_NAME} of this folder; -m FILE names another model");
        return Ok(Source { document: read(here)?, note: Some(note) });
    }
    let document = Document { name: "scoring.example.toml (built in)".to_owned(), text: EXAMPLE.to_owned() };
    let note =
        "note: scored with the built-in example model; `pql score --print-model > scoring.toml` makes a copy to edit"
            .to_owned();
    Ok(Source { document, note: Some(note) })
}

/// No more of a file is read than shows that it is too large to be a model or a file of cases.
const MODEL_BYTES_READ_MAX: u64 = 5 * 1024 * 1024;

fn bounded(path: &Path) -> io::Result<String> {
    String::from_utf8(whole(path, MODEL_BYTES_READ_MAX)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Reads a model's text.
pub(super) fn read(path: &Path) -> Result<Document, Failure> {
    read_named(path, "model")
}

/// Reads the text of a document that people wrote; `what` it is, for messages.
pub(super) fn read_named(path: &Path, what: &str) -> Result<Document, Failure> {
    let name = path.display().to_string();
    let text = bounded(path).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::CannotStart } else { Exit::Io };
        let message = match error.kind() {
            io::ErrorKind::InvalidData => format!("the {what} `{name}` is not UTF-8"),
            _ => format!("cannot read the {what} `{name}`"),
        };
        Failure::Error(anyhow::Error::new(error).context(message), exit)
    })?;
    Ok(Document { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
}
