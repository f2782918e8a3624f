//! Milestones: states that an entity reaches at an instant.

use super::{ConditionId, EventSelection, EventSet, EventValue, TextSpan};
use crate::{expr::Program, units::Micros};

/// A state that an entity reaches at an instant.
#[derive(Debug)]
pub struct Milestone {
    /// The name.
    pub name: String,
    /// The rule that reaches it.
    pub rule: MilestoneRule,
    /// The time limit after the start. **Unit**: microseconds.
    pub within: Option<Micros>,
    /// The users who must each reach it.
    pub min_users: Option<UserQuorum>,
    /// The target for the time to value. **Unit**: microseconds.
    pub target: Option<Micros>,
}

impl Milestone {
    /// Returns the number of users who must each reach it; 1 by default.
    pub(crate) fn users_needed(&self) -> usize {
        self.min_users.as_ref().map_or(1, |users| users.count)
    }
}

impl MilestoneRule {
    /// Returns the event set of each step. A milestone without steps has one set; a milestone of
    /// other milestones has none.
    pub(crate) fn event_sets(&self) -> Vec<&EventSet> {
        match self {
            MilestoneRule::Times { events, .. } => vec![&events.set],
            MilestoneRule::Steps { steps, .. } => steps.iter().map(|step| &step.set).collect(),
            MilestoneRule::All(_) => Vec::new(),
        }
    }
}

/// The number of users who must each reach a milestone.
#[derive(Debug)]
pub struct UserQuorum {
    /// The number.
    pub count: usize,
    /// The condition on each user, over facts of users.
    pub who: Option<Program>,
    /// The place of that condition.
    pub(crate) who_span: Option<TextSpan>,
}

/// The rule that reaches a milestone.
#[derive(Debug)]
pub enum MilestoneRule {
    /// The n-th event within the time limit.
    Times {
        /// The events.
        events: EventSelection,
        /// The milestone's own condition on these events.
        filter: Option<ConditionId>,
        /// The number.
        times: usize,
        /// True if it counts dates with an event.
        by_days: bool,
    },
    /// A sequence of events.
    Steps {
        /// The events of each step.
        steps: Vec<EventSelection>,
        /// The property whose value all steps share.
        same: Option<EventValue>,
        /// True if each step must be by a different user.
        different_users: bool,
    },
    /// The last of other milestones, by index in the level.
    All(Vec<usize>),
}
