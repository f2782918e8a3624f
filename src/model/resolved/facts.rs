//! Levels, and the facts that an expression can name.

use super::{
    Alert, EventSelection, FactColumn, Milestone, OutcomeFact, PointBounds, RollupKind, Route, Segment, Signal,
    SignalCategory, SpannedName, Suppression, TextComparison, TextSpan, Tier,
};
use crate::{
    FactSlot, ValueFormat,
    expr::{Program, ValueType},
};

/// The facts and rules of users, or of accounts.
#[derive(Debug)]
pub struct Level {
    /// The facts by slot.
    pub facts: Vec<Fact>,
    /// The traits in the order of the file.
    pub traits: Vec<Trait>,
    /// All declared named expressions, including those without a use.
    pub(crate) expressions: Vec<DeclaredExpression>,
    /// All declared roll-ups, including those without a use; empty for users.
    pub(crate) rollups: Vec<DeclaredRollup>,
    /// The milestones in the order of the file.
    pub milestones: Vec<Milestone>,
    /// An order in which each milestone follows its parts.
    pub milestone_order: Vec<usize>,
    /// The signals in the order of the file.
    pub signals: Vec<Signal>,
    /// The categories, in the order of their first signal.
    pub categories: Vec<SignalCategory>,
    /// The names of categories with bounds in the file.
    pub(crate) bounded_categories: Vec<SpannedName>,
    /// The bounds of the score.
    pub(crate) bounds: PointBounds,
    /// The tiers from the top.
    pub tiers: Vec<Tier>,
    /// The segments; the first that holds applies. Empty for users.
    pub segments: Vec<Segment>,
    /// The routes; the first that holds applies.
    pub routes: Vec<Route>,
    /// The suppressions; the first that holds applies.
    pub suppressions: Vec<Suppression>,
    /// The alerts in the order of the file.
    pub alerts: Vec<Alert>,
    /// The facts in additional columns.
    pub columns: Vec<FactColumn>,
    /// The expressions of columns of files.
    pub computed_columns: Vec<Program>,
    /// The slots that scoring writes.
    pub slots: ScoringSlots,
    /// The comparisons of this level's facts with texts.
    pub comparisons: Vec<TextComparison>,
}

/// The slots of facts that scoring writes or that every row has.
#[derive(Debug, Clone, Default)]
pub struct ScoringSlots {
    /// The points by category.
    pub points: Vec<FactSlot>,
    /// The score.
    pub score: FactSlot,
    /// The tier's name.
    pub tier: FactSlot,
    /// True if the tier is qualified.
    pub qualified: FactSlot,
    /// The segment's name; accounts only.
    pub segment: FactSlot,
    /// The route's name.
    pub route: FactSlot,
    /// The route's motion.
    pub motion: FactSlot,
    /// The tier of the run before; none in a level whose tiers nobody stays in.
    pub previous_tier: Option<FactSlot>,
    /// The suppression's name; none in a level without suppressions.
    pub suppressed: Option<FactSlot>,
    /// The number of dates with activity in the last 28 days.
    pub active_days_28: FactSlot,
    /// The number of members; accounts only.
    pub members: FactSlot,
    /// The number of users; accounts only.
    pub users: FactSlot,
    /// The number of users with activity in the last 28 days; accounts only.
    pub active_users_28: FactSlot,
}

/// A value that an expression can name.
#[derive(Debug)]
pub struct Fact {
    /// The name; a hidden one for an inline count.
    pub name: String,
    /// The type.
    pub kind: ValueType,
    /// The definition.
    pub definition: FactDefinition,
}

/// The definition of a fact.
#[derive(Debug)]
pub enum FactDefinition {
    /// A fact of every entity.
    Builtin(BuiltinFact),
    /// A trait, by index in the level.
    Trait(usize),
    /// A metric, by index in the model.
    Metric(usize),
    /// A part of a milestone, by index in the level.
    Milestone(usize, MilestonePart),
    /// A named expression over facts.
    Expression(Program),
    /// A roll-up over the members of an account.
    Rollup(Rollup),
    /// A fact of a member of an account, by slot among the facts of users. Null without that member.
    Person(PersonRole, FactSlot),
    /// What the record of runs before says. Null without a record.
    Record(RecordFact),
    /// What became of the entity. Null in a run without outcomes.
    Outcome(OutcomeFact),
    /// A result of scoring.
    Scoring,
}

/// The member of an account whose fact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonRole {
    /// The champion.
    Champion,
    /// The buyer.
    Buyer,
}

impl PersonRole {
    /// Both roles.
    pub const ALL: [PersonRole; 2] = [PersonRole::Champion, PersonRole::Buyer];

    /// The word in front of the fact, as in `champion.role`.
    pub fn word(self) -> &'static str {
        match self {
            PersonRole::Champion => "champion",
            PersonRole::Buyer => "buyer",
        }
    }
}

/// A fact of every entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltinFact {
    /// The days from the start to the date of the run.
    AgeDays,
    /// The days since the last activity, or since the start without activity.
    DaysInactive,
    /// The number of dates with activity in the last 28 days.
    ActiveDays28,
    /// The number of events.
    Events,
    /// The date of the run.
    Today,
    /// The registrable domain of the e-mail; for an account made from a domain, that domain.
    Domain,
    /// The number of distinct users of all accounts with this domain and activity in the last 28 days; null without the domain of a company.
    DomainUsers28,
    /// The number of distinct users with an event of the account.
    Users,
    /// The number of distinct users with activity in the last 28 days.
    ActiveUsers28,
    /// The number of users whose home is the account.
    Members,
    /// True if the account is held out, or the user's home account; of a user without one, the user.
    Holdout,
}

/// A fact of the record, which is what the lists of runs before said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordFact {
    /// The tier of the run before.
    PreviousTier,
    /// The score of the run before.
    PreviousScore,
    /// The date of the run that saw the present tier first.
    TierSince,
    /// The date of the first run that saw a qualified tier.
    FirstQualified,
}

/// A part of a milestone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MilestonePart {
    /// True if it is reached.
    Reached,
    /// True if it can still be reached.
    Pending,
    /// The hours from the start.
    Hours,
    /// The days since it was reached.
    DaysAgo,
}

/// A declared trait of an entity.
#[derive(Debug)]
pub struct Trait {
    /// The name.
    pub name: SpannedName,
    /// The type.
    pub kind: ValueType,
    /// How its numbers or dates may be written beside the usual ways.
    pub format: Option<ValueFormat>,
    /// The keys, with dots, in traits objects, columns and properties. The first key with a value
    /// counts.
    pub from: Vec<String>,
    /// True if the first value counts and not the last.
    pub first: bool,
    /// The events whose properties can set it.
    pub events: EventSelection,
}

/// An entry of `[user.facts]` or `[account.facts]`.
#[derive(Debug)]
pub struct DeclaredExpression {
    /// The name.
    pub(crate) name: SpannedName,
    /// The place of the expression.
    pub(crate) span: TextSpan,
}

/// An entry of `[account.rollups]`.
#[derive(Debug)]
pub struct DeclaredRollup {
    /// The name.
    pub(crate) name: SpannedName,
    /// The place of the aggregated expression.
    pub(crate) value: Option<TextSpan>,
    /// The place of the condition on members.
    pub(crate) filter: Option<TextSpan>,
}

/// A value over the members of an account.
#[derive(Debug)]
pub struct Rollup {
    /// The aggregation.
    pub kind: RollupKind,
    /// The aggregated expression over user facts.
    pub value: Option<Program>,
    /// The condition on members over user facts.
    pub filter: Option<Program>,
}
