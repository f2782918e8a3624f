//! `[metrics]`: what to fold from events, and which keys go with which measure.

use std::ops::Range;

use super::super::{
    codes,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan, as_table},
};
use crate::{clock::DateWindow, diag::Diagnostic, expr::ValueType, units::Micros};

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasureKind {
    /// Matching events.
    Count,
    /// Distinct dates with one.
    Days,
    /// Distinct values.
    Distinct,
    /// Of values; 0 if there is none.
    Sum,
    /// Of values.
    Min,
    /// Of values.
    Max,
    /// Of values.
    Avg,
    /// The value at the first instant.
    Earliest,
    /// The value at the last instant.
    Latest,
    /// Of the value at the last instant of each key.
    SumLatest,
    /// The commonest values.
    Top,
    /// Distinct users with one.
    Users,
    /// Dates since the first.
    DaysSinceFirst,
    /// Dates since the last.
    DaysSinceLast,
    /// From the first of one to the first of another.
    Elapsed,
    /// Events without an answer.
    Open,
    /// Changes in a row that are up.
    RisingWeeks,
    /// Recent weeks against those before.
    Trend,
}

pub(super) const MEASURES: [(&str, MeasureKind); 18] = [
    ("count", MeasureKind::Count),
    ("days", MeasureKind::Days),
    ("distinct", MeasureKind::Distinct),
    ("sum", MeasureKind::Sum),
    ("min", MeasureKind::Min),
    ("max", MeasureKind::Max),
    ("avg", MeasureKind::Avg),
    ("earliest", MeasureKind::Earliest),
    ("latest", MeasureKind::Latest),
    ("sum_latest", MeasureKind::SumLatest),
    ("top", MeasureKind::Top),
    ("users", MeasureKind::Users),
    ("days_since_first", MeasureKind::DaysSinceFirst),
    ("days_since_last", MeasureKind::DaysSinceLast),
    ("elapsed", MeasureKind::Elapsed),
    ("open", MeasureKind::Open),
    ("rising_weeks", MeasureKind::RisingWeeks),
    ("trend", MeasureKind::Trend),
];

/// What a week is worth, for `rising_weeks` and `trend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WeeklyMeasure {
    Count,
    Days,
    Users,
    Sum,
    Max,
}

pub(super) const WEEKLY_MEASURES: [(&str, WeeklyMeasure); 5] = [
    ("count", WeeklyMeasure::Count),
    ("days", WeeklyMeasure::Days),
    ("users", WeeklyMeasure::Users),
    ("sum", WeeklyMeasure::Sum),
    ("max", WeeklyMeasure::Max),
];

/// Names of types.
pub(super) const TYPES: [(&str, ValueType); 4] = [
    ("text", ValueType::Text),
    ("number", ValueType::Number),
    ("boolean", ValueType::Boolean),
    ("date", ValueType::Date),
];

