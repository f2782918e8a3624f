//! One walk over a line: all of it checked as JSON, the paths of a projection picked out, the properties fingerprinted.
//!
//! Takes a line that is UTF-8; gives spans of the line, so nothing is copied. Whether a line is good depends on its bytes alone, never on
//! which paths are wanted: strings that nobody reads have their escapes and surrogates checked like those that somebody does.

use std::{
    borrow::Cow,
    hash::{BuildHasher, Hasher},
};

/// How deep arrays and objects may lie within each other.
pub const DEPTH_MAX: usize = 128;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// The path is not there.
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

/// A value and where it stands in the line; of text, what is between the quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Raw {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Raw {
    /// The bytes of the value.
    pub fn of<'l>(&self, line: &'l str) -> &'l str {
        line.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Text with its escapes resolved.
    pub fn text<'l>(&self, line: &'l str) -> Option<Cow<'l, str>> {
        match self.kind {
            Kind::Text => Some(Cow::Borrowed(self.of(line))),
            Kind::EscapedText => Some(Cow::Owned(unescape(self.of(line)))),
            _ => None,
        }
    }

    /// Whether there is nothing, or null.
    pub fn is_nothing(&self) -> bool {
        matches!(self.kind, Kind::Missing | Kind::Null)
    }
}

/// Why a line is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It breaks the grammar at a byte.
    Syntax(usize),
    /// It nests deeper than [`DEPTH_MAX`].
    TooDeep(usize),
    /// An escape names half a character.
    LoneSurrogate(usize),
}

/// Which paths to pick out, as a tree of keys.
#[derive(Debug, Clone)]
pub struct Projection {
    nodes: Vec<Node>,
    slots: usize,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Keys that lead on.
    children: Vec<(Box<[u8]>, u32)>,
    /// Slots that this value fills.
    slots: Vec<u32>,
    /// Whether the value is fingerprinted.
    hashed: bool,
    /// Slots of everything below: emptied when a key comes a second time, since the last of equal keys holds.
    below: Vec<u32>,
}

/// The node of values that nothing asks about.
const NOWHERE: u32 = u32::MAX;

impl Projection {
    /// A projection of nothing.
    pub fn new() -> Projection {
        Projection { nodes: vec![Node::default()], slots: 0 }
    }

    /// Asks for a path; gives the slot in which its value will be. A part that is a number also indexes lists.
    pub fn add(&mut self, path: &[String]) -> u32 {
        let slot = self.slots as u32;
        self.slots += 1;
        for length in 0..path.len() {
            let above = self.node(&path[..length]);
            self.nodes[above as usize].below.push(slot);
        }
        let node = self.node(path);
        self.nodes[node as usize].slots.push(slot);
        slot
    }

    /// Asks for the fingerprint of what is at a path.
    pub fn hash_at(&mut self, path: &[String]) {
        let node = self.node(path);
        self.nodes[node as usize].hashed = true;
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        self.slots
    }

    fn node(&mut self, path: &[String]) -> u32 {
        let mut at = 0;
        for key in path {
            let known = self.nodes[at as usize]
                .children
                .iter()
                .find(|(name, _)| **name == *key.as_bytes())
                .map(|(_, child)| *child);
            at = known.unwrap_or_else(|| {
                let child = self.nodes.len() as u32;
                self.nodes.push(Node::default());
                self.nodes[at as usize].children.push((key.as_bytes().into(), child));
                child
            });
        }
        at
    }

    #[inline]
    fn child(&self, node: u32, key: &[u8]) -> u32 {
        let Some(node) = self.nodes.get(node as usize) else { return NOWHERE };
        node.children.iter().find(|(name, _)| **name == *key).map_or(NOWHERE, |(_, child)| *child)
    }

    fn leads_on(&self, node: u32) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| !node.children.is_empty())
    }
}

impl Default for Projection {
    fn default() -> Self {
        Projection::new()
    }
}

/// Walks lines with one projection.
#[derive(Debug)]
pub struct Scanner<'p> {
    projection: &'p Projection,
    hasher: foldhash::quality::RandomState,
    /// Secrets of the fingerprint, from the hasher's seed.
    secrets: [u64; 2],
    /// What was found, by slot.
    pub found: Vec<Raw>,
    /// The fingerprint of the value that [`Projection::hash_at`] asks for; 0 if it is not there, null or an empty object.
    pub hash: u64,
}

