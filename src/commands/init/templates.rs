//! Texts of a model without the facts that nobody will ever have.
//!
//! A part in brackets that names such a fact goes, and so does a clause; a fallback takes the place of its fact in a message. What is left is a text
//! that reads as if the facts had never been asked for.

/// What is known of a fact in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactInText {
    /// It may have a value.
    Live,
    /// It never has one.
    Dead,
}

/// Whether a fallback may stand for its fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FallbackUse {
    /// The text is written to a person, and reads on with the fallback.
    Keep,
    /// The text is a list of facts, in which a fallback says nothing.
    Drop,
}

/// The names of facts in a text.
pub(super) fn names_in(text: &str) -> Vec<String> {
    facts_in(text).map(|fact| fact.name.to_owned()).collect()
}

/// A fact in braces.
struct FactInBraces<'t> {
    /// From its opening to after its closing brace.
    span: std::ops::Range<usize>,
    name: &'t str,
    /// The text for null, if it has one.
    fallback: Option<&'t str>,
}

fn facts_in(text: &str) -> impl Iterator<Item = FactInBraces<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.get(at..)?.find('{')?;
            if text[start..].starts_with("{{") {
                at = start + 2;
                continue;
            }
            let end = start + text[start..].find('}')?;
            at = end + 1;
            let inside = &text[start + 1..end];
            let cut = inside.find(['|', '?']).unwrap_or(inside.len());
            let fallback = match inside.as_bytes().get(cut) {
                Some(b'|') => inside.get(cut + 1..),
                Some(_) => inside.get(cut + 1..).and_then(|both| both.split_once(':')).map(|(_, other)| other),
                None => None,
            };
            return Some(FactInBraces { span: start..end + 1, name: inside[..cut].trim(), fallback });
        }
    })
}

/// A text without its dead facts; none if nothing is left of it.
pub(super) fn without_dead(text: &str, state: &dyn Fn(&str) -> FactInText, fallbacks: FallbackUse) -> Option<String> {
    let is_dead = |part: &str| facts_in(part).any(|fact| state(fact.name) == FactInText::Dead);
    if !is_dead(text) {
        return Some(text.to_owned());
    }
    let mut text = without_parts(text, '[', ']', &is_dead);
    if fallbacks == FallbackUse::Keep {
        text = with_fallbacks(&text, state);
    }
    let text = without_parts(&text, '(', ')', &is_dead);
    let left = without_clauses(&text, &is_dead);
    let left = left.trim();
    left.contains(char::is_alphabetic).then(|| left.to_owned())
}

/// A text in which the fallbacks of dead facts stand for them.
fn with_fallbacks(text: &str, state: &dyn Fn(&str) -> FactInText) -> String {
    let (mut out, mut from) = (String::new(), 0);
    for fact in facts_in(text).filter(|fact| state(fact.name) == FactInText::Dead) {
        let Some(fallback) = fact.fallback else { continue };
        out.push_str(&text[from..fact.span.start]);
        out.push_str(fallback);
        from = fact.span.end;
    }
    out + &text[from..]
}

/// A text without those parts between two brackets that are dead, and without the white space before them.
fn without_parts(text: &str, open: char, close: char, is_dead: &dyn Fn(&str) -> bool) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(open) {
        let Some(length) = rest[start..].find(close) else { break };
        let end = start + length + close.len_utf8();
        if is_dead(&rest[start..end]) {
            out.push_str(rest[..start].trim_end());
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
    }
    out + rest
}

/// What stands between two clauses, the weakest first.
const SEPARATORS: [&str; 5] = [", ", ": ", "; ", ". ", "? "];

/// A text without its dead clauses.
fn without_clauses(text: &str, is_dead: &dyn Fn(&str) -> bool) -> String {
    let end = text.len() - text.chars().next_back().filter(|c| matches!(c, '.' | '?' | '!')).map_or(0, char::len_utf8);
    let (body, last) = text.split_at(end);
    let mut clauses = clauses_of(body);
    while let Some(at) = clauses.iter().position(|(_, clause)| is_dead(clause)) {
        let before = clauses[at].0;
        let after = clauses.get(at + 1).map_or(usize::MAX, |(separator, _)| *separator);
        // Of the two separators the stronger one stays.
        if at + 1 < clauses.len() && (at == 0 || before > after) {
            clauses[at + 1].0 = before;
        }
        clauses.remove(at);
    }
    let mut out = String::new();
    for (place, (separator, clause)) in clauses.iter().enumerate() {
        let mark = if place == 0 { "" } else { SEPARATORS[*separator] };
        out.push_str(mark);
        out.push_str(clause);
    }
    if clauses.is_empty() { out } else { out + last }
}

/// The clauses of a text, each with the separator before it. A label such as `Plan:` belongs to what it names.
fn clauses_of(text: &str) -> Vec<(usize, &str)> {
    let mut clauses = Vec::new();
    let (mut from, mut before, mut depth, mut at) = (0, 0, 0_i32, 0);
    while let Some(c) = text[at..].chars().next() {
        depth += i32::from(matches!(c, '{' | '[' | '(')) - i32::from(matches!(c, '}' | ']' | ')'));
        let separator = SEPARATORS.iter().position(|separator| depth == 0 && text[at..].starts_with(separator));
        let is_label = SEPARATORS[1] == text[at..].get(..2).unwrap_or_default() && !text[from..at].contains('{');
        match separator.filter(|_| !is_label) {
            Some(separator) => {
                clauses.push((before, &text[from..at]));
                (before, at) = (separator, at + 2);
                from = at;
            }
            None => at += c.len_utf8(),
        }
    }
    clauses.push((before, &text[from..]));
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_on_without_dead_facts() {
        let state = |name: &str| if name.starts_with("dead") { FactInText::Dead } else { FactInText::Live };
        for (text, listed, written) in [
            ("Invited {a} people", "Invited {a} people", "Invited {a} people"),
            ("Asked for {dead}", "", ""),
            (
                "{a} people. Plan: {dead|not known}. Score {b}.",
                "{a} people. Score {b}.",
                "{a} people. Plan: not known. Score {b}.",
            ),
            ("Score {a}: {dead} from intent, {b} from use.", "Score {a}: {b} from use.", "Score {a}: {b} from use."),
            ("{a} active ({dead} before), from {dead_too} teams.", "{a} active.", "{a} active."),
            ("[Uses {dead}. ]{a} people", "{a} people", "{a} people"),
            ("You use {dead|the product} a lot. May we?", "May we?", "You use the product a lot. May we?"),
            ("{dead} people, {a} teams", "{a} teams", "{a} teams"),
        ] {
            let left = |fallbacks| without_dead(text, &state, fallbacks).unwrap_or_default();
            assert_eq!(left(FallbackUse::Drop), listed, "{text}");
            assert_eq!(left(FallbackUse::Keep), written, "{text}");
        }
    }
}
