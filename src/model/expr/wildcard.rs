//! Patterns with wild cards: `like`, and globs of ids.
//!
//! Takes a pattern, then tells if a text matches as a whole. **Cost**: the lengths of text and pattern
//! added. If a part of the pattern has wild cards for single characters, the length of the text times
//! the length of that part, divided by 64.

use std::collections::HashMap;

/// A part of a pattern that matches one character.
#[derive(Debug, Clone, PartialEq)]
enum CharMatcher {
    Exactly(char),
    Any,
    /// A character within the ranges, or outside all of them.
    Among {
        ranges: Vec<(char, char)>,
        negated: bool,
    },
}

impl CharMatcher {
    fn is(&self, found: char) -> bool {
        match self {
            CharMatcher::Exactly(wanted) => *wanted == found,
            CharMatcher::Any => true,
            CharMatcher::Among { ranges, negated } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&found)) != *negated
            }
        }
    }
}

/// The part of a pattern between two wild cards for any text.
#[derive(Debug, Clone, PartialEq)]
enum PatternPiece {
    Text(String),
    Mixed(Vec<CharMatcher>),
}

/// A pattern, split at its wild cards for any text.
#[derive(Debug, Clone, PartialEq)]
pub struct WildPattern {
    /// The pattern as written.
    source: String,
    /// At least one. The text begins with the first and ends with the last.
    pieces: Vec<PatternPiece>,
}

impl WildPattern {
    /// A pattern of `like`: `%` matches any text, `_` any one character.
    pub(crate) fn like(text: &str) -> WildPattern {
        let pieces = text.split('%').map(|piece| {
            PatternPiece::of(
                piece.chars().map(|c| if c == '_' { CharMatcher::Any } else { CharMatcher::Exactly(c) }).collect(),
            )
        });
        WildPattern { source: text.to_owned(), pieces: pieces.collect() }
    }

    /// The pattern as written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Texts that a pattern of `like` tells apart: the shortest that it matches, and one that it does not match, if there is one.
    pub fn like_examples(&self) -> Vec<String> {
        let matched = self.source.replace('%', "").replace('_', "x");
        let unmatched = ["other", "", "x"].into_iter().find(|text| !self.matches(text));
        std::iter::once(matched).chain(unmatched.map(str::to_owned)).collect()
    }

    /// A valid glob: `*` matches any text, `?` one character, `[a-z]` one of a range, `[!a-z]` one
    /// outside it.
    pub(crate) fn glob(text: &str) -> WildPattern {
        let mut pieces = vec![Vec::new()];
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            let last = pieces.len() - 1;
            match c {
                '*' => pieces.push(Vec::new()),
                '?' => pieces[last].push(CharMatcher::Any),
                '[' => pieces[last].push(class(&mut rest)),
                c => pieces[last].push(CharMatcher::Exactly(c)),
            }
        }
        WildPattern { source: text.to_owned(), pieces: pieces.into_iter().map(PatternPiece::of).collect() }
    }

    /// True if the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (first, others) = self.pieces.split_first().expect("a pattern has a piece");
        let Some((last, middle)) = others.split_last() else { return first.prefix(text) == Some(text.len()) };
        let Some(begun) = first.prefix(text) else { return false };
        let Some(ended) = last.suffix(&text[begun..]) else { return false };
        let mut rest = &text[begun..text.len() - ended];
        for piece in middle {
            // The first match is enough: it leaves the longest rest for the following pieces.
            match piece.find_end(rest) {
                Some(end) => rest = &rest[end..],
                None => return false,
            }
        }
        true
    }
}

/// The class after an opening bracket.
fn class(rest: &mut std::str::Chars<'_>) -> CharMatcher {
    let inside = rest.as_str();
    let negated = inside.starts_with('!');
    let from = usize::from(negated);
    // A closing bracket at the beginning belongs to the class.
    let skipped = inside[from..].chars().next().map_or(0, char::len_utf8);
    let end = inside[from + skipped..].find(']').map_or(inside.len(), |at| from + skipped + at);
    let chars: Vec<char> = inside[from..end].chars().collect();
    *rest = inside.get(end + 1..).unwrap_or_default().chars();
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(first) = chars.get(at) {
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(last)) => {
                ranges.push((*first, *last));
                at += 3;
            }
            _ => {
                ranges.push((*first, *first));
                at += 1;
            }
        }
    }
    CharMatcher::Among { ranges, negated }
}

impl PatternPiece {
    fn of(chars: Vec<CharMatcher>) -> PatternPiece {
        let plain = chars.iter().map(|one| match one {
            CharMatcher::Exactly(c) => Some(*c),
            _ => None,
        });
        plain.collect::<Option<String>>().map_or(PatternPiece::Mixed(chars), PatternPiece::Text)
    }

    /// The length of the match at the beginning of a text, in bytes.
    fn prefix(&self, text: &str) -> Option<usize> {
        match self {
            PatternPiece::Text(piece) => text.starts_with(piece.as_str()).then_some(piece.len()),
            PatternPiece::Mixed(piece) => {
                let mut chars = text.chars();
                let fits = piece.iter().all(|one| chars.next().is_some_and(|found| one.is(found)));
                fits.then(|| text.len() - chars.as_str().len())
            }
        }
    }

