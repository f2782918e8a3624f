//! What the members of an account were paid for, summed by signal.
//!
//! A sum of members' scores is no reason by itself. These sums are the reason, and they add up to it.

use super::ScoredEntities;
use crate::plan::Model;
use pql_model::{
    EntityKind,
    resolved::Level,
    scoring::{ScoreTotals, SignalFiring, SignalPayout, evaluate_signals, sum_points},
    units::Points,
};

/// A source of members' points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberSource {
    /// A signal of users, by index.
    Signal(usize),
    /// The bounds of a category of users, by index.
    CategoryBounds(usize),
    /// The bounds of the users' score.
    ScoreBounds,
}

/// The points of one source over the members of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberSum {
    /// The source.
    pub source: MemberSource,
    /// The sum over the members.
    pub points: Points,
    /// The number of members whom the signal fired for, or from whom bounds took or gave.
    pub people: u64,
}

impl MemberSource {
    /// Its name, as in the column `signals`: that of the signal, or `cap:` and what is bounded.
    pub fn name(self, level: &Level) -> String {
        match self {
            MemberSource::Signal(place) => level.signals[place].name.clone(),
            MemberSource::CategoryBounds(place) => format!("cap:{}", level.categories[place].name),
            MemberSource::ScoreBounds => "cap:score".to_owned(),
        }
    }
}

/// What one entity was paid for: signals that fired, in the order of the model, then what bounds took or gave.
pub fn paid_sources(level: &Level, paid: &[SignalPayout]) -> Vec<(MemberSource, Points)> {
    let fired = paid.iter().enumerate().filter(|(_, one)| one.firing == SignalFiring::Fired);
    let mut sources: Vec<(MemberSource, Points)> =
        fired.map(|(place, one)| (MemberSource::Signal(place), one.points)).collect();
    sources.extend(bound_sources(&sum_points(level, paid)));
    sources
}

/// What bounds took or gave: those of categories in the order of the model, then those of the score.
pub(crate) fn bound_sources(total: &ScoreTotals) -> impl Iterator<Item = (MemberSource, Points)> {
    let categories = (0..).map(MemberSource::CategoryBounds).zip(&total.categories);
    let categories = categories.map(|(source, (raw, held))| (source, *held - *raw));
    let all = categories.chain([(MemberSource::ScoreBounds, total.score - total.raw)]);
    all.filter(|(_, points)| *points != Points::ZERO)
}

/// What the members of an account were paid for: the largest sum first, ties in the order of the model, bounds last. It adds up to the sum of their
/// scores.
pub fn sum_member_signals(scored: &ScoredEntities<'_>, model: &Model, account: usize) -> Vec<MemberSum> {
    let level = model.resolved.level(EntityKind::User);
    let [signals, categories] = [level.signals.len(), level.categories.len()];
    let place = |source: MemberSource| match source {
        MemberSource::Signal(signal) => signal,
        MemberSource::CategoryBounds(category) => signals + category,
        MemberSource::ScoreBounds => signals + categories,
    };
    let mut sums: Vec<Option<MemberSum>> = vec![None; signals + categories + 1];
    for member in &scored.entities.accounts[account].members {
        let paid = evaluate_signals(level, &scored.user_facts(*member as usize));
        for (source, points) in paid_sources(level, &paid) {
            let sum = sums[place(source)].get_or_insert(MemberSum { source, points: Points::ZERO, people: 0 });
            sum.points = sum.points + points;
            sum.people += 1;
        }
    }
    let mut found: Vec<MemberSum> = sums.into_iter().flatten().collect();
    let bounds = found.iter().position(|sum| !matches!(sum.source, MemberSource::Signal(_))).unwrap_or(found.len());
    found[..bounds].sort_by_key(|sum| std::cmp::Reverse(sum.points));
    found
}
