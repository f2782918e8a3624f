//! A line of the log: a change of one entity's score or tier, with what each signal gained or lost in each of the four steps.

use serde::{Deserialize, Serialize};

use super::{
    entity_lines::not_the_format,
    wire::{NamedValues, WireDay, WireInstant, WirePoints, WireText},
};
use pql_model::{
    EntityKind,
    clock::AsOf,
    units::{Day, Micros, Points},
};

/// A change of the score or the tier of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Whether it is a user or an account.
    pub kind: EntityKind,
    /// As rows print it.
    pub id: Box<str>,
    /// The home account of a user, at the run.
    pub account: Option<Box<str>>,
    /// Where it stood at the run before; none if it was in no list.
    pub before: Option<LogStanding>,
    /// Where it stands now; none if it is in no list any more.
    pub now: Option<LogStanding>,
    /// What gained or lost, by name, in the order of the model.
    pub signals: Vec<(Box<str>, StepPoints)>,
}

/// A score and a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStanding {
    /// The score.
    pub score: Points,
    /// None if the model has no tiers.
    pub tier: Option<Box<str>>,
}

/// The difference of a signal's points by its four causes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StepPoints {
    /// Events that counted before, seen at the new instant.
    pub time: Points,
    /// Events that count now and did not.
    pub events: Points,
    /// Values of `--users` and `--accounts`.
    pub traits: Points,
    /// The model.
    pub model: Points,
}

/// An entry with the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedChange {
    /// The instant that the run looked from.
    pub as_of: Micros,
    /// The date D of the run.
    pub date: Day,
    /// The change.
    pub entry: LogEntry,
}

/// A line in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LogLine<'l> {
    as_of: WireInstant,
    date: WireDay,
    #[serde(borrow)]
    level: WireText<'l>,
    #[serde(borrow)]
    id: WireText<'l>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    account_id: Option<WireText<'l>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score_before: Option<WirePoints>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<WirePoints>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    tier_before: Option<WireText<'l>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    tier: Option<WireText<'l>>,
    #[serde(default, borrow, skip_serializing_if = "NamedValues::is_empty")]
    signals: NamedValues<'l, StepLine>,
}

/// The parts of a difference in JSON; parts of 0 are left out.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepLine {
    #[serde(default, skip_serializing_if = "is_zero")]
    time: WirePoints,
    #[serde(default, skip_serializing_if = "is_zero")]
    events: WirePoints,
    #[serde(default, skip_serializing_if = "is_zero")]
    traits: WirePoints,
    #[serde(default, skip_serializing_if = "is_zero")]
    model: WirePoints,
}

fn is_zero(points: &WirePoints) -> bool {
    points.0 == Points::ZERO
}

/// The lines of the entries of a run.
///
/// # Panics
///
/// Never: lines have text for keys.
pub(super) fn log_lines(as_of: AsOf, entries: &[LogEntry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, &LogLine::new(as_of, entry))
            .expect("a line has text keys, so it has a JSON form");
        bytes.push(b'\n');
    }
    bytes
}

/// Reads a line.
///
/// # Errors
///
/// What is wrong with it, as the rest of a sentence about it.
pub(super) fn read_log_line(line: &[u8]) -> Result<LoggedChange, String> {
    let read: LogLine<'_> = serde_json::from_slice(line).map_err(|error| not_the_format(&error))?;
    let kind = EntityKind::ALL.into_iter().find(|kind| kind.word() == read.level.0);
    let standing = |score: Option<WirePoints>, tier: Option<WireText<'_>>| {
        score.map(|WirePoints(score)| LogStanding { score, tier: tier.map(Box::from) })
    };
    let entry = LogEntry {
        kind: kind.ok_or_else(|| "has another `level` than user and account".to_owned())?,
        id: read.id.into(),
        account: read.account_id.map(Box::from),
        before: standing(read.score_before, read.tier_before),
        now: standing(read.score, read.tier),
        signals: read.signals.0.into_iter().map(|(name, steps)| (name.into(), steps.points())).collect(),
    };
    Ok(LoggedChange { as_of: read.as_of.0, date: read.date.0, entry })
}

impl<'l> LogLine<'l> {
    fn new(as_of: AsOf, entry: &'l LogEntry) -> LogLine<'l> {
        let score = |standing: &Option<LogStanding>| standing.as_ref().map(|one| WirePoints(one.score));
        LogLine {
            as_of: WireInstant(as_of.instant),
            date: WireDay(as_of.day),
            level: WireText::of(entry.kind.word()),
            id: WireText::of(&entry.id),
            account_id: entry.account.as_deref().map(WireText::of),
            score_before: score(&entry.before),
            score: score(&entry.now),
            tier_before: entry.before.as_ref().and_then(LogStanding::tier_text),
            tier: entry.now.as_ref().and_then(LogStanding::tier_text),
            signals: NamedValues(
                entry.signals.iter().map(|(name, points)| (WireText::of(name), StepLine::new(*points))).collect(),
            ),
        }
    }
}

impl LogStanding {
    fn tier_text(&self) -> Option<WireText<'_>> {
        self.tier.as_deref().map(WireText::of)
    }
}

impl StepLine {
    fn new(points: StepPoints) -> StepLine {
        let StepPoints { time, events, traits, model } = points;
        StepLine {
            time: WirePoints(time),
            events: WirePoints(events),
            traits: WirePoints(traits),
            model: WirePoints(model),
        }
    }

    fn points(self) -> StepPoints {
        StepPoints { time: self.time.0, events: self.events.0, traits: self.traits.0, model: self.model.0 }
    }
}

impl StepPoints {
    /// The difference as a whole.
    pub fn sum(self) -> Points {
        self.time + self.events + self.traits + self.model
    }
}
