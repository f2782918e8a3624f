//! Who is meant by the words of a command line: an id of either kind, an e-mail address, or the name of an account.

use std::collections::HashMap;

use pql_engine::{ids::id_of_text, ledger::EntityRef, plan::Model, score::ScoredEntities};
use pql_model::{
    EntityKind,
    diag::nearest_words,
    expr::{EvalScope, Value},
    resolved::{Fact, FactDefinition, Trait},
};

/// The number of entities that a message names.
const NAMED_MAX: usize = 5;

/// Keys of traits that hold the name of an account, without case, spaces, dashes and underscores.
const NAME_KEYS: [&str; 7] =
    ["name", "company", "companyname", "accountname", "organization", "organizationname", "workspacename"];

/// An entity as it was asked for.
#[derive(Debug, Clone, Copy)]
pub struct EntityQuery<'q> {
    /// User or account; none if both are meant.
    pub side: Option<EntityKind>,
    /// An id, an e-mail address or a name, without white space at its ends.
    pub text: &'q str,
}

/// Everybody who can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct EntityDirectory<'d> {
    /// Users and accounts with their facts.
    pub scored: &'d ScoredEntities<'d>,
    /// The model, whose traits may hold names.
    pub model: &'d Model,
    /// E-mail addresses of the file of users, by raw id.
    pub emails: &'d HashMap<String, String>,
}

/// More than one entity fits.
#[derive(Debug, thiserror::Error)]
pub enum AmbiguousEntity {
    /// A user and an account have the id.
    #[error("`{0}` is the id of a user and of an account; say user:{0} or account:{0}")]
    BothKinds(String),
    /// Several users have the e-mail address.
    #[error("the e-mail address belongs to {}; say which", named(.0))]
    Email(Vec<String>),
    /// Several accounts have the name.
    #[error("the name `{name}` belongs to {}; say which", named(.accounts))]
    Name {
        /// The name, as it was asked for.
        name: String,
        /// The accounts.
        accounts: Vec<String>,
    },
}

