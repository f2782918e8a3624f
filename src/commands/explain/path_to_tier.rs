//! The cheapest ways up a tier: the fewest facts that would have to be others, each way tried on the scorer.

use super::{
    counterfactual::{CounterfactualGenerator, OverrideSet, merge_sets},
    overlay::{FactOverride, score_with_overrides},
};
use pql_engine::{
    ledger::{EntityFacts, EntityRef, fact_name, to_owned_value},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    expr::{EvalScope, Value},
    scoring::evaluate_signals,
    units::Points,
};

/// How to get into the tier above.
#[derive(Debug)]
pub struct NextTierPaths {
    /// The tier above the present one.
    pub tier: String,
    /// Points that are missing for its threshold; none if it has none or it is passed.
    pub points_missing: Option<Points>,
    /// The cheapest first.
    pub paths: Vec<TierPath>,
}

/// Changes that lead into a higher tier, all else being as it is.
#[derive(Debug)]
pub struct TierPath {
    /// The facts that change.
    pub changes: Vec<FactChange>,
    /// The score that the scorer gives then.
    pub score: Points,
    /// The tier it gives then.
    pub tier: String,
}

/// One fact that changes.
#[derive(Debug)]
pub struct FactChange {
    /// Its name.
    pub fact: String,
    /// What it is.
    pub from: Value<'static>,
    /// What it would have to be.
    pub to: Value<'static>,
}

/// So many ways are shown.
const WAYS_MAX: usize = 5;
/// So many single moves are combined in twos, and in threes.
const MOVES_MAX: [usize; 2] = [60, 24];

/// The ways up from the present tier; none if there is no higher one.
pub fn find_tier_paths(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> Option<NextTierPaths> {
    let level = model.resolved.level(entity.side);
    let scope = entity.scope(scored);
    let now = score_with_overrides(model, entity.side, &scope, &[]);
    let above = level.tiers.get(now.tier?.checked_sub(1)?)?;
    let missing = above.threshold.and_then(|(threshold, strict)| missing(threshold, strict, now.score));
    let mover = CounterfactualGenerator { model, side: entity.side, scope: &scope };
    let mut moves: Vec<OverrideSet> = Vec::new();
    if let Some(when) = &above.when {
        moves.extend(mover.for_condition(when).into_iter().filter(|plan| !plan.is_empty()));
    }
    for (signal, paid) in level.signals.iter().zip(&evaluate_signals(level, &scope)) {
        moves.extend(mover.for_signal(signal, paid, missing));
    }
    let mut different: Vec<OverrideSet> = Vec::new();
    for mut one in moves {
        one.sort_by_key(|(key, _)| *key);
        if !different.contains(&one) {
            different.push(one);
        }
    }
    let search = TierPathSearch { model, entity, scope: &scope, present: now.tier?, gains: Vec::new() };
    let ways = search.run(different);
    let ways = ways.into_iter().map(|(plan, found)| TierPath {
        changes: plan
            .iter()
            .map(|(key, to)| FactChange {
                fact: fact_name(model, entity.side, key.in_program_of(entity.side)),
                from: to_owned_value(&scope.get(key.in_program_of(entity.side))),
                to: to.clone(),
            })
            .collect(),
        score: found.0,
        tier: level.tiers[found.1].name.clone(),
    });
    Some(NextTierPaths { tier: above.name.clone(), points_missing: missing, paths: ways.collect() })
}

/// Points up to a threshold; to exceed it takes the smallest amount there is more.
fn missing(threshold: f64, strict: bool, score: Points) -> Option<Points> {
    let exact = threshold * 1000.0;
    let needed = (exact - pql_model::units::EPSILON).ceil() as i64 + i64::from(strict && exact.fract() == 0.0);
    (needed > score.0).then(|| Points(needed - score.0))
}

struct TierPathSearch<'s> {
    model: &'s Model,
    entity: EntityRef,
    scope: &'s EntityFacts<'s>,
    /// The present tier, by place.
    present: usize,
    /// By move, the score that it leads to alone.
    gains: Vec<(OverrideSet, Points)>,
}

/// The score and tier of a way.
type ReachedTier = (Points, usize);

impl TierPathSearch<'_> {
    /// Single moves, then two at a time, then three; whatever holds a way already found is none of its own.
    fn run(mut self, moves: Vec<OverrideSet>) -> Vec<(OverrideSet, ReachedTier)> {
        let mut ways: Vec<(OverrideSet, ReachedTier)> = Vec::new();
        for plan in moves {
            let score = self.attempt(&plan, &mut ways);
            self.gains.push((plan, score));
        }
        // Those that bring most are the likeliest to be part of a way.
        self.gains.sort_by_key(|(_, score)| std::cmp::Reverse(*score));
        let gains = std::mem::take(&mut self.gains);
        let pool: Vec<&OverrideSet> = gains.iter().map(|(plan, _)| plan).take(MOVES_MAX[0]).collect();
        for (place, first) in pool.iter().enumerate() {
            for second in &pool[place + 1..] {
                self.attempt(&merge_sets(first, second), &mut ways);
            }
        }
        if ways.is_empty() {
            let pool = &pool[..pool.len().min(MOVES_MAX[1])];
            for (place, first) in pool.iter().enumerate() {
                for (next, second) in pool.iter().enumerate().skip(place + 1) {
                    let two = merge_sets(first, second);
                    for third in &pool[next + 1..] {
                        self.attempt(&merge_sets(&two, third), &mut ways);
                    }
                }
            }
        }
        ways.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then(self.distance(a).total_cmp(&self.distance(b))));
        ways.truncate(WAYS_MAX);
        ways
    }

    /// Tries a plan on the scorer; gives the score.
    fn attempt(&self, plan: &OverrideSet, ways: &mut Vec<(OverrideSet, ReachedTier)>) -> Points {
        let covered =
            ways.iter().any(|(known, _)| known.iter().all(|change| plan.iter().any(|own| at_least(own, change))));
        let outcome = score_with_overrides(self.model, self.entity.side, self.scope, plan);
        if let Some(tier) = outcome.tier.filter(|tier| *tier < self.present)
            && !covered
        {
            ways.push((plan.clone(), (outcome.score, tier)));
        }
        outcome.score
    }

    /// How far the facts have to go: the sum of the differences, a truth counting as one.
    fn distance(&self, plan: &OverrideSet) -> f64 {
        let one = |(key, to): &FactOverride| match to.as_number() {
            Some(to) => (to - self.scope.get(key.in_program_of(self.entity.side)).as_number().unwrap_or(0.0)).abs(),
            None => 1.0,
        };
        plan.iter().map(one).sum()
    }
}

/// Whether one change asks for all that another does.
fn at_least(own: &FactOverride, other: &FactOverride) -> bool {
    own.0 == other.0 && (own.1 == other.1 || own.1.as_number() > other.1.as_number())
}
