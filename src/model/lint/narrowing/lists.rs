//! Tiers and segments: which are left, and what follows for the score and for conditions.

use super::super::{
    bounds::{CellBox, WasHere},
    dependencies::ScoringStage,
};
use super::{BoxNarrower, EmptyBox, NarrowedBox, OutcomeSet, TierEntry};
use crate::{EntityKind, FactKey, expr::Program, resolved::Tier};

impl<'m> BoxNarrower<'_, 'm> {
    /// Narrows the tiers of a level, and by them the score and the conditions of tiers.
    pub(super) fn tiers(&self, side: EntityKind, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        let tiers = &self.context.model.level(side).tiers;
        let all_left = within.tiers[side].iter().all(|left| *left);
        let any_score = within.scores[side] == (f64::NEG_INFINITY, f64::INFINITY);
        if tiers.is_empty() || all_left && any_score {
            return Ok(());
        }
        self.drop_tiers(tiers, side, within);
        let mut left = (0..tiers.len()).filter(|at| within.tiers[side][*at]);
        let (first, second) = (left.next().ok_or(EmptyBox)?, left.next());
        let entries = self.tier_entries(tiers, side, within);
        for (before, entry) in tiers.iter().zip(&entries).take(first) {
            self.tier_fails(before, *entry, side, within)?;
        }
        if second.is_none() {
            self.tier_holds(&tiers[first], side, within)?;
        } else if !all_left {
            self.one_of_tiers(tiers, side, within)?;
        }
        let least = entries.iter().zip(&within.tiers[side]).filter(|(_, left)| **left).map(|(entry, _)| entry.can);
        let (low, high) = &mut within.scores[side];
        *low = low.max(least.fold(f64::INFINITY, f64::min));
        if low > high { Err(EmptyBox) } else { Ok(()) }
    }

    /// From which scores on each tier takes people, by what is left of the tiers of the run before.
    fn tier_entries(&self, tiers: &[Tier], side: EntityKind, within: &NarrowedBox) -> Vec<TierEntry> {
        let slot = self.context.model.level(side).slots.previous_tier;
        let previous = slot.map(|slot| self.context.value(FactKey::new(side, slot), within));
        let was_here = |place: usize| {
            previous.as_ref().map_or(WasHere::NEVER, |previous| WasHere::among(previous.get(), &tiers[..=place]))
        };
        tiers.iter().enumerate().map(|(place, tier)| TierEntry::new(tier, was_here(place))).collect()
    }

    /// Drops tiers that no score or no fact that is left allows, and those after one that takes all.
    fn drop_tiers(&self, tiers: &'m [Tier], side: EntityKind, within: &mut NarrowedBox) {
        let (low, high) = within.scores[side];
        let mut open = true;
        let entries = self.tier_entries(tiers, side, within);
        for (at, (tier, entry)) in tiers.iter().zip(entries).enumerate() {
            let (can_pass, must_pass) = (high >= entry.can, low >= entry.must);
            let when = match &tier.when {
                Some(when) if open && can_pass => self.possible(when, side, within),
                Some(_) | None => OutcomeSet::TRUE,
            };
            within.tiers[side][at] &= open && can_pass && when.yes;
            open &= !(must_pass && when == OutcomeSet::TRUE);
        }
    }

    /// Narrows a box to what one of several tiers leaves, and drops tiers that leave nothing.
    fn one_of_tiers(&self, tiers: &'m [Tier], side: EntityKind, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        let mut cells: Option<CellBox> = None;
        for (at, tier) in tiers.iter().enumerate() {
            if !within.tiers[side][at] {
                continue;
            }
            let mut one = within.clone();
            if self.tier_holds(tier, side, &mut one).is_err() {
                within.tiers[side][at] = false;
                continue;
            }
            cells = Some(match cells {
                Some(known) => known.iter().zip(&one.cells).map(|(a, b)| (a.0.min(b.0), a.1.max(b.1))).collect(),
                None => one.cells,
            });
        }
        within.cells = cells.ok_or(EmptyBox)?;
        Ok(())
    }

    fn tier_holds(&self, tier: &'m Tier, side: EntityKind, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        match &tier.when {
            Some(when) => self.condition(when, side, OutcomeSet::TRUE, within),
            None => Ok(()),
        }
    }

    /// Of the scores and the condition of a tier one fails; which of them is known only if the other holds.
    fn tier_fails(
        &self,
        tier: &'m Tier,
        entry: TierEntry,
        side: EntityKind,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let (low, high) = &mut within.scores[side];
        match &tier.when {
            None if entry.must == f64::NEG_INFINITY => Err(EmptyBox),
            None => {
                *high = high.min(entry.must.next_down());
                Ok(())
            }
            Some(when) if *low >= entry.must => self.condition(when, side, OutcomeSet::NOT_TRUE, within),
            Some(_) => Ok(()),
        }
    }

    /// Narrows the segments, and by them their conditions.
    pub(super) fn segments(&self, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        let segments = &self.context.model.levels.account.segments;
        if within.segments.iter().all(|left| *left) {
            return Ok(());
        }
        let whens: Vec<Option<&'m Program>> = segments.iter().map(|one| one.when.as_ref()).collect();
        let mut left = (0..segments.len()).filter(|at| within.segments[*at]);
        // A list whose last entry has a condition may end without any.
        let open = whens.last().is_none_or(|last| last.is_some());
        let Some(first) = left.next() else { return if open { Ok(()) } else { Err(EmptyBox) } };
        let only = left.next().is_none() && !open;
        let side = EntityKind::Account;
        for when in &whens[..first] {
            let when = when.ok_or(EmptyBox)?;
            self.condition(when, side, OutcomeSet::NOT_TRUE, within)?;
        }
        match whens[first] {
            Some(when) if only => self.condition(when, side, OutcomeSet::TRUE, within),
            Some(_) | None => Ok(()),
        }
    }

    /// Drops the tiers or segments with which a condition cannot come out so.
    pub(super) fn scored_name(
        &self,
        key: FactKey,
        (program, side, outcomes): (&'m Program, EntityKind, OutcomeSet),
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let of = key.kind();
        let left = match self.context.stage(key) {
            Some(ScoringStage::Tier) => within.tiers[of].clone(),
            Some(ScoringStage::Segment) => within.segments.clone(),
            Some(ScoringStage::Points | ScoringStage::Route) | None => return Ok(()),
        };
        // Without any entry there is nothing to drop.
        if left.is_empty() {
            return Ok(());
        }
        let fits: Vec<bool> =
            (0..left.len()).map(|at| left[at] && self.fits_with(at, key, (program, side, outcomes), within)).collect();
        match self.context.stage(key) {
            Some(ScoringStage::Tier) => within.tiers[of] = fits,
            _ => within.segments = fits,
        }
        Ok(())
    }

    /// Whether a condition can come out so with one entry of a list.
    fn fits_with(
        &self,
        at: usize,
        key: FactKey,
        (program, side, outcomes): (&'m Program, EntityKind, OutcomeSet),
        within: &NarrowedBox,
    ) -> bool {
        let mut one = within.clone();
        let only = |list: &mut Vec<bool>| list.iter_mut().enumerate().for_each(|(place, left)| *left = place == at);
        match self.context.stage(key) {
            Some(ScoringStage::Tier) => only(&mut one.tiers[key.kind()]),
            _ => only(&mut one.segments),
        }
        self.possible(program, side, &one).meets(outcomes)
    }
}
