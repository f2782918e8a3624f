//! The last step to a model without problems: what the check of models warns of is taken out, one entry at a time.

use pql_engine::plan::parse_to_check;
use pql_model::{
    EntityKind, codes,
    diag::{Diagnostic, DocumentProblems, Severity, SourceDocument},
    lint::lint,
};

use super::{
    document::{DocumentTable, DocumentValue},
    layout::{EntryKey, EntryPlace, WrittenText},
    prune::{DroppedKind, DroppedPart},
};
use crate::commands::check::{CheckScope, CheckedModel};

/// Steps after which a model that still has problems is taken as it is.
const STEPS_MAX: usize = 200;

/// A model without problems, as far as that goes.
pub(super) struct SettledModel {
    pub(super) document: DocumentTable,
    /// What was taken out on the way.
    pub(super) dropped: Vec<DroppedPart>,
}

/// Writes a model and takes out what the check of models warns of, until there is nothing.
pub(super) fn settle(mut document: DocumentTable, write: &dyn Fn(&DocumentTable) -> WrittenText) -> SettledModel {
    let mut dropped = Vec::new();
    let mut written = write(&document);
    for _ in 0..STEPS_MAX {
        let problems = problems_of(&written.text);
        let Some(problem) = problems.first() else { break };
        let place = written.entry_at(problem.span.start).filter(|place| is_dead(problem) && can_drop(&document, place));
        match place {
            Some(place) => dropped.extend(drop_entry(&mut document, problem, place)),
            None if problem.severity == Severity::Warning => ignore(&mut document, problem),
            None => break,
        }
        written = write(&document);
    }
    SettledModel { document, dropped }
}

/// Warnings of what does nothing. What else is warned of was meant by the shipped model, or is what these events leave of it.
const DEAD: [&str; 8] = [
    codes::NEVER_HOLDS,
    codes::ALWAYS_HOLDS,
    codes::TIER_OUT_OF_REACH,
    codes::ROUTE_OUT_OF_REACH,
    codes::SEGMENT_OUT_OF_REACH,
    codes::THRESHOLD_TOO_HIGH,
    codes::RUNG_OUT_OF_REACH,
    codes::UNUSED,
];

/// Whether a problem goes with the entry that it is about.
fn is_dead(problem: &Diagnostic) -> bool {
    problem.severity == Severity::Error || DEAD.contains(&problem.code) || problem.code == codes::UNUSED_IGNORE
}

/// Writes into a model that a warning is meant.
fn ignore(document: &mut DocumentTable, problem: &Diagnostic) {
    let text = |text: &str| DocumentValue::Text(text.to_owned());
    let because = format!("what these events leave of the shipped model: {}", problem.message);
    let entry = DocumentTable {
        entries: vec![("code".to_owned(), text(problem.code)), ("because".to_owned(), text(&because))],
    };
    let known = document.at(&["check"]).and_then(|check| check.get("ignore")).cloned();
    let mut list = match known {
        Some(DocumentValue::List(list)) => list,
        _ => Vec::new(),
    };
    list.push(DocumentValue::Table(entry));
    let mut check = document.at(&["check"]).cloned().unwrap_or_default();
    check.set("ignore", DocumentValue::List(list));
    document.set("check", DocumentValue::Table(check));
}

/// The problems of a text: errors, else warnings that are not meant.
fn problems_of(text: &str) -> Vec<Diagnostic> {
    let source = SourceDocument { name: "(init)".to_owned(), text: text.to_owned() };
    let model = match parse_to_check(&source) {
        Ok(model) => model,
        Err(DocumentProblems { list, .. }) => return list,
    };
    CheckedModel::usable(source, &model, lint(&model.resolved), CheckScope::Model).problems
}

/// Whether the model is still one without an entry.
fn can_drop(document: &DocumentTable, place: &EntryPlace) -> bool {
    let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
    match (&place.key, path.as_slice()) {
        (EntryKey::Number(number), [level, "tiers" | "routes"]) => {
            let list = document.at(&[level]).and_then(|table| table.get(path[1]));
            matches!(list, Some(DocumentValue::List(list)) if number + 1 < list.len())
        }
        (EntryKey::Number(_), _) => true,
        (EntryKey::Name(_), ["events" | "metrics"] | [_, "facts" | "rollups" | "traits"] | ["output"]) => true,
        (EntryKey::Name(_), ["user" | "account", "categories", _]) => true,
        (EntryKey::Name(_), _) => false,
    }
}

/// Takes an entry out; gives it, if it was one that decides.
fn drop_entry(document: &mut DocumentTable, problem: &Diagnostic, place: &EntryPlace) -> Option<DroppedPart> {
    let path: Vec<&str> = place.path.iter().map(String::as_str).collect();
    match &place.key {
        EntryKey::Name(name) => {
            document.at_mut(&path)?.remove(name);
            None
        }
        EntryKey::Number(number) => {
            let (last, above) = path.split_last()?;
            let table = document.at_mut(above)?;
            let Some(DocumentValue::List(list)) = table.get_mut(last) else { return None };
            let entry = list.remove(*number);
            if list.is_empty() {
                table.remove(last);
            }
            let side = EntityKind::ALL.into_iter().find(|side| above.first() == Some(&side.word()))?;
            let kind = DroppedKind::of_list(last)?;
            let name = entry.table()?.text("name").unwrap_or_default().to_owned();
            Some(DroppedPart { side, kind, name, lacks: vec![problem.message.clone()] })
        }
    }
}
