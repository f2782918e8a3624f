//! Texts of a model in the words of the dump: what its events do not say, no text claims.

use super::{
    document::{DocumentTable, DocumentValue},
    wiring::EventWiring,
    words::{is_governance, is_request},
};
use pql_engine::inspect::name_similarity::split_words;
use pql_model::EntityKind;

/// Keys of texts that people read.
const TEXTS: [&str; 4] = ["say", "because", "message", "action"];

/// Lists of entries with such texts.
const LISTS: [&str; 3] = ["signals", "routes", "alerts"];

/// What is said of an upgrade where no event tells of its end.
const BEGUN: [(&str, &str); 2] = [(" begun and not finished", " begun"), (" and did not finish it", "")];

/// What is said of a look at a feature that nobody asked for in words.
const LOOKED: [(&str, &str); 3] = [
    ("Asked for {enterprise_asks}", "Looked into {enterprise_asks}"),
    ("Asked for {asks_to_name}", "Looked into {asks_to_name}"),
    ("Asked about governance", "Looked into governance"),
];

/// The events of a shipped model that are counted from their beginning on, since no event of the dump tells of their end; each with the events that would.
pub(super) fn counted_from_beginning(document: &DocumentTable, whole: &DocumentTable) -> Vec<(String, Vec<String>)> {
    let metrics = document.at(&["metrics"]).map(|metrics| metrics.entries.as_slice()).unwrap_or_default();
    let begun = metrics.iter().filter_map(|(name, value)| {
        let before = whole.at(&["metrics", name])?;
        let was_open = before.text("measure") == Some("open") && value.table()?.text("measure") == Some("count");
        let ends = before.texts("to").into_iter().map(str::to_owned).collect();
        was_open.then(|| (name.clone(), ends))
    });
    begun.collect()
}

/// Rewrites texts that claim more than the events of the dump say.
pub(super) fn adapt_texts(document: &mut DocumentTable, whole: &DocumentTable, wiring: &EventWiring) {
    if !counted_from_beginning(document, whole).is_empty() {
        replace_in_texts(document, &BEGUN);
    }
    if only_looks_at_governance(wiring) {
        replace_in_texts(document, &LOOKED);
    }
}

/// Whether all events that stand for a need for governance are looks or settings, and none is a request.
fn only_looks_at_governance(wiring: &EventWiring) -> bool {
    let of_governance = wiring.found.iter().filter(|(event, _)| is_governance(&split_words(event)));
    let mut names = of_governance.flat_map(|(_, wired)| wired).map(|wired| split_words(&wired.name)).peekable();
    names.peek().is_some() && names.all(|words| !is_request(&words))
}

fn replace_in_texts(document: &mut DocumentTable, pairs: &[(&str, &str)]) {
    for (level, list) in EntityKind::ALL.into_iter().flat_map(|side| LISTS.map(|list| (side.word(), list))) {
        let entries = document.at_mut(&[level]).and_then(|table| table.get_mut(list));
        let Some(DocumentValue::List(entries)) = entries else { continue };
        for entry in entries {
            let DocumentValue::Table(entry) = entry else { continue };
            for key in TEXTS {
                let Some(text) = entry.text(key) else { continue };
                let text = pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
                entry.set(key, DocumentValue::Text(text));
            }
        }
    }
}