/// The first entities of a list.
fn named(all: &[String]) -> String {
    let more = all.len().saturating_sub(NAMED_MAX);
    let shown = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// An entity as the command line names it.
pub fn spelled(entity: EntityRef, scored: &ScoredEntities<'_>) -> String {
    format!("{}:{}", entity.side.word(), entity.id(scored))
}

impl<'q> EntityQuery<'q> {
    /// Reads `user:ID`, `account:ID`, or an id, e-mail address or name alone. None if there is no id in it.
    pub fn parse(text: &'q str) -> Option<EntityQuery<'q>> {
        let (side, written) = match text.split_once(':') {
            Some(("user", id)) => (Some(EntityKind::User), id),
            Some(("account", id)) => (Some(EntityKind::Account), id),
            _ => (None, text),
        };
        id_of_text(written).map(|text| EntityQuery { side, text })
    }

    /// The kinds of entity that are meant.
    pub fn sides(&self) -> Vec<EntityKind> {
        EntityKind::ALL.into_iter().filter(|kind| self.side.is_none_or(|side| side == *kind)).collect()
    }

    /// Finds the entity: by id, else by e-mail address, else by the name of an account. None if nobody fits.
    ///
    /// # Errors
    /// Several entities that fit.
    pub fn find(&self, all: &EntityDirectory<'_>) -> Result<Option<EntityRef>, AmbiguousEntity> {
        let sides = self.sides();
        let by_id: Vec<EntityRef> =
            sides.iter().filter_map(|side| EntityRef::find(all.scored, *side, self.text)).collect();
        match by_id[..] {
            [] => {}
            [one] => return Ok(Some(one)),
            _ => return Err(AmbiguousEntity::BothKinds(self.text.to_owned())),
        }
        let spelled = |found: &[EntityRef]| found.iter().map(|one| spelled(*one, all.scored)).collect();
        let by_email = if sides.contains(&EntityKind::User) { all.users_by_email(self.text) } else { Vec::new() };
        match by_email[..] {
            [] => {}
            [one] => return Ok(Some(one)),
            _ => return Err(AmbiguousEntity::Email(spelled(&by_email))),
        }
        let by_name = if sides.contains(&EntityKind::Account) { all.accounts_by_name(self.text) } else { Vec::new() };
        match by_name[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(AmbiguousEntity::Name { name: self.text.to_owned(), accounts: spelled(&by_name) }),
        }
    }

    /// The entities whose id or name is nearest, as the command line names them.
    pub fn nearest(&self, all: &EntityDirectory<'_>) -> Vec<String> {
        let entities = EntityKind::ALL.into_iter().flat_map(|side| EntityRef::all(all.scored, side));
        let mut by_word: HashMap<String, Vec<EntityRef>> = HashMap::new();
        for entity in entities {
            by_word.entry(entity.id(all.scored).to_owned()).or_default().push(entity);
        }
        for (entity, name) in all.account_names() {
            by_word.entry(name).or_default().push(entity);
        }
        let near = nearest_words(self.text, by_word.keys().map(String::as_str), NAMED_MAX);
        let mut found: Vec<String> = Vec::new();
        for entity in near.iter().filter_map(|word| by_word.get(*word)).flatten() {
            let spelled = spelled(*entity, all.scored);
            if !found.contains(&spelled) {
                found.push(spelled);
            }
        }
        found.truncate(NAMED_MAX);
        found
    }
}

impl EntityDirectory<'_> {
    /// The users with an e-mail address, whose case does not count; by id.
    fn users_by_email(&self, address: &str) -> Vec<EntityRef> {
        if !address.contains('@') {
            return Vec::new();
        }
        let has_address = |user: &EntityRef| {
            let email = self.scored.entities.email(user.place as u32, self.model, self.emails);
            email.is_some_and(|email| email.trim().to_lowercase() == address.to_lowercase())
        };
        self.sorted(EntityRef::all(self.scored, EntityKind::User).filter(has_address).collect())
    }

    /// The accounts with a name, whose case does not count; by id.
    fn accounts_by_name(&self, name: &str) -> Vec<EntityRef> {
        let mut found: Vec<EntityRef> = Vec::new();
        for (entity, known) in self.account_names() {
            if known.trim().to_lowercase() == name.to_lowercase() && !found.contains(&entity) {
                found.push(entity);
            }
        }
        self.sorted(found)
    }

    /// Every name of an account that a trait gives.
    fn account_names(&self) -> impl Iterator<Item = (EntityRef, String)> {
        let level = self.model.resolved.level(EntityKind::Account);
        let holds_names = |fact: &Fact| match &fact.definition {
            FactDefinition::Trait(place) => level.traits.get(*place).is_some_and(is_name_trait),
            _ => false,
        };
        let slots: Vec<u32> =
            (0..).zip(&level.facts).filter(|(_, fact)| holds_names(fact)).map(|(slot, _)| slot).collect();
        EntityRef::all(self.scored, EntityKind::Account).flat_map(move |entity| {
            let scope = entity.scope(self.scored);
            let names = slots.iter().filter_map(|slot| match scope.get(*slot) {
                Value::Text(name) => Some((entity, name.into_owned())),
                _ => None,
            });
            names.collect::<Vec<_>>()
        })
    }

    fn sorted(&self, mut found: Vec<EntityRef>) -> Vec<EntityRef> {
        found.sort_by_key(|one| one.id(self.scored).to_owned());
        found
    }
}

/// Whether a trait of accounts holds their name.
fn is_name_trait(one: &Trait) -> bool {
    let key = |text: &str| {
        let last = text.rsplit('.').next().unwrap_or(text);
        last.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect::<String>()
    };
    std::iter::once(one.name.name.as_str())
        .chain(one.from.iter().map(String::as_str))
        .any(|text| NAME_KEYS.contains(&key(text).as_str()))
}
