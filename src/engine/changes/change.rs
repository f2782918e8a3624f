//! The words of a change.

use super::{ChangeReason, ConditionChange};
use crate::record::{EntityStanding, LevelSnapshot};
use pql_model::{
    EntityKind,
    units::{Day, Points},
};

/// What happened to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A higher tier, or a tier that qualifies in place of one that does not.
    Up,
    /// It was not in the lists before.
    New,
    /// Another route in the same tier.
    Route,
    /// A lower tier, or one that no longer qualifies.
    Down,
    /// A suppression holds now, another one, or none any more.
    Suppressed,
    /// Its ids belong to another entity now.
    Merged,
    /// It is in no list any more.
    Gone,
}

/// A step between before and now, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeStep {
    /// The events that counted before, seen at the new instant.
    Time,
    /// The events that count now and did not before.
    Events,
    /// Tables of users and accounts.
    Traits,
    /// The model.
    Model,
}

/// Why an entity is in another tier or on another route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeCause {
    /// The last step at which the tier, or the route, became what it is.
    Step(ChangeStep),
    /// It is internal now.
    Excluded,
    /// None of its events counts any more.
    NoEvents,
}

/// Where an entity stood, as rows print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingView {
    /// The name of its tier.
    pub tier: Option<String>,
    /// Whether the tier makes a PQL or PQA.
    pub qualified: bool,
    /// The name of its route.
    pub route: Option<String>,
    /// The name of the suppression that holds.
    pub suppressed: Option<String>,
    /// Its score.
    pub score: Points,
}

/// A row of the list of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityChange {
    /// User or account.
    pub level: EntityKind,
    /// Its id.
    pub id: String,
    /// The home account of a user: now, else before.
    pub account: Option<String>,
    /// What happened.
    pub kind: ChangeKind,
    /// Why.
    pub cause: Option<ChangeCause>,
    /// Before; none if it was not in the lists.
    pub before: Option<StandingView>,
    /// Now; none if it is in no list any more.
    pub now: Option<StandingView>,
    /// The difference of the score by step, in their order. They add up to the difference of the scores.
    pub by_step: [Points; 4],
    /// What each signal gave or took, the largest difference first.
    pub reasons: Vec<ChangeReason>,
    /// Where the tier became another: the facts in conditions of tiers that did too.
    pub conditions: Vec<ConditionChange>,
    /// The entity that its ids belong to now.
    pub merged_into: Option<String>,
    /// The date of the run that saw it in its tier first.
    pub tier_since: Option<Day>,
    /// The date of the run that saw it qualified first.
    pub first_qualified: Option<Day>,
}

/// Another score or tier, for the log.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreChange {
    /// User or account.
    pub level: EntityKind,
    /// Its id.
    pub id: String,
    /// The home account of a user: now, else before.
    pub account: Option<String>,
    /// Before; none if it was not in the lists.
    pub before: Option<StandingView>,
    /// Now; none if it is in no list any more.
    pub now: Option<StandingView>,
    /// What each of its own signals gave or took, the largest difference first.
    pub reasons: Vec<ChangeReason>,
}

impl ChangeKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [ChangeKind; 7] = [
        ChangeKind::Up,
        ChangeKind::New,
        ChangeKind::Route,
        ChangeKind::Down,
        ChangeKind::Suppressed,
        ChangeKind::Merged,
        ChangeKind::Gone,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::Up => "up",
            ChangeKind::New => "new",
            ChangeKind::Route => "route",
            ChangeKind::Down => "down",
            ChangeKind::Suppressed => "suppressed",
            ChangeKind::Merged => "merged",
            ChangeKind::Gone => "gone",
        }
    }
}

impl ChangeStep {
    /// All steps in their order.
    pub const ALL: [ChangeStep; 4] = [ChangeStep::Time, ChangeStep::Events, ChangeStep::Traits, ChangeStep::Model];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeStep::Time => "time",
            ChangeStep::Events => "events",
            ChangeStep::Traits => "traits",
            ChangeStep::Model => "model",
        }
    }
}

impl ChangeCause {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeCause::Step(step) => step.as_str(),
            ChangeCause::Excluded => "excluded",
            ChangeCause::NoEvents => "no_events",
        }
    }
}

impl StandingView {
    /// The standing of an entity of a snapshot.
    pub fn of(level: &LevelSnapshot, standing: &EntityStanding) -> StandingView {
        let tier = level.tier(standing);
        StandingView {
            tier: tier.map(|tier| tier.name.clone()),
            qualified: tier.is_some_and(|tier| tier.qualified),
            route: level.route(standing).map(str::to_owned),
            suppressed: level.suppression(standing).map(str::to_owned),
            score: standing.score,
        }
    }

    /// Whether it is counted as qualified: suppressed entities are not.
    pub fn counts_as_qualified(&self) -> bool {
        self.qualified && self.suppressed.is_none()
    }
}

impl EntityChange {
    /// Whether it is a PQL or PQA now, and was none before.
    pub fn newly_qualified(&self) -> bool {
        let counted = |view: &Option<StandingView>| view.as_ref().is_some_and(StandingView::counts_as_qualified);
        counted(&self.now) && !counted(&self.before)
    }

    /// The score now, else before.
    pub(super) fn last_score(&self) -> Points {
        self.now.as_ref().or(self.before.as_ref()).map_or(Points::ZERO, |view| view.score)
    }
}
