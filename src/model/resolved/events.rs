//! Event names of the model, and the events that each name selects.

use std::collections::HashMap;

use super::{ConditionId, SpannedName};

/// The events of one name that meet some conditions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventForm {
    /// The name in the events.
    pub name: String,
    /// The conditions of the `[events]` entries on the way to this name, the innermost first.
    /// Conditions with the same text share an id.
    pub conditions: Vec<ConditionId>,
}

/// The events of a set before its own condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventBase {
    /// Every event.
    Every,
    /// The events that are activity.
    Activity,
    /// The events of some forms. The forms are distinct, and sorted by name and then by the texts
    /// of their conditions.
    Named(Vec<EventForm>),
}

impl EventBase {
    /// Returns the forms; none if the model does not name the events.
    pub(crate) fn forms(&self) -> Option<&[EventForm]> {
        match self {
            EventBase::Named(forms) => Some(forms),
            EventBase::Every | EventBase::Activity => None,
        }
    }

    /// Returns the distinct event names in order; none if the model does not name the events.
    pub fn event_names(&self) -> Option<Vec<&str>> {
        let mut names: Vec<&str> = self.forms()?.iter().map(|form| form.name.as_str()).collect();
        names.dedup();
        Some(names)
    }
}

/// A set of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventSet {
    /// The events before the condition.
    pub base: EventBase,
    /// The condition on all of these events.
    pub condition: Option<ConditionId>,
}

impl EventSet {
    /// Returns the forms; none if the model does not name the events.
    pub(crate) fn forms(&self) -> Option<&[EventForm]> {
        self.base.forms()
    }

    /// True for a set of any activity. Rows without a user do not count for such a set.
    pub fn is_activity(&self) -> bool {
        self.base == EventBase::Activity
    }

    /// True if the set names events of this name.
    pub(crate) fn names_event(&self, event: &str) -> bool {
        self.forms().is_some_and(|forms| forms.iter().any(|form| form.name == event))
    }

    /// True if every event of this set is certainly in the other one.
    pub(crate) fn within(&self, other: &EventSet) -> bool {
        let narrower = other.condition.is_none() || other.condition == self.condition;
        let named = match (self.forms(), other.forms()) {
            (None, None) => true,
            (Some(own), Some(others)) => own.iter().all(|form| others.iter().any(|other| form.meets(other))),
            _ => false,
        };
        narrower && named
    }
}

impl EventForm {
    /// True if every event of this form is certainly in the other one.
    fn meets(&self, other: &EventForm) -> bool {
        self.name == other.name && other.conditions.iter().all(|one| self.conditions.contains(one))
    }
}

/// A list of event names in the model, with the set that it selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSelection {
    /// The names in the text; empty if the model gives none.
    pub names: Vec<SpannedName>,
    /// The events that the names select.
    pub set: EventSet,
}

/// An entry of `[events]`.
#[derive(Debug)]
pub struct EventName {
    /// The name of the entry.
    pub(crate) name: SpannedName,
    /// The names in `event`; none if the entry is the event of its own name.
    pub(crate) stands_for: Option<Vec<SpannedName>>,
    /// The properties that the tracking plan requires of its events.
    pub properties: Vec<SpannedName>,
    /// True if another part of the model uses the name.
    pub(crate) is_asked: bool,
    /// The events that the name selects.
    pub(crate) forms: Vec<EventForm>,
    /// Every condition of the forms, in the order of resolution.
    pub conditions: Vec<ConditionId>,
}

impl EventName {
    /// Returns the distinct event names in order.
    pub fn event_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.forms.iter().map(|form| form.name.as_str()).collect();
        names.dedup();
        names
    }
}

/// The entries of `[events]`, in the order of the file.
#[derive(Debug, Default)]
pub struct EventNames {
    entries: Vec<EventName>,
    places: HashMap<String, usize>,
}

impl EventNames {
    /// Indexes the entries by name.
    pub(crate) fn new(entries: Vec<EventName>) -> EventNames {
        let places = entries.iter().enumerate().map(|(at, entry)| (entry.name.name.clone(), at)).collect();
        EventNames { entries, places }
    }

    /// Returns all entries.
    pub fn entries(&self) -> &[EventName] {
        &self.entries
    }

    /// Returns the entry of a name; none if the name is only that of an event.
    pub fn entry(&self, name: &str) -> Option<&EventName> {
        self.places.get(name).map(|place| &self.entries[*place])
    }

    /// True if the name selects events of the same name.
    pub(crate) fn is_event(&self, name: &str) -> bool {
        self.entry(name).is_none_or(|entry| entry.forms.iter().any(|form| form.name == name))
    }
}
