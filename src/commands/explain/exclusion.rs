//! Why somebody who has events has no result: the entries of `[identity]` that set the events aside.
//!
//! Events that are set aside by an id are not in the state. So everything is folded again under a model that sets nobody aside, and the entity that is asked for
//! is looked for there: nothing is claimed of an id without events.

use std::collections::BTreeSet;

use pql_engine::{
    enrich::EnrichFile,
    entity::{NOBODY, resolve_entities},
    pipeline::{AsOfRequest, FoldedRun, PipelineJob, RunError, fold_inputs, user_emails},
    plan::Model,
    read::ChangeGuard,
};
use pql_model::{
    EntityKind,
    resolved::{IdGlob, IdentitySettings},
};

/// An entry that sets a user aside, and by what of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExclusionMatch {
    /// The key of `[identity]`.
    pub key: &'static str,
    /// By place in the list of this key.
    pub index: usize,
    /// What it is held against.
    pub by: MatchedBy,
}

/// What of a user an entry is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchedBy {
    /// The id that was asked for.
    Id,
    /// Another id of the same user.
    JoinedId,
    /// The domain of the e-mail.
    Domain,
}

/// A model that sets nobody aside.
pub fn without_exclusions(mut model: Model) -> Model {
    let identity = &mut model.resolved.identity;
    identity.exclude_users.clear();
    identity.exclude_domains.clear();
    identity.service_users.clear();
    model
}

/// Whether events are set aside by ids, so that it takes a second reading to find them.
pub fn excludes_by_id(identity: &IdentitySettings) -> bool {
    !identity.exclude_users.is_empty() || !identity.service_users.is_empty()
}

/// The entry that an id falls under, whether it has events or not.
pub fn find_exclusion_by_id(identity: &IdentitySettings, id: &str) -> Option<ExclusionMatch> {
    let under = |key, globs: &[IdGlob]| {
        globs.iter().position(|glob| glob.matches(id)).map(|place| ExclusionMatch {
            key,
            index: place,
            by: MatchedBy::Id,
        })
    };
    // Decoding asks in this order.
    under("exclude_users", &identity.exclude_users).or_else(|| under("service_users", &identity.service_users))
}

/// The run whose events are searched for somebody who has no result.
#[derive(Debug, Clone, Copy)]
pub struct ExclusionSearch<'s> {
    /// The run.
    pub job: &'s PipelineJob<'s>,
    /// What it folded.
    pub folded: &'s FoldedRun,
    /// The file of users, for their e-mails.
    pub users: Option<&'s EnrichFile>,
    /// Watches the files of events, if they can be read again; without it nobody is found whom an id sets aside.
    pub guard: Option<&'s ChangeGuard>,
}

/// The entries that set a user aside, or those that set aside all users of an account. Empty if the `open` model knows of no event either, or if it is
/// something else that took them away.
///
/// # Errors
/// Those of folding. **Cost**: a run without scoring, if events can be read again.
pub fn find_exclusions(
    search: &ExclusionSearch<'_>,
    open: &Model,
    side: EntityKind,
    id: &str,
) -> Result<Vec<ExclusionMatch>, RunError> {
    let ExclusionSearch { job, folded, users, guard } = *search;
    let refolded = guard.map(|_| {
        let (inputs, when) = (job.inputs.clone(), AsOfRequest::At(folded.as_of.instant));
        fold_inputs(&PipelineJob { model: open, inputs, when, keep_rejects: false, ..*job }, None)
    });
    let refolded = refolded.transpose()?;
    let state = refolded.as_ref().map_or(&folded.state, |folded| &folded.state);
    let emails = user_emails(users, folded.as_of, &open.levels.user.emails);
    let entities = resolve_entities(state, open, &emails);
    let identity = &job.model.resolved.identity;
    let of_user = |user: u32, asked: &str| {
        let by_domain = || {
            let place = entities.find_domain(user, open, &emails, &identity.exclude_domains)?;
            Some(ExclusionMatch { key: "exclude_domains", index: place, by: MatchedBy::Domain })
        };
        let by_other = || {
            let found = entities.known_ids(user).into_iter().find_map(|known| find_exclusion_by_id(identity, known))?;
            Some(ExclusionMatch { by: MatchedBy::JoinedId, ..found })
        };
        find_exclusion_by_id(identity, asked).or_else(by_domain).or_else(by_other)
    };
    let found: BTreeSet<ExclusionMatch> = match side {
        EntityKind::User => entities.user_of(id).and_then(|user| of_user(user, id)).into_iter().collect(),
        EntityKind::Account => {
            let number = entities.account_ids.find(id);
            let place = number.and_then(|id| entities.accounts.iter().position(|account| account.id == id));
            let rows = place.map_or(&[][..], |place| entities.account_rows(place));
            let users: BTreeSet<u32> = rows.iter().map(|row| row.user).filter(|user| *user != NOBODY).collect();
            users.into_iter().filter_map(|user| of_user(user, entities.users[user as usize].id)).collect()
        }
    };
    Ok(found.into_iter().collect())
}
