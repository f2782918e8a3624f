//! Signals to points: what fired, what it saw, what decay, exclusivity and bounds took.

use crate::{
    expr::{EvalScope, Value},
    resolved::{DecayCurve, Level, PointBounds, Signal, SignalPayment, Tier},
    units::{EPSILON, POINTS_ABS_MAX, Points, divide_rounded, to_millionths},
};

/// Whether a signal pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalFiring {
    /// It pays.
    Fired,
    /// It would, but an earlier one of its exclusive group does.
    Superseded,
    /// It does not.
    NotFired,
}

impl SignalFiring {
    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            SignalFiring::Fired => "fired",
            SignalFiring::Superseded => "superseded",
            SignalFiring::NotFired => "not",
        }
    }
}

/// What a signal looked at: the value of a ladder or `per`, else whether its condition held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SignalInput {
    /// Nothing known, or nothing to look at.
    Nothing,
    /// A value.
    Number(f64),
    /// A condition.
    Truth(bool),
}

impl SignalInput {
    /// The value, if it is one.
    pub fn as_number(self) -> Option<f64> {
        match self {
            SignalInput::Number(number) => Some(number),
            SignalInput::Nothing | SignalInput::Truth(_) => None,
        }
    }

    /// As expressions have it.
    pub fn value(self) -> Value<'static> {
        match self {
            SignalInput::Nothing => Value::Null,
            SignalInput::Number(number) => Value::Number(number),
            SignalInput::Truth(truth) => Value::Boolean(truth),
        }
    }
}

/// What one signal came to.
#[derive(Debug, Clone, Copy)]
pub struct SignalPayout {
    /// Whether it pays.
    pub firing: SignalFiring,
    /// What it looked at.
    pub seen: SignalInput,
    /// Before decay, and before the bound of `per`.
    pub unbounded: Points,
    /// Before decay.
    pub full: Points,
    /// What it pays.
    pub points: Points,
}

/// What all signals of an entity came to.
#[derive(Debug, Clone)]
pub struct ScoreTotals {
    /// By category, before and after its bounds.
    pub categories: Vec<(Points, Points)>,
    /// Before the bounds of the score.
    pub raw: Points,
    /// The score.
    pub score: Points,
}

/// Goes through the signals of a level in the order of the file.
pub fn evaluate_signals<S: EvalScope>(level: &Level, scope: &S) -> Vec<SignalPayout> {
    let mut taken: Vec<usize> = Vec::new();
    let mut all = Vec::with_capacity(level.signals.len());
    for signal in &level.signals {
        let mut paid = one(signal, scope);
        if paid.firing == SignalFiring::Fired
            && let Some(group) = signal.exclusive
        {
            if taken.contains(&group) {
                paid.firing = SignalFiring::Superseded;
                paid.points = Points::ZERO;
            } else {
                taken.push(group);
            }
        }
        all.push(paid);
    }
    all
}

fn one<S: EvalScope>(signal: &Signal, scope: &S) -> SignalPayout {
    let guarded = signal.guard.as_ref().map(|guard| guard.eval_condition(scope));
    let open = guarded.is_none_or(|truth| truth == Some(true));
    let (seen, unbounded, full) = match &signal.pay {
        SignalPayment::Flat(points) => {
            (guarded.flatten().map_or(SignalInput::Nothing, SignalInput::Truth), Some(*points), Some(*points))
        }
        SignalPayment::Ladder { value, strict, rungs } => {
            let seen = value.number(scope);
            let points = seen.and_then(|number| rung(number, *strict, rungs));
            (seen.map_or(SignalInput::Nothing, SignalInput::Number), points, points)
        }
        SignalPayment::Per { value, points, max } => {
            let seen = value.number(scope);
            let amount = seen.filter(|number| number.abs() >= EPSILON).map(|number| amount(number, *points));
            (seen.map_or(SignalInput::Nothing, SignalInput::Number), amount, amount.map(|amount| bounded(amount, *max)))
        }
    };
    // Without decay nothing is taken.
    let left = match &signal.decay {
        _ if !open => None,
        None => full,
        Some(decay) => full.zip(decay.since.number(scope)).map(|(full, days)| {
            Points::saturating_from(divide_rounded(i128::from(full.0) * factor(decay.curve, days), 1_000_000))
        }),
    };
    match (full, unbounded, left) {
        (Some(full), Some(unbounded), Some(points)) => {
            SignalPayout { firing: SignalFiring::Fired, seen, unbounded, full, points }
        }
        _ => SignalPayout {
            firing: SignalFiring::NotFired,
            seen,
            unbounded: Points::ZERO,
            full: Points::ZERO,
            points: Points::ZERO,
        },
    }
}

/// The points of the highest rung reached.
fn rung(number: f64, strict: bool, rungs: &[(f64, Points)]) -> Option<Points> {
    rungs.iter().rev().find(|(threshold, _)| passes(number, *threshold, strict)).map(|(_, points)| *points)
}

/// Whether a number passes a threshold.
pub fn passes(number: f64, threshold: f64, strict: bool) -> bool {
    if strict { number - threshold >= EPSILON } else { threshold - number < EPSILON }
}

