//! What is kept for metrics and milestones, and how they are read from it.

use super::{
    CellId, MeasurePlan, MetricPlan, MilestonePlan, WeeklyPlan,
    aggregation::{CellKind, WordKind},
    builder::{EventFilter, EventSelector},
    planner::Planner,
};
use pql_model::{
    clock::DateWindow,
    expr::ValueType,
    resolved::{
        EventBase, EventSelection, EventValue, Measure, Metric, Milestone, MilestoneRule, WeeklyValue, WindowEnd,
    },
    units::DAY_US,
};

impl Planner<'_> {
    pub(super) fn metric(&mut self, metric: &Metric) -> MetricPlan {
        let filter = self.filter(&metric.events, metric.filter);
        MetricPlan { measure: self.measure(metric, &filter), active: metric.is_of_activity() }
    }

    fn measure(&mut self, metric: &Metric, filter: &EventFilter) -> MeasurePlan {
        let window = metric.window;
        match &metric.measure {
            Measure::Count => match window {
                None => MeasurePlan::Count(self.builder.word(filter, WordKind::Count)),
                Some(window) => MeasurePlan::CountIn(self.builder.cell(filter, CellKind::Tally, true, None), window),
            },
            Measure::Days => MeasurePlan::Days(self.builder.days(filter), window),
            Measure::Users => match window {
                None => MeasurePlan::Users(self.builder.word(filter, WordKind::Count)),
                Some(window) => MeasurePlan::UsersIn(self.builder.days(filter), window),
            },
            Measure::DaysSince(end) => self.days_since(filter, *end, window),
            Measure::Distinct(value) => {
                MeasurePlan::Distinct(self.cell(filter, CellKind::Tally, window, value), window)
            }
            Measure::Top(k, value) => MeasurePlan::Top(*k, self.cell(filter, CellKind::Tally, window, value), window),
            Measure::Number(part, value) => {
                MeasurePlan::Number(*part, self.cell(filter, CellKind::Number, window, value), window)
            }
            Measure::Edge(end, value) => {
                let kind = CellKind::Edge { last: *end == WindowEnd::Last, kind: value.kind };
                MeasurePlan::Edge(self.cell(filter, kind, window, value), window)
            }
            Measure::SumLatest { key, value } => {
                let kind = CellKind::Keyed { key: self.value(key) };
                MeasurePlan::SumLatest(self.cell(filter, kind, window, value), window)
            }
            Measure::Elapsed { to, unit } => {
                let to = self.filter(to, None);
                let from = self.builder.word(filter, WordKind::First);
                MeasurePlan::Elapsed { from, to: self.builder.word(&to, WordKind::First), unit: *unit }
            }
            Measure::Open { to, timeout, same } => {
                let to = self.filter(to, None);
                let value = same.as_ref().map(|same| self.value(same));
                let cell = self.builder.moments(vec![filter.clone(), to], value);
                MeasurePlan::Open { cell, window, timeout: *timeout, same: same.is_some() }
            }
            Measure::RisingWeeks(weekly) => MeasurePlan::RisingWeeks(self.weekly(weekly, filter)),
            Measure::Trend { weekly, recent, base, min_base } => {
                let weekly = self.weekly(weekly, filter);
                MeasurePlan::Trend { weekly, recent: *recent, base: *base, min_base: *min_base }
            }
        }
    }

    /// A cell of values, by date if a window asks.
    fn cell(&mut self, filter: &EventFilter, kind: CellKind, window: Option<DateWindow>, value: &EventValue) -> CellId {
        let value = self.value(value);
        self.builder.cell(filter, kind, window.is_some(), Some(value))
    }

    fn days_since(&mut self, filter: &EventFilter, end: WindowEnd, window: Option<DateWindow>) -> MeasurePlan {
        match (window, end) {
            (Some(window), _) => MeasurePlan::DaysSinceIn(end, self.builder.days(filter), window),
            (None, WindowEnd::First) => MeasurePlan::DaysSince(self.builder.word(filter, WordKind::First)),
            (None, WindowEnd::Last) => MeasurePlan::DaysSince(self.builder.word(filter, WordKind::Last)),
        }
    }

    fn weekly(&mut self, weekly: &WeeklyValue, filter: &EventFilter) -> WeeklyPlan {
        let value = weekly.value().map(|value| self.value(value));
        match weekly {
            WeeklyValue::Count => WeeklyPlan::Count(self.builder.cell(filter, CellKind::Tally, true, None)),
            WeeklyValue::Days => WeeklyPlan::Days(self.builder.days(filter)),
            WeeklyValue::Users => WeeklyPlan::Users(self.builder.days(filter)),
            WeeklyValue::Sum(_) => WeeklyPlan::Sum(self.builder.cell(filter, CellKind::Number, true, value)),
            WeeklyValue::Max(_) => WeeklyPlan::Max(self.builder.cell(filter, CellKind::Number, true, value)),
        }
    }

    pub(super) fn milestone(&mut self, milestone: &Milestone) -> MilestonePlan {
        match &milestone.rule {
            MilestoneRule::Times { events, filter, times, by_days } => {
                let active = events.set.is_activity();
                let filter = self.filter(events, *filter);
                if *by_days {
                    let cell = CellKind::Edge { last: false, kind: ValueType::Null };
                    let cell = self.builder.cell(&filter, cell, true, None);
                    let span = milestone.within.and_then(|within| i32::try_from(within / DAY_US).ok());
                    return MilestonePlan::Days { cell, times: *times, span, active };
                }
                if *times == 1 {
                    return MilestonePlan::Once { word: self.builder.word(&filter, WordKind::First), active };
                }
                MilestonePlan::Times { cell: self.builder.moments(vec![filter], None), times: *times, active }
            }
            MilestoneRule::Steps { steps, same, different_users } => self.steps(steps, same.as_ref(), *different_users),
            MilestoneRule::All(parts) => MilestonePlan::All(parts.clone()),
        }
    }

    /// The words that tell whether events of a milestone's names occur, whatever its conditions.
    pub(super) fn occurrences(&mut self, milestone: &Milestone) -> Vec<usize> {
        let selectors = milestone.rule.selections().iter().filter_map(|events| named_events(&events.set.base));
        selectors.map(|base| self.builder.word(&EventFilter { base, predicate: None }, WordKind::First)).collect()
    }

    fn steps(&mut self, steps: &[EventSelection], same: Option<&EventValue>, different_users: bool) -> MilestonePlan {
        let value = same.map(|same| self.value(same));
        let filters = steps.iter().map(|step| self.filter(step, None)).collect();
        let cell = self.builder.moments(filters, value);
        // Steps of one name have one number.
        let name = |step: &EventSelection| step.names.first().map(|name| name.name.clone());
        let names = steps.iter().map(|step| steps.iter().position(|other| name(other) == name(step)).unwrap_or(0));
        MilestonePlan::Steps { cell, names: names.collect(), same: same.is_some(), different_users }
    }
}

/// The events of some names without any condition; none if the model does not name them.
fn named_events(base: &EventBase) -> Option<EventSelector> {
    let names = base.event_names()?;
    Some(EventSelector::Named(names.into_iter().map(|name| (name.to_owned(), Vec::new())).collect()))
}
