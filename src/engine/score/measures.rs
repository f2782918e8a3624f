//! Computes metrics from the rows of an entity.
//!
//! Windows are cut here and not in the state, so one state answers for any later day.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use super::entity_view::EntityView;
use crate::{
    fold::{EventInstant, NO_TEXT, NumberStats, TallyKey, TimedValue, UNDATED, edge_kind, unpack},
    plan::{CellId, MeasurePlan, MetricPlan, WeeklyPlan, WordKind},
};
use pql_model::{
    clock::{DateWindow, weekday},
    expr::{Value, ValueType},
    resolved::{NumberPart, WindowEnd},
    units::{Day, EPSILON, Micros},
};

/// The number of newest weeks that weekly measures read.
const WEEKS_MAX: usize = 13;

/// Computes a metric. Sets `overflow` if a sum cannot be exact.
pub(super) fn read<'s>(metric: &MetricPlan, view: &EntityView<'s>, overflow: &AtomicBool) -> Value<'s> {
    let reader = MetricReader { view, active: metric.active, overflow };
    match &metric.measure {
        MeasurePlan::Count(word) => {
            reader.number(view.rows(metric.active).map(|at| view.word(at, *word)).sum::<i64>() as f64)
        }
        MeasurePlan::CountIn(cell, window) => reader.number(reader.counted(*cell, reader.dates(*window)) as f64),
        MeasurePlan::Days(set, window) => {
            let (first, last) = window.map_or((Day::MIN, Day::MAX), |window| reader.dates(window));
            reader.number(f64::from(view.all_days(*set, metric.active).count_between(first, last)))
        }
        MeasurePlan::Distinct(cell, window) => reader.number(reader.distinct(*cell, *window) as f64),
        MeasurePlan::Number(part, cell, window) => reader.part(*part, *cell, *window),
        MeasurePlan::Edge(cell, window) => reader.edge(*cell, *window),
        MeasurePlan::SumLatest(cell, window) => reader.sum_latest(*cell, *window),
        MeasurePlan::Top(k, cell, window) => reader.top(*k, *cell, *window),
        MeasurePlan::Users(word) => reader.number(f64::from(view.users_where(|at| view.word(at, *word) > 0))),
        MeasurePlan::UsersIn(set, window) => {
            let (first, last) = reader.dates(*window);
            reader.number(f64::from(view.users_where(|at| view.days(at, *set).any_between(first, last))))
        }
        MeasurePlan::DaysSince(word) => reader.since(reader.instant(*word).map(|at| view.day(at))),
        MeasurePlan::DaysSinceIn(side, set, window) => {
            let (first, last) = reader.dates(*window);
            let days = view.all_days(*set, metric.active);
            reader.since(if *side == WindowEnd::First {
                days.first_between(first, last)
            } else {
                days.last_between(first, last)
            })
        }
        MeasurePlan::Elapsed { from, to, unit } => match (view.first(*from, false), view.first(*to, false)) {
            (Some(from), Some(to)) if to >= from => reader.number((to - from) as f64 / *unit as f64),
            _ => Value::Null,
        },
        MeasurePlan::Open { cell, window, timeout, same } => {
            reader.number(
                reader.count_unanswered(*cell, window.map(|window| reader.dates(window)), *timeout, *same) as f64
            )
        }
        MeasurePlan::RisingWeeks(weekly) => reader.number(rising(reader.weeks(*weekly)) as f64),
        MeasurePlan::Trend { weekly, recent, base, min_base } => {
            trend(reader.weeks(*weekly), (*recent, *base), *min_base)
        }
    }
}

struct MetricReader<'v, 's> {
    view: &'v EntityView<'s>,
    active: bool,
    overflow: &'v AtomicBool,
}

