//! Names in expressions over facts: found, compiled if need be, and held against what is computed before.

use std::ops::Range;

use super::{Compiler, Limit, phase::Phase};
use crate::{
    diag::suggest,
    expr::{ExprError, Names, Resolved},
    model::{EntityKind, codes, compiled::ACCOUNT_BIT},
};

/// The message of an error that has been told where its cause is.
pub(super) const TOLD: &str = "";

/// Splits the code off a message that [`coded`] made; problems of form have none.
pub(super) fn split_code(message: &str) -> (&'static str, String) {
    for code in [codes::UNKNOWN_NAME, codes::COMPUTED_LATER, codes::CIRCLE] {
        if let Some(rest) = message.strip_prefix(code).and_then(|rest| rest.strip_prefix(' ')) {
            return (code, rest.to_owned());
        }
    }
    (codes::BAD_EXPRESSION, message.to_owned())
}

fn coded(
    code: &'static str,
    span: &Range<usize>,
    message: impl std::fmt::Display,
    label: impl Into<String>,
    help: Option<String>,
) -> ExprError {
    ExprError { span: span.clone(), message: format!("{code} {message}"), label: label.into(), help }
}

/// Facts of one level as an expression sees them.
pub(super) struct Facts<'c, 'f, 'd> {
    compiler: &'c mut Compiler<'f, 'd>,
    side: EntityKind,
    limit: Limit,
    /// The latest phase of what was named.
    pub(super) phase: Phase,
}

/// For so many unknown names of a model a near miss is looked for.
pub(super) const SUGGESTED_MAX: usize = 100;

/// Why a fact cannot be had.
pub(super) enum NoFact {
    Unknown,
    /// The names of the circle.
    Circle(String),
    /// Only accounts have it.
    AccountsOnly,
    /// Too many facts build on each other.
    TooDeep,
    /// Its own problem has been told.
    Told,
}

impl<'c, 'f, 'd> Facts<'c, 'f, 'd> {
    pub(super) fn new(compiler: &'c mut Compiler<'f, 'd>, side: EntityKind, limit: Limit) -> Self {
        Facts { compiler, side, limit, phase: Phase::BASE }
    }

    fn unknown(&mut self, side: EntityKind, name: &str, span: &Range<usize>) -> ExprError {
        let other = if side == EntityKind::User { EntityKind::Account } else { EntityKind::User };
        let elsewhere = self.compiler.side(other).declared.contains_key(name);
        let help = match side {
            EntityKind::User if elsewhere && self.side == EntityKind::User => {
                Some(format!("accounts have it: write account.{name}"))
            }
            EntityKind::Account if elsewhere => {
                Some(format!("users have it: gather it under [account.rollups], or name `{name}` there"))
            }
            // Of a model in which so many names are wrong, more help would be of no help.
            _ if self.compiler.suggested >= SUGGESTED_MAX => None,
            _ => {
                self.compiler.suggested += 1;
                let mut known: Vec<&str> = self.compiler.side(side).declared.keys().map(String::as_str).collect();
                known.sort_unstable();
                suggest(name, known)
            }
        };
        let whose = if side == EntityKind::User { "users" } else { "accounts" };
        coded(codes::UNKNOWN_NAME, span, format!("no fact `{name}` of {whose}"), "nothing has this name", help)
    }
}

impl Names for Facts<'_, '_, '_> {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<Resolved, ExprError> {
        let (side, name, bit) = match path {
            [name] => (self.side, name, 0),
            [level, name] if level == "account" && self.side == EntityKind::User => {
                (EntityKind::Account, name, ACCOUNT_BIT)
            }
            [level, name] if level == "account" => {
                let help = Some(format!("inside [account] write {name}"));
                return Err(coded(
                    codes::UNKNOWN_NAME,
                    span,
                    format!("`account.{name}` in an expression of accounts"),
                    "this is the account already",
                    help,
                ));
            }
            _ => {
                let message = format!("no fact `{}`", path.join("."));
                let help = Some("facts have no parts; only account.NAME has a dot".to_owned());
                return Err(coded(codes::UNKNOWN_NAME, span, message, "expected the name of a fact", help));
            }
        };
        match self.compiler.fact(side, name) {
            Ok((slot, phase)) if phase < self.limit.before => {
                self.phase = self.phase.max(phase);
                let kind = self.compiler.side(side).facts[slot as usize].kind;
                Ok(Resolved { slot: slot | bit, kind })
            }
            Ok((_, phase)) => {
                let message = format!("`{}` is not known yet when {} are computed", path.join("."), self.limit.what);
                let label = format!("computed with {}", phase.what());
                Err(coded(codes::COMPUTED_LATER, span, message, label, Some(Phase::ORDER.to_owned())))
            }
            Err(NoFact::Unknown) => Err(self.unknown(side, name, span)),
            Err(NoFact::AccountsOnly) => {
                let help = Some(format!("write account.{name} for that of the user's account"));
                Err(coded(
                    codes::UNKNOWN_NAME,
                    span,
                    format!("`{name}` counts users, so only accounts have it"),
                    "not a fact of users",
                    help,
                ))
            }
            Err(NoFact::Circle(circle)) => Err(coded(
                codes::CIRCLE,
                span,
                format!("facts that need each other: {circle}"),
                "this closes the circle",
                None,
            )),
            Err(NoFact::TooDeep) => {
                let message = "facts that build on each other more than 100 deep";
                Err(coded(codes::CIRCLE, span, message, "one more here", None))
            }
            Err(NoFact::Told) => {
                Err(ExprError { span: span.clone(), message: TOLD.to_owned(), label: String::new(), help: None })
            }
        }
    }
}
