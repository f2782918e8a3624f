//! The columns of rows: names, types and sources, in the order that is never changed. What a model adds follows them.

use crate::{expr::ValueType, kind::EntityKind, resolved::PersonRole};

/// The type of all cells of a column that are not null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Text.
    Text,
    /// A double, printed with at most six decimals.
    Number,
    /// Points, to the thousandth.
    Points,
    /// True or false.
    Boolean,
    /// A calendar date.
    Date,
    /// A point in time, in UTC.
    Instant,
}

/// A part of the breakdown that a row has in JSON alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakdownKey {
    /// The label of the tier.
    TierLabel,
    /// The hours that the route gives.
    SlaHours,
    /// The points of each category, before and after its bounds.
    Categories,
    /// The score before its bounds.
    ScoreBeforeBounds,
    /// The tier above, and the points that are missing for it.
    NextTier,
}

impl BreakdownKey {
    /// All of them.
    const ALL: [BreakdownKey; 5] = [
        BreakdownKey::TierLabel,
        BreakdownKey::SlaHours,
        BreakdownKey::Categories,
        BreakdownKey::ScoreBeforeBounds,
        BreakdownKey::NextTier,
    ];

    /// The key.
    pub fn name(self) -> &'static str {
        match self {
            BreakdownKey::TierLabel => "tier_label",
            BreakdownKey::SlaHours => "sla_hours",
            BreakdownKey::Categories => "categories",
            BreakdownKey::ScoreBeforeBounds => "score_before_bounds",
            BreakdownKey::NextTier => "next_tier",
        }
    }

    /// Whether a name is such a key.
    pub(crate) fn has(name: &str) -> bool {
        BreakdownKey::ALL.iter().any(|key| key.name() == name)
    }
}

/// What of an entity a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnSource {
    /// The id of the entity itself.
    EntityId,
    /// The id of a user's home account.
    HomeAccount,
    /// The name of the tier of a user's home account.
    HomeTier,
    /// Whether that tier is a qualified one.
    HomeQualified,
    /// The segment of an account.
    Segment,
    /// The score.
    Score,
    /// The name of the tier.
    Tier,
    /// Whether the tier is a qualified one.
    Qualified,
    /// The name of the route.
    Route,
    /// The motion of the route.
    Motion,
    /// Who gets the entity by its route.
    Assignee,
    /// What the route asks to do.
    Action,
    /// Whether a user is the champion of its home account.
    IsChampion,
    /// Whether a user is the buyer of its home account.
    IsBuyer,
    /// The people of an account, visitors among them.
    Members,
    /// The users of an account.
    Users,
    /// The users of an account with events in the last 28 days.
    ActiveUsers28,
    /// The id of an account's champion.
    Champion,
    /// The id of an account's buyer.
    Buyer,
    /// The points of a category after its bounds, by place.
    CategoryPoints(usize),
    /// Every signal that fired with its points.
    Signals,
    /// What the members of an account were paid for, summed by signal.
    MemberSignals,
    /// The state of a milestone, by place.
    MilestoneState(usize),
    /// When a milestone was reached, by place.
    MilestoneInstant(usize),
    /// The first event.
    FirstSeen,
    /// The last event.
    LastSeen,
    /// The dates with events in the last 28 days.
    ActiveDays28,
    /// The name of the suppression that leaves the entity out of lists.
    Suppressed,
    /// The texts of the signals that fired.
    SignalTexts,
    /// The texts of the signals that fired and paid more than 0 points.
    SupportTexts,
    /// The reason that the route gives.
    Reason,
    /// The message that the route gives.
    Message,
    /// A fact, by its slot in the plan.
    Fact(u32),
    /// An expression, by its place among those of the level.
    Computed(usize),
    /// The place of the row in its list, from 1.
    Rank,
    /// The instant looked from.
    StampInstant,
    /// The name of the model.
    StampModel,
    /// The SHA-256 of the model's text, in hex.
    StampHash,
    /// A column of the user who is an account's champion or buyer.
    OfPerson(PersonRole, PersonColumn),
}

/// A column of users that is no fact, and that rows of accounts may show of their champion and buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonColumn {
    /// Who gets the user by its route.
    Assignee,
    /// What the user's route asks to do.
    Action,
    /// Every signal of the user that fired, with its points.
    Signals,
    /// The user's first event.
    FirstSeen,
    /// The user's last event.
    LastSeen,
    /// The texts of the user's signals that fired.
    SignalTexts,
    /// The texts of those that paid more than 0 points.
    SupportTexts,
    /// The reason that the user's route gives.
    Reason,
    /// The message that the user's route gives.
    Message,
}

