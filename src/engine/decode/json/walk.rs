//! Walks the members of one object or list in JSON that has been validated.
//!
//! A projection finds values at fixed paths. This module finds the rest: keys that depend on the
//! line, such as an account's id, and lists of pairs. It relies on the validation by the scan. On
//! other text its results are meaningless, but it never panics.

use wide::u8x16;

use super::{JsonKind, JsonSpan, unescape};

/// The members of an object, in their order.
pub(in crate::decode) fn members(line: &str, object: JsonSpan) -> ObjectMembers<'_> {
    ObjectMembers { bytes: inside(line, object, JsonKind::Object), line, at: object.start as usize + 1 }
}

/// The pairs of a list of objects with `key` and `value`. A `value` has one member per type; the
/// first with a value counts. **Source**: the repeated key-value records in GA4's export.
pub(in crate::decode) fn pairs(line: &str, list: JsonSpan) -> KeyValuePairs<'_> {
    KeyValuePairs { line, bytes: inside(line, list, JsonKind::Array), at: list.start as usize + 1 }
}

/// The items of a list, in their order.
pub(in crate::decode) fn items(line: &str, list: JsonSpan) -> ArrayItems<'_> {
    ArrayItems { bytes: inside(line, list, JsonKind::Array), at: list.start as usize + 1 }
}

/// The value of a key; the last of equal keys counts.
pub(in crate::decode) fn member(line: &str, object: JsonSpan, key: &str) -> JsonSpan {
    members(line, object)
        .filter(|(name, _)| text_equals(line, *name, key))
        .last()
        .map_or(JsonSpan::default(), |(_, value)| value)
}

/// The value at a path of keys.
pub(in crate::decode) fn at_path(line: &str, from: JsonSpan, path: &[String]) -> JsonSpan {
    path.iter().fold(from, |object, key| member(line, object, key))
}

/// The first value of a text.
pub(in crate::decode) fn first_value(line: &str) -> Option<JsonSpan> {
    value(line.as_bytes(), skip_whitespace(line.as_bytes(), 0))
}

/// True if a text of the line equals a word.
pub(in crate::decode) fn text_equals(line: &str, text: JsonSpan, word: &str) -> bool {
    match text.kind {
        JsonKind::Text => text.slice(line) == word,
        JsonKind::EscapedText => unescape(text.slice(line)) == word,
        _ => false,
    }
}

/// The line up to the closing bracket; empty if the value has another type.
fn inside(line: &str, raw: JsonSpan, kind: JsonKind) -> &[u8] {
    if raw.kind == kind { line.as_bytes().get(..raw.end as usize).unwrap_or_default() } else { &[] }
}

/// See [`members`].
pub(in crate::decode) struct ObjectMembers<'l> {
    line: &'l str,
    bytes: &'l [u8],
    at: usize,
}

impl Iterator for ObjectMembers<'_> {
    type Item = (JsonSpan, JsonSpan);

    fn next(&mut self) -> Option<(JsonSpan, JsonSpan)> {
        let key = value(self.bytes, skip_whitespace(self.bytes, self.at))?;
        if !matches!(key.kind, JsonKind::Text | JsonKind::EscapedText) || !self.line.is_char_boundary(key.end as usize)
        {
            return None;
        }
        let colon = skip_whitespace(self.bytes, key.end as usize + 1);
        let value = value(self.bytes, skip_whitespace(self.bytes, colon + 1))?;
        self.at = after(self.bytes, value);
        Some((key, value))
    }
}

/// See [`items`].
pub(in crate::decode) struct ArrayItems<'l> {
    bytes: &'l [u8],
    at: usize,
}

impl Iterator for ArrayItems<'_> {
    type Item = JsonSpan;

    fn next(&mut self) -> Option<JsonSpan> {
        let item = value(self.bytes, skip_whitespace(self.bytes, self.at))?;
        self.at = after(self.bytes, item);
        Some(item)
    }
}

/// See [`pairs`].
pub(in crate::decode) struct KeyValuePairs<'l> {
    line: &'l str,
    bytes: &'l [u8],
    at: usize,
}

/// The typed members of a pair's value.
const TYPED: [&str; 4] = ["string_value", "int_value", "float_value", "double_value"];

