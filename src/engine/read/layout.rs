//! Detects the layout of a file from its first bytes.
//!
//! Takes the first bytes of the content, decompressed and less a byte order mark. Invariant:
//! content that begins with an object on a line of its own is lines. So files of lines cost one
//! check.

/// The bytes of a file that are inspected.
pub(super) const HEAD_BYTES_MAX: usize = 64 << 10;

/// The bytes of an API response in which its list is searched.
pub(super) const WRAPPER_BYTES_MAX: usize = 64 << 10;

/// Keys under which API responses hold their lists.
const LIST_NAMES: [&str; 9] = ["results", "data", "events", "items", "records", "rows", "value", "batch", "hits"];

/// Under which names answers of APIs hold an object in which the list lies.
const ANSWER_NAMES: [&str; 8] = ["data", "hits", "response", "result", "results", "payload", "body", "_embedded"];

/// Under which names records lie in what a search engine or a connector puts around each of them.
const RECORD_NAMES: [&str; 6] = ["_source", "_airbyte_data", "record", "data", "after", "attributes"];

/// How deep in an answer a list is looked for.
const ANSWER_DEPTH_MAX: u64 = 4;

/// Keys under which manifests hold their lists of files.
const MANIFEST_NAMES: [&str; 3] = ["entries", "files", "fileLocations"];

/// Keys that events have and API responses do not.
const EVENT_NAMES: [&str; 15] = [
    "event",
    "event_name",
    "event_type",
    "eventName",
    "event_id",
    "timestamp",
    "time",
    "event_time",
    "event_timestamp",
    "messageId",
    "distinct_id",
    "user_id",
    "userId",
    "anonymous_id",
    "anonymousId",
];

/// True for JSON that is not lines.
pub(super) fn is_list(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    match head.split_first() {
        Some((b'[', rest)) => matches!(rest.trim_ascii_start().first(), Some(b'{' | b']')),
        Some((b'{', rest)) => is_printed_over_lines(rest) || wrapped_list(head).is_some(),
        _ => false,
    }
}

/// True for a manifest, a list of files that loaders write beside an export. It is an object with
/// such a list and without keys of events.
pub(super) fn is_manifest(head: &[u8]) -> bool {
    let Some(keys) = ObjectKeys::new(head.trim_ascii_start()) else { return false };
    let mut lists_files = false;
    for key in keys {
        if is_one_of(key.name, &EVENT_NAMES) {
            return false;
        }
        let value = key.rest.first();
        lists_files |= value == Some(&b'[') && is_one_of(key.name, &MANIFEST_NAMES);
    }
    lists_files
}

/// True if an object continues after the line of its opening brace.
fn is_printed_over_lines(rest: &[u8]) -> bool {
    let inner = rest.trim_ascii_start();
    let spaces = &rest[..rest.len() - inner.len()];
    spaces.contains(&b'\n') && matches!(inner.first(), Some(b'"' | b'}'))
}

/// Where the list of records begins in an answer of an API, and in how many objects it lies: in the object that `head` begins with, under one of the
/// known names, and only if its first element, and not the object itself, has a name that events have.
pub(super) fn wrapped_list(head: &[u8]) -> Option<(usize, u64)> {
    list_below(head.get(..WRAPPER_BYTES_MAX).unwrap_or(head), 1)
}

fn list_below(head: &[u8], depth: u64) -> Option<(usize, u64)> {
    for key in ObjectKeys::new(head)? {
        if is_one_of(key.name, &EVENT_NAMES) {
            return None;
        }
        let at = head.len() - key.rest.len();
        if key.rest.first() == Some(&b'{') && depth < ANSWER_DEPTH_MAX && is_one_of(key.name, &ANSWER_NAMES) {
            if let Some((below, depth)) = list_below(key.rest, depth + 1) {
                return Some((at + below, depth));
            }
            continue;
        }
        let Some((b'[', items)) = key.rest.split_first().filter(|_| is_one_of(key.name, &LIST_NAMES)) else { continue };
        let items = items.trim_ascii_start();
        let holds_events = match items.first() {
            // An empty list further down may be anything.
            Some(b']') => depth == 1 || is_one_of(key.name, &["events", "hits"]),
            Some(b'{') => is_record(items),
            _ => false,
        };
        return holds_events.then_some((at, depth));
    }
    None
}

/// Whether an object has a name that events have, or holds such an object as its record.
fn is_record(object: &[u8]) -> bool {
    let is_event = |key: &ObjectKey<'_>| is_one_of(key.name, &EVENT_NAMES);
    let Some(mut keys) = ObjectKeys::new(object) else { return false };
    keys.any(|key| {
        let inner = || ObjectKeys::new(key.rest).is_some_and(|mut keys| keys.any(|key| is_event(&key)));
        is_event(&key) || (is_one_of(key.name, &RECORD_NAMES) && inner())
    })
}

/// Keys under which API responses refer to the next page, or announce one.
const NEXT_NAMES: [&str; 9] = [
    "next",
    "next_url",
    "next_page",
    "next_page_token",
    "nextPageToken",
    "next_cursor",
    "nextCursor",
    "has_more",
    "hasMore",
];

/// True if the part of a response beside its list announces another page.
pub(super) fn has_next(beside: &[u8]) -> bool {
    NEXT_NAMES.iter().any(|name| {
        let name = format!("\"{name}\"");
        let mut ends = memchr::memmem::find_iter(beside, &name).map(|at| at + name.len());
        ends.any(|end| {
            let value = beside[end..].trim_ascii_start().strip_prefix(b":");
            match value.unwrap_or_default().trim_ascii_start() {
                [b'"', b'"', ..] => false,
                [b'"' | b'{' | b't' | b'1'..=b'9', ..] => true,
                _ => false,
            }
        })
    })
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}

/// A key of an object, as it is written, and the bytes from its value on.
struct ObjectKey<'h> {
    name: &'h [u8],
    rest: &'h [u8],
}

/// The keys of the object at the start of some bytes, as far as the bytes go.
struct ObjectKeys<'h> {
    bytes: &'h [u8],
    at: usize,
}

impl<'h> ObjectKeys<'h> {
    fn new(bytes: &'h [u8]) -> Option<Self> {
        (bytes.first() == Some(&b'{')).then_some(Self { bytes, at: 1 })
    }

    fn rest(&self) -> &'h [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at = self.bytes.len() - self.rest().trim_ascii_start().len();
    }

    /// Parses the text whose opening quote is next.
    fn text(&mut self) -> Option<&'h [u8]> {
        let inner = self.rest().strip_prefix(b"\"")?;
        let mut end = 0;
        loop {
            end += memchr::memchr2(b'"', b'\\', inner.get(end..)?)?;
            if inner.get(end) == Some(&b'"') {
                break;
            }
            end += 2;
        }
        self.at += end + 2;
        inner.get(..end)
    }

    /// Skips a value of any type.
    fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.rest().first()? {
                b'"' => {
                    self.text()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b',' | b'}' if depth == 0 => return Some(()),
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }
}

impl<'h> Iterator for ObjectKeys<'h> {
    type Item = ObjectKey<'h>;

    fn next(&mut self) -> Option<ObjectKey<'h>> {
        if self.at > 1 {
            self.value()?;
            if self.rest().first() != Some(&b',') {
                return None;
            }
            self.at += 1;
        }
        self.space();
        let name = self.text()?;
        self.space();
        if self.rest().first() != Some(&b':') {
            return None;
        }
        self.at += 1;
        self.space();
        Some(ObjectKey { name, rest: self.rest() })
    }
}
