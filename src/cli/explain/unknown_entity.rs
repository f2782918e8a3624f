//! What is told of an id of which there is nothing to explain: nobody knows it, or the model sets it aside.

use super::super::{CommandError, ExitStatus};
use crate::commands::explain::{
    ExclusionMatch, MatchedBy, excludes_by_id, find_exclusion_by_id, find_exclusions, without_exclusions,
};
use pql_engine::{
    enrich::EnrichFile,
    pipeline::{FoldedRun, PipelineJob},
    read::{ChangeGuard, InputSource},
};
use pql_model::{
    EntityKind, Model, clock::format_instant, diag::SourceDocument, parse_all_facts, resolved::IdentitySettings,
    units::plural,
};

/// So many entries of the model are named.
const ENTRIES_SHOWN: usize = 5;

/// Looks at the events before they are read, if it may take a second reading to find out about an id. None too if they can be read only once.
pub(super) fn watch(model: &Model, inputs: &[InputSource]) -> Option<ChangeGuard> {
    if excludes_by_id(&model.resolved.identity) { ChangeGuard::begin(inputs).ok() } else { None }
}

/// Why there is nothing to explain.
///
/// **Errors**: those of a second reading.
pub(super) fn explain_unknown_entity(
    job: &PipelineJob<'_>,
    (folded, users): (&FoldedRun, Option<&EnrichFile>),
    document: &SourceDocument,
    (side, id): (EntityKind, &str),
    watch: Option<&ChangeGuard>,
) -> Result<String, CommandError> {
    let identity = &job.model.resolved.identity;
    let model = parse_all_facts(document)
        .map_err(|problems| CommandError::Document(Box::new(problems), ExitStatus::CannotStart))?;
    let entries = find_exclusions(job, (folded, users), &without_exclusions(model), (side, id), watch.is_some())?;
    watch.map_or(Ok(()), ChangeGuard::verify)?;
    let who = format!("the {} `{id}`", side.word());
    let as_of = format_instant(folded.as_of.instant);
    let found = match entries.first() {
        Some(_) if side == EntityKind::Account => {
            format!(
                "{who} has events before {as_of}, but only of users who are set aside: {}",
                places(&entries, document, identity)
            )
        }
        Some(first) => format!("{who} has events before {as_of}, but {}", exclusion_reason(*first, document, identity)),
        // Of events that can be read only once it is not known whether any is of this id.
        None => match unread(identity, side, id, watch) {
            Some(entry) => format!("{who} {}", exclusion_reason(entry, document, identity)),
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
fn unread(
    identity: &IdentitySettings,
    side: EntityKind,
    id: &str,
    watch: Option<&ChangeGuard>,
) -> Option<ExclusionMatch> {
    find_exclusion_by_id(identity, id).filter(|_| side == EntityKind::User && watch.is_none())
}

/// How a user is set aside.
fn exclusion_reason(entry: ExclusionMatch, document: &SourceDocument, identity: &IdentitySettings) -> String {
    let by = match entry.by {
        MatchedBy::Id => "its id",
        MatchedBy::JoinedId => "an id that is joined to it",
        MatchedBy::Domain => "the domain of its e-mail",
    };
    format!("is set aside by {by}: {}", places(&[entry], document, identity))
}

/// Where entries stand.
fn places(entries: &[ExclusionMatch], document: &SourceDocument, identity: &IdentitySettings) -> String {
    let place = |entry: &ExclusionMatch| {
        let span = identity.spans.entry(entry.key, entry.index);
        let (line, column) = document.position(span.map_or(0, |span| span.start));
        format!("[identity] {} ({}:{line}:{column})", entry.key, document.name)
    };
    let mut places: Vec<String> = entries.iter().map(place).take(ENTRIES_SHOWN).collect();
    if entries.len() > ENTRIES_SHOWN {
        places.push(plural((entries.len() - ENTRIES_SHOWN) as u64, "more entry", "more entries"));
    }
    places.join(", ")
}
