//! A model that cannot be invalid: integer ids for names, typed programs for expressions, a place in the state for everything kept.

use crate::{
    clock::{Window, Zone},
    expr::{Program, Type},
    units::{Micros, Points},
};

pub use super::file::DecayCurve;
pub use super::file::RollupKind;

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
    pub input: Input,
    /// Who is who.
    pub identity: Identity,
    /// The tracking plan: events, and properties that each must have.
    pub tracking: Vec<(String, Vec<String>)>,
    /// Warnings that are meant.
    pub ignore: Vec<Ignore>,
    /// What is kept of events.
    pub intake: Intake,
    /// Facts, signals and the rest of users.
    pub user: Level,
    /// Facts, signals and the rest of accounts.
    pub account: Level,
    /// Who may be an account's champion; anybody if there is none.
    pub champion: Option<Program>,
    /// Who decides.
    pub buyer: Option<Program>,
    /// What is computed after the facts that events give, in order.
    pub steps: Vec<Step>,
}

/// A warning that somebody knows of and means.
#[derive(Debug, Clone)]
pub struct Ignore {
    /// Of the warning.
    pub code: &'static str,
    /// Only where it is about an entry of this name.
    pub name: Option<String>,
    /// Why it is meant.
    pub because: String,
    /// Where the code stands in the model.
    pub span: std::ops::Range<usize>,
}

/// Paths of event, user, anonymous, account, time, id and properties, in this order; of several paths the first that holds anything counts,
/// and where there is none the format's own place holds.
pub type Fields = [Vec<Vec<String>>; 7];

/// How records become events.
#[derive(Debug, Clone)]
pub struct Input {
    /// The name of the format, or `auto`.
    pub format: &'static str,
    /// Where the fields of an event are, if not in the format's own place.
    pub fields: Fields,
    /// The same for files of one format, by its name; these go before the others.
    pub format_fields: Vec<(&'static str, Fields)>,
    /// Which of several group types is the account.
    pub group_type: Option<String>,
    /// The zone of times written without one.
    pub zone: Zone,
    /// Whether duplicates are looked for.
    pub dedupe: bool,
    /// Whether events that a vendor's own code sends by itself are no activity.
    pub ignore_noise: bool,
}

impl Input {
    /// The paths that the model gives for files of a format, field by field.
    pub fn fields_of(&self, format: &str) -> Fields {
        let own = self.format_fields.iter().find(|(name, _)| *name == format).map(|(_, fields)| fields);
        let mut fields = self.fields.clone();
        for (field, own) in fields.iter_mut().zip(own.into_iter().flatten()).filter(|(_, own)| !own.is_empty()) {
            field.clone_from(own);
        }
        fields
    }
}

/// Who is who.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Whether users without any account belong to the account of their e-mail's domain.
    pub email_domain: bool,
    /// Domains that make no account, beside the built-in ones.
    pub free_mail: Vec<String>,
    /// Domains of internal users.
    pub exclude_domains: Vec<String>,
    /// Ids of internal users.
    pub exclude_users: Vec<glob::Pattern>,
    /// Ids of machines.
    pub service_users: Vec<glob::Pattern>,
}

/// What is kept of events: the plan of the state.
#[derive(Debug, Default)]
pub struct Intake {
    /// Names of events that the model knows; plan 0 is of every other name, plan i + 1 of name i.
    pub names: Vec<String>,
    /// What to do with an event of each name.
    pub plans: Vec<NamePlan>,
    /// Properties that are read, by slot - 1.
    pub properties: Vec<Vec<String>>,
    /// Keys of traits objects that are read.
    pub traits: Vec<Vec<String>>,
    /// Conditions over events.
    pub predicates: Vec<Program>,
    /// Values over events.
    pub values: Vec<ValueSpec>,
    /// Fixed words of a row, each with how it merges.
    pub words: Vec<Word>,
    /// How many sets of dates a row has; the first is of activity.
    pub day_sets: usize,
    /// What is kept by key.
    pub cells: Vec<CellKind>,
}

/// A fixed word of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Word {
    /// Starts at 0, merges by addition.
    Count,
    /// Starts at the largest instant, merges by minimum.
    First,
    /// Starts at the smallest instant, merges by maximum.
    Last,
}

/// Words that every row has.
pub mod word {
    /// How many events.
    pub const EVENTS: usize = 0;
    /// The first event.
    pub const FIRST_SEEN: usize = 1;
    /// The last event.
    pub const LAST_SEEN: usize = 2;
    /// The first start event.
    pub const START: usize = 3;
    /// The first activity.
    pub const FIRST_ACTIVITY: usize = 4;
}

/// The set of dates with activity.
pub const ACTIVITY_DAYS: usize = 0;