impl PersonColumn {
    const ALL: [PersonColumn; 9] = [
        PersonColumn::Assignee,
        PersonColumn::Action,
        PersonColumn::Signals,
        PersonColumn::FirstSeen,
        PersonColumn::LastSeen,
        PersonColumn::SignalTexts,
        PersonColumn::SupportTexts,
        PersonColumn::Reason,
        PersonColumn::Message,
    ];

    /// What the column shows in the user's own row.
    pub fn source(self) -> ColumnSource {
        match self {
            PersonColumn::Assignee => ColumnSource::Assignee,
            PersonColumn::Action => ColumnSource::Action,
            PersonColumn::Signals => ColumnSource::Signals,
            PersonColumn::FirstSeen => ColumnSource::FirstSeen,
            PersonColumn::LastSeen => ColumnSource::LastSeen,
            PersonColumn::SignalTexts => ColumnSource::SignalTexts,
            PersonColumn::SupportTexts => ColumnSource::SupportTexts,
            PersonColumn::Reason => ColumnSource::Reason,
            PersonColumn::Message => ColumnSource::Message,
        }
    }

    /// The column with this name among those of users, and its type.
    pub(crate) fn named(name: &str) -> Option<(PersonColumn, ColumnType)> {
        let all = USER_FIRST.iter().chain(&USER_SIGNALS).chain(&USER_LAST).chain(&ON_REQUEST);
        let (_, kind, source) = all.into_iter().find(|(known, ..)| *known == name)?;
        PersonColumn::ALL.into_iter().find(|column| column.source() == *source).map(|column| (column, *kind))
    }
}

impl ColumnType {
    /// The type of a column that shows values of a type.
    pub fn of_value(kind: ValueType) -> ColumnType {
        match kind {
            ValueType::Number => ColumnType::Number,
            ValueType::Boolean => ColumnType::Boolean,
            ValueType::Date => ColumnType::Date,
            ValueType::Text | ValueType::Json | ValueType::Null => ColumnType::Text,
        }
    }
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The name in the header.
    pub name: String,
    /// The type.
    pub kind: ColumnType,
    /// What it shows.
    pub source: ColumnSource,
}

impl OutputColumn {
    /// A column.
    pub fn new(name: impl Into<String>, kind: ColumnType, source: ColumnSource) -> OutputColumn {
        OutputColumn { name: name.into(), kind, source }
    }
}

