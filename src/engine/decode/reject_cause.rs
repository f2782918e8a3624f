//! What is wrong with a line that was rejected, and where in it.
//!
//! Takes the reason and the bytes of the line, gives the cause in words. Invariant: of the line nothing is repeated but words that languages have for numbers,
//! booleans and nothing, since all else may be somebody's data.

mod json_fault;

use std::fmt;

use self::json_fault::JsonFault;
use super::{
    RejectReason,
    json::{DEPTH_MAX, JsonError, JsonScanner, Projection},
};

/// The cause of a reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectCause {
    what: CauseKind,
    /// Where in the record, if in one place.
    pub(crate) position: Option<CausePosition>,
}

/// A place in a record, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CausePosition {
    /// A character, as editors count columns.
    Column(u64),
    /// A byte, where the line is no text.
    Byte(u64),
}

/// What the position of a cause is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseOrigin {
    /// The beginning of the line.
    Line,
    /// The beginning of a record that may begin inside its line, or go on over several.
    Record,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CauseKind {
    JsonFault(JsonFault),
    TooDeep,
    HalfCharacter,
    List,
    Text,
    TextOfJson,
    Scalar,
    NoText,
    Zeros,
    Cells { found: u64, expected: u64 },
    NoObject { column: u64 },
}

impl RejectCause {
    /// The cause of a line's reject, if more can be said than the reason does.
    ///
    /// **Cost**: one pass.
    #[cold]
    pub(crate) fn of(reason: RejectReason, line: &[u8]) -> Option<RejectCause> {
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => {
                let what = if line.contains(&0) { CauseKind::Zeros } else { CauseKind::NoText };
                let position = Some(CausePosition::Byte(error.valid_up_to() as u64 + 1));
                return (reason == RejectReason::InvalidUtf8).then_some(RejectCause { what, position });
            }
        };
        match reason {
            RejectReason::InvalidJson | RejectReason::TooDeep | RejectReason::LoneSurrogate => of_syntax(text),
            RejectReason::NotObject => Some(RejectCause { what: of_other(text), position: None }),
            _ => None,
        }
    }

    /// The place in the line and the cause, as they follow on the number of the line. `origin` is what the position is counted from.
    pub(crate) fn after_line(&self, origin: CauseOrigin) -> String {
        let record = if origin == CauseOrigin::Record { " of the record" } else { "" };
        let position = self.position.map(|position| format!(", {position}{record}")).unwrap_or_default();
        format!("{position}: {self}")
    }

    /// The cause of a row that is no record, from two numbers: how many cells it has and how many the header row has; or, without the second, the
    /// column that should hold an object, from 1. None if there is neither.
    pub(crate) fn of_row(numbers: [u64; 2]) -> Option<RejectCause> {
        let what = match numbers {
            [0, 0] => return None,
            [column, 0] => CauseKind::NoObject { column },
            [found, expected] => CauseKind::Cells { found, expected },
        };
        Some(RejectCause { what, position: None })
    }
}

fn of_syntax(text: &str) -> Option<RejectCause> {
    let projection = Projection::new();
    let fault = JsonScanner::new(&projection, foldhash::quality::RandomState::default()).scan_slow(text).err()?;
    let (what, at) = match fault {
        JsonError::Syntax(at) => {
            let (json_fault, at) = JsonFault::of(text, at);
            (CauseKind::JsonFault(json_fault), at)
        }
        JsonError::TooDeep(at) => (CauseKind::TooDeep, at),
        JsonError::LoneSurrogate(at) => (CauseKind::HalfCharacter, at),
    };
    let before = text.get(..at).unwrap_or(text);
    Some(RejectCause { what, position: Some(CausePosition::Column(before.chars().count() as u64 + 1)) })
}

/// The kind of a line that is JSON and no object.
fn of_other(text: &str) -> CauseKind {
    let text = text.trim_ascii();
    match text.as_bytes().first() {
        Some(b'[') => CauseKind::List,
        Some(b'"') if text.contains('{') => CauseKind::TextOfJson,
        Some(b'"') => CauseKind::Text,
        _ => CauseKind::Scalar,
    }
}

impl fmt::Display for CausePosition {
    /// `column 7` or `byte 7`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CausePosition::Column(number) => write!(f, "column {number}"),
            CausePosition::Byte(number) => write!(f, "byte {number}"),
        }
    }
}

impl fmt::Display for RejectCause {
    /// What is wrong, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            CauseKind::JsonFault(json_fault) => json_fault.fmt(f),
            CauseKind::TooDeep => write!(f, "the value that begins here is nested more than {DEPTH_MAX} deep"),
            CauseKind::HalfCharacter => f.write_str("this escape is half of a character"),
            CauseKind::List => f.write_str("it is a list; put each of its objects on a line of its own"),
            CauseKind::TextOfJson => f.write_str("it is a text that holds an object; it was written as JSON twice"),
            CauseKind::Text => f.write_str("it is a text in quotes"),
            CauseKind::Scalar => f.write_str("it is a number, true, false or null"),
            CauseKind::NoText => f.write_str(
                "this byte is no UTF-8; it may be Latin-1 or Windows-1252, which `iconv -f WINDOWS-1252 -t UTF-8 FILE` converts",
            ),
            CauseKind::Zeros => f.write_str("this byte is no UTF-8, and there are zero bytes; `iconv -f UTF-16 -t UTF-8 FILE` converts UTF-16"),
            CauseKind::Cells { found: 1, expected } => write!(f, "1 cell where the header row has {expected}"),
            CauseKind::Cells { found, expected } => write!(f, "{found} cells where the header row has {expected}"),
            CauseKind::NoObject { column } => write!(f, "column {column} (`properties`) is no JSON object"),
        }
    }
}