/// How what is kept by key merges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// Counts by date and value.
    Tally,
    /// Exact sums, counts, minima and maxima.
    Number,
    /// The value at the first or last instant.
    Edge {
        /// The last rather than the first.
        last: bool,
        /// The type of the value; decides which of two at one instant is smaller.
        kind: Type,
    },
    /// Instants.
    Moments,
}

/// What to do with an event of one name.
#[derive(Debug, Default)]
pub struct NamePlan {
    /// Whether it is no activity.
    pub ignored: Match,
    /// Whether it starts an entity.
    pub starts: Match,
    /// Filters that it may pass.
    pub tries: Vec<Try>,
}

/// A filter that events of a name may pass, and what is then kept.
#[derive(Debug)]
pub struct Try {
    /// Whether only activity passes.
    pub active: bool,
    /// By which of its named events.
    pub matches: Match,
    /// The condition beside the name.
    pub predicate: Option<PredicateId>,
    /// What is kept if it passes.
    pub keeps: Vec<Keep>,
}

/// Whether an event of a name is meant.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Match {
    /// It never is.
    #[default]
    Never,
    /// It always is.
    Always,
    /// If all conditions of one of these lists hold.
    When(Vec<Vec<PredicateId>>),
}

/// What is kept of an event that passes a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keep {
    /// One more in a word.
    Count(usize),
    /// The first instant in a word.
    First(usize),
    /// The last instant in a word.
    Last(usize),
    /// The local date in a set.
    Days(usize),
    /// One more of a value, by date or not.
    Tally { cell: CellId, daily: bool, value: Option<ValueId> },
    /// A number, by date or not.
    Number { cell: CellId, daily: bool, value: ValueId },
    /// A value at an instant, by date or not.
    Edge { cell: CellId, daily: bool, value: Option<ValueId> },
    /// The instant, which steps it matches, and the value that pairs.
    Moment { cell: CellId, steps: u32, same: Option<ValueId> },
}

/// A value over events.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSpec {
    /// Where it comes from.
    pub source: ValueSource,
    /// What it is taken as.
    pub kind: Type,
}

/// Where a value over events comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueSource {
    /// An expression over properties.
    Program(Program),
    /// The first of these properties that can be read as the kind.
    FirstOf(Vec<u32>),
}

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
    pub categories: Vec<Category>,
    /// Bounds of the score.
    pub bounds: Bounds,
    /// Bands of the score, from the top.
    pub tiers: Vec<Tier>,
    /// Of accounts only; the first that holds.
    pub segments: Vec<Segment>,
    /// The first that holds.
    pub routes: Vec<Route>,
    /// Facts that are added as columns.
    pub columns: Vec<Column>,
    /// Where the facts are that scoring writes.
    pub slots: Slots,
}

/// Slots of facts that scoring writes, or that every row shows.
#[derive(Debug, Clone, Default)]
pub struct Slots {
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
    pub kind: Type,
    /// Where its value comes from.
    pub source: Source,
}

/// Where the value of a fact comes from.
#[derive(Debug)]
pub enum Source {
    /// What every entity has.
    Builtin(Builtin),
    /// By place among the level's traits.
    Trait(usize),
    /// Read from the state.
    Metric(Metric),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
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

/// A step of the computation after the facts that events give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
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

/// A trait: what is known of an entity.
#[derive(Debug)]
pub struct TraitPlan {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Columns of the enrichment file, the first non-null of which counts.
    pub columns: Vec<String>,
    /// The same among the keys of traits objects.
    pub keys: Vec<u32>,
    /// Whether the first value counts rather than the last.
    pub first: bool,
    /// Where values of event properties are kept.
    pub cell: CellId,
}

/// A value folded from events.
#[derive(Debug)]
pub struct Metric {
    /// What is read.
    pub measure: Measure,
    /// Whether it is of activity, so that rows of nobody do not count.
    pub active: bool,
}

/// How a metric is read from the state. Cells that are kept by date have a window.
#[derive(Debug)]
pub enum Measure {
    /// A count in a word.
    Count(usize),
    /// A count by date.
    CountIn(CellId, Window),
    /// Distinct dates.
    Days(usize, Option<Window>),
    /// Distinct values.
    Distinct(CellId, Option<Window>),
    /// A part of a number.
    Number(NumberPart, CellId, Option<Window>),
    /// The value at the first or last instant.
    Edge(CellId, Option<Window>),
    /// The k commonest values.
    Top(usize, CellId, Option<Window>),
    /// Distinct users with a count in a word.
    Users(usize),
    /// Distinct users with a date in a window.
    UsersIn(usize, Window),
    /// Dates since the instant in a word.
    DaysSince(usize),
    /// Dates since the first or last date in a window.
    DaysSinceIn(Side, usize, Window),
    /// From one word to another, in a unit.
    Elapsed { from: usize, to: usize, unit: Micros },
    /// Events without an answer.
    Open { cell: CellId, window: Option<Window>, timeout: Micros, same: bool },
    /// Changes in a row that are up.
    RisingWeeks(Weekly),
    /// Mean of recent weeks over mean of those before.
    Trend { weekly: Weekly, recent: usize, base: usize, min_base: f64 },
}

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What is asked of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberPart {
    /// 0 if there is none.
    Sum,
    /// Null if there is none.
    Min,
    /// Null if there is none.
    Max,
    /// Null if there is none.
    Avg,
}

/// What a week is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weekly {
    /// Events, by date.
    Count(CellId),
    /// Distinct dates.
    Days(usize),
    /// Distinct users with a date.
    Users(usize),
    /// Sum of numbers by date.
    Sum(CellId),
    /// Maximum of numbers by date.
    Max(CellId),
}