/// A column that is there under every model.
type FixedColumn = (&'static str, ColumnType, ColumnSource);

/// Before the points of users.
const USER_FIRST: [FixedColumn; 13] = [
    ("user_id", ColumnType::Text, ColumnSource::EntityId),
    ("account_id", ColumnType::Text, ColumnSource::HomeAccount),
    ("account_tier", ColumnType::Text, ColumnSource::HomeTier),
    ("account_qualified", ColumnType::Boolean, ColumnSource::HomeQualified),
    ("score", ColumnType::Points, ColumnSource::Score),
    ("tier", ColumnType::Text, ColumnSource::Tier),
    ("qualified", ColumnType::Boolean, ColumnSource::Qualified),
    ("route", ColumnType::Text, ColumnSource::Route),
    ("motion", ColumnType::Text, ColumnSource::Motion),
    ("to", ColumnType::Text, ColumnSource::Assignee),
    ("action", ColumnType::Text, ColumnSource::Action),
    ("is_champion", ColumnType::Boolean, ColumnSource::IsChampion),
    ("is_buyer", ColumnType::Boolean, ColumnSource::IsBuyer),
];
/// Before the points of accounts.
const ACCOUNT_FIRST: [FixedColumn; 14] = [
    ("account_id", ColumnType::Text, ColumnSource::EntityId),
    ("segment", ColumnType::Text, ColumnSource::Segment),
    ("score", ColumnType::Points, ColumnSource::Score),
    ("tier", ColumnType::Text, ColumnSource::Tier),
    ("qualified", ColumnType::Boolean, ColumnSource::Qualified),
    ("route", ColumnType::Text, ColumnSource::Route),
    ("motion", ColumnType::Text, ColumnSource::Motion),
    ("to", ColumnType::Text, ColumnSource::Assignee),
    ("action", ColumnType::Text, ColumnSource::Action),
    ("members", ColumnType::Number, ColumnSource::Members),
    ("users", ColumnType::Number, ColumnSource::Users),
    ("active_users_28", ColumnType::Number, ColumnSource::ActiveUsers28),
    ("champion", ColumnType::Text, ColumnSource::Champion),
    ("buyer", ColumnType::Text, ColumnSource::Buyer),
];
/// Between points and milestones of users.
const USER_SIGNALS: [FixedColumn; 1] = [("signals", ColumnType::Text, ColumnSource::Signals)];
/// Between points and milestones of accounts.
const ACCOUNT_SIGNALS: [FixedColumn; 2] = [
    ("signals", ColumnType::Text, ColumnSource::Signals),
    ("member_signals", ColumnType::Text, ColumnSource::MemberSignals),
];
/// After the milestones of users.
const USER_LAST: [FixedColumn; 7] = [
    ("first_seen", ColumnType::Instant, ColumnSource::FirstSeen),
    ("last_seen", ColumnType::Instant, ColumnSource::LastSeen),
    ("active_days_28", ColumnType::Number, ColumnSource::ActiveDays28),
    ("suppressed", ColumnType::Text, ColumnSource::Suppressed),
    ("say", ColumnType::Text, ColumnSource::SignalTexts),
    ("because", ColumnType::Text, ColumnSource::Reason),
    ("message", ColumnType::Text, ColumnSource::Message),
];
/// After the milestones of accounts.
const ACCOUNT_LAST: [FixedColumn; 6] = [
    ("first_seen", ColumnType::Instant, ColumnSource::FirstSeen),
    ("last_seen", ColumnType::Instant, ColumnSource::LastSeen),
    ("suppressed", ColumnType::Text, ColumnSource::Suppressed),
    ("say", ColumnType::Text, ColumnSource::SignalTexts),
    ("because", ColumnType::Text, ColumnSource::Reason),
    ("message", ColumnType::Text, ColumnSource::Message),
];

/// Behind all others, where the model asks for them.
const STAMP: [FixedColumn; 3] = [
    ("as_of", ColumnType::Instant, ColumnSource::StampInstant),
    ("model", ColumnType::Text, ColumnSource::StampModel),
    ("model_hash", ColumnType::Text, ColumnSource::StampHash),
];
/// Only where they are asked for: the place in a list, and what speaks for the entity.
const ON_REQUEST: [FixedColumn; 2] =
    [("rank", ColumnType::Number, ColumnSource::Rank), ("say_for", ColumnType::Text, ColumnSource::SupportTexts)];

/// The columns that say which run a row is of.
pub fn stamp_columns() -> Vec<OutputColumn> {
    STAMP.iter().map(fixed).collect()
}

/// The columns that rows have only where they are asked for.
pub(crate) fn extra_columns() -> Vec<OutputColumn> {
    STAMP.iter().chain(&ON_REQUEST).map(fixed).collect()
}

fn fixed((name, kind, source): &FixedColumn) -> OutputColumn {
    OutputColumn::new(*name, *kind, *source)
}

/// The columns of a level, except those that the model adds.
pub fn standard_columns<'n>(
    kind: EntityKind,
    categories: impl Iterator<Item = &'n str>,
    milestones: impl Iterator<Item = &'n str>,
) -> Vec<OutputColumn> {
    let (first, signals, last): (&[FixedColumn], &[FixedColumn], &[FixedColumn]) = match kind {
        EntityKind::User => (&USER_FIRST, &USER_SIGNALS, &USER_LAST),
        EntityKind::Account => (&ACCOUNT_FIRST, &ACCOUNT_SIGNALS, &ACCOUNT_LAST),
    };
    let mut columns: Vec<OutputColumn> = first.iter().map(fixed).collect();
    columns.extend(categories.enumerate().map(|(place, category)| {
        OutputColumn::new(format!("points_{category}"), ColumnType::Points, ColumnSource::CategoryPoints(place))
    }));
    columns.extend(signals.iter().map(fixed));
    columns.extend(milestones.enumerate().flat_map(|(place, milestone)| milestone_columns(place, milestone)));
    columns.extend(last.iter().map(fixed));
    columns
}

fn milestone_columns(place: usize, name: &str) -> [OutputColumn; 2] {
    [
        OutputColumn::new(name, ColumnType::Text, ColumnSource::MilestoneState(place)),
        OutputColumn::new(format!("{name}_at"), ColumnType::Instant, ColumnSource::MilestoneInstant(place)),
    ]
}

/// The names of [`standard_columns`].
pub(crate) fn standard_names<'n>(
    kind: EntityKind,
    categories: impl Iterator<Item = &'n str>,
    milestones: impl Iterator<Item = &'n str>,
) -> Vec<String> {
    names(standard_columns(kind, categories, milestones))
}

fn names(columns: Vec<OutputColumn>) -> Vec<String> {
    columns.into_iter().map(|column| column.name).collect()
}
