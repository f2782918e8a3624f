//! Names of events, and the events that they stand for.

use std::collections::HashMap;

use super::{ConditionId, SpannedName};

/// Events of one name that meet some conditions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventForm {
    /// The name that the events have.
    pub name: String,
    /// Conditions of the names of `[events]` that led to it, the innermost first. Conditions of one text have one id.
    pub conditions: Vec<ConditionId>,
}

/// Which events are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventBase {
    /// All of them.
    Every,
    /// Those that are activity.
    Activity,
    /// Those of some forms, by name and then by the texts of their conditions, each form once.
    Named(Vec<EventForm>),
}

impl EventBase {
    /// The forms; none if the events are not named.
    pub fn forms(&self) -> Option<&[EventForm]> {
        match self {
            EventBase::Named(forms) => Some(forms),
            EventBase::Every | EventBase::Activity => None,
        }
    }

    /// The names that events have, in order, each once; none if the events are not named.
    pub fn event_names(&self) -> Option<Vec<&str>> {
        let mut names: Vec<&str> = self.forms()?.iter().map(|form| form.name.as_str()).collect();
        names.dedup();
        Some(names)
    }
}

/// Which events something is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventSet {
    /// The events by name.
    pub base: EventBase,
    /// A further condition on all of them.
    pub condition: Option<ConditionId>,
}

impl EventSet {
    /// The forms of its events; none if they are not named.
    pub fn forms(&self) -> Option<&[EventForm]> {
        self.base.forms()
    }

    /// Whether it is of any activity, so that rows of nobody do not count.
    pub fn is_activity(&self) -> bool {
        self.base == EventBase::Activity
    }

    /// Whether it names events of a name.
    pub fn names_event(&self, event: &str) -> bool {
        self.forms().is_some_and(|forms| forms.iter().any(|form| form.name == event))
    }

    /// Whether every event of this set is in the other one for sure.
    pub fn within(&self, other: &EventSet) -> bool {
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
    /// Whether its events are among those of another form for sure.
    fn meets(&self, other: &EventForm) -> bool {
        self.name == other.name && other.conditions.iter().all(|one| self.conditions.contains(one))
    }
}

/// Events that the model asks for, as written and as resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSelection {
    /// The names as written; empty if the model names none.
    pub names: Vec<SpannedName>,
    /// The events behind the names.
    pub set: EventSet,
}

/// An entry of `[events]`.
#[derive(Debug)]
pub struct EventName {
    /// The name of the entry.
    pub name: SpannedName,
    /// The names that it stands for; none if it is the event of its own name.
    pub stands_for: Option<Vec<SpannedName>>,
    /// Its own condition.
    pub condition: Option<ConditionId>,
    /// Properties that its events must have by the tracking plan.
    pub properties: Vec<SpannedName>,
    /// Whether anything but its own entry asks for it.
    pub is_asked: bool,
    /// The events behind it.
    pub forms: Vec<EventForm>,
    /// Every condition of the forms, in the order in which names lead to them.
    pub conditions: Vec<ConditionId>,
}

impl EventName {
    /// The names that its events have, in order, each once.
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
    /// The entries by name.
    pub(crate) fn new(entries: Vec<EventName>) -> EventNames {
        let places = entries.iter().enumerate().map(|(at, entry)| (entry.name.name.clone(), at)).collect();
        EventNames { entries, places }
    }

    /// All entries.
    pub fn entries(&self) -> &[EventName] {
        &self.entries
    }

    /// The entry of a name; none if the name is that of an event alone.
    pub fn entry(&self, name: &str) -> Option<&EventName> {
        self.places.get(name).map(|place| &self.entries[*place])
    }

    /// Whether events of a name are among those that the name stands for.
    pub fn is_event(&self, name: &str) -> bool {
        self.entry(name).is_none_or(|entry| entry.forms.iter().any(|form| form.name == name))
    }
}
