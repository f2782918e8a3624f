//! Conditions on words of traits, such as the titles of executives, that nobody meets, and lists with words that nobody has; with the commonest words
//! that the data has.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    FirstModel,
    graph::{facts_of, listed, named},
    targets::TargetGap,
};
use pql_engine::{plan::Model, score::ScoredEntities};
use pql_model::{EntityKind, expr::Value};

/// Traits whose values are words of a trade and say nothing of a single person.
const SHOWN_TRAITS: [&str; 7] = ["role", "title", "job_title", "department", "industry", "crm_status", "plan"];

/// Values that are shown, and how long each may be in letters.
const VALUES_SHOWN: usize = 5;
const LETTERS_MAX: usize = 40;

/// A value that fewer have may be about one person.
const SHARED_MIN: u64 = 2;

/// A condition of a model on words of one trait.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WordCondition {
    side: EntityKind,
    name: String,
    of_trait: String,
}

impl FirstModel {
    /// The lists with words that never occur and the conditions on words that nobody meets, as sentences.
    pub fn unmet(&self, model: &Model, scored: &ScoredEntities<'_>) -> Vec<String> {
        let mut all = Vec::new();
        for side in EntityKind::ALL {
            let summary = match side {
                EntityKind::User => &scored.users,
                EntityKind::Account => &scored.accounts,
            };
            let reader = FactReader { model, scored, side, count: summary.count };
            let gaps: Vec<&TargetGap> = self.gaps.iter().filter(|_| side == EntityKind::Account).collect();
            all.extend(gaps.iter().map(|gap| reader.gap(gap)));
            let has_gap = |one: &WordCondition| gaps.iter().any(|gap| gap.fact == one.name);
            let facts = self.conditions(side, "facts").into_iter().filter(|one| !has_gap(one));
            let unmet = facts.filter(|one| reader.is_never_true(&one.name));
            all.extend(unmet.map(|one| reader.sentence(&one)));
            let suppressions = self.conditions(side, "suppress");
            let is_met = |name: &str| summary.suppressed.iter().any(|(known, count)| known == name && *count > 0);
            // A column of which one suppression knows the words is understood: the other states are of nobody.
            let met = listed(&self.document, [side.word(), "suppress"])
                .filter(|entry| entry.text("name").is_some_and(is_met))
                .filter_map(|entry| entry.text("when"));
            let understood: Vec<String> = met.flat_map(|text| facts_of(side, text)).map(|(_, name)| name).collect();
            let unmet = suppressions.into_iter().filter(|one| !understood.contains(&one.of_trait));
            all.extend(together(unmet.collect()).iter().map(|one| reader.sentence(one)));
        }
        all
    }

    /// The named facts or the suppressions of a level that compare one trait with words.
    fn conditions(&self, side: EntityKind, list: &str) -> Vec<WordCondition> {
        let level = side.word();
        let path = [level, "facts"];
        let facts = named(&self.document, &path).filter(|_| list == "facts");
        let facts = facts.filter_map(|(name, value)| Some((name, value.text()?)));
        let entries = listed(&self.document, [level, "suppress"]).filter(|_| list == "suppress");
        let entries = entries.filter_map(|entry| Some((entry.text("name")?, entry.text("when")?)));
        let of_words = facts.chain(entries).filter(|(_, text)| text.contains("lower(") && text.contains('\''));
        let conditions = of_words.filter_map(|(name, text)| {
            let mut read = facts_of(side, text);
            read.dedup();
            // What users are asked of their accounts is told once, of the accounts.
            let [(_, of_trait)] = read.as_slice() else { return None };
            let is_own = read.iter().all(|(of, _)| *of == side);
            (is_own && SHOWN_TRAITS.contains(&of_trait.as_str())).then(|| WordCondition {
                side,
                name: name.to_owned(),
                of_trait: of_trait.clone(),
            })
        });
        conditions.collect()
    }
}

