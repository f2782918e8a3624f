//! The message about an id that has no result: no event of it counts, or the model sets it aside.

use super::exclusion::{
    ExclusionMatch, ExclusionSearch, MatchedBy, excludes_by_id, find_exclusion_by_id, find_exclusions,
    without_exclusions,
};
use pql_engine::{
    pipeline::RunError,
    plan::{Model, parse_all_facts},
    read::{ChangeGuard, InputSource, ReadError},
};
use pql_model::{
    EntityKind,
    clock::format_instant,
    diag::{DocumentProblems, SourceDocument},
    resolved::IdentitySettings,
    units::plural,
};

/// So many entries of the model are named.
const ENTRIES_SHOWN: usize = 5;

/// Watches the events before they are read, if a second reading may be needed to find an id. None too if they can be read only once.
pub fn guard_exclusions(model: &Model, inputs: &[InputSource]) -> Option<ChangeGuard> {
    if excludes_by_id(&model.resolved.identity) { ChangeGuard::begin(inputs).ok() } else { None }
}

/// An id without a result, and the model that it has none under.
#[derive(Debug, Clone, Copy)]
pub struct UnknownEntity<'u> {
    /// User or account.
    pub side: EntityKind,
    /// The id.
    pub id: &'u str,
    /// The text of the model.
    pub document: &'u SourceDocument,
}

/// Why a search for an id failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The model is no longer valid.
    #[error(transparent)]
    Model(#[from] DocumentProblems),
    /// The second reading failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A file changed before the second reading.
    #[error(transparent)]
    Changed(#[from] ReadError),
}

/// Says why there is nothing to explain.
///
/// # Errors
/// Those of a second reading.
pub fn explain_unknown_entity(unknown: UnknownEntity<'_>, search: &ExclusionSearch<'_>) -> Result<String, SearchError> {
    let UnknownEntity { side, id, document } = unknown;
    let identity = &search.job.model.resolved.identity;
    let model = parse_all_facts(document)?;
    let entries = find_exclusions(search, &without_exclusions(model), side, id)?;
    search.guard.map_or(Ok(()), ChangeGuard::verify)?;
    let who = format!("the {} `{id}`", side.word());
    let as_of = format_instant(search.folded.as_of.instant);
    let found = match entries.first() {
        Some(_) if side == EntityKind::Account => {
            format!(
                "{who} has events before {as_of}, but only of users who are set aside: {}",
                places(&entries, document, identity)
            )
        }
        Some(first) => format!("{who} has events before {as_of}, but {}", exclusion_reason(*first, document, identity)),
        // Events that can be read only once do not tell whether any is of this id.
        None => match exclusion_of_unread(&unknown, search) {
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
fn exclusion_of_unread(unknown: &UnknownEntity<'_>, search: &ExclusionSearch<'_>) -> Option<ExclusionMatch> {
    find_exclusion_by_id(&search.job.model.resolved.identity, unknown.id)
        .filter(|_| unknown.side == EntityKind::User && search.guard.is_none())
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
