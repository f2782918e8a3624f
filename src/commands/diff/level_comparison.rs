//! One level of two snapshots to what differs in it.

use std::cmp::Reverse;

use super::{
    ChangeTrial, EntryTurnover, LevelDiff, ListTransitions, MoveCause, MoveEnd, MovedEntity, MoverKind, MoverLists,
    PointsChange, ScoreSnapshot, SignalChange,
    alignment::{NameUnion, pairs, points_changes},
    compare::{LevelCounts, RouteLoad, StandingPair},
    movers::{MoverCollector, MoverWriter},
    transitions::TransitionCounter,
};
use pql_engine::record::{EntityStanding, LevelSnapshot};
use pql_model::{EntityKind, units::Points};

/// Counts what differs, entity by entity.
pub(super) struct LevelComparison<'p> {
    side: EntityKind,
    sides: SidePair<'p>,
    parts: NameUnion,
    counts: LevelCounts,
    tiers: TransitionCounter,
    routes: TransitionCounter,
    sums: Vec<(u64, Points)>,
    movers: MoverSorter<'p>,
}

/// A level under the old and the new model.
#[derive(Clone, Copy)]
struct SidePair<'p> {
    side: EntityKind,
    levels: [&'p LevelSnapshot; 2],
    /// The motions of the routes, by place.
    motions: [&'p [Option<String>]; 2],
}

/// The movers so far.
#[derive(Default)]
struct MoverSorter<'p> {
    suppressions: MoverCollector<'p>,
    tiers: MoverCollector<'p>,
    routes: MoverCollector<'p>,
    suppressed: u64,
}

/// What is another for an entity.
#[derive(Clone, Copy)]
struct EntityTurn {
    is_other_tier: bool,
    is_other_route: bool,
}

impl<'p> LevelComparison<'p> {
    pub(super) fn new(side: EntityKind, both: [&'p ScoreSnapshot; 2]) -> LevelComparison<'p> {
        let levels = both.map(|snapshot| &snapshot.levels[side]);
        let parts = levels.map(|level| level.point_sources.iter().map(String::as_str));
        let [old, new] = parts;
        let parts = NameUnion::new(old, new);
        let tiers = levels.map(|level| level.tiers.iter().map(|tier| tier.name.clone()).collect());
        let routes = levels.map(|level| level.routes.iter().map(|route| route.name.clone()).collect());
        LevelComparison {
            side,
            sides: SidePair { side, levels, motions: both.map(|snapshot| snapshot.motions[side].as_slice()) },
            sums: vec![(0, Points::ZERO); parts.names.len()],
            parts,
            counts: LevelCounts::default(),
            tiers: TransitionCounter::new(tiers),
            routes: TransitionCounter::new(routes),
            movers: MoverSorter::default(),
        }
    }

    pub(super) fn finish(mut self, trials: &[ChangeTrial], limit: usize) -> LevelDiff {
        let [old, new] = self.sides.levels;
        let mut buffer = Vec::new();
        for pair in pairs(&old.standings, &new.standings) {
            self.add(pair);
            if let [Some(_), Some(_)] = pair {
                points_changes(pair, &self.parts, &mut buffer);
                SignalChange::add_to_sums(&mut self.sums, &buffer);
            }
        }
        let routes = self.routes.finish();
        self.counts.rerouted_alone = self.movers.routes.count();
        LevelDiff {
            side: self.side,
            counts: self.counts,
            load: load(self.sides.levels, &routes),
            tiers: self.tiers.finish(),
            routes,
            movers: self.movers.finish(self.sides, &self.parts, (trials, limit)),
            signals: SignalChange::from_sums(self.sums, &self.parts),
        }
    }

    /// Counts an entity.
    fn add(&mut self, pair: StandingPair<'p>) {
        self.count_rows(pair);
        let is_other_tier = self.tiers.add(pair.map(|standing| standing?.tier), pair);
        let is_other_route = self.routes.add(pair.map(|standing| standing?.route), pair);
        self.movers
            .add(pair, EntityTurn { is_other_tier, is_other_route: is_other_route || self.sides.other_motion(pair) });
        let [Some(before), Some(after)] = pair else {
            self.counts.only_in[usize::from(pair[0].is_none())] += 1;
            return;
        };
        let is_rescored = before.score != after.score;
        let [was, is] = [before, after].map(|standing| standing.suppressed.is_some());
        self.counts.rescored += u64::from(is_rescored);
        self.counts.moved += u64::from(is_other_tier);
        self.counts.rerouted += u64::from(is_other_route);
        self.counts.turned_suppressed[0] += u64::from(is && !was);
        self.counts.turned_suppressed[1] += u64::from(was && !is);
        self.counts.unchanged += u64::from(!is_rescored && !is_other_tier && !is_other_route && was == is);
    }

    fn count_rows(&mut self, pair: StandingPair<'p>) {
        for (model, standing) in pair.into_iter().enumerate() {
            let Some(standing) = standing else { continue };
            self.counts.rows[model] += 1;
            self.counts.qualified[model] += u64::from(self.sides.levels[model].qualifies(standing));
            self.counts.suppressed[model] += u64::from(standing.suppressed.is_some());
        }
    }
}

impl<'p> MoverSorter<'p> {
    /// Adds an entity to the first list that it belongs to.
    fn add(&mut self, pair: StandingPair<'p>, turn: EntityTurn) {
        let mut rows = pair.into_iter().flatten().map(|standing| standing.suppressed.is_some());
        let is_suppressed = rows.all(|suppressed| suppressed);
        let is_turned = pair[0].zip(pair[1]).is_some_and(|(a, b)| a.suppressed.is_some() != b.suppressed.is_some());
        match turn {
            _ if is_turned => self.suppressions.add(MoverKind::Suppression, pair),
            EntityTurn { is_other_tier: false, is_other_route: false } => {}
            _ if is_suppressed => self.suppressed += 1,
            EntityTurn { is_other_tier: true, .. } => self.tiers.add(MoverKind::Tier, pair),
            EntityTurn { is_other_tier: false, is_other_route: true } => self.routes.add(MoverKind::Route, pair),
        }
    }

    fn finish(self, sides: SidePair<'p>, parts: &NameUnion, (trials, limit): (&[ChangeTrial], usize)) -> MoverLists {
        let mover = |pair: StandingPair<'_>| sides.mover(pair, parts);
        let write = |movers: MoverCollector<'p>, kind: MoverKind| {
            let cause = |pair: StandingPair<'_>| sides.cause(kind, pair, trials);
            let writer = MoverWriter { parts, limit, mover: &mover, cause: &cause };
            movers.finish(|model, place| sides.end(kind, model, place), &writer)
        };
        MoverLists {
            suppressions: write(self.suppressions, MoverKind::Suppression),
            tiers: write(self.tiers, MoverKind::Tier),
            routes: write(self.routes, MoverKind::Route),
            suppressed: self.suppressed,
        }
    }
}

impl SidePair<'_> {
    /// Whether an entity has a row under both models, and a route of another motion.
    fn other_motion(&self, pair: StandingPair<'_>) -> bool {
        let motion = |model: usize| Some(self.motions[model][pair[model]?.route? as usize].as_deref());
        motion(0).zip(motion(1)).is_some_and(|(old, new)| old != new)
    }

