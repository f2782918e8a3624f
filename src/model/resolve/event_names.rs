//! Names of events: which events stand behind each, and the sets that are made of them.

use std::collections::HashSet;

use super::ModelResolver;
use crate::{
    codes,
    resolved::{
        ConditionId, ConditionOwner, EventBase, EventForm, EventName, EventNames, EventSelection, EventSet, SpannedName,
    },
    syntax::{EventSyntax, LadderInput, MilestoneForm, ModelSyntax, PaymentSyntax},
    toml_reader::SpannedText,
};

/// How deep names of `[events]` may stand for each other.
const EVENTS_DEEP_MAX: usize = 20;

/// How many forms of events one name may stand for.
const EVENT_FORMS_MAX: usize = 1000;

/// What a name of events stands for.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedEvents {
    pub(super) forms: Vec<EventForm>,
    /// Every condition of the forms, in the order in which names lead to them.
    pub(super) conditions: Vec<ConditionId>,
}

impl NamedEvents {
    /// The event of this name, whatever it holds.
    fn event(name: &str) -> NamedEvents {
        let form = EventForm { name: name.to_owned(), conditions: Vec::new() };
        NamedEvents { forms: vec![form], conditions: Vec::new() }
    }

    fn extend(&mut self, other: NamedEvents) {
        self.forms.extend(other.forms);
        self.conditions.extend(other.conditions);
    }
}

impl ModelResolver<'_, '_> {
    /// The events behind a name, each with the conditions it must meet.
    pub(super) fn named_events(&mut self, name: &SpannedText) -> NamedEvents {
        let entry = self.events.get(name.value.as_str()).copied();
        let inside = self.open_events.contains(&name.value);
        let Some(entry) = entry.filter(|entry| !inside && (entry.event.is_some() || entry.filter.is_some())) else {
            // Inside its own entry a name is the real event, unless the circle is a longer one.
            if inside && self.open_events.last() != Some(&name.value) {
                let circle = format!("{} → {}", self.open_events.join(" → "), name.value);
                self.error(codes::CIRCLE, &name.span, "events that stand for each other", circle, None);
            }
            return NamedEvents::event(&name.value);
        };
        if let Some(known) = self.named_events.get(&name.value) {
            return known.clone();
        }
        if self.open_events.len() >= EVENTS_DEEP_MAX {
            let message = "events that stand for each other more than 20 deep";
            self.error(codes::CIRCLE, &name.span, message, "one more here", None);
            return NamedEvents::default();
        }
        let all = self.entry_events(name, entry);
        self.named_events.insert(name.value.clone(), all.clone());
        all
    }

    /// The events behind an entry of `[events]` that is more than a real event.
    fn entry_events(&mut self, name: &SpannedText, entry: &EventSyntax) -> NamedEvents {
        self.open_events.push(name.value.clone());
        let mut all = match &entry.event {
            Some(names) => self.events_of_names(names),
            None => NamedEvents::event(&name.value),
        };
        self.open_events.pop();
        if let Some(condition) = self.entry_condition(entry) {
            let first = self.conditions[condition].first;
            all.forms.iter_mut().for_each(|form| form.conditions.push(first));
            all.conditions.push(condition);
        }
        self.sort_forms(&mut all.forms);
        if all.forms.len() > EVENT_FORMS_MAX && self.count_distinct(&all.forms) > EVENT_FORMS_MAX {
            let message = format!("`{}` stands for more than {EVENT_FORMS_MAX} forms of events", name.value);
            self.error(codes::BAD_VALUE, &name.span, message, "too many", None);
            all.forms.clear();
        }
        all
    }

    fn events_of_names(&mut self, names: &[SpannedText]) -> NamedEvents {
        let mut all = NamedEvents::default();
        for name in names {
            let named = self.named_events(name);
            all.extend(named);
        }
        all
    }

