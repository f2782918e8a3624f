//! How records become events, and who is who.

use super::TextSpan;
use crate::{clock::Zone, expr::WildPattern};

/// Paths of event, user, anonymous, account, time, id and properties, in this order; of several paths the first that holds anything counts,
/// and where there is none the format's own place holds.
pub type FieldPaths = [Vec<Vec<String>>; 7];

/// How records become events.
#[derive(Debug, Clone)]
pub struct InputSettings {
    /// The name of the format, or `auto`.
    pub format: &'static str,
    /// Where the fields of an event are, if not in the format's own place.
    pub fields: FieldPaths,
    /// The same for files of one format, by its name; these go before the others.
    pub format_fields: Vec<(&'static str, FieldPaths)>,
    /// Which of several group types is the account.
    pub group_type: Option<String>,
    /// The zone of times written without one.
    pub zone: Zone,
    /// Whether duplicates are looked for.
    pub dedupe: bool,
    /// Whether events that a vendor's own code sends by itself are no activity.
    pub ignore_noise: bool,
}

impl InputSettings {
    /// The paths that the model gives for files of a format, field by field.
    pub fn paths_for_format(&self, format: &str) -> FieldPaths {
        let own = self.format_fields.iter().find(|(name, _)| *name == format).map(|(_, fields)| fields);
        let mut fields = self.fields.clone();
        for (field, own) in fields.iter_mut().zip(own.into_iter().flatten()).filter(|(_, own)| !own.is_empty()) {
            field.clone_from(own);
        }
        fields
    }
}

/// Who is who.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// Whether users without any account belong to the account of their e-mail's domain.
    pub email_domain: bool,
    /// Domains that make no account, beside the built-in ones.
    pub free_mail: Vec<String>,
    /// Domains of internal users.
    pub exclude_domains: Vec<String>,
    /// Ids of internal users.
    pub exclude_users: Vec<IdGlob>,
    /// Ids of machines.
    pub service_users: Vec<IdGlob>,
    /// Where the entries of these lists stand.
    pub spans: IdentitySpans,
}

/// Where the entries of the lists of `[identity]` stand that set users aside.
#[derive(Debug, Clone, Default)]
pub struct IdentitySpans {
    /// `exclude_domains`
    pub exclude_domains: Vec<TextSpan>,
    /// `exclude_users`
    pub exclude_users: Vec<TextSpan>,
    /// `service_users`
    pub service_users: Vec<TextSpan>,
}

impl IdentitySpans {
    /// Where an entry of a list stands, by the key of the list and its place in it.
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
    pub fn new(text: &str) -> Option<IdGlob> {
        let text = text.trim();
        let valid = glob::Pattern::new(text).ok()?;
        Some(IdGlob { pattern: WildPattern::glob(text), of_paths: text.contains("**").then_some(valid) })
    }

    /// True if the id matches.
    pub fn matches(&self, id: &str) -> bool {
        self.of_paths.as_ref().map_or_else(|| self.pattern.matches(id), |paths| paths.matches(id))
    }
}
