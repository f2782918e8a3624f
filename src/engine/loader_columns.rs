//! Names of columns that a loader or a receiver writes beside an event, such as `_LOADED_AT`, `_fivetran_synced`, `ts_ms`.
//!
//! They say when a copy of an event was transferred. Two copies of one event differ in them.

/// Words of the stamps that a loader or receiver writes.
pub(crate) const LOADER_WORDS: &[&str] = &[
    "loaded",
    "load",
    "loader",
    "ingested",
    "ingestion",
    "ingest",
    "extracted",
    "emitted",
    "received",
    "synced",
    "sync",
    "sdc",
    "dlt",
    "airbyte",
    "fivetran",
    "stitch",
    "etl",
    "uploaded",
    "inserted",
    "processed",
    "imported",
    "batch",
    "batched",
    "partition",
    "kafka",
    "warehouse",
    "upload",
    "collector",
    "server",
];

/// Last words of the name of a stamp.
const STAMP_ENDINGS: &[&str] = &["at", "on", "time", "timestamp", "tstamp", "ts", "date", "ms", "synced"];

/// What all columns of one loader begin with.
///
/// **Source**: the columns that Airbyte, Fivetran, Singer's targets, dlt, Hevo and BigQuery add to a table.
const LOADER_PREFIXES: &[&str] =
    &["_airbyte_", "_ab_", "_fivetran_", "_sdc_", "_dlt_", "__hevo", "_partitiontime", "_partitiondate", "_etl_"];

/// Names of stamps that no word tells from others.
const LOADER_NAMES: &[&str] = &["ts_ms", "sent_at", "sentat", "uuid_ts", "original_timestamp", "originaltimestamp"];

/// The longest name of such a column in bytes.
const NAME_MAX: usize = 40;

/// Whether the last key of a path, in words, is a stamp such as `ts_ms`.
pub(crate) fn is_change_stamp(leaf: &[String]) -> bool {
    leaf == ["ts", "ms"]
}

/// Whether a loader or receiver writes the column, in any case and spelling: `_LOADED_AT`, `receivedAt`.
///
/// Asked for every key that is compared, so names that cannot be one are passed over at their first and last bytes.
pub(crate) fn is_loader_column(name: &str) -> bool {
    let may_be = name.len() <= NAME_MAX && (name.starts_with('_') || ends_as_stamp(name.as_bytes()));
    may_be && is_known(name)
}

/// Whether the last two letters are those of an ending of stamps.
fn ends_as_stamp(name: &[u8]) -> bool {
    let [.., a, b] = name else { return false };
    STAMP_ENDINGS.iter().any(|ending| ending.as_bytes().ends_with(&[a.to_ascii_lowercase(), b.to_ascii_lowercase()]))
}

fn is_known(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if LOADER_NAMES.contains(&lower.as_str()) || LOADER_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)) {
        return true;
    }
    let words = name_words(name);
    let is_stamp = words.last().is_some_and(|last| STAMP_ENDINGS.contains(&last.as_str()));
    is_stamp && words.iter().any(|word| LOADER_WORDS.contains(&word.as_str()))
}

/// The words of a name in lower case, apart at capitals and at what is no letter or digit.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::is_loader_column;

    #[test]
    fn columns_of_loaders_are_known_in_every_case() {
        for name in [
            "_AIRBYTE_EXTRACTED_AT",
            "_airbyte_raw_id",
            "_LOADED_AT",
            "loaded_at",
            "_fivetran_synced",
            "_sdc_batched_at",
            "_sdc_sequence",
            "_PARTITIONTIME",
            "received_at",
            "receivedAt",
            "RECEIVED_AT",
            "emitted_at",
            "ts_ms",
            "TS_MS",
            "sent_at",
            "sentAt",
            "uuid_ts",
            "_inserted_at",
            "server_upload_time",
            "ingested_at",
            "_dlt_load_id",
            "__hevo__ingested_at",
            "originalTimestamp",
            "Loaded At",
        ] {
            assert!(is_loader_column(name), "{name}");
        }
        for name in
            ["plan", "created_at", "batch_size", "server", "load", "region", "_id", "at", "", "partition", "sync_mode"]
        {
            assert!(!is_loader_column(name), "{name}");
        }
    }
}