/// A state reached at an instant.
#[derive(Debug)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub form: Form,
    /// The window, elapsed.
    pub within: Option<Micros>,
    /// Reached when so many users, for whom the condition holds, have got there alone.
    pub min_users: Option<(usize, Option<Program>)>,
    /// Time to value that is aimed at.
    pub target: Option<Micros>,
}

/// How a milestone is reached.
#[derive(Debug)]
pub enum Form {
    /// By the first event; its instant is in a word.
    Once { word: usize, active: bool },
    /// By the so-manieth event within the window.
    Times { cell: CellId, times: usize, active: bool },
    /// By the so-manieth date with an event, within so many dates.
    Days { cell: CellId, times: usize, span: Option<i32>, active: bool },
    /// By events in order; steps of one name have one number.
    Steps { cell: CellId, names: Vec<usize>, same: bool, different_users: bool },
    /// By the last of other milestones.
    All(Vec<usize>),
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

/// A condition over facts that pays points, or takes them.
#[derive(Debug)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// By place among the level's categories.
    pub category: usize,
    /// Of one group the first that fires pays.
    pub exclusive: Option<usize>,
    /// Must hold.
    pub guard: Option<Program>,
    /// What is paid for.
    pub pay: Payment,
    /// How points fall with time.
    pub decay: Option<Decay>,
    /// What to say if it fires.
    pub say: Option<Template>,
}

/// What a signal pays for.
#[derive(Debug)]
pub enum Payment {
    /// For the guard.
    Flat(Points),
    /// For the highest rung reached.
    Ladder {
        /// A number.
        value: Program,
        /// Whether a rung must be exceeded.
        strict: bool,
        /// Thresholds that rise.
        rungs: Vec<(f64, Points)>,
    },
    /// For each.
    Per {
        /// A number.
        value: Program,
        /// For one.
        points: Points,
        /// Bound of the amount without its sign, before decay.
        max: Option<Points>,
    },
}

/// How points fall with time.
#[derive(Debug)]
pub struct Decay {
    /// Days, a number.
    pub since: Program,
    /// By which curve.
    pub curve: DecayCurve,
}

/// A group of signals.
#[derive(Debug)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// What it may give.
    pub bounds: Bounds,
}

/// What a sum may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// At least.
    pub min: Option<Points>,
    /// At most.
    pub max: Option<Points>,
}

impl Bounds {
    /// The sum held within the bounds.
    pub fn hold(self, points: Points) -> Points {
        let points = self.max.map_or(points, |max| points.min(max));
        self.min.map_or(points, |min| points.max(min))
    }
}

/// A band of the score.
#[derive(Debug)]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// For people.
    pub label: Option<String>,
    /// The threshold, and whether it must be exceeded.
    pub threshold: Option<(f64, bool)>,
    /// A further condition.
    pub when: Option<Program>,
    /// Whether it makes a PQL or PQA.
    pub qualified: bool,
}

/// A kind of account.
#[derive(Debug)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// None takes whatever is left.
    pub when: Option<Program>,
}

/// Who acts next, and how.
#[derive(Debug)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// `human`, `assisted`, `automated` or `none`.
    pub motion: Option<String>,
    /// Who.
    pub to: Option<String>,
    /// What.
    pub action: Option<String>,
    /// How soon. **Units**: hours.
    pub sla_hours: Option<f64>,
    /// None takes whatever is left.
    pub when: Option<Program>,
    /// Why, for people.
    pub because: Option<Template>,
    /// What to write to the customer.
    pub message: Option<Template>,
}

/// A fact that is added as a column.
#[derive(Debug)]
pub struct Column {
    /// The name in the model.
    pub header: String,
    /// The fact; with [`ACCOUNT_BIT`] that of the home account.
    pub slot: u32,
    /// Its type.
    pub kind: Type,
}

/// Text with facts in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(pub Vec<Piece>);

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// The value of a fact, or the fallback if it is null.
    Fact { slot: u32, kind: Type, fallback: String },
}