impl<'s> MetricReader<'_, 's> {
    fn number(&self, value: f64) -> Value<'s> {
        Value::Number(value)
    }

    /// The first and last date of a window.
    fn dates(&self, window: DateWindow) -> (Day, Day) {
        let start = if matches!(window, DateWindow::First { .. }) { self.view.day(self.view.start()) } else { 0 };
        window.dates(self.view.as_of.day, start)
    }

    /// A test of whether a date lies in the window. Without a window, only undated keys pass.
    fn within(&self, window: Option<DateWindow>) -> impl Fn(Day) -> bool + use<> {
        let dates = window.map(|window| self.dates(window));
        move |day| match dates {
            Some((first, last)) => (first..=last).contains(&day),
            None => day == UNDATED,
        }
    }

    fn tallies(&self, cell: CellId) -> impl Iterator<Item = (&'s TallyKey, u32)> {
        let view = *self.view;
        let of_cell = move |at| {
            view.row(at).tally.iter().filter(move |(key, _)| key.cell == cell).map(|(key, count)| (key, *count))
        };
        view.rows(self.active).flat_map(of_cell)
    }

    fn counted(&self, cell: CellId, (first, last): (Day, Day)) -> u64 {
        self.tallies(cell).filter(|(key, _)| (first..=last).contains(&key.day)).map(|(_, count)| u64::from(count)).sum()
    }

    fn distinct(&self, cell: CellId, window: Option<DateWindow>) -> usize {
        let inside = self.within(window);
        if window.is_none() && self.view.rows.len() == 1 {
            return self.tallies(cell).count();
        }
        let mut values: Vec<u32> =
            self.tallies(cell).filter(|(key, _)| inside(key.day)).map(|(key, _)| key.value).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    }

    fn top(&self, k: usize, cell: CellId, window: Option<DateWindow>) -> Value<'s> {
        let inside = self.within(window);
        let mut counts: HashMap<u32, u64> = HashMap::new();
        for (key, count) in self.tallies(cell).filter(|(key, _)| inside(key.day)) {
            *counts.entry(key.value).or_default() += u64::from(count);
        }
        let mut ranked: Vec<(&str, u64)> =
            counts.into_iter().map(|(text, count)| (self.view.state.texts.get(text), count)).collect();
        ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let names: Vec<&str> = ranked.into_iter().take(k).map(|(text, _)| text).collect();
        if names.is_empty() { Value::Null } else { Value::Text(names.join(", ").into()) }
    }

    /// The merged statistics of a cell over the dates that pass the test.
    fn numbers(&self, cell: CellId, inside: impl Fn(Day) -> bool) -> NumberStats {
        let mut all = NumberStats::ZERO;
        for rest in self.view.rows(self.active).filter_map(|at| self.view.row(at).sparse.as_ref()) {
            for ((known, day), number) in rest.numbers.iter() {
                if *known == cell && inside(*day) {
                    all.merge(*number);
                }
            }
        }
        all
    }

    fn sum(&self, number: &NumberStats) -> f64 {
        let sum = number.sum.unwrap_or_else(|| {
            self.overflow.store(true, Ordering::Relaxed);
            0
        });
        sum as f64 / 1e6
    }

    fn part(&self, part: NumberPart, cell: CellId, window: Option<DateWindow>) -> Value<'s> {
        let number = self.numbers(cell, self.within(window));
        match part {
            NumberPart::Sum => self.number(self.sum(&number)),
            _ if number.count == 0 => Value::Null,
            NumberPart::Min => self.number(number.min),
            NumberPart::Max => self.number(number.max),
            NumberPart::Avg => self.number(self.sum(&number) / number.count as f64),
        }
    }

    fn edge(&self, cell: CellId, window: Option<DateWindow>) -> Value<'s> {
        let (last, kind) = edge_kind(&self.view.model.aggregation, cell);
        let inside = self.within(window);
        let mut best: Option<TimedValue> = None;
        for rest in self.view.rows(self.active).filter_map(|at| self.view.row(at).sparse.as_ref()) {
            for ((known, day), edge) in rest.edges.iter() {
                if *known == cell && inside(*day) {
                    best.get_or_insert(*edge).merge(*edge, last, kind, &self.view.state.texts);
                }
            }
        }
        best.map_or(Value::Null, |edge| unpack(edge.value, kind, &self.view.state.texts))
    }

    /// The sum of the last numbers of a cell's keys; null without any.
    fn sum_latest(&self, cell: CellId, window: Option<DateWindow>) -> Value<'s> {
        let (inside, texts) = (self.within(window), &self.view.state.texts);
        let mut latest: HashMap<u32, TimedValue> = HashMap::new();
        for rest in self.view.rows(self.active).filter_map(|at| self.view.row(at).sparse.as_ref()) {
            for ((known, day, key), number) in rest.keyed.iter() {
                if *known == cell && inside(*day) {
                    latest.entry(*key).or_insert(*number).merge(*number, true, ValueType::Number, texts);
                }
            }
        }
        let mut all = NumberStats::ZERO;
        for number in latest.into_values() {
            if let Value::Number(number) = unpack(number.value, ValueType::Number, texts) {
                all.merge(NumberStats::one(number));
            }
        }
        if all.count == 0 { Value::Null } else { self.number(self.sum(&all)) }
    }

    /// The first or last instant in a word, whichever the word keeps.
    fn instant(&self, word: usize) -> Option<Micros> {
        let instants = self.view.rows(self.active).map(|at| self.view.word(at, word));
        match self.view.model.aggregation.words[word] {
            WordKind::Last => instants.max().filter(|at| *at != crate::fold::NO_LAST),
            _ => instants.min().filter(|at| *at != crate::fold::NO_FIRST),
        }
    }

    fn since(&self, day: Option<Day>) -> Value<'s> {
        day.map_or(Value::Null, |day| self.number(f64::from(self.view.as_of.day - day)))
    }

    /// The number of `from` events that are older than the timeout and have no `to` event at their
    /// instant or later.
    fn count_unanswered(&self, cell: CellId, dates: Option<(Day, Day)>, timeout: Micros, same: bool) -> usize {
        const FROM: u16 = 1;
        const TO: u16 = 2;
        let moments: Vec<EventInstant> = moments(self.view, cell, false);
        let mut last_answer: HashMap<u32, Micros> = HashMap::new();
        for moment in moments.iter().filter(|moment| moment.steps & TO != 0) {
            let last = last_answer.entry(moment.same).or_insert(moment.at);
            *last = moment.at.max(*last);
        }
        let is_open = |moment: &&EventInstant| {
            let pairs = !same || moment.same != NO_TEXT;
            let answered = pairs && last_answer.get(&moment.same).is_some_and(|at| *at >= moment.at);
            let asked = dates.is_none_or(|(first, last)| (first..=last).contains(&self.view.day(moment.at)));
            moment.steps & FROM != 0 && asked && !answered && moment.at + timeout < self.view.as_of.instant
        };
        moments.iter().filter(is_open).count()
    }

    /// The values of complete weeks after the start, newest first; at most thirteen.
    fn weeks(&self, weekly: WeeklyPlan) -> impl ExactSizeIterator<Item = f64> {
        let as_of = self.view.as_of;
        let start = self.view.day(self.view.start());
        let this_week = as_of.day - (weekday(as_of.day) - self.view.model.resolved.week_start).rem_euclid(7);
        // The instant is compared, not the date, because a zone may have skipped the last date of
        // the week.
        let over = as_of.instant >= self.view.model.resolved.zone.day_start(this_week + 7);
        let newest = if over { this_week } else { this_week - 7 };
        let count = ((newest - start + 6).div_euclid(7)).clamp(0, WEEKS_MAX as i32);
        let days = match weekly {
            WeeklyPlan::Days(set) => Some(self.view.all_days(set, self.active)),
            _ => None,
        };
        (0..count).map(move |back| {
            let first = newest - 7 * back;
            match &days {
                Some(days) => f64::from(days.count_between(first, first + 6)),
                None => self.week(weekly, first, first + 6),
            }
        })
    }

    fn week(&self, weekly: WeeklyPlan, first: Day, last: Day) -> f64 {
        let inside = |day: Day| (first..=last).contains(&day);
        match weekly {
            WeeklyPlan::Count(cell) => self.counted(cell, (first, last)) as f64,
            WeeklyPlan::Days(set) => f64::from(self.view.all_days(set, self.active).count_between(first, last)),
            WeeklyPlan::Users(set) => {
                f64::from(self.view.users_where(|at| self.view.days(at, set).any_between(first, last)))
            }
            WeeklyPlan::Sum(cell) => self.sum(&self.numbers(cell, inside)),
            WeeklyPlan::Max(cell) => {
                let number = self.numbers(cell, inside);
                if number.count == 0 { 0.0 } else { number.max }
            }
        }
    }
}

