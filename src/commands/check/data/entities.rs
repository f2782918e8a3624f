//! What users and accounts show: traits that nobody has, texts that facts never are, signals that tell nobody apart.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{DataChecker, RootCauses, nearest, percent};
use crate::commands::check::spelling::spelling_variants;
use pql_engine::{
    inspect::name_similarity::{closest_names, split_words},
    ledger::EntityRef,
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind, codes,
    diag::Diagnostic,
    resolved::{FactDefinition, SpannedName, TextComparison, Trait},
    scoring::{SignalFiring, evaluate_signals},
    units::plural,
};

/// A signal that fires for more than this share distinguishes nobody.
const ALWAYS_SHARE: f64 = 0.95;

/// Among fewer users or accounts a share says nothing.
const ENTITIES_MIN: usize = 20;

impl DataChecker<'_> {
    /// Traits that nobody has, in whatever way.
    pub(super) fn traits(&mut self, side: EntityKind, (model, scored): (&Model, &ScoredEntities<'_>)) {
        let entities = count(scored, side);
        for Trait { name: SpannedName { name, span }, from: looked, .. } in &model.resolved.level(side).traits {
            let Some(slot) = slot(model, side, name) else { continue };
            let null = (0..entities).all(|entity| value(scored, side, slot, entity).is_none());
            if !null || entities == 0 {
                continue;
            }
            let traits = match side {
                EntityKind::User => &self.survey.user_traits,
                EntityKind::Account => &self.survey.account_traits,
            };
            let mut paths: Vec<&str> = traits.by_path.keys().map(String::as_str).collect();
            paths.sort_unstable();
            let near: Vec<&str> = looked.iter().flat_map(|looked| closest_names(looked, &paths)).take(3).collect();
            let option = if side == EntityKind::User { "--users" } else { "--accounts" };
            let help = match self.field_of_trait(looked).filter(|_| near.is_empty()) {
                Some(help) => help,
                None => nearest(
                    &near,
                    &format!(
                        "{option} FILE names a table that may have it; `pql init` takes it too, and writes the column into `from`"
                    ),
                ),
            };
            let message = format!("no {} has the trait `{name}`", side.word());
            let whole =
                plural(entities as u64, side.word(), if side == EntityKind::User { "users" } else { "accounts" });
            let label = format!("null for all of {whole}");
            self.found.push(Diagnostic::warning(codes::NO_SUCH_TRAIT, span.clone(), message, label).help(help));
        }
    }

    /// How a trait can be read from the field of events that ends in one of its names.
    fn field_of_trait(&self, looked: &[String]) -> Option<String> {
        let is_named = |path: &str| {
            let last = split_words(path.rsplit('.').next().unwrap_or(path)).concat();
            looked.iter().any(|looked| split_words(looked).concat() == last)
        };
        let mut properties: Vec<&str> = self
            .survey
            .names
            .values()
            .flat_map(|event| &event.properties.by_path)
            .map(|(path, _)| path.as_str())
            .collect();
        properties.sort_unstable();
        if let Some(path) = properties.into_iter().find(|path| is_named(path)) {
            return Some(format!("events have the property `{path}`: from = [\"{path}\"] reads it"));
        }
        let fields = &self.dump.fields;
        let guess = fields.guess.parts.iter().find(|one| one.part == "properties")?;
        let record = guess.also.as_deref()?;
        let below = if record == "." { String::new() } else { format!("{record}.") };
        let paths = fields.paths();
        let path = paths.into_iter().filter(|path| is_named(path)).find_map(|path| path.strip_prefix(&below))?;
        Some(format!(
            "records have `{below}{path}`, beside their properties: from = [\"{path}\"] reads it, with properties = [\"{}\", \"{record}\"] in [input] fields",
            guess.path
        ))
    }

    /// Texts that traits and metrics are compared with and never are.
    pub(super) fn facts(&mut self, side: EntityKind, (model, scored): (&Model, &ScoredEntities<'_>)) {
        let mut columns: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for TextComparison { name: path, text, span } in &model.resolved.level(side).comparisons {
            let (side, name) = match path.strip_prefix("account.") {
                Some(name) => (EntityKind::Account, name),
                None => (side, path.as_str()),
            };
            let Some(slot) = slot(model, side, name) else { continue };
            let known = columns.entry(path).or_insert_with(|| {
                (0..count(scored, side)).filter_map(|entity| value(scored, side, slot, entity)).collect()
            });
            // The warning about the trait says that nobody has it at all.
            if !known.is_empty() && !known.contains(text) {
                let near: Vec<String> = spelling_variants(text).filter(|other| known.contains(other)).take(3).collect();
                self.value(path, text, span.clone(), near);
            }
        }
    }

    /// Signals that fire for nearly everybody, or never and without a warning that explains it.
    pub(super) fn signals(
        &mut self,
        side: EntityKind,
        (model, scored): (&Model, &ScoredEntities<'_>),
        explained: &RootCauses<'_>,
    ) {
        let level = model.resolved.level(side);
        let entities: Vec<EntityRef> = EntityRef::all(scored, side).collect();
        let of = entities.len();
        let none = || vec![0_usize; level.signals.len()];
        let fired = entities.into_par_iter().with_min_len(256).fold(none, |mut fired, entity| {
            let scope = entity.scope(scored);
            for (count, paid) in fired.iter_mut().zip(evaluate_signals(level, &scope)) {
                // A signal that an exclusive group leaves out would have fired.
                *count += usize::from(paid.firing != SignalFiring::NotFired);
            }
            fired
        });
        let fired = fired.reduce(none, |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        });
        let whole = plural(of as u64, side.word(), if side == EntityKind::User { "users" } else { "accounts" });
        for (signal, fired) in level.signals.iter().zip(fired) {
            let name = signal.name.as_str();
            let span = &signal.spans.name;
            let reported = if fired == 0 && of > 0 {
                if explained.explains(side, signal) {
                    continue;
                }
                let help = "if what it looks for is rare, ignore this with a reason in [check]; else look at its event, window and condition";
                Some((
                    codes::NEVER_FIRES,
                    format!("the signal `{name}` never fires"),
                    format!("for none of {whole}"),
                    help,
                ))
            } else if of >= ENTITIES_MIN && fired as f64 > ALWAYS_SHARE * of as f64 {
                let share = percent(fired as u64, of as u64);
                let help = "points that everybody has tell nobody apart: raise what it asks for, or take it out";
                let message = format!(
                    "the signal `{name}` fires for {share} of {}",
                    if side == EntityKind::User { "users" } else { "accounts" }
                );
                Some((codes::ALWAYS_FIRES, message, format!("for {fired} of {whole}"), help))
            } else {
                None
            };
            if let Some((code, message, label, help)) = reported {
                self.found.push(Diagnostic::warning(code, span.clone(), message, label).help(help));
            }
        }
    }
}

/// Where a fact is that comes from events or from files: a trait or a metric.
fn slot(model: &Model, side: EntityKind, name: &str) -> Option<u32> {
    let facts = &model.resolved.level(side).facts;
    let place = facts.iter().position(|fact| fact.name == name)?;
    let given = matches!(facts[place].definition, FactDefinition::Trait(_) | FactDefinition::Metric(_));
    u32::try_from(place).ok().filter(|_| given)
}

fn count(scored: &ScoredEntities<'_>, side: EntityKind) -> usize {
    EntityRef::all(scored, side).count()
}

/// A fact of an entity as text; nothing if it is null.
fn value(scored: &ScoredEntities<'_>, side: EntityKind, slot: u32, place: usize) -> Option<String> {
    let board = &scored.facts;
    let table = if side == EntityKind::User { &board.users } else { &board.accounts };
    table.value(slot, place, &board.pool).to_text().map(std::borrow::Cow::into_owned)
}
