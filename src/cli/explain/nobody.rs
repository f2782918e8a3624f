//! What is told of an id of which there is nothing to explain: nobody knows it, or the model sets it aside.

use super::super::{Exit, Failure};
use crate::{
    clock::instant_text,
    diag::Document,
    enrich::EnrichFile,
    explain::{Aside, By, aside_by_id, opened, set_aside, sets_aside_by_id},
    model::{EntityKind, Model, compiled::Identity, entry_of_list, parse_whole},
    pipeline::{Folded, Job},
    read::{Input, Watch},
    units::plural,
};

/// So many entries of the model are named.
const ENTRIES_SHOWN: usize = 5;

/// Looks at the events before they are read, if it may take a second reading to find out about an id. None too if they can be read only once.
pub(super) fn watch(model: &Model, inputs: &[Input]) -> Option<Watch> {
    if sets_aside_by_id(&model.identity) { Watch::begin(inputs).ok() } else { None }
}

/// Why there is nothing to explain.
///
/// **Errors**: those of a second reading.
pub(super) fn nobody(
    job: &Job<'_>,
    (folded, users): (&Folded, Option<&EnrichFile>),
    document: &Document,
    (side, id): (EntityKind, &str),
    watch: Option<&Watch>,
) -> Result<String, Failure> {
    let identity = &job.model.identity;
    let model = parse_whole(document).map_err(|problems| Failure::Document(Box::new(problems), Exit::CannotStart))?;
    let entries = set_aside(job, (folded, users), &opened(model), (side, id), watch.is_some())?;
    watch.map_or(Ok(()), Watch::end)?;
    let who = format!("the {} `{id}`", side.word());
    let as_of = instant_text(folded.as_of.instant);
    let found = match entries.first() {
        Some(_) if side == EntityKind::Account => {
            format!(
                "{who} has events before {as_of}, but only of users who are set aside: {}",
                places(&entries, document)
            )
        }
        Some(first) => format!("{who} has events before {as_of}, but {}", because(*first, document)),
        // Of events that can be read only once it is not known whether any is of this id.
        None => match unread(identity, side, id, watch) {
            Some(entry) => format!("{who} {}", because(entry, document)),
            None => {
                return Ok(format!(
                    "no event of {who} counts before {as_of}, so there is nothing to explain; ids are as `pql score` prints them"
                ));
            }
        },
    };
    let these = if entries.len() > 1 { "these entries" } else { "this entry" };
    Ok(format!(
        "{found}, so there is nothing to explain; a copy of the model without {these} (-m FILE) shows what it would be"
    ))
}

/// The entry that an id falls under, if the events could not be searched for it.
fn unread(identity: &Identity, side: EntityKind, id: &str, watch: Option<&Watch>) -> Option<Aside> {
    aside_by_id(identity, id).filter(|_| side == EntityKind::User && watch.is_none())
}

/// How a user is set aside.
fn because(entry: Aside, document: &Document) -> String {
    let by = match entry.by {
        By::Id => "its id",
        By::JoinedId => "an id that is joined to it",
        By::Domain => "the domain of its e-mail",
    };
    format!("is set aside by {by}: {}", places(&[entry], document))
}

/// Where entries stand.
fn places(entries: &[Aside], document: &Document) -> String {
    let place = |entry: &Aside| {
        let span = entry_of_list(&document.text, "identity", entry.key, entry.place);
        let (line, column) = document.position(span.map_or(0, |span| span.start));
        format!("[identity] {} ({}:{line}:{column})", entry.key, document.name)
    };
    let mut places: Vec<String> = entries.iter().map(place).take(ENTRIES_SHOWN).collect();
    if entries.len() > ENTRIES_SHOWN {
        places.push(plural((entries.len() - ENTRIES_SHOWN) as u64, "more entry", "more entries"));
    }
    places.join(", ")
}
