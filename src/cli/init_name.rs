//! What a first model is called: after the dump, and after the model that it was cut from.

use std::{ffi::OsString, path::Path};

use pql_model::ShippedModel;

/// Names of files and folders that any dump may have.
const COMMON: [&str; 15] = [
    "dump", "dumps", "events", "event", "export", "exports", "data", "part", "parts", "raw", "logs", "files", "output",
    "tmp", "input",
];

/// Endings that are no part of a name.
const ENDINGS: [&str; 14] =
    ["json", "jsonl", "ndjson", "csv", "tsv", "txt", "parquet", "gz", "zst", "zstd", "zip", "tar", "log", "tgz"];

/// The length of a name at most, in letters.
const LENGTH_MAX: usize = 40;

/// The name of a first model: the nearest file or folder of the first path as it was written whose name says something, and the key of the shipped model.
pub(super) fn model_name(events: &[OsString], shipped: &ShippedModel) -> String {
    let first = events.first().filter(|path| *path != "-").map(Path::new);
    let dump = first.into_iter().flat_map(Path::ancestors).find_map(telling_name);
    match dump {
        Some(dump) => format!("{dump}-{}", shipped.key),
        None => format!("first-{}", shipped.key),
    }
}

/// The last part of a path in small letters, digits and dashes; none if it says nothing of the product.
fn telling_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let parts = name.split('.').filter(|part| !ENDINGS.contains(part));
    let words: Vec<String> = parts
        .flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let says = |word: &String| !COMMON.contains(&word.as_str()) && word.contains(|c: char| c.is_ascii_alphabetic());
    let text: String = words.join("-").chars().take(LENGTH_MAX).collect();
    words.iter().any(says).then(|| text.trim_end_matches('-').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_called_after_the_dump() {
        for (path, expected) in [
            ("/x/planner/dump", Some("planner-sales")),
            ("/x/Product_Events.csv", Some("product-events-sales")),
            ("/x/acme/2026/part-0.json.gz", Some("acme-sales")),
            ("/x/*.json", Some("x-sales")),
            ("-", Some("first-sales")),
        ] {
            let name = model_name(&[OsString::from(path)], &pql_model::SHIPPED[0]);
            assert_eq!(Some(name.as_str()), expected, "{path}");
        }
    }
}
