//! A metric as written to what is kept of events and how it is read.

use super::{ModelCompiler, aggregation::EventFilter};
use crate::{
    clock::DateWindow,
    codes,
    expr::{self, ExprKind, ValueType},
    plan::{CellKind, MeasurePlan, Metric, NumberPart, ValueId, ValueSource, WeeklyValue, WindowEnd, WordKind},
    syntax::{MeasureKind, MetricSyntax, WeeklyMeasure},
    toml_reader::SpannedText,
};

impl ModelCompiler<'_, '_> {
    /// Compiles a metric and tells its type.
    pub(super) fn metric(&mut self, metric: &MetricSyntax) -> Option<(Metric, ValueType)> {
        match metric.kind {
            MeasureKind::Elapsed => return self.elapsed(metric),
            MeasureKind::Open => return self.open(metric),
            _ => {}
        }
        let filter = self.filter(metric.event.as_ref(), metric.filter.as_ref())?;
        let measure = self.measure(metric, &filter)?;
        let kind = match metric.kind {
            MeasureKind::Earliest | MeasureKind::Latest => metric.value_type,
            MeasureKind::Top => ValueType::Text,
            _ => ValueType::Number,
        };
        Some((Metric { measure, active: metric.event.is_none() }, kind))
    }

    fn measure(&mut self, metric: &MetricSyntax, filter: &EventFilter) -> Option<MeasurePlan> {
        let window = metric.window;
        let daily = window.is_some();
        Some(match metric.kind {
            MeasureKind::Count => match window {
                None => MeasurePlan::Count(self.intake.word(filter, WordKind::Count)),
                Some(window) => MeasurePlan::CountIn(self.intake.cell(filter, CellKind::Tally, true, None), window),
            },
            MeasureKind::Days => MeasurePlan::Days(self.intake.days(filter), window),
            MeasureKind::Users => match window {
                None => MeasurePlan::Users(self.intake.word(filter, WordKind::Count)),
                Some(window) => MeasurePlan::UsersIn(self.intake.days(filter), window),
            },
            MeasureKind::DaysSinceFirst => self.days_since(filter, WindowEnd::First, window),
            MeasureKind::DaysSinceLast => self.days_since(filter, WindowEnd::Last, window),
            MeasureKind::Distinct => {
                let value = self.value(metric.value.as_ref()?, ValueType::Text)?;
                MeasurePlan::Distinct(self.intake.cell(filter, CellKind::Tally, daily, Some(value)), window)
            }
            MeasureKind::Top => {
                let value = self.value(metric.value.as_ref()?, ValueType::Text)?;
                MeasurePlan::Top(metric.k, self.intake.cell(filter, CellKind::Tally, daily, Some(value)), window)
            }
            MeasureKind::Sum => self.numeric(metric, filter, NumberPart::Sum)?,
            MeasureKind::Min => self.numeric(metric, filter, NumberPart::Min)?,
            MeasureKind::Max => self.numeric(metric, filter, NumberPart::Max)?,
            MeasureKind::Avg => self.numeric(metric, filter, NumberPart::Avg)?,
            MeasureKind::Earliest | MeasureKind::Latest => {
                let value = self.value(metric.value.as_ref()?, metric.value_type)?;
                let kind = CellKind::Edge { last: metric.kind == MeasureKind::Latest, kind: metric.value_type };
                MeasurePlan::Edge(self.intake.cell(filter, kind, daily, Some(value)), window)
            }
            MeasureKind::RisingWeeks => MeasurePlan::RisingWeeks(self.weekly(metric, filter)?),
            MeasureKind::Trend => {
                let weekly = self.weekly(metric, filter)?;
                MeasurePlan::Trend { weekly, recent: metric.recent, base: metric.base, min_base: metric.min_base }
            }
            MeasureKind::Elapsed | MeasureKind::Open => return None,
        })
    }

