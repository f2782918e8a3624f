//! A walk over JSON that has been checked: where the members of one object or list stand, without looking into them.
//!
//! The projection of a scan finds what has a fixed path. This finds the rest: keys that depend on the line itself, such as an account's id or
//! the key of a list of pairs. On text that was not checked it gives nothing or nonsense, and never panics.

use super::json::{Kind, Raw, unescape};

/// The members of an object, in their order.
pub(super) fn members(line: &str, object: Raw) -> Members<'_> {
    Members { bytes: inside(line, object, Kind::Object), line, at: object.start as usize + 1 }
}

/// The items of a list, in their order.
pub(super) fn items(line: &str, list: Raw) -> Items<'_> {
    Items { bytes: inside(line, list, Kind::Array), at: list.start as usize + 1 }
}

/// The value of a key; of equal keys the last, as everywhere.
pub(super) fn member(line: &str, object: Raw, key: &str) -> Raw {
    members(line, object).filter(|(name, _)| is(line, *name, key)).last().map_or(Raw::default(), |(_, value)| value)
}

/// The value at a path of keys.
pub(super) fn at_path(line: &str, from: Raw, path: &[String]) -> Raw {
    path.iter().fold(from, |object, key| member(line, object, key))
}

/// The first value of a text that is JSON as a whole or not at all.
pub(super) fn whole(line: &str) -> Option<Raw> {
    value(line.as_bytes(), space(line.as_bytes(), 0))
}

/// Whether a text of the line is a word.
pub(super) fn is(line: &str, text: Raw, word: &str) -> bool {
    match text.kind {
        Kind::Text => text.of(line) == word,
        Kind::EscapedText => unescape(text.of(line)) == word,
        _ => false,
    }
}

/// The line up to the closing bracket; nothing if the value is of another kind.
fn inside(line: &str, raw: Raw, kind: Kind) -> &[u8] {
    if raw.kind == kind { line.as_bytes().get(..raw.end as usize).unwrap_or_default() } else { &[] }
}

/// See [`members`].
pub(super) struct Members<'l> {
    line: &'l str,
    bytes: &'l [u8],
    at: usize,
}

impl Iterator for Members<'_> {
    type Item = (Raw, Raw);

    fn next(&mut self) -> Option<(Raw, Raw)> {
        let key = value(self.bytes, space(self.bytes, self.at))?;
        if !matches!(key.kind, Kind::Text | Kind::EscapedText) || !self.line.is_char_boundary(key.end as usize) {
            return None;
        }
        let colon = space(self.bytes, key.end as usize + 1);
        let value = value(self.bytes, space(self.bytes, colon + 1))?;
        self.at = after(self.bytes, value);
        Some((key, value))
    }
}

/// See [`items`].
pub(super) struct Items<'l> {
    bytes: &'l [u8],
    at: usize,
}

impl Iterator for Items<'_> {
    type Item = Raw;

    fn next(&mut self) -> Option<Raw> {
        let item = value(self.bytes, space(self.bytes, self.at))?;
        self.at = after(self.bytes, item);
        Some(item)
    }
}

/// The byte after a value and the comma behind it.
fn after(bytes: &[u8], value: Raw) -> usize {
    let quote = usize::from(matches!(value.kind, Kind::Text | Kind::EscapedText));
    space(bytes, value.end as usize + quote) + 1
}

fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The value that begins at a byte.
fn value(bytes: &[u8], start: usize) -> Option<Raw> {
    let raw = |kind, start: usize, end: usize| Some(Raw { kind, start: start as u32, end: end as u32 });
    match bytes.get(start)? {
        b'"' => {
            let (end, escaped) = text_end(bytes, start + 1)?;
            raw(if escaped { Kind::EscapedText } else { Kind::Text }, start + 1, end)
        }
        b'{' => raw(Kind::Object, start, block_end(bytes, start)?),
        b'[' => raw(Kind::Array, start, block_end(bytes, start)?),
        b't' => raw(Kind::True, start, start + 4),
        b'f' => raw(Kind::False, start, start + 5),
        b'n' => raw(Kind::Null, start, start + 4),
        b'-' | b'0'..=b'9' => {
            let rest = bytes.get(start..)?;
            let length =
                rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
            raw(Kind::Number, start, start + length)
        }
        _ => None,
    }
}

/// The place of the quote that ends a text, and whether there are escapes before it.
fn text_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some((at, escaped));
        }
        escaped = true;
        at += 2;
    }
}

/// The byte after the bracket that closes the one at `at`.
fn block_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = text_end(bytes, at + 1)?.0,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_found_without_looking_into_them() {
        let line = r#" {"a" : {"x":"}\""}, "b\u0062":[1,"t\n",null,true,-2.5e3,{}], "a":7} "#;
        let top = whole(line).expect("a value");
        let keys: Vec<&str> = members(line, top).map(|(key, _)| key.of(line)).collect();
        assert_eq!(keys, ["a", "b\\u0062", "a"]);
        assert_eq!(member(line, top, "a").of(line), "7", "of equal keys the last holds");
        let list = member(line, top, "bb");
        let texts: Vec<&str> = items(line, list).map(|item| item.of(line)).collect();
        assert_eq!(texts, ["1", "t\\n", "null", "true", "-2.5e3", "{}"]);
        assert_eq!(at_path(line, top, &["c".to_owned(), "d".to_owned()]).kind, Kind::Missing);
        assert_eq!(
            members(line, list).count() + items(line, top).count(),
            0,
            "a list has no members, an object no items"
        );
    }

    #[test]
    fn nonsense_gives_nothing() {
        for line in ["", "{", "{\"a", "{\"a\\", "[[", "{\"a\":", "{\"a\":tru", "}", "{1:2}", "{\"é\\"] {
            if let Some(top) = whole(line) {
                let _ = (members(line, top).count(), items(line, top).count(), member(line, top, "a"));
            }
        }
    }
}
