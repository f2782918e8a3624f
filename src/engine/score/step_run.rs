//! Runs the steps of a model for one entity. Each kind of step has a function, which writes its facts into the entity's row.

use std::sync::atomic::Ordering;

use super::{
    fact_table::{EntityFacts, FactRowMut},
    record_facts::{TierNow, record_fact},
    rollups,
    scorer::Scorer,
};
use crate::fold::Interner;
use pql_model::{
    EntityKind, FactSlot,
    expr::{EvalScope, Program, Value},
    resolved::{FactDefinition, Level, Rollup, ScoringStep},
    scoring,
};

/// Names from the model that are values of facts, by their pool numbers.
pub(super) struct InternedNames {
    segments: Vec<u32>,
    tiers: Vec<u32>,
    routes: Vec<u32>,
    motions: Vec<Option<u32>>,
    suppressions: Vec<u32>,
}

impl InternedNames {
    /// Puts the names of a level into a pool.
    pub(super) fn new(level: &Level, pool: &mut Interner) -> InternedNames {
        InternedNames {
            segments: level.segments.iter().map(|segment| pool.intern(&segment.name)).collect(),
            tiers: level.tiers.iter().map(|tier| pool.intern(&tier.name)).collect(),
            routes: level.routes.iter().map(|route| pool.intern(&route.name)).collect(),
            suppressions: level.suppressions.iter().map(|one| pool.intern(&one.name)).collect(),
            motions: level
                .routes
                .iter()
                .map(|route| route.motion.as_deref().map(|motion| pool.intern(motion)))
                .collect(),
        }
    }
}

/// The steps of one entity under way.
pub(super) struct StepRun<'r, 'e, 's> {
    /// What is known of all entities.
    pub(super) scorer: &'r Scorer<'e, 's>,
    /// User or account.
    pub(super) kind: EntityKind,
    /// The rules of its level.
    pub(super) level: &'r Level,
    /// The names in these rules.
    pub(super) names: &'r InternedNames,
    /// The index among users or accounts.
    pub(super) entity: usize,
    /// Its facts.
    pub(super) row: FactRowMut<'r>,
    /// Free texts of the entities of a chunk.
    pub(super) texts: &'r mut Interner,
}

