//! The reading of metrics and milestones from the state.

use super::CellId;
use pql_model::{
    clock::DateWindow,
    resolved::{NumberPart, WindowEnd},
    units::Micros,
};

/// The reading of a metric.
#[derive(Debug)]
pub struct MetricPlan {
    /// The cells and their reading.
    pub measure: MeasurePlan,
    /// True for a metric of activity. Rows without a user do not count for it.
    pub active: bool,
}

/// The reading of a measure from the state. Cells by date have a window.
#[derive(Debug)]
pub enum MeasurePlan {
    /// A count in a word.
    Count(usize),
    /// A count by date.
    CountIn(CellId, DateWindow),
    /// Distinct dates.
    Days(usize, Option<DateWindow>),
    /// Distinct values.
    Distinct(CellId, Option<DateWindow>),
    /// A part of a number.
    Number(NumberPart, CellId, Option<DateWindow>),
    /// The value at the first or last instant.
    Edge(CellId, Option<DateWindow>),
    /// The sum of the numbers at the last instants of the values of a property.
    SumLatest(CellId, Option<DateWindow>),
    /// The k commonest values.
    Top(usize, CellId, Option<DateWindow>),
    /// Distinct users with a count in a word.
    Users(usize),
    /// Distinct users with a date in a window.
    UsersIn(usize, DateWindow),
    /// Dates since the instant in a word.
    DaysSince(usize),
    /// Dates since the first or last date in a window.
    DaysSinceIn(WindowEnd, usize, DateWindow),
    /// From one word to another, in a unit.
    Elapsed { from: usize, to: usize, unit: Micros },
    /// Events without an answer.
    Open { cell: CellId, window: Option<DateWindow>, timeout: Micros, same: bool },
    /// Changes in a row that are up.
    RisingWeeks(WeeklyPlan),
    /// Mean of recent weeks over mean of those before.
    Trend { weekly: WeeklyPlan, recent: usize, base: usize, min_base: f64 },
}

/// The reading of a weekly value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeeklyPlan {
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

/// The reading of a milestone.
#[derive(Debug)]
pub enum MilestonePlan {
    /// By the first event; its instant is in a word.
    Once { word: usize, active: bool },
    /// By the n-th event within the window.
    Times { cell: CellId, times: usize, active: bool },
    /// By the n-th date with an event, within a number of dates.
    Days { cell: CellId, times: usize, span: Option<i32>, active: bool },
    /// By events in order; steps of one name have one number.
    Steps { cell: CellId, names: Vec<usize>, same: bool, different_users: bool },
    /// By the last of other milestones.
    All(Vec<usize>),
}
