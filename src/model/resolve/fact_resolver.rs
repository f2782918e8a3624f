//! Names in expressions over facts: found, compiled if need be, and held against what is computed before.

use std::ops::Range;

use super::{ModelResolver, PhaseLimit, facts::HOLDOUT, phase::ScoringPhase};
use crate::{
    EntityKind, FactKey, FactSlot, codes,
    diag::suggest,
    expr::{ExprError, NameResolver, ResolvedName},
    output_columns::PersonColumn,
    resolved::PersonRole,
};

/// The message of an error whose cause is reported at its own place.
pub(super) const ALREADY_REPORTED: &str = "";

/// Splits the code off a message that [`error_with_code`] made; problems of form have none.
pub(super) fn split_code(message: &str) -> (&'static str, String) {
    for code in [codes::UNKNOWN_NAME, codes::COMPUTED_LATER, codes::CIRCLE] {
        if let Some(rest) = message.strip_prefix(code).and_then(|rest| rest.strip_prefix(' ')) {
            return (code, rest.to_owned());
        }
    }
    (codes::BAD_EXPRESSION, message.to_owned())
}

fn error_with_code(
    code: &'static str,
    span: &Range<usize>,
    message: impl std::fmt::Display,
    label: impl Into<String>,
    help: Option<String>,
) -> ExprError {
    ExprError { span: span.clone(), message: format!("{code} {message}"), label: label.into(), help }
}

/// Facts of one level as an expression sees them.
pub(super) struct FactResolver<'c, 'f, 'd> {
    resolver: &'c mut ModelResolver<'f, 'd>,
    side: EntityKind,
    limit: PhaseLimit,
    /// The latest phase of what was named.
    pub(super) phase: ScoringPhase,
}

/// The number of unknown names of a model for which a near miss is looked for.
pub(super) const SUGGESTED_MAX: usize = 100;

/// Why a fact cannot be had.
pub(super) enum FactLookupError {
    Unknown,
    /// The names of the circle.
    Circle(String),
    /// Only accounts have it.
    AccountsOnly,
    /// Too many facts build on each other.
    TooDeep,
    /// Its own problem is reported already.
    AlreadyReported,
}

/// Names under which people expect what is known of users and accounts, although a model has to declare it.
const USUAL_TRAITS: [&str; 16] = [
    "email",
    "name",
    "first_name",
    "last_name",
    "phone",
    "title",
    "role",
    "job_title",
    "company",
    "company_size",
    "employees",
    "industry",
    "country",
    "plan",
    "owner",
    "crm_status",
];

/// A column of a champion or buyer where only facts can stand.
fn column_of_person(word: &str, name: &str, span: &Range<usize>) -> ExprError {
    let help = match name {
        "last_seen" | "first_seen" => {
            format!("{word}.days_inactive has the days since the {word} was active, as a fact")
        }
        _ => format!(
            "columns of [[output.files]] and texts of alerts may name {word}.{name}; a text of a route names facts, such as {word}.score"
        ),
    };
    let message = format!("`{word}.{name}` is a column and no fact");
    error_with_code(codes::UNKNOWN_NAME, span, message, "expected a fact of users", Some(help))
}

/// Whether a name is one of what is known of users or accounts.
pub(super) fn is_usual_trait(name: &str) -> bool {
    USUAL_TRAITS.contains(&name)
}

/// How to declare a trait.
pub(super) fn declare_trait(side: EntityKind, name: &str) -> String {
    let kind = if matches!(name, "company_size" | "employees") { "number" } else { "text" };
    format!("what is known of {} is declared: [{}.traits] {name} = {{ type = \"{kind}\" }}", side.plural(), side.word())
}

impl<'c, 'f, 'd> FactResolver<'c, 'f, 'd> {
    pub(super) fn new(resolver: &'c mut ModelResolver<'f, 'd>, side: EntityKind, limit: PhaseLimit) -> Self {
        FactResolver { resolver, side, limit, phase: ScoringPhase::BASE }
    }

    fn unknown(&mut self, side: EntityKind, name: &str, span: &Range<usize>) -> ExprError {
        let other = if side == EntityKind::User { EntityKind::Account } else { EntityKind::User };
        let elsewhere = self.resolver.side(other).declared.contains_key(name);
        let help = match side {
            EntityKind::User if elsewhere && self.side == EntityKind::User => {
                Some(format!("accounts have it: write account.{name}"))
            }
            EntityKind::Account if elsewhere => {
                Some(format!("users have it: gather it under [account.rollups], or name `{name}` there"))
            }
            _ if name == HOLDOUT => Some("[holdout] makes it: share = \"5%\" and salt = \"2026\"".to_owned()),
            _ if is_usual_trait(name) => Some(declare_trait(side, name)),
            // A model with more wrong names than that needs another kind of help.
            _ if self.resolver.suggested >= SUGGESTED_MAX => None,
            _ => {
                self.resolver.suggested += 1;
                let mut known: Vec<&str> = self.resolver.side(side).declared.keys().map(String::as_str).collect();
                known.sort_unstable();
                suggest(name, known)
            }
        };
        let whose = if side == EntityKind::User { "users" } else { "accounts" };
        error_with_code(
            codes::UNKNOWN_NAME,
            span,
            format!("no fact `{name}` of {whose}"),
            "nothing has this name",
            help,
        )
    }
}

