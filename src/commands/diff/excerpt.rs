//! Two values shortened to what differs, so that a long text does not hide its change.

/// Longer values are shortened; characters.
const WHOLE_CHARS_MAX: usize = 60;
/// The length of the common text that is shown before and behind the difference; characters.
const SHARED_CHARS: usize = 16;
/// The most characters of a value that stands alone, or of a difference.
const SHOWN_CHARS_MAX: usize = 80;

/// The values of a change as they are shown.
pub(super) fn excerpts(values: [Option<String>; 2]) -> [Option<String>; 2] {
    match values {
        [Some(old), Some(new)] if old.chars().count().max(new.chars().count()) > WHOLE_CHARS_MAX => {
            let [old, new] = [old, new].map(|text| text.chars().collect::<Vec<char>>());
            let (begin, end) = shared_ends(&old, &new);
            [Some(excerpt(&old, begin, end)), Some(excerpt(&new, begin, end))]
        }
        [Some(old), Some(new)] => [Some(old), Some(new)],
        alone => alone.map(|value| value.map(|text| cut(text.chars().collect()))),
    }
}

/// How many characters two texts share at their beginnings and at their ends.
fn shared_ends(old: &[char], new: &[char]) -> (usize, usize) {
    let begin = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - begin;
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    (begin, end.min(rest))
}

/// A text without most of what it shares with the other one.
fn excerpt(text: &[char], begin: usize, end: usize) -> String {
    let from = if begin > 2 * SHARED_CHARS { begin - SHARED_CHARS } else { 0 };
    let to = if end > 2 * SHARED_CHARS { text.len() - end + SHARED_CHARS } else { text.len() };
    let (before, behind) = (if from > 0 { "…" } else { "" }, if to < text.len() { "…" } else { "" });
    let middle: Vec<char> = text[from..to].to_vec();
    format!("{before}{}{behind}", cut(middle))
}

/// The beginning of a text that is very long.
fn cut(text: Vec<char>) -> String {
    let is_long = text.len() > SHOWN_CHARS_MAX;
    let shown: String = text.into_iter().take(SHOWN_CHARS_MAX).collect();
    if is_long { format!("{shown}…") } else { shown }
}
