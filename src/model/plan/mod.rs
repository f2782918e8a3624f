//! A model that cannot be invalid: integer ids for names, typed programs for expressions, a place in the state for everything kept.

mod aggregation;
mod decisions;
mod facts;
mod input;
mod measures;
mod signals;

pub use self::{
    aggregation::{
        ACTIVITY_DAYS, AggregateOp, AggregationPlan, CellKind, EventMatch, FilterPlan, NamePlan, ValueSource,
        ValueSpec, WordKind, word,
    },
    decisions::{FactColumn, Route, Segment, TemplatePart, TextTemplate, Tier},
    facts::{BuiltinFact, Fact, FactSource, Level, MilestonePart, RollupPlan, ScoringSlots, TraitPlan},
    input::{FieldPaths, IdGlob, IdentitySettings, InputSettings},
    measures::{MeasurePlan, Metric, Milestone, MilestonePlan, NumberPart, WeeklyValue, WindowEnd},
    signals::{PointBounds, PointDecay, Signal, SignalCategory, SignalPayment},
};
pub use super::syntax::{DecayCurve, RollupKind};

use super::{EntityKind, PerKind};
use crate::{clock::Zone, expr::Program};

/// Slot of the event's name in programs over events; properties follow from 1.
pub const EVENT_SLOT: u32 = 0;

/// Set in slots of user programs that name a fact of the home account.
pub const ACCOUNT_BIT: u32 = 1 << 31;

/// The place of a fact in its level.
pub type FactSlot = u32;
/// The place of a condition over events.
pub type PredicateId = u16;
/// The place of a value over events.
pub type ValueId = u16;
/// The place of what is kept by key, not in a fixed word.
pub type CellId = u16;

/// A compiled model.
#[derive(Debug)]
pub struct Model {
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
    /// The tracking plan: events, and properties that each must have.
    pub tracking: Vec<(String, Vec<String>)>,
    /// Warnings that are meant.
    pub ignored_warnings: Vec<IgnoredWarning>,
    /// What is kept of events.
    pub aggregation: AggregationPlan,
    /// Facts, signals and the rest of each kind of entity.
    pub levels: PerKind<Level>,
    /// Who may be an account's champion; anybody if there is none.
    pub champion: Option<Program>,
    /// Who decides.
    pub buyer: Option<Program>,
    /// What is computed after the facts that events give, in order.
    pub steps: Vec<ScoringStep>,
}

impl Model {
    /// Facts, signals and the rest of one kind of entity.
    pub fn level(&self, kind: EntityKind) -> &Level {
        &self.levels[kind]
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
    pub span: std::ops::Range<usize>,
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