impl NameResolver for FactResolver<'_, '_, '_> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        if let [word, name] = path
            && let Some(role) = PersonRole::ALL.into_iter().find(|role| role.word() == word)
        {
            return self.person_fact(role, name, span);
        }
        let (side, name) = match path {
            [name] => (self.side, name),
            [level, name] if level == "account" && self.side == EntityKind::User => (EntityKind::Account, name),
            [level, name] if level == "account" => {
                let help = Some(format!("inside [account] write {name}"));
                return Err(error_with_code(
                    codes::UNKNOWN_NAME,
                    span,
                    format!("`account.{name}` in an expression of accounts"),
                    "this is the account already",
                    help,
                ));
            }
            _ => {
                let message = format!("no fact `{}`", path.join("."));
                let help =
                    Some("facts have no parts; only account.NAME, champion.NAME and buyer.NAME have a dot".to_owned());
                return Err(error_with_code(codes::UNKNOWN_NAME, span, message, "expected the name of a fact", help));
            }
        };
        let found = self.resolver.resolve_fact(side, name);
        self.checked(found, (side, name), path, span)
    }
}

impl FactResolver<'_, '_, '_> {
    /// A fact of an account's champion or buyer.
    fn person_fact(&mut self, role: PersonRole, name: &str, span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let word = role.word();
        if self.side == EntityKind::User {
            return Err(error_with_code(
                codes::UNKNOWN_NAME,
                span,
                format!("`{word}.{name}` in an expression of users"),
                format!("only accounts have a {word}"),
                Some(format!("routes, texts and columns of accounts may name {word}.{name}")),
            ));
        }
        if role == PersonRole::Buyer && self.resolver.file.user.buyer.is_none() {
            let help = Some("say who decides: [user] buyer = \"lower(role) in ('ceo', 'cto')\"".to_owned());
            let message = format!("`buyer.{name}` in a model without a buyer");
            return Err(error_with_code(codes::UNKNOWN_NAME, span, message, "no account has one", help));
        }
        let found = self.resolver.resolve_person_fact(role, name);
        if matches!(found, Err(FactLookupError::Unknown)) && PersonColumn::named(name).is_some() {
            return Err(column_of_person(word, name, span));
        }
        // A problem of the user's fact is reported as that.
        let level = if found.is_ok() { EntityKind::Account } else { EntityKind::User };
        self.checked(found, (level, name), &[word.to_owned(), name.to_owned()], span)
    }

    /// The slot of a fact, if it is computed early enough.
    fn checked(
        &mut self,
        found: Result<(FactSlot, ScoringPhase), FactLookupError>,
        (side, name): (EntityKind, &str),
        path: &[String],
        span: &Range<usize>,
    ) -> Result<ResolvedName, ExprError> {
        match found {
            Ok((slot, phase)) if phase < self.limit.before => {
                self.phase = self.phase.max(phase);
                let kind = self.resolver.side(side).facts[slot as usize].kind;
                Ok(ResolvedName { slot: FactKey::new(side, slot).in_program_of(self.side), kind })
            }
            Ok((_, phase)) => {
                let message = format!("`{}` is not known yet when {} are computed", path.join("."), self.limit.what);
                let label = format!("computed with {}", phase.description());
                Err(error_with_code(codes::COMPUTED_LATER, span, message, label, Some(ScoringPhase::ORDER.to_owned())))
            }
            Err(FactLookupError::Unknown) => Err(self.unknown(side, name, span)),
            Err(FactLookupError::AccountsOnly) => {
                let help = Some(format!("write account.{name} for that of the user's account"));
                Err(error_with_code(
                    codes::UNKNOWN_NAME,
                    span,
                    format!("`{name}` counts users, so only accounts have it"),
                    "not a fact of users",
                    help,
                ))
            }
            Err(FactLookupError::Circle(circle)) => Err(error_with_code(
                codes::CIRCLE,
                span,
                format!("facts that need each other: {circle}"),
                "this closes the circle",
                None,
            )),
            Err(FactLookupError::TooDeep) => {
                let message = "facts that build on each other more than 100 deep";
                Err(error_with_code(codes::CIRCLE, span, message, "one more here", None))
            }
            Err(FactLookupError::AlreadyReported) => Err(ExprError {
                span: span.clone(),
                message: ALREADY_REPORTED.to_owned(),
                label: String::new(),
                help: None,
            }),
        }
    }
}
