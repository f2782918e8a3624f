//! Lines that hold several records: each is taken out as it stands.

use std::borrow::Cow;

use crate::decode::json::{JsonKind, JsonSpan, walk};

/// The records of a line that holds a list of them (or one) at the first of some paths that is there; none if the line is no JSON or holds nothing
/// at any of them, so that it has to speak for itself.
pub fn split_batch<'l>(line: &'l str, paths: &[&[&str]]) -> Option<Vec<Cow<'l, str>>> {
    serde_json::from_str::<serde::de::IgnoredAny>(line).ok()?;
    let top = walk::first_value(line)?;
    let found = paths.iter().map(|path| path.iter().fold(top, |object, key| walk::member(line, object, key)));
    let found = found.into_iter().find(|raw| !raw.is_null_or_missing())?;
    match found.kind {
        JsonKind::Array => Some(walk::items(line, found).map(|item| Cow::Borrowed(with_quotes(line, item))).collect()),
        JsonKind::Object => Some(vec![Cow::Borrowed(found.slice(line))]),
        // A dump may hold its payload as text that is JSON.
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

/// A value as it stands in the line.
fn with_quotes(line: &str, raw: JsonSpan) -> &str {
    let quote = usize::from(matches!(raw.kind, JsonKind::Text | JsonKind::EscapedText));
    line.get(raw.start as usize - quote..raw.end as usize + quote).unwrap_or("")
}
