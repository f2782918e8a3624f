//! Our JSON scanner: one pass validates a line, picks out the paths of a projection, and
//! fingerprints the properties.
//!
//! [`JsonScanner`] takes a line that is UTF-8 and gives [`JsonSpan`]s of the line, so no bytes are
//! copied. [`Projection`] says which paths are wanted.
//!
//! The scanner is our own for two reasons. Validity must not depend on the fields that the model
//! reads: escapes and surrogates are checked in unread strings too. And the fingerprint for
//! duplicates covers all properties in any order. Both come from the same pass. A property test
//! compares the scanner with `serde_json`.
//!
//! Lines of one source have the same keys in the same order, so `template` walks most lines with
//! cached keys. `scan` is the slow path for any line. Both give the same result, which a property
//! test and a fuzz target check.

mod bytes;
mod projection;
mod scalars;
mod scan;
mod template;
pub(in crate::decode) mod value_hash;
pub(in crate::decode) mod walk;

use std::borrow::Cow;

pub use projection::Projection;
pub use scan::JsonScanner;

/// The deepest nesting of arrays and objects.
pub(crate) const DEPTH_MAX: usize = 128;

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonKind {
    /// The path does not exist in the line.
    #[default]
    Missing,
    /// `null`
    Null,
    /// `true`
    True,
    /// `false`
    False,
    /// A number.
    Number,
    /// Text without escapes.
    Text,
    /// Text with escapes.
    EscapedText,
    /// A list.
    Array,
    /// An object.
    Object,
}

/// A value and its place in the line; for text, the place between the quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JsonSpan {
    /// The type of the value.
    pub(crate) kind: JsonKind,
    /// The first byte.
    pub(crate) start: u32,
    /// The byte after the last.
    pub(crate) end: u32,
}

impl JsonSpan {
    /// The bytes of the value.
    #[inline]
    pub(crate) fn slice<'l>(&self, line: &'l str) -> &'l str {
        line.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Text with its escapes resolved; none for other types.
    pub fn text<'l>(&self, line: &'l str) -> Option<Cow<'l, str>> {
        match self.kind {
            JsonKind::Text => Some(Cow::Borrowed(self.slice(line))),
            JsonKind::EscapedText => Some(Cow::Owned(unescape(self.slice(line)))),
            _ => None,
        }
    }

    /// True for text that is empty or white space only.
    pub(crate) fn is_blank(&self, line: &str) -> bool {
        self.start == self.end || self.text(line).is_some_and(|text| text.trim().is_empty())
    }

    /// True for text without quotes around it, as in the cells of TSV rows.
    pub(crate) fn is_cell(&self, line: &str) -> bool {
        let before = (self.start as usize).checked_sub(1).and_then(|before| line.as_bytes().get(before));
        self.kind == JsonKind::Text && before != Some(&b'"')
    }

    /// True if the value is missing or null.
    pub(crate) fn is_null_or_missing(&self) -> bool {
        matches!(self.kind, JsonKind::Missing | JsonKind::Null)
    }
}

/// The reason why a line is not valid JSON, with the byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonError {
    /// A syntax error.
    Syntax(usize),
    /// Nesting deeper than [`DEPTH_MAX`].
    TooDeep(usize),
    /// An escape for half a surrogate pair.
    LoneSurrogate(usize),
}

