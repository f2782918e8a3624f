//! The resolved model: every name is resolved, every expression is typed, and every part has its
//! place in the text.
//!
//! It does not contain what a run stores. The plan derives that from a [`ResolvedModel`] alone.

mod alerts;
mod conditions;
mod decisions;
mod dependencies;
mod entries;
mod events;
mod expectations;
mod facts;
mod holdout;
mod input;
mod measures;
mod milestones;
mod names;
mod needs;
mod outcomes;
mod output_files;
mod pools;
mod record_uses;
mod references;
mod report;
mod signals;

pub use self::{
    alerts::{Alert, AlertOrder, AlertSpans, ExistingEntities},
    conditions::{
        ConditionId, ConditionOwner, EVENT_SLOT, EventCondition, EventExpression, EventValue, TextComparison,
    },
    decisions::{FactColumn, Route, RuleSpans, Segment, Suppression, TemplateFact, TemplatePart, TextTemplate, Tier},
    dependencies::FactDependencies,
    entries::EntrySpans,
    events::{EventBase, EventForm, EventName, EventNames, EventSelection, EventSet},
    expectations::{Expectation, UnmetAction},
    facts::{
        BuiltinFact, DeclaredExpression, DeclaredRollup, Fact, FactDefinition, Level, MilestonePart, PersonRole,
        RecordFact, Rollup, ScoringSlots, Trait,
    },
    holdout::{HOLDOUT_WHOLE, Holdout},
    input::{FieldPaths, IdGlob, IdentitySettings, IdentitySpans, InputSettings, PathList},
    measures::{CountedUnit, Measure, Metric, NumberPart, WeeklyValue, WindowEnd},
    milestones::{Milestone, MilestoneRule, UserQuorum},
    names::{SpannedName, TextSpan},
    needs::ModelNeeds,
    outcomes::{MappedOutcome, OutcomeColumns, OutcomeFact, OutcomeKey, OutcomeMap, OutcomeWord},
    output_files::{ListFile, ListFormat, ListLevel, ListRows, RowQuery, SuppressedRows},
    pools::{PoolMember, RepresentativePool},
    record_uses::RecordUse,
    references::ExpressionUse,
    report::ReportSettings,
    signals::{PointBounds, PointDecay, Signal, SignalCategory, SignalPayment, SignalSpans},
};
pub use crate::syntax::{DecayCurve, RollupKind};

use crate::{EntityKind, FactKey, FactSlot, PerKind, clock::Zone, expr::Program};

/// A valid model with the complete meaning of its text.
#[derive(Debug)]
pub struct ResolvedModel {
    /// The name in the file; empty if the file has none.
    pub name: String,
    /// The SHA-256 of the text, in hex.
    pub fingerprint: String,
    /// The zone of days and weeks.
    pub zone: Zone,
    /// The first day of a week; Monday is 0.
    pub week_start: i32,
    /// The rules that turn records into events.
    pub input: InputSettings,
    /// The rules for users, accounts and internal users.
    pub identity: IdentitySettings,
    /// The warnings that the model accepts.
    pub ignored_warnings: Vec<IgnoredWarning>,
    /// What a run must look like, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// The entries of `[events]`.
    pub events: EventNames,
    /// The events that start an entity.
    pub start: EventSelection,
    /// The events that are no activity, by entry of the list.
    pub ignored: Vec<EventSelection>,
    /// The paths of properties that expressions over events read. Slot `n` of a program is entry
    /// `n - 1`. The properties of conditions come first, in the order of the text.
    pub properties: Vec<Vec<String>>,
    /// The conditions on events: of `[events]`, of metrics, then of signals and milestones of
    /// users and of accounts.
    pub conditions: Vec<EventCondition>,
    /// The metrics of `[metrics]` in the order of the file, then the inline counts of signals of
    /// users and of accounts.
    pub metrics: Vec<Metric>,
    /// The facts and rules of each kind of entity.
    pub levels: PerKind<Level>,
    /// The traits that can hold the e-mail of a user: the declared one first, then the default.
    pub email_traits: Vec<Trait>,
    /// The condition on an account's champion; none admits every user.
    pub champion: Option<Program>,
    /// The place of that condition.
    pub(crate) champion_span: Option<TextSpan>,
    /// The condition on an account's buyer.
    pub buyer: Option<Program>,
    /// The place of that condition.
    pub(crate) buyer_span: Option<TextSpan>,
    /// The accounts that sales leaves alone.
    pub holdout: Option<Holdout>,
    /// How tables of another program become outcomes.
    pub outcomes: Option<OutcomeMap>,
    /// The computations after the base facts, in order.
    pub steps: Vec<ScoringStep>,
    /// Everything that can need state in a run, in the order in which the plan assigns places.
    pub order: Vec<ResolvedItem>,
    /// Whether rows name the instant, the model and its hash.
    pub stamp: bool,
    /// Files for others.
    pub lists: Vec<ListFile>,
    /// What is shown of a run beside its rows.
    pub report: ReportSettings,
    /// What the command line asks of rows.
    pub requested: RowQuery,
    /// The places of all named entries.
    pub entries: EntrySpans,
}

/// A part of the model that can need state in a run.
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
    /// Returns the facts and rules of one kind of entity.
    pub fn level(&self, kind: EntityKind) -> &Level {
        &self.levels[kind]
    }

    /// Returns a fact; none if its level lacks the slot.
    pub fn fact(&self, key: FactKey) -> Option<&Fact> {
        self.levels[key.kind()].facts.get(key.slot() as usize)
    }

    /// Returns the metrics of `[metrics]`, without the inline counts of signals.
    pub(crate) fn declared_metrics(&self) -> &[Metric] {
        let signals = self.levels.values().into_iter().flat_map(|level| &level.signals);
        let inline = signals.filter(|signal| signal.inline.is_some()).count();
        &self.metrics[..self.metrics.len() - inline]
    }

    /// True if events of this name start an entity.
    pub(crate) fn is_start(&self, event: &str) -> bool {
        self.start.set.names_event(event)
    }

    /// True if some events of this name are no activity.
    pub(crate) fn is_ignored(&self, event: &str) -> bool {
        self.ignored.iter().any(|events| events.set.names_event(event))
    }
}

/// A warning that the model accepts.
#[derive(Debug, Clone)]
pub struct IgnoredWarning {
    /// The code of the warning.
    pub code: &'static str,
    /// The name of the only entry for which the warning is accepted; none accepts it everywhere.
    pub name: Option<String>,
    /// The reason, for people.
    pub because: String,
    /// The place of the code.
    pub span: TextSpan,
}

/// A step of the computation after the base facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoringStep {
    /// A named expression of users.
    UserFact(FactSlot),
    /// A named expression or a roll-up of accounts.
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
    /// A fact of an account's champion or buyer.
    AccountPerson(FactSlot),
    /// A fact of users that the record of runs before tells.
    UserRecord(FactSlot),
    /// A fact of accounts that the record of runs before tells.
    AccountRecord(FactSlot),
    /// A fact of users that outcomes tell.
    UserOutcome(FactSlot),
    /// A fact of accounts that outcomes tell.
    AccountOutcome(FactSlot),
    /// Routes of users.
    UserRoute,
    /// Routes of accounts.
    AccountRoute,
}
