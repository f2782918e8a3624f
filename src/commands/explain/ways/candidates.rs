//! Events that a model asks for, with properties for which its conditions hold.

use serde_json::{Map, Value as Json, json};

use pql_model::{
    EntityKind, ResolvedModel,
    expr::{Program, ValueType},
    resolved::{EventBase, EventForm, EventSet, EventValue, Measure, MilestoneRule},
};

use super::properties::{PropertyValues, insert_at, json_value, satisfying_properties};

/// The name of an event that the model does not know.
const ANY_ACTIVITY: &str = "any_activity";

/// Something that can be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EventCandidate {
    /// The name of the event.
    pub(super) event: String,
    /// Properties that the conditions ask for.
    fixed: PropertyValues,
    /// Slots of further properties that a value is read from, with its type.
    varied: Vec<(u32, ValueType)>,
}

impl EventCandidate {
    /// Whether it stands for any use of the product.
    pub(super) fn is_any_activity(&self) -> bool {
        self.event == ANY_ACTIVITY
    }

    /// The properties that the conditions ask for, for people.
    pub(super) fn text(&self, model: &ResolvedModel) -> String {
        if self.is_any_activity() {
            return "any activity".to_owned();
        }
        let conditions: Vec<String> = self
            .fixed
            .iter()
            .filter_map(|(slot, value)| Some(format!("{} = {}", path(model, *slot)?.join("."), value.to_text()?)))
            .collect();
        if conditions.is_empty() {
            self.event.clone()
        } else {
            format!("{} with {}", self.event, conditions.join(", "))
        }
    }

    /// The properties of the n-th such event; values that are counted as distinct differ from one to the next.
    pub(super) fn properties(&self, model: &ResolvedModel, number: usize) -> Map<String, Json> {
        let mut properties = Map::new();
        for (slot, value) in &self.fixed {
            if let Some(path) = path(model, *slot) {
                insert_at(&mut properties, path, json_value(value));
            }
        }
        for (slot, kind) in self.varied.iter().filter(|(slot, _)| !self.fixed.contains_key(slot)) {
            let value = match kind {
                ValueType::Number => json!(1),
                ValueType::Boolean => json!(true),
                ValueType::Text | ValueType::Date | ValueType::Json | ValueType::Null => {
                    json!(format!("another_{number}"))
                }
            };
            if let Some(path) = path(model, *slot) {
                insert_at(&mut properties, path, value);
            }
        }
        properties
    }
}

fn path(model: &ResolvedModel, slot: u32) -> Option<&[String]> {
    model.properties.get(slot.checked_sub(1)? as usize).map(Vec::as_slice)
}

/// Every event that the model asks for, any activity first, each once.
pub(super) fn event_candidates(model: &ResolvedModel) -> Vec<EventCandidate> {
    let any = EventCandidate { event: ANY_ACTIVITY.to_owned(), fixed: PropertyValues::new(), varied: Vec::new() };
    let mut found = vec![any];
    let mut add = |set: &EventSet, value: Option<&EventValue>| {
        let EventBase::Named(forms) = &set.base else { return };
        for form in forms {
            let candidate = candidate(model, form, set, value);
            found.extend(candidate.filter(|one| !found.contains(one)));
        }
    };
    for metric in &model.metrics {
        add(&metric.events.set, metric.measure.value());
        if let Measure::Elapsed { to, .. } | Measure::Open { to, .. } = &metric.measure {
            add(&to.set, None);
        }
    }
    for milestone in EntityKind::ALL.into_iter().flat_map(|kind| &model.level(kind).milestones) {
        let same = match &milestone.rule {
            MilestoneRule::Steps { same, .. } => same.as_ref(),
            MilestoneRule::Times { .. } | MilestoneRule::All(_) => None,
        };
        milestone.rule.selections().iter().for_each(|selection| add(&selection.set, same));
    }
    found
}

/// An event of one form of a set; none if no properties were found for which its conditions hold.
fn candidate(
    model: &ResolvedModel,
    form: &EventForm,
    set: &EventSet,
    value: Option<&EventValue>,
) -> Option<EventCandidate> {
    let conditions = form.conditions.iter().chain(&set.condition);
    let conditions: Vec<&Program> = conditions.map(|place| &model.conditions[*place].expression.program).collect();
    let fixed = satisfying_properties(&form.name, &conditions)?;
    let mut varied = Vec::new();
    if let Some(value) = value {
        value.expression.program.visit_slots(&mut |slot| varied.push((slot, value.kind)));
    }
    Some(EventCandidate { event: form.name.clone(), fixed, varied })
}
