//! What a text is that is almost JSON, at the place where it stops being JSON.

use std::fmt;

/// Words that some language writes where JSON has a number, a boolean or null; the last are of Python.
const WORDS: [&str; 12] =
    ["NaN", "-Infinity", "Infinity", "nan", "-inf", "inf", "undefined", "nil", "NULL", "True", "False", "None"];

/// How many of [`WORDS`] are of Python; they are the last.
const OF_PYTHON: usize = 3;

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// A word of [`WORDS`].
    Word(&'static str),
    SingleQuote,
    BareKey,
    /// A comma before the bracket that closes.
    LastComma(BracketKind),
    CutText,
    Cut(BracketKind),
    NoComma,
    NoColon,
    NoValue,
    NoKey,
    Number,
    Control,
    Escape,
    After,
    NotBegun,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BracketKind {
    Brace,
    Square,
}

/// What comes next in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedToken {
    Key,
    Colon,
    Value,
    /// A comma, or the bracket that closes.
    Comma,
    /// The rest of a text.
    Text,
}

/// Where a walk over the good part of a text has come to.
struct SyntaxState {
    next: ExpectedToken,
    /// What follows the text that is open.
    after_text: ExpectedToken,
    open: Vec<BracketKind>,
    /// The last byte that is no white space, and its position.
    last: Option<(u8, usize)>,
}

impl SyntaxState {
    /// Goes over a text that is good JSON as far as it goes.
    fn over(good: &[u8]) -> SyntaxState {
        let mut walk =
            SyntaxState { next: ExpectedToken::Value, after_text: ExpectedToken::Comma, open: Vec::new(), last: None };
        let mut at = 0;
        while let Some(byte) = good.get(at) {
            at += walk.step(*byte, at);
        }
        walk
    }

    /// Takes a byte; gives how many bytes are done with.
    fn step(&mut self, byte: u8, at: usize) -> usize {
        if self.next == ExpectedToken::Text {
            if byte == b'"' {
                (self.next, self.last) = (self.after_text, Some((byte, at)));
            }
            return 1 + usize::from(byte == b'\\');
        }
        if byte.is_ascii_whitespace() {
            return 1;
        }
        self.last = Some((byte, at));
        self.next = match byte {
            b'"' => {
                self.after_text =
                    if self.next == ExpectedToken::Key { ExpectedToken::Colon } else { ExpectedToken::Comma };
                ExpectedToken::Text
            }
            b'{' => {
                self.open.push(BracketKind::Brace);
                ExpectedToken::Key
            }
            b'[' => {
                self.open.push(BracketKind::Square);
                ExpectedToken::Value
            }
            b'}' | b']' => {
                self.open.pop();
                ExpectedToken::Comma
            }
            b':' => ExpectedToken::Value,
            b',' if self.open.last() == Some(&BracketKind::Brace) => ExpectedToken::Key,
            b',' => ExpectedToken::Value,
            _ => ExpectedToken::Comma,
        };
        1
    }
}

impl JsonFault {
    /// What is wrong with a text that is JSON up to a byte, and the byte to point at.
    pub(super) fn of(text: &str, at: usize) -> (JsonFault, usize) {
        let bytes = text.as_bytes();
        let walk = SyntaxState::over(bytes.get(..at).unwrap_or(bytes));
        let rest = text.get(at..).unwrap_or_default();
        if walk.next == ExpectedToken::Text {
            return (of_text(rest), at);
        }
        // A sign is the beginning of a number, unless a word follows.
        let signed = matches!(walk.last, Some((b'-', sign)) if sign + 1 == at);
        if signed && !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return JsonFault::of_sign(text, at - 1);
        }
        let open = walk.open.last().copied();
        match walk.last {
            Some(_) if rest.trim_ascii().is_empty() => (open.map_or(JsonFault::NotBegun, JsonFault::Cut), at),
            Some((b',', comma)) if rest.starts_with(['}', ']']) => {
                (open.map_or(JsonFault::Unknown, JsonFault::LastComma), comma)
            }
            Some((byte, last)) if last + 1 == at && is_of_number(byte) && goes_on(rest) => (JsonFault::Number, at),
            Some((b'}' | b']', _)) if open.is_none() => (JsonFault::After, at),
            Some(_) if open.is_some() => (of_place(rest, walk.next), at),
            _ => (JsonFault::NotBegun, at.min(space(text))),
        }
    }

    /// The same where a sign stands without digits.
    fn of_sign(text: &str, sign: usize) -> (JsonFault, usize) {
        match text.get(sign..).and_then(word) {
            Some(word) => (JsonFault::Word(word), sign),
            None => (JsonFault::Number, sign + 1),
        }
    }
}

