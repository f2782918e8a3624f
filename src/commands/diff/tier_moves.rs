//! Who moves from tier to tier: each mover once, with the tier that it leaves and the tier that it enters.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    EntitySample, MovedEntity, SignalChange,
    alignment::{NameUnion, points_changes},
    compare::StandingPair,
};
use pql_model::units::Points;

/// The movers from one tier to another.
#[derive(Debug)]
pub struct TierMove {
    /// The tiers under the old and the new model; none where there is no row, or the model has no tiers.
    pub tiers: [Option<String>; 2],
    /// The movers, most points under the new model first, then by id.
    pub movers: EntitySample,
    /// What gives or takes other points than before, that of most movers first.
    pub signals: Vec<SignalChange>,
    /// The movers of which every signal gives what it gave, so that only the rules of the tiers explain the move.
    pub by_rule_alone: u64,
}

/// A tier under the old and the new model, by place.
type TierPlaces = [Option<u32>; 2];

/// Gathers who is in another tier.
#[derive(Default)]
pub(super) struct MoveCollector<'p> {
    moves: BTreeMap<TierPlaces, Vec<StandingPair<'p>>>,
}

impl<'p> MoveCollector<'p> {
    pub(super) fn add(&mut self, pair: StandingPair<'p>) {
        let places = pair.map(|standing| standing?.tier);
        self.moves.entry(places).or_default().push(pair);
    }

    /// All moves, into the highest tier of the new model first; of each, `limit` movers are listed.
    pub(super) fn finish(
        self,
        (names, parts): (&[Vec<String>; 2], &NameUnion),
        limit: usize,
        mover: &dyn Fn(StandingPair<'p>) -> MovedEntity,
    ) -> Vec<TierMove> {
        let mut moves: Vec<(TierPlaces, Vec<StandingPair<'p>>)> = self.moves.into_iter().collect();
        moves.sort_by_key(|([from, to], _)| (to.unwrap_or(u32::MAX), from.unwrap_or(u32::MAX)));
        let name = |model: usize, place: Option<u32>| Some(names[model][place? as usize].clone());
        let one = |([from, to], mut pairs): (TierPlaces, Vec<StandingPair<'p>>)| {
            pairs.sort_unstable_by(|a, b| rank(a).cmp(&rank(b)));
            let (signals, by_rule_alone) = signals_of(&pairs, parts);
            let count = pairs.len() as u64;
            let listed = pairs.into_iter().take(limit).map(mover).collect();
            let tiers = [name(0, from), name(1, to)];
            TierMove { tiers, movers: EntitySample { count, listed }, signals, by_rule_alone }
        };
        moves.into_iter().map(one).collect()
    }
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
        for (part, [before, after]) in &buffer {
            let (entities, points) = &mut sums[*part as usize];
            *entities += 1;
            *points = *points + (*after - *before);
        }
    }
    (SignalChange::from_sums(sums, parts), by_rule_alone)
}
