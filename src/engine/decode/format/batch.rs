//! Splits a line that holds several records into the records.

use std::borrow::Cow;

use crate::decode::json::{JsonKind, JsonSpan, walk};

/// Returns the records of a line: the list, or the single object, at the first of the paths that
/// has a value. None if the line is not JSON or no path has a value; then the decoder reads, or
/// rejects, the whole line.
pub fn split_batch<'l>(line: &'l str, paths: &[&[&str]]) -> Option<Vec<Cow<'l, str>>> {
    serde_json::from_str::<serde::de::IgnoredAny>(line).ok()?;
    let top = walk::first_value(line)?;
    let found = paths.iter().map(|path| path.iter().fold(top, |object, key| walk::member(line, object, key)));
    let found = found.into_iter().find(|raw| !raw.is_null_or_missing())?;
    match found.kind {
        JsonKind::Array => Some(walk::items(line, found).map(|item| Cow::Borrowed(with_quotes(line, item))).collect()),
        JsonKind::Object => Some(vec![Cow::Borrowed(found.slice(line))]),
        // A dump may hold its payload as JSON in a text.
        JsonKind::Text | JsonKind::EscapedText => {
            let text = found.text(line)?.into_owned();
            let inner = split_batch(&text, &[&["batch"]]);
            Some(inner.map_or_else(
                || vec![Cow::Owned(text.clone())],
                |all| all.into_iter().map(|one| Cow::Owned(one.into_owned())).collect(),
            ))
        }
        _ => None,
    }
}

/// A value as written in the line, with its quotes.
fn with_quotes(line: &str, raw: JsonSpan) -> &str {
    let quote = usize::from(matches!(raw.kind, JsonKind::Text | JsonKind::EscapedText));
    line.get(raw.start as usize - quote..raw.end as usize + quote).unwrap_or("")
}
