//! Computes the points of signals and their bounds, and finds the tier and the route.

use super::facts::{Side, World};
use super::model::{Bounds, Decay, Pays, Route, Signal, Source, Tier};
use super::value::{compare_numbers, number_text};
use std::cmp::Ordering;

/// The points of an entity, thousandths.
pub struct Points {
    /// The fired signals by index, with their points after decay, in file order.
    pub fired: Vec<(usize, i64)>,
    /// Each category with its points before and after its bounds.
    pub categories: Vec<(String, i64, i64)>,
    /// The sum of the categories before the bounds of the score.
    pub total: i64,
    pub score: i64,
}

impl World {
    /// The categories in the order of their columns.
    pub fn categories(&self, side: Side) -> Vec<String> {
        let level = self.level(side);
        let mut names: Vec<String> = Vec::new();
        let paying = level.signals.iter().map(|s| &s.category);
        for name in paying.chain(level.categories.iter().map(|(name, _)| name)) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    pub fn points(&self, side: Side, id: &str) -> Points {
        let level = self.level(side);
        let mut fired: Vec<(usize, i64)> = Vec::new();
        let mut taken: Vec<&String> = Vec::new();
        for (at, signal) in level.signals.iter().enumerate() {
            let Some(points) = self.paid(side, id, signal) else {
                continue;
            };
            match &signal.exclusive {
                Some(group) if taken.contains(&group) => continue,
                Some(group) => taken.push(group),
                None => {}
            }
            fired.push((at, points));
        }
        let mut categories = Vec::new();
        for category in self.categories(side) {
            let of_it = fired.iter().filter(|(at, _)| level.signals[*at].category == category);
            let raw: i64 = of_it.map(|(_, points)| points).sum();
            let bounds = level.categories.iter().find(|(name, _)| *name == category);
            let bounded = bounds.map_or(raw, |(_, bounds)| bound(raw, *bounds));
            categories.push((category, raw, bounded));
        }
        let total = categories.iter().map(|(_, _, bounded)| bounded).sum();
        Points { fired, categories, total, score: bound(total, level.score) }
    }

    /// The points of a signal after decay; none if it does not fire.
    fn paid(&self, side: Side, id: &str, signal: &Signal) -> Option<i64> {
        if !self.holds(side, id, signal.when.as_ref()) {
            return None;
        }
        let amount = match &signal.pays {
            Pays::Flat(points) => *points,
            Pays::Ladder { value, rungs, strict } => {
                let value = match value {
                    Source::Fact(expr) => self.eval(side, id, expr).num()?,
                    Source::Count(metric) => self.scope(side, id).measure(metric).num()?,
                };
                let reached = |rung: &&(f64, i64)| match compare_numbers(value, rung.0) {
                    Ordering::Greater => true,
                    Ordering::Equal => !strict,
                    Ordering::Less => false,
                };
                rungs.iter().rev().find(reached)?.1
            }
            Pays::Per { value, points, max } => {
                let value = self.eval(side, id, value).num()?;
                if compare_numbers(value, 0.0) == Ordering::Equal {
                    return None;
                }
                let millionths = (value * 1e6).round() as i128;
                let amount = divide(millionths * i128::from(*points), 1_000_000);
                max.map_or(amount, |max| amount.clamp(-max.abs(), max.abs()))
            }
        };
        match &signal.decay {
            None => Some(amount),
            Some(decay) => {
                let factor = (self.factor(side, id, decay)? * 1e6).round() as i128;
                Some(divide(i128::from(amount) * factor, 1_000_000))
            }
        }
    }

    /// The factor of a decay; none if the time since is null.
    fn factor(&self, side: Side, id: &str, decay: &Decay) -> Option<f64> {
        let days = self.eval(side, id, &decay.since).num()?.max(0.0);
        match (decay.half_life, decay.linear) {
            (Some(half_life), _) => Some(0.5_f64.powf(days / half_life)),
            (None, Some(linear)) => Some((1.0 - days / linear).max(0.0)),
            (None, None) => panic!("a decay has a length"),
        }
    }

    pub fn tier(&self, side: Side, id: &str) -> Option<&Tier> {
        let score = || self.points(side, id).score as f64 / 1000.0;
        let reaches = |least: Option<f64>| least.is_none_or(|least| compare_numbers(score(), least) != Ordering::Less);
        let exceeds =
            |above: Option<f64>| above.is_none_or(|above| compare_numbers(score(), above) == Ordering::Greater);
        let tiers = &self.level(side).tiers;
        let before = self.before(side, id).and_then(|before| before.tier.as_ref());
        tiers.iter().enumerate().find_map(|(at, tier)| {
            let comes = reaches(tier.at_least) && exceeds(tier.above);
            let may_stay = tier.stay_at_least.is_some() || tier.stay_above.is_some();
            let was_here = tiers[..=at].iter().any(|tier| Some(&tier.name) == before);
            let stays = may_stay && was_here && reaches(tier.stay_at_least) && exceeds(tier.stay_above);
            ((comes || stays) && self.holds(side, id, tier.when.as_ref())).then_some(tier)
        })
    }

    pub fn route(&self, side: Side, id: &str) -> Option<&Route> {
        self.level(side).routes.iter().find(|route| self.holds(side, id, route.when.as_ref()))
    }
}

fn bound(points: i64, bounds: Bounds) -> i64 {
    let floored = bounds.min.map_or(points, |min| points.max(min));
    bounds.max.map_or(floored, |max| floored.min(max))
}

/// Divides and rounds half away from zero.
fn divide(amount: i128, by: i128) -> i64 {
    let magnitude = (amount.abs() * 2 + by) / (by * 2);
    (if amount < 0 { -magnitude } else { magnitude }) as i64
}

/// Thousandths of a point as text, without trailing zeros.
pub fn points_text(points: i64) -> String {
    number_text(points as f64 / 1000.0)
}
