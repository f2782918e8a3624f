//! Splits the text of an expression into tokens with spans.

use std::ops::Range;

use super::ExprError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word, as written.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    Number(f64),
    /// Text in single quotes.
    Text(String),
    /// An operator or bracket.
    Mark(&'static str),
    End,
}

/// A token and its span, in bytes of the expression's text.
#[derive(Debug, Clone)]
pub(super) struct SpannedToken {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
}

/// The size limit of an expression, bytes.
const TEXT_BYTES_MAX: usize = 32 * 1024;

/// Operators, longest first, so that `<=` is not read as `<`.
const MARKS: [&str; 14] = ["<>", "<=", ">=", "(", ")", ",", ".", "=", "<", ">", "+", "-", "*", "/"];

/// Splits an expression into tokens. The last one is [`Token::End`].
pub(super) fn lex(text: &str) -> Result<Vec<SpannedToken>, ExprError> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("an expression of {} bytes", text.len());
        return Err(ExprError::new(0..text.len(), message, format!("at most {TEXT_BYTES_MAX} bytes")));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = lex_token(text, at, first)?;
        tokens.push(SpannedToken { token, span: at..at + length });
        at += length;
    }
    tokens.push(SpannedToken { token: Token::End, span: text.len()..text.len() });
    Ok(tokens)
}

/// The token that begins at an offset, and its length in bytes.
fn lex_token(text: &str, at: usize, first: char) -> Result<(Token, usize), ExprError> {
    let rest = &text[at..];
    match first {
        '\'' => quoted(rest, '\'', at).map(|(content, length)| (Token::Text(content), length)),
        '"' => quoted(rest, '"', at).map(|(content, length)| (Token::Quoted(content), length)),
        '0'..='9' => number(rest, at),
        _ if first.is_alphabetic() || first == '_' => {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            Ok((Token::Word(rest[..length].to_owned()), length))
        }
        _ if rest.starts_with("==") => Err(unknown_mark(rest, at, first)),
        _ => match MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            Some(mark) => Ok((Token::Mark(mark), mark.len())),
            None => Err(unknown_mark(rest, at, first)),
        },
    }
}

/// The error for a character that begins no token. It suggests the operator of this language for
/// one of another language.
fn unknown_mark(rest: &str, at: usize, first: char) -> ExprError {
    let meant = [("!=", "<>"), ("==", "="), ("&&", "and"), ("||", "or"), ("!", "not")];
    let error = |length: usize| {
        let found = &rest[..length];
        ExprError::new(
            at..at + length,
            format!("`{found}` is no operator of this language"),
            "an operator, a name or a value",
        )
    };
    match meant.iter().find(|(wrong, _)| rest.starts_with(wrong)) {
        Some((wrong, right)) => error(wrong.len()).help(format!("write `{right}`")),
        None if first == '$' => error(1).help("names that are not plain words go in double quotes: \"$name\""),
        None => error(first.len_utf8()),
    }
}

/// Reads a quoted text or name. A doubled quote stands for one quote.
fn quoted(rest: &str, quote: char, at: usize) -> Result<(String, usize), ExprError> {
    let mut content = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        if c != quote {
            content.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            content.push(quote);
        } else {
            return Ok((content, index + 1));
        }
    }
    let message = format!("a quote {quote} that is never closed");
    Err(ExprError::new(at..at + rest.len(), message, format!("a closing {quote}")))
}

/// Reads a number: digits, a fraction, an exponent.
fn number(rest: &str, at: usize) -> Result<(Token, usize), ExprError> {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if rest[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let signed = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + signed);
        length += if exponent > 0 { 1 + signed + exponent } else { 0 };
    }
    let glued = rest[length..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    match rest[..length].parse::<f64>() {
        Ok(value) if value.is_finite() && !glued => Ok((Token::Number(value), length)),
        _ => {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
            let message = format!("`{}` is no number", &rest[..end]);
            Err(ExprError::new(at..at + end, message, "a number such as 12, 0.5 or 1e6"))
        }
    }
}
