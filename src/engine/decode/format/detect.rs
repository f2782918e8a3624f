//! Detects the format of a file from its first lines.

use super::{
    EventFormat, FORMATS, native,
    probe_value::{ProbeObject, ProbeValue},
    unsupported,
};

/// The number of lines, without blank ones, that are probed.
const LINES_MAX: usize = 32;

/// The format of a file and the sign that showed it.
#[derive(Debug, Clone, Copy)]
pub struct DetectedFormat {
    /// The format.
    pub format: &'static EventFormat,
    /// The sign, for messages.
    pub sign: &'static str,
    /// Whether its lines end in commas, as of a list that lost its brackets.
    pub(crate) commas: bool,
}

/// A known kind of file that this program does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsupportedFormat {
    /// The kind of file, for messages.
    pub(crate) what: &'static str,
    /// The sign by which it was recognised.
    pub(crate) sign: &'static str,
    /// The advice, for messages.
    pub(crate) advice: &'static str,
}

/// A line parsed to recognise its format.
#[derive(Debug)]
pub(in crate::decode) struct ProbeLine<'l> {
    line: &'l str,
    object: ProbeObject,
}

impl<'l> ProbeLine<'l> {
    /// Parses a line. A line that is not an object has no keys.
    fn new(line: &'l str) -> ProbeLine<'l> {
        // Of several objects on a line the first shows what they are; a mark may stand before it where files were joined.
        let text = line.trim_start_matches(['\u{feff}', '\u{1e}']);
        let mut objects = serde_json::Deserializer::from_str(text).into_iter();
        ProbeLine { line, object: objects.next().and_then(Result::ok).unwrap_or_default() }
    }

    /// The line as written.
    pub(super) fn line(&self) -> &'l str {
        self.line
    }

    /// True if the object has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.object.get(key).is_some()
    }

    /// The value of a key, if it is text.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.object.get(key)?.text()
    }

    /// The value of a key within the object of another key.
    pub(super) fn below(&self, key: &str, inner: &str) -> Option<&ProbeValue> {
        self.object.get(key)?.object()?.get(inner)
    }

    /// True if the object has exactly these keys.
    pub(super) fn is_exactly(&self, keys: &[&str]) -> bool {
        self.object.keys() == keys.len() && keys.iter().all(|key| self.has(key))
    }
}

impl ProbeLine<'_> {
    /// True if a value, or one in an object, is text that holds a JSON object.
    fn has_object_in_text(&self) -> bool {
        let is_object = |text: &str| text.starts_with('{') && serde_json::from_str::<ProbeObject>(text).is_ok();
        self.object.texts().any(is_object)
    }
}

/// Whether a line is an object with a comma behind it.
fn ends_in_comma(line: &str) -> bool {
    line.trim_end().strip_suffix(',').is_some_and(|object| object.trim_end().ends_with('}'))
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
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).take(LINES_MAX).collect();
    let commas = lines.first().is_some_and(|line| ends_in_comma(line));
    let settled = |format, sign| DetectedFormat { format: with_texts(format, &lines), sign, commas };
    for line in &lines {
        let head = ProbeLine::new(line);
        for format in FORMATS.iter().filter(wanted) {
            if let Some(sign) = (format.sign)(&head) {
                return Ok(settled(format, sign));
            }
        }
        // `[input] format = "native"` overrules these signs: `[input] fields` then describes the
        // lines.
        if let Some(foreign) = unsupported::find_unsupported(&head).filter(|_| asked != "native") {
            return Err(foreign);
        }
    }
    let name = if asked == "auto" { "native" } else { asked };
    let usual = FORMATS.iter().copied().find(|format| format.name == name && format.fallback);
    let sign = if asked == "auto" { "no line shows the sign of another format" } else { "asked for" };
    Ok(settled(usual.unwrap_or(&native::NATIVE), sign))
}

/// The format, or the variant of native lines that looks for JSON in texts if one of the lines has some.
fn with_texts(format: &'static EventFormat, lines: &[&str]) -> &'static EventFormat {
    // A search is cheap, and hardly a line has a text that begins like this.
    let has_object = |line: &&str| line.contains("\"{") && ProbeLine::new(line).has_object_in_text();
    if format.name == "native" && lines.iter().any(has_object) { &native::NATIVE_WITH_TEXTS } else { format }
}