impl StepRun<'_, '_, '_> {
    /// Runs a step.
    pub(super) fn step(&mut self, step: ScoringStep) {
        match step {
            ScoringStep::UserFact(slot) | ScoringStep::AccountFact(slot) => self.compute_fact(slot),
            ScoringStep::Segment => self.assign_segment(),
            ScoringStep::UserPoints | ScoringStep::AccountPoints => self.pay_signals(),
            ScoringStep::UserTier | ScoringStep::AccountTier => self.assign_tier(),
            ScoringStep::AccountPerson(slot) => self.copy_person_fact(slot),
            ScoringStep::UserRecord(slot) | ScoringStep::AccountRecord(slot) => self.tell_record(slot),
            ScoringStep::UserOutcome(slot) | ScoringStep::AccountOutcome(slot) => self.tell_outcome(slot),
            ScoringStep::UserRoute | ScoringStep::AccountRoute => {
                self.choose_route();
                self.mark_suppression();
            }
        }
    }

    /// Computes a named expression or a roll-up.
    fn compute_fact(&mut self, slot: FactSlot) {
        let value = match self.level.facts.get(slot as usize).map(|fact| &fact.definition) {
            Some(FactDefinition::Expression(program)) => owned(program.eval(&self.facts())),
            Some(FactDefinition::Rollup(rollup)) => self.roll_up(rollup),
            _ => return,
        };
        self.row.set(slot, &value, self.texts);
    }

    /// A roll-up over the members of the account.
    fn roll_up(&self, rollup: &Rollup) -> Value<'static> {
        let members = self.scorer.entities.accounts[self.entity].members.iter();
        let members = members.map(|member| self.scorer.board.member(*member as usize, self.row.facts()));
        rollups::roll_up(rollup, members, &self.scorer.overflow)
    }

    /// Writes the first segment that holds.
    fn assign_segment(&mut self) {
        let facts = self.facts();
        let place = self.level.segments.iter().position(|one| holds(one.when.as_ref(), &facts));
        self.row.set_text(self.level.slots.segment, place.map(|place| self.names.segments[place]));
    }

    /// Writes the points by category and the score.
    fn pay_signals(&mut self) {
        let paid = scoring::evaluate_signals(self.level, &self.facts());
        if scoring::overflows(&paid) {
            self.scorer.overflow.store(true, Ordering::Relaxed);
        }
        let sum = scoring::sum_points(self.level, &paid);
        for (slot, (_, held)) in self.level.slots.points.iter().zip(&sum.categories) {
            self.row.set_plain(*slot, &Value::Number(held.to_f64()));
        }
        self.row.set_plain(self.level.slots.score, &Value::Number(sum.score.to_f64()));
    }

    /// Writes the tier, and whether it is qualified. A model without tiers gives neither.
    fn assign_tier(&mut self) {
        if self.level.tiers.is_empty() {
            return;
        }
        let facts = self.facts();
        let score = facts.number(self.level.slots.score).unwrap_or(0.0);
        let before = self.scorer.standing(self.kind, self.entity).and_then(|before| before.tier.as_deref());
        let before = before.and_then(|name| self.level.tier_place(name));
        let place = scoring::find_tier(&self.level.tiers, score, &facts, before);
        self.row.set_text(self.level.slots.tier, place.map(|place| self.names.tiers[place]));
        let qualified = place.map_or(Value::Null, |place| Value::Boolean(self.level.tiers[place].qualified));
        self.row.set_plain(self.level.slots.qualified, &qualified);
    }

    /// Copies a fact of the account's champion or buyer.
    fn copy_person_fact(&mut self, slot: FactSlot) {
        let definition = self.level.facts.get(slot as usize).map(|fact| &fact.definition);
        let Some(FactDefinition::Person(role, fact)) = definition else { return };
        if let Some(person) = self.scorer.people.of(*role, self.entity) {
            self.row.copy(slot, self.scorer.board.users.word(*fact, person));
        }
    }

    /// Writes a fact of the record. Without a record it stays null.
    fn tell_record(&mut self, slot: FactSlot) {
        let definition = self.level.facts.get(slot as usize).map(|fact| &fact.definition);
        let Some(FactDefinition::Record(fact)) = definition else { return };
        if self.scorer.standings.is_none() {
            return;
        }
        let facts = self.facts();
        let slots = &self.level.slots;
        let now = TierNow { tier: facts.get(slots.tier), qualified: facts.get(slots.qualified) };
        let before = self.scorer.standing(self.kind, self.entity);
        let value = owned(record_fact(*fact, before, now, self.scorer.as_of.day));
        self.row.set(slot, &value, self.texts);
    }

    /// Writes a fact of outcomes. In a run without outcomes it stays null.
    fn tell_outcome(&mut self, slot: FactSlot) {
        let definition = self.level.facts.get(slot as usize).map(|fact| &fact.definition);
        let Some(FactDefinition::Outcome(fact)) = definition else { return };
        let Some(outcomes) = self.scorer.run_outcomes() else { return };
        let home = match self.kind {
            EntityKind::User => self.scorer.entities.users[self.entity].home,
            EntityKind::Account => None,
        };
        let value = outcomes.fact(*fact, self.kind, self.entity, home);
        self.row.set(slot, &value, self.texts);
    }

    /// Writes the first route that holds, with its motion.
    fn choose_route(&mut self) {
        let facts = self.facts();
        let place = self.level.routes.iter().position(|route| holds(route.when.as_ref(), &facts));
        self.row.set_text(self.level.slots.route, place.map(|place| self.names.routes[place]));
        // For a route without a motion the motion is null.
        self.row.set_text(self.level.slots.motion, place.and_then(|place| self.names.motions[place]));
    }

    /// Writes the first suppression that holds. It may ask for the route.
    fn mark_suppression(&mut self) {
        let Some(slot) = self.level.slots.suppressed else { return };
        let facts = self.facts();
        let place = self.level.suppressions.iter().position(|one| one.when.holds(&facts));
        self.row.set_text(slot, place.map(|place| self.names.suppressions[place]));
    }

    /// The facts that are complete so far.
    fn facts(&self) -> EntityFacts<'_> {
        let (board, own) = (&self.scorer.board, self.row.facts());
        match self.kind {
            EntityKind::User => board.partial_user(own, self.scorer.entities.users[self.entity].home),
            EntityKind::Account => board.partial_account(own),
        }
    }
}

fn holds(when: Option<&Program>, facts: &EntityFacts<'_>) -> bool {
    when.is_none_or(|when| when.holds(facts))
}

/// A copy of a value that does not borrow from the fact store.
fn owned(value: Value<'_>) -> Value<'static> {
    match value {
        Value::Null | Value::Digits(_) => Value::Null,
        Value::Number(number) => Value::Number(number),
        Value::Boolean(truth) => Value::Boolean(truth),
        Value::Date(day) => Value::Date(day),
        Value::Text(text) => Value::Text(text.into_owned().into()),
    }
}