/// Conditions on one trait as one, under all of their names.
fn together(conditions: Vec<WordCondition>) -> Vec<WordCondition> {
    let mut all: Vec<WordCondition> = Vec::new();
    for one in conditions {
        match all.iter_mut().find(|known| known.of_trait == one.of_trait) {
            Some(known) => known.name.push_str(&format!(", {}", one.name)),
            None => all.push(one),
        }
    }
    all
}

/// Reads facts of the entities of a level.
pub(super) struct FactReader<'r> {
    pub(super) model: &'r Model,
    pub(super) scored: &'r ScoredEntities<'r>,
    pub(super) side: EntityKind,
    pub(super) count: u64,
}

impl FactReader<'_> {
    /// The values of a fact, one for each entity; none if the model does not know it.
    pub(super) fn values(&self, name: &str) -> Option<Vec<Value<'_>>> {
        let slot = self.model.resolved.level(self.side).facts.iter().position(|fact| fact.name == name)?;
        let slot = u32::try_from(slot).ok()?;
        let table = match self.side {
            EntityKind::User => &self.scored.facts.users,
            EntityKind::Account => &self.scored.facts.accounts,
        };
        let places = 0..usize::try_from(self.count).unwrap_or(usize::MAX);
        Some(places.map(|place| table.value(slot, place, &self.scored.facts.pool)).collect())
    }

    /// The places of the entities that no suppression leaves out.
    pub(super) fn listed(&self) -> BTreeSet<usize> {
        let table = match self.side {
            EntityKind::User => &self.scored.facts.users,
            EntityKind::Account => &self.scored.facts.accounts,
        };
        let slot = self.model.resolved.level(self.side).slots.suppressed;
        let is_suppressed = |place: &usize| {
            slot.is_some_and(|slot| matches!(table.value(slot, *place, &self.scored.facts.pool), Value::Text(_)))
        };
        (0..usize::try_from(self.count).unwrap_or(usize::MAX)).filter(|place| !is_suppressed(place)).collect()
    }

    fn is_never_true(&self, name: &str) -> bool {
        let is_true = |value: &Value<'_>| matches!(value, Value::Boolean(true));
        self.values(name).is_some_and(|values| !values.is_empty() && !values.iter().any(is_true))
    }

    /// The commonest values of a trait, as far as they may be shown.
    fn commonest(&self, of_trait: &str) -> Vec<(String, u64)> {
        if !SHOWN_TRAITS.contains(&of_trait) {
            return Vec::new();
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for value in self.values(of_trait).unwrap_or_default() {
            if let Value::Text(text) = value {
                *counts.entry(text.into_owned()).or_default() += 1;
            }
        }
        let is_shown = |(text, count): &(String, u64)| {
            *count >= SHARED_MIN && !text.contains('@') && text.chars().count() <= LETTERS_MAX
        };
        let mut shown: Vec<(String, u64)> = counts.into_iter().filter(is_shown).collect();
        shown.sort_by_key(|(_, count)| Reverse(*count));
        shown.truncate(VALUES_SHOWN);
        shown
    }

    /// What a list of words lacks, with the commonest values.
    fn gap(&self, gap: &TargetGap) -> String {
        format!("{}: {}", gap.fact, gap.text_with(&self.commonest(&gap.of_trait)))
    }

    fn sentence(&self, condition: &WordCondition) -> String {
        let WordCondition { side, name, of_trait } = condition;
        let values = self.commonest(of_trait).into_iter().map(|(text, count)| format!("`{text}` ({count})"));
        let values: Vec<String> = values.collect();
        let common = match values.len() {
            0 => format!("no value of {of_trait} is common"),
            1 => format!("the commonest value of {of_trait} is {}", values.join(", ")),
            _ => format!("the commonest values of {of_trait} are {}", values.join(", ")),
        };
        format!(
            "{name}: {} no {}; {common}; if your data says it otherwise, write its words there",
            if name.contains(", ") { "their words match" } else { "its words match" },
            side.word()
        )
    }
}