/// A number to the millionth times points, to the thousandth.
fn amount(number: f64, points: Points) -> Points {
    // Only an amount that is too large is inexact, and it is reported as too large.
    let number = to_millionths(number).unwrap_or(if number > 0.0 { i128::MAX } else { i128::MIN });
    let product = number.saturating_mul(i128::from(points.0));
    Points::saturating_from(divide_rounded(product.clamp(i128::MIN / 2, i128::MAX / 2), 1_000_000))
}

fn bounded(amount: Points, max: Option<Points>) -> Points {
    max.map_or(amount, |max| PointBounds { min: Some(Points(-max.0)), max: Some(max) }.clamp(amount))
}

/// The share that is left after a number of days. **Units**: millionths.
fn factor(curve: DecayCurve, days: f64) -> i128 {
    let days = days.max(0.0);
    let left = match curve {
        DecayCurve::HalfLife(half_life) => 0.5_f64.powf(days / half_life),
        DecayCurve::Linear(length) => (1.0 - days / length).max(0.0),
    };
    to_millionths(left).unwrap_or(0)
}

/// Whether an amount is too large to be had exactly.
pub fn overflows(paid: &[SignalPayout]) -> bool {
    paid.iter().any(|paid| paid.unbounded.0.abs() >= POINTS_ABS_MAX)
}

/// Adds up what signals pay: categories within their bounds, then the score within its.
pub fn sum_points(level: &Level, paid: &[SignalPayout]) -> ScoreTotals {
    let mut categories = vec![Points::ZERO; level.categories.len()];
    for (signal, paid) in level.signals.iter().zip(paid) {
        categories[signal.category] = categories[signal.category] + paid.points;
    }
    let bounds = level.categories.iter().map(|category| category.bounds);
    let categories: Vec<(Points, Points)> =
        categories.into_iter().zip(bounds).map(|(raw, bounds)| (raw, bounds.clamp(raw))).collect();
    let raw: Points = categories.iter().map(|(_, held)| *held).sum();
    ScoreTotals { categories, raw, score: level.bounds.clamp(raw) }
}

/// The first tier that holds. `previous` is the place of the tier of the run before, by its name among these tiers.
pub fn find_tier<S: EvalScope>(tiers: &[Tier], score: f64, scope: &S, previous: Option<usize>) -> Option<usize> {
    let holds = |place: usize, tier: &Tier| {
        let was_here = previous.is_some_and(|previous| previous <= place);
        tier.is_reached(score, was_here) && tier.when.as_ref().is_none_or(|when| when.holds(scope))
    };
    tiers.iter().enumerate().position(|(place, tier)| holds(place, tier))
}

/// The place of the tier of the run before among the tiers of a level, by its name. Facts know it where somebody can stay in a tier.
pub fn previous_tier<S: EvalScope>(level: &Level, scope: &S) -> Option<usize> {
    match scope.get(level.slots.previous_tier?) {
        Value::Text(name) => level.tier_place(&name),
        _ => None,
    }
}

impl Level {
    /// The place of a tier by its name.
    pub fn tier_place(&self, name: &str) -> Option<usize> {
        self.tiers.iter().position(|tier| tier.name == name)
    }
}

impl Tier {
    /// The scores at which it is entered and left.
    pub(crate) fn thresholds(&self) -> impl Iterator<Item = f64> + use<> {
        self.threshold.into_iter().chain(self.stay).map(|(at, _)| at)
    }

    /// True if a score is enough for the tier. Whoever was in it or above it before needs less where the tier says so.
    pub fn is_reached(&self, score: f64, was_here: bool) -> bool {
        let enough = |threshold: Option<(f64, bool)>| threshold.map(|(at, strict)| passes(score, at, strict));
        enough(self.threshold).is_none_or(|reached| reached || was_here && enough(self.stay) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_factors_round_halves_away_from_zero() {
        assert_eq!(amount(2.5, Points(1)), Points(3));
        assert_eq!(amount(-2.5, Points(1)), Points(-3));
        assert_eq!(amount(1.234_567_4, Points(1_000_000)), Points(1_234_567));
        assert_eq!(factor(DecayCurve::HalfLife(14.0), 14.0), 500_000);
        assert_eq!(factor(DecayCurve::Linear(90.0), 3.0), 966_667);
        assert_eq!(factor(DecayCurve::Linear(90.0), 120.0), 0);
        assert_eq!(factor(DecayCurve::Linear(90.0), -5.0), 1_000_000);
        assert_eq!(bounded(Points(-7), Some(Points(5))), Points(-5));
    }

    #[test]
    fn thresholds_are_met_within_the_tolerance() {
        let rungs = [(0.3, Points(10)), (0.5, Points(20))];
        assert_eq!(rung(0.1 + 0.2, false, &rungs), Some(Points(10)));
        assert_eq!(rung(0.1 + 0.2, true, &rungs), None);
        assert_eq!(rung(0.6, true, &rungs), Some(Points(20)));
    }
}