impl KeyValuePairs<'_> {
    /// Parses a pair from the byte after its brace: the key, the value, the position after the
    /// pair.
    fn pair(&self, start: usize) -> Option<(JsonSpan, JsonSpan, usize)> {
        let (mut key, mut said) = (JsonSpan::default(), JsonSpan::default());
        let end = self.each(start, |name, at| {
            if name == "value" && self.bytes.get(at) == Some(&b'{') {
                said = JsonSpan::default();
                return self.each(at + 1, |name, at| {
                    let typed = value(self.bytes, at)?;
                    if said.is_null_or_missing() && !typed.is_null_or_missing() && TYPED.contains(&name) {
                        said = typed;
                    }
                    Some(end_of(typed))
                });
            }
            let of_name = value(self.bytes, at)?;
            match name {
                "key" => key = of_name,
                "value" => said = JsonSpan::default(),
                _ => {}
            }
            Some(end_of(of_name))
        })?;
        Some((key, said, end))
    }

    /// Calls `member` with the name of each member and the start of its value. `member` returns the
    /// end of the value.
    fn each(&self, mut at: usize, mut member: impl FnMut(&str, usize) -> Option<usize>) -> Option<usize> {
        loop {
            at = skip_whitespace(self.bytes, at);
            if self.bytes.get(at)? == &b'}' {
                return Some(at + 1);
            }
            let name = value(self.bytes, at)?;
            let colon = skip_whitespace(self.bytes, end_of(name));
            at = skip_whitespace(self.bytes, member(name.slice(self.line), skip_whitespace(self.bytes, colon + 1))?);
            if self.bytes.get(at) == Some(&b',') {
                at += 1;
            }
        }
    }
}

impl Iterator for KeyValuePairs<'_> {
    type Item = (JsonSpan, JsonSpan);

    fn next(&mut self) -> Option<(JsonSpan, JsonSpan)> {
        loop {
            let at = skip_whitespace(self.bytes, self.at);
            if self.bytes.get(at)? != &b'{' {
                // Items that are not pairs are skipped.
                self.at = after(self.bytes, value(self.bytes, at)?);
                continue;
            }
            let (key, said, end) = self.pair(at + 1)?;
            self.at = skip_whitespace(self.bytes, end) + 1;
            if matches!(key.kind, JsonKind::Text | JsonKind::EscapedText) {
                return Some((key, said));
            }
        }
    }
}

/// The byte after a value.
fn end_of(value: JsonSpan) -> usize {
    value.end as usize + usize::from(matches!(value.kind, JsonKind::Text | JsonKind::EscapedText))
}

/// The byte after a value and the comma behind it.
fn after(bytes: &[u8], value: JsonSpan) -> usize {
    skip_whitespace(bytes, end_of(value)) + 1
}