pub(super) const ELAPSED_UNITS: [(&str, Micros); 5] =
    [("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000), ("w", 604_800_000_000)];

/// Every key of a metric, whatever its measure.
const KEYS: [&str; 19] = [
    "measure", "event", "where", "last", "ago", "first", "value", "key", "type", "k", "from", "to", "unit", "timeout",
    "same", "by", "recent", "base", "min_base",
];

/// One metric, as written.
#[derive(Debug)]
pub(crate) struct MetricSyntax {
    pub(crate) name: SpannedText,
    /// Whether what it measures could not be read; its name is still a name.
    pub(crate) broken: bool,
    pub(crate) kind: MeasureKind,
    pub(crate) event: Option<Vec<SpannedText>>,
    pub(crate) filter: Option<SpannedText>,
    pub(crate) window: Option<DateWindow>,
    pub(crate) value: Option<SpannedText>,
    /// The property by which `sum_latest` tells values apart.
    pub(crate) key: Option<SpannedText>,
    pub(crate) value_type: ValueType,
    pub(crate) k: usize,
    pub(crate) from: Vec<SpannedText>,
    pub(crate) to: Vec<SpannedText>,
    pub(crate) unit: Micros,
    pub(crate) timeout: Micros,
    pub(crate) same: Option<SpannedText>,
    pub(crate) weekly_measure: WeeklyMeasure,
    pub(crate) recent: usize,
    pub(crate) base: usize,
    pub(crate) min_base: f64,
}

/// The largest number of newest weeks that are examined.
pub(crate) const WEEKS_MAX: usize = 13;

pub(super) fn read(table: &TableReader<'_>, found: &mut DiagnosticSink) -> Vec<MetricSyntax> {
    let mut metrics = Vec::new();
    for (name, value) in table.named(found) {
        let what = format!("metric `{}`", name.value);
        if let Some(entry) = as_table(value, &what, &name.value, found) {
            metrics.push(metric(name, entry, found));
        }
    }
    metrics
}

fn metric(name: SpannedText, mut table: TableReader<'_>, found: &mut DiagnosticSink) -> MetricSyntax {
    table.vocabulary(&KEYS);
    if !table.has("measure") {
        table.report_missing_key("measure", "measure = \"count\"", found);
    }
    let Some(kind) = super::choice(&mut table, "measure", &MEASURES, found).map(|kind| kind.value) else {
        return MetricSyntax { broken: true, ..MetricSyntax::new(name, MeasureKind::Count) };
    };
    let mut metric = MetricSyntax::new(name, kind);
    match kind {
        MeasureKind::Elapsed => elapsed_events(&mut metric, &mut table, found),
        MeasureKind::Open => {
            elapsed_events(&mut metric, &mut table, found);
            metric.filter = table.text("where", found);
            metric.window = super::window(&mut table, true, found);
        }
        _ => {
            metric.event = table.texts("event", found);
            metric.filter = table.text("where", found);
            match kind {
                MeasureKind::RisingWeeks | MeasureKind::Trend => weeks(&mut metric, &mut table, found),
                _ => metric.window = super::window(&mut table, true, found),
            }
        }
    }
    value(&mut metric, &mut table, found);
    table.finish(found);
    metric
}

impl MetricSyntax {
    /// A metric with the defaults of every key.
    pub(crate) fn new(name: SpannedText, kind: MeasureKind) -> MetricSyntax {
        MetricSyntax {
            name,
            broken: false,
            kind,
            event: None,
            filter: None,
            window: None,
            value: None,
            key: None,
            value_type: ValueType::Text,
            k: 1,
            from: Vec::new(),
            to: Vec::new(),
            unit: crate::units::HOUR_US,
            timeout: 0,
            same: None,
            weekly_measure: WeeklyMeasure::Count,
            recent: 2,
            base: 4,
            min_base: 1.0,
        }
    }
}

/// `value`, and what goes with it.
fn value(metric: &mut MetricSyntax, table: &mut TableReader<'_>, found: &mut DiagnosticSink) {
    use MeasureKind::{Avg, Distinct, Earliest, Latest, Max, Min, RisingWeeks, Sum, SumLatest, Top, Trend};
    let weekly = matches!(metric.kind, RisingWeeks | Trend)
        && matches!(metric.weekly_measure, WeeklyMeasure::Sum | WeeklyMeasure::Max);
    if matches!(metric.kind, Distinct | Sum | Min | Max | Avg | Earliest | Latest | SumLatest | Top) || weekly {
        metric.value = table.required_text("value", found);
    }
    if metric.kind == SumLatest {
        metric.key = table.required_text("key", found);
    }
    if matches!(metric.kind, Earliest | Latest)
        && let Some(kind) = super::choice(table, "type", &TYPES, found)
    {
        metric.value_type = kind.value;
    }
    if metric.kind == Top
        && let Some(k) = table.count("k", 1..=1000, found)
    {
        metric.k = usize::try_from(k.value).unwrap_or(1);
    }
}

/// `from` and `to`, and what goes with them.
fn elapsed_events(metric: &mut MetricSyntax, table: &mut TableReader<'_>, found: &mut DiagnosticSink) {
    for (key, names) in [("from", &mut metric.from), ("to", &mut metric.to)] {
        if table.has(key) {
            *names = table.texts(key, found).unwrap_or_default();
        } else {
            table.report_missing_key(key, "", found);
        }
    }
    if metric.kind == MeasureKind::Elapsed {
        if let Some(unit) = super::choice(table, "unit", &ELAPSED_UNITS, found) {
            metric.unit = unit.value;
        }
        return;
    }
    if table.has("timeout") {
        metric.timeout = super::duration(table, "timeout", found).map_or(0, |timeout| timeout.value);
    } else {
        table.report_missing_key("timeout", "timeout = \"24h\"", found);
    }
    metric.same = table.text("same", found);
}

/// `by`, and the weeks of a trend.
fn weeks(metric: &mut MetricSyntax, table: &mut TableReader<'_>, found: &mut DiagnosticSink) {
    if let Some(by) = super::choice(table, "by", &WEEKLY_MEASURES, found) {
        metric.weekly_measure = by.value;
    }
    if metric.kind == MeasureKind::RisingWeeks {
        return;
    }
    let mut count = |key: &'static str, default: usize, found: &mut DiagnosticSink| {
        table.count(key, 1..=12, found).and_then(|n| usize::try_from(n.value).ok()).unwrap_or(default)
    };
    metric.recent = count("recent", 2, found);
    metric.base = count("base", 4, found);
    if metric.recent + metric.base > WEEKS_MAX {
        let message = format!("a trend over {} weeks", metric.recent + metric.base);
        found.add(Diagnostic::error(
            codes::BAD_VALUE,
            table.place(),
            message,
            format!("`recent` and `base` are at most {WEEKS_MAX} together"),
        ));
    }
    if let Some(min_base) = table.number("min_base", found) {
        metric.min_base = min_base.value;
    }
}

/// A metric that a signal carries inline: a count of events.
pub(crate) fn inline(
    name: &SpannedText,
    event: Vec<SpannedText>,
    filter: Option<SpannedText>,
    window: Option<DateWindow>,
    at: Range<usize>,
) -> MetricSyntax {
    MetricSyntax {
        event: Some(event),
        filter,
        window,
        ..MetricSyntax::new(WithSpan::new(name.value.clone(), at), MeasureKind::Count)
    }
}
