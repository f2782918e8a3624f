//! Two snapshots to what differs between them.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    ModelDiff, ScoreSnapshot,
    alignment::{NameUnion, pairs, points_changes},
    tier_moves::{MoveCollector, TierMove},
};
use pql_engine::record::{EntityStanding, LevelSnapshot};
use pql_model::{EntityKind, PerKind, units::Points};

/// What differs among users, or among accounts.
#[derive(Debug)]
pub struct LevelDiff {
    /// Users or accounts.
    pub side: EntityKind,
    /// Rows under the old and the new model.
    pub rows: [u64; 2],
    /// Of them, those whose tier is qualified and who are not suppressed.
    pub qualified: [u64; 2],
    /// Of them, those who are suppressed.
    pub suppressed: [u64; 2],
    /// Rows that only the old, only the new model has.
    pub only_in: [u64; 2],
    /// Of those that both models have: with the same score, tier and route.
    pub unchanged: u64,
    /// Of those that both models have: with another score.
    pub rescored: u64,
    /// Of those that both models have: in another tier.
    pub moved: u64,
    /// Of those that both models have: on another route.
    pub rerouted: u64,
    /// From tier to tier.
    pub tiers: ListTransitions,
    /// Who is in another tier, by the tiers before and after.
    pub moves: Vec<TierMove>,
    /// From route to route.
    pub routes: ListTransitions,
    /// By signal, those that changed for most entities first; of rows that both models have.
    pub signals: Vec<SignalChange>,
    /// By route that is human under one of the models, in the order of the new model.
    pub load: Vec<RouteLoad>,
}

/// How entities move between the entries of a list: tiers, or routes.
#[derive(Debug)]
pub struct ListTransitions {
    /// Entries of the old and the new model, in their order.
    pub names: [Vec<String>; 2],
    /// Entities from an entry of the old to one of the new model, by place; none where a model has no entries or no row. Zeros are left out.
    pub cells: BTreeMap<(Option<u32>, Option<u32>), u64>,
    /// By name, those of the new model first.
    pub turnover: Vec<EntryTurnover>,
}

/// Who came to a tier or route, and who went.
#[derive(Debug)]
pub struct EntryTurnover {
    /// Its name.
    pub name: String,
    /// Whether the old, the new model has it.
    pub exists_in: [bool; 2],
    /// Entities under the old and the new model.
    pub counts: [u64; 2],
    /// Those that are in it under the new model only.
    pub entered: EntitySample,
    /// Those that are in it under the old model only.
    pub left: EntitySample,
}

/// A number of entities, some of them listed.
#[derive(Debug, Default)]
pub struct EntitySample {
    /// All of them.
    pub count: u64,
    /// The first of them, most points first, then by id.
    pub listed: Vec<MovedEntity>,
}

/// An entity that is in another tier.
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
    /// What gives or takes other points than before, the largest difference first. They add up to the difference of the scores.
    pub changes: Vec<PointsChange>,
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
    /// Entities under the old and the new model; 0 where it is not human.
    pub counts: [u64; 2],
}

/// Compares two models on the same events; of those that enter or leave a tier, `limit` are listed.
pub fn compare(old: &ScoreSnapshot, new: &ScoreSnapshot, limit: usize) -> ModelDiff {
    let levels = PerKind::from_fn(|side| level(side, [&old.levels[side], &new.levels[side]], limit));
    ModelDiff { models: [old.model.clone(), new.model.clone()], levels }
}

/// An entity as both models have it.
pub(super) type StandingPair<'p> = [Option<&'p EntityStanding>; 2];

fn level(side: EntityKind, both: [&LevelSnapshot; 2], limit: usize) -> LevelDiff {
    let [old, new] = both;
    let names = |population: &LevelSnapshot| population.tiers.iter().map(|tier| tier.name.clone()).collect();
    let tier_names: [Vec<String>; 2] = [names(old), names(new)];
    let names = |population: &LevelSnapshot| population.routes.iter().map(|route| route.name.clone()).collect();
    let route_names: [Vec<String>; 2] = [names(old), names(new)];
    let parts =
        NameUnion::new(old.point_sources.iter().map(String::as_str), new.point_sources.iter().map(String::as_str));
    let mut tiers = TransitionCounter::new(&tier_names);
    let mut routes = TransitionCounter::new(&route_names);
    let mut sums = vec![(0, Points::ZERO); parts.names.len()];
    let mut buffer = Vec::new();
    let [mut unchanged, mut rescored, mut moved, mut rerouted] = [0; 4];
    let mut only = [0; 2];
    let [mut qualified, mut suppressed] = [[0; 2]; 2];
    let mut moves = MoveCollector::default();
    for pair in pairs(&old.standings, &new.standings) {
        for (model, standing) in pair.into_iter().enumerate() {
            let Some(standing) = standing else { continue };
            qualified[model] += u64::from(both[model].qualifies(standing));
            suppressed[model] += u64::from(standing.suppressed.is_some());
        }
        let other_tier = tiers.add(pair.map(|standing| standing?.tier), pair);
        if other_tier {
            moves.add(pair);
        }
        let other_route = routes.add(pair.map(|standing| standing?.route), pair);
        let [Some(before), Some(after)] = pair else {
            only[usize::from(pair[0].is_none())] += 1;
            continue;
        };
        let other_score = before.score != after.score;
        rescored += u64::from(other_score);
        moved += u64::from(other_tier);
        rerouted += u64::from(other_route);
        unchanged += u64::from(!other_score && !other_tier && !other_route);
        points_changes(pair, &parts, &mut buffer);
        for (part, [before, after]) in &buffer {
            let (entities, points) = &mut sums[*part as usize];
            *entities += 1;
            *points = *points + (*after - *before);
        }
    }
    let signals = SignalChange::from_sums(sums, &parts);
    let mover = |pair: StandingPair<'_>| mover(pair, &tier_names, &route_names, &parts);
    let moves = moves.finish((&tier_names, &parts), limit, &mover);
    let tiers = tiers.finish(tier_names.clone(), limit, &mover);
    let routes = routes.finish(route_names.clone(), 0, &mover);
    LevelDiff {
        side,
        rows: both.map(|population| population.standings.len() as u64),
        qualified,
        suppressed,
        only_in: only,
        unchanged,
        rescored,
        moved,
        rerouted,
        load: load(both, &routes),
        tiers,
        moves,
        routes,
        signals,
    }
}