impl<'p> Scanner<'p> {
    /// A scanner; scanners that are to agree on fingerprints get copies of one hasher.
    pub fn new(projection: &'p Projection, hasher: foldhash::quality::RandomState) -> Scanner<'p> {
        let secrets = [hasher.hash_one(1_u8), hasher.hash_one(2_u8)];
        Scanner { projection, hasher, secrets, found: vec![Raw::default(); projection.slots()], hash: 0 }
    }

    /// Checks a whole line and picks out the wanted values; says what the line's value is.
    ///
    /// **Errors**: where the line is no JSON. **Cost**: one pass.
    pub fn scan(&mut self, line: &str) -> Result<Kind, Fault> {
        self.found.fill(Raw::default());
        self.hash = 0;
        let mut walk = Walk { bytes: line.as_bytes(), line, at: 0, depth: 0, scanner: self };
        walk.space();
        let kind = walk.value(0, false)?.0;
        walk.space();
        if walk.at < walk.bytes.len() { Err(Fault::Syntax(walk.at)) } else { Ok(kind) }
    }

    /// Two hashes as one, by a multiplication whose halves are folded. **Source**: the mixing step of wyhash and foldhash.
    #[inline]
    fn mix(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.secrets[0]) * u128::from(b ^ self.secrets[1]);
        (product as u64) ^ ((product >> 64) as u64)
    }

    /// The hash of some bytes, set apart by what they are.
    #[inline]
    fn hash_bytes(&self, kind: Kind, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(bytes);
        self.mix(hasher.finish(), kind as u64)
    }
}

struct Walk<'l, 's, 'p> {
    bytes: &'l [u8],
    line: &'l str,
    at: usize,
    depth: usize,
    scanner: &'s mut Scanner<'p>,
}

/// What a value is, and its fingerprint if it was asked for.
type Seen = (Kind, u64);

