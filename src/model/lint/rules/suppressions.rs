//! Suppressions of accounts without a counterpart for their users, and the reverse.

use std::collections::BTreeSet;

use super::super::{LintContext, dependencies::visit_keys, domains::fact};
use crate::{
    EntityKind, FactKey, ResolvedModel, codes,
    diag::Diagnostic,
    expr::Program,
    resolved::{FactDefinition, Level, Suppression},
};

/// What a condition asks, in words that do not depend on the level that asks.
#[derive(Default)]
struct ConditionWords {
    /// The names of facts, those behind other facts among them.
    facts: BTreeSet<String>,
    /// The texts that they are compared with.
    texts: BTreeSet<String>,
}

/// Tells of suppressions that one level has and the other one lacks.
pub(super) fn all(lint: &LintContext<'_, '_>) {
    let [user, account] = [EntityKind::User, EntityKind::Account].map(|side| lint.level(side));
    if is_worked(user) {
        account.suppressions.iter().for_each(|one| of_accounts(lint, one, user));
    }
    if is_worked(account) {
        user.suppressions.iter().for_each(|one| of_users(lint, one, account));
    }
}

/// Whether a level has qualified leads or work for people, so that a missing suppression shows.
fn is_worked(level: &Level) -> bool {
    level.tiers.iter().any(|tier| tier.qualified)
        || level.routes.iter().any(|route| route.motion.as_deref() == Some("human"))
}

fn of_accounts(lint: &LintContext<'_, '_>, one: &Suppression, users: &Level) {
    let asks = ConditionWords::of(lint.model, &one.when, EntityKind::Account);
    // Without facts the condition is a constant, which has a warning of its own.
    let is_covered = users.suppressions.iter().any(|other| {
        other.name == one.name
            || refers_to_suppressed(lint, &other.when)
            || asks.is_like(&ConditionWords::of(lint.model, &other.when, EntityKind::User))
    });
    if is_covered || asks.facts.is_empty() {
        return;
    }
    let when = one.when.to_source(&|slot| format!("account.{}", name(lint.model, EntityKind::Account, slot)));
    let message = format!("accounts are suppressed as `{}`, and their users are not", one.name);
    let label = "their users stay among the qualified and on human routes";
    report(
        lint,
        one,
        (message, label),
        format!("add [[user.suppress]] with name = \"{}\" and when = \"{when}\"", one.name),
    );
}

fn of_users(lint: &LintContext<'_, '_>, one: &Suppression, accounts: &Level) {
    let mut is_of_account = true;
    visit_keys(&one.when, EntityKind::User, &mut |key| is_of_account &= key.kind() == EntityKind::Account);
    let asks = ConditionWords::of(lint.model, &one.when, EntityKind::User);
    let is_covered = accounts.suppressions.iter().any(|other| {
        other.name == one.name || asks.is_like(&ConditionWords::of(lint.model, &other.when, EntityKind::Account))
    });
    if !is_of_account || is_covered || asks.facts.is_empty() {
        return;
    }
    let when = one.when.to_source(&|slot| name(lint.model, EntityKind::User, slot));
    let message =
        format!("users are suppressed as `{}` by facts of their accounts, and the accounts are not", one.name);
    let label = "these accounts stay among the qualified and on human routes";
    report(
        lint,
        one,
        (message, label),
        format!("add [[account.suppress]] with name = \"{}\" and when = \"{when}\"", one.name),
    );
}

fn report(lint: &LintContext<'_, '_>, one: &Suppression, (message, label): (String, &'static str), help: String) {
    let problem = Diagnostic::warning(codes::SUPPRESSED_ON_ONE_LEVEL, one.span.clone(), message, label);
    lint.report(problem.help(help));
}

/// Whether a condition of users asks if their account is suppressed.
fn refers_to_suppressed(lint: &LintContext<'_, '_>, when: &Program) -> bool {
    let Some(slot) = lint.level(EntityKind::Account).slots.suppressed else { return false };
    let mut keys = Vec::new();
    visit_keys(when, EntityKind::User, &mut |key| keys.push(key));
    lint.dependency_closure(keys).contains(&FactKey::new(EntityKind::Account, slot))
}

/// The name of a fact, without the level.
fn name(model: &ResolvedModel, side: EntityKind, slot: u32) -> String {
    fact(model, FactKey::seen_from(side, slot)).map(|fact| fact.name.clone()).unwrap_or_default()
}

impl ConditionWords {
    fn of(model: &ResolvedModel, when: &Program, side: EntityKind) -> ConditionWords {
        let mut words = ConditionWords::default();
        words.add(model, when, side);
        words
    }

    /// Adds what a condition asks. Named conditions depend on no circle of others.
    fn add(&mut self, model: &ResolvedModel, program: &Program, side: EntityKind) {
        let text = program.to_source(&|slot| name(model, side, slot));
        self.texts.extend(text.split('\'').skip(1).step_by(2).map(str::to_lowercase));
        visit_keys(program, side, &mut |key| {
            let Some(fact) = fact(model, key) else { return };
            let is_new = self.facts.insert(fact.name.clone());
            if let (true, FactDefinition::Expression(program)) = (is_new, &fact.definition) {
                self.add(model, program, key.kind());
            }
        });
    }

    /// Whether another condition asks for some of the same facts, with some of the same texts if both have any.
    fn is_like(&self, other: &ConditionWords) -> bool {
        let texts = self.texts.is_empty() || other.texts.is_empty() || !self.texts.is_disjoint(&other.texts);
        texts && !self.facts.is_disjoint(&other.facts)
    }
}
