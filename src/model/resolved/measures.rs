//! Metrics: values folded from events, with all parameters.
//!
//! Each measure is defined once, here. Other modules match on [`Measure`] without a wildcard or call
//! its methods, so a new measure does not compile before they handle it. Its keys in the model file
//! stand in `syntax/metrics.rs` and `schema/model.rs`.

use super::{ConditionId, EventSelection, EventValue, SpannedName};
use crate::{MeasureKind, clock::DateWindow, expr::ValueType, units::Micros};

/// A value folded from events.
#[derive(Debug)]
pub struct Metric {
    /// The name; the name of the signal for an inline count.
    pub(crate) name: SpannedName,
    /// The events; of a measure over two sets, the first.
    pub events: EventSelection,
    /// The metric's own condition on these events.
    pub filter: Option<ConditionId>,
    /// The window of dates; none includes every date.
    pub window: Option<DateWindow>,
    /// The measure with its parameters.
    pub measure: Measure,
}

/// The measure of a metric.
#[derive(Debug)]
pub enum Measure {
    /// The number of events.
    Count,
    /// The number of distinct dates with an event.
    Days,
    /// The number of distinct users with an event.
    Users,
    /// The number of distinct values, compared as text.
    Distinct(EventValue),
    /// A statistic that the sum, count, minimum and maximum of numbers give.
    Number(NumberPart, EventValue),
    /// The value at the first or last event.
    Edge(WindowEnd, EventValue),
    /// The sum over keys of the number at the last event of each.
    SumLatest {
        /// The property whose values are the keys.
        key: EventValue,
        /// The number.
        value: EventValue,
    },
    /// The k most frequent values, as text.
    Top(usize, EventValue),
    /// The days since the first or last event.
    DaysSince(WindowEnd),
    /// The time from the first event to the first later event.
    Elapsed {
        /// The later events.
        to: EventSelection,
        /// The unit of the result. **Unit**: microseconds.
        unit: Micros,
    },
    /// The number of events without an answer in time.
    Open {
        /// The answers.
        to: EventSelection,
        /// The time for an answer. **Unit**: microseconds.
        timeout: Micros,
        /// The property that pairs an event with its answer.
        same: Option<EventValue>,
    },
    /// The number of successive weekly rises.
    RisingWeeks(WeeklyValue),
    /// The mean of recent weeks divided by the mean of the weeks before.
    Trend {
        /// The value of one week.
        weekly: WeeklyValue,
        /// The number of recent weeks.
        recent: usize,
        /// The number of weeks before.
        base: usize,
        /// The smallest mean of the weeks before; below it the trend is null.
        min_base: f64,
    },
}

/// One end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowEnd {
    /// The first event.
    First,
    /// The last event.
    Last,
}

/// A statistic that the sum, count, minimum and maximum of numbers give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberPart {
    /// The sum; 0 without numbers.
    Sum,
    /// The minimum; null without numbers.
    Min,
    /// The maximum; null without numbers.
    Max,
    /// The mean; null without numbers.
    Avg,
}

/// The value of one week.
#[derive(Debug)]
pub enum WeeklyValue {
    /// The number of events.
    Count,
    /// The number of distinct dates with an event.
    Days,
    /// The number of distinct users with an event.
    Users,
    /// The sum of numbers.
    Sum(EventValue),
    /// The largest of numbers.
    Max(EventValue),
}

/// The unit of a measure that counts.
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
    /// Returns the type of its value.
    pub(crate) fn result_type(&self) -> ValueType {
        self.measure.result_type()
    }

    /// True for a metric of any activity. Rows without a user do not count for it.
    pub fn is_of_activity(&self) -> bool {
        self.events.set.is_activity()
    }
}

