//! Lines that are not one object as they stand, though it is plain what they are.
//!
//! Takes a line that was rejected, gives the records in it: several objects that follow one another, an object of a list that lost its brackets, an object behind
//! a byte order mark where files were joined. A line that speaks of the transfer and not of an event, as connectors write them, is blank.
//!
//! Invariant: a line that is one whole object is never looked at here, so usual lines cost nothing.

use super::{RejectReason, json::walk};

/// A byte order mark as text.
const MARK: char = '\u{feff}';

/// What begins each record of a JSON text sequence. **Source**: RFC 7464.
const RECORD_SEPARATOR: char = '\u{1e}';

/// What a rejected line is.
#[derive(Debug)]
pub enum RecoveredLine<'l> {
    /// No record, for the reason given.
    Rejected,
    /// Neither an event nor a fault.
    Blank,
    /// Some texts, each to be read as a record. Each is shorter than the line, so that whoever recovers them again comes to an end.
    Records(ConcatenatedObjects<'l>),
}

/// Looks at a line that was rejected for a reason.
///
/// **Cost**: one pass.
#[cold]
pub fn recover_line(line: &str, reason: RejectReason) -> RecoveredLine<'_> {
    match reason {
        RejectReason::InvalidJson => objects(line),
        RejectReason::NoEvent | RejectReason::NoTime | RejectReason::NoId if is_message(line) => RecoveredLine::Blank,
        _ => RecoveredLine::Rejected,
    }
}

/// The objects that follow one another in a line, each as it stands; the last may lack its end.
#[derive(Debug, Clone)]
pub struct ConcatenatedObjects<'l> {
    line: &'l str,
    at: usize,
}

impl<'l> ConcatenatedObjects<'l> {
    /// What is left, from the next object on.
    fn rest(&self) -> &'l str {
        self.line.get(self.at..).expect("objects are cut at ASCII marks of the line")
    }

    /// Passes over white space, marks and one comma.
    fn space(&mut self) {
        let rest = between(self.rest());
        let rest = rest.strip_prefix(',').map_or(rest, between);
        self.at = self.line.len() - rest.len();
    }
}

impl<'l> Iterator for ConcatenatedObjects<'l> {
    /// The offset of an object in the line, in bytes, and its text.
    type Item = (usize, &'l str);

    fn next(&mut self) -> Option<(usize, &'l str)> {
        self.space();
        let (start, rest) = (self.at, self.rest());
        if !rest.starts_with('{') {
            return None;
        }
        let end = object_end(rest).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).map(|object| (start, object))
    }
}

/// The text from the first character on that is neither white space nor a mark nor a separator.
fn between(text: &str) -> &str {
    text.trim_start_matches(|c: char| matches!(c, MARK | RECORD_SEPARATOR) || c.is_ascii_whitespace())
}

fn objects(line: &str) -> RecoveredLine<'_> {
    let all = ConcatenatedObjects { line, at: 0 };
    let mut rest = all.clone();
    let (mut count, mut longest) = (0_usize, 0);
    for (_, object) in rest.by_ref() {
        count += 1;
        longest = longest.max(object.trim_ascii_end().len());
    }
    rest.space();
    let is_all = rest.rest().is_empty();
    match count {
        0 if is_all && line.contains(MARK) => RecoveredLine::Blank,
        0 => RecoveredLine::Rejected,
        // The line is the object, and stays what it was.
        _ if longest == line.trim_ascii().len() => RecoveredLine::Rejected,
        _ if is_all => RecoveredLine::Records(all),
        _ => RecoveredLine::Rejected,
    }
}

/// The byte after the brace that closes the object with which a text begins.
fn object_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match bytes.get(at)? {
            b'"' => at = text_end(bytes, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The position of the quote that closes a text, from the position after the opening one.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// What stands in messages that a tap or a connector writes beside its records: the type, and the key that a message of it has.
///
/// **Source**: the specification of Singer (SCHEMA, STATE, ACTIVATE_VERSION) and the protocol of Airbyte (the others).
const MESSAGES: [(&str, &str); 10] = [
    ("SCHEMA", "schema"),
    ("STATE", "value"),
    ("STATE", "state"),
    ("ACTIVATE_VERSION", "version"),
    ("LOG", "log"),
    ("TRACE", "trace"),
    ("SPEC", "spec"),
    ("CATALOG", "catalog"),
    ("CONTROL", "control"),
    ("CONNECTION_STATUS", "connectionStatus"),
];

/// Whether a line is such a message.
fn is_message(line: &str) -> bool {
    let Some(object) = walk::first_value(line) else { return false };
    let kind = walk::member(line, object, "type");
    let has = |key: &str| !walk::member(line, object, key).is_null_or_missing();
    MESSAGES.iter().any(|(name, key)| walk::text_equals(line, kind, name) && has(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<(usize, &str)> {
        match recover_line(line, RejectReason::InvalidJson) {
            RecoveredLine::Records(objects) => objects.collect(),
            RecoveredLine::Blank => vec![(0, "blank")],
            RecoveredLine::Rejected => Vec::new(),
        }
    }

    #[test]
    fn objects_of_a_line_are_told_apart_and_anything_else_is_left_alone() {
        for (line, objects) in [
            ("{}{}", vec![(0, "{}"), (2, "{}")]),
            (r#"{"a":"}{"} , {"b":[{}]}"#, vec![(0, r#"{"a":"}{"}"#), (13, r#"{"b":[{}]}"#)]),
            ("{},", vec![(0, "{}")]),
            ("\u{feff}{}", vec![(3, "{}")]),
            (",{}\r", vec![(1, "{}")]),
            ("\u{1e}{}", vec![(1, "{}")]),
            ("{}{\"a\":", vec![(0, "{}"), (2, "{\"a\":")]),
            ("\u{feff}", vec![(0, "blank")]),
            ("{}", vec![]),
            (" {\"a\":}\r", vec![]),
            ("{\"a\":\u{a0}", vec![]),
            ("{\"a\"\u{b}", vec![]),
            ("{\"a\":\u{3000}\r", vec![]),
            ("{}}", vec![]),
            ("{} // {}", vec![]),
            ("{},,{}", vec![]),
            ("{}[]", vec![]),
            ("]", vec![]),
            (",", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(shown(line), objects, "{line}");
        }
    }
}
