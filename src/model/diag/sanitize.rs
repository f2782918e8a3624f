//! Sanitizes foreign text for a terminal or a build log, so that neither obeys it.

use std::{borrow::Cow, fmt::Write};

/// Escapes control characters, direction marks and line separators.
pub fn escape_controls(text: &str) -> String {
    if !text.contains(is_risky) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_risky(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// True for control characters, for marks that change the direction of text, and for separators
/// that some viewers show as a line end.
fn is_risky(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Prepares a document for the renderer, which leaves some control characters in place. Each of
/// them is replaced by a character of as many bytes, so that spans remain valid.
pub(super) fn drawable(text: &str) -> Cow<'_, str> {
    let left =
        |c: char| matches!(c, '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}');
    if !text.contains(left) {
        return Cow::Borrowed(text);
    }
    let replaced = |c: char| match c {
        c if !left(c) => c,
        c if c.len_utf8() == 2 => '·',
        _ => '\u{fffd}',
    };
    Cow::Owned(text.chars().map(replaced).collect())
}

/// Prefixes of commands that build servers take from logs, at any place in a line. **Source**:
/// GitHub's runner and Azure Pipelines (`##[`, `##vso[`), TeamCity's service messages.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Escapes the first character of each command that a build server would take from the lines. Such
/// commands are `::` at the beginning of a line, also after white space, and `COMMANDS` anywhere.
pub fn escape_ci_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let white = line.len() - line.trim_start().len();
        let mut rest = line;
        if line[white..].starts_with("::") {
            out.push_str(&line[..white]);
            rest = &line[white..];
            escape_first(&mut rest, &mut out);
        }
        while let Some(at) = COMMANDS.iter().filter_map(|command| rest.find(command)).min() {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            escape_first(&mut rest, &mut out);
        }
        out.push_str(rest);
    }
    Cow::Owned(out)
}

/// Moves the first character, which is ASCII, from the text to the output as an escape.
fn escape_first(text: &mut &str, out: &mut String) {
    if let Some(byte) = text.bytes().next() {
        let _ = write!(out, "\\u{{{byte:x}}}");
        *text = &text[1..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(escape_controls("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(escape_controls("a\u{2028}\u{85}\u{9b}\u{61c}\n"), "a\\u{2028}\\u{85}\\u{9b}\\u{61c}\\n");
        assert_eq!(escape_controls("é 漢 \u{feff}"), "é 漢 \u{feff}");
    }

    #[test]
    fn a_document_that_is_drawn_keeps_its_length() {
        let text = "é\u{9b}2J\u{2028}漢\u{200f}\u{61c}";
        let drawn = drawable(text);
        assert_eq!(drawn, "é·2J\u{fffd}漢\u{fffd}·");
        assert_eq!(drawn.len(), text.len());
    }

    #[test]
    fn no_line_is_a_command() {
        for (text, shown) in [
            ("::error::x", "\\u{3a}:error::x"),
            (" a\n \t::add-mask::x\n", " a\n \t\\u{3a}:add-mask::x\n"),
            ("a ##[error]b ##vso[c]", "a \\u{23}#[error]b \\u{23}#vso[c]"),
            ("###[x\n::##[x", "#\\u{23}#[x\n\\u{3a}:\\u{23}#[x"),
            ("##teamcity[x]", "\\u{23}#teamcity[x]"),
            ("a::b ## c", "a::b ## c"),
        ] {
            assert_eq!(escape_ci_commands(text), shown);
        }
    }
}
