//! The slow path of the scanner, which takes any line.
//!
//! [`JsonScanner`] is a recursive-descent parser. It writes the spans of wanted values into `found`
//! and the fingerprint into `hash`.

use std::hash::{BuildHasher, Hasher};

use super::{
    DEPTH_MAX, JsonError, JsonKind, JsonSpan,
    bytes::{padded, plain_key, skip_whitespace, specials_at},
    projection::{NO_NODE, Projection},
    template::state::TemplateCache,
    unescape,
};
use crate::loader_columns::is_loader_column;

/// A position that stands for an error; [`JsonScanner::fault`] has the reason.
pub(super) const BAD: usize = usize::MAX;

/// A parsed key.
struct ScannedKey {
    /// The position after its colon.
    after: usize,
    /// The node that it leads to.
    node: u32,
    /// Its hash, if its value is part of a fingerprint.
    hash: Option<u64>,
}

impl ScannedKey {
    /// The result for a malformed key.
    const BAD: ScannedKey = ScannedKey { after: BAD, node: NO_NODE, hash: None };
}

/// Whether two copies of an event may differ in a key of a fingerprinted object: a loader writes it, and nobody reads it.
pub(super) fn is_left_out(key: &str, node: u32) -> bool {
    node == NO_NODE && is_loader_column(key)
}

/// Scans lines with one projection.
#[derive(Debug)]
pub struct JsonScanner<'p> {
    pub(super) projection: &'p Projection,
    /// The key templates of earlier lines; taken out while a line is walked.
    pub(super) template_cache: Option<Box<TemplateCache>>,
    /// Lines in a row that the templates did not fit.
    pub(super) template_misses: u32,
    hasher: foldhash::quality::RandomState,
    /// Keys of the fingerprint, from the hasher's seed.
    secrets: [u64; 2],
    /// The values found, by slot.
    pub found: Vec<JsonSpan>,
    /// The initial content of `found`.
    nothing: Vec<JsonSpan>,
    /// The number of lines so far.
    pub(super) line: u64,
    /// The line in which each node occurred last.
    pub(super) visited: Vec<u64>,
    /// The fingerprint of the value that [`Projection::hash_at`] asks for; 0 if it is missing, null
    /// or an empty object.
    pub hash: u64,
    pub(super) depth: usize,
    fault: JsonError,
    /// The type of the last value.
    pub(super) kind: JsonKind,
    pub(super) value_hash: u64,
    /// True if the last text has escapes.
    pub(super) escaped: bool,
}

impl<'p> JsonScanner<'p> {
    /// A scanner. Scanners with copies of one hasher give equal fingerprints.
    pub fn new(projection: &'p Projection, hasher: foldhash::quality::RandomState) -> JsonScanner<'p> {
        let secrets = [hasher.hash_one(1_u8), hasher.hash_one(2_u8)];
        JsonScanner {
            projection,
            template_cache: Some(Box::new(TemplateCache::new())),
            template_misses: 0,
            hasher,
            secrets,
            found: vec![JsonSpan::default(); projection.slots()],
            nothing: vec![JsonSpan::default(); projection.slots()],
            line: 0,
            visited: vec![0; projection.nodes.len()],
            hash: 0,
            depth: 0,
            fault: JsonError::Syntax(0),
            kind: JsonKind::Missing,
            value_hash: 0,
            escaped: false,
        }
    }

    /// Validates a line, picks out the wanted values, and returns the type of the line's value.
    ///
    /// # Errors
    ///
    /// The fault and its position, if the line is not JSON.
    ///
    /// **Cost**: one pass.
    pub fn scan(&mut self, line: &str) -> Result<JsonKind, JsonError> {
        self.scan_with_lookahead(line, line.as_bytes())
    }

    /// The same as [`JsonScanner::scan`], given the memory from the line's first byte on: the line,
    /// then perhaps a line end and further bytes. They do not change the result, but save the
    /// special case of the last 16 bytes.
    pub fn scan_with_lookahead(&mut self, line: &str, onwards: &[u8]) -> Result<JsonKind, JsonError> {
        self.begin();
        if self.walk_template(line, onwards) {
            return Ok(JsonKind::Object);
        }
        self.scan_slow(line)
    }

    /// The same as [`JsonScanner::scan`], always by the slow path.
    pub fn scan_slow(&mut self, line: &str) -> Result<JsonKind, JsonError> {
        self.begin();
        self.walk(line)
    }

    pub(super) fn begin(&mut self) {
        self.found.copy_from_slice(&self.nothing);
        self.line = self.line.wrapping_add(1);
        self.hash = 0;
        self.depth = 0;
    }

    fn walk(&mut self, line: &str) -> Result<JsonKind, JsonError> {
        let bytes = line.as_bytes();
        let at = self.value(line, skip_whitespace(bytes, 0), 0, false);
        if at == BAD {
            return Err(self.fault);
        }
        let end = skip_whitespace(bytes, at);
        if end < bytes.len() { Err(JsonError::Syntax(end)) } else { Ok(self.kind) }
    }

    /// Combines two hashes by a folded multiplication. **Source**: the mixing step of wyhash and
    /// foldhash.
    #[inline]
    pub(super) fn mix(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a ^ self.secrets[0]).wrapping_mul(u128::from(b ^ self.secrets[1]));
        (product as u64) ^ ((product >> 64) as u64)
    }