/// Gathers who moves between the entries of a list.
struct TransitionCounter<'p> {
    union: NameUnion,
    cells: BTreeMap<(Option<u32>, Option<u32>), u64>,
    /// By place in the union: who is in it under the new model only, and under the old model only.
    crowds: Vec<[Vec<StandingPair<'p>>; 2]>,
    counts: Vec<[u64; 2]>,
}

impl<'p> TransitionCounter<'p> {
    fn new(names: &[Vec<String>; 2]) -> TransitionCounter<'p> {
        let union = NameUnion::new(names[0].iter().map(String::as_str), names[1].iter().map(String::as_str));
        let crowds = union.names.iter().map(|_| [Vec::new(), Vec::new()]).collect();
        let counts = vec![[0; 2]; union.names.len()];
        TransitionCounter { union, cells: BTreeMap::new(), crowds, counts }
    }

    /// Adds an entity by its entries; gives whether they are called differently.
    fn add(&mut self, own: [Option<u32>; 2], pair: StandingPair<'p>) -> bool {
        *self.cells.entry((own[0], own[1])).or_default() += 1;
        let place = |model: usize| own[model].map(|own| self.union.places[model][own as usize] as usize);
        let places = [place(0), place(1)];
        for (model, place) in places.into_iter().enumerate() {
            let Some(place) = place else { continue };
            self.counts[place][model] += 1;
            if places[0] != places[1] {
                // Under the new model is who entered, under the old one who left.
                self.crowds[place][1 - model].push(pair);
            }
        }
        places[0] != places[1]
    }

    fn finish(
        self,
        names: [Vec<String>; 2],
        limit: usize,
        mover: &dyn Fn(StandingPair<'p>) -> MovedEntity,
    ) -> ListTransitions {
        let crowd = |mut pairs: Vec<StandingPair<'p>>, model: usize| {
            let key = |pair: &StandingPair<'p>| pair[model].map(|standing| (Reverse(standing.score), &*standing.id));
            pairs.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
            EntitySample { count: pairs.len() as u64, listed: pairs.into_iter().take(limit).map(mover).collect() }
        };
        let origins = self.union.origins();
        let turnover = self.union.names.into_iter().zip(origins).zip(self.counts).zip(self.crowds).map(
            |(((name, origin), counts), [entered, left])| EntryTurnover {
                name,
                exists_in: origin.map(|own| own.is_some()),
                counts,
                entered: crowd(entered, 1),
                left: crowd(left, 0),
            },
        );
        ListTransitions { names, cells: self.cells, turnover: turnover.collect() }
    }
}

fn mover(
    pair: StandingPair<'_>,
    tiers: &[Vec<String>; 2],
    routes: &[Vec<String>; 2],
    parts: &NameUnion,
) -> MovedEntity {
    let mut changes = Vec::new();
    points_changes(pair, parts, &mut changes);
    changes.sort_by_key(|(part, [old, new])| (Reverse((*new - *old).0.abs()), *part));
    let change = |(part, points): (u32, [Points; 2])| PointsChange { name: parts.names[part as usize].clone(), points };
    let name = |names: &[Vec<String>; 2], place: &dyn Fn(&EntityStanding) -> Option<u32>, model: usize| {
        pair[model].and_then(place).map(|place| names[model][place as usize].clone())
    };
    MovedEntity {
        id: pair.into_iter().flatten().next().expect("an entity stands under one of the models").id.to_string(),
        scores: pair.map(|standing| standing.map(|standing| standing.score)),
        tiers: [0, 1].map(|model| name(tiers, &|standing| standing.tier, model)),
        routes: [0, 1].map(|model| name(routes, &|standing| standing.route, model)),
        changes: changes.into_iter().map(change).collect(),
    }
}

/// How many each human route has.
fn load(both: [&LevelSnapshot; 2], routes: &ListTransitions) -> Vec<RouteLoad> {
    routes.turnover.iter().filter_map(|turnover| human_load(both, turnover)).collect()
}

/// How many a route has; none if it is human under neither model.
fn human_load(both: [&LevelSnapshot; 2], turnover: &EntryTurnover) -> Option<RouteLoad> {
    let routes = both.map(|level| level.routes.iter().find(|route| route.name == turnover.name));
    let human = routes.map(|route| route.is_some_and(|route| route.human));
    let count = |model: usize| if human[model] { turnover.counts[model] } else { 0 };
    let assignee =
        routes.into_iter().rev().flatten().filter(|route| route.human).find_map(|route| route.assignee.clone());
    human.contains(&true).then(|| RouteLoad { name: turnover.name.clone(), assignee, counts: [count(0), count(1)] })
}
