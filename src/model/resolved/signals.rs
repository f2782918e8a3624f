//! Signals, categories and the bounds of sums.

use super::{DecayCurve, TextSpan, TextTemplate};
use crate::{expr::Program, units::Points};

/// A rule that adds or subtracts points.
#[derive(Debug)]
pub struct Signal {
    /// The name.
    pub name: String,
    /// The category, by index in the level.
    pub category: usize,
    /// The exclusive group. The first signal of a group that fires pays.
    pub exclusive: Option<usize>,
    /// The condition.
    pub guard: Option<Program>,
    /// The rule for the points.
    pub pay: SignalPayment,
    /// The decay of the points.
    pub decay: Option<PointDecay>,
    /// The sentence for people if it fires.
    pub say: Option<TextTemplate>,
    /// The inline count, by index in the model's metrics.
    pub(crate) inline: Option<usize>,
    /// The places in the text.
    pub spans: SignalSpans,
}

/// The places of a signal in the text.
#[derive(Debug, Clone)]
pub struct SignalSpans {
    /// The name.
    pub name: TextSpan,
    /// The value of `when`.
    pub(crate) when: Option<TextSpan>,
    /// The value of `value` or `per`, or the key of the inline count.
    pub(crate) value: Option<TextSpan>,
    /// The thresholds of its ladder.
    pub(crate) rungs: Vec<TextSpan>,
}

impl SignalSpans {
    /// Returns the place of the condition, else of the value, else of the name.
    pub(crate) fn what_pays(&self) -> &TextSpan {
        self.when.as_ref().or(self.value.as_ref()).unwrap_or(&self.name)
    }
}

/// The rule for a signal's points.
#[derive(Debug)]
pub enum SignalPayment {
    /// The points if the condition holds.
    Flat(Points),
    /// The points of the highest rung reached.
    Ladder {
        /// The number that is compared with the rungs.
        value: Program,
        /// True if the value must exceed a rung.
        strict: bool,
        /// The thresholds in rising order, with their points.
        rungs: Vec<(f64, Points)>,
    },
    /// The points per unit of a number.
    Per {
        /// The number that the points are multiplied by.
        value: Program,
        /// The points of one unit.
        points: Points,
        /// The largest absolute amount before decay.
        max: Option<Points>,
    },
}

/// The decay of points with time.
#[derive(Debug)]
pub struct PointDecay {
    /// The number of days.
    pub since: Program,
    /// The curve of the decay.
    pub curve: DecayCurve,
}

/// A group of signals.
#[derive(Debug)]
pub struct SignalCategory {
    /// The name.
    pub name: String,
    /// The bounds of its sum.
    pub(crate) bounds: PointBounds,
}

/// The bounds of a sum.
#[derive(Debug, Clone, Copy, Default)]
pub struct PointBounds {
    /// The lower bound.
    pub(crate) min: Option<Points>,
    /// The upper bound.
    pub(crate) max: Option<Points>,
}

impl PointBounds {
    /// Clamps a sum to the bounds.
    pub(crate) fn clamp(self, points: Points) -> Points {
        let points = self.max.map_or(points, |max| points.min(max));
        self.min.map_or(points, |min| points.max(min))
    }
}
