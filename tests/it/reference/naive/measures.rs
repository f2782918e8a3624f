//! Computes each measure from all events of one entity.

use super::clock::{Clock, date_in, days_between, instant_text, plus_days};
use super::eval::eval;
use super::event::Event;
use super::model::{Metric, Model, Window};
use super::value::{Kind, Value, compare_numbers, date_text, numeric_text, smaller};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The events of one user or account, and its start.
pub struct Scope<'a> {
    pub model: &'a Model,
    pub clock: &'a Clock,
    pub events: Vec<&'a Event>,
    pub start: i64,
}

impl<'a> Scope<'a> {
    pub fn start_date(&self) -> Date {
        self.clock.date(self.start)
    }

    /// The events of a metric within its window.
    pub fn meant(&self, metric: &Metric) -> Vec<&'a Event> {
        let meant = |e: &&Event| e.is_meant(&metric.events, self.model) && self.within(metric.window, e.date);
        self.events.iter().copied().filter(meant).collect()
    }

    pub fn within(&self, window: Window, date: Date) -> bool {
        let today = self.clock.today;
        match window {
            Window::Always => true,
            Window::Last { days, ago } => {
                let end = plus_days(today, -ago);
                plus_days(end, 1 - days) <= date && date <= end
            }
            Window::Month => today.first_of_month() <= date && date <= today,
            Window::First(days) => {
                let start = self.start_date();
                start <= date && date <= plus_days(start, days - 1)
            }
        }
    }

    pub fn measure(&self, metric: &Metric) -> Value {
        let events = self.meant(metric);
        let texts = || values(metric, &events).iter().filter_map(Value::text).collect::<Vec<String>>();
        let numbers = || values(metric, &events).iter().filter_map(Value::num).collect::<Vec<f64>>();
        let days_since =
            |event: Option<&&Event>| optional(event.map(|event| days_between(event.date, self.clock.today) as f64));
        match metric.measure.as_str() {
            "count" => count(events.len()),
            "days" => count(events.iter().map(|e| e.date).collect::<BTreeSet<_>>().len()),
            "distinct" => count(texts().into_iter().collect::<BTreeSet<_>>().len()),
            "users" => count(events.iter().filter_map(|e| e.user.as_ref()).collect::<BTreeSet<_>>().len()),
            "sum" => Value::Num(sum(&numbers())),
            "avg" => average(&numbers()),
            "min" => optional(numbers().into_iter().reduce(f64::min)),
            "max" => optional(numbers().into_iter().reduce(f64::max)),
            "earliest" => at_one_end(metric, &events, &self.clock.zone, true),
            "latest" => at_one_end(metric, &events, &self.clock.zone, false),
            "sum_latest" => sum_latest(metric, &events),
            "top" => top(texts(), metric.k),
            "days_since_first" => days_since(events.first()),
            "days_since_last" => days_since(events.last()),
            "elapsed" => self.elapsed(metric),
            "open" => self.open(metric),
            "rising_weeks" => self.rising_weeks(metric),
            "trend" => self.trend(metric),
            other => panic!("unknown measure {other}"),
        }
    }

    fn elapsed(&self, metric: &Metric) -> Value {
        let first = |names: &[String]| self.events.iter().find(|e| e.is_any_of(names, self.model)).map(|e| e.time);
        match (first(&metric.from), first(&metric.to)) {
            (Some(from), Some(to)) if to >= from => Value::Num((to - from) as f64 / metric.unit as f64),
            _ => Value::Null,
        }
    }

    fn open(&self, metric: &Metric) -> Value {
        let opened = self.events.iter().filter(|from| {
            from.is_any_of(&metric.from, self.model)
                && from.holds(metric.events.condition.as_ref())
                && self.within(metric.window, from.date)
                && from.time + metric.timeout < self.clock.as_of
                && !self.events.iter().any(|to| {
                    to.is_any_of(&metric.to, self.model)
                        && to.time >= from.time
                        && agree(from, to, metric.same.as_deref())
                })
        });
        count(opened.count())
    }

    /// The value of each complete week, oldest first.
    fn week_values(&self, metric: &Metric) -> Vec<f64> {
        let mut weeks = Vec::new();
        for first in self.clock.weeks(self.start_date()) {
            let inside =
                |e: &&Event| first <= e.date && e.date <= plus_days(first, 6) && e.is_meant(&metric.events, self.model);
            let events: Vec<&Event> = self.events.iter().copied().filter(inside).collect();
            let numbers = || values(metric, &events).iter().filter_map(Value::num).collect::<Vec<f64>>();
            weeks.push(match metric.by.as_str() {
                "count" => events.len() as f64,
                "days" => events.iter().map(|e| e.date).collect::<BTreeSet<_>>().len() as f64,
                "users" => events.iter().filter_map(|e| e.user.as_ref()).collect::<BTreeSet<_>>().len() as f64,
                "sum" => sum(&numbers()),
                "max" => numbers().into_iter().reduce(f64::max).unwrap_or(0.0),
                other => panic!("unknown by {other}"),
            });
        }
        weeks
    }

    fn rising_weeks(&self, metric: &Metric) -> Value {
        let weeks = self.week_values(metric);
        let rises = weeks.windows(2).rev().take_while(|w| compare_numbers(w[0], w[1]) == Ordering::Less);
        count(rises.count())
    }

    fn trend(&self, metric: &Metric) -> Value {
        let weeks = self.week_values(metric);
        if weeks.len() < metric.recent + metric.base {
            return Value::Null;
        }
        let (before, recent) = weeks.split_at(weeks.len() - metric.recent);
        let base = mean(&before[before.len() - metric.base..]);
        if compare_numbers(base, metric.min_base) == Ordering::Less || base == 0.0 {
            return Value::Null;
        }
        Value::Num(mean(recent) / base)
    }
}