impl Walk<'_, '_, '_> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault<T>(&self) -> Result<T, Fault> {
        Err(Fault::Syntax(self.at))
    }

    /// A value at a node of the projection.
    #[inline]
    fn value(&mut self, node: u32, hashed: bool) -> Result<Seen, Fault> {
        if node == NOWHERE && !hashed {
            return self.any_value(NOWHERE, false);
        }
        let start = self.at;
        let projection = self.scanner.projection;
        let wanted = projection.nodes.get(node as usize);
        let hash_here = wanted.is_some_and(|node| node.hashed);
        if let Some(wanted) = wanted.filter(|_| node != 0) {
            for slot in &wanted.below {
                self.scanner.found[*slot as usize] = Raw::default();
            }
        }
        let (kind, hash) = self.any_value(node, hashed || hash_here)?;
        if let Some(wanted) = wanted {
            let quotes = usize::from(matches!(kind, Kind::Text | Kind::EscapedText));
            let raw = Raw { kind, start: (start + quotes) as u32, end: (self.at - quotes) as u32 };
            for slot in &wanted.slots {
                self.scanner.found[*slot as usize] = raw;
            }
            if hash_here {
                // An object that says nothing is the same as none.
                let nothing =
                    kind == Kind::Null || (kind == Kind::Object && hash == self.scanner.mix(0, Kind::Object as u64));
                self.scanner.hash = if nothing { 0 } else { hash };
            }
        }
        Ok((kind, hash))
    }

    #[inline]
    fn any_value(&mut self, node: u32, hashed: bool) -> Result<Seen, Fault> {
        match self.peek() {
            Some(b'"') => {
                let text = self.text()?;
                Ok((text.kind, if hashed { self.hash_text(text) } else { 0 }))
            }
            Some(b'{') => self.object(node, hashed),
            Some(b'[') => self.array(node, hashed),
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => self.number(hashed),
        }
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Seen, Fault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok((kind, self.scanner.mix(0, kind as u64)))
        } else {
            self.fault()
        }
    }

    /// The hash of a text, whether or not it was written with escapes.
    #[inline]
    fn hash_text(&self, text: Raw) -> u64 {
        match text.kind {
            Kind::Text => self.scanner.hash_bytes(Kind::Text, &self.bytes[text.start as usize..text.end as usize]),
            _ => self.scanner.hash_bytes(Kind::Text, unescape(text.of(self.line)).as_bytes()),
        }
    }

    fn number(&mut self, hashed: bool) -> Result<Seen, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.fault(),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let hash = if hashed { self.scanner.hash_bytes(Kind::Number, &self.bytes[start..self.at]) } else { 0 };
        Ok((Kind::Number, hash))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.fault() } else { Ok(()) }
    }

    /// Text, its opening quote being next; says whether it has escapes.
    #[inline]
    fn text(&mut self) -> Result<Raw, Fault> {
        let start = self.at + 1;
        self.at = start;
        let mut kind = Kind::Text;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = Kind::EscapedText;
                    self.escape()?;
                }
                _ => return self.fault(),
            }
        }
        self.at += 1;
        Ok(Raw { kind, start: start as u32, end: (self.at - 1) as u32 })
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.at += 2;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => {
                let first = self.hex4()?;
                if !(0xD800..0xE000).contains(&first) {
                    return Ok(());
                }
                let pair = first < 0xDC00 && self.bytes[self.at..].starts_with(b"\\u");
                if pair {
                    self.at += 2;
                    if (0xDC00..0xE000).contains(&self.hex4()?) {
                        return Ok(());
                    }
                }
                Err(Fault::LoneSurrogate(start))
            }
            _ => Err(Fault::Syntax(start)),
        }
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else { return self.fault() };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn deeper(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(Fault::TooDeep(self.at)) } else { Ok(()) }
    }

    /// An object; its fingerprint does not depend on the order of its keys.
    fn object(&mut self, node: u32, hashed: bool) -> Result<Seen, Fault> {
        self.deeper()?;
        self.at += 1;
        let leads_on = self.scanner.projection.leads_on(node);
        let mut sum: u64 = 0;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                if self.peek() != Some(b'"') {
                    return self.fault();
                }
                let key = self.text()?;
                let child = if leads_on { self.child(node, key) } else { NOWHERE };
                self.space();
                if self.peek() != Some(b':') {
                    return self.fault();
                }
                self.at += 1;
                self.space();
                let (_, hash) = self.value(child, hashed)?;
                if hashed {
                    sum = sum.wrapping_add(self.scanner.mix(self.hash_text(key), hash));
                }
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.fault(),
                }
                self.space();
            }
        }
        self.depth -= 1;
        Ok((Kind::Object, self.scanner.mix(sum, Kind::Object as u64)))
    }

    #[inline]
    fn child(&self, node: u32, key: Raw) -> u32 {
        match key.kind {
            Kind::Text => self.scanner.projection.child(node, &self.bytes[key.start as usize..key.end as usize]),
            _ => self.scanner.projection.child(node, unescape(key.of(self.line)).as_bytes()),
        }
    }

    fn array(&mut self, node: u32, hashed: bool) -> Result<Seen, Fault> {
        self.deeper()?;
        self.at += 1;
        let leads_on = self.scanner.projection.leads_on(node);
        let mut hash: u64 = 0;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            for index in 0_usize.. {
                let child =
                    if leads_on { self.scanner.projection.child(node, index.to_string().as_bytes()) } else { NOWHERE };
                let (_, item) = self.value(child, hashed)?;
                if hashed {
                    hash = self.scanner.mix(hash.rotate_left(5) ^ item, Kind::Array as u64);
                }
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return self.fault(),
                }
                self.space();
            }
        }
        self.depth -= 1;
        Ok((Kind::Array, self.scanner.mix(hash, Kind::Array as u64)))
    }
}

/// How many bytes at the front are neither a quote, a backslash nor a control character.
///
/// Eight bytes at a time: a byte is special if subtracting borrows into its high bit (less than 0x20), or if it is zero after an xor with
/// the byte looked for. **Source**: the zero-byte test of "Bit Twiddling Hacks" (Anderson).
#[inline]
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let zero = |x: u64| x.wrapping_sub(ONES) & !x;
        let special =
            (word.wrapping_sub(ONES * 0x20) & !word) | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5c));
        let special = special & HIGHS;
        if special != 0 {
            // Borrows only run upwards, so the lowest marked byte is truly special.
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count()
}

