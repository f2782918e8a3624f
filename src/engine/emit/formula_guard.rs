//! How a spreadsheet reads a row of texts, so that every cell can be written to stay text.
//!
//! Takes texts of cells; says what a row needs and writes a text with the apostrophes it needs. Invariant: whoever takes one apostrophe away at
//! each place where one may have been put has the text as it was, whatever it was.

/// What a row needs, so that none of its texts runs as a formula whichever of comma, semicolon, tab and bar it is opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FormulaGuard {
    /// An apostrophe before cells that need one.
    Prefix,
    /// Quotes around every cell as well, since behind a semicolon, a tab or a bar in a cell there is what begins a formula. LibreOffice Calc ends
    /// a quoted cell only at a quote before a delimiter or a line end, and with another delimiter than the comma has the row in one cell of text.
    QuoteAll,
    /// Apostrophes also within cells, since one of them has a line end: with another delimiter than the comma, LibreOffice Calc reads what
    /// follows a line end as a new row without quotes.
    PrefixSegments,
}

impl FormulaGuard {
    /// What a row needs for one of its texts; the row needs the largest.
    pub(super) fn required_for(text: &str) -> FormulaGuard {
        let bytes = text.as_bytes();
        if memchr::memchr2(b'\n', b'\r', bytes).is_some() {
            return FormulaGuard::PrefixSegments;
        }
        // What begins with a letter or a digit, as nearly everything does, is no formula.
        let formula_behind = |at: usize| {
            !bytes.get(at + 1).is_none_or(u8::is_ascii_alphanumeric)
                && is_formula(text[at + 1..].trim_start_matches(|c| c == '"' || is_delimiter(c)))
        };
        let [a, b, c] = DELIMITERS;
        if memchr::memchr3_iter(a, b, c, bytes).any(formula_behind) {
            FormulaGuard::QuoteAll
        } else {
            FormulaGuard::Prefix
        }
    }

    /// Whether a text of the row is written as it is.
    pub(super) fn leaves(self, text: &str) -> bool {
        self != FormulaGuard::PrefixSegments && !needs_apostrophe(text)
    }

    /// Writes a text of the row; gives whether it got an apostrophe.
    pub(super) fn write(self, text: &str, into: &mut String) -> bool {
        let mut guarded = needs_apostrophe(text);
        if guarded {
            into.push('\'');
        }
        if self != FormulaGuard::PrefixSegments {
            into.push_str(text);
            return guarded;
        }
        let mut rest = text;
        while let Some(at) = rest.find(|c| is_delimiter(c) || is_line_end(c)) {
            let (part, after) = rest.split_at(at + if rest[at..].starts_with("\r\n") { 2 } else { 1 });
            into.push_str(part);
            let next = after.split(is_line_end).next().expect("a split has a first part");
            if next.starts_with('\'') || is_formula(next.trim_start_matches('"')) {
                guarded = true;
                into.push('\'');
            }
            rest = after;
        }
        into.push_str(rest);
        guarded
    }
}

/// Whether a text is written with a leading apostrophe: a spreadsheet would run it as a formula, or, opened with another delimiter than the
/// comma, would end the quoted cell at its first character, or it begins with an apostrophe itself, which would be taken for ours.
///
/// **Source**: OWASP's list (`=`, `+`, `-`, `@`, tab, carriage return, line feed), full-width forms for Japanese locales, and NUL, which
/// LibreOffice Calc drops.
fn needs_apostrophe(text: &str) -> bool {
    match text.as_bytes() {
        [] => false,
        // Nearly every text, at once.
        [first, ..] if first.is_ascii_alphanumeric() => false,
        [b'\'' | b'"' | b';' | b',' | b'|', ..] => true,
        _ => is_formula(text),
    }
}

/// Whether a spreadsheet would run a text as a formula: its first character, or the first after white space and marks that are dropped, is one
/// that begins formulas.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches(is_dropped).starts_with(is_trigger)
}

/// Characters that a spreadsheet does not see before a formula.
fn is_dropped(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{3000}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// Characters that begin formulas, or hide one behind them.
fn is_trigger(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠')
}

/// What may be taken for the end of a cell, beside the comma, at which ours are quoted.
const DELIMITERS: [u8; 3] = [b';', b'|', b'\t'];

fn is_delimiter(c: char) -> bool {
    DELIMITERS.map(char::from).contains(&c)
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(guard: FormulaGuard, text: &str) -> String {
        let mut out = String::new();
        let guarded = guard.write(text, &mut out);
        assert_eq!(guarded, out != text);
        out
    }

    #[test]
    fn texts_that_would_not_stay_text_get_an_apostrophe_and_no_others() {
        for text in [
            "=1+1",
            "+49",
            "-2",
            "@SUM(A1)",
            "\t=1",
            "\u{feff} =1",
            "＝1",
            "\0=1",
            "'",
            "'=1",
            "\"=1",
            ";x",
            "|x",
            ",./",
        ] {
            assert_eq!(written(FormulaGuard::Prefix, text), format!("'{text}"));
        }
        for text in ["acme", "a=b", "", "1-2", " a", "\u{a0}", "é=1", "<>", "(=1)", "a'b", "\u{1}=1", "x;=1"] {
            assert_eq!(written(FormulaGuard::Prefix, text), text);
        }
    }

    #[test]
    fn a_formula_behind_a_delimiter_is_seen() {
        for text in ["x;=1", "x|\"@a", "x\t -1", "x;\";=1", "x;y|=1", "x;\0", "=1;=1"] {
            assert_eq!(FormulaGuard::required_for(text), FormulaGuard::QuoteAll, "{text:?}");
        }
        for text in ["invites:10;role:5", "Invited 3; came back", "x,=1", "a=b", "=1", "", ";"] {
            assert_eq!(FormulaGuard::required_for(text), FormulaGuard::Prefix, "{text:?}");
        }
    }

    #[test]
    fn in_a_row_with_line_ends_every_part_is_guarded() {
        assert_eq!(FormulaGuard::required_for("x\r=1"), FormulaGuard::PrefixSegments);
        for (text, expected) in [
            ("x\n=1", "x\n'=1"),
            ("x\r\n=1;-2|'a\t@", "x\r\n'=1;'-2|''a\t'@"),
            ("\n=1", "'\n'=1"),
            ("x;=1", "x;'=1"),
            ("a;b\nc", "a;b\nc"),
            ("a\n\"b;\"=1", "a\n\"b;'\"=1"),
        ] {
            assert_eq!(written(FormulaGuard::PrefixSegments, text), expected);
        }
    }

    /// The way back, as the documentation says it.
    fn undone(text: &str, guard: FormulaGuard) -> String {
        let mut out = String::new();
        let mut before = None;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let starts = match before {
                None => true,
                Some('\n' | ';' | '|' | '\t') => guard == FormulaGuard::PrefixSegments,
                Some('\r') => guard == FormulaGuard::PrefixSegments && c != '\n',
                Some(_) => false,
            };
            match characters.peek() {
                Some(next) if starts && c == '\'' => {
                    before = Some(*next);
                    out.push(*next);
                    characters.next();
                }
                None if starts && c == '\'' => {}
                _ => {
                    before = Some(c);
                    out.push(c);
                }
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_text_can_be_had_back(text in "[a=+' ;|\t\r\n\"]{0,9}|.{0,9}", guard in 0..3) {
            let guard = [FormulaGuard::Prefix, FormulaGuard::QuoteAll, FormulaGuard::PrefixSegments][guard as usize];
            prop_assert_eq!(undone(&written(guard, &text), guard), text);
        }
    }
}
