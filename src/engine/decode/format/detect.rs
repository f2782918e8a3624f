//! Which format a file is of, from its first lines.

use serde_json::{Map, Value};

use super::{EventFormat, FORMATS, unsupported};

/// So many lines that are not blank are looked at.
const LINES_MAX: usize = 32;

/// What a file was recognised as.
#[derive(Debug, Clone, Copy)]
pub struct DetectedFormat {
    /// The format.
    pub format: &'static EventFormat,
    /// By what, for people.
    pub sign: &'static str,
}

/// A file of something that is known and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsupportedFormat {
    /// What it is.
    pub what: &'static str,
    /// By what it was recognised.
    pub sign: &'static str,
    /// What to do instead.
    pub advice: &'static str,
}

/// A line as it is looked at to recognise its format.
#[derive(Debug)]
pub(in crate::decode) struct ProbeLine<'l> {
    line: &'l str,
    object: Map<String, Value>,
}

impl<'l> ProbeLine<'l> {
    /// A line; without keys if it is no object.
    fn new(line: &'l str) -> ProbeLine<'l> {
        ProbeLine { line, object: serde_json::from_str(line).unwrap_or_default() }
    }

    /// The line itself.
    pub(super) fn line(&self) -> &'l str {
        self.line
    }

    /// Whether there is a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// The value of a key that is text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.object.get(key)?.as_str()
    }

    /// The value of a key below a key.
    pub(super) fn below(&self, key: &str, inner: &str) -> Option<&Value> {
        self.object.get(key)?.get(inner)
    }

    /// Whether the keys are these and no others.
    pub(super) fn is_exactly(&self, keys: &[&str]) -> bool {
        self.object.len() == keys.len() && keys.iter().all(|key| self.has(key))
    }
}

/// The format of a file, from its first lines; none of them needs to be a good one. `asked` is the format that the model or the command
/// line names, or `auto`.
///
/// The first line that shows a sign decides; without any, files are native, since `[input] fields` can describe lines that show none.
///
/// **Errors**: [`Foreign`], if a line shows the sign of something that is known and not read.
pub fn detect_format<'l>(
    lines: impl Iterator<Item = &'l str>,
    asked: &str,
) -> Result<DetectedFormat, UnsupportedFormat> {
    let wanted = |format: &&&'static EventFormat| asked == "auto" || format.name == asked;
    for line in lines.filter(|line| !line.trim().is_empty()).take(LINES_MAX) {
        let head = ProbeLine::new(line);
        for format in FORMATS.iter().filter(wanted) {
            if let Some(sign) = (format.sign)(&head) {
                return Ok(DetectedFormat { format, sign });
            }
        }
        // Whoever asks for native lines describes them in `[input] fields`, whatever they look like.
        if let Some(foreign) = unsupported::find_unsupported(&head).filter(|_| asked != "native") {
            return Err(foreign);
        }
    }
    let name = if asked == "auto" { "native" } else { asked };
    let usual = FORMATS.iter().find(|format| format.name == name && format.fallback);
    let sign = if asked == "auto" { "no line shows the sign of another format" } else { "asked for" };
    Ok(DetectedFormat { format: usual.unwrap_or(&FORMATS[FORMATS.len() - 1]), sign })
}
