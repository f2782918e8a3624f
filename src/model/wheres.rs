//! Conditions on events as the text of a model has them: what each is of, where it stands, what it says, and which events it is held against.

use std::{collections::HashMap, ops::Range};

use super::{
    plan::EVENT_SLOT,
    source::{EventAliases, TextSpan},
    syntax::{LadderInput, LevelSyntax, MeasureKind, MetricSyntax, MilestoneForm, ModelSyntax, PaymentSyntax},
    toml_reader::SpannedText,
};
use crate::expr::{self, ExprError, NameResolver, Program, ResolvedName, ValueType};

/// All conditions on events of a model.
#[derive(Debug, Default)]
pub struct EventConditions {
    /// Properties by slot - 1, as paths with dots; slot 0 is the event's name.
    pub properties: Vec<String>,
    /// Those of `[events]` first.
    pub all: Vec<EventCondition>,
}

/// A condition on events.
#[derive(Debug)]
pub struct EventCondition {
    /// What it is of, such as ``metric `exports` ``.
    pub of: String,
    /// Where it stands.
    pub span: TextSpan,
    /// What it says.
    pub program: Program,
    /// The events that it is held against; none if any activity.
    pub events: Option<Vec<ConditionedEvent>>,
}

/// Events of one name that meet some conditions.
#[derive(Debug)]
pub struct ConditionedEvent {
    /// The name that events have.
    pub name: String,
    /// Places of the conditions among all.
    pub conditions: Vec<usize>,
}

/// Properties get slots as they are asked for.
#[derive(Default)]
struct ConditionProperties {
    paths: Vec<String>,
    known: HashMap<String, u32>,
}

impl NameResolver for ConditionProperties {
    fn resolve(&mut self, path: &[String], _: &Range<usize>) -> Result<ResolvedName, ExprError> {
        if path == ["event"] {
            return Ok(ResolvedName { slot: EVENT_SLOT, kind: ValueType::Text });
        }
        let path = path.join(".");
        let slot = *self.known.entry(path).or_insert_with_key(|path| {
            self.paths.push(path.clone());
            self.paths.len() as u32
        });
        Ok(ResolvedName { slot, kind: ValueType::Json })
    }
}

#[derive(Default)]
struct ConditionCollector {
    properties: ConditionProperties,
    all: Vec<EventCondition>,
    /// Conditions of `[events]` by their texts: equal ones say the same.
    known: HashMap<String, usize>,
}

impl EventConditions {
    pub(super) fn of<'f>(file: &'f ModelSyntax, events: &EventAliases<'f>) -> EventConditions {
        let mut gather = ConditionCollector::default();
        for entry in &file.events {
            if let Some(filter) = &entry.filter {
                gather.add(format!("event `{}`", entry.name.value), filter, None);
                gather.known.entry(filter.value.clone()).or_insert(gather.all.len().saturating_sub(1));
            }
        }
        // Now that all conditions behind names have places.
        let entries = file.events.iter().filter(|entry| entry.filter.is_some());
        for (place, entry) in entries.enumerate() {
            let forms = gather.forms(events, Some(std::slice::from_ref(&entry.name)));
            if let Some(one) = gather.all.get_mut(place) {
                one.events = forms;
            }
        }
        file.metrics.iter().for_each(|metric| gather.metric(events, metric, "metric"));
        gather.level(events, &file.user);
        gather.level(events, &file.account);
        EventConditions { properties: gather.properties.paths, all: gather.all }
    }
}

impl ConditionCollector {
    fn add(&mut self, of: String, text: &SpannedText, events: Option<Vec<ConditionedEvent>>) {
        // The compiler has told what cannot be read.
        let node = expr::parse(&text.value).ok();
        let program = node.and_then(|node| expr::condition(&text.value, &node, &mut self.properties).ok());
        let program = program.unwrap_or(Program::Constant(expr::Value::Null));
        self.all.push(EventCondition { of, span: text.span.clone(), program, events });
    }

    fn forms<'f>(&self, events: &EventAliases<'f>, names: Option<&'f [SpannedText]>) -> Option<Vec<ConditionedEvent>> {
        let form = |(name, conditions): (String, Vec<String>)| ConditionedEvent {
            name,
            conditions: conditions.iter().filter_map(|text| self.known.get(text).copied()).collect(),
        };
        Some(events.set(names, None).named?.into_iter().map(form).collect())
    }

    fn metric<'f>(&mut self, events: &EventAliases<'f>, metric: &'f MetricSyntax, kind: &str) {
        let pair = matches!(metric.kind, MeasureKind::Elapsed | MeasureKind::Open);
        if let Some(filter) = metric.filter.as_ref().filter(|_| !pair) {
            let forms = self.forms(events, metric.event.as_deref());
            self.add(format!("{kind} `{}`", metric.name.value), filter, forms);
        }
    }

    fn level<'f>(&mut self, events: &EventAliases<'f>, level: &'f LevelSyntax) {
        for signal in &level.signals {
            if let PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } = &signal.pay {
                self.metric(events, metric, "signal");
            }
        }
        for milestone in &level.milestones {
            if let MilestoneForm::Times { event, filter: Some(filter), .. } = &milestone.form {
                let forms = self.forms(events, event.as_deref());
                self.add(format!("milestone `{}`", milestone.name.value), filter, forms);
            }
        }
    }
}