impl Measure {
    /// Returns the measure's word in the model file.
    pub(crate) fn kind(&self) -> MeasureKind {
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
            Measure::SumLatest { .. } => MeasureKind::SumLatest,
            Measure::Top(..) => MeasureKind::Top,
            Measure::DaysSince(WindowEnd::First) => MeasureKind::DaysSinceFirst,
            Measure::DaysSince(WindowEnd::Last) => MeasureKind::DaysSinceLast,
            Measure::Elapsed { .. } => MeasureKind::Elapsed,
            Measure::Open { .. } => MeasureKind::Open,
            Measure::RisingWeeks(_) => MeasureKind::RisingWeeks,
            Measure::Trend { .. } => MeasureKind::Trend,
        }
    }

    /// Returns the type of the result.
    pub(crate) fn result_type(&self) -> ValueType {
        match self {
            Measure::Edge(_, value) => value.kind,
            Measure::Top(..) => ValueType::Text,
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::SumLatest { .. }
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => ValueType::Number,
        }
    }

    /// Returns the value over events, if the measure has one.
    pub fn value(&self) -> Option<&EventValue> {
        match self {
            Measure::Distinct(value)
            | Measure::Number(_, value)
            | Measure::Edge(_, value)
            | Measure::SumLatest { value, .. }
            | Measure::Top(_, value) => Some(value),
            Measure::RisingWeeks(weekly) | Measure::Trend { weekly, .. } => weekly.value(),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. } => None,
        }
    }

    /// Returns the text of that value.
    pub(crate) fn value_text(&self) -> Option<&str> {
        self.value().map(|value| value.expression.text.as_str())
    }

    /// Returns the second event set, if the measure has two.
    pub(crate) fn other_events(&self) -> Option<&EventSelection> {
        match self {
            Measure::Elapsed { to, .. } | Measure::Open { to, .. } => Some(to),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// True if the value needs events of both sets. An open event counts without any answer.
    pub(crate) fn needs_both(&self) -> bool {
        match self {
            Measure::Elapsed { .. } => true,
            Measure::Open { .. }
            | Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }

    /// Returns the property that pairs or groups events, if the measure has one.
    pub(crate) fn pairing(&self) -> Option<&EventValue> {
        match self {
            Measure::Open { same, .. } => same.as_ref(),
            Measure::SumLatest { key, .. } => Some(key),
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

    /// Returns the unit of a measure that can only rise with more events.
    pub(crate) fn counted(&self) -> Option<CountedUnit> {
        match self {
            Measure::Count => Some(CountedUnit::Events),
            Measure::Days => Some(CountedUnit::Dates),
            Measure::Users => Some(CountedUnit::Users),
            Measure::Distinct(_) => Some(CountedUnit::Values),
            Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// True if it counts events without a time limit unless the metric has a window.
    pub(crate) fn counts_all(&self) -> bool {
        match self {
            Measure::Count | Measure::Days | Measure::Users | Measure::Distinct(_) | Measure::Open { .. } => true,
            Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::DaysSince(_)
            | Measure::Elapsed { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }

    /// Returns the event from which `days_since_…` counts.
    pub(crate) fn since(&self) -> Option<WindowEnd> {
        match self {
            Measure::DaysSince(end) => Some(*end),
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::Elapsed { .. }
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => None,
        }
    }

    /// True if the result is a duration.
    pub(crate) fn is_time(&self) -> bool {
        match self {
            Measure::DaysSince(_) | Measure::Elapsed { .. } => true,
            Measure::Count
            | Measure::Days
            | Measure::Users
            | Measure::Distinct(_)
            | Measure::Number(..)
            | Measure::Edge(..)
            | Measure::SumLatest { .. }
            | Measure::Top(..)
            | Measure::Open { .. }
            | Measure::RisingWeeks(_)
            | Measure::Trend { .. } => false,
        }
    }
}

impl WeeklyValue {
    /// Returns the number over events, if the value has one.
    pub fn value(&self) -> Option<&EventValue> {
        match self {
            WeeklyValue::Sum(value) | WeeklyValue::Max(value) => Some(value),
            WeeklyValue::Count | WeeklyValue::Days | WeeklyValue::Users => None,
        }
    }
}