    /// The condition of an entry of `[events]`; none if it has none that can be used.
    pub(super) fn entry_condition(&mut self, entry: &EventSyntax) -> Option<ConditionId> {
        let filter = entry.filter.as_ref()?;
        self.event_condition(ConditionOwner::Event(entry.name.value.clone()), filter)
    }

    /// Sorts by name and by the texts of conditions; each form stays once.
    fn sort_forms(&self, forms: &mut Vec<EventForm>) {
        let texts = |form: &EventForm| -> Vec<&str> {
            form.conditions.iter().map(|condition| self.conditions[*condition].expression.text.as_str()).collect()
        };
        forms.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| texts(a).cmp(&texts(b))));
        forms.dedup();
    }

    /// How many forms there are, where conditions that mean the same are one.
    fn count_distinct(&self, forms: &[EventForm]) -> usize {
        let meaning = |condition: &ConditionId| {
            let program = &self.conditions[*condition].expression.program;
            self.conditions.iter().position(|known| known.expression.program == *program)
        };
        let meanings = |form: &EventForm| (form.name.clone(), form.conditions.iter().map(meaning).collect::<Vec<_>>());
        forms.iter().map(meanings).collect::<HashSet<_>>().len()
    }

    /// The events behind some names.
    pub(super) fn event_base(&mut self, names: &[SpannedText]) -> EventBase {
        let mut forms = self.events_of_names(names).forms;
        self.sort_forms(&mut forms);
        EventBase::Named(forms)
    }

    /// The events that some names stand for.
    pub(super) fn named(&mut self, names: &[SpannedText]) -> EventSelection {
        self.selection(Some(names), EventBase::Every)
    }

    /// The events that a key names, without a condition beside them; without the key, `otherwise`.
    pub(super) fn selection(&mut self, names: Option<&[SpannedText]>, otherwise: EventBase) -> EventSelection {
        let base = names.map_or(otherwise, |names| self.event_base(names));
        let names = names.unwrap_or_default().iter().map(spanned_name).collect();
        EventSelection { names, set: EventSet { base, condition: None } }
    }

    /// The entries of `[events]`, now that nothing asks for more of them.
    pub(super) fn event_names(&mut self) -> EventNames {
        let asked = asked_names(self.file);
        let entries = self.file.events.iter().map(|entry| {
            let NamedEvents { forms, conditions } = self.named_events(&entry.name);
            EventName {
                name: spanned_name(&entry.name),
                stands_for: entry.event.as_ref().map(|names| names.iter().map(spanned_name).collect()),
                properties: entry.properties.iter().map(spanned_name).collect(),
                is_asked: asked.contains(entry.name.value.as_str()),
                forms,
                conditions,
            }
        });
        EventNames::new(entries.collect())
    }
}

/// A text that is a name.
pub(super) fn spanned_name(text: &SpannedText) -> SpannedName {
    SpannedName { name: text.value.clone(), span: text.span.clone() }
}

/// Every name of events that anything but its own entry asks for.
fn asked_names(file: &ModelSyntax) -> HashSet<&str> {
    let mut all: Vec<&SpannedText> = Vec::new();
    for entry in &file.events {
        all.extend(entry.event.iter().flatten().filter(|name| name.value != entry.name.value));
    }
    all.extend(&file.ignore);
    all.extend(&file.start_event);
    for metric in &file.metrics {
        all.extend(metric.event.iter().flatten().chain(&metric.from).chain(&metric.to));
    }
    for level in [&file.user, &file.account] {
        all.extend(level.traits.iter().flat_map(|one| one.event.iter().flatten()));
        for signal in &level.signals {
            if let PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } = &signal.pay {
                all.extend(metric.event.iter().flatten());
            }
        }
        for milestone in &level.milestones {
            match &milestone.form {
                MilestoneForm::Times { event, .. } => all.extend(event.iter().flatten()),
                MilestoneForm::Steps { steps, .. } => all.extend(steps),
                MilestoneForm::All(_) => {}
            }
        }
    }
    all.into_iter().map(|text| text.value.as_str()).collect()
}
