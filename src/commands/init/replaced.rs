//! What a model loses where somebody says which events are features, in place of those that `init` takes by their names.

use super::{FirstModel, FirstModelJob, graph::listed, wiring::EventWiring};
use pql_model::{EntityKind, units::plural};

/// The lists whose entries are compared, each with what one entry is called.
const LISTS: [(&str, &str); 2] = [("signals", "signal"), ("milestones", "milestone")];

/// What changes with the features that were said, as a sentence; nothing if `init` would take none by their names.
///
/// `guessed` is the wiring without them, and `job` is that of the model.
pub fn replaced_features(first: &FirstModel, guessed: &EventWiring, job: &FirstModelJob<'_>) -> Option<String> {
    let (event, count) = guessed.named_features()?;
    let said = job.wiring.found.get(event).map_or(0, Vec::len);
    let before = FirstModel::of(&FirstModelJob { wiring: guessed, ..*job });
    let (now, then) = (parts_of(first), parts_of(&before));
    let lost: Vec<&str> = then.iter().filter(|part| !now.contains(part)).map(String::as_str).collect();
    let said = match said {
        0 => "no event".to_owned(),
        said => plural(said as u64, "event", "events"),
    };
    let lost = match lost.as_slice() {
        [] => "no signal and no milestone is lost".to_owned(),
        lost => format!("the model loses {}", lost.join(", ")),
    };
    let guessed = plural(count as u64, "event", "events");
    Some(format!("{event}: --set names {said} in place of the {guessed} that `init` takes by their names; {lost}"))
}

/// The signals and milestones of a model, as a message calls them.
fn parts_of(model: &FirstModel) -> Vec<String> {
    let of_level = |side: EntityKind| {
        LISTS.into_iter().flat_map(move |(list, one)| {
            let names = listed(&model.document, [side.word(), list]).filter_map(|entry| entry.text("name"));
            names.map(move |name| format!("the {one} {name} of {}", side.plural()))
        })
    };
    EntityKind::ALL.into_iter().flat_map(of_level).collect()
}
