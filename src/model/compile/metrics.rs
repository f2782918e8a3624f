//! A metric as written to what is kept of events and how it is read.

use super::{Compiler, intake::Filter};
use crate::{
    clock::Window,
    expr::{self, NodeKind, Type},
    model::{
        codes,
        compiled::{CellKind, Measure, Metric, NumberPart, ValueId, ValueSource, Weekly, WindowEnd, Word},
        file::{By, MeasureKind, MetricFile},
        tree::Text,
    },
};

impl Compiler<'_, '_> {
    /// Compiles a metric and tells its type.
    pub(super) fn metric(&mut self, metric: &MetricFile) -> Option<(Metric, Type)> {
        match metric.kind {
            MeasureKind::Elapsed => return self.elapsed(metric),
            MeasureKind::Open => return self.open(metric),
            _ => {}
        }
        let filter = self.filter(metric.event.as_ref(), metric.filter.as_ref())?;
        let measure = self.measure(metric, &filter)?;
        let kind = match metric.kind {
            MeasureKind::Earliest | MeasureKind::Latest => metric.value_type,
            MeasureKind::Top => Type::Text,
            _ => Type::Number,
        };
        Some((Metric { measure, active: metric.event.is_none() }, kind))
    }

    fn measure(&mut self, metric: &MetricFile, filter: &Filter) -> Option<Measure> {
        let window = metric.window;
        let daily = window.is_some();
        Some(match metric.kind {
            MeasureKind::Count => match window {
                None => Measure::Count(self.intake.word(filter, Word::Count)),
                Some(window) => Measure::CountIn(self.intake.cell(filter, CellKind::Tally, true, None), window),
            },
            MeasureKind::Days => Measure::Days(self.intake.days(filter), window),
            MeasureKind::Users => match window {
                None => Measure::Users(self.intake.word(filter, Word::Count)),
                Some(window) => Measure::UsersIn(self.intake.days(filter), window),
            },
            MeasureKind::DaysSinceFirst => self.days_since(filter, WindowEnd::First, window),
            MeasureKind::DaysSinceLast => self.days_since(filter, WindowEnd::Last, window),
            MeasureKind::Distinct => {
                let value = self.value(metric.value.as_ref()?, Type::Text)?;
                Measure::Distinct(self.intake.cell(filter, CellKind::Tally, daily, Some(value)), window)
            }
            MeasureKind::Top => {
                let value = self.value(metric.value.as_ref()?, Type::Text)?;
                Measure::Top(metric.k, self.intake.cell(filter, CellKind::Tally, daily, Some(value)), window)
            }
            MeasureKind::Sum => self.numeric(metric, filter, NumberPart::Sum)?,
            MeasureKind::Min => self.numeric(metric, filter, NumberPart::Min)?,
            MeasureKind::Max => self.numeric(metric, filter, NumberPart::Max)?,
            MeasureKind::Avg => self.numeric(metric, filter, NumberPart::Avg)?,
            MeasureKind::Earliest | MeasureKind::Latest => {
                let value = self.value(metric.value.as_ref()?, metric.value_type)?;
                let kind = CellKind::Edge { last: metric.kind == MeasureKind::Latest, kind: metric.value_type };
                Measure::Edge(self.intake.cell(filter, kind, daily, Some(value)), window)
            }
            MeasureKind::RisingWeeks => Measure::RisingWeeks(self.weekly(metric, filter)?),
            MeasureKind::Trend => {
                let weekly = self.weekly(metric, filter)?;
                Measure::Trend { weekly, recent: metric.recent, base: metric.base, min_base: metric.min_base }
            }
            MeasureKind::Elapsed | MeasureKind::Open => return None,
        })
    }

    fn days_since(&mut self, filter: &Filter, side: WindowEnd, window: Option<Window>) -> Measure {
        match (window, side) {
            (Some(window), _) => Measure::DaysSinceIn(side, self.intake.days(filter), window),
            (None, WindowEnd::First) => Measure::DaysSince(self.intake.word(filter, Word::First)),
            (None, WindowEnd::Last) => Measure::DaysSince(self.intake.word(filter, Word::Last)),
        }
    }

    fn numeric(&mut self, metric: &MetricFile, filter: &Filter, part: NumberPart) -> Option<Measure> {
        let value = self.value(metric.value.as_ref()?, Type::Number)?;
        let cell = self.intake.cell(filter, CellKind::Number, metric.window.is_some(), Some(value));
        Some(Measure::Number(part, cell, metric.window))
    }

    fn weekly(&mut self, metric: &MetricFile, filter: &Filter) -> Option<Weekly> {
        let value = match &metric.value {
            Some(text) if metric.weekly_value() => Some(self.value(text, Type::Number)?),
            _ => None,
        };
        Some(match metric.by {
            By::Count => Weekly::Count(self.intake.cell(filter, CellKind::Tally, true, None)),
            By::Days => Weekly::Days(self.intake.days(filter)),
            By::Users => Weekly::Users(self.intake.days(filter)),
            By::Sum => Weekly::Sum(self.intake.cell(filter, CellKind::Number, true, value)),
            By::Max => Weekly::Max(self.intake.cell(filter, CellKind::Number, true, value)),
        })
    }

    /// A value over events, taken as a type.
    fn value(&mut self, text: &Text, wanted: Type) -> Option<ValueId> {
        let node = self.parse(text)?;
        let (program, kind) = match expr::compile(&text.value, &node, &mut self.intake.slots) {
            Ok(typed) => typed,
            Err(errors) => {
                self.expression_errors(text, errors);
                return None;
            }
        };
        let fits = kind == wanted || wanted == Type::Text || matches!(kind, Type::Json | Type::Null);
        if !fits {
            let message = format!("`{}` is {kind}", text.value);
            self.error(codes::BAD_EXPRESSION, &text.span, message, format!("expected {wanted}"), None);
            return None;
        }
        Some(self.intake.value(ValueSource::Program(program), wanted))
    }

    /// The value that pairs events: a property, compared as text.
    pub(super) fn same(&mut self, text: &Text) -> Option<ValueId> {
        let node = self.parse(text)?;
        if !matches!(node.kind, NodeKind::Name(_)) {
            let message = format!("`{}` is no property", text.value);
            self.error(codes::BAD_VALUE, &text.span, message, "expected the name of a property", None);
            return None;
        }
        self.value(text, Type::Text)
    }

    /// A filter of names without a condition.
    pub(super) fn named(&mut self, names: &[Text]) -> Filter {
        Filter { base: self.base(names), predicate: None }
    }

    fn elapsed(&mut self, metric: &MetricFile) -> Option<(Metric, Type)> {
        let (from, to) = (self.named(&metric.from), self.named(&metric.to));
        let from = self.intake.word(&from, Word::First);
        let to = self.intake.word(&to, Word::First);
        Some((Metric { measure: Measure::Elapsed { from, to, unit: metric.unit }, active: false }, Type::Number))
    }

    fn open(&mut self, metric: &MetricFile) -> Option<(Metric, Type)> {
        let from = self.filter(Some(&metric.from), metric.filter.as_ref())?;
        let to = self.named(&metric.to);
        let same = match &metric.same {
            Some(text) => Some(self.same(text)?),
            None => None,
        };
        let cell = self.intake.moments(vec![from, to], same);
        let measure = Measure::Open { cell, window: metric.window, timeout: metric.timeout, same: same.is_some() };
        Some((Metric { measure, active: false }, Type::Number))
    }
}
