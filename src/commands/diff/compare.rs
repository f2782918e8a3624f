//! Two snapshots to what differs between them.

use std::cmp::Reverse;

use super::{
    ChangeTrial, ListTransitions, ModelDiff, MoveCause, MoverLists, ScoreSnapshot, alignment::NameUnion,
    level_comparison::LevelComparison,
};
use pql_engine::record::EntityStanding;
use pql_model::{EntityKind, PerKind, units::Points};

/// What differs among users, or among accounts.
#[derive(Debug)]
pub struct LevelDiff {
    /// Users or accounts.
    pub side: EntityKind,
    /// How many are what.
    pub counts: LevelCounts,
    /// From tier to tier.
    pub tiers: ListTransitions,
    /// From route to route.
    pub routes: ListTransitions,
    /// Who moves, each mover once.
    pub movers: MoverLists,
    /// By signal, those that changed for most entities first; of rows that both models have.
    pub signals: Vec<SignalChange>,
    /// By route that is human under one of the models, in the order of the new model.
    pub load: Vec<RouteLoad>,
}

/// How many rows there are, and how many of them differ.
#[derive(Debug, Default)]
pub struct LevelCounts {
    /// Rows under the old and the new model.
    pub rows: [u64; 2],
    /// Of them, those whose tier is qualified and who are not suppressed.
    pub qualified: [u64; 2],
    /// Of them, those who are suppressed.
    pub suppressed: [u64; 2],
    /// Rows that only the old, only the new model has.
    pub only_in: [u64; 2],
    /// Of those that both models have: with the same score, tier, route and suppression.
    pub unchanged: u64,
    /// Of those that both models have: with another score.
    pub rescored: u64,
    /// Of those that both models have: in another tier.
    pub moved: u64,
    /// Of those that both models have: on another route.
    pub rerouted: u64,
    /// Of those that both models have: not suppressed, in the same tier, and on another route or on one of another motion.
    pub rerouted_alone: u64,
    /// Of those that both models have: suppressed under the new model only, under the old model only.
    pub turned_suppressed: [u64; 2],
}

/// A number of entities, some of them listed.
#[derive(Debug, Default)]
pub struct EntitySample {
    /// All of them.
    pub count: u64,
    /// The first of them, most points first, then by id.
    pub listed: Vec<MovedEntity>,
}

/// An entity of which the suppression, the tier or the route is another.
#[derive(Debug)]
pub struct MovedEntity {
    /// As rows print it.
    pub id: String,
    /// Under the old and the new model; none where there is no row.
    pub scores: [Option<Points>; 2],
    /// Likewise.
    pub tiers: [Option<String>; 2],
    /// Likewise.
    pub routes: [Option<String>; 2],
    /// The suppression that holds, likewise.
    pub suppressed: [Option<String>; 2],
    /// What gives or takes other points than before, the largest difference first. They add up to the difference of the scores.
    pub changes: Vec<PointsChange>,
    /// The changes of the model that move it alone; none if that was not looked for.
    pub cause: Option<MoveCause>,
}

/// What a signal or a bound gives under either model.
#[derive(Debug)]
pub struct PointsChange {
    /// The signal; `cap:` and a category, or `cap:score`, for bounds.
    pub name: String,
    /// Under the old and the new model.
    pub points: [Points; 2],
}

/// A signal that pays otherwise.
#[derive(Debug)]
pub struct SignalChange {
    /// As in [`PointsChange`].
    pub name: String,
    /// Entities to which it gives other points.
    pub entities: u64,
    /// What it gives more to all of them together.
    pub points: Points,
}

impl SignalChange {
    /// Adds what differs for one entity.
    pub(super) fn add_to_sums(sums: &mut [(u64, Points)], changes: &[(u32, [Points; 2])]) {
        for (part, [before, after]) in changes {
            let (entities, points) = &mut sums[*part as usize];
            *entities += 1;
            *points = *points + (*after - *before);
        }
    }

    /// The changes of signals, that for most entities first, from the entities and the points of each part.
    pub(super) fn from_sums(sums: Vec<(u64, Points)>, parts: &NameUnion) -> Vec<SignalChange> {
        let named = sums.into_iter().zip(&parts.names).filter(|((entities, _), _)| *entities > 0);
        let one = |((entities, points), name): ((u64, Points), &String)| SignalChange {
            name: name.clone(),
            entities,
            points,
        };
        let mut signals: Vec<SignalChange> = named.map(one).collect();
        signals.sort_by_key(|signal| Reverse(signal.entities));
        signals
    }
}

/// What a route with the motion `human` asks of people.
#[derive(Debug)]
pub struct RouteLoad {
    /// Its name.
    pub name: String,
    /// Who acts: of the new model, else of the old one.
    pub assignee: Option<String>,
    /// Entities under the old and the new model that are not suppressed; 0 where it is not human.
    pub counts: [u64; 2],
}

/// Compares two models on the same events; of each move, `limit` movers are listed. `trials` are the old model with one change each.
pub fn compare([old, new]: [&ScoreSnapshot; 2], trials: &[ChangeTrial], limit: usize) -> ModelDiff {
    let levels = PerKind::from_fn(|side| LevelComparison::new(side, [old, new]).finish(trials, limit));
    ModelDiff { models: [old.model.clone(), new.model.clone()], levels }
}

/// An entity as both models have it.
pub(super) type StandingPair<'p> = [Option<&'p EntityStanding>; 2];