    /// The hash of some bytes, separated by the type of the value.
    #[inline]
    pub(super) fn hash_bytes(&self, kind: JsonKind, bytes: &[u8]) -> u64 {
        if bytes.len() < 16 {
            return self.hash_short(kind, bytes.len(), u128::from_le_bytes(padded(bytes, 0)));
        }
        let mut hasher = self.hasher.build_hasher();
        hasher.write(bytes);
        self.mix(hasher.finish(), kind as u64)
    }

    /// The hash of fewer than sixteen bytes, padded with zeros.
    #[inline(always)]
    pub(super) fn hash_short(&self, kind: JsonKind, length: usize, bytes: u128) -> u64 {
        let marks = (length as u64) << 8 | kind as u64;
        self.mix(self.mix(bytes as u64, (bytes >> 64) as u64), marks)
    }

    /// The hash of an object, given the sum of its members' hashes. A sum does not depend on their
    /// order.
    #[inline(always)]
    pub(super) fn object_hash(&self, sum: u64) -> u64 {
        self.mix(sum, JsonKind::Object as u64)
    }

    /// The hash of a text; escapes do not change it.
    #[inline]
    fn hash_text(&self, line: &str, text: JsonSpan) -> u64 {
        match text.kind {
            JsonKind::Text => self.hash_bytes(JsonKind::Text, text.slice(line).as_bytes()),
            _ => self.hash_bytes(JsonKind::Text, unescape(text.slice(line)).as_bytes()),
        }
    }

    #[cold]
    pub(super) fn fail(&mut self, fault: JsonError) -> usize {
        self.fault = fault;
        BAD
    }

    /// The span of the last value, given its first byte and the byte after its last.
    #[inline(always)]
    pub(super) fn raw(&self, start: usize, end: usize) -> JsonSpan {
        let quotes = usize::from(matches!(self.kind, JsonKind::Text | JsonKind::EscapedText));
        JsonSpan { kind: self.kind, start: (start + quotes) as u32, end: (end - quotes) as u32 }
    }

    /// Parses the value at a position, for a node of the projection; returns the position after it.
    pub(super) fn value(&mut self, line: &str, at: usize, node: u32, hashed: bool) -> usize {
        if node == NO_NODE {
            return self.any_value(line, at, NO_NODE, hashed);
        }
        let projection = self.projection;
        let wanted = &projection.nodes[node as usize];
        if !wanted.below.is_empty() {
            // The last of equal keys counts, with all values below it.
            if self.visited[node as usize] == self.line {
                wanted.below.iter().for_each(|slot| self.found[*slot as usize] = JsonSpan::default());
            }
            self.visited[node as usize] = self.line;
        }
        let end = self.any_value(line, at, node, hashed || wanted.hashed);
        if end == BAD {
            return BAD;
        }
        let raw = self.raw(at, end);
        for slot in &wanted.slots {
            self.found[*slot as usize] = raw;
        }
        if wanted.hashed {
            // An empty object counts as missing.
            let nothing = self.kind == JsonKind::Null
                || (self.kind == JsonKind::Object && self.value_hash == self.object_hash(0));
            self.hash = if nothing { 0 } else { self.value_hash };
        }
        end
    }

    #[inline(never)]
    pub(super) fn any_value(&mut self, line: &str, at: usize, node: u32, hashed: bool) -> usize {
        match line.as_bytes().get(at) {
            Some(b'"') => {
                let close = self.text_end(line.as_bytes(), at + 1);
                if close == BAD {
                    return BAD;
                }
                self.kind = if self.escaped { JsonKind::EscapedText } else { JsonKind::Text };
                if hashed {
                    self.value_hash = self.hash_text(line, self.raw(at, close + 1));
                }
                close + 1
            }
            Some(b'{') => self.object(line, at + 1, node, hashed),
            Some(b'[') => self.array(line, at + 1, node, hashed),
            Some(b't') => self.word(line, at, "true", JsonKind::True),
            Some(b'f') => self.word(line, at, "false", JsonKind::False),
            Some(b'n') => self.word(line, at, "null", JsonKind::Null),
            _ => self.number(line.as_bytes(), at, hashed),
        }
    }