/// Resolves escapes, which must have been validated.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or("");
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let code =
                    |text: &str| text.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0xFFFD);
                let first = code(rest);
                rest = rest.get(4..).unwrap_or("");
                let mut character = first;
                if (0xD800..0xDC00).contains(&first) {
                    let second = code(rest.get(2..).unwrap_or(""));
                    character = 0x10000 + ((first - 0xD800) << 10) + (second.wrapping_sub(0xDC00) & 0x3FF);
                    rest = rest.get(6..).unwrap_or("");
                }
                out.push(char::from_u32(character).unwrap_or('\u{FFFD}'));
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    fn verdict(line: &str) -> Result<JsonKind, JsonError> {
        let projection = Projection::new();
        JsonScanner::new(&projection, foldhash::quality::RandomState::default()).scan(line)
    }

    fn fingerprint(line: &str) -> u64 {
        let mut projection = Projection::new();
        projection.hash_at(&path("p"));
        thread_local!(static HASHER: foldhash::quality::RandomState = foldhash::quality::RandomState::default());
        let hasher = HASHER.with(Clone::clone);
        let mut scanner = JsonScanner::new(&projection, hasher);
        scanner.scan(line).expect("valid");
        scanner.hash
    }

    #[test]
    fn paths_are_picked_out_wherever_they_stand() {
        let mut projection = Projection::new();
        let slots = ["a", "b.c", "b.d.1.e", "missing.x", "a"].map(|text| projection.add(&path(text)));
        let mut scanner = JsonScanner::new(&projection, foldhash::quality::RandomState::default());
        let line = r#"{"x":[{"a":1}],"b":{"d":[0,{"e":"\u00e9\ud83d\ude00\n"}],"c":null},"a":"t","a":-1.5e3}"#;
        assert_eq!(scanner.scan(line), Ok(JsonKind::Object));
        let shown = slots.map(|slot| {
            (
                scanner.found[slot as usize].kind,
                scanner.found[slot as usize].text(line).unwrap_or_default().into_owned(),
            )
        });
        assert_eq!(shown[0].0, JsonKind::Number, "the last of two equal keys holds");
        assert_eq!(shown[1].0, JsonKind::Null);
        assert_eq!(shown[2], (JsonKind::EscapedText, "é😀\n".to_owned()));
        assert_eq!(shown[3].0, JsonKind::Missing);
        assert_eq!(scanner.found[slots[4] as usize].slice(line), "-1.5e3");
    }

    #[test]
    fn faults_are_told_with_their_byte() {
        for (line, fault) in [
            ("{\"a\":01}", JsonError::Syntax(6)),
            ("{\"a\":1", JsonError::Syntax(6)),
            ("{} x", JsonError::Syntax(3)),
            ("[1,]", JsonError::Syntax(3)),
            ("\"\\ud800\"", JsonError::LoneSurrogate(1)),
            ("\"\\ud800\\u0041\"", JsonError::LoneSurrogate(1)),
            ("\"\\x\"", JsonError::Syntax(1)),
            ("\"a\u{1}\"", JsonError::Syntax(2)),
            ("", JsonError::Syntax(0)),
            ("nul", JsonError::Syntax(0)),
        ] {
            assert_eq!(verdict(line), Err(fault), "{line}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(verdict(&deep(128)), Ok(JsonKind::Array));
        assert_eq!(verdict(&deep(129)), Err(JsonError::TooDeep(128)));
        assert!(verdict(&"[".repeat(1_000_000)).is_err());
        let below = |depth: usize| format!("{{\"a\":{}}}", deep(depth));
        assert_eq!(verdict(&below(127)), Ok(JsonKind::Object));
        assert_eq!(verdict(&below(128)), Err(JsonError::TooDeep(132)));
    }

    #[test]
    fn usual_lines_go_the_short_way() {
        let mut projection = Projection::new();
        projection.add(&path("a.b"));
        let mut scanner = JsonScanner::new(&projection, foldhash::quality::RandomState::default());
        for (line, short) in [
            (r#"{"a":{"b":"c"},"d":[1,{"e":null}],"f":{"g":-2}}"#, true),
            (r#"{ "a" : { "b" : 1 }, "d" : {} }"#, true),
            (r#"{"a":{"b":"\n"}}"#, true),
            (r#"{"a":{"b":1},"a":{}}"#, false),
            (r#"{"\u0061":1}"#, false),
            ("[]", false),
            ("{", false),
        ] {
            scanner.begin();
            assert_eq!(scanner.walk_template(line, line.as_bytes()), short, "{line}");
            assert_eq!(scanner.scan(line), scanner.scan_slow(line));
        }
    }

    #[test]
    fn the_fingerprint_sees_content_and_not_the_order_of_keys() {
        let same = fingerprint(r#"{"p":{"a":1,"b":{"c":"é","d":[1,2]}}}"#);
        assert_eq!(same, fingerprint(r#"{ "p" : {"b":{"d":[1, 2],"c":"\u00e9"},"a":1}, "q": 1}"#));
        // What a loader writes is left out, whatever it is.
        assert_eq!(
            same,
            fingerprint(r#"{"p":{"_LOADED_AT":"x","a":1,"b":{"c":"é","d":[1,2],"receivedAt":{"a":[]}}}}"#)
        );
        assert_eq!(same, fingerprint(r#"{"p":{"a":1,"\u005floaded_at":7,"b":{"c":"é","d":[1,2],"ts_ms":1}}}"#));
        for other in [
            r#"{"p":{"a":2,"b":{"c":"é","d":[1,2]}}}"#,
            r#"{"p":{"a":1,"b":{"c":"é","d":[2,1]}}}"#,
            r#"{"p":{"a":"1","b":{"c":"é","d":[1,2]}}}"#,
            r#"{"p":{}}"#,
        ] {
            assert_ne!(same, fingerprint(other), "{other}");
        }
    }

    /// True if `serde_json` accepts a line under our limits: all values read, no deeper than 128.
    fn serde_takes(line: &str) -> bool {
        serde_json::from_str::<serde_json::Value>(line).is_ok()
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| format!("{x:e}")),
            ".*".prop_map(|s| serde_json::Value::String(s).to_string()),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(|v| format!("[{}]", v.join(" ,"))),
                prop::collection::vec(("[a-c]{0,2}", inner), 0..4).prop_map(|v| format!(
                    "{{{}}}",
                    v.iter().map(|(k, x)| format!("\"{k}\": {x}")).collect::<Vec<_>>().join(",")
                )),
            ]
        })
    }

    /// An object of few keys, so that equal keys occur in many lines, formatted as one writer
    /// would.
    fn object() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["null", "true", "0", "-1.5e3", "\"\"", "\"t\"", "\"é\"", "[]", "{}"]);
        let other = [r#""a text of more than sixteen bytes""#, r#""\u00e9\n""#, r#"[{"a":1},"x"]"#, "1x", "\"\u{1}\""];
        let leaf = prop_oneof![2 => leaf, 1 => prop::sample::select(other.to_vec())];
        let leaf = leaf.prop_map(|leaf: &str| leaf.to_owned());
        let long = "a_key_that_is_longer_than_sixty_four_bytes_and_therefore_is_not_to_be_remembered";
        // Keys that fill exactly 16 and 64 bytes with their punctuation: a comma, quotes and a
        // colon.
        let (sixteen, most) = ("sixteen_with", "sixty_four_bytes_with_its_punctuation_which_is_all_that_fits");
        let key = ["a", "b", "p", "c", "d", r"\u0061", "é", sixteen, "a_key_of_more_than_sixteen_bytes", most, long];
        let key = prop::sample::select(key.to_vec());
        let members = move |inner| prop::collection::vec((key.clone(), inner), 0..5);
        let write = |(members, spaced): (Vec<(&str, String)>, usize)| {
            let (colon, comma) = [(":", ","), (": ", ", "), ("\t:\r", "  ,"), (":\n", ",\n")][spaced];
            let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\"{colon}{value}")).collect();
            format!("{{{}}}", members.join(comma))
        };
        // Line ends too: a record given by itself may contain them, and one may follow any line.
        let spaced = || prop_oneof![12 => Just(0), 1 => 1..4_usize];
        let inner = leaf.prop_recursive(10, 24, 5, {
            let members = members.clone();
            move |inner| (members(inner.boxed()), spaced()).prop_map(write)
        });
        let line = (members(inner.boxed()), spaced()).prop_map(write);
        (line, prop::sample::select(vec!["", "", "", "", "\r", " ", ",", "}", "{}"])).prop_map(|(line, end)| line + end)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn lines_like_those_before_are_found_as_any_line_is(lines in prop::collection::vec(object(), 1..12)) {
            let mut projection = Projection::new();
            for text in [
                "a", "b", "b.a", "b.c", "p", "p", "p.a", "p.b.a", "c", "c", "c.1.a", "d", "d", "d", "d.a", "missing",
                "a_key_of_more_than_sixteen_bytes",
            ] {
                projection.add(&path(text));
            }
            projection.hash_at(&path("p"));
            projection.hash_at(&path("p.b"));
            projection.add_prefixed("s", &path("a"));
            projection.hash_prefixed("sixt");
            let hasher = foldhash::quality::RandomState::default();
            let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, hasher.clone()));
            let text = lines.join("\n");
            let mut start = 0;
            // The second time, all segments are cached.
            for line in lines.iter().chain(&lines) {
                start %= text.len() + 1;
                let here = short.scan_with_lookahead(line, &text.as_bytes()[start..]);
                start += line.len() + 1;
                prop_assert_eq!(here, long.scan_slow(line), "{}", line);
                if here.is_ok() {
                    prop_assert_eq!(&short.found, &long.found, "{}", line);
                    prop_assert_eq!(short.hash, long.hash, "{}", line);
                }
            }
        }

        #[test]
        fn a_valid_line_is_taken_and_one_changed_byte_is_judged_as_serde_json_does(
            line in json(), at in any::<prop::sample::Index>(), byte in prop::sample::select(b"\"\\{}[],:0.e-+ u\x01".to_vec()),
        ) {
            prop_assert!(verdict(&line).is_ok());
            let mut bytes = line.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(line) = String::from_utf8(bytes) {
                // serde_json refuses numbers beyond a double even where the grammar allows them.
                if !line.contains(['e', 'E']) || serde_takes(&line) {
                    prop_assert_eq!(verdict(&line).is_ok(), serde_takes(&line), "{}", line);
                }
            }
        }

        #[test]
        fn text_is_unescaped_as_serde_json_does(text in ".*", escaped in any::<bool>()) {
            let written = if escaped {
                let units: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                format!("\"{}\"", units.concat())
            } else {
                serde_json::Value::String(text.clone()).to_string()
            };
            prop_assert!(verdict(&written).is_ok());
            prop_assert_eq!(unescape(&written[1..written.len() - 1]), text);
        }
    }
}
