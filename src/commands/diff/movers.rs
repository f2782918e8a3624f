//! Who moves: each mover once, under the first of these that changes for it: the suppression, the tier, the route.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    EntitySample, MovedEntity, SignalChange,
    alignment::{NameUnion, points_changes},
    compare::StandingPair,
};
use pql_engine::record::EntityStanding;
use pql_model::units::Points;

/// What changes for a mover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoverKind {
    /// It is suppressed under one of the models.
    Suppression,
    /// The tier.
    Tier,
    /// The route, or its motion, in the same tier.
    Route,
}

impl MoverKind {
    /// What a standing has of it, by place.
    pub(super) fn place(self, standing: &EntityStanding) -> Option<u32> {
        match self {
            MoverKind::Suppression => standing.suppressed,
            MoverKind::Tier => standing.tier,
            MoverKind::Route => standing.route,
        }
    }
}

/// The movers from one suppression, tier or route to another.
#[derive(Debug)]
pub struct MoverGroup {
    /// Under the old and the new model.
    pub ends: [MoveEnd; 2],
    /// The movers, most points under the new model first, then by id.
    pub movers: EntitySample,
    /// What gives or takes other points than before, that of most movers first.
    pub signals: Vec<SignalChange>,
    /// The movers of which every signal gives what it gave, so that only the rules explain the move.
    pub by_rule_alone: u64,
    /// For how many movers which changes are enough alone, most movers first; empty if that was not looked for.
    pub causes: Vec<(MoveCause, u64)>,
}

/// The changes of the model of which each alone moves a mover; none if it takes several together.
pub type MoveCause = Vec<String>;

/// Where a move begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveEnd {
    /// The suppression, the tier or the route; none where there is no row, or nothing of the kind.
    pub name: Option<String>,
    /// The motion of a route.
    pub motion: Option<String>,
}

/// All movers of a level.
#[derive(Debug)]
pub struct MoverLists {
    /// Those who are suppressed under one of the models.
    pub suppressions: Vec<MoverGroup>,
    /// Those in another tier.
    pub tiers: Vec<MoverGroup>,
    /// Those in the same tier whose route, or its motion, is another.
    pub routes: Vec<MoverGroup>,
    /// Suppressed entities in another tier or on another route; they are no work, and not listed.
    pub suppressed: u64,
}

/// Under the old and the new model, by place.
type PlacePair = [Option<u32>; 2];

/// Gathers the movers of one kind.
#[derive(Default)]
pub(super) struct MoverCollector<'p> {
    groups: BTreeMap<PlacePair, Vec<StandingPair<'p>>>,
}

/// What the groups of a level have in common.
pub(super) struct MoverWriter<'w> {
    /// The signals and bounds of both models.
    pub(super) parts: &'w NameUnion,
    /// The most movers to list of a group.
    pub(super) limit: usize,
    /// The words of a mover.
    pub(super) mover: &'w dyn Fn(StandingPair<'_>) -> MovedEntity,
    /// Which changes alone move it; none if that is not looked for.
    pub(super) cause: &'w dyn Fn(StandingPair<'_>) -> Option<MoveCause>,
}

impl<'p> MoverCollector<'p> {
    pub(super) fn add(&mut self, kind: MoverKind, pair: StandingPair<'p>) {
        self.groups.entry(pair.map(|standing| kind.place(standing?))).or_default().push(pair);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.groups.values().map(|pairs| pairs.len() as u64).sum()
    }

    /// All groups, those that end highest in the new model first. `end` gives the words of a place in a model.
    pub(super) fn finish(
        self,
        end: impl Fn(usize, Option<u32>) -> MoveEnd,
        writer: &MoverWriter<'_>,
    ) -> Vec<MoverGroup> {
        let mut groups: Vec<(PlacePair, Vec<StandingPair<'p>>)> = self.groups.into_iter().collect();
        groups.sort_by_key(|([from, to], _)| (to.unwrap_or(u32::MAX), from.unwrap_or(u32::MAX)));
        let group =
            |([from, to], pairs): (PlacePair, Vec<StandingPair<'p>>)| writer.group([end(0, from), end(1, to)], pairs);
        groups.into_iter().map(group).collect()
    }
}

impl MoverWriter<'_> {
    fn group(&self, ends: [MoveEnd; 2], mut pairs: Vec<StandingPair<'_>>) -> MoverGroup {
        pairs.sort_unstable_by(|a, b| rank(a).cmp(&rank(b)));
        let (signals, by_rule_alone) = signals_of(&pairs, self.parts);
        let count = pairs.len() as u64;
        let causes = counted(pairs.iter().filter_map(|pair| (self.cause)(*pair)));
        let listed = pairs.into_iter().take(self.limit).map(|pair| self.listed(pair)).collect();
        MoverGroup { ends, movers: EntitySample { count, listed }, signals, by_rule_alone, causes }
    }

    fn listed(&self, pair: StandingPair<'_>) -> MovedEntity {
        MovedEntity { cause: (self.cause)(pair), ..(self.mover)(pair) }
    }
}

/// How often each cause is given, the most frequent first.
fn counted(causes: impl Iterator<Item = MoveCause>) -> Vec<(MoveCause, u64)> {
    let mut counts: BTreeMap<MoveCause, u64> = BTreeMap::new();
    causes.for_each(|cause| *counts.entry(cause).or_default() += 1);
    let mut counts: Vec<(MoveCause, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

/// The order of movers: by the score under the new model, else under the old one, then by id.
fn rank<'p>(pair: &StandingPair<'p>) -> Option<(Reverse<Points>, &'p str)> {
    pair[1].or(pair[0]).map(|standing| (Reverse(standing.score), &*standing.id))
}

/// The signals that made the difference for some movers, and how many movers have none.
fn signals_of(pairs: &[StandingPair<'_>], parts: &NameUnion) -> (Vec<SignalChange>, u64) {
    let mut sums = vec![(0, Points::ZERO); parts.names.len()];
    let mut by_rule_alone = 0;
    let mut buffer = Vec::new();
    for pair in pairs {
        points_changes(*pair, parts, &mut buffer);
        by_rule_alone += u64::from(buffer.is_empty());
        SignalChange::add_to_sums(&mut sums, &buffer);
    }
    (SignalChange::from_sums(sums, parts), by_rule_alone)
}
