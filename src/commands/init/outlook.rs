//! What a first model would say of the dump: how many qualify, and at which score a tenth would.

use super::shortfall::TierShortfall;
use pql_engine::{plan::Model, score::ScoredEntities};
use pql_model::{EntityKind, expr::Value, resolved::Route, units::format_number};

/// Over this share, as one of so many, a list is no list of leads.
const MANY: u64 = 3;

/// The share that a threshold is named for, as one of so many.
const FEW: u64 = 10;

/// Entities from which on shares are told.
const ENTITIES_MIN: u64 = 10;

/// How many of a level qualify.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelOutlook {
    /// Users or accounts.
    pub side: EntityKind,
    /// How many there are.
    pub count: u64,
    /// How many are in a qualified tier.
    pub qualified: u64,
    /// How many a person acts on, by route, in the order of the model: those with `motion = "human"` that no suppression leaves out.
    pub human: Vec<(String, u64)>,
    /// How many each suppression leaves out.
    pub suppressed: Vec<(String, u64)>,
    /// If over a third qualify: a score, and how many have it or more, about a tenth.
    pub fewer: Option<ScoreThreshold>,
    /// If nobody qualifies: what keeps everybody out.
    pub shortfall: Option<TierShortfall>,
}

/// A score and how many reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreThreshold {
    /// The score as a model writes it.
    pub score: String,
    /// How many have it or more.
    pub reached: u64,
}

impl LevelOutlook {
    /// Counts a level; the model is compiled whole, so that scores are at hand.
    pub fn of(model: &Model, scored: &ScoredEntities<'_>, side: EntityKind) -> LevelOutlook {
        let (summary, table) = match side {
            EntityKind::User => (&scored.users, &scored.facts.users),
            EntityKind::Account => (&scored.accounts, &scored.facts.accounts),
        };
        let (count, qualified) = (summary.count, summary.qualified);
        let slot = model.resolved.level(side).facts.iter().position(|fact| fact.name == "score");
        let slot = slot.and_then(|place| u32::try_from(place).ok());
        let many = count >= ENTITIES_MIN && qualified * MANY > count;
        let scores = slot.filter(|_| many).map(|slot| {
            let all = (0..usize::try_from(count).unwrap_or(usize::MAX)).filter_map(|place| {
                match table.value(slot, place, &scored.facts.pool) {
                    Value::Number(number) => Some(number),
                    _ => None,
                }
            });
            all.collect::<Vec<f64>>()
        });
        LevelOutlook {
            side,
            count,
            qualified,
            human: human_routes(model, scored, side),
            suppressed: summary.suppressed.clone(),
            fewer: scores.and_then(threshold),
            shortfall: None,
        }
    }
}

/// The entities that a person acts on, by route.
fn human_routes(model: &Model, scored: &ScoredEntities<'_>, side: EntityKind) -> Vec<(String, u64)> {
    let (summary, table) = match side {
        EntityKind::User => (&scored.users, &scored.facts.users),
        EntityKind::Account => (&scored.accounts, &scored.facts.accounts),
    };
    let level = model.resolved.level(side);
    let text = |slot, place| match table.value(slot, place, &scored.facts.pool) {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    };
    let is_human = |route: &&Route| route.motion.as_deref() == Some("human");
    let mut counts: Vec<(String, u64)> =
        level.routes.iter().filter(is_human).map(|route| (route.name.clone(), 0)).collect();
    for place in 0..usize::try_from(summary.count).unwrap_or(usize::MAX) {
        let is_suppressed = level.slots.suppressed.is_some_and(|slot| text(slot, place).is_some());
        let route = text(level.slots.route, place).filter(|_| !is_suppressed);
        if let Some((_, count)) = counts.iter_mut().find(|(name, _)| Some(name) == route.as_ref()) {
            *count += 1;
        }
    }
    counts.retain(|(_, count)| *count > 0);
    counts
}

/// The score that comes nearest to a tenth.
fn threshold(mut scores: Vec<f64>) -> Option<ScoreThreshold> {
    scores.sort_by(|a, b| b.total_cmp(a));
    let wanted = (scores.len() as u64 / FEW).max(1);
    let reached = |score: f64| scores.iter().filter(|other| **other >= score).count() as u64;
    let mut distinct = scores.clone();
    distinct.dedup();
    let best = distinct.into_iter().min_by_key(|score| reached(*score).abs_diff(wanted))?;
    // A round number that leaves the same.
    let rounded = [5.0, 1.0].map(|step| (best / step).floor() * step);
    let score = rounded.into_iter().find(|score| reached(*score) == reached(best)).unwrap_or(best);
    Some(ScoreThreshold { score: format_number(score), reached: reached(best) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_leaves_about_a_tenth() {
        let scores = (0..40).map(|number| f64::from(number / 4 * 5)).collect();
        assert_eq!(threshold(scores), Some(ScoreThreshold { score: "45".to_owned(), reached: 4 }));
        assert_eq!(threshold(vec![]), None);
    }
}