/// Text with its escapes resolved; the escapes have been checked.
pub fn unescape(text: &str) -> String {
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

/// The items of a list that has been checked.
pub fn items(line: &str, list: Raw) -> Vec<Raw> {
    let projection = Projection::new();
    let mut scanner = Scanner::new(&projection, foldhash::quality::RandomState::default());
    let mut walk = Walk { bytes: line.as_bytes(), line, at: list.start as usize + 1, depth: 0, scanner: &mut scanner };
    let mut items = Vec::new();
    loop {
        walk.space();
        let start = walk.at;
        let Ok((kind, _)) = walk.any_value(NOWHERE, false) else { return items };
        let quotes = usize::from(matches!(kind, Kind::Text | Kind::EscapedText));
        items.push(Raw { kind, start: (start + quotes) as u32, end: (walk.at - quotes) as u32 });
        walk.space();
        walk.at += 1;
        if walk.at >= list.end as usize {
            return items;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    fn verdict(line: &str) -> Result<Kind, Fault> {
        let projection = Projection::new();
        Scanner::new(&projection, foldhash::quality::RandomState::default()).scan(line)
    }

    fn fingerprint(line: &str) -> u64 {
        let mut projection = Projection::new();
        projection.hash_at(&path("p"));
        thread_local!(static HASHER: foldhash::quality::RandomState = foldhash::quality::RandomState::default());
        let hasher = HASHER.with(Clone::clone);
        let mut scanner = Scanner::new(&projection, hasher);
        scanner.scan(line).expect("valid");
        scanner.hash
    }

    #[test]
    fn paths_are_picked_out_wherever_they_stand() {
        let mut projection = Projection::new();
        let slots = ["a", "b.c", "b.d.1.e", "missing.x", "a"].map(|text| projection.add(&path(text)));
        let mut scanner = Scanner::new(&projection, foldhash::quality::RandomState::default());
        let line = r#"{"x":[{"a":1}],"b":{"d":[0,{"e":"\u00e9\ud83d\ude00\n"}],"c":null},"a":"t","a":-1.5e3}"#;
        assert_eq!(scanner.scan(line), Ok(Kind::Object));
        let shown = slots.map(|slot| {
            (
                scanner.found[slot as usize].kind,
                scanner.found[slot as usize].text(line).unwrap_or_default().into_owned(),
            )
        });
        assert_eq!(shown[0].0, Kind::Number, "the last of two equal keys holds");
        assert_eq!(shown[1].0, Kind::Null);
        assert_eq!(shown[2], (Kind::EscapedText, "é😀\n".to_owned()));
        assert_eq!(shown[3].0, Kind::Missing);
        assert_eq!(scanner.found[slots[4] as usize].of(line), "-1.5e3");
    }

    #[test]
    fn faults_are_told_with_their_byte() {
        for (line, fault) in [
            ("{\"a\":01}", Fault::Syntax(6)),
            ("{\"a\":1", Fault::Syntax(6)),
            ("{} x", Fault::Syntax(3)),
            ("[1,]", Fault::Syntax(3)),
            ("\"\\ud800\"", Fault::LoneSurrogate(1)),
            ("\"\\ud800\\u0041\"", Fault::LoneSurrogate(1)),
            ("\"\\x\"", Fault::Syntax(1)),
            ("\"a\u{1}\"", Fault::Syntax(2)),
            ("", Fault::Syntax(0)),
            ("nul", Fault::Syntax(0)),
        ] {
            assert_eq!(verdict(line), Err(fault), "{line}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(verdict(&deep(128)), Ok(Kind::Array));
        assert_eq!(verdict(&deep(129)), Err(Fault::TooDeep(128)));
        assert!(verdict(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn the_fingerprint_sees_content_and_not_the_order_of_keys() {
        let same = fingerprint(r#"{"p":{"a":1,"b":{"c":"é","d":[1,2]}}}"#);
        assert_eq!(same, fingerprint(r#"{ "p" : {"b":{"d":[1, 2],"c":"\u00e9"},"a":1}, "q": 1}"#));
        for other in [
            r#"{"p":{"a":2,"b":{"c":"é","d":[1,2]}}}"#,
            r#"{"p":{"a":1,"b":{"c":"é","d":[2,1]}}}"#,
            r#"{"p":{"a":"1","b":{"c":"é","d":[1,2]}}}"#,
            r#"{"p":{}}"#,
        ] {
            assert_ne!(same, fingerprint(other), "{other}");
        }
    }

    #[test]
    fn a_list_is_its_items() {
        let shown = |line: &str| {
            let list = Raw { kind: Kind::Array, start: 0, end: line.len() as u32 };
            items(line, list).iter().map(|item| item.of(line).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(shown(r#"[null, "", "acme" ,[1,2], 7]"#), ["null", "", "acme", "[1,2]", "7"]);
        assert_eq!(shown("[]"), [""; 0]);
    }

    /// Whether serde_json takes a line as we promise to: everything looked at, no deeper than 128.
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

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
