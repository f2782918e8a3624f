//! Levels, and everything on them that an expression can name.

use super::{
    EventSelection, FactColumn, Milestone, PointBounds, RollupKind, Route, Segment, Signal, SignalCategory,
    SpannedName, TextComparison, TextSpan, Tier,
};
use crate::{
    FactSlot,
    expr::{Program, ValueType},
};

/// One level: users, or accounts.
#[derive(Debug)]
pub struct Level {
    /// Everything that has a value here.
    pub facts: Vec<Fact>,
    /// What is known of entities beside events, in the order of the file.
    pub traits: Vec<Trait>,
    /// Named expressions as declared, those that nothing needs among them.
    pub expressions: Vec<DeclaredExpression>,
    /// Roll-ups as declared, those that nothing needs among them; of accounts only.
    pub rollups: Vec<DeclaredRollup>,
    /// States reached at an instant.
    pub milestones: Vec<Milestone>,
    /// An order in which each milestone comes after its parts.
    pub milestone_order: Vec<usize>,
    /// What pays points, in the order of the file.
    pub signals: Vec<Signal>,
    /// Groups of signals, in the order in which signals name them.
    pub categories: Vec<SignalCategory>,
    /// Names of categories that the file gives bounds.
    pub bounded_categories: Vec<SpannedName>,
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
    /// Texts that expressions over the facts of this level compare with.
    pub comparisons: Vec<TextComparison>,
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
    /// What it is.
    pub definition: FactDefinition,
}

/// What a fact is.
#[derive(Debug)]
pub enum FactDefinition {
    /// What every entity has.
    Builtin(BuiltinFact),
    /// By place among the level's traits.
    Trait(usize),
    /// By place among the model's metrics.
    Metric(usize),
    /// Of a milestone, by place.
    Milestone(usize, MilestonePart),
    /// An expression over facts.
    Expression(Program),
    /// Over the members of an account.
    Rollup(Rollup),
    /// Written by scoring.
    Scoring,
}

/// What every entity has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
pub struct Trait {
    /// Its name.
    pub name: SpannedName,
    /// Its type.
    pub kind: ValueType,
    /// Keys of traits objects, columns and properties under which it is looked for, the first that has it counts; with dots.
    pub from: Vec<String>,
    /// Whether the first value counts rather than the last.
    pub first: bool,
    /// Events whose properties tell it.
    pub events: EventSelection,
}

/// An entry of `[user.facts]` or `[account.facts]`.
#[derive(Debug)]
pub struct DeclaredExpression {
    /// Its name.
    pub name: SpannedName,
    /// Where the expression stands.
    pub span: TextSpan,
}

/// An entry of `[account.rollups]`.
#[derive(Debug)]
pub struct DeclaredRollup {
    /// Its name.
    pub name: SpannedName,
    /// Where the expression stands that is gathered.
    pub value: Option<TextSpan>,
    /// Where the condition on members stands.
    pub filter: Option<TextSpan>,
}

/// Over the members of an account.
#[derive(Debug)]
pub struct Rollup {
    /// How it gathers.
    pub kind: RollupKind,
    /// Over user facts.
    pub value: Option<Program>,
    /// Over user facts.
    pub filter: Option<Program>,
}