    fn days_since(&mut self, filter: &EventFilter, side: WindowEnd, window: Option<DateWindow>) -> MeasurePlan {
        match (window, side) {
            (Some(window), _) => MeasurePlan::DaysSinceIn(side, self.intake.days(filter), window),
            (None, WindowEnd::First) => MeasurePlan::DaysSince(self.intake.word(filter, WordKind::First)),
            (None, WindowEnd::Last) => MeasurePlan::DaysSince(self.intake.word(filter, WordKind::Last)),
        }
    }

    fn numeric(&mut self, metric: &MetricSyntax, filter: &EventFilter, part: NumberPart) -> Option<MeasurePlan> {
        let value = self.value(metric.value.as_ref()?, ValueType::Number)?;
        let cell = self.intake.cell(filter, CellKind::Number, metric.window.is_some(), Some(value));
        Some(MeasurePlan::Number(part, cell, metric.window))
    }

    fn weekly(&mut self, metric: &MetricSyntax, filter: &EventFilter) -> Option<WeeklyValue> {
        let value = match &metric.value {
            Some(text) if metric.aggregates_value() => Some(self.value(text, ValueType::Number)?),
            _ => None,
        };
        Some(match metric.weekly_measure {
            WeeklyMeasure::Count => WeeklyValue::Count(self.intake.cell(filter, CellKind::Tally, true, None)),
            WeeklyMeasure::Days => WeeklyValue::Days(self.intake.days(filter)),
            WeeklyMeasure::Users => WeeklyValue::Users(self.intake.days(filter)),
            WeeklyMeasure::Sum => WeeklyValue::Sum(self.intake.cell(filter, CellKind::Number, true, value)),
            WeeklyMeasure::Max => WeeklyValue::Max(self.intake.cell(filter, CellKind::Number, true, value)),
        })
    }

    /// A value over events, taken as a type.
    fn value(&mut self, text: &SpannedText, wanted: ValueType) -> Option<ValueId> {
        let node = self.parse(text)?;
        let (program, kind) = match expr::compile(&text.value, &node, &mut self.intake.slots) {
            Ok(typed) => typed,
            Err(errors) => {
                self.expression_errors(text, errors);
                return None;
            }
        };
        let fits = kind == wanted || wanted == ValueType::Text || matches!(kind, ValueType::Json | ValueType::Null);
        if !fits {
            let message = format!("`{}` is {kind}", text.value);
            self.error(codes::BAD_EXPRESSION, &text.span, message, format!("expected {wanted}"), None);
            return None;
        }
        Some(self.intake.value(ValueSource::Program(program), wanted))
    }

    /// The value that pairs events: a property, compared as text.
    pub(super) fn same(&mut self, text: &SpannedText) -> Option<ValueId> {
        let node = self.parse(text)?;
        if !matches!(node.kind, ExprKind::Name(_)) {
            let message = format!("`{}` is no property", text.value);
            self.error(codes::BAD_VALUE, &text.span, message, "expected the name of a property", None);
            return None;
        }
        self.value(text, ValueType::Text)
    }

    /// A filter of names without a condition.
    pub(super) fn named(&mut self, names: &[SpannedText]) -> EventFilter {
        EventFilter { base: self.base(names), predicate: None }
    }

    fn elapsed(&mut self, metric: &MetricSyntax) -> Option<(Metric, ValueType)> {
        let (from, to) = (self.named(&metric.from), self.named(&metric.to));
        let from = self.intake.word(&from, WordKind::First);
        let to = self.intake.word(&to, WordKind::First);
        Some((
            Metric { measure: MeasurePlan::Elapsed { from, to, unit: metric.unit }, active: false },
            ValueType::Number,
        ))
    }

    fn open(&mut self, metric: &MetricSyntax) -> Option<(Metric, ValueType)> {
        let from = self.filter(Some(&metric.from), metric.filter.as_ref())?;
        let to = self.named(&metric.to);
        let same = match &metric.same {
            Some(text) => Some(self.same(text)?),
            None => None,
        };
        let cell = self.intake.moments(vec![from, to], same);
        let measure = MeasurePlan::Open { cell, window: metric.window, timeout: metric.timeout, same: same.is_some() };
        Some((Metric { measure, active: false }, ValueType::Number))
    }
}
