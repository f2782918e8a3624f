//! A model that cannot be invalid and says all that its text means: names found, expressions typed, every part with its place.
//!
//! Nothing here says what a run keeps or where. That is the business of the plan, which needs nothing but a [`ResolvedModel`].

mod conditions;
mod decisions;
mod dependencies;
mod entries;
mod events;
mod facts;
mod input;
mod measures;
mod milestones;
mod names;
mod needs;
mod references;
mod signals;

pub use self::{
    conditions::{
        ConditionId, ConditionOwner, EVENT_SLOT, EventCondition, EventExpression, EventValue, TextComparison,
    },
    decisions::{FactColumn, Route, RuleSpans, Segment, TemplatePart, TextTemplate, Tier},
    dependencies::FactDependencies,
    entries::EntrySpans,
    events::{EventBase, EventForm, EventName, EventNames, EventSelection, EventSet},
    facts::{
        BuiltinFact, DeclaredExpression, DeclaredRollup, Fact, FactDefinition, Level, MilestonePart, Rollup,
        ScoringSlots, Trait,
    },
    input::{FieldPaths, IdGlob, IdentitySettings, IdentitySpans, InputSettings},
    measures::{CountedUnit, Measure, Metric, NumberPart, WeeklyValue, WindowEnd},
    milestones::{Milestone, MilestoneRule, UserQuorum},
    names::{SpannedName, TextSpan},
    needs::ModelNeeds,
    references::ExpressionUse,
    signals::{PointBounds, PointDecay, Signal, SignalCategory, SignalPayment, SignalSpans},
};
pub use crate::syntax::{DecayCurve, RollupKind};

use crate::{EntityKind, FactKey, FactSlot, PerKind, clock::Zone, expr::Program};

/// A model with everything that its text means.
#[derive(Debug)]
pub struct ResolvedModel {
    /// As the file gives it; empty if it does not.
    pub name: String,
    /// SHA-256 of the text, in hex.
    pub fingerprint: String,
    /// Cuts days and weeks.
    pub zone: Zone,
    /// The first day of a week; Monday is 0.
    pub week_start: i32,
    /// How records become events.
    pub input: InputSettings,
    /// Who is who.
    pub identity: IdentitySettings,
    /// Warnings that are meant.
    pub ignored_warnings: Vec<IgnoredWarning>,
    /// The entries of `[events]`: the tracking plan, and names for parts of events.
    pub events: EventNames,
    /// Events that start an entity.
    pub start: EventSelection,
    /// Events that are no activity, by entry of the list.
    pub ignored: Vec<EventSelection>,
    /// Properties that expressions over events read, by slot - 1; those of conditions first, as they come in the text.
    pub properties: Vec<Vec<String>>,
    /// Conditions on events: of `[events]`, then of metrics, then of signals and milestones of users and of accounts.
    pub conditions: Vec<EventCondition>,
    /// Those of `[metrics]` in the order of the file, then the counts that signals of users and of accounts carry.
    pub metrics: Vec<Metric>,
    /// Facts, signals and the rest of each kind of entity.
    pub levels: PerKind<Level>,
    /// Traits in which the e-mail of users is looked for: the one that the model declares, then what is called so without being declared.
    pub email_traits: Vec<Trait>,
    /// Who may be an account's champion; anybody if there is none.
    pub champion: Option<Program>,
    /// Where that condition stands.
    pub champion_span: Option<TextSpan>,
    /// Who decides.
    pub buyer: Option<Program>,
    /// Where that condition stands.
    pub buyer_span: Option<TextSpan>,
    /// What is computed after the facts that events give, in order.
    pub steps: Vec<ScoringStep>,
    /// Everything that a run may have to keep something for, in the order in which it was asked for.
    pub order: Vec<ResolvedItem>,
    /// The entries of the text that have a name.
    pub entries: EntrySpans,
}

/// Something that a run may have to keep something for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolvedItem {
    /// An entry of `[events]`, by place.
    EventName(usize),
    /// A milestone, by place in its level.
    Milestone(EntityKind, usize),
    /// A fact.
    Fact(FactKey),
}

impl ResolvedModel {
    /// Facts, signals and the rest of one kind of entity.
    pub fn level(&self, kind: EntityKind) -> &Level {
        &self.levels[kind]
    }

    /// A fact; none if its level has no such slot.
    pub fn fact(&self, key: FactKey) -> Option<&Fact> {
        self.levels[key.kind()].facts.get(key.slot() as usize)
    }

    /// The metrics of `[metrics]`, without the counts that signals carry.
    pub fn declared_metrics(&self) -> &[Metric] {
        let signals = self.levels.values().into_iter().flat_map(|level| &level.signals);
        let inline = signals.filter(|signal| signal.inline.is_some()).count();
        &self.metrics[..self.metrics.len() - inline]
    }

    /// Whether events of this name start an entity.
    pub fn is_start(&self, event: &str) -> bool {
        self.start.set.names_event(event)
    }

    /// Whether events of this name, or some of them, are no activity.
    pub fn is_ignored(&self, event: &str) -> bool {
        self.ignored.iter().any(|events| events.set.names_event(event))
    }
}

/// A warning that somebody knows of and means.
#[derive(Debug, Clone)]
pub struct IgnoredWarning {
    /// Of the warning.
    pub code: &'static str,
    /// Only where it is about an entry of this name.
    pub name: Option<String>,
    /// Why it is meant.
    pub because: String,
    /// Where the code stands in the model.
    pub span: TextSpan,
}

/// A step of the computation after the facts that events give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoringStep {
    /// An expression of users.
    UserFact(FactSlot),
    /// An expression or roll-up of accounts.
    AccountFact(FactSlot),
    /// The segment of accounts.
    Segment,
    /// Points and score of users.
    UserPoints,
    /// Tier of users.
    UserTier,
    /// Points and score of accounts.
    AccountPoints,
    /// Tier of accounts.
    AccountTier,
    /// Routes of users.
    UserRoute,
    /// Routes of accounts.
    AccountRoute,
}
