//! Milestones: states reached at an instant.

use super::{ConditionId, EventSelection, EventSet, EventValue, TextSpan};
use crate::{expr::Program, units::Micros};

/// A state reached at an instant.
#[derive(Debug)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub span: TextSpan,
    /// How it is reached.
    pub rule: MilestoneRule,
    /// The window, elapsed.
    pub within: Option<Micros>,
    /// How many users must get there alone.
    pub min_users: Option<UserQuorum>,
    /// Time to value that is aimed at.
    pub target: Option<Micros>,
}

impl Milestone {
    /// How many users must get there alone; 1 if the milestone does not say.
    pub fn users_needed(&self) -> usize {
        self.min_users.as_ref().map_or(1, |users| users.count)
    }
}

impl MilestoneRule {
    /// The events of each step, of which one without steps has one; none of a milestone of others.
    pub fn event_sets(&self) -> Vec<&EventSet> {
        match self {
            MilestoneRule::Times { events, .. } => vec![&events.set],
            MilestoneRule::Steps { steps, .. } => steps.iter().map(|step| &step.set).collect(),
            MilestoneRule::All(_) => Vec::new(),
        }
    }
}

/// How many users must get somewhere alone, and who of them counts.
#[derive(Debug)]
pub struct UserQuorum {
    /// How many.
    pub count: usize,
    /// A condition on each of them; over facts of users.
    pub who: Option<Program>,
    /// Where that condition stands.
    pub who_span: Option<TextSpan>,
}

/// How a milestone is reached.
#[derive(Debug)]
pub enum MilestoneRule {
    /// By the n-th event within the window.
    Times {
        /// Which events.
        events: EventSelection,
        /// Its own condition on them.
        filter: Option<ConditionId>,
        /// How many.
        times: usize,
        /// Whether dates with an event are counted rather than events.
        by_days: bool,
    },
    /// By events in order.
    Steps {
        /// The events of each step.
        steps: Vec<EventSelection>,
        /// The property that all of them share.
        same: Option<EventValue>,
        /// Whether each step is another user's.
        different_users: bool,
    },
    /// By the last of other milestones, by place in the level.
    All(Vec<usize>),
}