    /// The length of the match at the end of a text, in bytes.
    fn suffix(&self, text: &str) -> Option<usize> {
        match self {
            PatternPiece::Text(piece) => text.ends_with(piece.as_str()).then_some(piece.len()),
            PatternPiece::Mixed(piece) => {
                let mut chars = text.chars();
                let fits = piece.iter().rev().all(|one| chars.next_back().is_some_and(|found| one.is(found)));
                fits.then(|| text.len() - chars.as_str().len())
            }
        }
    }

    /// The byte after the first match in a text.
    fn find_end(&self, text: &str) -> Option<usize> {
        match self {
            PatternPiece::Text(piece) => {
                memchr::memmem::find(text.as_bytes(), piece.as_bytes()).map(|start| start + piece.len())
            }
            PatternPiece::Mixed(piece) => find_mixed(piece, text),
        }
    }
}

/// The byte after the first match of a piece with wild cards for single characters.
///
/// **Source**: the Shift-And method of Baeza-Yates and Gonnet.
fn find_mixed(piece: &[CharMatcher], text: &str) -> Option<usize> {
    let (last_word, last_bit) = ((piece.len() - 1) / 64, (piece.len() - 1) % 64);
    let mut masks = CharMasks { piece, known: HashMap::new(), unnamed: Vec::new() };
    let mut begun = vec![0_u64; last_word + 1];
    for (at, found) in text.char_indices() {
        let mut carry = 1;
        for (word, fits) in begun.iter_mut().zip(masks.of(found)) {
            (*word, carry) = ((*word << 1 | carry) & fits, *word >> 63);
        }
        if begun[last_word] >> last_bit & 1 == 1 {
            return Some(at + found.len_utf8());
        }
    }
    None
}

/// Per character, one bit for each place of the piece that the character matches.
struct CharMasks<'p> {
    piece: &'p [CharMatcher],
    known: HashMap<char, Vec<u64>>,
    /// The bits of the last character that is not in `known`.
    unnamed: Vec<u64>,
}

impl CharMasks<'_> {
    /// The most characters that `known` holds.
    const KNOWN_MAX: usize = 4096;

    fn of(&mut self, found: char) -> &[u64] {
        if self.known.len() >= CharMasks::KNOWN_MAX && !self.known.contains_key(&found) {
            self.unnamed = self.made(found);
            return &self.unnamed;
        }
        if !self.known.contains_key(&found) {
            let made = self.made(found);
            self.known.insert(found, made);
        }
        &self.known[&found]
    }

    fn made(&self, found: char) -> Vec<u64> {
        let mut mask = vec![0; self.piece.len().div_ceil(64)];
        let fits = self.piece.iter().enumerate().filter(|(_, one)| one.is(found));
        fits.for_each(|(at, _)| mask[at / 64] |= 1 << (at % 64));
        mask
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn like_knows_two_wild_cards_and_nothing_else() {
        for (pattern, text, expected) in [
            ("%", "", true),
            ("a%", "abc", true),
            ("%c", "abc", true),
            ("a_c", "aßc", true),
            ("a_c", "ac", false),
            ("%b%d%", "abcd", true),
            ("%b%d", "abcdx", false),
            ("", "", true),
            ("", "a", false),
            ("%%a", "ba", true),
            ("a.c", "abc", false),
            ("ab%bc", "abc", false),
            ("%_%", "", false),
            ("%[a]%", "x[a]x", true),
        ] {
            assert_eq!(WildPattern::like(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    /// True if a text matches a pattern, by trying every way.
    fn tried(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('%', rest)), _) => (0..=text.len()).any(|at| tried(rest, &text[at..])),
            (Some((wanted, rest)), Some((found, text))) => (*wanted == '_' || wanted == found) && tried(rest, text),
            _ => false,
        }
    }

    #[test]
    fn examples_of_like_are_told_apart() {
        for pattern in ["vp%", "%director%", "a_c", "%o%", "other", "", "x", "%"] {
            let like = WildPattern::like(pattern);
            let examples = like.like_examples();
            assert!(like.matches(&examples[0]), "{pattern}");
            assert_eq!(examples.get(1).map(|text| like.matches(text)), (pattern != "%").then_some(false), "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn like_is_what_trying_every_way_says(pattern in "[ab%_é]{0,7}", text in "[abé]{0,9}") {
            let [pattern_chars, text_chars] = [&pattern, &text].map(|all| all.chars().collect::<Vec<char>>());
            prop_assert_eq!(WildPattern::like(&pattern).matches(&text), tried(&pattern_chars, &text_chars));
        }

        #[test]
        fn a_glob_is_what_the_crate_of_globs_says(pattern in "(a|b|é|\\?|\\*|\\[ab\\]|\\[!a\\]|\\[a-b\\]|\\[\\]a\\]|\\[-b\\]){0,6}", text in "[abé\\]-]{0,8}") {
            prop_assume!(!pattern.contains("**"));
            let expected = glob::Pattern::new(&pattern).expect("a valid pattern").matches(&text);
            prop_assert_eq!(WildPattern::glob(&pattern).matches(&text), expected);
        }

        #[test]
        fn long_pieces_are_found_as_short_ones_are(before in 0..200_usize, length in 1..200_usize, at in 0..200_usize) {
            let mut piece = vec!['a'; length];
            piece[at % length] = '_';
            let (piece, text) = (piece.into_iter().collect::<String>(), "b".repeat(before) + &"a".repeat(length - 1));
            let pattern = WildPattern::like(&format!("%{piece}%"));
            prop_assert_eq!(pattern.matches(&text), before > 0 && (at % length == 0 || length == 1));
            let whole = format!("{text}a");
            prop_assert!(pattern.matches(&whole));
        }
    }
}
