//! Detects the format of a file from its first lines.

use serde_json::{Map, Value};

use super::{EventFormat, FORMATS, unsupported};

/// The number of lines, without blank ones, that are probed.
const LINES_MAX: usize = 32;

/// The format of a file and the sign that showed it.
#[derive(Debug, Clone, Copy)]
pub struct DetectedFormat {
    /// The format.
    pub format: &'static EventFormat,
    /// The sign, for messages.
    pub sign: &'static str,
}

/// A known kind of file that this program does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsupportedFormat {
    /// The kind of file, for messages.
    pub what: &'static str,
    /// The sign by which it was recognised.
    pub sign: &'static str,
    /// The advice, for messages.
    pub advice: &'static str,
}

/// A line parsed to recognise its format.
#[derive(Debug)]
pub(in crate::decode) struct ProbeLine<'l> {
    line: &'l str,
    object: Map<String, Value>,
}

impl<'l> ProbeLine<'l> {
    /// Parses a line. A line that is not an object has no keys.
    fn new(line: &'l str) -> ProbeLine<'l> {
        ProbeLine { line, object: serde_json::from_str(line).unwrap_or_default() }
    }

    /// The line as written.
    pub(super) fn line(&self) -> &'l str {
        self.line
    }

    /// True if the object has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// The value of a key, if it is text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.object.get(key)?.as_str()
    }

    /// The value of a key within the object of another key.
    pub(super) fn below(&self, key: &str, inner: &str) -> Option<&Value> {
        self.object.get(key)?.get(inner)
    }

    /// True if the object has exactly these keys.
    pub(super) fn is_exactly(&self, keys: &[&str]) -> bool {
        self.object.len() == keys.len() && keys.iter().all(|key| self.has(key))
    }
}

/// Detects the format of a file from its first lines, which may include bad ones. `asked` is the
/// format that the model or the command line names, or `auto`.
///
/// The first line that shows a sign decides. Without a sign, files are native, because
/// `[input] fields` can describe any lines.
///
/// # Errors
///
/// [`UnsupportedFormat`], if a line shows the sign of a known kind of file that is not read.
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
        // `[input] format = "native"` overrules these signs: `[input] fields` then describes the
        // lines.
        if let Some(foreign) = unsupported::find_unsupported(&head).filter(|_| asked != "native") {
            return Err(foreign);
        }
    }
    let name = if asked == "auto" { "native" } else { asked };
    let usual = FORMATS.iter().find(|format| format.name == name && format.fallback);
    let sign = if asked == "auto" { "no line shows the sign of another format" } else { "asked for" };
    Ok(DetectedFormat { format: usual.unwrap_or(&FORMATS[FORMATS.len() - 1]), sign })
}
