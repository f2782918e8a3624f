//! Why somebody who has events has no result: the entries of `[identity]` that set the events aside.
//!
//! Events that are set aside by an id are not in the state. So everything is folded again under a model that sets nobody aside, and the entity that is asked for
//! is looked for there: nothing is claimed of an id without events.

use std::collections::{BTreeSet, HashMap};

use pql_engine::{
    enrich::EnrichFile,
    entity::{Entities, NOBODY, resolve_entities},
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
fn without_exclusions(mut model: Model) -> Model {
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

/// The same events under a model that sets nobody aside.
#[derive(Debug)]
pub struct OpenRun {
    model: Model,
    /// What was folded again; none if that is not needed, or the events can be read only once.
    refolded: Option<FoldedRun>,
}

impl OpenRun {
    /// Folds the events again, if ids set some aside. `model` is the model of the run.
    ///
    /// # Errors
    /// Those of folding. **Cost**: a run without scoring, if events can be read again.
    pub fn fold(search: &ExclusionSearch<'_>, model: Model) -> Result<OpenRun, RunError> {
        let model = without_exclusions(model);
        let ExclusionSearch { job, folded, guard, .. } = *search;
        let refolded = guard.map(|_| {
            let (inputs, when) = (job.inputs.clone(), AsOfRequest::At(folded.as_of.instant));
            fold_inputs(&PipelineJob { model: &model, inputs, when, keep_rejects: false, ..*job }, None)
        });
        let refolded = refolded.transpose()?;
        Ok(OpenRun { model, refolded })
    }
}

/// Everybody with an event, whether the model sets them aside or not, and the entries that do.
#[derive(Debug)]
pub struct ExclusionFinder<'f> {
    open: &'f Model,
    entities: Entities<'f>,
    emails: HashMap<String, String>,
    identity: &'f IdentitySettings,
}

impl<'f> ExclusionFinder<'f> {
    /// Resolves everybody.
    pub fn new(open: &'f OpenRun, search: &ExclusionSearch<'f>) -> ExclusionFinder<'f> {
        let ExclusionSearch { job, folded, users, .. } = *search;
        let state = open.refolded.as_ref().map_or(&folded.state, |folded| &folded.state);
        let emails = user_emails(users, folded.as_of, &open.model.levels.user.emails);
        let entities = resolve_entities(state, &open.model, &emails);
        ExclusionFinder { open: &open.model, entities, emails, identity: &job.model.resolved.identity }
    }

    /// The entries that set a user aside, by id or e-mail address, or those that set aside all users of an account. Empty if there is no event
    /// either way, or if it is something else that took them away.
    pub fn find(&self, side: EntityKind, text: &str) -> Vec<ExclusionMatch> {
        let found: BTreeSet<ExclusionMatch> = match side {
            EntityKind::User => match self.entities.user_of(text) {
                Some(user) => self.of_user(user, text).into_iter().collect(),
                None => self.of_users(self.users_by_email(text)),
            },
            EntityKind::Account => self.of_users(self.users_of_account(text)),
        };
        found.into_iter().collect()
    }

    fn of_users(&self, users: BTreeSet<u32>) -> BTreeSet<ExclusionMatch> {
        users.into_iter().filter_map(|user| self.of_user(user, self.entities.users[user as usize].id)).collect()
    }

    /// The entry that sets a user aside, by an id of the user, else by the domain, else by another id.
    fn of_user(&self, user: u32, id: &str) -> Option<ExclusionMatch> {
        find_exclusion_by_id(self.identity, id).or_else(|| self.by_domain(user)).or_else(|| self.by_joined_id(user))
    }

    fn by_domain(&self, user: u32) -> Option<ExclusionMatch> {
        let domains = &self.identity.exclude_domains;
        let index = self.entities.find_domain(user, self.open, &self.emails, domains)?;
        Some(ExclusionMatch { key: "exclude_domains", index, by: MatchedBy::Domain })
    }

    fn by_joined_id(&self, user: u32) -> Option<ExclusionMatch> {
        let mut known = self.entities.known_ids(user).into_iter();
        let found = known.find_map(|known| find_exclusion_by_id(self.identity, known))?;
        Some(ExclusionMatch { by: MatchedBy::JoinedId, ..found })
    }

    /// The users with an e-mail address, whose case does not count.
    fn users_by_email(&self, address: &str) -> BTreeSet<u32> {
        if !address.contains('@') {
            return BTreeSet::new();
        }
        let wanted = address.to_lowercase();
        let has_address = |user: &u32| {
            let email = self.entities.email(*user, self.open, &self.emails);
            email.is_some_and(|email| email.trim().to_lowercase() == wanted)
        };
        (0..self.entities.users.len() as u32).filter(has_address).collect()
    }

    /// The users with an event of an account.
    fn users_of_account(&self, id: &str) -> BTreeSet<u32> {
        let number = self.entities.account_ids.find(id);
        let place = number.and_then(|id| self.entities.accounts.iter().position(|account| account.id == id));
        let rows = place.map_or(&[][..], |place| self.entities.account_rows(place));
        rows.iter().map(|row| row.user).filter(|user| *user != NOBODY).collect()
    }
}