/// True if two events have the same value of a property, or if no property is given.
pub fn agree(a: &Event, b: &Event, same: Option<&str>) -> bool {
    match same {
        None => true,
        Some(_) => matches!((pairing(a, same), pairing(b, same)), (Some(x), Some(y)) if x == y),
    }
}

/// The text of the property that pairs events.
pub fn pairing(event: &Event, same: Option<&str>) -> Option<String> {
    let parts: Vec<String> = same?.split('.').map(str::to_owned).collect();
    event.property(&parts).text()
}

/// The values of a metric's expression, one per event.
fn values(metric: &Metric, events: &[&Event]) -> Vec<Value> {
    let value = metric.value.as_ref().expect("the measure has a value");
    events.iter().map(|event| eval(value, &|parts| event.property(parts))).collect()
}

/// The value at the first or the last instant that has one; at one instant, the smallest.
fn at_one_end(metric: &Metric, events: &[&Event], zone: &TimeZone, first: bool) -> Value {
    let typed = values(metric, events).into_iter().map(|v| typed(&v, metric.kind, zone));
    let dated = events.iter().zip(typed).filter(|(_, v)| !v.is_null()).map(|(e, v)| (e.time, v)).collect();
    pick(dated, first)
}

/// The numbers of the newest event of each key, added up.
fn sum_latest(metric: &Metric, events: &[&Event]) -> Value {
    let mut by_key: BTreeMap<String, Vec<(i64, Value)>> = BTreeMap::new();
    for (event, value) in events.iter().zip(values(metric, events)) {
        if let (Some(key), Some(number)) = (pairing(event, metric.key.as_deref()), value.num()) {
            by_key.entry(key).or_default().push((event.time, Value::Num(number)));
        }
    }
    let numbers: Vec<f64> = by_key.into_values().filter_map(|found| pick(found, false).num()).collect();
    if numbers.is_empty() { Value::Null } else { Value::Num(sum(&numbers)) }
}

/// The first or the last of values with instants.
pub fn pick(values: Vec<(i64, Value)>, first: bool) -> Value {
    let instants = values.iter().map(|(time, _)| *time);
    let Some(wanted) = (if first { instants.min() } else { instants.max() }) else {
        return Value::Null;
    };
    let there = values.into_iter().filter(|(time, _)| *time == wanted).map(|(_, value)| value);
    there.reduce(smaller).unwrap_or(Value::Null)
}

/// The value of a record, converted to the type of a trait; null if that fails.
pub fn typed(value: &Value, kind: Kind, zone: &TimeZone) -> Value {
    match kind {
        Kind::Num => optional(value.num()),
        Kind::Text => value.text().map_or(Value::Null, Value::Text),
        Kind::Bool => match value {
            Value::Prop(Json::String(s)) if s.eq_ignore_ascii_case("true") => Value::Bool(true),
            Value::Prop(Json::String(s)) if s.eq_ignore_ascii_case("false") => Value::Bool(false),
            other => other.boolean().map_or(Value::Null, Value::Bool),
        },
        Kind::Date => match value {
            Value::Date(date) => Value::Date(*date),
            Value::Text(s) | Value::Prop(Json::String(s)) => date_of_text(s, zone).map_or(Value::Null, Value::Date),
            _ => Value::Null,
        },
    }
}

/// A date, or the local date of an instant.
fn date_of_text(text: &str, zone: &TimeZone) -> Option<Date> {
    if numeric_text(text).is_some() {
        return None;
    }
    date_text(text).or_else(|| {
        let zoned = text.parse::<jiff::Timestamp>().is_ok();
        let instant = if zoned { instant_text(text, zone) } else { None };
        instant.map(|instant| date_in(zone, instant))
    })
}

pub fn count(n: usize) -> Value {
    Value::Num(n as f64)
}

pub fn optional(n: Option<f64>) -> Value {
    n.map_or(Value::Null, Value::Num)
}

/// The sum of the numbers in millionths. Each is rounded half away from zero before the addition.
fn millionths(numbers: &[f64]) -> i128 {
    numbers.iter().map(|n| (n * 1e6).round() as i128).sum()
}

pub fn sum(numbers: &[f64]) -> f64 {
    millionths(numbers) as f64 / 1e6
}

pub fn average(numbers: &[f64]) -> Value {
    if numbers.is_empty() {
        return Value::Null;
    }
    Value::Num(sum(numbers) / numbers.len() as f64)
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// The most frequent texts, joined; ties are sorted by text.
fn top(texts: Vec<String>, k: usize) -> Value {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut ranked: Vec<(i64, String)> = counts.into_iter().map(|(text, n)| (-n, text)).collect();
    ranked.sort();
    let chosen: Vec<String> = ranked.into_iter().take(k).map(|(_, text)| text).collect();
    if chosen.is_empty() { Value::Null } else { Value::Text(chosen.join(", ")) }
}