    /// The position of the closing quote, given the position after the opening one.
    #[inline(always)]
    fn text_end(&mut self, bytes: &[u8], mut at: usize) -> usize {
        self.escaped = false;
        loop {
            let special = specials_at(bytes, at);
            if special == 0 {
                at += 16;
                continue;
            }
            at += special.trailing_zeros() as usize;
            match bytes.get(at) {
                Some(b'"') => return at,
                Some(b'\\') => {
                    at = self.escape(bytes, at);
                    if at == BAD {
                        return BAD;
                    }
                }
                _ => return self.fail(JsonError::Syntax(at)),
            }
        }
    }

    /// Parses an object from the position after its brace. Its fingerprint does not depend on key
    /// order.
    #[inline(never)]
    fn object(&mut self, line: &str, at: usize, node: u32, hashed: bool) -> usize {
        let bytes = line.as_bytes();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail(JsonError::TooDeep(at - 1));
        }
        let mut sum: u64 = 0;
        let mut at = skip_whitespace(bytes, at);
        if bytes.get(at) == Some(&b'}') {
            at += 1;
        } else {
            loop {
                // In an object that is not wanted, only the end of a key matters.
                let unread = if node == NO_NODE && !hashed { plain_key(bytes, at) } else { None };
                let key = unread
                    .map_or_else(|| self.key(line, at, node, hashed), |after| ScannedKey { after, ..ScannedKey::BAD });
                if key.after == BAD {
                    return BAD;
                }
                at = self.value(line, skip_whitespace(bytes, key.after), key.node, key.hash.is_some());
                if at == BAD {
                    return BAD;
                }
                if let Some(hash) = key.hash {
                    sum = sum.wrapping_add(self.mix(hash, self.value_hash));
                }
                at = skip_whitespace(bytes, at) + 1;
                match bytes.get(at - 1) {
                    Some(b',') => at = skip_whitespace(bytes, at),
                    Some(b'}') => break,
                    _ => return self.fail(JsonError::Syntax(at - 1)),
                }
            }
        }
        self.depth -= 1;
        self.kind = JsonKind::Object;
        self.value_hash = self.object_hash(sum);
        at
    }

    /// Parses a key and its colon.
    fn key(&mut self, line: &str, at: usize, node: u32, hashed: bool) -> ScannedKey {
        let bytes = line.as_bytes();
        if bytes.get(at) != Some(&b'"') {
            self.fail(JsonError::Syntax(at));
            return ScannedKey::BAD;
        }
        let close = self.text_end(bytes, at + 1);
        if close == BAD {
            return ScannedKey::BAD;
        }
        let kind = if self.escaped { JsonKind::EscapedText } else { JsonKind::Text };
        let key = JsonSpan { kind, start: (at + 1) as u32, end: close as u32 };
        let colon = skip_whitespace(bytes, close + 1);
        if bytes.get(colon) != Some(&b':') {
            self.fail(JsonError::Syntax(colon));
            return ScannedKey::BAD;
        }
        let node = match kind {
            _ if !self.projection.leads_on(node) => NO_NODE,
            JsonKind::Text => self.projection.child(node, key.slice(line).as_bytes()),
            _ => self.projection.child(node, unescape(key.slice(line)).as_bytes()),
        };
        let is_compared = hashed && !key.text(line).is_some_and(|key| is_left_out(&key, node));
        ScannedKey { after: colon + 1, node, hash: is_compared.then(|| self.hash_text(line, key)) }
    }

    #[inline(never)]
    fn array(&mut self, line: &str, at: usize, node: u32, hashed: bool) -> usize {
        let bytes = line.as_bytes();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail(JsonError::TooDeep(at - 1));
        }
        let leads_on = self.projection.leads_on(node);
        let mut hash: u64 = 0;
        let mut at = skip_whitespace(bytes, at);
        if bytes.get(at) == Some(&b']') {
            at += 1;
        } else {
            for index in 0_usize.. {
                let child = if leads_on { self.projection.child(node, index.to_string().as_bytes()) } else { NO_NODE };
                at = self.value(line, at, child, hashed);
                if at == BAD {
                    return BAD;
                }
                if hashed {
                    hash = self.mix(hash.rotate_left(5) ^ self.value_hash, JsonKind::Array as u64);
                }
                at = skip_whitespace(bytes, at);
                match bytes.get(at) {
                    Some(b',') => at = skip_whitespace(bytes, at + 1),
                    Some(b']') => {
                        at += 1;
                        break;
                    }
                    _ => return self.fail(JsonError::Syntax(at)),
                }
            }
        }
        self.depth -= 1;
        self.kind = JsonKind::Array;
        self.value_hash = self.mix(hash, JsonKind::Array as u64);
        at
    }
}
