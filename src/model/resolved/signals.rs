//! What pays points, and the bounds of sums.

use super::{DecayCurve, TextSpan, TextTemplate};
use crate::{expr::Program, units::Points};

/// A condition over facts that pays points, or takes them.
#[derive(Debug)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// By place among the level's categories.
    pub category: usize,
    /// Of one group the first that fires pays.
    pub exclusive: Option<usize>,
    /// Must hold.
    pub guard: Option<Program>,
    /// What is paid for.
    pub pay: SignalPayment,
    /// How points fall with time.
    pub decay: Option<PointDecay>,
    /// What to say if it fires.
    pub say: Option<TextTemplate>,
    /// The count that it carries, by place among the model's metrics.
    pub inline: Option<usize>,
    /// Where it stands.
    pub spans: SignalSpans,
}

/// Where a signal stands.
#[derive(Debug, Clone)]
pub struct SignalSpans {
    /// Its name.
    pub name: TextSpan,
    /// `when`
    pub when: Option<TextSpan>,
    /// `value` or `per`, or the key of the count that it carries.
    pub value: Option<TextSpan>,
    /// The thresholds of its ladder.
    pub rungs: Vec<TextSpan>,
}

impl SignalSpans {
    /// Where it says what it pays for: its condition, else its value, else its name.
    pub fn what_pays(&self) -> &TextSpan {
        self.when.as_ref().or(self.value.as_ref()).unwrap_or(&self.name)
    }
}

/// What a signal pays for.
#[derive(Debug)]
pub enum SignalPayment {
    /// For the guard.
    Flat(Points),
    /// For the highest rung reached.
    Ladder {
        /// A number.
        value: Program,
        /// Whether a rung must be exceeded.
        strict: bool,
        /// Thresholds that rise.
        rungs: Vec<(f64, Points)>,
    },
    /// For each.
    Per {
        /// A number.
        value: Program,
        /// For one.
        points: Points,
        /// Bound of the amount without its sign, before decay.
        max: Option<Points>,
    },
}

/// How points fall with time.
#[derive(Debug)]
pub struct PointDecay {
    /// Days, a number.
    pub since: Program,
    /// By which curve.
    pub curve: DecayCurve,
}

/// A group of signals.
#[derive(Debug)]
pub struct SignalCategory {
    /// Its name.
    pub name: String,
    /// What it may give.
    pub bounds: PointBounds,
}

/// What a sum may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct PointBounds {
    /// At least.
    pub min: Option<Points>,
    /// At most.
    pub max: Option<Points>,
}

impl PointBounds {
    /// The sum held within the bounds.
    pub fn clamp(self, points: Points) -> Points {
        let points = self.max.map_or(points, |max| points.min(max));
        self.min.map_or(points, |min| points.max(min))
    }
}
