//! Metrics: what is folded from events, with every parameter.
//!
//! A measure is defined once, here. Whoever has to know what a measure does matches on [`Measure`] without a wildcard or asks one of its methods, so a new
//! measure does not compile before all of them know it.

use super::{ConditionId, EventSelection, EventValue, SpannedName};
use crate::{MeasureKind, clock::DateWindow, expr::ValueType, units::Micros};

/// A value folded from events.
#[derive(Debug)]
pub struct Metric {
    /// Its name; that of the signal, where a signal carries the count.
    pub name: SpannedName,
    /// Which events; of a measure over two sets the first.
    pub events: EventSelection,
    /// Its own condition on these events.
    pub filter: Option<ConditionId>,
    /// Which dates; none of measures that look at all.
    pub window: Option<DateWindow>,
    /// What is measured.
    pub measure: Measure,
}

/// What a metric measures.
#[derive(Debug)]
pub enum Measure {
    /// Events.
    Count,
    /// Distinct dates with an event.
    Days,
    /// Distinct users with an event.
    Users,
    /// Distinct values, as text.
    Distinct(EventValue),
    /// Numbers as one number.
    Number(NumberPart, EventValue),
    /// The value at the first or last instant.
    Edge(WindowEnd, EventValue),
    /// The k commonest values, as text.
    Top(usize, EventValue),
    /// Dates since the first or last event.
    DaysSince(WindowEnd),
    /// From the first event to the first of others.
    Elapsed {
        /// The later events.
        to: EventSelection,
        /// What the time is counted in.
        unit: Micros,
    },
    /// Events that others did not answer in time.
    Open {
        /// The answers.
        to: EventSelection,
        /// The time for an answer.
        timeout: Micros,
        /// The property that pairs an event with its answer.
        same: Option<EventValue>,
    },
    /// Changes in a row, from week to week, that are up.
    RisingWeeks(WeeklyValue),
    /// The mean of recent weeks over the mean of those before.
    Trend {
        /// What a week is worth.
        weekly: WeeklyValue,
        /// How many weeks are recent.
        recent: usize,
        /// How many weeks before are compared with.
        base: usize,
        /// Below this mean before there is no trend.
        min_base: f64,
    },
}

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowEnd {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What is asked of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug)]
pub enum WeeklyValue {
    /// Events.
    Count,
    /// Distinct dates with an event.
    Days,
    /// Distinct users with an event.
    Users,
    /// The sum of numbers.
    Sum(EventValue),
    /// The largest of numbers.
    Max(EventValue),
}

/// What a measure counts one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CountedUnit {
    /// Events.
    Events,
    /// Dates.
    Dates,
    /// Users.
    Users,
    /// Values.
    Values,
}

impl Metric {
    /// The type of its value.
    pub fn result_type(&self) -> ValueType {
        self.measure.result_type()
    }

    /// Whether it is of any activity, so that rows of nobody do not count.
    pub fn is_of_activity(&self) -> bool {
        self.events.set.is_activity()
    }
}

impl Measure {
    /// What the model file calls it.
    pub fn kind(&self) -> MeasureKind {
        match self {
            Measure::Count => MeasureKind::Count,
            Measure::Days => MeasureKind::Days,
            Measure::Users => MeasureKind::Users,
            Measure::Distinct(_) => MeasureKind::Distinct,
            Measure::Number(NumberPart::Sum, _) => MeasureKind::Sum,
            Measure::Number(NumberPart::Min, _) => MeasureKind::Min,
            Measure::Number(NumberPart::Max, _) => MeasureKind::Max,
            Measure::Number(NumberPart::Avg, _) => MeasureKind::Avg,
            Measure::Edge(WindowEnd::First, _) => MeasureKind::Earliest,
            Measure::Edge(WindowEnd::Last, _) => MeasureKind::Latest,
            Measure::Top(..) => MeasureKind::Top,
            Measure::DaysSince(WindowEnd::First) => MeasureKind::DaysSinceFirst,
            Measure::DaysSince(WindowEnd::Last) => MeasureKind::DaysSinceLast,
            Measure::Elapsed { .. } => MeasureKind::Elapsed,
            Measure::Open { .. } => MeasureKind::Open,
            Measure::RisingWeeks(_) => MeasureKind::RisingWeeks,
            Measure::Trend { .. } => MeasureKind::Trend,
        }
    }

    /// The type of the result.
    pub fn result_type(&self) -> ValueType {
        match self {
            Measure::Edge(_, value) => value.kind,
            Measure::Top(..) => ValueType::Text,
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => ValueType::Number,
        }
    }

    /// The value over events that is measured.
    pub fn value(&self) -> Option<&EventValue> {
        match self {
            Measure::Distinct(value) | Measure::Number(_, value) | Measure::Edge(_, value) | Measure::Top(_, value) => {
                Some(value)
            }
            Measure::RisingWeeks(weekly) | Measure::Trend { weekly, .. } => weekly.value(),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. } => None,
        }
    }

    /// What the text says of the value that is measured.
    pub fn value_text(&self) -> Option<&str> {
        self.value().map(|value| value.expression.text.as_str())
    }

    /// The second set of events, if it looks at two.
    pub fn other_events(&self) -> Option<&EventSelection> {
        match self {
            Measure::Elapsed { to, .. } | Measure::Open { to, .. } => Some(to),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// Whether it takes events of both sets, if it looks at two. What has no answer is counted whether there are answers or not.
    pub fn needs_both(&self) -> bool {
        match self {
            Measure::Elapsed { .. } => true,
            Measure::Open { .. }
            | Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }

    /// The property that pairs events, if it pairs them.
    pub fn pairing(&self) -> Option<&EventValue> {
        match self {
            Measure::Open { same, .. } => same.as_ref(),
            Measure::Elapsed { .. }
            | Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// What it counts, if it counts something of its events that more events only raise.
    pub fn counted(&self) -> Option<CountedUnit> {
        match self {
            Measure::Count => Some(CountedUnit::Events),
            Measure::Days => Some(CountedUnit::Dates),
            Measure::Users => Some(CountedUnit::Users),
            Measure::Distinct(_) => Some(CountedUnit::Values),
            Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// Whether it counts every one of its events for ever, unless a window bounds them.
    pub fn counts_all(&self) -> bool {
        match self {
            Measure::Count | Measure::Days | Measure::Users | Measure::Distinct(_) | Measure::Open { .. } => true,
            Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }

    /// Of which event it gives the dates since, if it does.
    pub fn since(&self) -> Option<WindowEnd> {
        match self {
            Measure::DaysSince(end) => Some(*end),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// Whether it is a length of time.
    pub fn is_time(&self) -> bool {
        match self {
            Measure::DaysSince(_) | Measure::Elapsed { .. } => true,
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::Top(..)
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }
}

impl WeeklyValue {
    /// The number over events that a week adds up or compares.
    pub fn value(&self) -> Option<&EventValue> {
        match self {
            WeeklyValue::Sum(value) | WeeklyValue::Max(value) => Some(value),
            WeeklyValue::Count | WeeklyValue::Days | WeeklyValue::Users => None,
        }
    }
}
