//! Patterns with wild cards: of `like`, and globs of ids.
//!
//! Takes a pattern once, tells of texts whether they match as a whole. **Cost**: of a text, its length for each piece of the pattern that is nothing but
//! text; a piece with wild cards for one character costs the length times a sixty-fourth of the piece.

use std::collections::HashMap;

/// What stands for one character.
#[derive(Debug, Clone, PartialEq)]
enum CharMatcher {
    Exactly(char),
    Any,
    /// One of some ranges, or none of them.
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

/// What stands between two wild cards for any text.
#[derive(Debug, Clone, PartialEq)]
enum PatternPiece {
    Text(String),
    Mixed(Vec<CharMatcher>),
}

/// A pattern in pieces, with any text between each two.
#[derive(Debug, Clone, PartialEq)]
pub struct WildPattern {
    /// As it was written.
    source: String,
    /// Never none; the first begins the text, the last ends it.
    pieces: Vec<PatternPiece>,
}

impl WildPattern {
    /// A pattern of `like`: `%` is any text, `_` any one character.
    pub fn like(text: &str) -> WildPattern {
        let pieces = text.split('%').map(|piece| {
            PatternPiece::of(
                piece.chars().map(|c| if c == '_' { CharMatcher::Any } else { CharMatcher::Exactly(c) }).collect(),
            )
        });
        WildPattern { source: text.to_owned(), pieces: pieces.collect() }
    }

    /// As it was written.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// A glob that has been found valid: `*` is any text, `?` any one character, `[a-z]` one of some, `[!a-z]` one of the others.
    pub fn glob(text: &str) -> WildPattern {
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

    /// Whether a text is of this form as a whole.
    pub fn matches(&self, text: &str) -> bool {
        let (first, others) = self.pieces.split_first().expect("a pattern has a piece");
        let Some((last, middle)) = others.split_last() else { return first.prefix(text) == Some(text.len()) };
        let Some(begun) = first.prefix(text) else { return false };
        let Some(ended) = last.suffix(&text[begun..]) else { return false };
        let mut rest = &text[begun..text.len() - ended];
        for piece in middle {
            // The first place is as good as any: it leaves most for the pieces that follow.
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
    // A bracket that comes first belongs to the class.
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

    /// How many bytes it takes at the beginning of a text.
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

    /// How many bytes it takes at the end of a text.
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

    /// The byte after the first place in a text where it is.
    fn find_end(&self, text: &str) -> Option<usize> {
        match self {
            PatternPiece::Text(piece) => {
                memchr::memmem::find(text.as_bytes(), piece.as_bytes()).map(|start| start + piece.len())
            }
            PatternPiece::Mixed(piece) => find_mixed(piece, text),
        }
    }
}

/// The byte after the first place in a text where a piece with wild cards is.
///
/// **Source**: the Shift-And method of Baeza-Yates and Gonnet: a bit for each beginning of the piece that ends at a character.
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

/// Where in a piece a character may stand: a bit for each place.
struct CharMasks<'p> {
    piece: &'p [CharMatcher],
    known: HashMap<char, Vec<u64>>,
    /// That of the last character that was not remembered.
    unnamed: Vec<u64>,
}

impl CharMasks<'_> {
    /// So many characters are remembered.
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

    /// Whether a text is of the form of a pattern, tried in every way.
    fn tried(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('%', rest)), _) => (0..=text.len()).any(|at| tried(rest, &text[at..])),
            (Some((wanted, rest)), Some((found, text))) => (*wanted == '_' || wanted == found) && tried(rest, text),
            _ => false,
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
