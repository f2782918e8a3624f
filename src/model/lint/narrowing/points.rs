//! Signals: which must pay for the score that is demanded.

use super::{
    super::bounds::{SignalBounds, payable, sum_bounds},
    BoxNarrower, EmptyBox, NarrowedBox, OutcomeSet,
};
use crate::{
    EntityKind,
    expr::Program,
    resolved::{Level, Signal, SignalPayment},
    scoring::passes,
};

/// Sums of points are compared with less exactness than they have.
const SLACK: f64 = 1e-6;

impl<'m> BoxNarrower<'_, 'm> {
    /// Narrows the facts of signals without which the score cannot be as high as it is demanded.
    pub(super) fn points(&self, side: EntityKind, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        let (low, high) = within.scores[side];
        if low == f64::NEG_INFINITY && high == f64::INFINITY {
            return Ok(());
        }
        let level = self.context.model.level(side);
        let mut bounds = self.signal_bounds(level, side, within);
        let (lowest, highest) = sum_bounds(level, &bounds).1;
        if highest < low - SLACK || lowest > high + SLACK {
            return Err(EmptyBox);
        }
        for (at, signal) in level.signals.iter().enumerate() {
            let pays = bounds[at];
            if signal.exclusive.is_some() || pays.contribution().1 <= highest - low {
                continue;
            }
            bounds[at] = SignalBounds::NEVER;
            if sum_bounds(level, &bounds).1.1 < low - SLACK {
                self.signal_pays(signal, side, within)?;
                self.rung_needed((level, at), side, &mut bounds, within)?;
            }
            bounds[at] = pays;
        }
        Ok(())
    }

    fn signal_bounds(&self, level: &'m Level, side: EntityKind, within: &NarrowedBox) -> Vec<SignalBounds> {
        let scope = self.context.scope(within, side);
        level.signals.iter().map(|signal| payable(signal, &scope)).collect()
    }

    /// A signal must fire.
    fn signal_pays(&self, signal: &'m Signal, side: EntityKind, within: &mut NarrowedBox) -> Result<(), EmptyBox> {
        match &signal.guard {
            Some(guard) => self.condition(guard, side, OutcomeSet::TRUE, within),
            None => Ok(()),
        }
    }

    /// A ladder must reach the lowest rung with which the score is high enough.
    fn rung_needed(
        &self,
        (level, at): (&'m Level, usize),
        side: EntityKind,
        bounds: &mut [SignalBounds],
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let low = within.scores[side].0;
        let SignalPayment::Ladder { value, strict, rungs } = &level.signals[at].pay else { return Ok(()) };
        let mut enough = |points: f64| {
            bounds[at] = SignalBounds { can_fire: true, must_fire: true, low: points, high: points };
            sum_bounds(level, bounds).1.1 >= low - SLACK
        };
        // Decay takes from what a rung pays, so without it the rung is reached at least.
        let needed = rungs.iter().find(|(_, points)| enough(points.to_f64()));
        match needed {
            Some((threshold, _)) => self.value_passes(value, (*threshold, *strict), side, within),
            None => Err(EmptyBox),
        }
    }

    /// A number must pass a threshold.
    pub(super) fn value_passes(
        &self,
        value: &'m Program,
        (threshold, strict): (f64, bool),
        side: EntityKind,
        within: &mut NarrowedBox,
    ) -> Result<(), EmptyBox> {
        let fits = |within: &NarrowedBox| {
            self.context.eval(value, side, within).range().is_some_and(|(_, high)| passes(high, threshold, strict))
        };
        if !fits(within) {
            return Err(EmptyBox);
        }
        for variable in self.facts_of(value, side).0 {
            self.shave_by(variable, &fits, within)?;
        }
        Ok(())
    }
}
