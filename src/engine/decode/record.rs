//! The results of decoding a line. They borrow from the line where possible.
//!
//! [`DecodedLine`] says what a line is, [`Record`] holds its parts, and [`DecodedEvent`] is the
//! part of an event that is folded. [`EventFields`] is the scope in which conditions on events are
//! evaluated.

use std::{borrow::Cow, cell::Cell, fmt};

use super::{
    json::{JsonKind, JsonSpan},
    reject_reason::RejectReason,
};
use crate::plan::Model;
use pql_model::{
    clock::TimeZones,
    expr::{EvalScope, Value, are_beyond},
    units::{Day, Micros},
};

/// The result of decoding a line.
#[derive(Debug)]
pub enum DecodedLine<'a> {
    /// White space only.
    Blank,
    /// Not a valid record.
    Rejected(RejectReason),
    /// A record of an excluded user, as it would be decoded otherwise. Only its joins count.
    Excluded(Box<DecodedLine<'a>>),
    /// A record at or after `as_of`.
    AfterAsOf(Record<'a>),
    /// An event.
    Event(Record<'a>),
    /// Traits of a user.
    Identify(Record<'a>),
    /// Traits of an account, and the membership of a user.
    Group(Record<'a>),
    /// Two ids that are one person.
    Alias {
        /// The line itself.
        record: Record<'a>,
        /// The id that is joined to the user's id. Empty if it is the id of a service.
        previous: Cow<'a, str>,
    },
    /// Two ids of one person, each of them a user's or a visitor's.
    Merge {
        /// The line itself; it has neither a user nor a visitor.
        record: Record<'a>,
        /// The ids; none if one of them is a placeholder, so that no ids are joined.
        ids: Option<[Cow<'a, str>; 2]>,
    },
}

/// A further id of a record's user.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum LinkedId<'a> {
    /// No further id.
    #[default]
    None,
    /// A placeholder, which joins nothing.
    Placeholder,
    /// An id of a user or a visitor.
    Id(Cow<'a, str>),
}

/// One record. It borrows from its line where possible.
#[derive(Debug)]
pub struct Record<'a> {
    /// The plan of its name in the model; 0 if the model does not know the name.
    pub plan: usize,
    /// The event name.
    pub name: Cow<'a, str>,
    /// The user, if the record names one.
    pub user: Option<Cow<'a, str>>,
    /// The anonymous id.
    pub visitor: Option<Cow<'a, str>>,
    /// The account that it names.
    pub account: Option<Cow<'a, str>>,
    /// The number of further accounts that it names.
    pub(crate) more_accounts: usize,
    /// The instant.
    pub at: Micros,
    /// The instant from which on it is known: its own, or that of its receipt if the run asks for it and it is later.
    pub(crate) known: Micros,
    /// The local date.
    pub day: Day,
    /// Hashes of the event's id and content; none without an id or if `dedupe` is off.
    pub fingerprint: Option<(u64, u64)>,
    /// The hash of the user id, else of the visitor id; 0 without either.
    pub(crate) id_hash: u64,
    /// The hash of the account; 0 if it names none.
    pub(crate) account_hash: u64,
    /// One more id of the user, on identify lines.
    pub(crate) linked_id: LinkedId<'a>,
    /// True if the vendor's own code sent the event by itself, so that it is not activity.
    pub noise: bool,
    /// True for an event that carries traits too.
    pub(crate) carries_traits: bool,
    /// The source text: the line or a part of it.
    pub(super) line: &'a str,
    /// The text that the values point into: the line, or JSON made from it.
    pub(super) text: &'a str,
    /// Properties from 0 on, then keys of traits.
    pub(super) values: &'a [JsonSpan],
    /// The first user trait and the first account trait.
    pub(super) traits: [usize; 2],
    /// What reads the values.
    pub(super) context: &'a FieldContext<'a>,
}

/// An event as it is folded; all of it is borrowed.
#[derive(Debug, Clone, Copy)]
pub struct DecodedEvent<'a> {
    /// The plan of its name in the model; 0 if the model does not know the name.
    pub(crate) plan: usize,
    /// The user, if the event names one.
    pub(crate) user: Option<&'a str>,
    /// The anonymous id.
    pub(crate) visitor: Option<&'a str>,
    /// The account that it names.
    pub(crate) account: Option<&'a str>,
    /// The number of further accounts that it names.
    pub(crate) more_accounts: usize,
    /// The instant.
    pub(crate) at: Micros,
    /// The same as [`Record::known`].
    pub(crate) known: Micros,
    /// The local date.
    pub(crate) day: Day,
    /// The same as [`Record::fingerprint`].
    pub(crate) fingerprint: Option<(u64, u64)>,
    /// The same as [`Record::id_hash`].
    pub(crate) id_hash: u64,
    /// The same as [`Record::account_hash`].
    pub(crate) account_hash: u64,
    /// The same as [`Record::noise`].
    pub(crate) noise: bool,
    /// The scope of conditions and values.
    pub(crate) fields: EventFields<'a>,
}

/// An event's name and properties: the scope of conditions and values over events.
#[derive(Debug, Clone, Copy)]
pub struct EventFields<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) values: &'a [JsonSpan],
    /// What reads the values; none only until they are there.
    pub(super) context: Option<&'a FieldContext<'a>>,
}

/// What the values of events are read with, and what was noticed about them.
pub struct FieldContext<'m> {
    /// In which zones dates are read.
    pub(crate) zones: TimeZones<'m>,
    /// Whether somebody asked for a number beyond 1e15 since this was last looked at.
    pub(super) met_beyond: Cell<bool>,
}

