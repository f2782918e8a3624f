//! Which signals never fire for a reason that another warning tells: what they ask for is built on nothing but names, properties, texts and traits that
//! never occur. A signal that asks for anything else besides may be mended elsewhere, so nothing is taken for explained that might not be.

use std::{collections::BTreeSet, ops::Range};

use rayon::prelude::*;

use pql_engine::{
    ledger::{EntityFacts, EntityRef, UnmetCondition, fact_slot, unmet_conditions},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    resolved::{Fact, FactDefinition, FactDependencies, Signal, SignalPayment, TextComparison},
};

/// What warnings say of facts.
pub(super) struct RootCauses<'s> {
    model: &'s Model,
    scored: &'s ScoredEntities<'s>,
    /// Facts that are null, 0 or false for everybody for a reason that a warning gives.
    empty_facts: BTreeSet<FactKey>,
    /// Facts that are never a text, and the text as conditions write it.
    unmatched_texts: Vec<(FactKey, String)>,
}

/// What was warned about.
struct WarnedSubjects<'t> {
    /// Events that never occur.
    events: BTreeSet<&'t str>,
    /// Traits that nobody has.
    traits: BTreeSet<(EntityKind, &'t str)>,
    /// Where properties are read that are not there, and texts that never are.
    spans: Vec<&'t Range<usize>>,
}

