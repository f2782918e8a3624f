//! A metric as written to what it measures, with every name found.

use super::{ModelResolver, event_names::spanned_name};
use crate::{
    MeasureKind, codes,
    expr::{ExprKind, ValueType},
    resolved::{
        ConditionId, ConditionOwner, EventBase, EventSelection, EventValue, Measure, Metric, NumberPart, WeeklyValue,
        WindowEnd,
    },
    syntax::{MetricSyntax, WeeklyMeasure},
    toml_reader::SpannedText,
};

/// Where a metric stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricPlace {
    /// Under `[metrics]`.
    Declared,
    /// In a signal.
    Inline,
}

impl ModelResolver<'_, '_> {
    /// A metric of `[metrics]`, resolved the first time it is asked for; none if it cannot be used.
    pub(super) fn declared_metric(&mut self, index: usize) -> Option<ValueType> {
        if self.metrics[index].is_none() {
            let file = &self.file.metrics[index];
            self.metrics[index] = self.metric(file, MetricPlace::Declared);
        }
        self.metrics[index].as_ref().map(Metric::result_type)
    }

    /// Resolves a metric.
    pub(super) fn metric(&mut self, file: &MetricSyntax, place: MetricPlace) -> Option<Metric> {
        let events = self.metric_events(file);
        let filter = match &file.filter {
            Some(_) => Some(self.metric_condition(file, place)?),
            None => None,
        };
        let events = self.filtered(events, filter);
        let measure = self.measure(file)?;
        Some(Metric { name: spanned_name(&file.name), events, filter, window: file.window, measure })
    }

    /// The events of a metric; of a pair the first ones.
    fn metric_events(&mut self, file: &MetricSyntax) -> EventSelection {
        let names = if is_pair(file.kind) { Some(file.from.as_slice()) } else { file.event.as_deref() };
        self.selection(names, EventBase::Activity)
    }

    /// The condition of a metric on its events; none if it has none that can be used.
    pub(super) fn metric_condition(&mut self, file: &MetricSyntax, place: MetricPlace) -> Option<ConditionId> {
        let text = file.filter.as_ref()?;
        let name = file.name.value.clone();
        let owner = match place {
            MetricPlace::Inline => ConditionOwner::Signal(name),
            MetricPlace::Declared if is_pair(file.kind) => ConditionOwner::PairMetric(name),
            MetricPlace::Declared => ConditionOwner::Metric(name),
        };
        self.event_condition(owner, text)
    }

    /// Events under a condition. The condition learns the events that it is evaluated on.
    pub(super) fn filtered(&mut self, mut events: EventSelection, filter: Option<ConditionId>) -> EventSelection {
        if let Some(filter) = filter {
            self.conditions[filter].events = events.set.base.clone();
            events.set.condition = Some(self.conditions[filter].first);
        }
        events
    }

    fn measure(&mut self, file: &MetricSyntax) -> Option<Measure> {
        Some(match file.kind {
            MeasureKind::Count => Measure::Count,
            MeasureKind::Days => Measure::Days,
            MeasureKind::Users => Measure::Users,
            MeasureKind::DaysSinceFirst => Measure::DaysSince(WindowEnd::First),
            MeasureKind::DaysSinceLast => Measure::DaysSince(WindowEnd::Last),
            MeasureKind::Distinct => Measure::Distinct(self.metric_value(file, ValueType::Text)?),
            MeasureKind::Top => Measure::Top(file.k, self.metric_value(file, ValueType::Text)?),
            MeasureKind::Sum => self.numeric(file, NumberPart::Sum)?,
            MeasureKind::Min => self.numeric(file, NumberPart::Min)?,
            MeasureKind::Max => self.numeric(file, NumberPart::Max)?,
            MeasureKind::Avg => self.numeric(file, NumberPart::Avg)?,
            MeasureKind::Earliest => Measure::Edge(WindowEnd::First, self.metric_value(file, file.value_type)?),
            MeasureKind::Latest => Measure::Edge(WindowEnd::Last, self.metric_value(file, file.value_type)?),
            MeasureKind::SumLatest => {
                let value = self.metric_value(file, ValueType::Number)?;
                Measure::SumLatest { key: self.pairing(file.key.as_ref()?)?, value }
            }
            MeasureKind::RisingWeeks => Measure::RisingWeeks(self.weekly(file)?),
            MeasureKind::Trend => {
                let weekly = self.weekly(file)?;
                Measure::Trend { weekly, recent: file.recent, base: file.base, min_base: file.min_base }
            }
            MeasureKind::Elapsed => Measure::Elapsed { to: self.answers(file), unit: file.unit },
            MeasureKind::Open => {
                let to = self.answers(file);
                Measure::Open { to, timeout: file.timeout, same: self.maybe_pairing(file.same.as_ref())? }
            }
        })
    }

    /// The second events of a pair.
    fn answers(&mut self, file: &MetricSyntax) -> EventSelection {
        self.named(&file.to)
    }

    fn numeric(&mut self, file: &MetricSyntax, part: NumberPart) -> Option<Measure> {
        Some(Measure::Number(part, self.metric_value(file, ValueType::Number)?))
    }

    fn metric_value(&mut self, file: &MetricSyntax, kind: ValueType) -> Option<EventValue> {
        self.event_value(file.value.as_ref()?, kind)
    }

    fn weekly(&mut self, file: &MetricSyntax) -> Option<WeeklyValue> {
        let value = match &file.value {
            Some(text) if file.aggregates_value() => Some(self.event_value(text, ValueType::Number)?),
            _ => None,
        };
        Some(match (file.weekly_measure, value) {
            (WeeklyMeasure::Days, _) => WeeklyValue::Days,
            (WeeklyMeasure::Users, _) => WeeklyValue::Users,
            (WeeklyMeasure::Sum, Some(value)) => WeeklyValue::Sum(value),
            (WeeklyMeasure::Max, Some(value)) => WeeklyValue::Max(value),
            // The missing value is reported already; the metric is a number all the same.
            (WeeklyMeasure::Count | WeeklyMeasure::Sum | WeeklyMeasure::Max, _) => WeeklyValue::Count,
        })
    }

    /// The value that pairs events: a property, compared as text.
    pub(super) fn pairing(&mut self, text: &SpannedText) -> Option<EventValue> {
        let node = self.parse(text)?;
        if !matches!(node.kind, ExprKind::Name(_)) {
            let message = format!("`{}` is no property", text.value);
            self.error(codes::BAD_VALUE, &text.span, message, "expected the name of a property", None);
            return None;
        }
        self.event_value(text, ValueType::Text)
    }

    /// The same where it may be left out; none only if it cannot be used.
    pub(super) fn maybe_pairing(&mut self, text: Option<&SpannedText>) -> Option<Option<EventValue>> {
        match text {
            Some(text) => self.pairing(text).map(Some),
            None => Some(None),
        }
    }
}

/// Whether a metric looks at two sets of events.
pub(super) fn is_pair(kind: MeasureKind) -> bool {
    match kind {
        MeasureKind::Elapsed | MeasureKind::Open => true,
        MeasureKind::Count
        | MeasureKind::Days
        | MeasureKind::Distinct
        | MeasureKind::Sum
        | MeasureKind::Min
        | MeasureKind::Max
        | MeasureKind::Avg
        | MeasureKind::Earliest
        | MeasureKind::Latest
        | MeasureKind::SumLatest
        | MeasureKind::Top
        | MeasureKind::Users
        | MeasureKind::DaysSinceFirst
        | MeasureKind::DaysSinceLast
        | MeasureKind::RisingWeeks
        | MeasureKind::Trend => false,
    }
}