fn skip_whitespace(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The value that begins at a byte.
fn value(bytes: &[u8], start: usize) -> Option<JsonSpan> {
    let raw = |kind, start: usize, end: usize| Some(JsonSpan { kind, start: start as u32, end: end as u32 });
    match bytes.get(start)? {
        b'"' => {
            let (end, escaped) = text_end(bytes, start + 1)?;
            raw(if escaped { JsonKind::EscapedText } else { JsonKind::Text }, start + 1, end)
        }
        b'{' => raw(JsonKind::Object, start, block_end(bytes, start)?),
        b'[' => raw(JsonKind::Array, start, block_end(bytes, start)?),
        b't' => raw(JsonKind::True, start, start + 4),
        b'f' => raw(JsonKind::False, start, start + 5),
        b'n' => raw(JsonKind::Null, start, start + 4),
        b'-' | b'0'..=b'9' => {
            let rest = bytes.get(start..)?;
            let length =
                rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
            raw(JsonKind::Number, start, start + length)
        }
        _ => None,
    }
}

/// Sixteen bytes from a position on, with zeros beyond the end; none if the position is beyond the
/// end.
fn chunk(bytes: &[u8], at: usize) -> Option<u8x16> {
    let rest = bytes.get(at..)?;
    if let Some(chunk) = rest.first_chunk::<16>() {
        return Some(u8x16::new(*chunk));
    }
    let mut chunk = [0; 16];
    chunk[..rest.len()].copy_from_slice(rest);
    (!rest.is_empty()).then(|| u8x16::new(chunk))
}

/// The position of the closing quote, and true if there are escapes before it.
fn text_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let chunk = chunk(bytes, at)?;
        let special = (chunk.simd_eq(u8x16::splat(b'"')) | chunk.simd_eq(u8x16::splat(b'\\'))).to_bitmask();
        if special == 0 {
            at += 16;
            continue;
        }
        at += special.trailing_zeros() as usize;
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
        let chunk = chunk(bytes, at)?;
        // Brackets differ from braces by one bit.
        let folded = chunk | u8x16::splat(0x20);
        let brackets = folded.simd_eq(u8x16::splat(b'{')) | folded.simd_eq(u8x16::splat(b'}'));
        let mut special = (brackets | chunk.simd_eq(u8x16::splat(b'"'))).to_bitmask();
        let mut next = at + 16;
        while special != 0 {
            let place = at + special.trailing_zeros() as usize;
            special &= special - 1;
            match bytes[place] {
                b'"' => {
                    next = text_end(bytes, place + 1)?.0 + 1;
                    // The rest of these sixteen bytes after the text still counts.
                    match next - at {
                        passed @ 0..16 => special &= u32::MAX << passed,
                        _ => special = 0,
                    }
                    next = next.max(at + 16);
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(place + 1);
                    }
                }
                _ => {}
            }
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_items_are_found_without_looking_into_them() {
        let line = r#" {"a" : {"x":"}\""}, "b\u0062":[1,"t\n",null,true,-2.5e3,{}], "a":7} "#;
        let top = first_value(line).expect("a value");
        let keys: Vec<&str> = members(line, top).map(|(key, _)| key.slice(line)).collect();
        assert_eq!(keys, ["a", "b\\u0062", "a"]);
        assert_eq!(member(line, top, "a").slice(line), "7", "of equal keys the last holds");
        let list = member(line, top, "bb");
        let texts: Vec<&str> = items(line, list).map(|item| item.slice(line)).collect();
        assert_eq!(texts, ["1", "t\\n", "null", "true", "-2.5e3", "{}"]);
        assert_eq!(at_path(line, top, &["c".to_owned(), "d".to_owned()]).kind, JsonKind::Missing);
        assert_eq!(
            members(line, list).count() + items(line, top).count(),
            0,
            "a list has no members, an object no items"
        );
    }

    #[test]
    fn pairs_are_a_key_and_the_first_typed_member_that_holds_anything() {
        let line = concat!(
            r#"[{"key":"a","value":{"string_value":null,"int_value":"7","double_value":1}}, {"value":{"double_value":2.5,"x":1},"key":"b\u0062"},"#,
            r#"{"key":"c"},{"key":null,"value":{"int_value":"1"}},5,{"key":"d","value":{"set":{"string_value":"no"}},"more":[{"key":"e"}]},"#,
            r#"{"key":"f","value":{"string_value":"a long one with } and ] and \" inside"}}]"#
        );
        let list = first_value(line).expect("a value");
        let shown: Vec<(&str, &str)> =
            pairs(line, list).map(|(key, said)| (key.slice(line), said.slice(line))).collect();
        let long = r#"a long one with } and ] and \" inside"#;
        assert_eq!(shown, [("a", "7"), ("b\\u0062", "2.5"), ("c", ""), ("d", ""), ("f", long)]);
        assert_eq!(
            pairs("{}", JsonSpan { kind: JsonKind::Object, start: 0, end: 2 }).count(),
            0,
            "an object has no pairs"
        );
    }

    #[test]
    fn ends_are_found_wherever_they_stand_among_sixteen_bytes() {
        for length in 0..40 {
            let text = "x".repeat(length);
            for line in [
                format!(r#"{{"a":"{text}"}}"#),
                format!(r#"[["{text}\\"],{{"b":"]}}"}}]"#),
                format!("[{}{}]", "[".repeat(length), "]".repeat(length)),
            ] {
                let top = first_value(&(line.clone() + " ]}\"")).expect("a value");
                assert_eq!(top.end as usize, line.len(), "{line}");
            }
        }
    }

    #[test]
    fn nonsense_gives_nothing() {
        for line in [
            "",
            "{",
            "{\"a",
            "{\"a\\",
            "[[",
            "{\"a\":",
            "{\"a\":tru",
            "}",
            "{1:2}",
            "{\"é\\",
            "[{",
            "[{\"key\":\"",
            "[{\"value\":{\"a\"",
        ] {
            if let Some(top) = first_value(line) {
                let _ = (
                    members(line, top).count(),
                    items(line, top).count(),
                    member(line, top, "a"),
                    pairs(line, top).count(),
                );
            }
        }
    }
}
