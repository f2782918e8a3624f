//! What a nightly run of a first model must look like.

use pql_engine::inspect::dataset_profile::DatasetProfile;

use super::document::{DocumentTable, DocumentValue};

/// Adds expectations that hold for the dump, and fail for an export that stopped or came twice.
///
/// A dump with dates without events has weekends, so such a date is a warning there.
pub(super) fn add_expectations(document: &mut DocumentTable, dump: &DatasetProfile) {
    if document.get("expect").is_some() {
        return;
    }
    let quiet = if dump.has_events_every_day() { "fail" } else { "warn" };
    let mut all =
        vec![expectation("events_last_day > 0", "no event on the last date: the export stopped or is late", quiet)];
    if dump.has_few_conflicts() {
        let say = "the same rows were exported twice, with other contents";
        all.push(expectation("id_conflict <= 10 or id_conflict <= 0.01 * events", say, "fail"));
    }
    document.set("expect", DocumentValue::List(all));
}

fn expectation(that: &str, say: &str, otherwise: &str) -> DocumentValue {
    let entry = |(key, text): (&str, &str)| (key.to_owned(), DocumentValue::Text(text.to_owned()));
    let entries = [("that", that), ("say", say), ("otherwise", otherwise)].map(entry).into();
    DocumentValue::Table(DocumentTable { entries })
}
