//! Which model a command uses, and how it is read.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{CommandError, ExitStatus};
use pql_engine::{fs::retry::retry_interrupted, read::read_whole_file};
use pql_model::{
    EXAMPLE, SHIPPED,
    diag::{Diagnostic, DocumentProblems, SourceDocument},
};

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
    if retry_interrupted(|| here.try_exists()).unwrap_or(true) {
        let note = format!("note: scored with {DEFAULT_NAME} of this folder; -m FILE names another model");
        return Ok(ChosenModel { document: read(here)?, note: Some(note) });
    }
    let note =
        "note: scored with the built-in example model; `pql score --print-model > scoring.toml` makes a copy to edit"
            .to_owned();
    Ok(ChosenModel { document: built_in(), note: Some(note) })
}

/// The built-in example.
pub(super) fn built_in() -> SourceDocument {
    SourceDocument { name: "scoring.example.toml (built in)".to_owned(), text: EXAMPLE.to_owned() }
}

/// No more of a file is read than shows that it is too large to be a model or a file of cases.
const MODEL_BYTES_READ_MAX: u64 = 5 * 1024 * 1024;

/// The kind of a document that people wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct DocumentKind {
    /// The word for it in messages.
    what: &'static str,
    /// The code of the problem if the file is not text.
    code: &'static str,
}

/// A model.
const MODEL: DocumentKind = DocumentKind { what: "model", code: pql_model::codes::SYNTAX };
/// A file of cases.
pub(super) const CASES: DocumentKind = DocumentKind { what: "file of cases", code: "C001" };

/// Reads a model's text.
pub(super) fn read(path: &Path) -> Result<SourceDocument, CommandError> {
    let document = read_document(path, MODEL).map_err(|failure| shipped_hint(path).unwrap_or(failure))?;
    if !is_data(&document.text) {
        return Ok(document);
    }
    let problem = Diagnostic::error(MODEL.code, 0..0, "the file is no model: it holds a table or records", "");
    let help = "name a model, which is a TOML file with the line `schema = 1`; files of events, users and accounts have arguments of their own";
    Err(refused(SourceDocument { name: document.name, text: String::new() }, problem.help(help)))
}

/// The failure for the name of a model that comes with the program, where no file has it.
fn shipped_hint(path: &Path) -> Option<CommandError> {
    let shipped = SHIPPED.iter().find(|known| Path::new(known.key) == path)?;
    let is_missing = matches!(retry_interrupted(|| path.try_exists()), Ok(false));
    let text = format!(
        "no file `{key}` is here; `{key}` is a model that comes with the program, and `pql init EVENTS --model {key}` writes a file of it for your events",
        key = shipped.key
    );
    is_missing.then(|| CommandError::usage(text))
}

/// Whether a text holds rows or records: its first line that is neither empty nor a comment is no line of TOML and has cells or an object.
fn is_data(text: &str) -> bool {
    let lines = text.lines().map(str::trim);
    let Some(first) = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with('#')) else { return false };
    let is_object = first.starts_with('{') || first.starts_with("[{") || first == "[";
    let is_row = !first.contains('=') && !first.starts_with('[') && first.contains([',', ';', '\t']);
    is_object || is_row
}

/// Reads the text of a document that people wrote.
///
/// # Errors
///
/// The file cannot be read; the file is not text, and then nothing of it is shown; the
/// text is not UTF-8.
pub(super) fn read_document(path: &Path, kind: DocumentKind) -> Result<SourceDocument, CommandError> {
    let name = path.display().to_string();
    let what = kind.what;
    let bytes = bounded(path).map_err(|error| {
        let exit = if error.kind() == io::ErrorKind::NotFound { ExitStatus::CannotStart } else { ExitStatus::Io };
        CommandError::Error(anyhow::Error::new(error).context(format!("cannot read the {what} `{name}`")), exit)
    })?;
    let bytes = bytes.map_err(|why| {
        let problem = Diagnostic::error(kind.code, 0..0, format!("the {what} is not text: {why}"), "");
        let document = SourceDocument { name: name.clone(), text: String::new() };
        refused(document, problem.help("an ordinary file of text in UTF-8; a file that was saved as UTF-16 is none"))
    })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map(|text| SourceDocument { name: name.clone(), text }).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
        let problem = Diagnostic::error(kind.code, span, format!("the {what} is not UTF-8"), "no character of UTF-8");
        refused(SourceDocument { name, text }, problem.help("save the file as UTF-8; this one may be Latin-1"))
    })
}

fn refused(document: SourceDocument, problem: Diagnostic) -> CommandError {
    CommandError::Document(Box::new(DocumentProblems { document, list: vec![problem] }), ExitStatus::CannotStart)
}

/// The bytes of an ordinary text file, or the reason why it is none. Pipes and devices are never
/// opened.
fn bounded(path: &Path) -> io::Result<Result<Vec<u8>, &'static str>> {
    let meta = retry_interrupted(|| std::fs::metadata(path))?;
    if !meta.is_file() && !meta.is_dir() {
        return Ok(Err("it is no ordinary file"));
    }
    let bytes = read_whole_file(path, MODEL_BYTES_READ_MAX)?;
    let read = bytes.len() as u64;
    Ok(match read {
        // Files of `/proc` have the size 0 and still give bytes.
        _ if read != meta.len() && read < MODEL_BYTES_READ_MAX => {
            Err("it is no ordinary file, whose size would be known")
        }
        _ if bytes.contains(&0) => Err("it holds bytes of zero"),
        _ => Ok(bytes),
    })
}
