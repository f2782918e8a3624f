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
    /// The time from the first event or step to the last. **Unit**: microseconds.
    pub within: Option<Micros>,
    /// The time from the start of the entity. **Unit**: microseconds.
    pub deadline: Option<Micros>,
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
    /// Returns the other milestones that it is made of, by index in the level.
    pub fn parts(&self) -> &[usize] {
        match self {
            MilestoneRule::Times { .. } | MilestoneRule::Steps { .. } => &[],
            MilestoneRule::All(parts) => parts,
        }
    }

    /// Returns the events of each step. A milestone without steps has one selection; a milestone of
    /// other milestones has none.
    pub fn selections(&self) -> &[EventSelection] {
        match self {
            MilestoneRule::Times { events, .. } => std::slice::from_ref(events),
            MilestoneRule::Steps { steps, .. } => steps,
            MilestoneRule::All(_) => &[],
        }
    }

    /// Returns the event set of each step. A milestone without steps has one set; a milestone of
    /// other milestones has none.
    pub(crate) fn event_sets(&self) -> Vec<&EventSet> {
        self.selections().iter().map(|step| &step.set).collect()
    }
}

/// The number of users who must each reach a milestone.
#[derive(Debug)]
pub struct UserQuorum {
    /// The number.
    pub count: usize,
    /// The time from the first of them to the last. **Unit**: microseconds.
    pub together: Option<Micros>,
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