    /// Where a move begins (in model 0) or ends (in model 1).
    fn end(&self, kind: MoverKind, model: usize, place: Option<u32>) -> MoveEnd {
        let motion = match kind {
            MoverKind::Suppression | MoverKind::Tier => None,
            MoverKind::Route => place.and_then(|place| self.motions[model][place as usize].clone()),
        };
        MoveEnd { name: place.map(|place| name(self.levels[model], kind, place)), motion }
    }

    /// What is said of a mover.
    fn mover(&self, pair: StandingPair<'_>, parts: &NameUnion) -> MovedEntity {
        let mut changes = Vec::new();
        points_changes(pair, parts, &mut changes);
        changes.sort_by_key(|(part, [old, new])| (Reverse((*new - *old).0.abs()), *part));
        let change =
            |(part, points): (u32, [Points; 2])| PointsChange { name: parts.names[part as usize].clone(), points };
        let names = |kind: MoverKind| [0, 1].map(|model| standing_name(self.levels[model], kind, pair[model]));
        MovedEntity {
            id: pair.into_iter().flatten().next().expect("an entity stands under one of the models").id.to_string(),
            scores: pair.map(|standing| standing.map(|standing| standing.score)),
            tiers: names(MoverKind::Tier),
            routes: names(MoverKind::Route),
            suppressed: names(MoverKind::Suppression),
            changes: changes.into_iter().map(change).collect(),
            cause: None,
        }
    }

    /// The changes of which each alone has a mover end where it does; none without trials.
    fn cause(&self, kind: MoverKind, pair: StandingPair<'_>, trials: &[ChangeTrial]) -> Option<MoveCause> {
        let id = &pair.into_iter().flatten().next()?.id;
        let end = pair[1].map(|standing| self.end(kind, 1, kind.place(standing)));
        let is_enough = |trial: &&ChangeTrial| {
            let levels = [&trial.snapshot.levels[self.side]; 2];
            let motions = [trial.snapshot.motions[self.side].as_slice(); 2];
            let of_trial = SidePair { side: self.side, levels, motions };
            levels[0].find(id).map(|standing| of_trial.end(kind, 0, kind.place(standing))) == end
        };
        let enough = trials.iter().filter(is_enough).map(|trial| trial.subject.clone());
        (!trials.is_empty()).then(|| enough.collect())
    }
}

/// The suppression, tier or route of a standing.
fn standing_name(level: &LevelSnapshot, kind: MoverKind, standing: Option<&EntityStanding>) -> Option<String> {
    kind.place(standing?).map(|place| name(level, kind, place))
}

/// The name of a suppression, tier or route.
fn name(level: &LevelSnapshot, kind: MoverKind, place: u32) -> String {
    let place = place as usize;
    match kind {
        MoverKind::Suppression => level.suppressions[place].clone(),
        MoverKind::Tier => level.tiers[place].name.clone(),
        MoverKind::Route => level.routes[place].name.clone(),
    }
}

/// How many each human route has.
fn load(both: [&LevelSnapshot; 2], routes: &ListTransitions) -> Vec<RouteLoad> {
    routes.turnover.iter().filter_map(|turnover| human_load(both, turnover)).collect()
}

/// How many a route has who are not suppressed; none if it is human under neither model.
fn human_load(both: [&LevelSnapshot; 2], turnover: &EntryTurnover) -> Option<RouteLoad> {
    let routes = both.map(|level| level.routes.iter().find(|route| route.name == turnover.name));
    let human = routes.map(|route| route.is_some_and(|route| route.human));
    let count = |model: usize| if human[model] { turnover.active[model] } else { 0 };
    let assignee =
        routes.into_iter().rev().flatten().filter(|route| route.human).find_map(|route| route.assignee.clone());
    human.contains(&true).then(|| RouteLoad { name: turnover.name.clone(), assignee, counts: [count(0), count(1)] })
}
