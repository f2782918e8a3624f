//! The message about an id that has no result: no event of it counts, or the model sets it aside.

use super::{
    EntityDirectory, EntityQuery,
    exclusion::{ExclusionFinder, ExclusionMatch, ExclusionSearch, MatchedBy, OpenRun, find_exclusion_by_id},
};
use pql_engine::{
    pipeline::RunError,
    plan::parse_all_facts,
    read::{ChangeGuard, ReadError},
};
use pql_model::{
    EntityKind,
    clock::format_instant,
    diag::{DocumentProblems, SourceDocument},
    resolved::IdentitySettings,
    units::plural,
};

/// The most entries of the model that are named.
const ENTRIES_SHOWN: usize = 5;

/// Words that nobody with a result fits, and the model under which nobody does.
#[derive(Debug, Clone, Copy)]
pub struct UnknownEntity<'u> {
    /// Who was asked for.
    pub query: EntityQuery<'u>,
    /// Those who have a result.
    pub directory: EntityDirectory<'u>,
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
    let open = OpenRun::fold(search, parse_all_facts(unknown.document)?)?;
    search.guard.map_or(Ok(()), ChangeGuard::verify)?;
    let finder = ExclusionFinder::new(&open, search);
    let mut sides = unknown.query.sides().into_iter();
    let excluded = sides.find_map(|side| {
        let entries = finder.find(side, unknown.query.text);
        explain_exclusion(&unknown, (side, &entries), search)
    });
    if let Some(excluded) = excluded {
        return Ok(excluded);
    }
    let as_of = format_instant(search.folded.as_of.instant);
    let text = unknown.query.text;
    let who = match unknown.query.side {
        Some(side) => format!("no event of the {} `{text}` counts before {as_of}", side.word()),
        None => format!("nobody with an event before {as_of} has the id, e-mail address or account name `{text}`"),
    };
    let near = unknown.query.nearest(&unknown.directory);
    let advice = match near.is_empty() {
        true => "ids are as `pql score` prints them".to_owned(),
        false => format!("the nearest: {}", near.join(", ")),
    };
    Ok(format!("{who}, so there is nothing to explain; {advice}"))
}

/// Says which entries of the model set an id aside. None if that is not the reason.
fn explain_exclusion(
    unknown: &UnknownEntity<'_>,
    (side, entries): (EntityKind, &[ExclusionMatch]),
    search: &ExclusionSearch<'_>,
) -> Option<String> {
    let document = unknown.document;
    let identity = &search.job.model.resolved.identity;
    let who = format!("the {} `{}`", side.word(), unknown.query.text);
    let as_of = format_instant(search.folded.as_of.instant);
    let found = match entries.first() {
        Some(_) if side == EntityKind::Account => {
            format!(
                "{who} has events before {as_of}, but only of users who are set aside: {}",
                places(entries, document, identity)
            )
        }
        Some(first) => format!("{who} has events before {as_of}, but {}", exclusion_reason(*first, document, identity)),
        // Events that can be read only once do not tell whether any is of this id.
        None => match exclusion_of_unread(unknown.query.text, side, search) {
            Some(entry) => format!("{who} {}", exclusion_reason(entry, document, identity)),
            None => return None,
        },
    };
    let these = if entries.len() > 1 { "these entries" } else { "this entry" };
    Some(format!(
        "{found}, so there is nothing to explain; a copy of the model without {these} (-m FILE) shows what it would be"
    ))
}

/// The entry that an id falls under, if the events could not be searched for it.
fn exclusion_of_unread(id: &str, side: EntityKind, search: &ExclusionSearch<'_>) -> Option<ExclusionMatch> {
    find_exclusion_by_id(&search.job.model.resolved.identity, id)
        .filter(|_| side == EntityKind::User && search.guard.is_none())
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