/// The instants of a cell, unordered.
pub(super) fn moments(view: &EntityView<'_>, cell: CellId, active: bool) -> Vec<EventInstant> {
    let rests = view.rows(active).filter_map(|at| view.row(at).sparse.as_ref());
    rests.flat_map(|rest| rest.moments.iter().copied()).filter(|moment| moment.cell == cell).collect()
}

/// The number of consecutive increases up to the newest week; weeks come newest first.
fn rising(mut weeks: impl Iterator<Item = f64>) -> usize {
    let Some(mut later) = weeks.next() else { return 0 };
    let is_lower = |week: &f64| {
        let change = later - *week;
        later = *week;
        change >= EPSILON
    };
    weeks.take_while(is_lower).count()
}

/// The mean of the recent weeks divided by the mean of the base weeks; weeks come newest first.
fn trend(
    mut weeks: impl ExactSizeIterator<Item = f64>,
    (recent, base): (usize, usize),
    min_base: f64,
) -> Value<'static> {
    if weeks.len() < recent + base {
        return Value::Null;
    }
    let after: Vec<f64> = weeks.by_ref().take(recent).collect();
    let before: Vec<f64> = weeks.take(base).collect();
    // Summed from the oldest week on, so that the rounding is fixed.
    let mean = |weeks: &[f64]| weeks.iter().rev().sum::<f64>() / weeks.len() as f64;
    let before = mean(&before);
    if min_base - before >= EPSILON || before == 0.0 {
        return Value::Null;
    }
    Value::number(mean(&after) / before)
}

/// The value of an edge cell of a trait.
pub(super) fn trait_edge<'s>(view: &EntityView<'s>, cell: CellId, kind: ValueType) -> Value<'s> {
    let (last, _) = edge_kind(&view.model.aggregation, cell);
    let edges = view.rows(false).filter_map(|at| view.row(at).sparse.as_ref()?.edges.get(&(cell, UNDATED)));
    let mut best: Option<TimedValue> = None;
    for edge in edges {
        best.get_or_insert(*edge).merge(*edge, last, kind, &view.state.texts);
    }
    best.map_or(Value::Null, |edge| unpack(edge.value, kind, &view.state.texts))
}