impl<'s> RootCauses<'s> {
    /// What follows from warnings about names, properties, texts and traits.
    pub(super) fn new(found: &[Diagnostic], model: &'s Model, scored: &'s ScoredEntities<'s>) -> RootCauses<'s> {
        let spans = |code: &'static str| found.iter().filter(move |one| one.code == code).map(|one| &one.span);
        let is_warned = |code: &'static str, span: &Range<usize>| spans(code).any(|warned| warned == span);
        let events = model.resolved.event_references();
        let events = events.into_iter().filter(|event| is_warned(codes::NO_SUCH_EVENT, &event.span));
        let mut warned = WarnedSubjects {
            events: events.map(|event| event.name.as_str()).collect(),
            traits: BTreeSet::new(),
            spans: spans(codes::NO_SUCH_PROPERTY).chain(spans(codes::NO_SUCH_VALUE)).collect(),
        };
        let mut explained = RootCauses { model, scored, empty_facts: BTreeSet::new(), unmatched_texts: Vec::new() };
        for side in EntityKind::ALL {
            let level = model.resolved.level(side);
            let traits = level.traits.iter().filter(|one| is_warned(codes::NO_SUCH_TRAIT, &one.name.span));
            warned.traits.extend(traits.map(|one| (side, one.name.name.as_str())));
            let comparisons = level.comparisons.iter().filter(|one| is_warned(codes::NO_SUCH_VALUE, &one.span));
            for TextComparison { name, text, .. } in comparisons {
                let key = fact_slot(model, side, name).map(|(slot, _)| FactKey::seen_from(side, slot));
                let literal = format!("'{}'", text.replace('\'', "''"));
                explained.unmatched_texts.extend(key.map(|key| (key, literal)));
            }
        }
        explained.fill(&warned);
        explained
    }

    /// Finds the facts that are empty, each after those that it is made of.
    fn fill(&mut self, warned: &WarnedSubjects<'_>) {
        if warned.events.is_empty() && warned.traits.is_empty() && warned.spans.is_empty() {
            return;
        }
        loop {
            let before = self.empty_facts.clone();
            for side in EntityKind::ALL {
                for (slot, fact) in (0..).zip(&self.model.resolved.level(side).facts) {
                    let key = FactKey::new(side, slot);
                    if !self.empty_facts.contains(&key) && self.is_caused(warned, key, fact) && self.is_empty(key) {
                        self.empty_facts.insert(key);
                    }
                }
            }
            if before == self.empty_facts {
                return;
            }
        }
    }

    /// Whether a warning is about what a fact is made of.
    fn is_caused(&self, warned: &WarnedSubjects<'_>, key: FactKey, fact: &Fact) -> bool {
        let side = key.kind();
        let is_warned = || warned.covers(&self.model.resolved.dependencies(key));
        match &fact.definition {
            FactDefinition::Trait(place) => {
                let one = &self.model.resolved.level(side).traits[*place];
                warned.traits.contains(&(side, one.name.name.as_str()))
            }
            FactDefinition::Metric(_) | FactDefinition::Milestone(..) => is_warned(),
            FactDefinition::Expression(program) => {
                is_warned() || self.only_empty(side, |visit| program.visit_slots(visit))
            }
            FactDefinition::Rollup(rollup) => {
                // What is gathered are facts of users.
                let of_members = |visit: &mut dyn FnMut(u32)| {
                    rollup.value.iter().chain(&rollup.filter).for_each(|program| program.visit_slots(visit));
                };
                is_warned() || self.only_empty(EntityKind::User, of_members)
            }
            FactDefinition::Person(_, slot) => {
                is_warned() || self.empty_facts.contains(&FactKey::new(EntityKind::User, *slot))
            }
            FactDefinition::Builtin(_)
            | FactDefinition::Record(_)
            | FactDefinition::Outcome(_)
            | FactDefinition::Scoring => false,
        }
    }

    /// Whether the slots that programs of a level name are those of empty facts, at least one.
    fn only_empty(&self, side: EntityKind, slots: impl FnOnce(&mut dyn FnMut(u32))) -> bool {
        let (mut any, mut all) = (false, true);
        slots(&mut |slot| {
            any = true;
            all &= self.empty_facts.contains(&FactKey::seen_from(side, slot));
        });
        any && all
    }

    /// Whether a fact is null, 0 or false for everybody.
    fn is_empty(&self, key: FactKey) -> bool {
        let side = key.kind();
        let board = &self.scored.facts;
        let table = if side == EntityKind::User { &board.users } else { &board.accounts };
        let nothing = |place: usize| {
            let value = table.value(key.slot(), place, &board.pool);
            value.is_null() || value.as_number() == Some(0.0) || value.to_boolean() == Some(false)
        };
        EntityRef::all(self.scored, side).all(|entity| nothing(entity.place))
    }

    /// Whether a warning already explains why a signal fires for nobody.
    pub(super) fn explains(&self, side: EntityKind, signal: &Signal) -> bool {
        if self.empty_facts.is_empty() && self.unmatched_texts.is_empty() {
            return false;
        }
        let entities: Vec<EntityRef> = EntityRef::all(self.scored, side).collect();
        entities.into_par_iter().all(|entity| self.has_known_cause(side, signal, &entity.scope(self.scored)))
    }

    /// Whether a warning names something that keeps a signal from firing for somebody.
    fn has_known_cause(&self, side: EntityKind, signal: &Signal, scope: &EntityFacts<'_>) -> bool {
        let guard = signal.guard.iter().flat_map(|guard| unmet_conditions(self.model, side, guard, scope));
        let value = match &signal.pay {
            SignalPayment::Ladder { value, .. } | SignalPayment::Per { value, .. } => Some(value),
            SignalPayment::Flat(_) => None,
        };
        let nothing = value.filter(|value| value.number(scope).is_none_or(|number| number == 0.0));
        let unknown = signal.decay.as_ref().map(|decay| &decay.since).filter(|since| since.number(scope).is_none());
        guard.into_iter().any(|part| self.is_about_empty(side, &part))
            || nothing
                .into_iter()
                .chain(unknown)
                .any(|program| self.only_empty(side, |visit| program.visit_slots(visit)))
    }

    /// Whether all that a part of a condition looks at is empty, or never what it is compared with.
    fn is_about_empty(&self, side: EntityKind, part: &UnmetCondition) -> bool {
        let is_warned = |name: &str| {
            let Some((slot, _)) = fact_slot(self.model, side, name) else { return false };
            let key = FactKey::seen_from(side, slot);
            let never = |(of, text): &(FactKey, String)| *of == key && part.condition.contains(text.as_str());
            self.empty_facts.contains(&key) || self.unmatched_texts.iter().any(never)
        };
        !part.facts.is_empty() && part.facts.iter().all(|known| is_warned(&known.name))
    }
}

impl WarnedSubjects<'_> {
    fn covers(&self, made: &FactDependencies<'_>) -> bool {
        let never = |names: &Vec<&str>| !names.is_empty() && names.iter().all(|name| self.events.contains(name));
        let within =
            |text: &Range<usize>| self.spans.iter().any(|warned| text.start <= warned.start && warned.end <= text.end);
        made.needs.iter().any(never) || made.texts.iter().copied().any(within)
    }
}
