//! Input and identity: the rules that turn records into events, and ids into users and accounts.

use super::TextSpan;
use crate::{clock::Zone, expr::WildPattern};

/// Paths of one field, as keys. The first path with a value counts.
pub type PathList = Vec<Vec<String>>;

/// The paths of event, user, anonymous, account, time, id and properties, in this order. The first
/// path with a value counts. A field without paths keeps the place that the format gives it.
pub type FieldPaths = [PathList; 7];

/// The rules that turn records into events.
#[derive(Debug, Clone)]
pub struct InputSettings {
    /// The name of the format, or `auto`.
    pub format: &'static str,
    /// The paths of fields in every format.
    pub fields: FieldPaths,
    /// The paths of fields in one format, by its name. These override the others.
    pub(crate) format_fields: Vec<(&'static str, FieldPaths)>,
    /// The paths of the time of receipt in every format.
    pub(crate) received: PathList,
    /// Its paths in one format, by its name. These override the others.
    pub(crate) format_received: Vec<(&'static str, PathList)>,
    /// The group type that is the account.
    pub group_type: Option<String>,
    /// The zone of times written without one.
    pub zone: Zone,
    /// True if duplicates are removed.
    pub dedupe: bool,
    /// True if automatic events of vendors are no activity.
    pub ignore_noise: bool,
}

impl InputSettings {
    /// Forgets where the model says that the fields of records are, so that lines of the native format are read as they are documented.
    pub fn forget_fields(&mut self) {
        self.fields = FieldPaths::default();
        self.format_fields.clear();
        self.received.clear();
        self.format_received.clear();
    }

    /// Whether the model says where the time of receipt is.
    pub fn names_receipt(&self) -> bool {
        !self.received.is_empty() || self.format_received.iter().any(|(_, paths)| !paths.is_empty())
    }

    /// Returns the paths of the time of receipt for files of a format.
    pub fn receipt_for_format(&self, format: &str) -> &PathList {
        let own = self.format_received.iter().find(|(name, paths)| *name == format && !paths.is_empty());
        own.map_or(&self.received, |(_, paths)| paths)
    }

    /// Returns the paths for files of a format, field by field.
    pub fn paths_for_format(&self, format: &str) -> FieldPaths {
        let own = self.format_fields.iter().find(|(name, _)| *name == format).map(|(_, fields)| fields);
        let mut fields = self.fields.clone();
        for (field, own) in fields.iter_mut().zip(own.into_iter().flatten()).filter(|(_, own)| !own.is_empty()) {
            field.clone_from(own);
        }
        fields
    }
}

/// The rules that turn ids into users and accounts.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// True if a user without an account belongs to the account of the e-mail's domain.
    pub email_domain: bool,
    /// The domains that make no account, in addition to the built-in ones.
    pub free_mail: Vec<String>,
    /// The domains of internal users.
    pub exclude_domains: Vec<String>,
    /// The ids of internal users.
    pub exclude_users: Vec<IdGlob>,
    /// The ids of machines.
    pub service_users: Vec<IdGlob>,
    /// The places of the entries of these lists.
    pub spans: IdentitySpans,
}

/// The places of list entries in `[identity]` that exclude users.
#[derive(Debug, Clone, Default)]
pub struct IdentitySpans {
    /// The entries of `exclude_domains`.
    pub(crate) exclude_domains: Vec<TextSpan>,
    /// The entries of `exclude_users`.
    pub(crate) exclude_users: Vec<TextSpan>,
    /// The entries of `service_users`.
    pub(crate) service_users: Vec<TextSpan>,
}

impl IdentitySpans {
    /// Returns the place of an entry, by the key of its list and its index.
    pub fn entry(&self, key: &str, place: usize) -> Option<&TextSpan> {
        let list = match key {
            "exclude_domains" => &self.exclude_domains,
            "exclude_users" => &self.exclude_users,
            "service_users" => &self.service_users,
            _ => return None,
        };
        list.get(place)
    }
}

impl IdentitySettings {
    /// Whether records of a user id are left out by the id alone.
    pub fn excludes_id(&self, id: &str) -> bool {
        self.exclude_users.iter().chain(&self.service_users).any(|glob| glob.matches(id))
    }

    /// True if the model excludes users.
    pub fn sets_aside(&self) -> bool {
        !self.exclude_users.is_empty() || !self.exclude_domains.is_empty()
    }
}

/// A glob for ids, without white space at its ends.
#[derive(Debug, Clone)]
pub struct IdGlob {
    pattern: WildPattern,
    /// The glob as the crate reads it, if it has the `**` of paths.
    of_paths: Option<glob::Pattern>,
}

impl IdGlob {
    /// Parses a glob. None if it is invalid.
    pub(crate) fn new(text: &str) -> Option<IdGlob> {
        let text = text.trim();
        let valid = glob::Pattern::new(text).ok()?;
        Some(IdGlob { pattern: WildPattern::glob(text), of_paths: text.contains("**").then_some(valid) })
    }

    /// True if the id matches.
    pub fn matches(&self, id: &str) -> bool {
        self.of_paths.as_ref().map_or_else(|| self.pattern.matches(id), |paths| paths.matches(id))
    }
}
