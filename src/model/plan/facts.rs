//! Levels, and everything on them that an expression can name.

use super::{
    CellId, FactColumn, FactSlot, Metric, Milestone, PointBounds, RollupKind, Route, Segment, Signal, SignalCategory,
    Tier,
};
use crate::{
    ValueFormat,
    expr::{Program, ValueType},
};

/// One level: users, or accounts.
#[derive(Debug)]
pub struct Level {
    /// Everything that has a value here.
    pub facts: Vec<Fact>,
    /// What is known of entities beside events.
    pub traits: Vec<TraitPlan>,
    /// Traits that hold the e-mail of users, the one that the model declares before what is called so without being declared; none of accounts.
    pub emails: Vec<usize>,
    /// States reached at an instant.
    pub milestones: Vec<Milestone>,
    /// An order in which each milestone comes after its parts.
    pub milestone_order: Vec<usize>,
    /// What pays points, in the order of the file.
    pub signals: Vec<Signal>,
    /// Groups of signals, in the order in which signals name them.
    pub categories: Vec<SignalCategory>,
    /// Bounds of the score.
    pub bounds: PointBounds,
    /// Bands of the score, from the top.
    pub tiers: Vec<Tier>,
    /// Of accounts only; the first that holds.
    pub segments: Vec<Segment>,
    /// The first that holds.
    pub routes: Vec<Route>,
    /// Facts that are added as columns.
    pub columns: Vec<FactColumn>,
    /// Where the facts are that scoring writes.
    pub slots: ScoringSlots,
}

/// Slots of facts that scoring writes, or that every row shows.
#[derive(Debug, Clone, Default)]
pub struct ScoringSlots {
    /// By category.
    pub points: Vec<FactSlot>,
    /// The score.
    pub score: FactSlot,
    /// The tier's name.
    pub tier: FactSlot,
    /// Whether the tier is qualified.
    pub qualified: FactSlot,
    /// Of accounts.
    pub segment: FactSlot,
    /// The route's name.
    pub route: FactSlot,
    /// The route's motion.
    pub motion: FactSlot,
    /// Dates with activity in the last 28.
    pub active_days_28: FactSlot,
    /// Of accounts.
    pub members: FactSlot,
    /// Of accounts.
    pub users: FactSlot,
    /// Of accounts.
    pub active_users_28: FactSlot,
}

/// Anything an expression can name.
#[derive(Debug)]
pub struct Fact {
    /// Its name; a hidden one for metrics that signals carry.
    pub name: String,
    /// Its type.
    pub kind: ValueType,
    /// Where its value comes from.
    pub source: FactSource,
}

/// Where the value of a fact comes from.
#[derive(Debug)]
pub enum FactSource {
    /// What every entity has.
    Builtin(BuiltinFact),
    /// By place among the level's traits.
    Trait(usize),
    /// Read from the state.
    Metric(Metric),
    /// Of a milestone, by place.
    Milestone(usize, MilestonePart),
    /// An expression over facts.
    Expression(Program),
    /// Over the members of an account.
    Rollup(RollupPlan),
    /// Written by scoring.
    Scoring,
}

/// What every entity has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltinFact {
    /// D - S.
    AgeDays,
    /// D minus the date of the last activity, else of the start.
    DaysInactive,
    /// Dates with activity in the last 28.
    ActiveDays28,
    /// Events.
    Events,
    /// D.
    Today,
    /// The registrable domain of the e-mail; of accounts made of a domain, that.
    Domain,
    /// Distinct users with an event credited to the account.
    Users,
    /// Distinct users with activity in the last 28 dates.
    ActiveUsers28,
    /// Users whose home the account is.
    Members,
}

/// What a milestone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MilestonePart {
    /// Whether it is reached.
    Reached,
    /// Whether it still can be.
    Pending,
    /// Hours from the start.
    Hours,
    /// Dates since it was reached.
    DaysAgo,
}

/// A trait: what is known of an entity.
#[derive(Debug)]
pub struct TraitPlan {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ValueType,
    /// How its numbers or dates may be written beside the usual ways.
    pub format: Option<ValueFormat>,
    /// Columns of the enrichment file, the first non-null of which counts.
    pub columns: Vec<String>,
    /// The same among the keys of traits objects.
    pub keys: Vec<u32>,
    /// Whether the first value counts rather than the last.
    pub first: bool,
    /// Where values of event properties are kept.
    pub cell: CellId,
}

/// Over the members of an account.
#[derive(Debug)]
pub struct RollupPlan {
    /// How it gathers.
    pub kind: RollupKind,
    /// Over user facts.
    pub value: Option<Program>,
    /// Over user facts.
    pub filter: Option<Program>,
}