/// How many bytes of white space a text begins with.
fn space(text: &str) -> usize {
    text.len() - text.trim_ascii_start().len()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+')
}

/// Whether what follows a number is no end of it.
fn goes_on(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '}' | ']'))
}

/// The word that a text begins with, if it is one of [`WORDS`] as a whole.
fn word(text: &str) -> Option<&'static str> {
    let end = text.find(|c: char| c != '-' && !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let found = text.get(..end)?;
    WORDS.into_iter().find(|word| *word == found)
}

/// What is wrong inside a text in quotes.
fn of_text(rest: &str) -> JsonFault {
    match rest.bytes().next() {
        None => JsonFault::CutText,
        Some(0..0x20) if rest.trim_ascii().is_empty() => JsonFault::CutText,
        Some(0..0x20) => JsonFault::Control,
        // A backslash, or a digit of an escape that is none.
        Some(_) => JsonFault::Escape,
    }
}

/// What stands in an object or a list in place of what comes next there.
fn of_place(rest: &str, next: ExpectedToken) -> JsonFault {
    let first = rest.bytes().next().unwrap_or_default();
    match next {
        ExpectedToken::Key | ExpectedToken::Value if first == b'\'' => JsonFault::SingleQuote,
        ExpectedToken::Key if first.is_ascii_alphabetic() || matches!(first, b'_' | b'$') => JsonFault::BareKey,
        ExpectedToken::Key => JsonFault::NoKey,
        ExpectedToken::Colon => JsonFault::NoColon,
        ExpectedToken::Value => match first {
            b',' | b'}' | b']' | b':' => JsonFault::NoValue,
            b'+' | b'.' => JsonFault::Number,
            _ => word(rest).map_or(JsonFault::Unknown, JsonFault::Word),
        },
        ExpectedToken::Comma if matches!(first, b'"' | b'{' | b'[' | b'-' | b'0'..=b'9') => JsonFault::NoComma,
        ExpectedToken::Comma | ExpectedToken::Text => JsonFault::Unknown,
    }
}

impl fmt::Display for BracketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BracketKind::Brace => "object",
            BracketKind::Square => "list",
        })
    }
}

impl fmt::Display for JsonFault {
    /// What is wrong, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let python = |word: &str| WORDS[WORDS.len() - OF_PYTHON..].contains(&word);
        f.write_str(match self {
            JsonFault::Word(word) if python(word) => {
                return write!(
                    f,
                    "`{word}` is Python; write the lines with its `json.dumps`, which makes true, false and null"
                );
            }
            JsonFault::Word(word) => return write!(f, "`{word}` is no JSON; write null in its place"),
            JsonFault::LastComma(BracketKind::Brace) => "a comma before the closing brace; take it out",
            JsonFault::LastComma(BracketKind::Square) => "a comma before the closing bracket; take it out",
            JsonFault::Cut(open) => {
                return write!(f, "the line ends before the {open} is closed, as if it was cut off");
            }
            JsonFault::SingleQuote => {
                "a single quote; JSON has double quotes around keys and texts (Python writes them with `json.dumps`)"
            }
            JsonFault::BareKey => "a key without quotes; JSON has double quotes around keys",
            JsonFault::CutText => "the line ends inside a text, as if it was cut off or a quote is missing",
            JsonFault::NoComma => "a comma is missing before this",
            JsonFault::NoColon => "a colon is missing after the key",
            JsonFault::NoValue => "a value is missing before this",
            JsonFault::NoKey => "a key in double quotes is missing here",
            JsonFault::Number => {
                "this is no number as JSON has it, which begins with a digit or a minus, and with 0 only before a point"
            }
            JsonFault::Control => {
                "a control character inside a text, such as a tab; JSON has an escape for it, such as `\\t`"
            }
            JsonFault::Escape => "a backslash that begins no escape of JSON; write it twice if it is meant as one",
            JsonFault::After => "something stands after the object on the same line",
            JsonFault::NotBegun => "it does not begin with a brace; is this file a table or a log?",
            JsonFault::Unknown => {
                "this is no value of JSON: a text in double quotes, a number, true, false, null, a list or an object"
            }
        })
    }
}