/// Not the zones, which are long.
impl fmt::Debug for FieldContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldContext").field("met_beyond", &self.met_beyond).finish_non_exhaustive()
    }
}

impl<'a> Record<'a> {
    /// The source text: a line, or a part of one.
    pub(crate) fn line(&self) -> &'a str {
        self.line
    }

    /// Its name and properties.
    #[inline]
    pub fn fields(&self) -> EventFields<'_> {
        EventFields { name: &self.name, text: self.text, values: self.values, context: Some(self.context) }
    }

    /// The record as an event.
    pub fn event(&self) -> DecodedEvent<'_> {
        DecodedEvent {
            plan: self.plan,
            user: self.user.as_deref(),
            visitor: self.visitor.as_deref(),
            account: self.account.as_deref(),
            more_accounts: self.more_accounts,
            at: self.at,
            known: self.known,
            day: self.day,
            fingerprint: self.fingerprint,
            id_hash: self.id_hash,
            account_hash: self.account_hash,
            noise: self.noise,
            fields: self.fields(),
        }
    }

    /// The text that the values point into: the line, or JSON made from it.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The value of a key of the user traits.
    pub(crate) fn user_trait(&self, key: u32) -> Value<'a> {
        json_value(self.text, self.values.get(self.traits[0] + key as usize))
    }

    /// The value of a key of the account traits.
    pub(crate) fn account_trait(&self, key: u32) -> Value<'a> {
        json_value(self.text, self.values.get(self.traits[1] + key as usize))
    }
}

impl DecodedEvent<'_> {
    /// The user id, else the visitor id, else empty text.
    #[inline]
    pub(crate) fn raw_id(&self) -> &str {
        self.user.or(self.visitor).unwrap_or("")
    }
}

impl<'m> FieldContext<'m> {
    /// What reads the values of a model's events.
    pub(crate) fn new(model: &'m Model) -> FieldContext<'m> {
        FieldContext { zones: time_zones(model), met_beyond: Cell::new(false) }
    }
}

impl<'a> EventFields<'a> {
    /// The text in a slot, if it is text without escapes and not empty.
    #[inline]
    pub(crate) fn plain_text(&self, slot: u32) -> Option<&'a str> {
        let raw = self.values.get(slot.checked_sub(1)? as usize)?;
        (raw.kind == JsonKind::Text && raw.start < raw.end).then(|| raw.slice(self.text))
    }

    /// The value in a slot, also a number that is beyond those that expressions know.
    #[inline]
    pub(crate) fn raw_value(&self, slot: u32) -> Value<'a> {
        match slot.checked_sub(1) {
            None => Value::Text(Cow::Borrowed(self.name)),
            Some(property) => json_value(self.text, self.values.get(property as usize)),
        }
    }

    /// Whether somebody asked for a number beyond 1e15 since the last time.
    #[inline]
    pub(crate) fn take_met_beyond(&self) -> bool {
        self.context.is_some_and(|context| context.met_beyond.replace(false))
    }

    /// Whether a slot is a number of so few digits that expressions know it.
    #[inline]
    pub(crate) fn is_short_number(&self, slot: u32) -> bool {
        let Some(raw) = slot.checked_sub(1).and_then(|property| self.values.get(property as usize)) else {
            return false;
        };
        let digits = raw.slice(self.text).as_bytes();
        raw.kind == JsonKind::Number && digits.len() <= 15 && !digits.iter().any(u8::is_ascii_alphabetic)
    }

    /// Whether a slot is a property that the line does not have, or that is null.
    #[inline]
    pub(crate) fn is_nothing(&self, slot: u32) -> bool {
        let property = slot.checked_sub(1).and_then(|property| self.values.get(property as usize));
        property.is_some_and(JsonSpan::is_null_or_missing)
    }
}

impl EvalScope for EventFields<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        match self.raw_value(slot) {
            Value::Digits(digits) if are_beyond(digits) => {
                self.context.iter().for_each(|context| context.met_beyond.set(true));
                Value::Null
            }
            value => value,
        }
    }

    fn date(&self, slot: u32) -> Option<Day> {
        self.date_of(&self.raw_value(slot))
    }

    fn date_of(&self, value: &Value<'_>) -> Option<Day> {
        match (self.context, value) {
            (Some(context), Value::Text(text)) => context.zones.day_of(text),
            (Some(context), Value::Digits(digits)) => context.zones.day_of(digits),
            _ => value.to_date(),
        }
    }

    fn is_one_of(&self, slot: u32, texts: &[Box<str>]) -> Option<bool> {
        match self.plain_text(slot) {
            Some(text) => Some(texts.iter().any(|one| **one == *text)),
            None => self.get(slot).to_text().map(|text| texts.iter().any(|one| **one == *text)),
        }
    }
}

/// The zones in which a model reads times and cuts dates.
pub fn time_zones(model: &Model) -> TimeZones<'_> {
    TimeZones { local: &model.resolved.zone, unmarked: &model.resolved.input.zone }
}

/// A JSON value as expressions see it: empty text, lists and objects are null.
pub fn json_value<'a>(line: &'a str, raw: Option<&JsonSpan>) -> Value<'a> {
    let Some(raw) = raw else { return Value::Null };
    match raw.kind {
        JsonKind::Number => Value::Digits(raw.slice(line)),
        JsonKind::True => Value::Boolean(true),
        JsonKind::False => Value::Boolean(false),
        JsonKind::Text if raw.start == raw.end => Value::Null,
        JsonKind::Text | JsonKind::EscapedText => raw.text(line).map_or(Value::Null, Value::Text),
        JsonKind::Missing | JsonKind::Null | JsonKind::Array | JsonKind::Object => Value::Null,
    }
}
